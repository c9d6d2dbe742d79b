"""Ally: which unit a cycle gets, when a unit is not free, and how units are moved between cycles that have not begun.

What is free is asked by day: an item is taken for the reservation of every cycle that holds it, which is the rental and its
buffers, until the reservation ends or the item is restocked, whichever is earlier. An item that is late is therefore free
again on paper while its customer still has it. Neither condition nor being processed matters. Sources: the pages of items,
item conditions and buffers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from trueup.simulators.supercycle.records import BlockedDates, Item, Product, Rental, Variant
from trueup.simulators.supercycle.settings import Buffers
from trueup.simulators.supercycle.world import World


@dataclass(frozen=True, slots=True)
class Window:
    """Days, both inclusive; an end of None is open."""

    start: date
    end: date | None

    def overlaps(self, other: Window) -> bool:
        """Whether a day is in both."""
        return (self.end is None or other.start <= self.end) and (other.end is None or self.start <= other.end)

    def holds(self, day: date) -> bool:
        """Whether a day is in it."""
        return self.start <= day and (self.end is None or day <= self.end)


def buffers_of(world: World, product: Product) -> Buffers:
    """The buffers of a product: its own restock time overrides the store's."""
    general = world.settings.buffers
    if product.restock_days is None:
        return general
    return Buffers(general.preparation_days, general.delivery_days, general.reverse_delivery_days, product.restock_days)


def reservation_of(world: World, rental: Rental) -> Window | None:
    """The days a cycle keeps its item from others; None when it keeps it no more."""
    if rental.cancelled_at is not None:
        return None
    if rental.method_type == "resale":
        return Window(rental.rental_start, None)
    buffers = buffers_of(world, rental.variant.product)
    start = rental.rental_start - timedelta(days=buffers.preparation_days + buffers.delivery_days)
    end = rental.rental_end
    if end is not None:
        end += timedelta(days=buffers.reverse_delivery_days + buffers.restock_days)
    if rental.restocked_at is not None:
        restocked = rental.restocked_at.astimezone(world.zone).date() - timedelta(days=1)
        end = restocked if end is None else min(end, restocked)
    return None if end is not None and end < start else Window(start, end)


def blocks_of(world: World, item: Item) -> Iterator[BlockedDates]:
    """Blocks of an item, its variant or its product."""
    for block in world.blocks.values():
        if block.resource in (item, item.variant, item.variant.product):
            yield block


def free(world: World, item: Item, window: Window, besides: Rental | None = None) -> bool:
    """Whether an item is to be had for all of a window, `besides` left aside."""
    if item.visibility != "available":
        return False
    if any(window.overlaps(Window(block.start or date.min, block.end)) for block in blocks_of(world, item)):
        return False
    for rental in world.rentals_of(item):
        reserved = reservation_of(world, rental) if rental is not besides else None
        if reserved is not None and reserved.overlaps(window):
            return False
    return True


def candidates(world: World, rental: Rental) -> list[Item]:
    """The free items that a cycle may get, least used first."""
    window = reservation_of(world, rental)
    if window is None:
        return []
    found = [
        item
        for item in rental.variant.items
        if (not rental.condition_ids or (item.condition is not None and item.condition.id in rental.condition_ids))
        and (
            rental.location_id is None or (item.location is not None and item.location.shopify_id == rental.location_id)
        )
        and free(world, item, window, rental)
    ]
    return sorted(found, key=lambda item: (sum(1 for _ in world.rentals_of(item)), item.id))


def allocate(world: World, rental: Rental, author: str = "Ally") -> bool:
    """Give a cycle the best free item, if there is one that it has not got; returns whether it got one."""
    others = [item for item in candidates(world, rental) if item is not rental.item]
    if not others:
        return False
    assign(world, rental, others[0], author)
    return True


def assign(world: World, rental: Rental, item: Item, author: str) -> None:
    """Put an item on a cycle. One that is out already takes the commitment along."""
    before, rental.item = rental.item, item
    if before is not None:
        before.cycles.remove(rental)
    item.cycles.append(rental)
    if before is not None and before.active_rental_id == rental.id:
        before.active_rental_id = None
        item.active_rental_id = rental.id
        world.touch(before)
    elif commits_early(world, rental):
        item.active_rental_id = rental.id
    world.tell(rental, "item_assigned", author, itemId=item.id, previousItemId=before.id if before else None)
    world.tell(item, "rental_assigned", author, rentalId=rental.id)
    world.touch(item)
    world.touch(rental)


def commits_early(world: World, rental: Rental) -> bool:
    """Whether a cycle commits its item before it is fulfilled."""
    return world.settings.commits_at == "order" and rental.fulfilled_at is None and rental.cancelled_at is None


def conflicted(world: World, item: Item) -> list[Rental]:
    """Cycles not yet begun that hold an item which is not free for them."""
    found = []
    for rental in world.rentals_of(item):
        window = reservation_of(world, rental)
        if rental.fulfilled_at is None and window is not None and not free(world, item, window, rental):
            found.append(rental)
    return sorted(found, key=lambda rental: rental.id, reverse=True)


def resolve(world: World, items: Iterable[Item]) -> list[Rental]:
    """Move what conflicts to other items, the latest first; returns the cycles that stay in conflict."""
    stuck = []
    for item in items:
        for rental in conflicted(world, item):
            window = reservation_of(world, rental)
            if rental.item is not item or window is None or free(world, item, window, rental):
                continue
            if not allocate(world, rental):
                world.tell(rental, "item_conflict", "Ally", itemId=item.id)
                world.touch(rental)
                stuck.append(rental)
    return stuck


def counts(world: World, variant: Variant) -> tuple[int, int, int]:
    """inventoryCount, futureAvailabilityInventoryCount, uncommitedInventoryCount of a variant.

    Counted are items with visibility available; committed ones are those with an active rental, which is after fulfilment
    unless the account commits at the order; future ones are out and to come back. What each counts is not published.
    """
    items = [item for item in variant.items if item.visibility == "available"]
    committed = [item for item in items if item.active_rental_id is not None]
    returning = [item for item in committed if world.rentals[item.active_rental_id or 0].receive_at is not None]
    return len(items), len(returning), len(items) - len(committed)
