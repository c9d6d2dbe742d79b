"""Prepare an answer: every line of an order answered, written in the format of its route, and kept with its reservation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from trueup.base.errors import Invalid, Refused
from trueup.base.ids import digest_of_json
from trueup.base.money import Money
from trueup.domain.acknowledgements import Acknowledgement, LineDecision
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.catalog import CountSource
from trueup.domain.deliveries import DeliveryState
from trueup.domain.partners import Route
from trueup.durable.tally import Tally
from trueup.formats.amazon_vendor.acknowledgements import write_acknowledgement
from trueup.formats.x12.sets.acknowledgement_855 import write_acknowledgement as write_855
from trueup.storage import cases, decisions, deliveries, orders, stock
from trueup.storage.json_values import to_json
from trueup.workflows.assessment import Situation, examine
from trueup.workflows.world import Tx

ELSEWHERE = "acknowledgement.elsewhere"
"""The kind of case of an order that Amazon shows answered by someone else."""


def prepare_answer(tx: Tx, order_id: int) -> dict[str, Any] | None:
    """Prepare the acknowledgement of an order as it stands; None while a line waits, or when this answer is on its way.

    A line is ready when it is decided and, where it takes stock that the shop counts, the shop was seen to hold it.
    """
    saved = orders.load_order(tx.connection, order_id)
    agreement = tx.resources.agreement(tx.connection, saved)
    if agreement is None:
        return None
    situation = examine(tx.connection, tx.resources, saved, agreement, tx.now)
    try:
        return _prepare(tx, situation)
    except (Invalid, Refused) as error:
        cases.open_case(tx.connection, _unwritable(situation, str(error)), tx.now, order_id=order_id)
        return None


def _prepare(tx: Tx, situation: Situation) -> dict[str, Any] | None:
    saved, order_id = situation.saved, situation.saved.id
    answer = complete_answer(tx, situation)
    if answer is None:
        return None
    if not answer.lines:
        # Every line was cancelled: an answer to the former terms that is not proven yet is owed by nobody.
        _replaced(tx, deliveries.supersede_older(tx.connection, order_id, None, tx.now), "nothing is ordered any more")
        return None
    key = _key(tx, answer, saved)
    if key is None or _stands_elsewhere(tx, situation) or _beyond_amending(tx, situation, answer):
        return None
    route = saved.order.route
    channel = tx.resources.routes[saved.order.partner].acknowledgements.get(route)
    if channel is None:
        cases.open_case(tx.connection, _no_route(situation), tx.now, order_id=order_id)
        return None
    content, control = _write(tx, channel, saved.envelope, answer)
    digest = tx.resources.keep(tx.connection, content, kind="acknowledgement", source="trueup", name=key)
    new = deliveries.NewDelivery(
        key=key,
        kind="acknowledgement",
        order_id=order_id,
        revision=saved.revision,
        channel=channel,
        digest=digest,
        due_at=situation.deadline,
        risk=worth(situation, answer.lines),
        control=control,
        answer=answer.lines,
    )
    delivery = deliveries.prepare_delivery(tx.connection, new, tx.now)
    older = deliveries.supersede_older(tx.connection, order_id, delivery.id, tx.now)
    _replaced(tx, older, f"replaced by delivery {delivery.id}")
    attempt = deliveries.next_attempt(tx.connection, delivery)
    nothing = sum(1 for line in saved.order.lines if line.ordered.amount <= 0)
    tx.count(Tally("lines", len(saved.order.lines), {"answered": len(answer.lines), "of nothing": nothing}))
    return {"delivery": delivery.id, "attempt": attempt}


def _key(tx: Tx, answer: Acknowledgement, saved: orders.SavedOrder) -> str | None:
    """The natural key of an answer; None when it is the one that stands or is on its way."""
    meaning = digest_of_json([to_json(replace(line, why="", forced=False)) for line in answer.lines])
    key = f"acknowledgement {saved.order.key} revision {saved.revision} {meaning[:16]}"
    known = deliveries.load_order_deliveries(tx.connection, saved.id)
    same = [delivery for delivery in known if delivery.key.partition(" again after ")[0] == key]
    if any(delivery.state is not DeliveryState.SUPERSEDED for delivery in same):
        return None
    # The same answer as one that was replaced meanwhile: it must go out again under a key of its own.
    return f"{key} again after {known[-1].id}" if same else key


def _stands_elsewhere(tx: Tx, situation: Situation) -> bool:
    """Whether somebody answered at Amazon itself, and no person said that ours shall go out over it. Seen at the margin."""
    if tx.now < situation.deadline - situation.agreement.acknowledge_margin:
        return False
    resolution = cases.newest_resolution(tx.connection, ELSEWHERE, f"order {situation.saved.order.key}")
    return resolution not in (None, Resolution.RETRY.value)


def _replaced(tx: Tx, older: list[int], why: str) -> None:
    """What was the matter with an answer that was replaced is a matter no more: the new one is proven for itself."""
    for delivery_id in older:
        cases.close_subject(tx.connection, f"delivery {delivery_id}", why=why, now=tx.now)


def complete_answer(tx: Tx, situation: Situation) -> Acknowledgement | None:
    """The answer to every line, or None while one waits for a person, for stock, or for the shop."""
    saved = situation.saved
    owed = [line.sequence for line in saved.order.lines if line.ordered.amount != 0]
    if any(sequence not in situation.decided for sequence in owed):
        return None
    reserved = stock.load_order_reservations(tx.connection, saved.id)
    for sequence in owed:
        held, units = reserved.get(sequence), situation.units.get(sequence)
        if held is None or held.claimed_at is not None:
            continue
        if units is None:
            return None  # the item master lost the product meanwhile: nobody was asked to hold its stock
        counted_in_shop = units.product.count_source is CountSource.SHOP
        if counted_in_shop and units.product.shop_variant is not None:
            return None
    # Nothing can be said of less than one piece: such a line, decided, is left out, which Amazon takes for rejected.
    positive = (line.sequence for line in saved.order.lines if line.ordered.amount > 0)
    lines = tuple(situation.decided[sequence].decision for sequence in positive)
    return Acknowledgement(saved.order, tx.now, lines)


def _write(tx: Tx, channel: str, envelope: dict[str, Any], answer: Acknowledgement) -> tuple[bytes, str | None]:
    match answer.order.route:
        case Route.SP_API:
            return write_acknowledgement(answer), None
        case Route.EDI:
            number = deliveries.next_control_number(tx.connection, channel, "interchange")
            return write_855(answer, envelope, control_number=number, now=tx.now), str(number)


def _beyond_amending(tx: Tx, situation: Situation, answer: Acknowledgement) -> bool:
    """After 48 hours Amazon takes new dates only: other quantities become a case instead of a document that will be ignored."""
    _, first = decisions.load_answers(tx.connection, situation.saved.id)
    since = situation.saved.due_from
    # From the order's date or Amazon's first change since the last answer: Amazon does not say from when, and this is the
    # stricter reading.
    if first is None or tx.now - since <= situation.agreement.amend_within:
        return False
    sent = deliveries.load_order_deliveries(tx.connection, situation.saved.id)
    if situation.saved.revision not in {delivery.revision for delivery in sent if delivery.sent_at}:
        return False  # Amazon changed the order itself: its change asks for an answer, whenever it comes.
    draft = CaseDraft(
        kind="acknowledgement.too-late-to-amend",
        subject=f"order {situation.saved.order.key}",
        title=f"Order {situation.saved.order.number} was placed or changed by Amazon on {since:%Y-%m-%d %H:%M} UTC and "
        f"answered since; quantities can no longer be changed",
        expected=f"a change within {situation.agreement.amend_within}",
        found=f"a change after {tx.now - since}",
        money_at_risk=worth(situation, answer.lines),
        deadline=situation.saved.order.last_day,
        owner=situation.agreement.owner,
        resolutions=(Resolution.DISMISS,),
    )
    cases.open_case(tx.connection, draft, tx.now, order_id=situation.saved.id)
    return True


def worth(situation: Situation, lines: tuple[LineDecision, ...]) -> Money | None:
    """The value of what was answered, all lines together; None without costs, or in several currencies."""
    amounts = [
        value
        for decision in lines
        if (units := situation.units.get(decision.sequence)) and (value := units.value()) is not None
    ]
    if not amounts or len({amount.currency for amount in amounts}) != 1:
        return None
    return Money(sum(amount.minor for amount in amounts), amounts[0].currency)


def _unwritable(situation: Situation, words: str) -> CaseDraft:
    order = situation.saved.order
    return CaseDraft(
        kind="acknowledgement.impossible",
        subject=f"order {order.key}",
        title=f"Order {order.number} cannot be answered in the form its buyer takes; answer it by hand",
        expected="an answer that can be written",
        found=words,
        money_at_risk=worth(situation, tuple(row.decision for row in situation.decided.values())),
        deadline=situation.deadline,
        owner=situation.agreement.owner,
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
    )


def _no_route(situation: Situation) -> CaseDraft:
    order = situation.saved.order
    return CaseDraft(
        kind="acknowledgement.no-route",
        subject=f"order {order.key}",
        title=f"Order {order.number} came by {order.route.value}, and no connection takes answers by that route",
        expected=f"a connection for acknowledgements by {order.route.value} of {order.partner}",
        found="none in trueup.toml",
        money_at_risk=None,
        deadline=situation.deadline,
        owner="admin",
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
    )
