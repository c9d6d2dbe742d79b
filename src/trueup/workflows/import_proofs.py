"""Import proofs: a file of shipments, deliveries and receipts is archived, read and taken in, each proof once."""

from __future__ import annotations

from dataclasses import dataclass, field

from trueup.base.errors import NotFound
from trueup.base.ids import Digest
from trueup.formats.document import Finding
from trueup.formats.shipments_csv import read_shipments
from trueup.storage import proofs
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.prove_books import ask_proofs
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx

KIND = "proofs"


@dataclass(frozen=True, slots=True)
class ImportedProofs:
    """What an import came to: how many proofs are new, how many known already; and what was found in the file."""

    digest: Digest
    new: int
    same: int
    findings: tuple[Finding, ...] = field(default=())


def import_proofs(tx: Tx, content: bytes, partner: str, person: Person) -> ImportedProofs:
    """Take an archived file of proofs about a partner's orders in: each row that can be read.

    Raises Unreadable when it is no such file, NotFound for a partner that is not ours, Refused without a role that may.
    """
    demand_role(person, "proofs.import")
    if partner not in tx.resources.partners:
        raise NotFound(f"{partner} is no partner; known: {', '.join(sorted(tx.resources.partners)) or 'none'}.")
    reading = read_shipments(content)
    new, same = proofs.take_in_proofs(tx.connection, partner, reading.values, evidence=reading.evidence, now=tx.now)
    deed = Deed(
        "proofs.import", f"document {reading.evidence}", after={"new": new, "same": same}, evidence=reading.evidence
    )
    record_deed(tx.connection, tx.now, person, deed)
    if new:
        ask_proofs(tx)
    return ImportedProofs(reading.evidence, new, same, reading.findings)
