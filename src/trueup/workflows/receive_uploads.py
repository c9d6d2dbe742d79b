"""Receive uploads: a document that a person or a program hands in is archived byte for byte, and read by a run of its own.

It says what it is handed in as, which says who may; what it turns out to be must be that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trueup.base.errors import DocumentError, NotFound, Refused
from trueup.durable.flow import Flow
from trueup.formats import stock_counts
from trueup.formats.recognise import HEAD_BYTES, known_formats, recognise
from trueup.storage.documents import Arrival
from trueup.workflows import tie_bank
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.limit_counts import take_in_uploaded
from trueup.workflows.receive_files import LARGEST_BYTES, REMITTANCES, hand_out_again, take_in_file
from trueup.workflows.resolve_case import UPLOADED_AS, Person
from trueup.workflows.taking_in import hold_document
from trueup.workflows.world import Flowing, Tx, World

MAY: Mapping[str, str] = {
    "edi": "orders.upload",
    "remittance": "remittances.import",
    "bank-statement": "bank.import",
    "stock-counts": "stock.declare",
}
"""What a document can be handed in as, and the permission that takes."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A document as it is handed in: what it is said to be, whose it is, under which name, and its bytes."""

    kind: str
    partner: str
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Arrived:
    """It is archived: its number among all arrivals, its hash, and the run that reads it."""

    document: int
    digest: str
    run: str


def receive_upload(c: Flowing, partner: str, kind: str, digest: str, name: str) -> None:
    """Read an archived upload, and answer what is owed for it."""
    owed = c.commit(take_in_upload, partner, kind, digest, name)
    hand_out_again(c, owed)


def archive_document(tx: Tx, handed: HandedIn, person: Person) -> Arrived:
    """Keep it, and have it read. Raises Refused (role, nothing in it, too large), NotFound for a partner that there is not."""
    demand_role(person, MAY[handed.kind])
    if handed.partner not in tx.resources.partners:
        known = ", ".join(sorted(tx.resources.partners))
        raise NotFound(f"Partner {handed.partner!r}: there is none of that name; known are {known}.")
    if not handed.content or len(handed.content) > LARGEST_BYTES:
        raise Refused(f"{handed.name}: {len(handed.content)} bytes, expected 1 to {LARGEST_BYTES}.")
    by = f"upload by {person.name}" + (f", token {person.token}" if person.token else "")
    arrival = Arrival(UPLOADED_AS + handed.kind, by, handed.name, tx.now, handed.partner)
    document = tx.resources.archive.append(tx.connection, handed.content, arrival)
    run_id = f"upload:{document.id}"
    tx.start("receive_upload", run_id, handed.partner, handed.kind, document.digest, handed.name)
    after = {"kind": handed.kind, "name": handed.name, "size_bytes": document.size_bytes}
    deed = Deed("document.uploaded", f"document {document.digest}", None, after, document.digest)
    record_deed(tx.connection, tx.now, person, deed)
    return Arrived(document.id, document.digest, run_id)


def looks_like(content: bytes) -> str | None:
    """What a document's beginning says that it is, in words; None for what no format knows, or more than one does."""
    try:
        return recognise(content[:HEAD_BYTES], known_formats()).title
    except DocumentError:
        return None


def take_in_upload(tx: Tx, partner: str, kind: str, digest: str, name: str) -> list[int]:
    """Read it as a partner's file is read, where it is what it was handed in as; otherwise it is a case."""
    content = tx.resources.read(tx.connection, digest)
    try:
        known = recognise(content[:HEAD_BYTES], known_formats())
    except DocumentError as error:
        hold_document(tx, digest, partner, name, str(error))
        return []
    if _kind_of(known.name) != kind:
        words = f"it was handed in as {kind}, and is {known.title}; hand it in as what it is"
        hold_document(tx, digest, partner, name, words)
        return []
    if kind == "stock-counts" and len(content) <= LARGEST_BYTES:
        try:
            take_in_uploaded(tx, content, digest)
        except DocumentError as error:
            hold_document(tx, digest, partner, name, str(error))
        return []
    return take_in_file(tx, partner, digest, name, len(content))


def _kind_of(name: str) -> str:
    """What a document of a format is handed in as; "" for what is taken in by other ways."""
    if name in REMITTANCES:
        return "remittance"
    if name in tie_bank.FORMATS:
        return "bank-statement"
    if name == stock_counts.FORMAT.name:
        return "stock-counts"
    return "edi" if name.startswith("x12") else ""


FLOWS = (Flow[World]("receive_upload", receive_upload, "polls"),)
