"""The Supercycle simulator: one account's state, what customers, staff and time do to it, and its joins with the shop."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from time import monotonic
from typing import Any, Literal, TypedDict, Unpack

import msgspec

from trueup.base.errors import Conflict, Invalid, NotFound
from trueup.simulators.clock import SimulatorClock
from trueup.simulators.supercycle import allocation, lifecycle, shapes
from trueup.simulators.supercycle.budgets import Budgets
from trueup.simulators.supercycle.catalogue import Seeding, ShopProduct, take_in
from trueup.simulators.supercycle.faults import Fault, Faults
from trueup.simulators.supercycle.flow import Flow, Workflow
from trueup.simulators.supercycle.outbox import Outbox
from trueup.simulators.supercycle.records import NO_ORDER, Item, Rental, ReturnOrder, Variant
from trueup.simulators.supercycle.server import SupercycleServer
from trueup.simulators.supercycle.settings import Buffers, Spelling, SupercycleSettings
from trueup.simulators.supercycle.shop import ShopAccess, ShopLink
from trueup.simulators.supercycle.world import World


class Choices(TypedDict, total=False):
    """What may be chosen of the SupercycleSettings when a simulator is made."""

    spelling: Spelling
    time_zone: str
    buffers: Buffers
    commits_at: Literal["fulfilment", "order"]
    resale_sold_at: Literal["fulfilment", "order"]
    refunded_resale: Literal["sold", "available"]
    unique_serials: bool
    guarded_transitions: bool
    writable_cost: bool
    one_step_returns: bool
    derived_updates: bool
    occupancy: Literal["occupied", "available"]
    newest_first: bool
    throttle_window: Literal["sliding", "fixed"]
    refusals_count: bool
    retry_after: bool
    error_body: Literal["text", "errors"]
    import_seconds: float
    import_seeds_items: bool
    metafield_lag_seconds: float
    flow_seconds: float
    extra_fields: bool
    rate_limit: bool
    rate_clock: Literal["simulated", "wall"]
    deliver_in_background: bool
    journal_length: int


class SupercycleSimulator:
    """State in memory and an ASGI application, `app`, in front of it. Safe to use from any thread.

    `now` gives the time (the machine's by default) until the clock is set; `seed` makes ids and probable faults repeatable;
    further keywords choose the SupercycleSettings. An account begins with four conditions and nothing else.
    """

    def __init__(self, seed: int = 0, now: Callable[[], datetime] | None = None, **choices: Unpack[Choices]) -> None:
        self.settings = replace(SupercycleSettings(), **choices)
        self.world = World(seed, SimulatorClock(now), self.settings)
        self.world.render = lambda record: shapes.render(self.world, record)
        self.faults = Faults(random.Random(f"supercycle faults {seed}"))
        self.budgets = Budgets(self.settings.throttle_window, refusals_count=self.settings.refusals_count)
        self.outbox = Outbox(self.world)
        self.flow = Flow(self.world, self.outbox, self.faults)
        self.shop = ShopLink(self.world, self.outbox, self.faults)
        self.world.changed += [self.flow.hear, self.shop.hear_change]
        self.keys: dict[str, str] = {}
        self.journal: deque[dict[str, Any]] = deque(maxlen=self.settings.journal_length)
        self.totals: Counter[str] = Counter()
        self.app = SupercycleServer(self)

    def enter(self, operation: str, status: int, *, lost: bool) -> None:
        """Note a request of the API."""
        self.totals[f"{operation} {status}"] += 1
        self.journal.append({"at": self.world.now(), "operation": operation, "status": status, "reply_lost": lost})

    def rate_seconds(self) -> float:
        """The time by which requests are counted."""
        return monotonic() if self.settings.rate_clock == "wall" else self.world.now().timestamp()

    # Setting it up.

    def add_key(self, name: str, token: str) -> None:
        """An API key. Each has its own budget of requests. Raises Invalid for an empty token."""
        if not token:
            raise Invalid(f"API key {name!r} has no token.")
        with self.world.lock:
            self.keys[name] = token

    def connect_shop(self, url: str, client_id: str, client_secret: str) -> None:
        """Be an app of the shop at `url`. Its webhooks come to /webhooks/shopify, signed with the secret."""
        with self.world.lock:
            self.shop.access = ShopAccess(url.rstrip("/"), client_id, client_secret)

    def offer(self, products: Sequence[Any]) -> None:
        """Products that a shop which is not connected would tell: see catalogue.ShopProduct. Raises Invalid."""
        with self.world.lock:
            for facts in _products(products):
                self.shop.offered[facts.id] = facts

    def import_now(self, products: Sequence[Any]) -> list[Seeding]:
        """Products imported before the story begins. Raises Invalid."""
        with self.world.lock:
            return [take_in(self.world, facts) for facts in _products(products)]

    def import_product(self, shopify_id: int) -> None:
        """Staff import a product of the shop by its number: in `import_seconds` it is in, and the shop counts it no more."""
        with self.world.lock:
            self.shop.start_import(shopify_id)

    def add_location(self, shopify_id: int, name: str) -> None:
        """Make a Shopify location known."""
        with self.world.lock:
            self.world.add_location(shopify_id, name)

    def add_workflow(self, workflow: Workflow) -> None:
        """A workflow of Shopify Flow that tells a URL."""
        with self.world.lock:
            self.flow.workflows.append(workflow)

    # What customers and staff do.

    def item(self, number: int) -> Item:
        """An item. Raises NotFound."""
        if number not in self.world.items:
            raise NotFound(f"Item {number} is not in Supercycle.")
        return self.world.items[number]

    def rental(self, number: int) -> Rental:
        """A cycle. Raises NotFound."""
        if number not in self.world.rentals:
            raise NotFound(f"Cycle {number} is not in Supercycle.")
        return self.world.rentals[number]

    def variant(self, shopify_id: int) -> Variant:
        """An imported variant. Raises NotFound."""
        if shopify_id not in self.world.variants:
            raise NotFound(f"Variant {shopify_id} is not imported.")
        return self.world.variants[shopify_id]

    def add_items(self, shopify_variant_id: int, quantity: int = 1, visibility: str = "available") -> list[Item]:
        """Staff enter items by hand. Raises NotFound."""
        with self.world.lock:
            facts = lifecycle.NewItem(self.variant(shopify_variant_id), visibility)
            return lifecycle.add_items(self.world, facts, quantity, (), "Staff")

    def place_rental(
        self,
        shopify_variant_id: int,
        start: date | None = None,
        end: date | None = None,
        method_type: str = "calendar",
        **given: Any,
    ) -> Rental:
        """A customer's cycle; `given` may have email, line (an OrderLine), minimum_days, condition_ids, location_id.

        Raises NotFound, Invalid. Without a free item it stands all the same, with none.
        """
        with self.world.lock:
            self.world.settle()
            customer = self.shop.customer(given.pop("email", "renter@example.com"))
            variant = self.variant(shopify_variant_id)
            line = given.pop("line", NO_ORDER)
            asked = lifecycle.CycleRequest(variant, method_type, customer, line, start, end, **given)
            return lifecycle.place(self.world, asked)

    def sell_resale(self, shopify_variant_id: int, condition_ids: Sequence[int] = ()) -> Rental:
        """A customer buys a used unit. Raises NotFound."""
        return self.place_rental(shopify_variant_id, method_type="resale", condition_ids=tuple(condition_ids))

    def fulfil(self, number: int) -> None:
        """The unit is sent. Raises NotFound, Conflict."""
        with self.world.lock:
            lifecycle.fulfil(self.world, self.rental(number))

    def request_return(self, number: int) -> ReturnOrder:
        """The customer wants to give it back. Raises NotFound, Conflict."""
        with self.world.lock:
            return lifecycle.request_return(self.world, self.rental(number))

    def receive(self, number: int) -> None:
        """The unit is back in the warehouse, not ready. Raises NotFound, Conflict."""
        with self.world.lock:
            rental = self.rental(number)
            order = lifecycle.request_return(self.world, rental)
            line = next(line for line in order.lines if line.rental is rental)
            lifecycle.set_line(self.world, order, line, "received")

    def grade(self, number: int, condition_id: int) -> None:
        """Staff inspect a unit. Raises NotFound."""
        with self.world.lock:
            item = self.item(number)
            if condition_id not in self.world.conditions:
                raise NotFound(f"Condition {condition_id} is not one of {', '.join(map(str, self.world.conditions))}.")
            item.condition = self.world.conditions[condition_id]
            self.world.tell(item, "graded", "Staff", conditionId=condition_id)
            self.world.touch(item)

    def correct_cost(self, number: int, cents: int) -> None:
        """Staff correct what was paid for a unit, which the API does not let anybody do. Raises NotFound."""
        with self.world.lock:
            item = self.item(number)
            item.acquisition_cost_cents = cents
            self.world.touch(item)

    def restock(self, number: int) -> None:
        """Staff mark a unit ready. Raises NotFound."""
        with self.world.lock:
            lifecycle.restock(self.world, self.item(number))

    def set_visibility(self, number: int, visibility: str) -> None:
        """Staff make a unit available, unavailable, sold or retired; its cycles to come move on. Raises NotFound, Invalid."""
        if visibility not in ("available", "unavailable", "sold", "retired"):
            raise Invalid(f"Visibility {visibility!r}: expected available, unavailable, sold or retired.")
        with self.world.lock:
            lifecycle.set_visibility(self.world, self.item(number), visibility, "Staff")

    def convert(self, number: int) -> None:
        """The customer keeps the unit. Raises NotFound, Conflict."""
        with self.world.lock:
            lifecycle.convert(self.world, self.rental(number))

    def cancel(self, number: int) -> None:
        """A cycle is cancelled. Raises NotFound."""
        with self.world.lock:
            lifecycle.cancel(self.world, self.rental(number))

    def reallocate(self, number: int) -> None:
        """Ally gives a cycle another unit without being asked. Raises NotFound, and Conflict when no other is free."""
        with self.world.lock:
            rental = self.rental(number)
            if rental.fulfilled_at is not None or not allocation.allocate(self.world, rental):
                raise Conflict(f"Cycle {number} is out already, or no other item is free for it.")

    def change_item(self, number: int, item: int) -> None:
        """Staff put any item, of any product, on a cycle; the order's line stays as it was. Raises NotFound."""
        with self.world.lock:
            allocation.assign(self.world, self.rental(number), self.item(item), "Staff")

    # Time and the looks of the auditor.

    def now(self) -> datetime:
        """The account's time, with everything done that was due by then."""
        with self.world.lock:
            self.world.settle()
            return self.world.now()

    def set_clock(self, moment: datetime | None) -> None:
        """Stand at `moment`, backwards too; None follows the source again. What is due by then is done."""
        with self.world.lock:
            if moment is None:
                self.world.clock.release()
            else:
                self.world.clock.set(moment)
            self.world.settle()
        self.outbox.wake()

    def next_event(self) -> datetime | None:
        """When the account will next do something by itself."""
        with self.world.lock:
            due = [moment for moment in (self.world.next_due(), self.outbox.next_due()) if moment is not None]
            return min(due, default=None)

    def deliver_due(self) -> int:
        """Send what is due to the shop and to Flow's addresses; returns how many sendings were tried."""
        self.now()
        return self.outbox.deliver_due()

    def add_fault(self, kind: str, **given: Any) -> Fault:
        """Set a fault: see faults.Fault. Raises Invalid for an unknown kind, TypeError for an unknown field."""
        with self.world.lock:
            fault = Fault(kind, **given)
            self.faults.add(fault)
            return fault

    def clear_faults(self, kind: str | None = None) -> None:
        """Remove the faults of a kind, or all."""
        with self.world.lock:
            self.faults.clear(kind)

    def close(self) -> None:
        """Stop the background thread that sends."""
        self.outbox.close()


def _products(given: Sequence[Any]) -> list[ShopProduct]:
    try:
        return msgspec.convert(list(given), list[ShopProduct])
    except msgspec.ValidationError as error:
        raise Invalid(f"Products: {error}.") from error
