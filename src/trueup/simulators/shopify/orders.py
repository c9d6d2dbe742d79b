"""What happens to an order: placed, cancelled, moved, fulfilled. Stock moves with it, by the rules of stock.py."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from trueup.base.money import exponent_of
from trueup.simulators.shopify import stock
from trueup.simulators.shopify.records import (
    NOTHING,
    Fulfillment,
    FulfillmentLine,
    FulfillmentOrder,
    FulfillmentOrderLine,
    Job,
    LineItem,
    Location,
    Order,
    Price,
    Variant,
)
from trueup.simulators.shopify.world import World


def rounded(amount: Decimal, currency: str) -> Decimal:
    """An amount as the shop stores prices: in whole minor units."""
    return amount.quantize(Decimal(1).scaleb(-exponent_of(currency)), rounding=ROUND_HALF_UP)


def wanted_units(lines: Iterable[LineItem]) -> dict[Variant, int]:
    """Units of each variant that the lines want."""
    wanted: dict[Variant, int] = defaultdict(int)
    for line in lines:
        if line.variant is not None:
            wanted[line.variant] += line.current_quantity
    return dict(wanted)


def place(world: World, order: Order, places: Mapping[Variant, Location]) -> None:
    """Take a checked order into the shop, and claim its stock at `places` unless it bypasses inventory."""
    world.add(order)
    world.orders.append(order)
    for line in order.line_items:
        world.add(line)
        assign(world, line, line.current_quantity, places, claims=order.inventory_behaviour != "BYPASS")
    order.original_total = total(order)
    world.touch(order)
    world.happen("ORDERS_CREATE", order)


def assign(
    world: World, line: LineItem, count: int, places: Mapping[Variant, Location], *, claims: bool
) -> FulfillmentOrderLine | None:
    """Give units of a line to the fulfillment order of its location."""
    location = places.get(line.variant) if line.variant else None
    location = location or next((each for each in world.locations if each.is_active), None)
    if location is None:
        return None
    now = world.now()
    parent = open_fulfillment_order(world, line.order, location)
    part = next((each for each in parent.lines if each.line_item is line), None)
    if part is None:
        gid = world.new_id("FulfillmentOrderLineItem")
        part = world.add(FulfillmentOrderLine(gid, now, now, parent, line, 0, 0))
        parent.lines.append(part)
    part.total_quantity += count
    part.remaining_quantity += count
    if claims:
        stock.claim(world, part, count)
    return part


def open_fulfillment_order(world: World, order: Order, location: Location) -> FulfillmentOrder:
    """The order's open fulfillment order at a location, made when there is none."""
    for found in order.fulfillment_orders:
        if found.location is location and found.status == "OPEN":
            return found
    now = world.now()
    made = world.add(FulfillmentOrder(world.new_id("FulfillmentOrder"), now, now, order, location))
    order.fulfillment_orders.append(made)
    return made


def parts_of(order: Order, line: LineItem) -> list[FulfillmentOrderLine]:
    """Where the open units of a line are to be fulfilled."""
    return [
        part
        for parent in order.fulfillment_orders
        if parent.status in ("OPEN", "IN_PROGRESS")
        for part in parent.lines
        if part.line_item is line
    ]


def reduce(world: World, line: LineItem, count: int, *, restock: bool) -> None:
    """Take unfulfilled units off a line, giving back what they had claimed."""
    line.current_quantity -= count
    for part in reversed(parts_of(line.order, line)):
        taken = min(count, part.remaining_quantity)
        stock.release(world, part, min(taken, part.claimed), restock=restock)
        part.remaining_quantity -= taken
        part.total_quantity -= taken
        count -= taken
    for parent in line.order.fulfillment_orders:
        close_if_done(world, parent)


def close_if_done(world: World, parent: FulfillmentOrder) -> None:
    """A fulfillment order with nothing left is closed."""
    parent.updated_at = world.now()
    if parent.status in ("OPEN", "IN_PROGRESS") and not any(part.remaining_quantity for part in parent.lines):
        parent.status = "CLOSED"


def cancel(world: World, order: Order, reason: str, *, restock: bool, staff_note: str | None = None) -> None:
    """Cancel now: nothing stays committed."""
    order.cancelled_at, order.cancel_reason, order.cancelling = world.now(), reason, False
    order.restocked, order.staff_note = restock, staff_note
    order.closed_at = order.closed_at or order.cancelled_at
    for line in order.line_items:
        reduce(world, line, line.current_quantity - line.fulfilled, restock=restock)
    for parent in order.fulfillment_orders:
        parent.status = "CLOSED"
    if order.display_financial_status in ("PENDING", "AUTHORIZED"):
        order.display_financial_status = "VOIDED"
    world.touch(order)
    world.happen("ORDERS_CANCELLED", order)
    world.happen("ORDERS_UPDATED", order)


def cancel_later(world: World, order: Order, reason: str, *, restock: bool, staff_note: str | None) -> Job:
    """Cancelling is a job: Shopify answers first and does it after."""
    now = world.now()
    job = world.add(Job(world.new_id("Job"), now, now, now))
    order.cancelling = True

    def finish() -> None:
        job.done = True
        if order.cancelled_at is None:
            cancel(world, order, reason, restock=restock, staff_note=staff_note)

    job.due = world.later(world.settings.job_delay_seconds, finish)
    return job


def move(
    world: World, source: FulfillmentOrder, target: Location, chosen: Mapping[FulfillmentOrderLine, int] | None
) -> tuple[FulfillmentOrder, FulfillmentOrder | None]:
    """Have units fulfilled elsewhere; what they claim moves along, below zero if it must: Shopify asks whether the new place
    stocks the item, not whether it has enough. Returns (moved, remaining)."""
    units = chosen or {part: part.remaining_quantity for part in source.lines}
    whole = all(units.get(part, 0) == part.remaining_quantity for part in source.lines)
    if whole and all(part.remaining_quantity == part.total_quantity for part in source.lines):
        claims = [(part, part.claimed) for part in source.lines]
        for part, claimed in claims:
            stock.release(world, part, claimed, restock=True)
        source.location, source.updated_at = target, world.now()
        for part, claimed in claims:
            stock.claim(world, part, claimed)
        return source, None
    for part, count in units.items():
        claimed = min(count, part.claimed)
        stock.release(world, part, claimed, restock=True)
        part.remaining_quantity -= count
        part.total_quantity -= count
        places = {part.line_item.variant: target} if part.line_item.variant else {}
        made = assign(world, part.line_item, count, places, claims=False)
        if made is not None:
            stock.claim(world, made, claimed)
    moved = open_fulfillment_order(world, source.order, target)
    close_if_done(world, source)
    return moved, source


def fulfil(
    world: World,
    parent: FulfillmentOrder,
    units: Mapping[FulfillmentOrderLine, int],
    tracking: list[dict[str, str | None]],
) -> Fulfillment:
    """Goods leave one location."""
    now = world.now()
    order = parent.order
    made = world.add(Fulfillment(world.new_id("Fulfillment"), now, now, order, parent, parent.location))
    made.tracking = tracking
    for part, count in units.items():
        line = FulfillmentLine(world.new_id("FulfillmentLineItem"), now, now, part.line_item, count)
        made.lines.append(world.add(line))
        stock.take_out(world, part, count)
        part.remaining_quantity -= count
        part.line_item.fulfilled += count
    close_if_done(world, parent)
    if parent.status == "OPEN":
        parent.status = "IN_PROGRESS"
    order.fulfillments.append(made)
    world.touch(order)
    world.happen("FULFILLMENTS_CREATE", made)
    world.happen(f"ORDERS_{fulfillment_status(order)}", order)
    world.happen("ORDERS_UPDATED", order)
    return made


def has_left(order: Order) -> bool:
    """Whether any of its goods left, by a fulfilment that stands."""
    return any(each.status == "SUCCESS" for each in order.fulfillments)


def cancel_fulfillment(world: World, left: Fulfillment) -> None:
    """Goods did not leave after all: they lie where they were to leave from, committed to the order again."""
    left.status, left.updated_at = "CANCELLED", world.now()
    parent = open_fulfillment_order(world, left.order, left.location)
    for gone in left.lines:
        line = gone.line_item
        line.fulfilled -= gone.quantity
        part = next((each for each in parent.lines if each.line_item is line), None)
        if part is None:
            gid = world.new_id("FulfillmentOrderLineItem")
            part = world.add(FulfillmentOrderLine(gid, left.updated_at, left.updated_at, parent, line, 0, 0))
            parent.lines.append(part)
        part.total_quantity += gone.quantity
        part.remaining_quantity += gone.quantity
        stock.put_in(world, part, gone.quantity)
    world.touch(left.order)
    world.happen("FULFILLMENTS_UPDATE", left)
    world.happen("ORDERS_UPDATED", left.order)


def discounted(line: LineItem) -> Price:
    """The unit price after discounts."""
    return line.unit_price - line.unit_discount


def subtotal(order: Order, *, current: bool = False) -> Price:
    """Lines after discounts, before shipping and tax."""
    prices = [discounted(line) * (line.current_quantity if current else line.quantity) for line in order.line_items]
    return sum(prices, NOTHING)


def tax(order: Order) -> Price:
    """All tax lines."""
    lines = [*order.tax_lines, *(each for line in order.line_items for each in line.tax_lines)]
    return sum((each["price"] for each in lines), NOTHING)


def total(order: Order, *, current: bool = False) -> Price:
    """What the customer owes: tax is inside the prices when taxes are included."""
    base = subtotal(order, current=current) + order.shipping
    return base if order.taxes_included else base + tax(order)


def fulfillment_status(order: Order) -> str:
    """Order.displayFulfillmentStatus."""
    wanted = sum(line.current_quantity for line in order.line_items)
    gone = sum(line.fulfilled for line in order.line_items)
    if order.cancelled_at and not gone:
        return "RESTOCKED" if order.restocked else "UNFULFILLED"
    if wanted and gone >= wanted:
        return "FULFILLED"
    return "PARTIALLY_FULFILLED" if gone else "UNFULFILLED"


def sell(world: World, lines: Sequence[tuple[Variant, int]], order: Order) -> list[Variant]:
    """A shopper buys now: respects each variant's policy. Returns the variants that stopped the sale (none: it is done)."""
    wanted = dict(lines)
    places = stock.route(world, wanted)
    short = stock.shortages(wanted, places)
    if not short:
        place(world, order, places)
    return short
