"""Settle a remittance: a document is archived, read, and its payments are booked in batches; what it leaves open is reconciled.

A document is taken in at any point again without changing anything: a payment that is known is compared, never added.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from trueup.base.errors import DocumentError, Unreadable
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.remittances import Remittance
from trueup.durable.flow import Flow
from trueup.durable.tally import Tally
from trueup.durable.timers import find_timers
from trueup.formats.document import Reading, Severity
from trueup.formats.recognise import HEAD_BYTES, known_formats, recognise
from trueup.storage import cases, remittances, suspense
from trueup.storage.acts import hold_subject, newest_act
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.booking import Booking, book_again, book_new, write
from trueup.workflows.compare_tellings import note_tellings
from trueup.workflows.prove_books import ask_proofs
from trueup.workflows.resolve_case import Person
from trueup.workflows.taking_in import MOST_FINDINGS
from trueup.workflows.world import Flowing, Tx, World

KIND = "remittance"
BATCH_LINES = 4000
"""Of one transaction: enough that its overhead is nothing, few enough that others do not wait long."""
_MOST_LOCKED = 300
SAFETY_NET = timedelta(minutes=2)
RECONCILE_AFTER = timedelta(minutes=1)
"""Files come in heaps: reconciliation looks at all that is open when none came for so long."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done about a document: which payments make each batch, and what was found in it."""

    batches: tuple[tuple[int, int], ...]
    payments: int
    lines: int
    findings: tuple[Any, ...]
    format: str


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a batch: payments that are new, known and told otherwise, known and told the same."""

    new: int = 0
    changed: int = 0
    same: int = 0
    lines: int = 0

    def __add__(self, other: Settled) -> Settled:
        return Settled(
            self.new + other.new, self.changed + other.changed, self.same + other.same, self.lines + other.lines
        )


def settle_remittance(c: Flowing, partner: str, digest: str, name: str) -> None:
    """All of one archived document, in batches that are each done once."""
    count = c.commit(begin_document, partner, digest, name)
    for index in range(count):
        c.commit(settle_batch, partner, digest, index)
    c.commit(ask_reconciliation, partner)


def archive_remittance(tx: Tx, content: bytes, name: str, partner: str, person: Person) -> str:
    """Keep an uploaded document before anything reads it, and have it settled by a worker should we be stopped half-way."""
    demand_role(person, "remittances.import")
    digest = tx.resources.keep(tx.connection, content, kind=KIND, source=partner, name=name)
    subject = f"document {digest}"
    hold_subject(tx.connection, subject)
    fresh = newest_act(tx.connection, subject, ("remittances.import",)) is None
    tx.at(tx.now + SAFETY_NET, "settle_remittance", net_of(digest), partner, digest, name)
    if fresh:
        record_deed(tx.connection, tx.now, person, Deed("remittances.import", subject, evidence=digest))
    return digest


def net_of(digest: str) -> str:
    """The run that finishes an upload which was broken off."""
    return f"settle:{digest}"


def begin_document(tx: Tx, partner: str, digest: str, name: str) -> int:
    """Read it and note what was found; returns how many batches it makes. What cannot be read becomes a case."""
    return len(plan_document(tx, partner, digest, name).batches)


def plan_document(tx: Tx, partner: str, digest: str, name: str) -> Plan:
    """What the document holds. One that is no remittance at all makes no batch and a case."""
    try:
        reading = read_remittances(tx, digest)
    except DocumentError as error:
        hold_remittance(tx, partner, name, digest, str(error))
        return Plan((), 0, 0, (), "")
    case = note_remittance_findings(tx, partner, name, reading)
    became = {"with places that could not be read": 1} if case else {}
    tx.count(Tally("documents", 1, {} if case else {"read": 1}, became, (case,) if case else ()))
    lines = sum(len(told.lines) for told in reading.values)
    return Plan(tuple(batches_of(reading.values)), len(reading.values), lines, reading.findings, reading.format)


def settle_batch(tx: Tx, partner: str, digest: str, index: int) -> dict[str, int]:
    """Book the payments of one batch."""
    reading = read_remittances(tx, digest)
    start, stop = list(batches_of(reading.values))[index]
    done = take_in(tx, partner, reading.values[start:stop], digest)
    return {"new": done.new, "changed": done.changed, "same": done.same, "lines": done.lines}


def ask_reconciliation(tx: Tx, partner: str) -> None:
    """Have what waits reconciled soon, and then everything proven; asked again meanwhile, it happens once, later."""
    due, prefix = tx.now + RECONCILE_AFTER, f"reconcile:{partner}:soon:"
    asked = find_timers(tx.connection, prefix)
    # A run is done once and for all: what is asked for after it is another run.
    run_id = asked[0].run_id if asked else f"{prefix}{due:%Y%m%d%H%M%S%f}"
    tx.at(due, "reconcile_remittances", run_id, partner)
    ask_proofs(tx)


def take_in(tx: Tx, partner: str, batch: Sequence[Remittance], evidence: str) -> Settled:
    """Payments nobody told of before are booked; known ones are compared with what they were told to be."""
    _lock_payments(tx, partner, {told.payment for told in batch})
    known = remittances.find_remittances(tx.connection, partner, [told.payment for told in batch])
    fresh: dict[str, Remittance] = {}
    again: list[Remittance] = []
    for told in batch:
        if told.payment in known or told.payment in fresh:
            again.append(told)
        else:
            fresh[told.payment] = told
    new = book_new(tx, partner, list(fresh.values()), evidence) if fresh else 0
    changed = sum(_take_in_again(tx, partner, told, evidence) for told in again)
    lines = sum(len(told.lines) for told in batch)
    became = {"new": new, "told otherwise": changed, "known before": len(again) - changed}
    tx.count(Tally("payments", len(batch), became))
    return Settled(new, changed, len(again) - changed, lines)


def _lock_payments(tx: Tx, partner: str, payments: Collection[str]) -> None:
    """Two sources of a payment may arrive at once: the second waits, and finds it known. Of many payments all of the partner's
    are locked, for the server's table of locks is small."""
    few = len(payments) <= _MOST_LOCKED
    lock = "pg_advisory_xact_lock_shared" if few else "pg_advisory_xact_lock"
    tx.connection.execute(sa.text(f"SELECT {lock}(hashtextextended(:name, 7))"), {"name": f"payments of {partner}"})
    if few:
        names = sorted(f"payment {partner}/{payment}" for payment in payments)
        query = sa.text(
            "SELECT pg_advisory_xact_lock(hashtextextended(name, 7)) FROM unnest(CAST(:names AS text[])) AS n(name)"
        )
        tx.connection.execute(query, {"names": names})


def _take_in_again(tx: Tx, partner: str, told: Remittance, evidence: str) -> bool:
    number = remittances.find_remittances(tx.connection, partner, [told.payment])[told.payment]
    before = remittances.load_remittance(tx.connection, number, lock=True)
    after = remittances.merge_telling(tx.connection, before, told, evidence=evidence, now=tx.now)
    if after.tellings == before.tellings:
        return False
    lines = after.tellings[told.source].remittance.lines
    suspense.forget_gone_lines(tx.connection, after.id, told.source.value, [line.number for line in lines])
    if after.posting != remittances.HELD or after.post_on is not None:
        booking = Booking(partner)
        book_again(tx, after, booking=booking)
        write(tx, booking, fresh=False)
    note_tellings(tx, after)
    return True


def batches_of(values: Sequence[Remittance]) -> Iterator[tuple[int, int]]:
    """Payments from start up to stop, each batch of about so many lines. The same for the same document, ever."""
    start = lines = 0
    for index, told in enumerate(values):
        lines += len(told.lines) + 1
        if lines >= BATCH_LINES:
            yield start, index + 1
            start, lines = index + 1, 0
    if start < len(values):
        yield start, len(values)


class _LastReading:
    """The document read last, for its batches follow each other; a resumed run reads it again."""

    digest: str = ""
    reading: Reading[Remittance] | None = None


def read_remittances(tx: Tx, digest: str) -> Reading[Remittance]:
    """The payments in an archived document. Raises Unreadable for what is no remittance."""
    if _LastReading.digest == digest and _LastReading.reading is not None:
        return _LastReading.reading
    content = tx.resources.read(tx.connection, digest)
    known = recognise(content[:HEAD_BYTES], known_formats())
    reading = known.read(content)
    if not all(isinstance(value, Remittance) for value in reading.values):
        raise Unreadable(f"it is {known.title}, expected a remittance; import it by the command for such documents.")
    _LastReading.digest, _LastReading.reading = digest, reading
    return reading


def hold_remittance(tx: Tx, partner: str, name: str, digest: str, words: str) -> None:
    """A document that no payment can be read of waits in a case, and is counted as held."""
    case = note_unreadable_remittance(tx, partner, name, digest, words)
    tx.count(Tally("documents", 1, held={"could not be read": 1}, cases=(case,)))


def note_unreadable_remittance(tx: Tx, partner: str, name: str, digest: str, words: str) -> int:
    """A document that no payment can be read of becomes a case. Returns its id."""
    return _open(tx, "remittance.unreadable", digest, f"{name} from {partner} cannot be read: {words}", words)


def note_remittance_findings(tx: Tx, partner: str, name: str, reading: Reading[Any]) -> int | None:
    """Lines that could not be read are not in their payment, which then does not tie by exactly them. Returns their case's id."""
    errors = [finding for finding in reading.findings if finding.severity is Severity.ERROR]
    if not errors:
        return None
    words = "; ".join(str(finding) for finding in errors[:MOST_FINDINGS])
    count = "1 place could not be read:" if len(errors) == 1 else f"{len(errors)} places could not be read, first"
    title = f"{name} from {partner}: {count} {errors[0]}"
    return _open(tx, "remittance.findings", reading.evidence, title, words)


def _open(tx: Tx, kind: str, digest: str, title: str, words: str) -> int:
    draft = CaseDraft(
        kind=kind,
        subject=f"document {digest}",
        title=title[:1000],
        expected="a remittance that can be read whole",
        found=words[:4000],
        money_at_risk=None,
        deadline=tx.now + timedelta(days=3),
        owner="finance",
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
        evidence=digest,
    )
    return cases.open_case(tx.connection, draft, tx.now)


FLOWS = (Flow[World]("settle_remittance", settle_remittance, "books"),)
