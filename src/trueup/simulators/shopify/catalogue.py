"""Products put into the shop from outside: what a merchant's catalogue looks like before anything happens."""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec

from trueup.base.errors import Invalid
from trueup.base.money import exact_decimal
from trueup.simulators.shopify import metafields, stock
from trueup.simulators.shopify.records import QUANTITY_NAMES, InventoryItem, Location, Owner, Product, Variant
from trueup.simulators.shopify.world import World


class SeedMetafield(msgspec.Struct, forbid_unknown_fields=True):
    """A metafield to seed."""

    namespace: str
    key: str
    type: str
    value: str


class SeedVariant(msgspec.Struct, forbid_unknown_fields=True):
    """A variant to seed. `levels`: location name or id -> available units, or a count for each state."""

    sku: str | None = None
    title: str = "Default Title"
    price: str = "0.00"
    cost: str | None = None
    barcode: str | None = None
    tracked: bool = True
    inventoryPolicy: Annotated[str, msgspec.Meta(pattern="^(DENY|CONTINUE)$")] = "DENY"  # noqa: N815
    bundle: bool = False
    metafields: list[SeedMetafield] = []
    levels: dict[str, int | dict[str, int]] = {}


class SeedProduct(msgspec.Struct, forbid_unknown_fields=True):
    """A product to seed, in the words of Shopify's own inputs."""

    title: str
    vendor: str = ""
    status: str = "ACTIVE"
    tags: list[str] = []
    metafields: list[SeedMetafield] = []
    variants: list[SeedVariant] = []


def add_products(world: World, given: Any) -> list[Product]:
    """Put products into the shop. Raises Invalid, and adds nothing, when one is not as SeedProduct says."""
    try:
        seeds = msgspec.convert(given, list[SeedProduct])
    except msgspec.ValidationError as error:
        raise Invalid(f"Products: {error}.") from error
    for seed in seeds:
        _check(world, seed)
    return [_add_product(world, seed) for seed in seeds]


def _check(world: World, seed: SeedProduct) -> None:
    for variant in seed.variants:
        exact_decimal(variant.price)
        if variant.cost is not None:
            exact_decimal(variant.cost)
        for place, counts in variant.levels.items():
            find_location(world, place)
            if isinstance(counts, dict) and not counts.keys() <= set(QUANTITY_NAMES) - {"on_hand", "committed"}:
                raise Invalid(f"Variant {variant.sku}: levels {counts}: on_hand and committed follow from the others.")
    for each in [*seed.metafields, *(each for variant in seed.variants for each in variant.metafields)]:
        problem = metafields.value_problem(each.type, each.value) if each.type in metafields.TYPES else "unknown type"
        if problem:
            raise Invalid(f"Product {seed.title}: metafield {each.namespace}.{each.key} ({each.type}): {problem}")


def find_location(world: World, name: str) -> Location:
    """A location by name or id. Raises Invalid when there is none."""
    for place in world.locations:
        if name in (place.name, place.id):
            return place
    known = ", ".join(place.name for place in world.locations)
    raise Invalid(f"Location {name!r}: no such location; known are {known or 'none'}.")


def _add_product(world: World, seed: SeedProduct) -> Product:
    now = world.now()
    handle = re.sub(r"[^a-z0-9]+", "-", seed.title.lower()).strip("-")
    product = world.add(Product(world.new_id("Product"), now, now, seed.title, handle, seed.vendor, status=seed.status))
    product.tags = list(seed.tags)
    world.products.append(product)
    _put_metafields(world, product, seed.metafields)
    for position, variant in enumerate(seed.variants, 1):
        _add_variant(world, product, variant, position)
    product.total_inventory = sum(stock.available_everywhere(each.inventory_item) for each in product.variants)
    return product


def _add_variant(world: World, product: Product, seed: SeedVariant, position: int) -> None:
    now = world.now()
    item = world.add(InventoryItem(world.new_id("InventoryItem"), now, now, None, seed.tracked))
    item.cost = None if seed.cost is None else exact_decimal(seed.cost)
    price = exact_decimal(seed.price)
    variant = world.add(Variant(world.new_id("ProductVariant"), now, now, product, seed.title, price, item))
    variant.barcode, variant.inventory_policy, variant.position = seed.barcode, seed.inventoryPolicy, position
    variant.requires_components = seed.bundle
    item.variant = variant
    world.set_sku(item, seed.sku)
    product.variants.append(variant)
    world.items.append(item)
    world.variants.append(variant)
    _put_metafields(world, variant, seed.metafields)
    for place, given in seed.levels.items():
        level = world.level(item, find_location(world, place))
        counts = given if isinstance(given, dict) else {"available": given}
        level.counts.update(counts)
        level.counts["on_hand"] = sum(count for name, count in counts.items() if name != "incoming")
        level.lowest_available = level.counts["available"]
        stock.check_identity(level)


def delete_product(world: World, product: Product) -> None:
    """A product is deleted: its variants and what was counted of them are found no more, in orders their lines stay."""
    world.products.remove(product)
    for variant in product.variants:
        item = variant.inventory_item
        world.set_sku(item, None)
        world.variants.remove(variant)
        world.items.remove(item)
        for record in (variant, item, *item.levels.values()):
            world.by_id.pop(record.id, None)
    world.by_id.pop(product.id, None)


def _put_metafields(world: World, owner: Owner, seeds: list[SeedMetafield]) -> None:
    for seed in seeds:
        metafields.put(world, owner, (seed.namespace, seed.key), seed.type, seed.value)
