"""A warehouse counts its whole catalogue in one file. Lists in a statement were refused: as too deep from ten thousand pairs on,
and as too many from 65,535 values on."""

from __future__ import annotations

from trueup.base.clock import ManualClock
from trueup.domain.catalog import CountSource
from trueup.storage.database import Database
from trueup.storage.products import load_catalog, load_products
from trueup.storage.publications import load_publications
from trueup.storage.stock import end_departed, load_reservations, lock_stock
from trueup.storage.stock_ledger import load_levels

PLACES = [(f"SKU-{number:06d}", "main") for number in range(70_000)]
SKUS = [sku for sku, _ in PLACES]


def test_a_catalogue_is_looked_up_at_once(database: Database, clock: ManualClock) -> None:
    """It is locked at once; none of it is known, held or published, and that is said in no time."""
    with database.transaction() as connection:
        lock_stock(connection, SKUS, "main")
        assert end_departed(connection, PLACES, clock.now()) == end_departed(connection, [], clock.now()) == []
        assert load_publications(connection, "shop", PLACES, lock=True) == []
        assert load_products(connection, SKUS) == []
        assert load_reservations(connection, SKUS, "main") == []
        assert load_levels(connection, SKUS, "main", CountSource.DECLARED) == []
        assert load_catalog(connection, "VENDOR", SKUS, SKUS).products == {}
