"""The meaning of an acknowledgement: what fails it, and what an accepted one does to each line.

Sources: Amazon's guides "Submit Order Acknowledgement" and the retail procurement FAQ, and the field descriptions of the
published model. Where they are silent the harsher reading is built, and said so beside the rule:

- The 48 hours in which quantities and prices may be changed run from the order's date (or Amazon's own last change, which
  asks for a new answer), not from the first acknowledgement: the guides say "within 48 hours" without a start, and the
  earlier start is the stricter. A line never answered can still be answered afterwards.
- An accepted line that is not wholly spoken for is rejected for the rest, as an unmentioned line is rejected whole.
- A change that may not be made (a rejected quantity reopened, quantities after 48 hours) is ignored in silence.
- An order whose every line is rejected is Closed, and a later acknowledgement of a closed order fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from trueup.simulators.amazon.orders import Line, LineAcknowledgement, OrderBook, Outcome, PurchaseOrder
from trueup.simulators.amazon.replies import Problem
from trueup.simulators.amazon.shapes import AcknowledgedItem, ItemQuantity, Money, OrderAcknowledgement

ANSWER_WITHIN = timedelta(hours=24)
CHANGE_WITHIN = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Delivery:
    """An acknowledgement on its way into an order."""

    transaction_id: str
    arrived_at: datetime
    applied_at: datetime
    half: bool = False


def problems_of(acknowledgement: OrderAcknowledgement, order: PurchaseOrder | None) -> list[Problem]:
    """Every reason why the transaction fails; empty when it can be applied to the order as it is now."""
    number = acknowledgement.purchase_order_number
    if order is None:
        return [_problem(f"Purchase order {number} does not exist for this vendor.")]
    if acknowledgement.selling_party.party_id != order.vendor_code:
        return [_problem(f"Purchase order {number}: sellingParty is not the one of the purchase order.")]
    if order.state == "Closed":
        return [_problem(f"Purchase order {number} is closed.")]
    found: list[Problem] = []
    seen: set[int] = set()
    for item in acknowledgement.items:
        line = match_line(item, order)
        if line is None:
            name = item.item_sequence_number or item.vendor_product_identifier or item.amazon_product_identifier
            found.append(_problem(f"Purchase order {number}: item {name} is not an item of the purchase order."))
        elif line.number in seen:
            found.append(_problem(f"Purchase order {number}: item {line.number} is acknowledged twice."))
        else:
            seen.add(line.number)
            where = f"Purchase order {number}, item {line.number}: "
            found += [_problem(where + text) for text in _item_problems(item, line)]
    return found


def match_line(item: AcknowledgedItem, order: PurchaseOrder) -> Line | None:
    """The line an item speaks of: by sequence number, else by the identifiers; every identifier given must be the order's."""
    number = item.item_sequence_number
    if number is None:
        candidates = list(order.lines.values())
        if item.amazon_product_identifier is None and item.vendor_product_identifier is None:
            return None
    else:
        line = order.lines.get(int(number)) if number.isdecimal() else None
        candidates = [] if line is None else [line]
    matching = [
        line
        for line in candidates
        if item.amazon_product_identifier in (None, line.item.amazon_product_identifier)
        and item.vendor_product_identifier in (None, line.item.vendor_product_identifier)
    ]
    return matching[0] if len(matching) == 1 else None


def _item_problems(item: AcknowledgedItem, line: Line) -> Iterator[str]:
    yield from _cost_problems(item, line)
    yield from _unit_problems(item.ordered_quantity, line, "orderedQuantity")
    if not item.item_acknowledgements:
        yield "itemAcknowledgements is empty."
    total = 0
    for decision in item.item_acknowledgements:
        amount = decision.acknowledged_quantity.amount
        if decision.acknowledgement_code is None:
            yield "acknowledgementCode is missing."
        if amount is None or amount <= 0:
            yield f"acknowledgedQuantity {amount} is not above zero."
        total += amount or 0
        yield from _unit_problems(decision.acknowledged_quantity, line, "acknowledgedQuantity")
        if decision.acknowledgement_code == "Backordered":
            if not line.item.is_back_order_allowed:
                yield "backorders are not allowed for this item."
            if decision.scheduled_ship_date is None and decision.scheduled_delivery_date is None:
                yield "a backordered quantity needs scheduledShipDate or scheduledDeliveryDate."
    if total > line.ordered:
        yield f"acknowledged quantity {total} is above the ordered quantity {line.ordered}."


def _cost_problems(item: AcknowledgedItem, line: Line) -> Iterator[str]:
    if line.item.net_cost is None and line.item.list_price is not None and item.net_cost is None:
        # Books sold at list price carry no net cost on either side.
        yield from _price_problems("listPrice", item.list_price, line.item.list_price)
        try:
            factor = Decimal(item.discount_multiplier or "")
        except InvalidOperation:
            factor = Decimal(0)
        if not (factor.is_finite() and 0 < factor <= 1):
            yield f"discountMultiplier {item.discount_multiplier} is not a number above 0 and up to 1."
        return
    yield from _price_problems("netCost", item.net_cost, line.item.net_cost)


def _price_problems(name: str, given: Money | None, ordered: Money | None) -> Iterator[str]:
    value = None if given is None else given.value()
    if given is None or value is None:
        yield f"{name} is missing."
        return
    if value <= 0:
        yield f"{name} {given.amount} is not above zero."
    if ordered is None:
        return
    limit = ordered.value()
    if given.currency_code not in (None, ordered.currency_code):
        yield f"{name} is in {given.currency_code}, the purchase order in {ordered.currency_code}."
    elif limit is not None and value > limit:
        yield f"{name} {given.amount} is above the purchase order's {ordered.amount}."
    if given.unit_of_measure not in (None, ordered.unit_of_measure):
        yield f"{name} is per {given.unit_of_measure}, the purchase order's per {ordered.unit_of_measure}."


def _unit_problems(given: ItemQuantity, line: Line, name: str) -> Iterator[str]:
    ordered = line.item.ordered_quantity
    if given.unit_of_measure not in (None, ordered.unit_of_measure):
        yield f"{name} is in {given.unit_of_measure}, the purchase order in {ordered.unit_of_measure}."
    if given.unit_size is not None and ordered.unit_size is not None and given.unit_size != ordered.unit_size:
        yield f"{name} has unitSize {given.unit_size}, the purchase order {ordered.unit_size}."


def _problem(message: str) -> Problem:
    return Problem("InvalidInput", message)


def apply_acknowledgement(
    book: OrderBook, order: PurchaseOrder, acknowledgement: OrderAcknowledgement, delivery: Delivery
) -> None:
    """Apply one acknowledgement, which replaces the last one of every line: a line not mentioned is rejected."""
    items: dict[int, AcknowledgedItem] = {}
    for item in acknowledgement.items:
        line = match_line(item, order)
        if line is not None:
            items[line.number] = item
    lines = list(order.lines.values())
    kept = (len(lines) + 1) // 2 if delivery.half else len(lines)
    for position, line in enumerate(lines):
        _answer_line(line, items.get(line.number), delivery, skip=position >= kept)
    if order.state == "New":
        book.set_state(order, "Acknowledged", delivery.applied_at)
    if all(line.current is not None and line.current.rejected >= line.ordered for line in lines if line.ordered):
        book.set_state(order, "Closed", delivery.applied_at)
    book.touch(order, delivery.applied_at, by_amazon=False)


def _answer_line(line: Line, item: AcknowledgedItem | None, delivery: Delivery, *, skip: bool) -> None:
    if item is None and (line.ordered <= 0 or (line.current and line.current.rejected >= line.ordered)):
        return  # a cancelled line needs no answer, and what is rejected already is not rejected again
    accepted = _sum(item, "Accepted")
    backordered = _sum(item, "Backordered")
    net_cost = None if item is None or item.net_cost is None else item.net_cost.amount
    rejected = line.ordered - accepted - backordered
    if skip:
        outcome = Outcome.SKIPPED
    elif accepted + backordered > line.ordered - line.never_again:
        outcome = Outcome.REJECTED_FOR_EVER
    elif _too_late(line, (accepted, backordered, rejected), net_cost, delivery.arrived_at):
        outcome = Outcome.TOO_LATE_TO_CHANGE
    else:
        outcome = Outcome.APPLIED
    entry = LineAcknowledgement(
        transaction_id=delivery.transaction_id,
        arrived_at=delivery.arrived_at,
        applied_at=delivery.applied_at,
        accepted=accepted,
        backordered=backordered,
        rejected=rejected,
        net_cost=net_cost,
        late=not line.answered and delivery.arrived_at - line.due_since > ANSWER_WITHIN,
        outcome=outcome,
        submitted=item,
    )
    line.acknowledgements.append(entry)
    if outcome is Outcome.APPLIED:
        line.current = entry
        line.answered = True
        line.never_again = max(line.never_again, rejected)


def _too_late(line: Line, quantities: tuple[int, int, int], net_cost: str | None, arrived_at: datetime) -> bool:
    """After 48 hours only dates may still change; a line never answered since it was ordered or changed is not bound."""
    last = line.current
    if last is None or not line.answered or arrived_at - line.due_since <= CHANGE_WITHIN:
        return False
    same_cost = net_cost == last.net_cost or (
        net_cost is not None and last.net_cost is not None and Decimal(net_cost) == Decimal(last.net_cost)
    )
    return quantities != (last.accepted, last.backordered, last.rejected) or not same_cost


def _sum(item: AcknowledgedItem | None, code: str) -> int:
    if item is None:
        return 0
    return sum(
        decision.acknowledged_quantity.amount or 0
        for decision in item.item_acknowledgements
        if decision.acknowledgement_code == code
    )
