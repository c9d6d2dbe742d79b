"""Amazon's numbers in a shop: requested, late, restated; set once and only where they changed, compared, read back, set right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from tests.contracts.retail_reports import forecast, inventory, sales
from tests.workflows.conftest import NewDatabase
from tests.workflows.crashing import Fate, kill_everywhere
from tests.workflows.reported import DAY, HOUR, SOURCE, TERMS, Reported, begin, report
from trueup.base.clock import write_instant
from trueup.base.secret import Secret
from trueup.connectors.shopify import ShopifySettings
from trueup.connectors.shopify.showcase import ShopifyShowcase
from trueup.domain.catalog import Listing, Product
from trueup.domain.report_plans import ReportTerms
from trueup.domain.vendor_reports import ReportKind
from trueup.remote.budget import Unlimited
from trueup.remote.http import HttpClient
from trueup.simulators.serving import serve
from trueup.simulators.shopify import ShopifySimulator
from trueup.storage.database import Database
from trueup.storage.products import save_master
from trueup.storage.shop_products import Neighbours, save_shop_products
from trueup.workflows.show_retail import ensure_showing

KINDS = (ReportKind.SALES, ReportKind.INVENTORY, ReportKind.FORECAST)
SHOWN: ReportTerms = replace(TERMS, kinds=KINDS, late_days=14, back_fill_days=30, shop="shop")


class Shopping(Reported):
    """An installation, Amazon, and a shop."""

    shopify: ShopifySimulator

    def fields(self, sku: str) -> dict[str, str]:
        """What the shop itself holds of a product."""
        (variant,) = [each for each in self.shopify.world.variants if each.inventory_item.sku == sku]
        return {key: found.value for (_, key), found in variant.metafields.items()}

    def objects(self) -> dict[str, dict[str, str]]:
        """The shop's metaobjects by handle."""
        return {name: dict(found.stored) for (_, name), found in self.shopify.world.drawer.objects.items()}

    def writes(self) -> int:
        """How many times anything was set."""
        names = ("metafieldsSet", "metaobjectUpsert")
        return sum(any(name in names for name in each["operations"]) for each in self.shopify.journal)


@contextmanager
def showing(database: Database, terms: ReportTerms = SHOWN) -> Iterator[Shopping]:
    """Reports of thirty days of one product, and a shop that has it and another that Amazon does not know. A second shop, the
    first by name, sells both under ids of its own, which are nobody else's."""
    with report(database, terms) as opened:
        books: Any = opened
        books.__class__ = Shopping
        books.shopify = ShopifySimulator(now=books.clock.now, rate_limit=False, deliver_in_background=False)
        books.shopify.add_app(client_id="app", client_secret="app-secret")
        books.shopify.add_location("main")
        variants = [[{"sku": sku, "price": "40.00"}] for sku in ("LAMP-1", "CHAIR-1")]
        books.shopify.add_products([{"title": each[0]["sku"], "variants": each} for each in variants])
        ids = {each.inventory_item.sku: each.id for each in books.shopify.world.variants}
        rows = [
            (Product("LAMP-1", "Lamp"), Listing("NORDA", "LAMP-1", "B000000001")),
            (Product("CHAIR-1", "Chair"), Listing("NORDA", "CHAIR-1", "B000000009")),
        ]
        with books.database.transaction() as connection:
            save_master(connection, rows, "0" * 64, books.clock.now())
            for shop, mine in (("attic", {sku: f"gid://shopify/ProductVariant/{sku}" for sku in ids}), ("shop", ids)):
                sold = [
                    Product(sku, sku, shop_variant=variant, shop_item=f"{shop} {sku}") for sku, variant in mine.items()
                ]
                save_shop_products(connection, Neighbours(shop), sold, "0" * 64, books.clock.now())
        for ago in range(3, 40):
            books.tell(books.day(ago), sales(2))
            books.tell(books.day(ago), inventory(100 - ago, 24))
        sunday = books.day(books.clock.now().isoweekday() % 7)
        for week in range(6):
            books.tell(sunday + 7 * week * DAY, forecast(f"{10 + week}.5"))
        with serve(books.shopify.app) as server:
            settings = ShopifySettings(
                name="shop",
                shop="trueup-demo.myshopify.com",
                client_id="app",
                client_secret=Secret("app-secret"),
                endpoint=server.url,
                locations={},
            )
            http = HttpClient("shop", server.url, on_effect=books.engine.count_effect)
            books.world.connections.showcases["shop"] = ShopifyShowcase(settings, http, Unlimited(), books.clock)
            yield books
            http.close()


def start(books: Shopping) -> None:
    """Plans and showing begin."""
    begin(books)
    books.engine.act(ensure_showing)


def test_what_amazon_reports_stands_on_the_product_and_only_changes_are_written(database: Database) -> None:
    """The numbers with their days; nothing again while nothing changes; a restated day once; a foreign change set right."""
    with showing(database) as books:
        start(books)
        books.pass_time(3 * HOUR)
        shown = books.fields("LAMP-1")
        day = f"{books.day(3):%Y-%m-%d}"
        assert shown["updated_at"].endswith("Z")
        assert {key: value for key, value in shown.items() if key != "updated_at"} == {
            "sellable_on_hand": "97",
            "open_order_units": "24",
            "stock_day": day,
            "shipped_7_days": "14",
            "shipped_28_days": "56",
            "sales_day": day,
            "forecast_28_days": "48",
        }
        ((handle, thing),) = books.objects().items()
        assert (
            handle.startswith("us-lamp-1-") and thing["asins"] == "B000000001" and '"p90": "13.5"' in thing["forecast"]
        )
        assert books.fields("CHAIR-1") == {}, "Amazon does not know it"
        pinned = [each.pinned_position for each in books.shopify.world.definitions.values()]
        assert sorted(filter(None, pinned)) == list(range(1, 9))
        before = books.writes()
        books.pass_time(8 * HOUR)
        assert books.writes() == before, "nothing changed"
        books.tell(books.day(5), sales(12), visibleAt=write_instant(books.clock.now()))
        books.pass_time(3 * HOUR)  # the next day is due, and with it the restated one
        assert books.fields("LAMP-1")["shipped_7_days"] == "22"
        assert books.rows("SELECT sku, fields ->> 'shipped_7_days' FROM trueup.shown_retail") == [("LAMP-1", "22")]
        (variant,) = [each for each in books.shopify.world.variants if each.inventory_item.sku == "LAMP-1"]
        stolen = next(found for (_, key), found in variant.metafields.items() if key == "shipped_7_days")
        stolen.value = "7000"
        books.pass_time(DAY + HOUR)
        assert books.fields("LAMP-1")["shipped_7_days"] != "7000" and books.open_cases() == []


def test_a_number_that_is_not_known_any_more_is_taken_away(database: Database) -> None:
    """Amazon's reports end: what was sold and what is forecast cannot be said any more, what was counted keeps its day; and a
    product that lost its ASIN shows nothing. Its object says which fields are left."""
    with showing(database) as books:
        start(books)
        books.pass_time(3 * HOUR)
        assert "forecast_28_days" in books.fields("LAMP-1")
        with books.database.transaction() as connection:
            connection.exec_driver_sql("DELETE FROM trueup.vendor_reports WHERE kind = 'sales'")
            connection.exec_driver_sql("DELETE FROM trueup.vendor_figures WHERE kind = 'forecast'")
        books.world.reports[SOURCE] = replace(SHOWN, kinds=(ReportKind.INVENTORY,))  # type: ignore[index]
        books.pass_time(2 * HOUR)
        assert books.fields("LAMP-1").keys() == {"sellable_on_hand", "open_order_units", "stock_day", "updated_at"}
        ((_, thing),) = books.objects().items()
        assert "shipped_7_days" not in thing and thing["sellable_on_hand"] == "97"
        with books.database.transaction() as connection:
            connection.exec_driver_sql("UPDATE trueup.listings SET asin = NULL WHERE sku = 'LAMP-1'")
        books.pass_time(2 * HOUR)
        assert books.fields("LAMP-1") == {}
        ((_, thing),) = books.objects().items()
        assert thing.keys() == {"title", "sku", "marketplace", "variant", "forecast"} and books.open_cases() == []


def test_products_of_one_asin_show_the_same_and_say_so(database: Database) -> None:
    """Amazon counts the ASIN: whoever adds the two would count everything twice."""
    with showing(database) as books:
        with books.database.transaction() as connection:
            connection.exec_driver_sql("UPDATE trueup.listings SET asin = 'B000000001' WHERE sku = 'CHAIR-1'")
        start(books)
        books.pass_time(3 * HOUR)
        assert books.fields("LAMP-1") == books.fields("CHAIR-1") != {}
        assert {each["sku"]: each["shared_with"] for each in books.objects().values()} == {
            "LAMP-1": "CHAIR-1",
            "CHAIR-1": "LAMP-1",
        }


def test_days_without_a_report_are_no_days_without_sales(database: Database) -> None:
    """With fourteen days known there are seven of them, and not yet 28."""
    with showing(database, replace(SHOWN, back_fill_days=0, kinds=(ReportKind.SALES,))) as books:
        start(books)
        books.pass_time(HOUR)
        assert books.fields("LAMP-1").keys() == {"shipped_7_days", "sales_day", "updated_at"}


def test_where_the_settings_name_no_shop_nothing_is_shown(database: Database) -> None:
    """Off is off: not even a definition is made."""
    with showing(database, replace(SHOWN, shop=None)) as books:
        start(books)
        books.pass_time(3 * HOUR)
        assert books.reports() and books.writes() == 0 and books.shopify.world.definitions == {}


def test_a_shop_that_fails_is_asked_again_and_a_foreign_definition_is_told(database: Database) -> None:
    """Throttled, in trouble, its answer lost: set in the end, once; defined as something else: a person is told what to do."""
    with showing(database) as books:
        for kind in ("throttled", "applied_but_timed_out", "server_error"):
            books.shopify.add_fault(kind, operation="metafieldsSet")
        start(books)
        books.pass_time(5 * HOUR)
        assert books.fields("LAMP-1")["sellable_on_hand"] == "97" and len(books.objects()) == 1
        (definition,) = [each for each in books.shopify.world.definitions.values() if each.key == "stock_day"]
        definition.type = "single_line_text_field"
        books.pass_time(2 * DAY)
        assert ("source.failing", f"source shop amazon numbers of {SOURCE}") in [
            case[:2] for case in books.open_cases()
        ]


def _travel(database: Database, fate: Fate) -> Any:
    """The numbers of one product are shown and one is taken away, killed as fated; the end."""
    with showing(database, replace(SHOWN, kinds=(ReportKind.INVENTORY,), late_days=1, back_fill_days=0)) as books:
        (variant,) = [each for each in books.shopify.world.variants if each.inventory_item.sku == "LAMP-1"]
        books.engine.fate = fate
        begin(books)
        books.pass_time(HOUR // 2)
        with books.database.transaction() as connection:
            connection.exec_driver_sql("UPDATE trueup.vendor_figures SET numbers = numbers - 'openPurchaseOrderUnits'")
        books.pass_time(HOUR)
        fields = books.fields("LAMP-1")
        names = ["sellable_on_hand", "stock_day", "updated_at"]
        objects = list(books.objects().values())
        return sorted(fields) == names, fields, objects, books.open_cases(), len(variant.metafields)


def test_a_crash_at_any_effect_shows_the_same_numbers(new_database: NewDatabase) -> None:
    """Defined once, set once, taken away once, and no case: whatever was done before is found, not doubled."""

    def live(fate: Fate) -> Any:
        with new_database() as database:
            return _travel(database, fate)

    as_named, _, objects, open_cases, _ = kill_everywhere(live)
    assert as_named and len(objects) == 1 and open_cases == []
