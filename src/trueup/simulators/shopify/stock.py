"""How stock moves between states, and where Shopify takes it from. Whatever moves, the states add up to on_hand.

Order flow: placing an order lowers available and raises committed; fulfilling lowers committed and on_hand; cancelling with
restock goes back. `committed` is changed by orders alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from trueup.simulators.shopify.records import (
    ON_HAND_PARTS,
    FulfillmentOrderLine,
    InventoryItem,
    InventoryLevel,
    Location,
    Variant,
)
from trueup.simulators.shopify.world import World


def shift(world: World, level: InventoryLevel, deltas: Mapping[str, int]) -> None:
    """Change the named counts of a level, on_hand included where it moves. Raises AssertionError if they stop adding up."""
    counts = level.counts
    for name, delta in deltas.items():
        counts[name] += delta
    check_identity(level)
    now = world.now()
    level.updated_at = now
    if deltas.get("available"):
        level.lowest_available = min(level.lowest_available, counts["available"])
        world.happen("INVENTORY_LEVELS_UPDATE", level)
        _total_later(world, level.item)


def track(world: World, item: InventoryItem, *, tracked: bool) -> None:
    """Count an item, or no more. Its numbers stay as they were: they mean nothing while it is off."""
    if item.tracked != tracked:
        item.tracked = tracked
        item.updated_at = world.now()
        world.happen("INVENTORY_ITEMS_UPDATE", item)


def check_identity(level: InventoryLevel) -> None:
    """on_hand = available + committed + reserved + damaged + quality_control + safety_stock; incoming stands outside."""
    parts = sum(level.counts[name] for name in ON_HAND_PARTS)
    if parts != level.counts["on_hand"]:
        raise AssertionError(f"{level.item.sku} at {level.location.name}: parts add up to {parts}: {level.counts}")


def _total_later(world: World, item: InventoryItem) -> None:
    """Product.totalInventory is lazy: it follows after a while."""
    product = item.variant.product if item.variant else None
    if product is None or product.total_due is not None:
        return

    def follow() -> None:
        product.total_due = None
        product.total_inventory = sum(available_everywhere(variant.inventory_item) for variant in product.variants)

    lag_seconds = world.settings.total_inventory_lag_seconds
    product.total_due = world.now() + timedelta(seconds=lag_seconds)
    world.later(lag_seconds, follow)


def available_everywhere(item: InventoryItem) -> int:
    """Available units of a tracked item over its active levels."""
    if not item.tracked:
        return 0
    return sum(level.counts["available"] for level in item.levels.values() if level.is_active)


def available_at(item: InventoryItem, location: Location) -> int | None:
    """Available units there; None when the item is not stocked there."""
    level = item.levels.get(location.id)
    return level.counts["available"] if level and level.is_active else None


def route(world: World, wanted: Mapping[Variant, int], *, avoid_best: bool = False) -> dict[Variant, Location]:
    """Where Shopify takes each variant from: one place that has everything, else for each variant a place that has enough.

    A variant is never split between places, so without such a place it is taken (short) where most is left. Shopify decides;
    the caller of orderCreate has no say. `avoid_best` is the lie wrong_location: another place that also has enough.
    """
    places = [place for place in world.locations if place.is_active and place.fulfills_online_orders]
    if not places:
        return {}
    tracked = {variant: count for variant, count in wanted.items() if variant.inventory_item.tracked}
    whole = [place for place in places if all(_covers(variant, place, count) for variant, count in tracked.items())]
    if whole:
        chosen = whole[1] if avoid_best and len(whole) > 1 else whole[0]
        return dict.fromkeys(wanted, chosen)
    return {variant: _best_place(variant, count, places) for variant, count in wanted.items()}


def _covers(variant: Variant, place: Location, count: int) -> bool:
    return (available_at(variant.inventory_item, place) or 0) >= count


def _best_place(variant: Variant, count: int, places: list[Location]) -> Location:
    for place in places:
        if _covers(variant, place, count):
            return place
    stocked = [place for place in places if available_at(variant.inventory_item, place) is not None]
    return max(stocked, key=lambda place: available_at(variant.inventory_item, place) or 0, default=places[0])


def shortages(wanted: Mapping[Variant, int], places: Mapping[Variant, Location]) -> list[Variant]:
    """The variants whose own policy forbids the claim: tracked, DENY, and too few at the place they would be taken from.

    Whether Shopify would take a variant that only several places together have is not documented. Here it is refused: an
    order that a single place cannot fill would oversell that place.
    """
    return [
        variant
        for variant, count in wanted.items()
        if variant.inventory_item.tracked
        and variant.inventory_policy == "DENY"
        and not _covers(variant, places[variant], count)
    ]


def claim(world: World, line: FulfillmentOrderLine, count: int) -> None:
    """Commit units of an order line where it is to be fulfilled. Untracked items and custom lines claim nothing."""
    level = _level_of(world, line)
    if level is not None and count:
        shift(world, level, {"available": -count, "committed": count})
        line.claimed += count


def release(world: World, line: FulfillmentOrderLine, count: int, *, restock: bool) -> None:
    """Give back committed units: to available with `restock`, else they are gone from on_hand.

    Units that were never claimed (BYPASS) are not given back either.
    """
    level = _level_of(world, line)
    count = min(count, line.claimed)
    if level is not None and count:
        line.claimed -= count
        shift(world, level, {"committed": -count, "available" if restock else "on_hand": count if restock else -count})


def take_out(world: World, line: FulfillmentOrderLine, count: int) -> None:
    """Fulfil: claimed units leave committed and on_hand in one step."""
    release(world, line, count, restock=False)


def put_in(world: World, line: FulfillmentOrderLine, count: int) -> None:
    """A fulfilment is cancelled: its units are on hand and committed again."""
    level = _level_of(world, line)
    if level is not None and count:
        line.claimed += count
        shift(world, level, {"committed": count, "on_hand": count})


def _level_of(world: World, line: FulfillmentOrderLine) -> InventoryLevel | None:
    variant = line.line_item.variant
    if variant is None or not (variant.inventory_item.tracked or line.claimed):
        return None
    return world.level(variant.inventory_item, line.fulfillment_order.location)


def levels_of(world: World) -> Iterable[InventoryLevel]:
    """Every level of the shop."""
    return (level for item in world.items for level in item.levels.values())
