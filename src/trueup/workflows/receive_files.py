"""Receive files: what waits in a folder is archived byte for byte, recognised, read, taken in, answered with a 997, settled.

Orders and functional acknowledgements of EDI, remittances, bank statements and stock counts; anything else is a case.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from trueup.base.errors import Conflict, DocumentError, NotFound, Unreadable
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.deliveries import DeliveryState, is_open
from trueup.domain.orders import PurchaseOrder
from trueup.domain.partners import Route
from trueup.durable.flow import Flow
from trueup.durable.tally import Tally
from trueup.formats import stock_counts
from trueup.formats.document import Format, Reading
from trueup.formats.recognise import HEAD_BYTES, known_formats, recognise
from trueup.formats.remittance import advice, finance_remittances, portal_export
from trueup.formats.x12.acknowledgement import (
    FunctionalAcknowledgement,
    owed_acknowledgements,
    read_functional_acknowledgements,
    write_functional_acknowledgement,
)
from trueup.formats.x12.sets import remittance_820
from trueup.formats.x12.sets.order_850 import read_orders
from trueup.storage import cases, deliveries, sources
from trueup.storage.documents import Arrival
from trueup.workflows import tie_bank
from trueup.workflows.deliver import delivery_case
from trueup.workflows.rounds import Rounds, set_next, start_rounds
from trueup.workflows.source_failures import NOT_DONE, note_failure, note_working
from trueup.workflows.take_in_counts import take_in_counts
from trueup.workflows.taking_in import MOST_FINDINGS, hold_document, note_unreadable, take_in_orders
from trueup.workflows.world import Flowing, Tx, World

LARGEST_BYTES = 64 * 1024 * 1024
"""A larger file is archived and becomes a case: no partner sends orders of that size, and reading one must not fill memory."""
MOST_FILES = 500
HAND_OUT_PAUSE = timedelta(minutes=10)
_ENVELOPE_CODES = ("716:", "I18:")
"""Findings about groups and interchanges, named by the element of the 997 and TA1 that reports them."""
QUERY = "files"
REMITTANCES = tuple(each.FORMAT.name for each in (advice, finance_remittances, portal_export, remittance_820))
"""The formats whose documents say what was paid."""


def receive_files(c: Flowing, partner: str) -> None:
    """One look into one partner's folder; then the next is set."""
    source = c.commit(begin_look, partner)
    try:
        waiting = c.step(find_files, source)
    except NOT_DONE as error:
        c.commit(finish_look, partner, c.run_id, 0, str(error))
        return
    failed = ""
    for reference, name in waiting:
        try:
            kept = c.step(archive_file, source, partner, reference, name)
        except NotFound:
            continue  # taken away or written anew since we looked; a new file is found when it rests
        except NOT_DONE as error:
            failed = str(error)
            continue
        for deliver in c.commit(take_in_file, partner, kept["digest"], name, kept["size_bytes"]):
            _hand_out(c, deliver)
        try:
            c.step(settle_file, source, reference)
        except NOT_DONE as error:
            failed = str(error)
    c.commit(finish_look, partner, c.run_id, len(waiting), failed)


def hand_out_again(c: Flowing, owed: list[int]) -> None:
    """Functional acknowledgements of a file that was read again."""
    for delivery_id in owed:
        _hand_out(c, delivery_id)


def _hand_out(c: Flowing, delivery_id: int) -> None:
    try:
        c.step(hand_out, delivery_id)
    except (*NOT_DONE, Conflict) as error:
        c.commit(note_hand_out_failed, delivery_id, str(error))
    else:
        c.commit(note_handed_out, delivery_id)


def ensure_looks(tx: Tx) -> None:
    """Look into every folder at once, and go on from there. Called whenever a worker starts."""
    for rounds in look_rounds(tx.resources):
        start_rounds(tx, rounds)


def look_rounds(world: World) -> list[Rounds]:
    """Every chain of looks: one a partner's folder."""
    return [_rounds(world, partner) for partner, routes in world.routes.items() if routes.document_source is not None]


def begin_look(tx: Tx, partner: str) -> str:
    """The name of the partner's folder."""
    source = tx.resources.routes[partner].document_source
    assert source is not None, f"partner {partner} has no document source"
    return source


def find_files(world: World, source: str) -> list[list[str]]:
    """What waits whole, in name order, as (reference, name)."""
    waiting = world.connections.document_sources[source].find_waiting()
    return [[document.reference, document.name] for document in waiting][:MOST_FILES]


def archive_file(world: World, source: str, partner: str, reference: str, name: str) -> dict[str, Any]:
    """Stream the file into the archive before anything reads it."""
    chunks = world.connections.document_sources[source].fetch_document(reference)
    with world.database.transaction() as connection:
        arrival = Arrival(kind="file", source=source, name=name, received_at=world.clock.now(), subject=partner)
        kept = world.archive.append(connection, chunks, arrival)
    return {"digest": kept.digest, "size_bytes": kept.size_bytes}


def take_in_file(tx: Tx, partner: str, digest: str, name: str, size_bytes: int) -> list[int]:
    """Read an archived file; returns the deliveries of the functional acknowledgements that are owed for it."""
    if size_bytes > LARGEST_BYTES:
        words = f"{size_bytes} bytes, at most {LARGEST_BYTES} are read; split it, or send it in parts"
        hold_document(tx, digest, partner, name, words)
        return []
    content = tx.resources.read(tx.connection, digest)
    try:
        known = recognise(content[:HEAD_BYTES], known_formats())
        if known.name in tie_bank.FORMATS:
            tie_bank.take_in_bank_file(tx, content)
            _count(tx, "bank statements")
            return []
        if known.name == stock_counts.FORMAT.name:
            take_in_counts(tx, content)
            _count(tx, "stock counts")
            return []
        if known.name in REMITTANCES:
            return _take_in_remittance(tx, partner, digest, name, known)
        if not known.name.startswith("x12"):
            raise Unreadable(f"it is {known.title}, expected orders, remittances, bank statements or stock counts")
        for said in read_functional_acknowledgements(content).values:
            _take_in_997(tx, partner, said, digest)
        reading = read_orders(content, partner=partner, currency=_currency(tx, partner))
    except DocumentError as error:
        hold_document(tx, digest, partner, name, str(error))
        return []
    take_in_orders(tx, reading, partner)
    _count(tx, "orders and their acknowledgements")
    _note_doubts(tx, partner, reading, name)
    return _answered(tx, partner, reading)


def _count(tx: Tx, became: str) -> None:
    tx.count(Tally("documents", 1, {became: 1}))


def _take_in_remittance(tx: Tx, partner: str, digest: str, name: str, known: Format) -> list[int]:
    """It is settled by a run of its own, in batches; an 820 is answered with a 997 at once, as every set is."""
    _count(tx, "remittances, settled by a run of their own")
    tx.start("settle_remittance", f"settle:{digest}:file {tx.now:%Y%m%d%H%M%S%f}", partner, digest, name)
    if not known.name.startswith("x12"):
        return []
    return _answered(tx, partner, known.read(tx.resources.read(tx.connection, digest)))


def _answered(tx: Tx, partner: str, reading: Reading[Any]) -> list[int]:
    """The deliveries of the functional acknowledgements that are owed for a reading."""
    owed = [_answer_997(tx, partner, reading, interchange) for interchange in owed_acknowledgements(reading)]
    return [delivery for delivery in owed if delivery is not None]


def _note_doubts(tx: Tx, partner: str, reading: Reading[PurchaseOrder], name: str) -> None:
    """Envelopes that count other than what is in them: what is there is taken in, and something may never have arrived."""
    doubts = [str(finding) for finding in reading.findings if finding.code.startswith(_ENVELOPE_CODES)]
    if not doubts:
        return
    draft = CaseDraft(
        kind="document.counts-differ",
        subject=f"document {reading.evidence}",
        title=f"{name} from {partner} counts other than it holds, orders may be missing: {doubts[0]}",
        expected="as many groups and sets, under the same numbers, as the envelopes say",
        found="; ".join(doubts[:MOST_FINDINGS]),
        money_at_risk=None,
        deadline=tx.now + timedelta(hours=20),
        owner="operations",
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
        evidence=reading.evidence,
    )
    cases.open_case(tx.connection, draft, tx.now)


def _currency(tx: Tx, partner: str) -> str | None:
    """An 850 of Amazon's names no currency: it is the partner's, where all its agreements have the same."""
    known = {terms.currency for terms in tx.resources.partners[partner].agreements}
    return known.pop() if len(known) == 1 else None


def _answer_997(tx: Tx, partner: str, reading: Reading[Any], interchange: int) -> int | None:
    """A functional acknowledgement of one interchange: it says what was wrong with which segment of which set."""
    channel = tx.resources.routes[partner].acknowledgements.get(Route.EDI)
    if channel is None:
        return None
    key = f"functional acknowledgement of {reading.evidence} interchange {interchange + 1}"
    if (known := deliveries.find_delivery(tx.connection, key)) is not None:
        # The same file again: answered already, and a number taken for nothing would be a gap in the partner's eyes.
        return known.id if known.state is DeliveryState.PREPARED else None
    number = deliveries.next_control_number(tx.connection, channel, "interchange")
    content = write_functional_acknowledgement(reading, control_number=number, now=tx.now, interchange=interchange)
    digest = tx.resources.keep(tx.connection, content, kind="functional-acknowledgement", source="trueup", name=key)
    new = deliveries.NewDelivery(
        key=key,
        kind="functional-acknowledgement",
        order_id=None,
        revision=0,
        channel=channel,
        digest=digest,
        due_at=tx.now + tx.resources.pace.syntax,
    )
    return deliveries.prepare_delivery(tx.connection, new, tx.now).id


def hand_out(world: World, delivery_id: int) -> str:
    """Leave a functional acknowledgement in the partner's folder under its own name; twice is once."""
    with world.database.transaction() as connection:
        delivery = deliveries.load_delivery(connection, delivery_id)
        content = world.read(connection, delivery.digest)
    return (
        world.connections.document_sinks[delivery.channel]
        .send_document(f"{delivery.kind}-{delivery.id:08d}.edi", content)
        .reference
    )


def note_handed_out(tx: Tx, delivery_id: int) -> None:
    """Nothing answers a functional acknowledgement (X12 forbids a 997 for a 997): handed out, it is done."""
    delivery = deliveries.load_delivery(tx.connection, delivery_id, lock=True)
    if delivery.state is DeliveryState.PREPARED:
        sent = deliveries.move_delivery(tx.connection, delivery, DeliveryState.SENT, tx.now, sent_at=tx.now)
        deliveries.move_delivery(tx.connection, sent, DeliveryState.ACCEPTED, tx.now, proof="handed out")
    subject = f"delivery {delivery_id}"
    cases.close_case(tx.connection, "acknowledgement.not-sent", subject, why="handed out since", now=tx.now)


def note_hand_out_failed(tx: Tx, delivery_id: int, words: str) -> None:
    """It could not be left: a case, and another try soon. A disk that is full does not stay full."""
    delivery = deliveries.load_delivery(tx.connection, delivery_id, lock=True)
    if delivery.state is not DeliveryState.PREPARED:
        return
    again = tx.now + HAND_OUT_PAUSE
    tx.at(again, "hand_out_again", f"hand-out:{delivery_id}:{again:%Y%m%d%H%M%S%f}", [delivery_id])
    title = f"The functional acknowledgement could not be handed out: {words}"
    draft = delivery_case(delivery, "acknowledgement.not-sent", title, ("a folder that takes it", words))
    cases.open_case(tx.connection, draft, tx.now)


def _take_in_997(tx: Tx, partner: str, said: FunctionalAcknowledgement, digest: str) -> None:
    """The buyer's word on the syntax of what we sent: received, or rejected. It says nothing about content."""
    channel = tx.resources.routes[partner].acknowledgements.get(Route.EDI, "")
    delivery = deliveries.find_by_control(tx.connection, channel, str(said.group_control_number))
    if delivery is None:
        note_unreadable(
            tx, digest, partner, "a 997", f"it names group {said.group_control_number}, which we never sent"
        )
        return
    # Still prepared: whoever handed it out died before writing that down, and the buyer's word proves that it left.
    sent_at = delivery.sent_at or deliveries.begun_at(tx.connection, delivery) or delivery.prepared_at
    if said.accepted:
        if delivery.state in (DeliveryState.PREPARED, DeliveryState.SENT, DeliveryState.UNANSWERED):
            to, proof = DeliveryState.RECEIVED, digest
            deliveries.move_delivery(tx.connection, delivery, to, tx.now, proof=proof, sent_at=sent_at)
        cases.close_case(
            tx.connection, f"{delivery.kind}.unanswered", f"delivery {delivery.id}", why="a 997 arrived", now=tx.now
        )
        return
    if is_open(delivery.state):
        words = "; ".join(said.reasons) or "no reason given"
        to, proof = DeliveryState.REJECTED, digest
        deliveries.move_delivery(tx.connection, delivery, to, tx.now, proof=proof, sent_at=sent_at)
        title = f"The buyer's system rejected our {delivery.kind}: {words}"
        draft = delivery_case(delivery, f"{delivery.kind}.rejected", title, ("a document it can read", words))
        cases.open_case(tx.connection, draft, tx.now, order_id=delivery.order_id)


def settle_file(world: World, source: str, reference: str) -> None:
    """It is archived and taken in; take it out of the folder."""
    world.connections.document_sources[source].settle_document(reference)


def finish_look(tx: Tx, partner: str, run_id: str, files: int, failed: str) -> None:
    """Note how it went, and set the next look."""
    source = tx.resources.routes[partner].document_source or ""
    if failed:
        note_failure(tx, source, QUERY, failed)
    else:
        note_working(tx, source, QUERY)
        sources.note_success(tx.connection, source, QUERY, covered_until=tx.now, documents=files, now=tx.now)
    set_next(tx, _rounds(tx.resources, partner), run_id, tx.resources.pace.files)


def _rounds(world: World, partner: str) -> Rounds:
    source = world.routes[partner].document_source or ""
    return Rounds("receive_files", f"files:{partner}", source, QUERY, (partner,), world.pace.files)


FLOWS = (
    Flow[World]("receive_files", receive_files, "polls"),
    Flow[World]("hand_out_again", hand_out_again, "polls"),
)
