"""Gone products: what a shop's catalogue does not show any more is not sold there; what hangs on it is a case until it returns.

Only a whole reading of the catalogue says so. When it says so of half the shop, it is believed once a second one says the same:
a permission that was taken away, or a fault of the shop's, looks like a deletion.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from trueup.domain.cases import CaseDraft, Resolution
from trueup.storage import cases, ended_publications, shop_products, stock
from trueup.workflows.shown_products import Catalogue
from trueup.workflows.stock_cases import OWNER, worth
from trueup.workflows.uncounted_stock import tell_counted_twice
from trueup.workflows.wake_stock import wake_stock
from trueup.workflows.world import Tx

GONE, SHRUNK = "product.gone", "catalogue.shrunk"
SKEW = timedelta(minutes=1)
"""By so much the clocks of two workers may differ: what was seen within it before the reading began was perhaps seen in it."""
FEW = 20
"""So many may go at once without a second reading, however small the shop."""


def note_gone_products(tx: Tx, told: Catalogue) -> list[str]:
    """The catalogue was read whole: what it did not tell of is gone. Returns the SKUs."""
    began = told.began - SKEW
    unseen, every = shop_products.count_unseen(tx.connection, told.shop, began)
    if unseen > FEW and unseen * 2 > every and not _was_told(tx, told.shop):
        cases.open_case(tx.connection, _shrunk(told, unseen, every), tx.now)
        return []
    cases.close_case(tx.connection, SHRUNK, _catalogue(told.shop), why="a second reading was made", now=tx.now)
    neighbours = tx.resources.neighbours_of(told.shop)
    gone = shop_products.mark_gone(tx.connection, neighbours, began, (told.evidence, tx.now))
    if gone:
        tell_counted_twice(tx, neighbours, gone, ())
        ended_publications.unmark_products(tx.connection, told.shop, gone)
        _tell_hanging(tx, told, gone)
    return gone


def note_returned(tx: Tx, shop: str, returned: Collection[str]) -> None:
    """They are sold again, or under another id: what should stand there is read and written anew."""
    standing = cases.open_subjects(tx.connection, GONE) if returned else set()
    for sku in returned:
        if (subject := subject_of(shop, sku)) in standing:
            cases.close_case(tx.connection, GONE, subject, why="the shop sells it again", now=tx.now)
    if shop in tx.resources.connections.stock_sinks and ended_publications.renew(tx.connection, shop, returned, tx.now):
        wake_stock(tx, shop)


def subject_of(shop: str, sku: str) -> str:
    """What a case about a product that a shop sells no more is about."""
    return f"product {sku} in {shop}"


def _tell_hanging(tx: Tx, told: Catalogue, gone: Collection[str]) -> None:
    held = stock.held_by_open_orders(tx.connection, gone)
    published = ended_publications.load_published(tx.connection, told.shop, gone)
    for sku in sorted(held.keys() | published.keys()):
        eaches = held.get(sku, 0)
        hanging = [f"open orders hold {eaches} eaches of it"] if eaches else []
        hanging += [f"{words} stays there as published" for words in published.get(sku, ())]
        draft = CaseDraft(
            kind=GONE,
            subject=subject_of(told.shop, sku),
            title=f"{told.shop} does not sell {sku} any more: {'; '.join(hanging)}",
            expected="a product that is active in the shop's catalogue, or nothing that hangs on it",
            found="deleted, archived, a draft, or under another SKU",
            money_at_risk=worth(tx, sku, eaches) if eaches else None,
            deadline=None,
            owner=OWNER,
            resolutions=(Resolution.RETRY, Resolution.DISMISS),
            evidence=told.evidence,
        )
        cases.open_case(tx.connection, draft, tx.now)


def _was_told(tx: Tx, shop: str) -> bool:
    """Whether the last reading showed as little."""
    return _catalogue(shop) in cases.open_subjects(tx.connection, SHRUNK)


def _catalogue(shop: str) -> str:
    return f"catalogue of {shop}"


def _shrunk(told: Catalogue, unseen: int, every: int) -> CaseDraft:
    return CaseDraft(
        kind=SHRUNK,
        subject=_catalogue(told.shop),
        title=f"{told.shop} shows {every - unseen} of the {every} products that it sold: the rest is not yet taken for gone",
        expected=f"about {every} products",
        found=f"{every - unseen}; the next reading of the catalogue decides",
        money_at_risk=None,
        deadline=None,
        owner=OWNER,
        resolutions=(Resolution.DISMISS,),
        evidence=told.evidence,
    )
