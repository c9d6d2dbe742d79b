"""Writes of cycles and returns. There is no POST of a cycle: they come from Shopify orders alone."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import UNSET

from trueup.base.clock import read_instant
from trueup.base.errors import Conflict, Invalid
from trueup.simulators.supercycle import allocation, lifecycle, shapes
from trueup.simulators.supercycle.bodies import Change, RentalUpdate, ReturnCreate, ReturnEntry, ReturnUpdate
from trueup.simulators.supercycle.records import Item, Rental, ReturnLine, ReturnOrder
from trueup.simulators.supercycle.replies import Refusal
from trueup.simulators.supercycle.world import World


def update_rental(world: World, rental: Rental, given: RentalUpdate) -> dict[str, Any]:
    """PUT /rentals/{rentalId}. It changes nothing in Shopify: neither the order nor its fulfilment. Raises Refusal."""
    item = _item(world, given.item_id) if given.item_id is not UNSET else None
    start, end = _day(world, given.rental_start), _day(world, given.rental_end)
    if end is not None and end < (start or rental.rental_start):
        raise Refusal(422, "rentalEnd must not be before rentalStart")
    if item is not None:
        allocation.assign(world, rental, item, "API")
        if given.reallocate_other_rentals:
            allocation.resolve(world, [item])
    if start is not None or end is not None:
        lifecycle.reschedule(world, rental, start or rental.rental_start, end or rental.rental_end)
    if given.packing_status is not UNSET:
        rental.packing_status = given.packing_status
    for name in ("fulfill_at", "receive_at", "minimum_rental_end"):
        if (value := getattr(given, name)) is not UNSET:
            setattr(rental, name, _local_day(world, value))
    _change_tags(world, rental, given)
    if isinstance(given.fulfilled_at, datetime) and rental.fulfilled_at is None:
        _try(lifecycle.fulfil, world, rental)
    if isinstance(given.received_at, datetime) and rental.received_at is None:
        order = _try(lifecycle.request_return, world, rental)
        lifecycle.set_line(world, order, next(line for line in order.lines if line.rental is rental), "received")
    world.touch(rental)
    return shapes.rental_shape(world, rental, whole=True)


def _try(act: Any, world: World, rental: Rental) -> Any:
    try:
        return act(world, rental)
    except Conflict as error:
        raise Refusal(422, str(error)) from error


def _local_day(world: World, moment: datetime | None) -> date | None:
    if moment is None:
        return None
    return moment.astimezone(world.zone).date() if moment.tzinfo else moment.date()


def _day(world: World, change: Any) -> date | None:
    if not isinstance(change, Change) or change.after is None:
        return None
    try:
        if len(change.after) == len("2026-12-01"):
            return date.fromisoformat(change.after)
        return read_instant(change.after).astimezone(world.zone).date()
    except (Invalid, ValueError) as error:
        raise Refusal(422, f"{change.after!r} is not a date") from error


def _item(world: World, number: int) -> Item:
    if number not in world.items:
        raise Refusal(422, "item must exist")
    return world.items[number]


def _change_tags(world: World, rental: Rental, given: RentalUpdate) -> None:
    for change in given.tags_attributes:
        if change.destroy:
            rental.tags = [tag for tag in rental.tags if change.id != tag["id"] and change.title != tag["title"]]
        elif change.title:
            rental.tags.append({"id": world.new_id("Tag"), "title": change.title})


def create_returns(world: World, given: ReturnCreate) -> dict[str, Any]:
    """POST /return_orders: {"errors": [...], "returnOrders": [...]}, one beside the other: what could be done is done."""
    errors: list[str] = []
    found: list[tuple[Item, Rental | None, str | None]] = []
    if not given.data and not given.serials:
        errors.append("Invalid request body")
    for entry in given.data:
        _by_rental(world, entry, found, errors)
    for serial in given.serials:
        _by_serial(world, serial, found, errors)
    method = msgspec.to_builtins(given.return_method_attributes) if given.return_method_attributes else None
    orders: list[ReturnOrder] = []
    for item, rental, status in found:
        order = _return_of(world, item, rental, method)
        if world.settings.one_step_returns and status in lifecycle.LINE_STATUSES:
            lifecycle.set_line(world, order, _line(order, item), status)
        if given.visibility is not None:
            lifecycle.set_visibility(world, item, given.visibility, "API")
        if order not in orders:
            orders.append(order)
    return {"errors": errors, "returnOrders": [shapes.return_shape(world, order) for order in orders]}


_Found = list[tuple[Item, Rental | None, str | None]]


def _by_rental(world: World, entry: ReturnEntry, found: _Found, errors: list[str]) -> None:
    rental = world.rentals.get(entry.rental_id or 0)
    if rental is None or rental.item is None:
        errors.append(f"Rental {entry.rental_id} not found")
    elif rental.fulfilled_at is None or rental.received_at is not None:
        errors.append(f"Rental {rental.id} is not active")
    else:
        found.append((rental.item, rental, entry.status))


def _by_serial(world: World, serial: str, found: _Found, errors: list[str]) -> None:
    items = [item for item in world.items.values() if item.serial == serial]
    if len(items) != 1:
        errors.append(f"Item with serial {serial} not found" if not items else f"Serial {serial} is not unique")
        return
    out = [each for each in world.rentals_of(items[0]) if each.fulfilled_at and not each.received_at]
    if len(out) > 1:
        numbers = ", ".join(str(each.id) for each in out)
        errors.append(f"Item {items[0].id} has several active rentals: {numbers}. rentalId is required")
        return
    found.append((items[0], out[0] if out else None, None))


def _return_of(world: World, item: Item, rental: Rental | None, method: dict[str, Any] | None) -> ReturnOrder:
    """The return an item is in already, else a new one."""
    if item.active_return_id is not None:
        return world.returns[item.active_return_id]
    if rental is not None:
        return lifecycle.request_return(world, rental, method)
    order = lifecycle.new_return(world, None, method)
    lifecycle.add_line(world, order, item, None)
    return order


def _line(order: ReturnOrder, item: Item) -> ReturnLine:
    return next(line for line in order.lines if line.item is item)


def update_return(world: World, order: ReturnOrder, given: ReturnUpdate) -> dict[str, Any]:
    """PUT /return_orders/{returnOrderId}: lines, and cancelling; any other status follows from the lines. Raises Refusal."""
    lines = {line.id: line for line in order.lines}
    for change in given.return_lines:
        if change.id not in lines or change.status not in lifecycle.LINE_STATUSES:
            raise Refusal(422, f"returnLines: {change.id} cannot become {change.status}")
    for change in given.return_lines:
        lifecycle.set_line(world, order, lines[change.id], change.status)
    if given.status == "cancelled" and not any(line.status == "received" for line in order.lines):
        order.cancelled = True
        for line in order.lines:
            line.item.active_return_id = None
            world.touch(line.item)
    world.touch(order)
    return shapes.return_shape(world, order)
