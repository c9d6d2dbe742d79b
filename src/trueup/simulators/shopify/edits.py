"""Order editing: a session collects changes on a calculated order, and committing applies them and their stock."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from trueup.simulators.shopify import orders, stock
from trueup.simulators.shopify.records import NOTHING, LineItem, Location, Order, Price, Record, Variant
from trueup.simulators.shopify.world import World


@dataclass(slots=True, eq=False)
class CalculatedLine(Record):
    """A line as it would be after the edit. `line_item` is None for an added one."""

    type_name = "CalculatedLineItem"
    line_item: LineItem | None
    variant: Variant | None
    title: str
    sku: str | None
    quantity: int
    editable_quantity_before_changes: int
    unit_price: Price
    unit_discount: Price = NOTHING
    location: Location | None = None
    restocking: bool = False
    has_staged_line_item_discount: bool = False

    @property
    def fulfilled(self) -> int:
        """Units that left and cannot be edited away."""
        return self.line_item.fulfilled if self.line_item else 0


@dataclass(slots=True, eq=False)
class CalculatedOrder(Record):
    """An order under edit; the session bears the same number."""

    type_name = "CalculatedOrder"
    original_order: Order
    lines: list[CalculatedLine] = field(default_factory=list)
    committed: bool = False


@dataclass(slots=True, eq=False)
class EditSession(Record):
    """The handle of an edit."""

    type_name = "OrderEditSession"
    calculated_order: CalculatedOrder


def begin(world: World, order: Order) -> EditSession:
    """Open a session on an order that may be edited."""
    now = world.now()
    gid = world.new_id("CalculatedOrder")
    calculated = world.add(CalculatedOrder(gid, now, now, order))
    for line in order.line_items:
        calculated.lines.append(_copy(world, line))
    session_id = gid.replace("/CalculatedOrder/", "/OrderEditSession/")
    return world.add(EditSession(session_id, now, now, calculated))


def _copy(world: World, line: LineItem) -> CalculatedLine:
    now = world.now()
    gid = line.id.replace("/LineItem/", "/CalculatedLineItem/")
    quantity = line.current_quantity
    copied = CalculatedLine(
        gid, now, now, line, line.variant, line.title, line.sku, quantity, quantity, line.unit_price
    )
    copied.unit_discount = line.unit_discount
    return copied


def editable(order: Order) -> bool:
    """Cancelled (or being cancelled), refunded and voided orders cannot be edited."""
    refused = ("REFUNDED", "VOIDED", "EXPIRED")
    return not (order.cancelled_at or order.cancelling) and order.display_financial_status not in refused


def add_variant(
    world: World, calculated: CalculatedOrder, variant: Variant, quantity: int, location: Location | None
) -> CalculatedLine:
    """Stage a new line at the variant's own price: the API has no other; a discount can lower it."""
    now = world.now()
    price = orders.rounded(variant.price, calculated.original_order.currency_code)
    line = CalculatedLine(
        world.new_id("CalculatedLineItem"),
        now,
        now,
        None,
        variant,
        variant.product.title,
        variant.sku,
        quantity,
        0,
        Price(price, price),
        location=location,
    )
    calculated.lines.append(line)
    return line


def discount(line: CalculatedLine, fixed: Decimal | None, percent: Decimal | None, currency: str) -> None:
    """Stage a discount a unit: a fixed amount, or a share of the price."""
    off = fixed if fixed is not None else line.unit_price.shop * (percent or Decimal(0)) / 100
    off = min(orders.rounded(off, currency), line.unit_price.shop)
    line.unit_discount = Price(off, off)
    line.has_staged_line_item_discount = True


def commit(world: World, calculated: CalculatedOrder) -> None:
    """Apply the staged changes. More units are claimed whatever the policy says: a merchant's edit may oversell."""
    order = calculated.original_order
    additions, removals = [], []
    for staged in calculated.lines:
        line = staged.line_item or _new_line(world, order, staged)
        delta = staged.quantity - line.current_quantity
        line.unit_discount = staged.unit_discount
        if delta > 0:
            additions.append({"id": line.legacy_resource_id, "delta": delta})
            _raise(world, line, delta, staged.location)
        elif delta < 0:
            removals.append({"id": line.legacy_resource_id, "delta": -delta})
            orders.reduce(world, line, -delta, restock=staged.restocking)
    calculated.committed = order.edited = True
    world.touch(order)
    world.happen("ORDERS_EDITED", order, additions=additions, removals=removals)
    world.happen("ORDERS_UPDATED", order)


def _new_line(world: World, order: Order, staged: CalculatedLine) -> LineItem:
    now = world.now()
    gid = world.new_id("LineItem")
    line = LineItem(gid, now, now, order, staged.variant, staged.title, staged.sku, 0, 0, staged.unit_price)
    line.quantity = staged.quantity
    if staged.variant is not None:
        line.variant_title, line.vendor = staged.variant.title, staged.variant.product.vendor
    order.line_items.append(world.add(line))
    staged.line_item = line
    return line


def _raise(world: World, line: LineItem, count: int, location: Location | None) -> None:
    """More units go where the editor said, else where the line already is to be fulfilled, else where Shopify routes them."""
    line.current_quantity += count
    places = {}
    if line.variant is not None:
        there = orders.parts_of(line.order, line)
        here = location or (there[0].fulfillment_order.location if there else None)
        places = {line.variant: here} if here else stock.route(world, {line.variant: count})
    orders.assign(world, line, count, places, claims=True)
