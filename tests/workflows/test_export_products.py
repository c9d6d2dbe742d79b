"""The catalogue of a big shop in one export: begun once whatever is lost, taken in whole, and by pages where that fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.workflows.channels import BOWL, LAMP, QUIET, VASE, Channel, selling
from tests.workflows.conftest import NewDatabase
from tests.workflows.crashing import Fate, kill_everywhere, pass_time_over_crashes
from tests.workflows.installation import SHOP
from trueup.base.clock import ManualClock
from trueup.storage.database import Database
from trueup.workflows.rounds import start_rounds
from trueup.workflows.sync_products import sync_rounds

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
BIG = replace(QUIET, stock_sweep=timedelta(days=9), stock_export_from=3)


def sync(shop: Channel, seconds: float = 60) -> None:
    """The catalogue is read now."""
    [rounds] = sync_rounds(shop.here.world)
    shop.here.engine.act(lambda tx: start_rounds(tx, rounds))
    if seconds:
        shop.pass_time(seconds)


def exports(shop: Channel) -> list[tuple[Any, ...]]:
    """(stage, whole, rows) of every export of products so far."""
    query = "SELECT stage, whole, rows FROM trueup.shop_exports WHERE content = 'products' ORDER BY id"
    return [tuple(row) for row in shop.rows(query)]


def asked(shop: Channel, operation: str) -> int:
    """How often the shop was asked for an operation."""
    return sum(1 for each in shop.here.shopify.state()["requests"] if operation in each["operations"])


def known(shop: Channel) -> list[tuple[Any, ...]]:
    """(SKU, its item is known, tracked) of what the shop is known to sell."""
    return [
        tuple(row) for row in shop.rows("SELECT sku, item IS NOT NULL, tracked FROM trueup.shop_products ORDER BY sku")
    ]


def change(shop: Channel) -> None:
    """A lamp is not counted any more, and there are a cup and two mugs of one SKU."""
    shop.here.shopify.track_by_hand("LAMP-1", tracked=False)
    made = [{"title": sku, "variants": [{"sku": sku, "price": "9.00"}]} for sku in ("CUP-1", "MUG-1", "MUG-1")]
    shop.here.shopify.add_products(made)


CHANGED = [
    ("BOWL-1", True, True),
    ("CUP-1", True, True),
    ("LAMP-1", True, False),
    ("MUG-1", False, None),
    ("VASE-1", True, True),
]


def test_a_big_catalogue_is_read_by_one_export(database: Database) -> None:
    """Pages until it is known to be big; then one operation, archived and taken in, doubles of a SKU found."""
    with selling(database, ManualClock(START), VASE, BOWL, LAMP, pace=BIG) as shop:
        assert (asked(shop, "productVariants"), exports(shop)) == (1, []), "of one page there is nothing to hand over"
        change(shop)
        sync(shop)
        assert (asked(shop, "productVariants"), asked(shop, "bulkOperationRunQuery")) == (1, 1)
        assert exports(shop) == [("done", True, 6)]
        assert known(shop) == CHANGED
        assert shop.here.case_kinds() == ["product.ambiguous"]
        [(digest,)] = shop.rows("SELECT evidence FROM trueup.shop_exports")
        assert shop.rows("SELECT DISTINCT evidence FROM trueup.shop_products") == [(digest,)]
        [made] = shop.here.shopify.world.bulk_operations
        with shop.here.database.transaction() as connection:
            assert shop.here.world.read(connection, digest) == b"".join(line + b"\n" for line in made.lines)
        assert shop.rows("SELECT count(*) FROM trueup.exported_products") == [(0,)], "what is taken in is kept once"
        [(documents,)] = shop.rows(
            "SELECT documents FROM trueup.sources WHERE query = 'products' AND name = :shop", shop=SHOP
        )
        assert documents == 3 + 1


@pytest.mark.parametrize("code", ["TIMEOUT", "ACCESS_DENIED"])
def test_a_catalogue_whose_export_fails_is_read_by_pages(database: Database, code: str) -> None:
    """What its part shows is taken in; the next round comes at once and reads pages, and so do those of the next hours."""
    with selling(database, ManualClock(START), VASE, BOWL, LAMP, pace=BIG) as shop:
        change(shop)
        shop.here.shopify.add_fault("bulk_failed", mode=code, count=1)
        sync(shop, 120)
        assert [(stage in ("done", "failed"), bool(whole)) for stage, whole, _ in exports(shop)] == [(True, False)]
        assert asked(shop, "productVariants") == 2
        assert known(shop) == CHANGED
        sync(shop, 120)
        assert (asked(shop, "productVariants"), asked(shop, "bulkOperationRunQuery")) == (3, 1)
        shop.pass_time(7 * 3600)
        sync(shop, 120)
        assert (asked(shop, "productVariants"), asked(shop, "bulkOperationRunQuery")) == (3, 2)


def test_what_was_learnt_while_the_catalogue_was_exported_wins(database: Database) -> None:
    """The file says what was so when it began; a page that was read since says more."""
    rules = {"bulk_seconds": 60.0}
    with selling(database, ManualClock(START), VASE, BOWL, LAMP, pace=BIG, shop_rules=rules) as shop:
        sync(shop, 10)
        shop.here.shopify.track_by_hand("BOWL-1", tracked=False)
        shop.rows(
            "UPDATE trueup.shop_products SET tracked = false, seen_at = :now WHERE sku = 'BOWL-1' RETURNING sku",
            now=shop.here.clock.now(),
        )
        shop.pass_time(120)
        assert exports(shop) == [("done", True, 3)]
        assert known(shop) == [("BOWL-1", True, False), ("LAMP-1", True, True), ("VASE-1", True, True)]


def travel(database: Database, fate: Fate) -> dict[str, Any]:
    """A catalogue read by export, killed as fated; how it ended."""
    with selling(database, ManualClock(START), VASE, BOWL, LAMP, pace=BIG) as shop:
        change(shop)
        shop.here.engine.fate = fate
        sync(shop, 0)
        pass_time_over_crashes(shop.here, timedelta(seconds=60))
        return {
            "exports": exports(shop),
            "begun": len(shop.here.shopify.world.bulk_operations),
            "cases": shop.here.case_kinds(),
            "known": known(shop),
            "left": shop.rows("SELECT count(*) FROM trueup.exported_products")[0][0],
        }


def test_a_crash_at_any_effect_reads_the_catalogue_once(new_database: NewDatabase) -> None:
    """One operation at the shop, one file taken in, nothing left behind, wherever the worker died."""

    def live(fate: Fate) -> dict[str, Any]:
        with new_database() as database:
            return travel(database, fate)

    wanted = kill_everywhere(live)
    assert (wanted["begun"], wanted["known"], wanted["left"]) == (1, CHANGED, 0)
