"""The composition root: builds the Application from settings. The only module that imports everything."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import sqlalchemy as sa

from trueup import __version__
from trueup.base.clock import Clock, SystemClock
from trueup.base.plugins import collect
from trueup.connectors.amazon_vendor import AmazonVendor, AmazonVendorSettings
from trueup.connectors.amazon_vendor.direct_fulfillment import AmazonDirectFulfillment, direct_fulfillment_name
from trueup.connectors.amazon_vendor.finances import AmazonFinances, finances_name
from trueup.connectors.amazon_vendor.reports import AmazonReports, reports_name
from trueup.connectors.amazon_vendor.wire import Wire, Wired
from trueup.connectors.folder import Folder, FolderPlaces
from trueup.connectors.openid import OpenIdProvider, OpenIdSettings
from trueup.connectors.shopify import ShopifySettings, ShopifyShop
from trueup.connectors.shopify.credits import ShopifyCredits
from trueup.connectors.shopify.sales import ShopifySales
from trueup.connectors.shopify.showcase import ShopifyShowcase
from trueup.connectors.supercycle import SupercycleSettings, SupercycleV1
from trueup.domain import deductions, holds, matchers
from trueup.domain.bank import BankRules
from trueup.domain.deduction import DeductionType
from trueup.domain.hold import Hold
from trueup.domain.matcher import Matcher
from trueup.domain.partners import Route
from trueup.domain.shop_sales import HiddenProducts
from trueup.durable.budgets import Budgets
from trueup.durable.engine import Program
from trueup.durable.on_dbos import DbosEngine
from trueup.durable.takeover import WorkerSettings
from trueup.remote.budget import Budget
from trueup.remote.capability import Connections
from trueup.remote.circular import CircularConnection
from trueup.remote.http import HttpClient
from trueup.settings.chart import default_chart, load_chart
from trueup.settings.load import load_settings
from trueup.settings.model import Settings
from trueup.storage.database import Database
from trueup.storage.documents import Archive
from trueup.storage.embedded import EmbeddedServer
from trueup.storage.pauses import demand_running
from trueup.storage.sealing import MasterKey
from trueup.storage.secrets import load_secret
from trueup.store import DryRun, open_store
from trueup.workflows import watch
from trueup.workflows.flows import FLOWS
from trueup.workflows.world import Books, Pace, PartnerRoutes, Programme, Tx, World

if TYPE_CHECKING:
    from starlette.types import ASGIApp

T = TypeVar("T")
PLUGIN_GROUPS = {"holds": "trueup.holds", "deductions": "trueup.deductions", "matchers": "trueup.matchers"}


def hold_rules() -> tuple[Hold, ...]:
    """Every hold rule, our own and those of outside packages, in their stated order."""
    found = collect(holds, "HOLD", Hold, key=lambda rule: rule.name, group=PLUGIN_GROUPS["holds"])
    return tuple(sorted(found.values(), key=lambda rule: (rule.order, rule.name)))


def deduction_types() -> dict[str, DeductionType]:
    """Every deduction type by its code, our own and those of outside packages."""
    return collect(
        deductions, "DEDUCTION", DeductionType, key=lambda each: each.code, group=PLUGIN_GROUPS["deductions"]
    )


def all_matchers() -> tuple[Matcher, ...]:
    """Every matcher in its stated order."""
    found = collect(matchers, "MATCHER", Matcher, key=lambda each: each.name, group=PLUGIN_GROUPS["matchers"])
    return tuple(sorted(found.values(), key=lambda each: (each.order, each.name)))


def build_books(path: Path | None) -> Books:
    """How the books are kept: the chart of the file, or the one that comes with Trueup."""
    types = deduction_types()
    chart = load_chart(path, types) if path is not None else default_chart()
    return Books.of(chart, types, all_matchers())


def build_web(app: Application, *, open_house: bool = False) -> ASGIApp:
    """An installation's console, its API, and what other systems call, as one web application. `open_house`: anyone comes in as
    anyone (a demonstration)."""
    # Imported here: what draws pages takes as long to load as all the rest, and most commands draw none.
    from trueup.api.metrics import Calls
    from trueup.api.server import beside, build_api
    from trueup.api.v1 import build_v1, describe
    from trueup.console.server import build_console

    calls = Calls()
    taken_in = calls.counting(build_api(app.world, app.engine.act, app.settings.signals))
    return beside(build_console(app, describe, open_house=open_house), taken_in, build_v1(app, calls))


@dataclass(frozen=True)
class Application:
    """An opened installation. Close it, or use it as a context manager."""

    settings: Settings
    world: World
    engine: DbosEngine[World]
    server: EmbeddedServer | None = None
    closers: Sequence[Callable[[], None]] = field(default=())

    @property
    def database(self) -> Database:
        """The database, migrated."""
        return self.world.database

    def act(self, dry_run: bool, fn: Callable[..., T], *args: Any) -> T:
        """A person acts: `fn(tx, *args)` in one transaction with its starts and timers; rolled back when `dry_run`."""
        if not dry_run:
            return self.engine.act(fn, *args)
        kept: list[T] = []

        def tried(tx: Tx) -> None:
            kept.append(fn(tx, *args))
            raise DryRun

        with contextlib.suppress(DryRun):
            self.engine.act(tried)
        return kept[0]

    def work(self) -> None:
        """Become a worker: everything that goes round is set going, and runs are taken from the queues."""
        self.engine.launch()
        self.engine.act(watch.ensure_watch)

    def close(self) -> None:
        """Stop working, close connections, and stop the embedded server if this process started it."""
        self.engine.close()
        for closer in self.closers:
            closer()
        self.world.database.close()
        if self.server is not None:
            self.server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Opening:
    """How an installation is opened. `on_effect` counts requests to other systems (for tests); `pace` and `budget` are for
    simulations, which need not wait."""

    clock: Clock = field(default_factory=SystemClock)
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    pace: Pace | None = None
    worker: WorkerSettings | None = None
    on_effect: Callable[[str], None] | None = None
    budget: Callable[[sa.Engine, Clock], Budget] = Budgets
    settings: Callable[[Settings], Settings] = lambda settings: settings


def open_application(path: Path, opening: Opening | None = None) -> Application:
    """Open the installation that a trueup.toml describes: start or find its database, migrate it, build every connection.

    Raises ConfigurationError, Refused (a database of a newer version), Transient (the database cannot be reached).
    """
    how = opening or Opening()
    store = open_store(path, how.environ)
    database, key = store.database, store.key
    try:
        settings = how.settings(load_settings(path, how.environ, lambda name: _sealed(database, key, name)))
        world, closers = build_world(settings, database, key, how)
        program = Program(world, FLOWS, how.clock, _on_defect(world))
        concurrency = settings.worker.concurrency
        worker = how.worker or WorkerSettings(application_version=__version__, concurrency=concurrency)
        engine = DbosEngine(database.engine, program, worker)
    except BaseException:
        store.close()
        raise
    return Application(settings, world, engine, store.server, closers)


def build_world(
    settings: Settings, database: Database, key: MasterKey, how: Opening
) -> tuple[World, list[Callable[[], None]]]:
    """Every connection and the rules: what flows are given."""
    budget = how.budget(database.engine, how.clock)
    connections, closers = build_connections(settings, budget, how)
    programmes = build_programmes(settings, budget, how, (connections, closers))
    guard_connections(connections, database, how.clock)
    world = World(
        database=database,
        archive=Archive(key),
        connections=connections,
        partners={partner.name: partner for partner in settings.partners},
        routes=_routes(settings),
        rules=hold_rules(),
        books=build_books(settings.books.chart),
        clock=how.clock,
        pace=how.pace or _pace(settings.worker),
        bank=BankRules(date.min, settings.bank.days, settings.bank.payers),
        programmes=programmes,
        feeds={shop.name: shop.books_revenue for shop in settings.shops if shop.books_revenue is not None},
        shop_places={shop.name: tuple(sorted(shop.locations)) for shop in settings.shops},
        shop_buffers={shop.name: shop.buffer for shop in settings.shops},
        trade_ins=settings.trade_ins.terms if settings.trade_ins else None,
        reports={
            reports_name(account.name, each.marketplace): each.terms(account.name)
            for account in settings.accounts
            for each in account.reports
        },
        hidden={
            shop.name: HiddenProducts.of(shop.deposit_products, shop.membership_products) for shop in settings.shops
        },
    )
    return world, closers


def build_connections(settings: Settings, budget: Budget, how: Opening) -> tuple[Connections, list[Callable[[], None]]]:
    """Connectors by capability; the only place that names a remote system."""
    found = Connections()
    closers: list[Callable[[], None]] = []
    for account in settings.accounts:
        if Route.SP_API in account.routes:
            closers += _connect_account(account, _amazon_settings(settings, account), budget, how, found)
    for shop in settings.shops:
        wanted = _shopify_settings(settings, shop)
        http = HttpClient(shop.name, wanted.base_url, on_effect=how.on_effect)
        store = ShopifyShop(wanted, http, budget, how.clock)
        found.product_sources[shop.name] = found.sales_order_sinks[shop.name] = found.hint_sources[shop.name] = store
        found.stock_sources[shop.name] = found.stock_readers[shop.name] = found.probed[shop.name] = store
        if shop.publishes_stock:
            found.stock_sinks[shop.name] = found.stock_exporters[shop.name] = store
        found.guarded[shop.name] = http
        tills = ShopifyCredits(wanted, http, budget, how.clock)
        found.gift_cards[shop.name] = found.store_credits[shop.name] = tills
        found.sales[shop.name] = ShopifySales(wanted, http, budget, how.clock)
        found.showcases[shop.name] = ShopifyShowcase(wanted, http, budget, how.clock)
        closers.append(http.close)
    for place in settings.folders:
        places = FolderPlaces(place.name, place.inbox, place.outbox, place.archive, float(place.quiet_seconds))
        folder = Folder(places, how.clock)
        if place.inbox is not None:
            found.document_sources[place.name] = folder
        if place.outbox is not None:
            found.document_sinks[place.name] = folder
        found.probed[place.name] = found.guarded[place.name] = folder
    if settings.sign_in is not None:
        known = OpenIdSettings.of(settings.sign_in, settings.installation.address or "")
        provider = OpenIdProvider(known, how.clock, on_effect=how.on_effect)
        found.identity_providers[known.name] = found.probed[known.name] = provider
        closers.append(provider.close)
    return found, closers


def _connect_account(
    account: Any, wanted: AmazonVendorSettings, budget: Budget, how: Opening, found: Connections
) -> Iterator[Callable[[], None]]:
    """What one account is asked by Amazon's API: orders, payments, inventory and reports; yields what closes each."""
    wire = Wire(None, how.on_effect)

    def join(kinds: Sequence[dict[str, Any]], each: Wired) -> Callable[[], None]:
        for kind in (*kinds, found.probed, found.guarded):
            kind[each.name] = each
        return each.close

    vendor = AmazonVendor(wanted, budget, how.clock, on_effect=how.on_effect)
    yield join((found.order_sources, found.acknowledgement_sinks, found.status_sources), vendor)
    for marketplace in account.marketplaces:
        money = AmazonFinances(wanted, marketplace, budget, how.clock, wire=wire)
        yield join((found.remittance_sources, found.invoice_status_sources), money)
    for each in account.reports:
        yield join((found.vendor_reports,), AmazonReports(wanted, each.marketplace, budget, how.clock, wire=wire))
    if account.direct_fulfillment:
        yield join((found.inventory_sinks,), AmazonDirectFulfillment(wanted, budget, how.clock, wire=wire))


def guard_connections(connections: Connections, database: Database, clock: Clock) -> None:
    """Have every connection look whether a person put it to rest, before anything leaves."""

    def gate(name: str) -> None:
        with database.transaction() as connection:
            demand_running(connection, name, clock.now())

    for name, connection in connections.guarded.items():
        connection.guard(partial(gate, name))


def build_programmes(
    settings: Settings, budget: Budget, how: Opening, built: tuple[Connections, list[Callable[[], None]]]
) -> dict[str, Programme]:
    """Every circular programme with its connection, which is also probed and closed with the others of `built`."""
    connections, closers = built
    found: dict[str, Programme] = {}
    endpoint = (settings.simulation.supercycle_url if settings.simulation else None) or ""
    for each in settings.circular:
        zone = each.time_zone or settings.installation.time_zone
        wanted = SupercycleSettings(each.name, each.api_key, each.currency, zone, each.version, endpoint)
        http = HttpClient(each.name, wanted.base_url, on_effect=how.on_effect)
        connections.guarded[each.name] = http
        connections.probed[each.name] = system = SupercycleV1(wanted, http, budget, how.clock)
        closers.append(http.close)
        connection = CircularConnection.of_one(system)
        found[each.name] = Programme(each.name, each.shop, each.currency, connection, zone, each.owner)
    return found


def _amazon_settings(settings: Settings, account: Any) -> AmazonVendorSettings:
    names = ("name", "region", "client_id", "client_secret", "refresh_token", "vendor_codes")
    asked = {name: getattr(account, name) for name in names}
    simulated = settings.simulation.amazon_url if settings.simulation else ""
    if simulated:
        asked |= {"endpoint": simulated, "token_endpoint": f"{simulated}/auth/o2/token"}
    return AmazonVendorSettings(**asked)


def _shopify_settings(settings: Settings, shop: Any) -> ShopifySettings:
    companies = {
        terms.company_location
        for partner in settings.partners
        for terms in partner.agreements
        if terms.shop == shop.name and terms.company_location
    }
    return ShopifySettings(
        name=shop.name,
        shop=shop.domain,
        client_id=shop.client_id or "",
        client_secret=shop.client_secret,
        access_token=shop.access_token,
        endpoint=settings.simulation.shopify_url if settings.simulation else "",
        api_version=shop.api_version,
        case_pack=shop.case_pack_metafield,
        locations=shop.locations,
        company_locations=tuple(sorted(companies)),
        source_name=shop.source_name,
        webhook_secret=shop.webhook_secret,
        hidden_products=frozenset((*shop.deposit_products, *shop.membership_products)),
    )


def _routes(settings: Settings) -> dict[str, PartnerRoutes]:
    found = {}
    for account in settings.accounts:
        on_api, on_edi = Route.SP_API in account.routes, Route.EDI in account.routes
        finances = tuple(finances_name(account.name, each) for each in account.marketplaces if on_api)
        answers: dict[Route, str] = {}
        if on_api:
            answers[Route.SP_API] = account.name
        if on_edi and account.folder:
            answers[Route.EDI] = account.folder
        found[account.name] = PartnerRoutes(
            order_source=account.name if on_api else None,
            status_source=account.name if on_api else None,
            document_source=account.folder,
            acknowledgements=answers,
            remittance_sources=finances,
            invoice_status_sources=finances,
            inventory=direct_fulfillment_name(account.name) if account.direct_fulfillment else None,
        )
    return found


def _pace(worker: Any) -> Pace:
    return Pace(
        poll=timedelta(seconds=worker.orders_poll_seconds),
        files=timedelta(seconds=worker.folders_poll_seconds),
        products=timedelta(seconds=worker.products_poll_seconds),
        finances=timedelta(seconds=worker.finances_poll_seconds),
        circular=timedelta(seconds=worker.circular_poll_seconds),
        sweep=timedelta(seconds=worker.circular_sweep_seconds),
        stock_sweep=timedelta(seconds=worker.stock_sweep_seconds),
        stock_export_from=worker.stock_export_from,
    )


def _sealed(database: Database, key: MasterKey, name: str) -> Any:
    with database.transaction() as connection:
        return load_secret(connection, key, name)


def _on_defect(world: World) -> Callable[[sa.Connection, str, str, Sequence[Any], str], None]:
    def tell(connection: sa.Connection, run_id: str, flow: str, args: Sequence[Any], error: str) -> None:
        watch.note_defect(connection, world.clock.now(), run_id, flow, error)

    return tell


__all__ = ["FLOWS", "Application", "Opening", "Tx", "hold_rules", "open_application"]
