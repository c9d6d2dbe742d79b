"""The composition root: an installation opened, with all that works in it. What names a remote system is in wiring.py."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
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
from trueup.domain import deductions, holds, matchers
from trueup.domain.bank import BankRules
from trueup.domain.deduction import DeductionType
from trueup.domain.hold import Hold
from trueup.domain.matcher import Matcher
from trueup.domain.shop_sales import HiddenProducts
from trueup.durable.budgets import Budgets
from trueup.durable.engine import Program
from trueup.durable.on_dbos import DbosEngine
from trueup.durable.takeover import WorkerSettings
from trueup.remote.budget import Budget
from trueup.remote.connections import Connections
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
from trueup.wiring import Tools, build_connections, build_programmes, build_routes, report_terms
from trueup.workflows import watch
from trueup.workflows.flows import FLOWS
from trueup.workflows.world import Books, Pace, Tx, World

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
    tools = Tools(how.budget(database.engine, how.clock), how.clock, how.on_effect)
    connections, closers = build_connections(settings, tools)
    programmes = build_programmes(settings, tools, (connections, closers))
    guard_connections(connections, database, how.clock)
    world = World(
        database=database,
        archive=Archive(key),
        connections=connections,
        partners={partner.name: partner for partner in settings.partners},
        routes=build_routes(settings),
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
        reports=report_terms(settings),
        hidden={
            shop.name: HiddenProducts.of(shop.deposit_products, shop.membership_products) for shop in settings.shops
        },
        two_persons_above=settings.two_persons_above,
    )
    return world, closers


def guard_connections(connections: Connections, database: Database, clock: Clock) -> None:
    """Have every connection look whether a person put it to rest, before anything leaves."""

    def gate(name: str) -> None:
        with database.transaction() as connection:
            demand_running(connection, name, clock.now())

    for name, connection in connections.guarded.items():
        connection.guard(partial(gate, name))


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
