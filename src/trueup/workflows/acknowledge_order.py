"""Acknowledge an order: assess its lines, look at the stock, decide and reserve, place it in the shop, answer at once.

One run works on an order at a time (a lease in its row). Whatever happens to a run, the order is continued: a remote
system that does not answer is tried again by a timer, and before the deadline the agreement's fallback speaks for every
line that still waits. Nothing is confirmed by default.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from trueup.base.errors import ConfigurationError, DocumentError, NotFound, Rejected, RemoteError, TrueupError
from trueup.domain.acknowledgements import Acknowledgement, Answer, LineDecision, force_line, keep_rejected
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.deliveries import DeliveryState, is_open
from trueup.domain.landing import foreign_answers
from trueup.domain.orders import OrderState
from trueup.durable.flow import Flow
from trueup.storage import acts, cases, decisions, deliveries, order_runs, orders, stock
from trueup.workflows.assessment import Situation, assess_order, examine, line_digest, open_hold_cases
from trueup.workflows.deliver import send_delivery
from trueup.workflows.prepare_answer import ELSEWHERE, prepare_answer, worth
from trueup.workflows.prove_delivery import fetch_proof, plan_read_back, read_status
from trueup.workflows.reservation import decide_order, observe_stock
from trueup.workflows.shop_order import (
    REFUSED,
    UNREACHABLE,
    place_shop_order,
    plan_shop_order,
    settle_shop_order,
    settle_unasked,
)
from trueup.workflows.source_failures import NOT_DONE
from trueup.workflows.taking_in import QUEUE, start_answering
from trueup.workflows.withhold_items import withhold_items
from trueup.workflows.world import ACTOR, Flowing, Tx, World

_NOT_DONE = (RemoteError, ConfigurationError, NotFound)
"""What a person or time can mend: a system that does not answer, a location that is not mapped."""
MOST_PAUSE_MINUTES = 30
REFUSED_FOR = timedelta(hours=4)
"""How long the shop is asked again for what it refuses; then only a person's retry does."""


def acknowledge_order(c: Flowing, order_id: int) -> None:
    """The whole path of one order, as far as it goes now."""
    wanted = c.commit(assess_order, order_id, c.run_id)
    if wanted is None:
        return
    observed = None
    if wanted["items"]:
        try:
            observed = c.step(observe_stock, wanted["shop"], wanted["location"], wanted["items"])
        except _NOT_DONE as error:
            _put_off(c, order_id, f"stock could not be read: {error}", error)
            return
    decided = c.commit(decide_order, order_id, c.run_id, observed)
    if decided is not None and (not decided["items"] or _withhold(c, order_id)):
        _finish(c, order_id, observed)


def _withhold(c: Flowing, order_id: int) -> bool:
    """Have the circular programme withhold what the order holds of its items; whether all of it is."""
    try:
        withheld = withhold_items(c, order_id)
    except _NOT_DONE as error:
        _put_off(c, order_id, f"its items could not be withheld: {error}", error)
        return False
    if not withheld:
        c.commit(answer_anew, order_id, c.run_id)
    return withheld


def _finish(c: Flowing, order_id: int, observed: dict[str, Any] | None) -> None:
    plan = c.commit(plan_shop_order, order_id)
    placed = None
    if plan is not None:
        try:
            placed = c.step(place_shop_order, plan, observed)
        except _NOT_DONE as error:
            _put_off(c, order_id, f"the shop did not take the order: {error}", error)
            return
    ready = c.commit(settle_and_answer, order_id, c.run_id, plan, placed)
    if ready is not None:
        send_delivery(c, ready["delivery"], ready["attempt"], order_id, c.run_id)


def _put_off(c: Flowing, order_id: int, words: str, error: TrueupError) -> None:
    """Try again later; what needs nothing more of the shop (a backorder, a smaller claim) is answered all the same."""
    ready = c.commit(try_again, order_id, c.run_id, words, isinstance(error, Rejected))
    if ready is not None:
        send_delivery(c, ready["delivery"], ready["attempt"], order_id, c.run_id)


def answer_anew(tx: Tx, order_id: int, run_id: str) -> None:
    """A rental or resale was faster: the lines concerned are decided again, with what there is."""
    order_runs.give_back_lease(tx.connection, order_id, run_id)
    start_answering(tx, order_id)


def settle_and_answer(
    tx: Tx, order_id: int, run_id: str, plan: dict[str, Any] | None, placed: dict[str, Any] | None
) -> dict[str, Any] | None:
    """Judge what the shop shows and, when every line is ready, prepare the answer; else give the order back."""
    settled = settle_shop_order(tx, order_id, plan, placed) if plan and placed else True
    if plan is None:
        settle_unasked(tx, order_id)
    ready = prepare_answer(tx, order_id) if settled else None
    if ready is None and order_runs.give_back_lease(tx.connection, order_id, run_id):
        start_answering(tx, order_id)
    return ready


def try_again(tx: Tx, order_id: int, run_id: str, words: str, refused: bool) -> dict[str, Any] | None:
    """A remote system did not do its part: a case says so, and the order is tried again soon.

    What it `refused` it will refuse again until a person changes something there: after some hours it is left to the case,
    whose retry begins anew. Returns the answer that is ready without it, if there is one; else the order is given back.
    """
    saved = orders.load_order(tx.connection, order_id)
    agreement = tx.resources.agreement(tx.connection, saved)
    draft = CaseDraft(
        kind=REFUSED if refused else UNREACHABLE,
        subject=f"order {saved.order.key}",
        title=f"Order {saved.order.number} waits for the shop: {words}",
        expected="a shop that takes it; mend what it names, then retry" if refused else "an answer from the shop",
        found=words,
        money_at_risk=None,
        deadline=agreement.deadline(saved.due_from) if agreement else None,
        owner="e-commerce",
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
    )
    if refused:
        why = "it answers, and refuses"
        cases.close_case(tx.connection, UNREACHABLE, f"order {saved.order.key}", why=why, now=tx.now)
    case = cases.load_case(tx.connection, cases.open_case(tx.connection, draft, tx.now, order_id=order_id))
    ready = prepare_answer(tx, order_id)
    asked_meanwhile = ready is None and order_runs.give_back_lease(tx.connection, order_id, run_id)
    if refused and not asked_meanwhile and tx.now - case.opened_at >= REFUSED_FOR:
        return ready
    # Longer the more often it ran: a shop that is down for hours is not asked every minute.
    number = order_runs.count_runs(tx.connection, order_id)
    start_answering(tx, order_id, timedelta(minutes=min(number, MOST_PAUSE_MINUTES)))
    return ready


def answer_before_deadline(c: Flowing, order_id: int, revision: int) -> None:
    """At the agreement's margin before the deadline: what still waits is answered by the agreement's fallback.

    Not over an answer that somebody gave at Amazon itself: so Amazon is asked first. If it does not say, the fallback speaks.
    """
    plan = c.commit(plan_fallback, order_id, revision)
    if plan is None:
        return
    shown = None
    if plan:
        with suppress(*NOT_DONE):
            shown = c.step(fetch_proof, plan)
    if c.commit(force_decisions, order_id, revision, c.run_id, shown):
        _finish(c, order_id, None)


def plan_fallback(tx: Tx, order_id: int, revision: int) -> dict[str, Any] | None:
    """What to ask Amazon before the fallback speaks: nothing where it cannot be asked; None when there is nothing to say."""
    saved = orders.load_order(tx.connection, order_id)
    if saved.revision != revision or saved.history or not _waiting(tx, order_id):
        return None
    return plan_read_back(tx, saved) or {}


def force_decisions(tx: Tx, order_id: int, revision: int, run_id: str, shown: dict[str, str] | None) -> bool:
    """Decide what is held, unclaimed or unproven by fallback. False when nothing is left to say, or not yet, or not by us."""
    if orders.current_revision(tx.connection, order_id) != revision:
        return False
    if not order_runs.take_lease(tx.connection, order_id, run_id, note=False):
        tx.at(tx.now + timedelta(minutes=1), "answer_before_deadline", f"{run_id}+", order_id, revision)
        return False
    saved = orders.load_order(tx.connection, order_id, lock=True)
    agreement = tx.resources.agreement(tx.connection, saved)
    waiting = _waiting(tx, order_id)
    if agreement is None or saved.history or not waiting:
        if order_runs.give_back_lease(tx.connection, order_id, run_id):
            start_answering(tx, order_id)
        return False
    situation = examine(tx.connection, tx.resources, saved, agreement, tx.now)
    patience = _may_still_show(tx, order_id)
    if waiting == "unproven" and patience is not None and tx.now < patience < situation.deadline:
        tx.at(patience, "answer_before_deadline", f"{run_id}+", order_id, revision)
        if order_runs.give_back_lease(tx.connection, order_id, run_id):
            start_answering(tx, order_id)
        return False
    if shown is not None and _out_of_our_hands(tx, situation, shown):
        order_runs.give_back_lease(tx.connection, order_id, run_id)
        start_answering(tx, order_id)
        return False
    for sequence, why in _overdue(tx, situation, waiting).items():
        _force(tx, situation, sequence, why)
    # What is decided now is held no longer; what could not be decided stays a case.
    open_hold_cases(tx, examine(tx.connection, tx.resources, saved, agreement, tx.now))
    return True


def _out_of_our_hands(tx: Tx, situation: Situation, shown: dict[str, str]) -> bool:
    """Whether Amazon shows the order closed, or answered by someone else: a case with both answers says so then."""
    saved = situation.saved
    try:
        status = read_status(tx, shown, saved)
    except DocumentError:
        return False
    if status is None:
        return False
    if not status.open:
        orders.note_closed(tx.connection, saved.id)
        return True
    left = [each for each in deliveries.load_order_deliveries(tx.connection, saved.id) if each.sent_at is not None]
    ours = None
    if left:
        order = orders.load_order(tx.connection, saved.id, left[-1].revision).order
        ours = Acknowledgement(order, left[-1].prepared_at, deliveries.load_answer(tx.connection, left[-1].id))
    foreign = foreign_answers(status, ours, left[-1].sent_at if left else None)
    if foreign:
        draft = _answered_elsewhere(situation, foreign, shown["status"])
        cases.open_case(tx.connection, draft, tx.now, order_id=saved.id)
    return bool(foreign)


def _answered_elsewhere(situation: Situation, foreign: tuple[str, ...], evidence: str) -> CaseDraft:
    order = situation.saved.order
    ours = [f"line {number}: {row.decision.why}" for number, row in sorted(situation.decided.items())]
    ours += [f"line {number}: {drafts[0].title}" for number, drafts in sorted(situation.held.items())]
    return CaseDraft(
        kind=ELSEWHERE,
        subject=f"order {order.key}",
        title=f"Order {order.number} was answered at Amazon by someone else; no fallback of ours overrides that: {foreign[0]}",
        expected="ours: " + ("; ".join(ours) or "not decided"),
        found="; ".join(foreign),
        money_at_risk=worth(situation, tuple(row.decision for row in situation.decided.values())),
        deadline=situation.saved.due_from + situation.agreement.amend_within,
        owner=situation.agreement.owner,
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
        evidence=evidence,
    )


def _waiting(tx: Tx, order_id: int) -> str:
    """Why the order still owes an answer: `unanswered` (nothing sent), or `unproven`; empty when it stands at the buyer."""
    sent = deliveries.load_order_deliveries(tx.connection, order_id)
    saved = orders.load_order(tx.connection, order_id)
    if saved.order.state is OrderState.CLOSED:
        return ""  # Amazon refuses any answer to a closed order; what is held stays a case
    current = [
        known for known in sent if known.revision == saved.revision and known.state is not DeliveryState.SUPERSEDED
    ]
    if not current:
        return "unanswered"
    newest = current[-1]
    on_edi = newest.channel in tx.resources.connections.document_sinks
    if newest.state is DeliveryState.ACCEPTED or (
        on_edi and newest.state in (DeliveryState.SENT, DeliveryState.RECEIVED)
    ):
        return ""
    return "unproven"


def _may_still_show(tx: Tx, order_id: int) -> datetime | None:
    """Until when Amazon may take to show the newest answer; None when it did not leave, or was refused."""
    newest = deliveries.load_order_deliveries(tx.connection, order_id)[-1:]
    if not newest or newest[0].sent_at is None or not is_open(newest[0].state):
        return None
    return newest[0].sent_at + tx.resources.pace.processed


def _overdue(tx: Tx, situation: Situation, waiting: str) -> dict[int, str]:
    """The lines to be forced, and why each."""
    order_id = situation.saved.id
    reserved = stock.load_order_reservations(tx.connection, order_id)
    found: dict[int, str] = {}
    unheld: set[int] = set()
    if waiting == "unproven":
        newest = deliveries.load_order_deliveries(tx.connection, order_id)[-1]
        unheld = set(newest.unheld) or {line.sequence for line in situation.saved.order.lines}
    for line in situation.saved.order.lines:
        sequence = line.sequence
        if line.ordered.amount == 0:
            continue
        decided = situation.decided.get(sequence)
        held = reserved.get(sequence)
        if sequence in situation.held:
            rules = (draft.kind.removeprefix("held.").replace("-", " ") for draft in situation.held[sequence])
            found[sequence] = f"it is still held: {', '.join(rules)}"
        elif decided is None:
            found[sequence] = "its stock could not be read in time"
        elif held is not None and held.claimed_at is None and waiting == "unanswered":
            found[sequence] = "the shop could not be seen to hold its stock in time"
        elif sequence in unheld and decided.decision.quantity(Answer.ACCEPTED):
            found[sequence] = "no read-back shows that Amazon took our acceptance"
    return found


def _force(tx: Tx, situation: Situation, sequence: int, why: str) -> None:
    saved, connection = situation.saved, tx.connection
    line = saved.order.line(sequence)
    assert line is not None, f"forced line {sequence} is not on the order"
    decision = force_line(line, situation.agreement, tx.now, why)
    if decision is None:
        cases.open_case(connection, _speechless(situation, sequence, why), tx.now, order_id=saved.id, sequence=sequence)
        return
    earlier = decisions.load_answers(connection, saved.id)[0].get(sequence)
    if earlier:
        decision = keep_rejected(earlier, line, decision)
    number = decisions.next_decision_number(connection)
    row = decisions.SavedDecision(
        number, saved.revision, line_digest(saved, sequence), decision, tx.now, saved.evidence
    )
    decisions.save_decision(connection, saved.id, row, ACTOR)
    stock.release_reservation(connection, saved.id, sequence, tx.now)
    _record_fallback(tx, situation, decision)


def _record_fallback(tx: Tx, situation: Situation, decision: LineDecision) -> None:
    order = situation.saved.order
    units = situation.units.get(decision.sequence)
    draft = CaseDraft(
        kind="acknowledgement.fallback",
        subject=f"order {order.key} line {decision.sequence}",
        title=f"Line {decision.sequence} of {order.number} was {decision.why}",
        expected="a decision before the deadline",
        found=decision.why,
        money_at_risk=units.value() if units else worth(situation, (decision,)),
        deadline=situation.saved.due_from + situation.agreement.amend_within,
        owner=situation.agreement.owner,
        resolutions=(Resolution.ACCEPT_AS_ORDERED, Resolution.RETRY, Resolution.DISMISS),
    )
    cases.open_case(tx.connection, draft, tx.now, order_id=situation.saved.id, sequence=decision.sequence)
    acts.append_act(
        tx.connection,
        tx.now,
        acts.Act(
            actor=ACTOR,
            role="worker",
            act="order.fallback",
            subject=f"order {order.key}",
            after={str(decision.sequence): decision.why},
            evidence=situation.saved.evidence,
        ),
    )


def _speechless(situation: Situation, sequence: int, why: str) -> CaseDraft:
    order = situation.saved.order
    lines = tuple(row.decision for row in situation.decided.values())
    return CaseDraft(
        kind="acknowledgement.impossible",
        subject=f"order {order.key} line {sequence}",
        title=f"Order {order.number} cannot be answered. Line {sequence}: {why}; Amazon allows no backorder for it, and the "
        f"agreement does not say that it may be rejected",
        expected="a decision about the line, or a fallback in the agreement",
        found=why,
        money_at_risk=worth(situation, lines) or (units.value() if (units := situation.units.get(sequence)) else None),
        deadline=situation.deadline,
        owner=situation.agreement.owner,
        resolutions=(Resolution.ACCEPT_AS_ORDERED, Resolution.REJECT, Resolution.RETRY),
    )


FLOWS = (
    Flow[World]("acknowledge_order", acknowledge_order, QUEUE),
    Flow[World]("answer_before_deadline", answer_before_deadline, QUEUE),
)
