"""Trade-ins for scenarios: the shop's simulator over HTTP, a shelf of items, a real database, and time that is turned by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.workflows.bookkeeping import Bookkeeping
from tests.workflows.crashing import outlive
from trueup.app import FLOWS
from trueup.base.errors import Conflict, NotFound, RemoteError, Transient
from trueup.base.money import Money
from trueup.base.secret import Secret
from trueup.connectors.shopify import ShopifySettings
from trueup.connectors.shopify.credits import ShopifyCredits
from trueup.connectors.shopify.sales import ShopifySales
from trueup.domain.cases import Role
from trueup.domain.catalog import Product
from trueup.domain.chart import Purpose
from trueup.domain.circular import Condition, Item, ItemChange, NewItem, Readiness
from trueup.domain.credits import Instrument
from trueup.domain.shop_sales import HiddenProducts
from trueup.domain.trade_ins import Grade, TradeIn, TradeInTerms
from trueup.durable.engine import Program
from trueup.durable.in_process import InProcessEngine
from trueup.durable.simulated import run_until
from trueup.remote.budget import Unlimited
from trueup.remote.circular import Batch, CircularConnection, ItemQuery
from trueup.remote.connections import Connections
from trueup.remote.http import HttpClient
from trueup.remote.observed import Observed
from trueup.simulators.serving import serve
from trueup.simulators.shopify import ALL_SCOPES, ShopifySimulator
from trueup.simulators.shopify.shopping import Basket
from trueup.storage.database import Database
from trueup.storage.shop_products import Neighbours, save_shop_products
from trueup.storage.views import trade_ins as views
from trueup.workflows.grade_trade_in import Judgement, grade_trade_in, record_trade_ins
from trueup.workflows.poll_sales import ensure_sales
from trueup.workflows.resolve_case import Person
from trueup.workflows.watch_credits import ensure_credit_watch
from trueup.workflows.world import Pace, Programme

SHOP, SYSTEM, SKU = "shop", "shelf", "TENT-2"
OLGA = Person("Olga", frozenset({Role.OPERATIONS}))
FAY = Person("Fay", frozenset({Role.FINANCE}))
EVE = Person("Eve", frozenset({Role.ECOMMERCE}))
TERMS = TradeInTerms(
    SYSTEM,
    SHOP,
    Instrument.GIFT_CARD,
    {"good": Grade(Decimal(100), 1), "worn": Grade(Decimal(60), 2), "broken": Grade(Decimal(0))},
)
SIMULATED = "trueup-demo.myshopify.com"


@dataclass
class Shelf:
    """A circular system of the least: items in memory, found by serial, and troubles on demand. `on_effect` counts its writes as a
    connector counts requests: before they leave, and after they were done there."""

    name: str = SYSTEM
    items: dict[int, Item] = field(default_factory=dict)
    troubles: list[RemoteError] = field(default_factory=list)
    on_effect: Any = None

    def _count(self, label: str) -> None:
        if self.on_effect:
            self.on_effect(label)

    def _trouble(self) -> RemoteError | None:
        return self.troubles.pop(0) if self.troubles else None

    def fetch_items(self, query: ItemQuery, page: str | None) -> Observed[Batch[Item]]:
        return Observed(Batch(tuple(self.items.values())), b"items")

    def fetch_item(self, item_id: int) -> Observed[Item]:
        if item_id not in self.items:
            raise NotFound(f"item {item_id}")
        return Observed(self.items[item_id], b"item")

    def find_by_serial(self, serial: str) -> Observed[Item | None]:
        found = [item for item in self.items.values() if item.serial == serial]
        if len(found) > 1:
            raise Conflict(f"{len(found)} items bear serial {serial}")
        return Observed(found[0] if found else None, b"found")

    def create_item(self, item: NewItem) -> Observed[Item]:
        self._count("before create_item")
        trouble = self._trouble()
        if trouble is not None and not trouble.maybe_applied:
            raise trouble
        number = len(self.items) + 501
        made = Item(
            number,
            item.visibility,
            Readiness.UNPROCESSED,
            variant=item.variant,
            serial=item.serial,
            condition=Condition(item.condition_id, "") if item.condition_id else None,
            acquisition_cost=item.acquisition_cost,
            created_at=datetime(2026, 11, 2, tzinfo=UTC),
        )
        self.items[number] = made
        self._count("after create_item")
        if trouble is not None:
            raise trouble
        return Observed(made, b"made")

    def change_item(self, item_id: int, change: ItemChange) -> Observed[Item]:
        self._count("before change_item")
        if (trouble := self._trouble()) is not None:
            raise trouble
        item = self.items[item_id]
        self.items[item_id] = replace(
            item,
            visibility=change.visibility or item.visibility,
            readiness=change.readiness or item.readiness,
            condition=Condition(change.condition_id, "") if change.condition_id else item.condition,
        )
        self._count("after change_item")
        return Observed(self.items[item_id], b"changed")


class Trading(Bookkeeping):
    """An installation that takes trade-ins, and the words to speak of it."""

    shopify: ShopifySimulator
    shelf: Shelf
    customer: str
    products: dict[str, str]

    def told(self, key: str = "T-1", serial: str = "TN-1", quote: str = "80.00", **more: Any) -> TradeIn:
        """A trade-in of a tent."""
        values = {"recorded_on": date(2026, 11, 2), "customer": self.customer, **more}
        return TradeIn(key, SKU, serial, Money.of(quote, "USD"), **values)

    def record(self, *told: TradeIn, person: Person = OLGA) -> Any:
        """Trade-ins become known."""
        return self.act(record_trade_ins, told or (self.told(),), person)

    def grade(self, key: str = "T-1", grade: str = "good", limit: Money | None = None, **more: Any) -> Any:
        """Somebody looks at the item."""
        return self.act(grade_trade_in, key, Judgement(grade, **more), OLGA, limit)

    def pass_time(self, by: timedelta = timedelta(minutes=5)) -> None:
        """Let everything happen that happens until then, however often a worker is killed."""
        until = self.clock.now() + by
        outlive(self.engine, lambda: run_until(self.engine, self.clock, until))

    def buy(self, *lines: tuple[str, dict[str, str]], **pays: Any) -> Any:
        """The customer buys, each one of a product of ours: (name, properties)."""
        wanted = [(self.products[name], 1, properties) for name, properties in lines]
        return self.shopify.buy(Basket(wanted, self.customer, **pays))

    def watch(self) -> None:
        """Sales and credits are looked at from now on, and the proofs go round."""
        self.engine.act(ensure_sales)
        self.engine.act(ensure_credit_watch)
        self.pass_time()

    def shown(self, key: str = "T-1") -> dict[str, Any]:
        """One trade-in as people see it."""
        with self.database.transaction() as connection:
            return views.show_trade_in(connection, key)

    def item(self, serial: str = "TN-1") -> Item:
        """The one item of a serial."""
        (found,) = [item for item in self.shelf.items.values() if item.serial == serial]
        return found

    def cards(self) -> list[dict[str, Any]]:
        """Every gift card in the shop."""
        found: list[dict[str, Any]] = self.shopify.state()["gift_cards"]
        return found

    def store_credit(self) -> tuple[str, int]:
        """What the customer has, and in how many movements."""
        accounts = self.shopify.state()["store_credit"]
        return (accounts[0]["balance"], len(accounts[0]["movements"])) if accounts else ("0", 0)

    def liability(self) -> int:
        """What the books say is owed on credits, in cents."""
        return -self.balance(Purpose.CREDITS)


@contextmanager
def trade(
    database: Database, terms: TradeInTerms = TERMS, *, crash_at: int | None = None, **choices: Any
) -> Iterator[Trading]:
    """Books, a shop and a shelf."""
    books = Trading(database)
    books.shopify = ShopifySimulator(now=books.clock.now, rate_limit=False, deliver_in_background=False, **choices)
    location, deposit = _seed(books)
    books.shelf = Shelf()
    effects: list[Any] = []

    def count(label: str) -> None:
        if effects:
            effects[0](label)

    books.shelf.on_effect = count
    with serve(books.shopify.app) as server:
        settings = ShopifySettings(
            name=SHOP,
            shop=SIMULATED,
            client_id="app",
            client_secret=Secret("app-secret"),
            endpoint=server.url,
            locations={"main": location},
        )
        http = HttpClient(SHOP, server.url, on_effect=count)
        tills = ShopifyCredits(settings, http, Unlimited(), books.clock)
        sales = ShopifySales(settings, http, Unlimited(), books.clock)
        shelf: Any = books.shelf
        circular = CircularConnection(shelf, shelf, *[shelf] * 6)
        books.world = replace(
            books.world,
            connections=Connections(gift_cards={SHOP: tills}, store_credits={SHOP: tills}, sales={SHOP: sales}),
            programmes={SYSTEM: Programme(SYSTEM, SHOP, "USD", circular)},
            trade_ins=terms,
            pace=Pace(credits=timedelta(days=1), sales=timedelta(days=1)),
            hidden={SHOP: HiddenProducts(frozenset({deposit}))},
        )
        books.engine = InProcessEngine(database.engine, Program(books.world, FLOWS, books.clock), crash_at=crash_at)
        known = Product(SKU, "Tent", shop_variant=books.products["tent"], tracked=False, circular=True)
        with database.transaction() as connection:
            save_shop_products(connection, Neighbours(SHOP), [known], "0" * 64, books.clock.now())
        effects.append(books.engine.count_effect)
        try:
            yield books
        finally:
            http.close()


def _seed(books: Trading) -> tuple[str, str]:
    """An app, a tent, a deposit and a customer; returns the location and the product that deposits are."""
    books.shopify.add_app("app", "app-secret", f"{ALL_SCOPES} read_all_orders")
    location = books.shopify.add_location("main").id
    tent, deposit = books.shopify.add_products(
        [
            {"title": "Tent", "variants": [{"sku": SKU, "price": "200.00", "tracked": False}]},
            {"title": "Deposit", "variants": [{"price": "50.00", "tracked": False}]},
        ]
    )
    books.products = {"tent": tent.variants[0].id, "deposit": deposit.variants[0].id}
    books.customer = books.shopify.add_customer("Cara Nunes").id
    return location, deposit.id


def store_credit_terms() -> TradeInTerms:
    """The same agreement, with store credit."""
    return replace(TERMS, instrument=Instrument.STORE_CREDIT)


def lost() -> RemoteError:
    """A write that was done and not answered."""
    return Transient("the connection was lost", maybe_applied=True)
