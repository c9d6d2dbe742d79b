"""Writes of items and blocked dates. Nothing has an idempotency key: what is posted twice is there twice."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from trueup.simulators.supercycle import allocation, lifecycle, shapes
from trueup.simulators.supercycle.bodies import BlockCreate, ItemCreate, ItemUpdate
from trueup.simulators.supercycle.records import BlockedDates, Condition, Item, Location, Product, Variant
from trueup.simulators.supercycle.replies import Refusal
from trueup.simulators.supercycle.world import World

API = "API"


def create_items(world: World, given: ItemCreate) -> list[dict[str, Any]]:
    """POST /items: an array, in the order of creation. Raises Refusal."""
    quantity = given.quantity or len(given.serials) or 1
    if len(given.serials) > quantity:
        raise Refusal(422, f"serials: {len(given.serials)} for {quantity} items")
    facts = lifecycle.NewItem(
        _variant(world, given.shopify_variant_id),
        given.visibility,
        _condition(world, given.condition_id),
        _location(world, given.location_shopify_id),
        given.pick_location,
        given.acquisition_cost_cents,
    )
    for serial in given.serials:
        _check_serial(world, serial)
    made = lifecycle.add_items(world, facts, quantity, given.serials, API)
    return [shapes.item_shape(world, item) for item in made]


def update_item(world: World, item: Item, given: ItemUpdate) -> dict[str, Any]:
    """PUT /items/{itemId}: what is sent is changed, unless the account guards it. Raises Refusal."""
    _check_update(world, item, given)
    if given.serial is not UNSET:
        item.serial = given.serial
    if given.shopify_variant_id is not UNSET:
        item.variant.items.remove(item)
        item.variant = _variant(world, given.shopify_variant_id)
        item.variant.items.append(item)
    if given.condition_id is not UNSET:
        item.condition = _condition(world, given.condition_id)
    if given.location_shopify_id is not UNSET:
        item.location = _location(world, given.location_shopify_id)
    if given.pick_location is not UNSET:
        item.pick_location = given.pick_location
    if given.acquisition_cost_cents is not UNSET and world.settings.writable_cost:
        item.acquisition_cost_cents = given.acquisition_cost_cents
    if given.status == "processed" and item.status == "unprocessed":
        lifecycle.restock(world, item)
    elif given.status is not UNSET:
        item.status = given.status
    if given.visibility is not UNSET:
        lifecycle.set_visibility(world, item, given.visibility, API)
    world.tell(item, "updated", API)
    world.touch(item)
    return shapes.item_shape(world, item)


def _check_update(world: World, item: Item, given: ItemUpdate) -> None:
    """Everything that may refuse an update, before any of it is done."""
    if given.shopify_variant_id is not UNSET:
        _variant(world, given.shopify_variant_id)
    if given.condition_id is not UNSET:
        _condition(world, given.condition_id)
    if given.location_shopify_id is not UNSET:
        _location(world, given.location_shopify_id)
    if given.serial is not UNSET and given.serial and given.serial != item.serial:
        _check_serial(world, given.serial)
    ended = item.visibility in ("sold", "retired") and given.visibility in ("available", "unavailable")
    if ended and world.settings.guarded_transitions:
        raise Refusal(422, f"visibility cannot change from {item.visibility} to {given.visibility}")


def create_block(world: World, given: BlockCreate) -> dict[str, Any]:
    """POST /blocked_dates. Cycles it touches are re-allocated where they can be. Raises Refusal."""
    if given.start is not None and given.end is not None and given.end < given.start:
        raise Refusal(422, "to must not be before from")
    resource = _resource(world, given)
    now = world.now()
    block = BlockedDates(world.new_id("BlockedDate"), now, now, given.resource_type, resource, given.start, given.end)
    block.description = given.description
    world.blocks[block.id] = block
    world.touch(block)
    allocation.resolve(world, [item for item in world.items.values() if block in allocation.blocks_of(world, item)])
    return shapes.block_shape(block)


def _resource(world: World, given: BlockCreate) -> Item | Variant | Product:
    shelf: dict[int, Any]
    match given.resource_type:
        case "Item":
            shelf = world.items
        case "Shopify::Variant":
            shelf = {variant.id: variant for variant in world.variants.values()}
        case _:
            shelf = {product.id: product for product in world.products.values()}
    if given.resource_id not in shelf:
        raise Refusal(422, "resource must exist")
    found: Item | Variant | Product = shelf[given.resource_id]
    return found


def _variant(world: World, shopify_id: int) -> Variant:
    found = world.variants.get(shopify_id)
    if found is None:
        raise Refusal(422, f"Variant {shopify_id} must belong to an imported product")
    return found


def _condition(world: World, number: int | None) -> Condition | None:
    if number is not None and number not in world.conditions:
        raise Refusal(422, "condition must exist")
    return None if number is None else world.conditions[number]


def _location(world: World, shopify_id: int | None) -> Location | None:
    if shopify_id is not None and shopify_id not in world.locations:
        raise Refusal(422, "location must have been added in Supercycle")
    return None if shopify_id is None else world.locations[shopify_id]


def _check_serial(world: World, serial: str) -> None:
    if world.settings.unique_serials and any(item.serial == serial for item in world.items.values()):
        raise Refusal(422, f"serial {serial} has already been taken")
