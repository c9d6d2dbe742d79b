"""Wanted stock: what each channel should hold of a product at a place, from what is counted and held here; and whom to tell.

Nothing is stated of a product that the channel counts itself, nor of one that nobody counts: the one is its number, the other
is a case already. What lies here is a count; what is kept from the shop (fences, the buffer, goods held for purchase orders that
no claim came for) is a hold, so that what the shop has sold itself stays its own business.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from trueup.domain.catalog import CountSource, Product
from trueup.domain.inventory import Availability, TermKind
from trueup.domain.publishing import WantedStock
from trueup.storage import products, publications, shop_courses, shop_products, stock
from trueup.storage.publications import ChannelItem
from trueup.workflows.promises import load_promises, shop_channel
from trueup.workflows.wake_stock import wake_stock
from trueup.workflows.world import Tx

UNCLAIMED_FOR = timedelta(minutes=30)
"""A reservation that the shop has not claimed by then is held there: until then the claim itself needs the goods free."""
NOTHING = WantedStock(None, None, 0, "the channel counts it")
_HERE = (TermKind.ON_HAND, TermKind.UNOFFERED, TermKind.RENTED)


def wanted_stock(tx: Tx, channel: str, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], WantedStock]:
    """What a channel should hold of each (sku, location)."""
    found = dict.fromkeys(keys, NOTHING)
    known = products_of(tx, (sku for sku, _ in keys))
    for location in sorted({location for _, location in keys}):
        skus = [sku for sku, at in keys if at == location and is_ours(known.get(sku))]
        promises = load_promises(tx.connection, shop_channel(tx.resources, channel, location, tx.now), skus, tx.now)
        waiting = stock.load_unclaimed(tx.connection, skus, location, tx.now)
        gone = shop_courses.load_gone(tx.connection, channel, location, skus)
        forsaken = stock.load_unclaimed(tx.connection, skus, location, tx.now - UNCLAIMED_FOR)
        for sku, promise in promises.items():
            old = forsaken.get(sku, 0)
            found[sku, location] = _wanted(promise, waiting.get(sku, 0) - old, old, gone.get(sku, 0))
    return found


def _wanted(promise: Availability, waiting: int, forsaken: int, gone: int) -> WantedStock:
    """The buffer gives way to goods that a purchase order waits to have claimed; they are its own to take.

    What the channel's own orders sent off since it took the count is not among `gone`: it takes that off itself.
    """
    here = max(0, promise.of(*_HERE))
    kept = -promise.of(TermKind.FENCED) + max(0, -promise.of(TermKind.BUFFER) - waiting) + forsaken
    counted_at = next((term.as_of for term in promise.terms if term.kind is TermKind.ON_HAND), None)
    gone = min(gone, here)
    return WantedStock(here, counted_at, min(kept, here - gone), str(promise), gone)


def is_ours(product: Product | None) -> bool:
    """Whether the count of a product is ours to state to a channel."""
    return product is not None and product.count_source not in (CountSource.SHOP, CountSource.UNKNOWN)


def stock_changed(tx: Tx, skus: Iterable[str], location: str) -> None:
    """What lies or is held at a place changed here: every channel that sells from it is brought up to date."""
    wanted = set(skus)
    for channel in tx.resources.channels_at(location) if wanted else ():
        channel_changed(tx, channel, wanted, location)


def channel_changed(tx: Tx, channel: str, skus: Collection[str], location: str) -> None:
    """One channel should show other numbers of products at a place: it is brought up to date. Call it last in a transaction."""
    if channel not in tx.resources.connections.stock_sinks:
        return
    ours = [sku for sku, product in products_of(tx, sorted(skus)).items() if is_ours(product)]
    sold = shop_products.load_items(tx.connection, channel, ours)
    places = [ChannelItem(channel, sku, location, item) for sku, item in sold.items()]
    if publications.mark_changed(tx.connection, places, tx.now):
        wake_stock(tx, channel)


def places_of(tx: Tx, channel: str, items: Sequence[str]) -> list[ChannelItem]:
    """Where our products of these items of a channel lie: each place that the channel sells from."""
    return [
        ChannelItem(channel, sku, location, item)
        for sku, item in shop_products.find_items(tx.connection, channel, items)
        for location in tx.resources.places_of(channel)
    ]


def products_of(tx: Tx, skus: Iterable[str]) -> dict[str, Product]:
    """Those of these products that we know."""
    return {product.sku: product for product, _ in products.load_products(tx.connection, set(skus))}
