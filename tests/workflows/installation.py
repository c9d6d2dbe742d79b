"""An installation for scenarios: both simulators over HTTP, a real database, one engine, and time that is turned by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from trueup.app import FLOWS, build_books, guard_connections, hold_rules
from trueup.base.clock import ManualClock, write_instant
from trueup.base.money import UnitPrice
from trueup.base.secret import Secret
from trueup.connectors.amazon_vendor import AmazonVendor, AmazonVendorSettings
from trueup.connectors.shopify import ShopifySettings, ShopifyShop
from trueup.connectors.shopify.sales import ShopifySales
from trueup.domain.cases import Resolution, Role
from trueup.domain.catalog import Listing, Product
from trueup.domain.partners import Agreement, CostBasis, Partner, Route
from trueup.durable.engine import Program
from trueup.durable.in_process import InProcessEngine
from trueup.durable.simulated import run_until
from trueup.remote.budget import Unlimited
from trueup.remote.connections import Connections
from trueup.remote.http import HttpClient
from trueup.simulators.amazon import AmazonSimulator
from trueup.simulators.amazon.control import state as amazon_state
from trueup.simulators.serving import serve
from trueup.simulators.shopify import ShopifySimulator
from trueup.storage.database import Database
from trueup.storage.documents import Archive
from trueup.storage.products import save_master
from trueup.storage.sealing import MasterKey
from trueup.storage.views import cases as case_views
from trueup.storage.views import orders as order_views
from trueup.workflows.poll_orders import ensure_polls
from trueup.workflows.resolve_case import Person, resolve_case
from trueup.workflows.sync_products import ensure_syncs
from trueup.workflows.world import Pace, PartnerRoutes, World

PARTNER, VENDOR, SHOP, LOCATION = "amazon-us", "NORDA", "shop", "main"
AGREEMENT = Agreement(PARTNER, VENDOR, "USD", CostBasis.EACH, SHOP, LOCATION)
NO_EVIDENCE = "0" * 64
ELSEWHERE = "annex"


@dataclass
class Goods:
    """A product to sell: seeded in the shop and in the item master."""

    sku: str
    asin: str
    case_size: int = 6
    cost: str = "10.00"
    stock: int = 100
    tracked: bool = True
    circular: bool = False
    declared_source: str | None = None
    elsewhere: int = 0
    """Eaches at another location of the shop, which is not ours."""


LAMP = Goods("LAMP-1", "B000000001")
CHAIR = Goods("CHAIR-1", "B000000002", case_size=4, cost="25.50", stock=40)


@dataclass
class Installation:
    """Everything of one scenario, and the words to speak of it."""

    database: Database
    clock: ManualClock
    amazon: AmazonSimulator
    shopify: ShopifySimulator
    world: World
    engine: InProcessEngine[World]
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 10_000)))

    def order(self, *lines: dict[str, Any], number: str | None = None, **details: Any) -> str:
        """Amazon places an order now; returns its number. A line is `line(...)`."""
        number = number or f"PO{next(self.numbers):06d}"
        now = self.clock.now()
        items = [{**item, "itemSequenceNumber": str(index)} for index, item in enumerate(lines, 1)]
        window = f"{write_instant(now + timedelta(days=5))}--{write_instant(now + timedelta(days=12))}"
        body = {
            "purchaseOrderNumber": number,
            "purchaseOrderState": details.pop("state", "New"),
            "orderDetails": {
                "purchaseOrderDate": write_instant(now),
                "purchaseOrderStateChangedDate": write_instant(now),
                "purchaseOrderType": "RegularOrder",
                "paymentMethod": "Invoice",
                "buyingParty": {"partyId": "AMAZON"},
                "sellingParty": {"partyId": VENDOR},
                "shipToParty": {"partyId": "PHX3"},
                "billToParty": {"partyId": "AMAZON"},
                "deliveryWindow": details.pop("window", window),
                "items": items,
                **details,
            },
        }
        self.amazon.add_orders(body)
        return number

    def pass_time(self, by: timedelta) -> None:
        """Let everything happen that happens until then."""
        run_until(self.engine, self.clock, self.clock.now() + by, self.amazon.next_event)

    def shown(self, number: str) -> dict[str, Any]:
        """The order whole, as our views show it."""
        with self.database.transaction() as connection:
            order_id = connection.execute(
                sa.text("SELECT id FROM trueup.orders WHERE number = :number"), {"number": number}
            ).scalar_one()
            return order_views.show_order(connection, order_id)

    def case_kinds(self, number: str | None = None, state: str | None = "open") -> list[str]:
        """Kinds of cases, of one order or all."""
        with self.database.transaction() as connection:
            rows = case_views.list_cases(connection, state=state, limit=1000)
        return sorted(row["kind"] for row in rows if number is None or number in row["subject"])

    def open_cases(self) -> list[dict[str, Any]]:
        """Open cases whole."""
        with self.database.transaction() as connection:
            return case_views.list_cases(connection, limit=1000)

    def held_by_amazon(self, number: str) -> list[tuple[int, int, int]]:
        """(accepted, backordered, rejected) of each line, as Amazon itself holds it."""
        found = amazon_state(self.amazon, [number])["orders"][0]
        return [(line["accepted"], line["backordered"], line["rejected"]) for line in found["lines"]]

    def sends(self, number: str) -> int:
        """How many acknowledgements Amazon was sent for an order."""
        return len(amazon_state(self.amazon, [number])["transactions"])

    def shop_orders(self, number: str) -> list[dict[str, Any]]:
        """The shop's orders of a purchase order."""
        return [found for found in self.shopify.state()["orders"] if found["po_number"] == number]

    def level(self, sku: str) -> dict[str, int]:
        """The shop's own states of a product at our location."""
        rows = [row for row in self.shopify.state()["levels"] if row["sku"] == sku and row["location"] == LOCATION]
        return {name: value for name, value in rows[0].items() if isinstance(value, int)}

    def sold_eaches(self, number: str) -> dict[str, int]:
        """What the shop's one order of a purchase order holds by product; empty when there is none or it is cancelled."""
        found = [order for order in self.shop_orders(number) if order["cancelled_at"] is None]
        assert len(found) <= 1, f"{len(found)} shop orders for {number}"
        return {
            item["sku"]: item["current_quantity"]
            for order in found
            for item in order["lines"]
            if item["current_quantity"]
        }

    def resolve(self, kind: str, resolution: Resolution, name: str = "Olga") -> None:
        """A person of operations resolves the one open case of a kind."""
        [found] = [case for case in self.open_cases() if case["kind"] == kind]
        person = Person(name, frozenset({Role.OPERATIONS}))
        self.engine.act(resolve_case, found["id"], resolution, person, "told so")


def line(goods: Goods, amount: int, unit: str = "Cases", **changes: Any) -> dict[str, Any]:
    """An order line in Amazon's own JSON."""
    quantity: dict[str, Any] = {"amount": amount, "unitOfMeasure": unit}
    if unit == "Cases":
        quantity["unitSize"] = changes.pop("unit_size", goods.case_size)
    return {
        "amazonProductIdentifier": goods.asin,
        "vendorProductIdentifier": goods.sku,
        "orderedQuantity": quantity,
        "isBackOrderAllowed": changes.pop("backorder", True),
        "netCost": {"amount": changes.pop("cost", goods.cost), "currencyCode": changes.pop("currency", "USD")},
        **changes,
    }


@contextmanager
def install(
    database: Database,
    clock: ManualClock,
    *goods: Goods,
    agreement: Agreement = AGREEMENT,
    **choices: Any,
) -> Iterator[Installation]:
    """Both simulators serving, products on both sides, polls and syncs set going."""
    amazon = AmazonSimulator(now=clock.now, rate_limit=False)
    shop_rules = choices.pop("shop_rules", {})
    shopify = ShopifySimulator(now=clock.now, rate_limit=False, deliver_in_background=False, **shop_rules)
    location = seed_sides(amazon, shopify, goods or (LAMP, CHAIR))
    effects: list[Callable[[str], None]] = []

    def count(label: str) -> None:
        for effect in effects:
            effect(label)

    with serve(amazon.app) as amazon_server, serve(shopify.app) as shopify_server:
        vendor = AmazonVendor(_amazon_settings(amazon_server.url), Unlimited(), clock, on_effect=count)
        http = HttpClient(SHOP, shopify_server.url, on_effect=count)
        shop = ShopifyShop(_shopify_settings(shopify_server.url, location), http, Unlimited(), clock)
        sales = ShopifySales(_shopify_settings(shopify_server.url, location), http, Unlimited(), clock, customers=False)
        world = World(
            database=database,
            archive=Archive(MasterKey(b"k" * 32)),
            connections=_connections(vendor, shop, sales, http),
            partners={PARTNER: Partner(PARTNER, "na", (agreement,))},
            routes={PARTNER: PartnerRoutes(PARTNER, PARTNER, None, {Route.SP_API: PARTNER})},
            rules=hold_rules(),
            books=build_books(None),
            clock=clock,
            pace=choices.pop("pace", Pace(back_fill=timedelta(days=2))),
            shop_places=choices.pop("shop_places", {}),
            two_persons_above=choices.pop("two_persons_above", None),
            programmes=choices.pop("programmes", lambda _on_effect, _shop: {})(count, shopify),
        )
        engine = InProcessEngine(database.engine, Program(world, FLOWS, clock), **choices)
        effects.append(engine.count_effect)
        guard_connections(world.connections, database, clock)
        installed = Installation(database, clock, amazon, shopify, world, engine)
        fill_master(installed, goods or (LAMP, CHAIR), agreement)
        engine.act(ensure_syncs)
        engine.act(ensure_polls)
        yield installed
        vendor.close()
        http.close()


def _connections(vendor: AmazonVendor, shop: ShopifyShop, sales: ShopifySales, http: HttpClient) -> Connections:
    return Connections(
        guarded={PARTNER: vendor, SHOP: http},
        probed={PARTNER: vendor, SHOP: shop},
        order_sources={PARTNER: vendor},
        acknowledgement_sinks={PARTNER: vendor},
        status_sources={PARTNER: vendor},
        product_sources={SHOP: shop},
        stock_sources={SHOP: shop},
        sales_order_sinks={SHOP: shop},
        hint_sources={SHOP: shop},
        stock_readers={SHOP: shop},
        exporters={SHOP: shop},
        stock_sinks={SHOP: shop},
        sales={SHOP: sales},
    )


def _amazon_settings(url: str) -> AmazonVendorSettings:
    return AmazonVendorSettings(
        name=PARTNER,
        region="na",
        client_id="client",
        client_secret=Secret("client-secret"),
        refresh_token=Secret("refresh-token"),
        endpoint=url,
        token_endpoint=f"{url}/auth/o2/token",
    )


def _shopify_settings(url: str, location: str) -> ShopifySettings:
    return ShopifySettings(
        name=SHOP,
        shop="trueup-demo.myshopify.com",
        client_id="app",
        client_secret=Secret("app-secret"),
        endpoint=url,
        locations={LOCATION: location},
    )


def seed_sides(amazon: AmazonSimulator, shopify: ShopifySimulator, goods: tuple[Goods, ...]) -> str:
    """A vendor at Amazon, an app and products in the shop; the shop's id of our location."""
    amazon.add_vendor_group(
        refresh_token="refresh-token", client_id="client", client_secret="client-secret", vendor_codes=[VENDOR]
    )
    shopify.add_app(client_id="app", client_secret="app-secret")
    location = shopify.add_location(LOCATION)
    shopify.add_location(ELSEWHERE)
    marks = [{"namespace": "supercycle", "key": "supercycle_enabled", "type": "boolean", "value": "true"}]
    shopify.add_products(
        [
            {
                "title": item.sku,
                "metafields": marks if item.circular else [],
                "variants": [{"sku": item.sku, "price": "40.00", "tracked": item.tracked, "levels": _levels(item)}],
            }
            for item in goods
        ]
    )
    return location.id


def _levels(item: Goods) -> dict[str, int]:
    return {LOCATION: item.stock, ELSEWHERE: item.elsewhere} if item.elsewhere else {LOCATION: item.stock}


def fill_master(installed: Installation, goods: tuple[Goods, ...], agreement: Agreement) -> None:
    """The item master knows them, with what the buyer pays for each."""
    rows = []
    for item in goods:
        cost = UnitPrice(Decimal(item.cost), agreement.currency)
        product = Product(item.sku, item.sku, item.case_size, declared_source=item.declared_source)
        rows.append((product, Listing(agreement.vendor_code, item.sku, item.asin, item.sku, cost)))
    with installed.database.transaction() as connection:
        save_master(connection, rows, NO_EVIDENCE, installed.clock.now())


def with_terms(**changes: Any) -> Agreement:
    """The usual agreement with other terms."""
    return replace(AGREEMENT, **changes)


def at(moment: datetime) -> str:
    """An instant as Amazon writes it."""
    return write_instant(moment)
