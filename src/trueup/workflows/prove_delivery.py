"""Prove a delivery: it stays open until an independent read-back says that Amazon holds the answer as we gave it.

The order status confirms quantities; a transaction can only tell of failure (Amazon never reports success for an
acknowledgement), and "Processing" without end is not proof. Silence and contradiction become cases before the deadline.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from trueup.base.clock import read_instant, write_instant
from trueup.base.errors import DocumentError, NotFound, RemoteError
from trueup.domain.acknowledgements import Acknowledgement
from trueup.domain.case_causes import delivery_cause
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.deliveries import Delivery, DeliveryState, is_open
from trueup.domain.escalation import span_words
from trueup.domain.landing import OrderStatus, judge
from trueup.domain.orders import OrderState
from trueup.durable.flow import Flow
from trueup.durable.tally import Tally
from trueup.formats.amazon_vendor.statuses import read_order_statuses
from trueup.formats.amazon_vendor.transactions import TransactionState, read_transaction
from trueup.storage import acts, cases, deliveries, item_claims, orders, stock
from trueup.storage.case_batches import ids_of_open
from trueup.storage.line_receipts import Look
from trueup.storage.views.order_looks import status_name
from trueup.workflows.deliver import ANSWERS, ONE_LOOK, delivery_case, set_proof
from trueup.workflows.poll_receipts import keep_receipts
from trueup.workflows.source_failures import NOT_DONE, keep_evidence
from trueup.workflows.taking_in import start_answering
from trueup.workflows.world import ACTOR, Flowing, Tx, World

MOST_RESENDS = 3
"""Of an answer that Amazon took: what it does not show after so many will not show by one more."""
MOST_UNTAKEN = 40
"""Of an answer that got no receipt: Amazon's doors may be shut for hours, and the deadline's fallback is for ever."""
CLOSING_PAUSE = timedelta(days=3)
MOST_CLOSING_LOOKS = 60
"""Half a year: what is not closed by then nobody will close."""
_CASES = ("acknowledgement.unanswered", "acknowledgement.contradicted", "acknowledgement.rejected")


def prove_delivery(c: Flowing, delivery_id: int, round_number: int) -> None:
    """One look at one delivery; sets the next look while the proof is still owed."""
    plan = c.commit(plan_proof, delivery_id, round_number)
    if plan is None:
        return
    try:
        replies = c.step(fetch_proof, plan)
    except NOT_DONE as error:
        c.commit(note_no_reply, delivery_id, round_number, str(error))
        return
    c.commit(judge_proof, delivery_id, round_number, replies)


def plan_proof(tx: Tx, delivery_id: int, round_number: int) -> dict[str, Any] | None:
    """What to ask for; None when nothing is owed any more, or nothing can be asked."""
    delivery = deliveries.load_delivery(tx.connection, delivery_id)
    if not is_open(delivery.state) or delivery.order_id is None:
        return None
    saved = orders.load_order(tx.connection, delivery.order_id)
    by_api = delivery.channel in tx.resources.connections.acknowledgement_sinks
    plan = plan_read_back(tx, saved, delivery.receipt if by_api else "")
    if plan is None:
        _wait_without_read_back(tx, delivery, round_number)
    return plan


def plan_read_back(tx: Tx, saved: orders.SavedOrder, reference: str = "") -> dict[str, Any] | None:
    """What to ask the buyer about an order and, with its `reference`, about a transaction; None where nothing can be asked."""
    source = tx.resources.routes[saved.order.partner].status_source
    if source is None:
        return None
    return {
        "source": source,
        "number": saved.order.number,
        "name": status_name(saved.order.partner, saved.order.number),
        "vendor_code": saved.order.vendor_code,
        "since": write_instant(max(saved.order.ordered_at, tx.now - timedelta(days=6)) - timedelta(hours=1)),
        "until": write_instant(tx.now),
        "reference": reference,
    }


def fetch_proof(world: World, plan: dict[str, Any]) -> dict[str, str]:
    """Ask for the order's status, and for the transaction's where there is one. Both are archived before they are read."""
    source = world.connections.status_sources[plan["source"]]
    try:
        status = source.fetch_order_status(
            plan["number"], plan["vendor_code"], read_instant(plan["since"]), read_instant(plan["until"])
        )
    except RemoteError as error:
        name = f"status of {plan['number']}, unreadable"
        keep_evidence(world, error, kind="status", source=source.name, name=name)
        raise
    transaction = None
    if plan["reference"]:
        try:
            transaction = source.fetch_transaction(plan["reference"])
        except NotFound:
            transaction = None  # Amazon forgets transactions; the order status is what counts.
    with world.database.transaction() as connection:
        kept: dict[str, str] = {
            "status": world.keep(connection, status.content, kind="status", source=source.name, name=plan["name"])
        }
        if transaction is not None:
            kept["transaction"] = world.keep(
                connection, transaction.content, kind="transaction", source=source.name, name=transaction.name
            )
    return kept


def judge_proof(tx: Tx, delivery_id: int, round_number: int, kept: dict[str, str]) -> str:
    """Compare what Amazon shows with what we answered, and say where the delivery stands now."""
    state = _judge(tx, delivery_id, round_number, kept)
    standing = ids_of_open(tx.connection, [(kind, f"delivery {delivery_id}") for kind in _CASES])
    accepted = state == DeliveryState.ACCEPTED.value
    waits = is_open(DeliveryState(state))
    out = {
        "accepted, as read back": int(accepted),
        "not shown yet": int(waits and not standing),
        "superseded or ended before": int(not waits and not accepted and not standing),
    }
    held = {state: 1} if standing and not accepted else {}
    tx.count(Tally(ANSWERS, 1, out, held, standing if held else ()))
    return state


def _judge(tx: Tx, delivery_id: int, round_number: int, kept: dict[str, str]) -> str:
    delivery = deliveries.load_delivery(tx.connection, delivery_id, lock=True)
    if not is_open(delivery.state) or delivery.order_id is None:
        return delivery.state.value
    saved = orders.load_order(tx.connection, delivery.order_id, delivery.revision)
    answer = Acknowledgement(saved.order, delivery.prepared_at, deliveries.load_answer(tx.connection, delivery.id))
    try:
        status = read_status(tx, kept, saved)
        failed = _failure(tx, kept)
    except DocumentError as error:
        return _not_shown(tx, delivery, round_number, (), str(error))
    if status is None:
        unheld = tuple(line.sequence for line in answer.lines)
        return (
            _refused(tx, delivery, failed, unheld)
            if failed
            else _not_shown(tx, delivery, round_number, unheld, "no status")
        )
    landing = judge(answer, status, delivery.sent_at)
    if landing.held:
        if not status.open:
            orders.note_closed(tx.connection, delivery.order_id)
        return _accept(tx, delivery, kept["status"])
    if not status.open and (tx.now - (delivery.sent_at or delivery.prepared_at)) >= tx.resources.pace.processed:
        return _closed_without_it(tx, delivery, kept["status"])
    if failed:
        return _refused(tx, delivery, failed, landing.unheld)
    if landing.contradictions:
        return _contradicted(tx, delivery, round_number, landing.contradictions, landing.unheld)
    return _not_shown(tx, delivery, round_number, landing.unheld, "the order status does not show it")


def read_status(tx: Tx, kept: dict[str, str], saved: orders.SavedOrder) -> OrderStatus | None:
    """The order's status in what was fetched, if it is there; what it says of receipts is kept. Raises DocumentError."""
    order = saved.order
    statuses = read_order_statuses(tx.resources.read(tx.connection, kept["status"])).values
    status = next((status for status in statuses if status.number == order.number), None)
    if status is not None:
        source = tx.resources.routes[order.partner].status_source or ""
        keep_receipts(tx, Look(order.partner, source, kept["status"], tx.now), [status])
    return status


def note_no_reply(tx: Tx, delivery_id: int, round_number: int, words: str) -> None:
    """The read-back itself failed: the delivery stays as unproven as it was."""
    delivery = deliveries.load_delivery(tx.connection, delivery_id, lock=True)
    if is_open(delivery.state):
        _not_shown(tx, delivery, round_number, delivery.unheld, words, may_resend=False)


def _accept(tx: Tx, delivery: Delivery, proof: str) -> str:
    deliveries.move_delivery(tx.connection, delivery, DeliveryState.ACCEPTED, tx.now, proof=proof, unheld=[])
    if delivery.order_id is not None and _ends_by_closing(tx, delivery.order_id):
        # Nobody tells when such goods leave: once the window is over the order's status is asked for now and then.
        last_day = orders.load_order(tx.connection, delivery.order_id).order.last_day
        _set_closing_look(tx, delivery.order_id, 1, max(last_day or tx.now, tx.now) + timedelta(days=1))
    kinds = (*_CASES, "acknowledgement.not-sent", "acknowledgement.unproven")
    whys = dict.fromkeys(kinds, "a read-back shows it as answered")
    cases.close_cases(tx.connection, whys, f"delivery {delivery.id}", tx.now)
    acts.append_act(
        tx.connection,
        tx.now,
        acts.Act(
            actor=ACTOR,
            role="worker",
            act="acknowledgement.proven",
            subject=f"delivery {delivery.id}",
            after={"attempts": delivery.attempt},
            evidence=proof,
        ),
    )
    return DeliveryState.ACCEPTED.value


def _closed_without_it(tx: Tx, delivery: Delivery, proof: str) -> str:
    """The order was closed and our answer is not there: it never will be. What it held is undone, and a person is told."""
    assert delivery.order_id is not None
    deliveries.move_delivery(tx.connection, delivery, DeliveryState.REJECTED, tx.now, proof=proof)
    words = "the order is closed at Amazon, which shows no answer of ours"
    draft = delivery_case(
        delivery, "acknowledgement.rejected", f"The acknowledgement came too late: {words}", ("acceptance", words)
    )
    cases.open_case(tx.connection, draft, tx.now, order_id=delivery.order_id)
    orders.note_closed(tx.connection, delivery.order_id)
    start_answering(tx, delivery.order_id)
    return DeliveryState.REJECTED.value


def _failure(tx: Tx, kept: dict[str, str]) -> str:
    if "transaction" not in kept:
        return ""
    reading = read_transaction(tx.resources.read(tx.connection, kept["transaction"]))
    verdict = reading.values[0] if reading.values else None
    if verdict is None or verdict.state is not TransactionState.FAILURE:
        return ""
    return "; ".join(str(error) for error in verdict.errors) or "Failure without a reason"


def _refused(tx: Tx, delivery: Delivery, words: str, unheld: tuple[int, ...]) -> str:
    deliveries.move_delivery(tx.connection, delivery, DeliveryState.REJECTED, tx.now, proof=words, unheld=list(unheld))
    title = f"Amazon failed the acknowledgement: {words}"
    draft = delivery_case(delivery, "acknowledgement.rejected", title, ("acceptance", words))
    cases.open_case(tx.connection, draft, tx.now, order_id=delivery.order_id)
    return DeliveryState.REJECTED.value


def _contradicted(
    tx: Tx, delivery: Delivery, round_number: int, contradictions: tuple[str, ...], unheld: tuple[int, ...]
) -> str:
    title = f"Amazon holds another answer than we gave: {contradictions[0]}"
    draft = delivery_case(
        delivery, "acknowledgement.contradicted", title, ("the answer as given", "; ".join(contradictions))
    )
    cases.open_case(tx.connection, draft, tx.now, order_id=delivery.order_id)
    return _keep_asking(tx, delivery, round_number, unheld, resend=True)


def _not_shown(
    tx: Tx, delivery: Delivery, round_number: int, unheld: tuple[int, ...], words: str, *, may_resend: bool = True
) -> str:
    age = tx.now - (delivery.sent_at or delivery.prepared_at)
    if age >= tx.resources.pace.processed:
        title = f"Amazon shows no answer {span_words(age)} after it was sent: {words}"
        found = f"{words}; lines {', '.join(map(str, unheld)) or 'unknown'}"
        draft = delivery_case(delivery, "acknowledgement.unanswered", title, ("every line as answered", found))
        cases.open_case(tx.connection, draft, tx.now, order_id=delivery.order_id)
        if delivery.state in (DeliveryState.SENT, DeliveryState.RECEIVED):
            delivery = deliveries.move_delivery(tx.connection, delivery, DeliveryState.UNANSWERED, tx.now)
    return _keep_asking(tx, delivery, round_number, unheld, resend=may_resend)


def _keep_asking(tx: Tx, delivery: Delivery, round_number: int, unheld: tuple[int, ...], *, resend: bool) -> str:
    """Look again later; send again only now that a read-back, long after the send, shows that it is not there."""
    deliveries.move_delivery(tx.connection, delivery, delivery.state, tx.now, unheld=list(unheld))
    age = tx.now - (delivery.sent_at or delivery.prepared_at)
    due = resend and age >= tx.resources.pace.processed * delivery.attempt
    if (
        due
        and delivery.attempt <= (MOST_RESENDS if delivery.receipt else MOST_UNTAKEN)
        and delivery.channel in tx.resources.connections.acknowledgement_sinks
    ):
        attempt = deliveries.next_attempt(tx.connection, delivery)
        tx.start("resend", f"send:{delivery.id}:{attempt}", delivery.id, attempt, delivery.order_id or 0)
    _look_again(tx, delivery, round_number, _next_look(tx, delivery, round_number))
    return delivery.state.value


def _look_again(tx: Tx, delivery: Delivery, round_number: int, due: datetime) -> None:
    if round_number < ONE_LOOK:
        set_proof(tx, delivery.id, round_number + 1, due)


def _next_look(tx: Tx, delivery: Delivery, round_number: int) -> datetime:
    looks = tx.resources.pace.looks
    pause = looks[min(round_number, len(looks)) - 1]
    return tx.now + (pause if tx.now < delivery.due_at + timedelta(days=2) else timedelta(hours=12))


def _wait_without_read_back(tx: Tx, delivery: Delivery, round_number: int) -> None:
    """EDI alone: a 997 tells of syntax; content is proven by a receipt or a payment. Overdue, each becomes a case."""
    pace = tx.resources.pace
    sent = delivery.sent_at or delivery.prepared_at
    if delivery.state in (DeliveryState.SENT, DeliveryState.UNANSWERED):
        if tx.now < sent + pace.syntax:
            _look_again(tx, delivery, round_number, sent + pace.syntax)
            return
        title = f"No functional acknowledgement {int((tx.now - sent).total_seconds() // 3600)} hours after sending"
        draft = delivery_case(delivery, "acknowledgement.unanswered", title, ("a 997 that accepts it", "none"))
        cases.open_case(tx.connection, draft, tx.now, order_id=delivery.order_id)
        if delivery.state is DeliveryState.SENT:
            deliveries.move_delivery(tx.connection, delivery, DeliveryState.UNANSWERED, tx.now)
    if tx.now >= sent + pace.unproven:
        cases.open_case(tx.connection, _unproven(delivery, sent), tx.now, order_id=delivery.order_id)
        return
    _look_again(tx, delivery, round_number, sent + pace.unproven)


def _unproven(delivery: Delivery, sent: datetime) -> CaseDraft:
    return CaseDraft(
        kind="acknowledgement.unproven",
        subject=f"delivery {delivery.id}",
        title=f"Received on {sent:%Y-%m-%d} as far as syntax goes, and nothing has proven its content since",
        expected="a receipt, a payment or a portal export that shows it",
        found="none",
        money_at_risk=delivery.risk,
        deadline=None,
        owner="operations",
        resolutions=(Resolution.DISMISS,),
        evidence=delivery.digest,
        cause=delivery_cause(delivery.key, delivery.channel),
    )


def await_closing(c: Flowing, order_id: int, round_number: int) -> None:
    """Look whether the buyer has closed an order by now; sets the next look while it has not."""
    plan = c.commit(plan_closing, order_id)
    if plan is None:
        return
    shown = None
    with suppress(*NOT_DONE):
        shown = c.step(fetch_proof, plan)
    c.commit(note_closing, order_id, round_number, shown)


def plan_closing(tx: Tx, order_id: int) -> dict[str, Any] | None:
    """What to ask; None when it is closed, or its goods are held no more."""
    saved = orders.load_order(tx.connection, order_id)
    if saved.order.state is OrderState.CLOSED or not _ends_by_closing(tx, order_id):
        return None
    return plan_read_back(tx, saved)


def _ends_by_closing(tx: Tx, order_id: int) -> bool:
    """Whether it holds goods that are held until the buyer closes it: of a declared count, or items of a circular programme."""
    return stock.holds_declared(tx.connection, order_id) or bool(item_claims.load_order_claims(tx.connection, order_id))


def note_closing(tx: Tx, order_id: int, round_number: int, shown: dict[str, str] | None) -> bool:
    """Write down that it is closed, or look again later."""
    saved = orders.load_order(tx.connection, order_id)
    status = None
    if shown is not None:
        with suppress(DocumentError):
            status = read_status(tx, shown, saved)
    if status is not None and not status.open:
        return orders.note_closed(tx.connection, order_id)
    if round_number < MOST_CLOSING_LOOKS:
        _set_closing_look(tx, order_id, round_number + 1, tx.now + CLOSING_PAUSE)
    return False


def _set_closing_look(tx: Tx, order_id: int, round_number: int, due: datetime) -> None:
    tx.at(due, "await_closing", f"closing:{order_id}:{round_number}", order_id, round_number)


FLOWS = (
    Flow[World]("prove_delivery", prove_delivery, "proofs"),
    Flow[World]("await_closing", await_closing, "proofs"),
)
