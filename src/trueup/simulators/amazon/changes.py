"""What Amazon does to a purchase order after placing it: changes, cancellation, closing, receiving."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from trueup.base.errors import Invalid
from trueup.simulators.amazon.orders import DockReceipt, Line, OrderBook, PurchaseOrder, QuantityChange, new_line
from trueup.simulators.amazon.shapes import LineChange, Money, OrderChange


def change_order(book: OrderBook, order: PurchaseOrder, change: OrderChange, now: datetime) -> None:
    """Apply a change by Amazon. Raises Invalid, with nothing changed, when a line is unknown or added twice."""
    lines = [(find_line(order, wanted.item_sequence_number), wanted) for wanted in change.lines]
    added = [new_line(item, now, now) for item in change.add]
    for line in added:
        if line.number in order.lines:
            raise Invalid(f"Order {order.number}: line {line.number} exists already; change it instead.")
    for line, wanted in lines:
        _change_line(line, wanted, now)
    if change.cancel:
        for line in order.lines.values():
            _set_ordered(line, 0, now)
    details = order.document.order_details
    for line in added:
        order.lines[line.number] = line
        details.items.append(line.item)
    details.ship_window = change.ship_window or details.ship_window
    details.delivery_window = change.delivery_window or details.delivery_window
    details.ship_to_party = change.ship_to_party or details.ship_to_party
    for line in order.lines.values():
        # A changed order has to be acknowledged again: both the 24 and the 48 hours start anew.
        line.due_since, line.answered = now, False
    if change.cancel:
        book.set_state(order, "Closed", now)
    book.touch(order, now, by_amazon=True)


def close_order(book: OrderBook, order: PurchaseOrder, now: datetime) -> None:
    """Close an order: nothing more is expected of the vendor."""
    book.set_state(order, "Closed", now)
    book.touch(order, now, by_amazon=False)


def receive(book: OrderBook, order: PurchaseOrder, pieces: Mapping[str, int], now: datetime) -> None:
    """Book pieces received per line, in the line's own unit, perhaps a part of them on each of several days; a correction of what
    was counted is negative. An order that has all it was promised is closed. Raises Invalid, with nothing changed, for less than
    nothing."""
    lines = [(find_line(order, number), amount) for number, amount in pieces.items()]
    for line, amount in lines:
        if line.received + amount < 0:
            raise Invalid(
                f"Order {order.number} line {line.number}: {line.received} received, so that {amount} is less than nothing."
            )
    for line, amount in lines:
        line.receipts.append(DockReceipt(now, amount))
    promised = [line for line in order.lines.values() if line.current and line.current.outcome]
    awaited = any(
        line.current is None or line.current.backordered or line.received < line.current.accepted
        for line in order.lines.values()
        if line.ordered
    )
    if promised and not awaited:
        book.set_state(order, "Closed", now)
    book.touch(order, now, by_amazon=False)


def halve_first_line(order: PurchaseOrder) -> OrderChange:
    """The change of a fault that names none: the first line with a quantity is halved."""
    for line in order.lines.values():
        if line.ordered > 0:
            return OrderChange(
                lines=[LineChange(item_sequence_number=line.item.item_sequence_number, amount=line.ordered // 2)]
            )
    return OrderChange()


def find_line(order: PurchaseOrder, number: str) -> Line:
    """A line by sequence number. Raises Invalid when there is none."""
    line = order.lines.get(int(number)) if number.isdecimal() else None
    if line is None:
        known = ", ".join(str(each) for each in order.lines)
        raise Invalid(f"Order {order.number}: no line {number!r}; it has {known}.")
    return line


def _change_line(line: Line, wanted: LineChange, now: datetime) -> None:
    if wanted.amount is not None:
        _set_ordered(line, wanted.amount, now)
    if wanted.net_cost is not None:
        cost = line.item.net_cost
        line.item.net_cost = Money(amount=wanted.net_cost, currency_code=None if cost is None else cost.currency_code)


def _set_ordered(line: Line, amount: int, now: datetime) -> None:
    by = amount - line.ordered
    if not by:
        return
    line.item.ordered_quantity.amount = amount
    line.history.append(QuantityChange(now, by))
    if by < 0:  # what Amazon takes back is first what the vendor had refused anyway
        line.never_again = max(0, line.never_again + by)
