"""Shown products: what a shop's catalogue says of its variants is kept, whether it came by pages or in one file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.catalog import CountSource, Product
from trueup.durable.tally import Tally
from trueup.storage import cases, products, shop_products
from trueup.workflows.rounds import Rounds
from trueup.workflows.taking_in import look_at_held
from trueup.workflows.uncounted_stock import tell_counted_twice, tell_uncounted
from trueup.workflows.world import Tx, World

QUERY = "products"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A shop's word on its products: the reply that said it, as of when, and since when this reading of the catalogue goes on."""

    shop: str
    evidence: str
    as_of: datetime
    began: datetime


@dataclass(frozen=True, slots=True)
class TakenIn:
    """How many products were clear, and the SKUs that the shop sells again, or under another id."""

    count: int
    renewed: tuple[str, ...]


def take_in_products(tx: Tx, found: Sequence[Product], told: Catalogue) -> TakenIn:
    """Save what the shop says of its products.

    SKUs are not unique in a shop. One that several variants carry is a case, and counted nowhere until that is mended: which of
    them would be sold? Variants that this reading has told of before are remembered.
    """
    by_sku: dict[str, set[str]] = {}
    for product in found:
        by_sku.setdefault(product.sku, set()).add(product.shop_variant or "")
    for sku, variant in shop_products.load_variants(tx.connection, told.shop, by_sku, told.began).items():
        by_sku[sku].add(variant)
    doubled = {sku: variants for sku, variants in by_sku.items() if len(variants) > 1}
    clear = [product for product in found if product.sku not in doubled]
    unclear = [replace(product, tracked=None, shop_item=None) for product in found if product.sku in doubled]
    opened = [
        cases.open_case(tx.connection, _doubled(told, sku, variants), tx.now) for sku, variants in doubled.items()
    ]
    tx.count(Tally("variants", len(found), {"clear": len(clear)}, {"of a SKU that several bear": len(unclear)}, opened))
    renewed = shop_products.list_changed_ids(tx.connection, told.shop, clear)
    uncounted = _uncounted(tx, by_sku)
    neighbours = tx.resources.neighbours_of(told.shop)
    shop_products.save_shop_products(tx.connection, neighbours, unclear, told.evidence, told.as_of)
    twice = shop_products.save_shop_products(tx.connection, neighbours, clear, told.evidence, told.as_of)
    tell_counted_twice(tx, neighbours, [product.sku for product in clear], twice)
    tell_uncounted(tx, by_sku)
    if uncounted - _uncounted(tx, by_sku):
        look_at_held(tx, "held.stock-uncounted")
    return TakenIn(len(clear), tuple(renewed))


def rounds_of(world: World, shop: str) -> Rounds:
    """The chain of rounds in which a shop's catalogue is read."""
    return Rounds("sync_products", f"products:{shop}", shop, QUERY, (shop,), world.pace.products)


def _uncounted(tx: Tx, skus: Iterable[str]) -> set[str]:
    known = products.load_products(tx.connection, skus)
    return {product.sku for product, _ in known if product.count_source is CountSource.UNKNOWN}


def _doubled(told: Catalogue, sku: str, variants: set[str]) -> CaseDraft:
    return CaseDraft(
        kind="product.ambiguous",
        subject=f"product {sku}",
        title=f"{len(variants)} variants in {told.shop} carry the SKU {sku}",
        expected="one variant a SKU",
        found=", ".join(sorted(variants)),
        money_at_risk=None,
        deadline=None,
        owner="e-commerce",
        resolutions=(Resolution.RETRY, Resolution.DISMISS),
        evidence=told.evidence,
    )
