"""Deliver: an answer is sent by the route the order came on, and its send begun at most once."""

from __future__ import annotations

from datetime import datetime, timedelta

from trueup.base.errors import Conflict, Paused, Rejected, Throttled, Transient
from trueup.domain.case_causes import delivery_cause
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.deliveries import Delivery, DeliveryState, is_open
from trueup.domain.orders import OrderState
from trueup.durable.flow import Flow
from trueup.durable.tally import Tally
from trueup.storage import acts, cases, decisions, deliveries, order_runs, orders
from trueup.workflows.rest_delivery import rest_delivery
from trueup.workflows.source_failures import NOT_DONE
from trueup.workflows.taking_in import start_answering
from trueup.workflows.world import ACTOR, Flowing, Tx, World


def send_delivery(c: Flowing, delivery_id: int, attempt: int, order_id: int, run_id: str) -> None:
    """Send once and write down what came of it. The order's lease goes back with the last commit."""
    try:
        receipt = c.step(send_once, delivery_id, attempt)
    except Paused as error:
        c.commit(rest_delivery, delivery_id, order_id, run_id, int(error.retry_after_seconds) + 1)
    except Throttled as error:
        c.commit(note_not_sent, delivery_id, order_id, run_id, str(error), int(error.retry_after_seconds) + 1)
    except Rejected as error:
        c.commit(note_refused, delivery_id, order_id, run_id, str(error))
    except (*NOT_DONE, Conflict) as error:
        if getattr(error, "maybe_applied", False):
            c.commit(note_unanswered, delivery_id, order_id, run_id, str(error))
        else:
            c.commit(note_not_sent, delivery_id, order_id, run_id, str(error), 60)
    else:
        c.commit(note_sent, delivery_id, order_id, run_id, receipt)


def resend(c: Flowing, delivery_id: int, attempt: int, order_id: int) -> None:
    """A further attempt, as a run of its own: only after a read-back showed that the last one is not there."""
    if c.commit(begin_resend, delivery_id, order_id, c.run_id, attempt):
        send_delivery(c, delivery_id, attempt, order_id, c.run_id)


def begin_resend(tx: Tx, delivery_id: int, order_id: int, run_id: str, attempt: int) -> bool:
    """Take the order for it, unless a newer answer, or a change of the order, made it pointless.

    An answer to former terms is never sent again: Amazon would take it for the answer to the terms of now.
    """
    delivery = deliveries.load_delivery(tx.connection, delivery_id)
    saved = orders.load_order(tx.connection, order_id)
    former = delivery.revision != saved.revision or saved.order.state is OrderState.CLOSED
    if not is_open(delivery.state) or former:
        return False
    if not order_runs.take_lease(tx.connection, order_id, run_id, note=False):
        tx.at(tx.now + timedelta(seconds=30), "resend", f"{run_id}+", delivery_id, attempt, order_id)
        return False
    return True


def send_once(world: World, delivery_id: int, attempt: int) -> dict[str, str]:
    """Begin this attempt and send; an attempt that was begun before is asked about, never repeated."""
    with world.database.transaction() as connection:
        delivery = deliveries.load_delivery(connection, delivery_id)
        content = world.read(connection, delivery.digest)
        first = deliveries.begin_attempt(connection, delivery_id, attempt, world.clock.now())
    name = (
        f"{delivery.kind}-{delivery.id:08d}.{'edi' if delivery.channel in world.connections.document_sinks else 'json'}"
    )
    if delivery.state in (DeliveryState.RECEIVED, DeliveryState.REJECTED):
        # Handed out, a crash, and the buyer's word on it arrived first: a second copy would be another document to them.
        return {"reference": name, "evidence": f"its functional acknowledgement came first: {delivery.proof}"}
    if delivery.channel in world.connections.document_sinks:
        # A folder has a key: sending the same bytes under the same name twice is once.
        sent = world.connections.document_sinks[delivery.channel].send_document(name, content)
    elif first:
        sent = world.connections.acknowledgement_sinks[delivery.channel].send_acknowledgement(content, name)
    else:
        words = f"Delivery {delivery.key}: attempt {attempt} was cut off; it may have arrived. A read-back will tell."
        raise Transient(words, maybe_applied=True)
    return {"reference": sent.reference, "evidence": sent.evidence.decode(errors="replace")}


def note_sent(tx: Tx, delivery_id: int, order_id: int, run_id: str, receipt: dict[str, str]) -> None:
    """It left. A receipt is no proof: the first read-back is set."""
    delivery = deliveries.load_delivery(tx.connection, delivery_id, lock=True)
    evidence = tx.resources.keep(
        tx.connection, receipt["evidence"].encode(), kind="receipt", source=delivery.channel, name=delivery.key
    )
    if delivery.state in (DeliveryState.PREPARED, DeliveryState.SENT, DeliveryState.UNANSWERED):
        deliveries.move_delivery(
            tx.connection,
            delivery,
            DeliveryState.SENT,
            tx.now,
            sent_at=_sent_at(tx, delivery),
            receipt=receipt["reference"],
        )
    _remember(tx, delivery)
    _act(tx, delivery, "acknowledgement.sent", {"receipt": receipt["reference"]}, evidence)
    subject = f"delivery {delivery.id}"
    cases.close_case(tx.connection, "acknowledgement.not-sent", subject, why="sent since", now=tx.now)
    set_proof(tx, delivery.id, 1, tx.now + tx.resources.pace.settle)
    tx.count(Tally(ANSWERS, 1, {"sent, not proven yet": 1}))
    _release(tx, order_id, run_id)


def _sent_at(tx: Tx, delivery: Delivery) -> datetime:
    """When the send began. Writing it down may come much later, after a crash: what Amazon took then must not look old."""
    return deliveries.begun_at(tx.connection, delivery) or tx.now


def note_unanswered(tx: Tx, delivery_id: int, order_id: int, run_id: str, words: str) -> None:
    """It may have arrived. It is never repeated before a read-back shows that it did not."""
    delivery = deliveries.load_delivery(tx.connection, delivery_id, lock=True)
    if delivery.state is DeliveryState.PREPARED:
        deliveries.move_delivery(
            tx.connection, delivery, DeliveryState.UNANSWERED, tx.now, sent_at=_sent_at(tx, delivery)
        )
    _remember(tx, delivery)
    _act(tx, delivery, "acknowledgement.unanswered", {"error": words}, delivery.digest)
    set_proof(tx, delivery.id, 1, tx.now + tx.resources.pace.settle)
    tx.count(Tally(ANSWERS, 1, {"perhaps sent, to be read back": 1}))
    _release(tx, order_id, run_id)


def note_not_sent(tx: Tx, delivery_id: int, order_id: int, run_id: str, words: str, pause_seconds: int) -> None:
    """It did not leave: try again shortly, and say so when that goes on."""
    delivery = deliveries.load_delivery(tx.connection, delivery_id, lock=True)
    attempt = deliveries.next_attempt(tx.connection, delivery)
    if attempt > 4:
        draft = delivery_case(
            delivery,
            "acknowledgement.not-sent",
            f"Acknowledgement could not be sent in {attempt - 1} attempts: {words}",
            ("a connection that takes it", words),
        )
        cases.open_case(tx.connection, draft, tx.now, order_id=order_id)
    pause = timedelta(seconds=pause_seconds * min(attempt, 15))
    tx.at(tx.now + pause, "resend", f"send:{delivery.id}:{attempt}", delivery.id, attempt, order_id)
    tx.count(Tally(ANSWERS, 1, {"not sent, tried again": 1}))
    _release(tx, order_id, run_id)


def note_refused(tx: Tx, delivery_id: int, order_id: int, run_id: str, words: str) -> None:
    """The other side refused it at once."""
    delivery = deliveries.load_delivery(tx.connection, delivery_id, lock=True)
    deliveries.move_delivery(tx.connection, delivery, DeliveryState.REJECTED, tx.now, proof=words)
    draft = delivery_case(
        delivery, "acknowledgement.rejected", f"The acknowledgement was refused: {words}", ("acceptance", words)
    )
    case = cases.open_case(tx.connection, draft, tx.now, order_id=order_id)
    tx.count(Tally(ANSWERS, 1, held={"refused": 1}, cases=(case,)))
    _act(tx, delivery, "acknowledgement.refused", {"error": words}, delivery.digest)
    _release(tx, order_id, run_id)


ANSWERS = "answers"
"""What a send and a proof count."""
ONE_LOOK = 10_000
"""Rounds from this number on are single looks that a person asked for; the chain of looks goes on by itself."""


def set_proof(tx: Tx, delivery_id: int, round_number: int, due: datetime) -> None:
    """Set the next read-back."""
    tx.at(due, "prove_delivery", f"prove:{delivery_id}:{round_number}", delivery_id, round_number)


def delivery_case(delivery: Delivery, kind: str, title: str, numbers: tuple[str, str]) -> CaseDraft:
    """A case about a delivery; `numbers` are (expected, found)."""
    expected, found = numbers
    return CaseDraft(
        kind=kind,
        subject=f"delivery {delivery.id}",
        title=title,
        expected=expected,
        found=found,
        money_at_risk=delivery.risk,
        deadline=delivery.due_at,
        owner="operations",
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
        evidence=delivery.digest,
        cause=delivery_cause(delivery.key, delivery.channel),
    )


def _remember(tx: Tx, delivery: Delivery) -> None:
    if delivery.order_id is not None:
        answered = deliveries.load_answer(tx.connection, delivery.id)
        decisions.save_answers(tx.connection, delivery.order_id, answered, tx.now)


def _release(tx: Tx, order_id: int, run_id: str) -> None:
    if order_runs.give_back_lease(tx.connection, order_id, run_id):
        start_answering(tx, order_id)


def _act(tx: Tx, delivery: Delivery, act: str, after: dict[str, str], evidence: str) -> None:
    acts.append_act(
        tx.connection,
        tx.now,
        acts.Act(
            actor=ACTOR,
            role="worker",
            act=act,
            subject=f"delivery {delivery.id}",
            after=after,
            evidence=evidence,
        ),
    )


FLOWS = (Flow[World]("resend", resend, "deliveries"),)
