"""Two shops on one installation, one of them without any wholesale: each is told what it sells, where it sells it, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.workflows.channels import BOWL, LAMP, QUIET, VASE, Channel, selling
from tests.workflows.installation import LOCATION, SHOP
from trueup.base.clock import ManualClock
from trueup.base.secret import Secret
from trueup.connectors.shopify import ShopifySettings, ShopifyShop
from trueup.connectors.shopify.sales import ShopifySales
from trueup.remote.budget import Unlimited
from trueup.remote.http import HttpClient
from trueup.simulators.serving import serve
from trueup.simulators.shopify import ShopifySimulator
from trueup.storage.database import Database
from trueup.workflows.check_stock import begin_sweep, ensure_sweeps, finish_sweep, sweep_rounds
from trueup.workflows.poll_sales import ensure_sales
from trueup.workflows.rounds import ask_sooner, start_rounds
from trueup.workflows.sync_products import ensure_syncs

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
OUTLET = "outlet"


@contextmanager
def both(database: Database, *, outlet_sells: tuple[str, ...]) -> Iterator[tuple[Channel, ShopifySimulator]]:
    """The usual shop, whose goods wholesale orders too, and an outlet that sells some of them from the same place."""
    clock = ManualClock(START)
    outlet = ShopifySimulator(seed=7, shop="outlet.myshopify.com", now=clock.now, rate_limit=False)
    outlet.add_app(client_id="app", client_secret="app-secret")
    place = outlet.add_location(LOCATION)
    outlet.add_products(
        [
            {"title": sku, "variants": [{"sku": sku, "price": "30.00", "tracked": True, "levels": {LOCATION: 1}}]}
            for sku in outlet_sells
        ]
    )
    choices = {"pace": replace(QUIET, stock_sweep=timedelta(hours=1)), "shop_places": {OUTLET: (LOCATION,)}}
    with serve(outlet.app) as server, selling(database, clock, VASE, BOWL, LAMP, **choices) as shop:
        settings = ShopifySettings(
            name=OUTLET,
            shop="outlet.myshopify.com",
            client_id="app",
            client_secret=Secret("app-secret"),
            endpoint=server.url,
            locations={LOCATION: place.id},
        )
        http = HttpClient(OUTLET, server.url)
        store = ShopifyShop(settings, http, Unlimited(), clock)
        for given in ("product_sources", "stock_sources", "stock_readers", "stock_sinks"):
            getattr(shop.here.world.connections, given)[OUTLET] = store
        orders = ShopifySales(settings, http, Unlimited(), clock, customers=False)
        shop.here.world.connections.sales[OUTLET] = orders
        shop.here.engine.act(ensure_syncs)
        shop.here.engine.act(ensure_sweeps)
        shop.here.engine.act(ensure_sales)
        shop.pass_time(60)
        yield shop, outlet
        http.close()
        outlet.close()


def on_hand(shop: ShopifySimulator) -> dict[str, int]:
    """By SKU, what a shop holds."""
    return {row["sku"]: row["on_hand"] for row in shop.state()["levels"]}


def test_each_shop_is_told_what_it_sells(database: Database) -> None:
    """The outlet has no wholesale agreement and sells vases alone: it gets their count, under its own ids, and no bowls."""
    with both(database, outlet_sells=("VASE-1",)) as (shop, outlet):
        shop.count(VASE_1=12, BOWL_1=7)
        shop.pass_time(120)
        assert (shop.on_hand("VASE-1"), shop.on_hand("BOWL-1")) == (12, 7)
        assert on_hand(outlet) == {"VASE-1": 12}
        shop.pass_time(3700)
        rows = shop.rows("SELECT channel, sku FROM trueup.publications ORDER BY 1, 2")
        assert rows == [(OUTLET, "VASE-1"), (SHOP, "BOWL-1"), (SHOP, "LAMP-1"), (SHOP, "VASE-1")]
        assert shop.here.case_kinds() == []


def test_what_one_shop_sends_off_the_other_no_longer_sells(database: Database) -> None:
    """A parcel of the shop is taken off the outlet's number, and the shop's own is left to the shop; the next parcel too."""
    with both(database, outlet_sells=("VASE-1",)) as (shop, outlet):
        shop.count(VASE_1=12)
        shop.pass_time(120)
        before = shop.writes()
        for eaches, left in ((3, 9), (2, 7)):
            order = shop.here.shopify.sell("VASE-1", eaches)
            shop.here.shopify.fulfil_by_hand(order.name)
            shop.pass_time(300)
            assert (shop.on_hand("VASE-1"), on_hand(outlet)) == (left, {"VASE-1": left})
        outlet.fulfil_by_hand(outlet.sell("VASE-1", 1).name)
        shop.pass_time(4000)
        assert (shop.on_hand("VASE-1"), on_hand(outlet)) == (6, {"VASE-1": 6})
        assert shop.writes() == before + 1, "only what the outlet sold is written to the shop"
        assert shop.here.case_kinds(state=None) == []


def test_goods_that_two_shops_count_are_counted_by_neither(database: Database) -> None:
    """Both track lamps at one place, and neither knows what the other sells: a case, until the outlet stops counting."""
    with both(database, outlet_sells=("LAMP-1",)) as (shop, outlet):
        assert shop.here.case_kinds() == ["stock.counted-twice"]
        assert shop.rows("SELECT counted FROM trueup.products WHERE sku = 'LAMP-1'") == [("unknown",)]
        outlet.track_by_hand("LAMP-1", tracked=False)
        shop.here.engine.act(ensure_syncs)
        shop.pass_time(60)
        assert shop.here.case_kinds() == []
        assert shop.rows("SELECT counted FROM trueup.products WHERE sku = 'LAMP-1'") == [("shop",)]


def test_sweeps_of_a_shop_come_one_after_the_other(database: Database) -> None:
    """One asked for while another is under way waits for its end, and is done then."""
    with both(database, outlet_sells=("VASE-1",)) as (shop, _):
        engine, [mine] = shop.here.engine, [each for each in sweep_rounds(shop.here.world) if each.source == SHOP]
        before = swept(shop)
        number = engine.act(begin_sweep, SHOP, "one under way")
        assert number is not None
        engine.act(lambda tx: start_rounds(tx, mine))
        engine.act(lambda tx: ask_sooner(tx, [mine]))
        shop.pass_time(90)
        assert swept(shop) == before, "another sweep of the shop is under way"
        engine.act(finish_sweep, SHOP, "one under way", number, 0)
        shop.pass_time(90)
        assert swept(shop) == before + 3, "three products, once"


def swept(shop: Channel) -> int:
    """How many products all sweeps of the usual shop have listed."""
    query = "SELECT coalesce(sum(documents), 0) FROM trueup.sources WHERE query = 'stock-sweep' AND name = :shop"
    return int(shop.rows(query, shop=SHOP)[0][0])
