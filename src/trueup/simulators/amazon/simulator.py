"""The Amazon Vendor simulator: its state, what time does to it, and the pipeline every request passes."""

from __future__ import annotations

import heapq
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from time import monotonic
from typing import Any, Literal, TypedDict, TypeVar, Unpack

import msgspec

from trueup.base.errors import Conflict, Invalid, NotFound
from trueup.simulators.amazon.access import FULFILLMENT, TRACKING, Access, VendorGroup
from trueup.simulators.amazon.acknowledgements import Delivery, apply_acknowledgement, problems_of
from trueup.simulators.amazon.budgets import Budgets
from trueup.simulators.amazon.changes import change_order, close_order, halve_first_line, receive
from trueup.simulators.amazon.faults import Fault, Faults
from trueup.simulators.amazon.finance import Finance
from trueup.simulators.amazon.journal import RequestJournal
from trueup.simulators.amazon.operations import Call, Transaction
from trueup.simulators.amazon.orders import OrderBook, PurchaseOrder, new_order
from trueup.simulators.amazon.replies import Problem
from trueup.simulators.amazon.reports import ReportShelf
from trueup.simulators.amazon.retail import Retail
from trueup.simulators.amazon.server import AmazonServer
from trueup.simulators.amazon.shapes import OrderChange, OrderDocument
from trueup.simulators.amazon.warehouses import Warehouses
from trueup.simulators.clock import SimulatorClock

T = TypeVar("T")


class RuleChoices(TypedDict, total=False):
    """What may be chosen of the rules when a simulator is made."""

    rate_limit: bool
    rate_clock: Literal["simulated", "wall"]
    acknowledgement_delay: timedelta
    retail_lag: timedelta
    inventory_delay: timedelta
    report_queue: timedelta
    report_making: timedelta


@dataclass(frozen=True, slots=True)
class Rules:
    """Whether and by which clock requests are throttled, and how long Amazon takes: to apply an acknowledgement, to know
    the figures of a day after its end, to judge an update of inventory, to begin a report, to make it."""

    rate_limit: bool = True
    rate_clock: Literal["simulated", "wall"] = "simulated"
    acknowledgement_delay: timedelta = timedelta(minutes=3)
    retail_lag: timedelta = timedelta(hours=36)
    inventory_delay: timedelta = timedelta(minutes=4)
    report_queue: timedelta = timedelta(seconds=30)
    report_making: timedelta = timedelta(minutes=2)


class AmazonSimulator:
    """State in memory and an ASGI application, `app`, in front of it. Safe to use from any thread.

    `now` gives the time (the machine's by default) until the clock is set; `seed` makes ids, shuffles and probable faults
    repeatable; the others choose the Rules.
    """

    def __init__(
        self,
        seed: int = 0,
        now: Callable[[], datetime] | None = None,
        faults: Faults | None = None,
        **rules: Unpack[RuleChoices],
    ) -> None:
        self.rules = Rules(**rules)
        self.lock = threading.RLock()
        self.clock = SimulatorClock(now)
        self.chance = Random(f"amazon {seed}")
        self.key = self.chance.randbytes(32)
        self.faults = faults if faults is not None else Faults()
        self.faults.seed(seed)
        self.access = Access(Random(f"tokens {seed}"))
        self.budgets = Budgets()
        self.book = OrderBook()
        self.finance = Finance()
        self.retail = Retail(self.rules.retail_lag)
        self.reports = ReportShelf()
        self.inventory = Warehouses()
        self.transactions: dict[str, Transaction] = {}
        self.journal = RequestJournal()
        self._due: list[tuple[datetime, int, str]] = []
        self.app = AmazonServer(self)

    def add_vendor_group(
        self,
        *,
        refresh_token: str,
        client_id: str,
        client_secret: str,
        vendor_codes: Sequence[str],
        roles: Sequence[str] = (FULFILLMENT, TRACKING),
    ) -> str:
        """Register a vendor group and the application it authorised; returns its name. Raises Conflict, Invalid."""
        with self.lock:
            name = f"amzn1.vg.{len(self.access.groups) + 1}"
            group = VendorGroup(name, client_id, client_secret, refresh_token, tuple(vendor_codes), frozenset(roles))
            self.access.add(group)
            return name

    def add_orders(
        self, orders: Sequence[Mapping[str, Any]] | Mapping[str, Any], *, irregular: bool = False
    ) -> list[str]:
        """Place purchase orders given as getPurchaseOrder returns them (with or without `payload`); returns their numbers.

        An order is seen by the vendor group of its sellingParty from its purchaseOrderDate on, so a date to come places
        it for later. `irregular` writes it as Amazon's own irregular samples. Raises Invalid, Conflict; then none is placed.
        """
        given = [orders] if isinstance(orders, Mapping) else orders
        with self.lock:
            placed: list[PurchaseOrder] = []
            for content in given:
                document = _convert(content.get("payload", content), OrderDocument)
                code = document.order_details.selling_party.party_id
                placed.append(new_order(document, self.access.group_of(code).name, irregular))
            numbers: dict[str, None] = {}
            for order in placed:
                if order.number in self.book.orders or order.number in numbers:
                    raise Conflict(f"Purchase order {order.number} exists already.")
                numbers[order.number] = None
            self.book.add(placed)
            return list(numbers)

    def add_remittances(self, documents: bytes | Sequence[Mapping[str, Any]]) -> list[str]:
        """Tell payments of the Finance Remittance API, or later versions of them; returns their unique ids. Raises Invalid.

        Each is {"marketplaceId", "remittanceHeader", "remittanceItems", "visibleAt"?}, as JSON or as values.
        """
        with self.lock:
            return self.finance.remittances.add(documents, lambda code: self.access.group_of(code).name)

    def add_invoices(self, documents: bytes | Sequence[Mapping[str, Any]]) -> list[str]:
        """Tell invoices of the Finances Invoices API, or later versions of them; returns their identifiers. Raises Invalid.

        Each is {"marketplaceId", "invoiceHeader", "invoiceItems"}, as JSON or as values.
        """
        with self.lock:
            return self.finance.invoices.add(documents, lambda code: self.access.group_of(code).name)

    def add_retail(self, facts: bytes | Sequence[Mapping[str, Any]]) -> int:
        """Tell what Amazon knows of products, or later versions of it; returns how many facts. Raises Invalid.

        Each is a `RetailFact`, as JSON or as values: {"marketplaceId", "vendorCode", "asin", "at", "figures": {"type", ...}}.
        """
        with self.lock:
            return self.retail.add(facts, lambda code: self.access.group_of(code).name)

    def add_warehouses(self, documents: Sequence[Mapping[str, Any]]) -> list[str]:
        """Set up warehouses of direct fulfillment, or give them another catalogue; returns their codes. Raises Invalid.

        Each is a `WarehouseDocument`: {"vendor_code", "warehouse", "items": [{"asin", "vendor_product_id"?}]}.
        """
        with self.lock:
            return self.inventory.add(documents, lambda code: self.access.group_of(code).name)

    def change_order(self, number: str, change: OrderChange | Mapping[str, Any]) -> None:
        """Amazon changes an order now. Raises NotFound, Invalid."""
        wanted = change if isinstance(change, OrderChange) else _convert(change, OrderChange)
        with self.lock:
            change_order(self.book, self.order(number), wanted, self.now())

    def close_order(self, number: str) -> None:
        """Amazon closes an order now. Raises NotFound."""
        with self.lock:
            close_order(self.book, self.order(number), self.now())

    def receive(self, number: str, pieces: Mapping[str, int]) -> None:
        """A fulfilment centre receives pieces per line, in the line's own unit. Raises NotFound, Invalid."""
        with self.lock:
            receive(self.book, self.order(number), pieces, self.now())

    def add_fault(self, fault: Fault | Mapping[str, Any]) -> None:
        """Tell a lie from now on. Raises Invalid."""
        with self.lock:
            self.faults.add(fault if isinstance(fault, Fault) else _convert(fault, Fault))

    def now(self) -> datetime:
        """The simulated instant, with everything due by it done."""
        with self.lock:
            now = self.clock.now()
            while self._due and self._due[0][0] <= now:
                _, _, transaction_id = heapq.heappop(self._due)
                self._settle(self.transactions[transaction_id])
            self.inventory.settle(now)
            return now

    def set_clock(self, moment: datetime | None) -> datetime:
        """Stand at a moment, backwards too, or (None) follow the source of time again; returns the time after."""
        with self.lock:
            if moment is None:
                self.clock.release()
            else:
                self.clock.set(moment)
            return self.now()

    def next_event(self) -> datetime | None:
        """When something happens next by itself: an acknowledgement applied, an order placed for later appears."""
        with self.lock:
            now = self.now()
            coming = [shelf.created.first_after(now) for shelf in self.book.shelves.values()]
            coming += [entry[0] for entry in self._due[:1]]
            coming += [min(self.reports.events_after(now), default=None), self.inventory.next_event()]
            return min((moment for moment in coming if moment is not None), default=None)

    def order(self, number: str) -> PurchaseOrder:
        """An order as it is held. Raises NotFound."""
        order = self.book.orders.get(number)
        if order is None:
            raise NotFound(f"Purchase order {number!r} is not in the simulator.")
        return order

    def take_in(self, transaction: Transaction) -> None:
        """Keep a submitted acknowledgement until it is due."""
        self.transactions[transaction.transaction_id] = transaction
        if transaction.due_at is not None:
            entry = (transaction.due_at, len(self.transactions), transaction.transaction_id)
            heapq.heappush(self._due, entry)

    def change_mid_flight(self, fault: Fault, numbers: Sequence[str], call: Call) -> None:
        """Carry out the fault changed_mid_flight on the orders it concerns."""
        for number in numbers:
            order = self.book.find(number, call.group, call.now)
            if order is not None and fault.purchase_order in (None, number):
                change_order(self.book, order, fault.change or halve_first_line(order), call.now)

    def rate_seconds(self, now: datetime) -> float:
        """The time that refills the buckets."""
        return monotonic() if self.rules.rate_clock == "wall" else now.timestamp()

    def new_uuid(self) -> uuid.UUID:
        """A random identifier, repeatable by the seed."""
        return uuid.UUID(int=self.chance.getrandbits(128), version=4)

    def _settle(self, transaction: Transaction) -> None:
        """Judge a transaction that is due against the orders as they are now, and apply it whole or not at all."""
        due = transaction.due_at
        assert due is not None
        transaction.settled_at = due
        submissions = transaction.submission.acknowledgements
        orders = [self.book.find(each.purchase_order_number, transaction.vendor_group, due) for each in submissions]
        if transaction.doom is not None:
            transaction.errors = [Problem("InvalidInput", transaction.doom)]
            return
        numbers = transaction.purchase_orders
        transaction.errors = [
            Problem("InvalidInput", f"Purchase order {number} is acknowledged twice.")
            for number in sorted({each for each in numbers if numbers.count(each) > 1})
        ]
        for submission, order in zip(submissions, orders, strict=True):
            transaction.errors += problems_of(submission, order)
        if transaction.errors:
            return
        delivery = Delivery(transaction.transaction_id, transaction.arrived_at, due, transaction.half)
        for submission, order in zip(submissions, orders, strict=True):
            assert order is not None
            apply_acknowledgement(self.book, order, submission, delivery)


def _convert(content: object, shape: type[T]) -> T:
    try:
        return msgspec.convert(content, shape)
    except msgspec.ValidationError as error:
        raise Invalid(f"{shape.__name__} given to the Amazon simulator: {error}.") from error
