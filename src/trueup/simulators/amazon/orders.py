"""Purchase orders as the simulator holds them, and the book that finds them by number, creation, change and update."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import msgspec

from trueup.base.clock import write_instant
from trueup.simulators.amazon.shapes import AcknowledgedItem, ItemQuantity, OrderDocument, OrderItem, instant

Raw = msgspec.Raw


class Outcome(StrEnum):
    """What became of a line's acknowledgement."""

    APPLIED = "applied"
    REJECTED_FOR_EVER = "ignored: a rejected quantity is never reopened"
    TOO_LATE_TO_CHANGE = "ignored: quantities and prices are fixed after 48 hours"
    SKIPPED = "ignored: fault partially_applied"


@dataclass(frozen=True, slots=True)
class LineAcknowledgement:
    """What one acknowledgement said of one line and what became of it. `submitted` is None when the line was not mentioned."""

    transaction_id: str
    arrived_at: datetime
    applied_at: datetime
    accepted: int
    backordered: int
    rejected: int
    net_cost: str | None
    late: bool
    outcome: Outcome
    submitted: AcknowledgedItem | None


@dataclass(frozen=True, slots=True)
class QuantityChange:
    """How Amazon moved a line's ordered quantity: the first entry is the order itself."""

    at: datetime
    by: int


@dataclass(frozen=True, slots=True)
class DockReceipt:
    """What a fulfilment centre counted in of a line at once; a correction of its count may be negative."""

    at: datetime
    amount: int


@dataclass(slots=True)
class Line:
    """One line: what Amazon ordered, what the vendor said in turn, what arrived."""

    item: OrderItem
    due_since: datetime
    history: list[QuantityChange]
    acknowledgements: list[LineAcknowledgement] = field(default_factory=list)
    current: LineAcknowledgement | None = None
    answered: bool = False
    never_again: int = 0
    receipts: list[DockReceipt] = field(default_factory=list)

    @property
    def received(self) -> int:
        """Pieces counted in, in the line's own unit."""
        return sum(receipt.amount for receipt in self.receipts)

    def received_by(self, moment: datetime | None) -> tuple[int, datetime | None]:
        """What was counted in by a moment (None: by now), and when last."""
        known = [each for each in self.receipts if moment is None or each.at <= moment]
        return sum(each.amount for each in known), known[-1].at if known else None

    @property
    def number(self) -> int:
        """The sequence number as a number: "1" and "00001" are the same line."""
        return int(self.item.item_sequence_number)

    @property
    def ordered(self) -> int:
        """Pieces ordered now, in the line's own unit."""
        return self.item.ordered_quantity.amount or 0

    def quantity(self, amount: int) -> ItemQuantity:
        """`amount` pieces in the unit of this line."""
        ordered = self.item.ordered_quantity
        return ItemQuantity(amount=amount, unit_of_measure=ordered.unit_of_measure, unit_size=ordered.unit_size)


@dataclass(slots=True, eq=False)
class PurchaseOrder:
    """A purchase order with the state of its lines. `created_at` is when vendors can first see it."""

    document: OrderDocument
    vendor_group: str
    irregular: bool
    created_at: datetime
    state_changed_at: datetime
    updated_at: datetime
    lines: dict[int, Line]
    changed_at: datetime | None = None
    written: Raw | None = None
    status_written: Raw | None = None

    @property
    def number(self) -> str:
        """The purchase order number."""
        return self.document.purchase_order_number

    @property
    def state(self) -> str:
        """New, Acknowledged or Closed."""
        return self.document.purchase_order_state

    @property
    def vendor_code(self) -> str:
        """The vendor code it is addressed to."""
        return self.document.order_details.selling_party.party_id


def new_order(document: OrderDocument, vendor_group: str, irregular: bool = False) -> PurchaseOrder:
    """A purchase order from Amazon's own shape."""
    details = document.order_details
    created = instant(details.purchase_order_date)
    changed = None
    if details.purchase_order_changed_date is not None:
        changed = instant(details.purchase_order_changed_date)
    state_changed = details.purchase_order_state_changed_date
    due = changed or created
    return PurchaseOrder(
        document=document,
        vendor_group=vendor_group,
        irregular=irregular,
        created_at=created,
        state_changed_at=created if state_changed is None else instant(state_changed),
        updated_at=due,
        lines={line.number: line for line in (new_line(item, created, due) for item in details.items)},
        changed_at=changed,
    )


def new_line(item: OrderItem, ordered_at: datetime, due_since: datetime) -> Line:
    """A line nobody has answered."""
    return Line(item, due_since, [QuantityChange(ordered_at, item.ordered_quantity.amount or 0)])


def write_order(order: PurchaseOrder, *, details: bool = True) -> Raw:
    """The order as getPurchaseOrders returns it. An irregular one is written as in Amazon's own irregular samples."""
    if not details:
        return Raw(
            msgspec.json.encode(
                {"purchaseOrderNumber": order.number, "purchaseOrderState": order.document.purchase_order_state}
            )
        )
    if order.written is None:
        content = msgspec.to_builtins(order.document)
        body = content["orderDetails"]
        content["purchaseOrderState"] = order.state
        body["purchaseOrderDate"] = write_instant(instant(order.document.order_details.purchase_order_date))
        body["purchaseOrderStateChangedDate"] = write_instant(order.state_changed_at)
        if order.changed_at is not None:
            body["purchaseOrderChangedDate"] = write_instant(order.changed_at)
        if order.irregular:
            _make_irregular(content)
        order.written = Raw(msgspec.json.encode(content))
    return order.written


def _make_irregular(content: dict[str, object]) -> None:
    """As in the published sandbox cases: "CASES", "00001", no state, times without a zone."""
    body = content["orderDetails"]
    assert isinstance(body, dict)
    del content["purchaseOrderState"]
    del body["purchaseOrderStateChangedDate"]
    for name in ("purchaseOrderDate", "purchaseOrderChangedDate"):
        if name in body:
            body[name] = body[name].removesuffix("Z")
    for item in body["items"]:
        item["itemSequenceNumber"] = item["itemSequenceNumber"].zfill(5)
        quantity = item["orderedQuantity"]
        quantity["unitOfMeasure"] = quantity["unitOfMeasure"].upper()


class TimeIndex:
    """Order numbers sorted by an instant."""

    def __init__(self) -> None:
        self._entries: list[tuple[datetime, str]] = []

    def add(self, at: datetime, number: str) -> None:
        """Enter one."""
        insort(self._entries, (at, number))

    def add_all(self, entries: Iterable[tuple[datetime, str]]) -> None:
        """Enter many with one sort."""
        self._entries.extend(entries)
        self._entries.sort()

    def remove(self, at: datetime, number: str) -> None:
        """Take one out."""
        position = bisect_left(self._entries, (at, number))
        if position < len(self._entries) and self._entries[position] == (at, number):
            del self._entries[position]

    def newest_first(
        self, after: datetime, before: datetime, cursor: tuple[datetime, str] | None = None
    ) -> Iterator[str]:
        """Numbers strictly between two instants, newest first, from below the cursor on."""
        low = bisect_right(self._entries, (after, "\U0010ffff"))
        high = bisect_left(self._entries, (before, ""))
        if cursor is not None:
            high = min(high, bisect_left(self._entries, cursor))
        for position in range(high - 1, low - 1, -1):
            yield self._entries[position][1]

    def first_after(self, moment: datetime) -> datetime | None:
        """The next instant in the index after a moment."""
        position = bisect_right(self._entries, (moment, "\U0010ffff"))
        return self._entries[position][0] if position < len(self._entries) else None


@dataclass(slots=True)
class Shelf:
    """The orders of one vendor group, by three instants."""

    created: TimeIndex = field(default_factory=TimeIndex)
    changed: TimeIndex = field(default_factory=TimeIndex)
    updated: TimeIndex = field(default_factory=TimeIndex)


class OrderBook:
    """All purchase orders. Whoever changes one does it through `touch`, which keeps the indexes true."""

    def __init__(self) -> None:
        self.orders: dict[str, PurchaseOrder] = {}
        self.shelves: dict[str, Shelf] = {}

    def add(self, orders: list[PurchaseOrder]) -> None:
        """Enter new orders."""
        by_group: dict[str, list[PurchaseOrder]] = {}
        for order in orders:
            self.orders[order.number] = order
            by_group.setdefault(order.vendor_group, []).append(order)
        for group, added in by_group.items():
            shelf = self.shelf(group)
            if len(added) < 100:
                for order in added:
                    shelf.created.add(order.created_at, order.number)
                    shelf.updated.add(order.updated_at, order.number)
            else:
                shelf.created.add_all((order.created_at, order.number) for order in added)
                shelf.updated.add_all((order.updated_at, order.number) for order in added)
            shelf.changed.add_all((order.changed_at, order.number) for order in added if order.changed_at)

    def shelf(self, group: str) -> Shelf:
        """The orders of a vendor group."""
        return self.shelves.setdefault(group, Shelf())

    def find(self, number: str, group: str, now: datetime) -> PurchaseOrder | None:
        """An order this vendor group can see now; another group's order does not exist for it."""
        order = self.orders.get(number)
        if order is None or order.vendor_group != group or order.created_at > now:
            return None
        return order

    def touch(self, order: PurchaseOrder, now: datetime, *, by_amazon: bool) -> None:
        """Something about the order moved now; `by_amazon` moves its changed date too."""
        shelf = self.shelf(order.vendor_group)
        shelf.updated.remove(order.updated_at, order.number)
        order.updated_at = now
        shelf.updated.add(now, order.number)
        if by_amazon:
            if order.changed_at is not None:
                shelf.changed.remove(order.changed_at, order.number)
            order.changed_at = now
            shelf.changed.add(now, order.number)
        order.written = order.status_written = None

    def set_state(self, order: PurchaseOrder, state: str, now: datetime) -> None:
        """Move the order to New, Acknowledged or Closed."""
        if order.state != state:
            order.document.purchase_order_state = state  # type: ignore[assignment]
            order.state_changed_at = now
            order.written = order.status_written = None
