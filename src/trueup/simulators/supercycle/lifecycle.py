"""What happens to items and cycles: placed, fulfilled, returned, received, restocked, sold, converted, cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from trueup.base.errors import Conflict, Invalid
from trueup.simulators.supercycle import allocation
from trueup.simulators.supercycle.records import (
    NO_ORDER,
    Condition,
    Customer,
    Item,
    Location,
    OrderLine,
    Rental,
    ReturnLine,
    ReturnOrder,
    Variant,
)
from trueup.simulators.supercycle.world import World

METHODS = ("calendar", "subscription", "membership", "resale")
LINE_STATUSES = ("awaiting", "received", "missing")


@dataclass(frozen=True, slots=True)
class CycleRequest:
    """What a cart asks of Supercycle: a variant by a method, from a day on, to a day (calendar) or at least for a term."""

    variant: Variant
    method_type: str
    customer: Customer
    line: OrderLine = NO_ORDER
    start: date | None = None
    end: date | None = None
    minimum_days: int = 0
    condition_ids: tuple[int, ...] = ()
    location_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewItem:
    """What every item of one creation has in common."""

    variant: Variant
    visibility: str
    condition: Condition | None = None
    location: Location | None = None
    pick_location: str | None = None
    acquisition_cost_cents: int | None = None


def add_items(world: World, facts: NewItem, quantity: int, serials: Sequence[str], author: str) -> list[Item]:
    """Create units; the first get the serials."""
    made = []
    for index in range(quantity):
        serial = serials[index] if index < len(serials) else None
        item = Item(world.new_id("Item"), world.now(), facts.variant, world.next_number("Item"), serial)
        item.visibility, item.condition, item.location = facts.visibility, facts.condition, facts.location
        item.pick_location, item.acquisition_cost_cents = facts.pick_location, facts.acquisition_cost_cents
        world.items[item.id] = item
        facts.variant.items.append(item)
        world.tell(item, "created", author)
        world.touch(item)
        made.append(item)
    return made


def place(world: World, asked: CycleRequest) -> Rental:
    """A cycle for one unit, with an item if one is free: without, the cycle stands and its item is null. Raises Invalid."""
    today = world.today()
    if asked.method_type not in METHODS:
        raise Invalid(f"Method {asked.method_type!r}: expected one of {', '.join(METHODS)}.")
    start = asked.start or today
    if asked.method_type == "calendar" and (asked.end is None or asked.end < start):
        raise Invalid(f"Calendar rental from {start} to {asked.end}: expected an end that is not before its start.")
    number, now = world.new_id("Rental"), world.now()
    rental = Rental(
        number, now, now, world.next_number("Rental"), asked.method_type, asked.variant, asked.customer, asked.line,
        start, asked.end if asked.method_type == "calendar" else None,
    )  # fmt: skip
    rental.condition_ids, rental.location_id = asked.condition_ids, asked.location_id
    buffers = allocation.buffers_of(world, asked.variant.product)
    late = asked.method_type == "calendar"
    rental.fulfill_at = max(today, start - timedelta(days=buffers.delivery_days)) if late else today
    if asked.method_type in ("subscription", "membership"):
        rental.minimum_rental_end = start + timedelta(days=asked.minimum_days)
    _expect_back(world, rental)
    world.rentals[rental.id] = rental
    world.tell(rental, "created", "Shopify", orderName=asked.line.order_name)
    if not allocation.allocate(world, rental):
        world.tell(rental, "item_conflict", "Ally")
        world.touch(rental)
    if rental.method_type == "resale" and world.settings.resale_sold_at == "order":
        _sell(world, rental)
    return rental


def _expect_back(world: World, rental: Rental) -> None:
    """When the item should be received and restocked; never, while a cycle has no end or the item is sold."""
    rental.receive_at = rental.restock_by = None
    if rental.rental_end is not None and rental.method_type != "resale":
        buffers = allocation.buffers_of(world, rental.variant.product)
        rental.receive_at = rental.rental_end + timedelta(days=buffers.reverse_delivery_days)
        rental.restock_by = rental.receive_at + timedelta(days=buffers.restock_days)


def reschedule(world: World, rental: Rental, start: date, end: date | None) -> None:
    """Move a cycle in time; if its item is not free then, it is re-allocated where that can be."""
    rental.rental_start, rental.rental_end = start, end
    _expect_back(world, rental)
    world.tell(rental, "rescheduled", "Staff")
    world.touch(rental)
    if rental.item is not None:
        allocation.resolve(world, [rental.item])


def fulfil(world: World, rental: Rental) -> None:
    """The unit leaves: from here on its item is committed. Raises Conflict for a cycle that cannot be fulfilled."""
    if rental.cancelled_at or rental.fulfilled_at or rental.item is None:
        why = "cancelled" if rental.cancelled_at else "without an item" if rental.item is None else "fulfilled already"
        raise Conflict(f"Cycle {rental.id} is {why}: it cannot be fulfilled.")
    rental.fulfilled_at, rental.packing_status = world.now(), "packed"
    rental.item.active_rental_id = rental.id
    world.tell(rental, "fulfilled", "Shopify")
    if rental.method_type == "resale":
        _sell(world, rental)
    world.touch(rental.item)
    world.touch(rental)


def _sell(world: World, rental: Rental) -> None:
    item = rental.item
    if item is not None:
        item.visibility, item.active_rental_id = "sold", None
        world.tell(item, "sold", "Ally", rentalId=rental.id)
        world.touch(item)


def request_return(world: World, rental: Rental, method: dict[str, object] | None = None) -> ReturnOrder:
    """A return of one cycle. Raises Conflict when there is nothing out."""
    if rental.item is None or rental.fulfilled_at is None or rental.received_at is not None:
        raise Conflict(f"Cycle {rental.id} is not out: there is nothing to return.")
    if rental.return_order is not None and not rental.return_order.cancelled:
        return rental.return_order
    order = new_return(world, rental.customer, method)
    add_line(world, order, rental.item, rental)
    return order


def new_return(world: World, customer: Customer | None, method: dict[str, object] | None) -> ReturnOrder:
    """An empty return."""
    now, number = world.now(), 2000 + world.next_number("ReturnOrder")
    order = ReturnOrder(world.new_id("ReturnOrder"), now, now, number, customer, now, dict(method) if method else None)
    world.returns[order.id] = order
    world.tell(order, "created", "Staff")
    return order


def add_line(world: World, order: ReturnOrder, item: Item, rental: Rental | None) -> ReturnLine:
    """One more item in a return."""
    line = ReturnLine(world.new_id("ReturnLine"), world.now(), item, rental, world.now())
    order.lines.append(line)
    item.active_return_id = order.id
    if rental is not None:
        rental.return_order = order
        world.touch(rental)
    world.touch(item)
    world.touch(order)
    return line


def set_line(world: World, order: ReturnOrder, line: ReturnLine, status: str) -> None:
    """A line's status: received brings the item back, not ready; missing leaves it out."""
    if status == line.status:
        return
    line.status = status
    item, rental = line.item, line.rental
    if status == "received":
        item.status = "unprocessed"
        world.tell(item, "received", "Staff", returnOrderId=order.id)
        if rental is not None:
            rental.received_at = world.now()
            rental.rental_end = rental.rental_end or world.today()
            _expect_back(world, rental)
            if item.active_rental_id == rental.id:
                item.active_rental_id = None
            world.tell(rental, "received", "Staff")
            world.touch(rental)
        world.touch(item)
    world.touch(order)


def restock(world: World, item: Item) -> None:
    """Mark an item ready: the cycles it came back from end here, whatever their buffers say."""
    item.status = "processed"
    item.active_return_id = None
    for rental in list(world.rentals_of(item)):
        if rental.received_at is not None:
            rental.restocked_at = world.now()
            world.touch(rental)
            if rental.return_order is not None:
                _restock_lines(world, rental.return_order, item)
    world.tell(item, "restocked", "Staff")
    world.touch(item)


def _restock_lines(world: World, order: ReturnOrder, item: Item) -> None:
    for line in order.lines:
        if line.item is item and line.status == "received" and line.restocked_at is None:
            line.restocked_at = world.now()
            world.touch(order)


def set_visibility(world: World, item: Item, visibility: str, author: str) -> None:
    """Draft, active, retired, sold. Cycles that have not begun move to other items where there are any."""
    if visibility != item.visibility:
        item.visibility = visibility
        world.tell(item, "visibility_changed", author, visibility=visibility)
        world.touch(item)
        allocation.resolve(world, [item])


def convert(world: World, rental: Rental) -> None:
    """The customer keeps the item: it is sold, the cycle ends, those to come move on. Raises Conflict when it is not out."""
    if rental.item is None or rental.fulfilled_at is None or rental.received_at or rental.purchased_at:
        raise Conflict(f"Cycle {rental.id} is not out: it cannot be converted to a purchase.")
    rental.purchased_at = world.now()
    rental.rental_end = world.today()
    rental.receive_at = rental.restock_by = None
    world.tell(rental, "converted_to_purchase", "Staff")
    rental.item.active_rental_id = None
    set_visibility(world, rental.item, "sold", "Staff")
    world.touch(rental)


def cancel(world: World, rental: Rental) -> None:
    """The order line was refunded or removed. An item that is out stays out until it is returned."""
    if rental.cancelled_at is not None:
        return
    rental.cancelled_at = world.now()
    item = rental.item
    if item is not None:
        if item.active_rental_id == rental.id and rental.fulfilled_at is None:
            item.active_rental_id = None
        if rental.method_type == "resale" and item.visibility == "sold":
            item.visibility = world.settings.refunded_resale
        world.touch(item)
    world.tell(rental, "cancelled", "Shopify")
    world.touch(rental)
