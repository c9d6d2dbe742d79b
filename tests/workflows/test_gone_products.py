"""Products that a shop sells no more: nothing of them is published or promised, what hangs on them is a case, and they return."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.workflows.channels import BOWL, LAMP, QUIET, VASE, Channel, selling
from tests.workflows.installation import LOCATION, SHOP, line
from trueup.base.clock import ManualClock
from trueup.storage.database import Database
from trueup.storage.shop_products import as_sold_in
from trueup.workflows.check_stock import sweep_rounds
from trueup.workflows.gone_products import FEW
from trueup.workflows.promises import load_promises, shop_channel
from trueup.workflows.rounds import start_rounds
from trueup.workflows.sync_products import sync_rounds
from trueup.workflows.wanted_stock import products_of

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
PAGES = replace(QUIET, stock_sweep=timedelta(days=9))
EXPORTS = replace(PAGES, stock_export_from=2)


def sync(shop: Channel, seconds: float = 120) -> None:
    """The catalogue is read now."""
    [rounds] = sync_rounds(shop.here.world)
    shop.here.engine.act(lambda tx: start_rounds(tx, rounds))
    shop.pass_time(seconds)


def sweep(shop: Channel) -> None:
    """All that is published is compared now."""
    [rounds] = sweep_rounds(shop.here.world)
    shop.here.engine.act(lambda tx: start_rounds(tx, rounds))
    shop.pass_time(120)


def gone(shop: Channel) -> list[str]:
    """What the shop is known to sell no more."""
    rows = shop.rows("SELECT sku FROM trueup.shop_products WHERE gone_at IS NOT NULL ORDER BY sku")
    return [row.sku for row in rows]


def promised(shop: Channel, sku: str) -> int | None:
    """What the shop may sell of a product; None where nobody counts it."""
    world, now = shop.here.world, shop.here.clock.now()
    with shop.here.database.transaction() as connection:
        promise = load_promises(connection, shop_channel(world, SHOP, LOCATION, now), [sku], now).get(sku)
    return promise.eaches if promise is not None else None


def test_an_archived_product_is_not_published_and_comes_back(database: Database) -> None:
    """Its count here changes and is not written there; what stays there is a case; active again it is brought up to date."""
    with selling(database, ManualClock(START), VASE, BOWL, LAMP, pace=PAGES) as shop:
        shop.count(VASE_1=12, BOWL_1=7)
        shop.pass_time(120)
        shop.here.shopify.set_status_by_hand("VASE-1", "ARCHIVED")
        sync(shop)
        assert gone(shop) == ["VASE-1"]
        [case] = shop.here.open_cases()
        assert (case["kind"], case["subject"]) == ("product.gone", f"product VASE-1 in {SHOP}")
        assert "a count of 12 at main stays there as published" in case["title"]
        writes = shop.writes()
        shop.count(VASE_1=3)
        shop.pass_time(120)
        sweep(shop)
        assert (shop.writes(), shop.on_hand("VASE-1")) == (writes, 12)
        with shop.here.database.transaction() as connection:
            [known] = shop.here.engine.act(products_of, ["VASE-1"]).values()
            assert as_sold_in(connection, SHOP, [known])["VASE-1"].shop_variant is None, "no order is claimed there"
        shop.here.shopify.set_status_by_hand("VASE-1", "ACTIVE")
        sync(shop)
        assert (gone(shop), shop.here.case_kinds()) == ([], [])
        assert shop.on_hand("VASE-1") == 3


def test_a_deleted_product_that_an_order_holds_is_a_case_with_its_money(database: Database) -> None:
    """The shop counted it: nothing of it is promised any more. Made anew under its SKU it is sold under its new ids."""
    with selling(
        database, ManualClock(START), VASE, BOWL, LAMP, pace=replace(EXPORTS, poll=timedelta(minutes=1))
    ) as shop:
        shop.count(VASE_1=12)
        shop.here.order(line(LAMP, 2))
        shop.pass_time(180)
        assert promised(shop, "LAMP-1")
        shop.here.shopify.delete_by_hand("LAMP-1")
        shop.here.shopify.delete_by_hand("VASE-1")
        sync(shop)
        assert gone(shop) == ["LAMP-1", "VASE-1"]
        assert promised(shop, "LAMP-1") is None
        found = {case["subject"]: case for case in shop.here.open_cases() if case["kind"] == "product.gone"}
        assert sorted(found) == [f"product LAMP-1 in {SHOP}", f"product VASE-1 in {SHOP}"]
        lamp = found[f"product LAMP-1 in {SHOP}"]
        assert "open orders hold 12 eaches of it" in lamp["title"] and lamp["money_at_risk"]
        variants = [{"sku": "VASE-1", "price": "9.00", "levels": {LOCATION: 1}}]
        shop.here.shopify.add_products([{"title": "Vase, new", "variants": variants}])
        sync(shop)
        assert (gone(shop), shop.on_hand("VASE-1")) == (["LAMP-1"], 12)


def test_an_item_that_the_shop_did_not_know_is_a_case_until_its_number_is_taken(database: Database) -> None:
    """Deleted by hand and not yet seen in the catalogue, its count cannot be written; made anew it is, and nothing stays open."""
    with selling(database, ManualClock(START), VASE, BOWL, LAMP, pace=PAGES) as shop:
        shop.here.shopify.delete_by_hand("VASE-1")
        shop.count(VASE_1=9)
        shop.pass_time(120)
        assert shop.here.case_kinds() == ["stock.gone"]
        variants = [{"sku": "VASE-1", "price": "9.00", "levels": {LOCATION: 1}}]
        shop.here.shopify.add_products([{"title": "Vase, new", "variants": variants}])
        sync(shop)
        assert (shop.on_hand("VASE-1"), shop.here.case_kinds()) == (9, [])


def test_a_reading_that_breaks_off_deletes_nothing(database: Database) -> None:
    """Neither pages of which one fails, nor an export that ends with a part of its file, says what is gone."""
    with selling(database, ManualClock(START), VASE, BOWL, LAMP, pace=EXPORTS) as shop:
        shop.pass_time(120)
        shop.here.shopify.add_fault("bulk_failed", mode="TIMEOUT", count=1)
        shop.here.shopify.add_fault("server_error", operation="productVariants", count=None)
        sync(shop, 300)
        assert gone(shop) == []
        shop.here.shopify.clear_faults()
        shop.pass_time(600)
        assert gone(shop) == []


def test_half_a_shop_is_gone_when_two_readings_say_so(database: Database) -> None:
    """A fault of the shop's looks like a deletion: the first reading is a case, the second is believed."""
    with selling(database, ManualClock(START), VASE, BOWL, LAMP, pace=PAGES) as shop:
        skus = [f"CUP-{number:02}" for number in range(FEW + 1)]
        shop.here.shopify.add_products([{"title": sku, "variants": [{"sku": sku, "price": "9.00"}]} for sku in skus])
        sync(shop)
        for sku in skus:
            shop.here.shopify.set_status_by_hand(sku, "DRAFT")
        sync(shop)
        assert (gone(shop), shop.here.case_kinds()) == ([], ["catalogue.shrunk"])
        sync(shop)
        assert (gone(shop), shop.here.case_kinds()) == (skus, [])
