"""Products and their methods: a product is imported from Shopify, later than it is asked for, and then has ways to be had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from trueup.simulators.supercycle import lifecycle, shapes
from trueup.simulators.supercycle.bodies import MethodOption, MethodUpdate
from trueup.simulators.supercycle.records import Method, Product, Variant
from trueup.simulators.supercycle.replies import Refusal
from trueup.simulators.supercycle.world import World


class ShopVariant(msgspec.Struct, forbid_unknown_fields=True):
    """A variant as the shop tells it: numeric ids, and the units counted there, by the number of their location."""

    id: int
    inventory_item_id: int | None = None
    title: str | None = None
    sku: str | None = None
    counted: dict[int, int] = {}


class ShopProduct(msgspec.Struct, forbid_unknown_fields=True):
    """A product as the shop tells it."""

    id: int
    title: str
    variants: list[ShopVariant] = []
    restock_days: int | None = None


@dataclass(frozen=True, slots=True)
class Seeding:
    """Which of the shop's counts became items."""

    product: Product
    items: int


def take_in(world: World, facts: ShopProduct) -> Seeding:
    """Import a product now; one that is imported already gets its new variants alone. Its counted units become items."""
    product = world.products.get(facts.id)
    if product is None:
        product = Product(world.new_id("Product"), facts.id, facts.title, restock_days=facts.restock_days)
        world.products[facts.id] = product
    seeded = 0
    for given in facts.variants:
        if given.id in world.variants:
            continue
        variant = Variant(world.new_id("Variant"), given.id, given.inventory_item_id, given.title, given.sku, product)
        product.variants.append(variant)
        world.variants[given.id] = variant
        seeded += _seed(world, variant, given.counted) if world.settings.import_seeds_items else 0
    return Seeding(product, seeded)


def _seed(world: World, variant: Variant, counted: dict[int, int]) -> int:
    made = 0
    for place, count in counted.items():
        if count > 0:
            facts = lifecycle.NewItem(variant, "available", location=world.locations.get(place))
            made += len(lifecycle.add_items(world, facts, count, (), "Import"))
    return made


def write_method(world: World, shopify_product_id: str, name: str, given: MethodUpdate) -> dict[str, Any]:
    """Create or change a method and its options. Raises Refusal."""
    product = _product(world, shopify_product_id)
    method = product.methods.get(name)
    there = {option["id"] for option in method.options} if method else set()
    if missing := [each.id for each in given.options_attributes if each.id is not None and each.id not in there]:
        raise Refusal(422, f"Options {missing} must exist")
    if method is None:
        method = Method(world.new_id("Method"), world.now(), world.now())
        product.methods[name] = method
    method.status, method.updated_at = given.status, world.now()
    for option in given.options_attributes:
        _write_option(world, method, option)
    return shapes.method_shape(method)


def add_option(world: World, shopify_product_id: str, name: str, option: MethodOption) -> dict[str, Any]:
    """One more option; the method is made when it is missing. Raises Refusal."""
    method = write_method(world, shopify_product_id, name, MethodUpdate(options_attributes=[option]))
    made: dict[str, Any] = method["options"][-1]
    return made


def _write_option(world: World, method: Method, option: MethodOption) -> None:
    written = {**msgspec.to_builtins(option), "updatedAt": shapes.instant(world.now())}
    written.pop("_destroy", None)
    place = next((index for index, there in enumerate(method.options) if there["id"] == option.id), None)
    if place is None:
        method.options.append({"createdAt": written["updatedAt"], **written, "id": world.new_id("Option")})
    elif option.destroy:
        del method.options[place]
    else:
        method.options[place] = {**method.options[place], **written}


def _product(world: World, shopify_id: str) -> Product:
    found = world.products.get(int(shopify_id)) if shopify_id.isascii() and shopify_id.isdecimal() else None
    if found is None:
        raise Refusal(404, f"Product {shopify_id} is not imported")
    return found
