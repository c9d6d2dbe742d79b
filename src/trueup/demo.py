"""The demonstration: a vendor that does not exist, on simulators, through five days in about a minute, then audited.

A second composition root beside app.py: it may import everything, because it starts the simulators, opens the application
on them, plays the plan of the simulated world, and hands the auditor what each side says.
"""

from __future__ import annotations

import logging
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog

from trueup import __version__
from trueup.app import Application, Opening, open_application
from trueup.base.clock import ManualClock, write_instant
from trueup.base.errors import Conflict, Refused, TrueupError
from trueup.domain.cases import Resolution
from trueup.durable.simulated import run_until
from trueup.durable.takeover import WorkerSettings
from trueup.formats.item_master import read_item_master
from trueup.simulation import catalogue, installation
from trueup.simulation.auditor import audit
from trueup.simulation.happenings import Act, Happening, amazon_order
from trueup.simulation.operator import Operator
from trueup.simulation.plan import Plan, make_plan
from trueup.simulation.summary import summarise
from trueup.simulators.amazon import AmazonSimulator
from trueup.simulators.amazon.control import state as amazon_state
from trueup.simulators.edi_buyer import EdiBuyer
from trueup.simulators.serving import serve
from trueup.simulators.shopify import ShopifySimulator
from trueup.storage.documents import DocumentFilter, check_chain, list_documents
from trueup.storage.embedded import EmbeddedServer
from trueup.storage.products import save_master
from trueup.storage.views.cases import list_cases
from trueup.storage.views.orders import list_orders, show_order
from trueup.storage.views.status import list_deliveries, show_status
from trueup.workflows.resolve_case import Person, approve_proposal, resolve_case
from trueup.workflows.world import Pace, Tx

FOLDER = Path(".demo")
MARK = "made-by-trueup-demo"
_PACE = Pace(
    poll=timedelta(hours=3),
    files=timedelta(hours=3),
    products=timedelta(hours=12),
    watch=timedelta(hours=12),
    silence=timedelta(hours=25),
    settle=timedelta(minutes=4),
)
_EVERYTHING = 1_000_000


@dataclass(frozen=True, slots=True)
class Moment:
    """What a person who watches is shown: simulated time and counts, and how much of the plan is done."""

    now: datetime
    done: int
    of: int
    status: dict[str, Any]


Watch = Callable[[Callable[[], Moment]], None]


@dataclass
class Demo:
    """A running demonstration."""

    plan: Plan
    folder: Path
    clock: ManualClock
    app: Application
    amazon: AmazonSimulator
    shop: ShopifySimulator
    buyer: EdiBuyer
    secrets: dict[str, str]
    log: list[str]
    operator: Operator
    sold: int = 0
    sold_out: int = 0
    decided: list[dict[str, Any]] = field(default_factory=list)

    def play(self, watch: Watch) -> None:
        """Everything of the plan, up to its end; `watch` is given a way to look at each step."""
        self._import_item_master()
        self.app.work()
        for done, happening in enumerate(self.plan.happenings):
            run_until(self.app.engine, self.clock, happening.at)
            self._happen(happening)
            watch(lambda done=done: self.moment(done))  # type: ignore[misc]
        run_until(self.app.engine, self.clock, self.plan.end)
        self.app.engine.settle()
        watch(lambda: self.moment(len(self.plan.happenings)))

    def moment(self, done: int) -> Moment:
        """Where things stand now."""
        with self.app.database.transaction() as connection:
            return Moment(self.clock.now(), done, len(self.plan.happenings), show_status(connection))

    def follow(self, seconds: float) -> None:
        """Let simulated time go on with the machine's for a while."""
        time.sleep(seconds)
        self.clock.advance(timedelta(seconds=seconds))

    def _happen(self, happening: Happening) -> None:
        details = happening.details
        match happening.act:
            case Act.ORDER:
                self._place(details["number"])
            case Act.CHANGE:
                self.amazon.change_order(details["number"], details["change"])
            case Act.CLOSE:
                self.amazon.close_order(details["number"])
            case Act.AMAZON_FAULT:
                self.amazon.add_fault(details["fault"])
            case Act.SHOP_FAULT:
                self.shop.add_fault(**details["fault"])
            case Act.SALE:
                self._sell(details["sku"], details["quantity"])
            case Act.EDI_FILE:
                self.buyer.send_trouble(details["kind"], self.plan.order(details["number"]).as_json())
            case Act.EDI_LOOK:
                self.buyer.look()
            case Act.DECIDE:
                self._decide()

    def _place(self, number: str) -> None:
        order = self.plan.order(number)
        if order.route == "edi":
            self.buyer.send_order(order.as_json())
        else:
            self.amazon.add_orders(amazon_order(order))

    def _sell(self, sku: str, quantity: int) -> None:
        try:
            self.shop.sell(sku, quantity)
            self.sold += quantity
        except Conflict:
            self.sold_out += quantity

    def _decide(self) -> None:
        with self.app.database.transaction() as connection:
            cases = list_cases(connection, limit=_EVERYTHING)
        decider, approver = self._person(installation.DECIDER), self._person(installation.APPROVER)
        limit = self.app.settings.installation.two_persons_above
        for choice in self.operator.choose(cases):
            resolution = Resolution(choice.resolution)
            decided = self.app.engine.act(resolve_case, choice.case, resolution, decider, choice.note, limit)
            if decided.proposal is not None:
                self.app.engine.act(approve_proposal, decided.proposal, approver)
            row = {"case": choice.case, "resolution": choice.resolution, "proposal": decided.proposal}
            self.decided.append({**row, "at": write_instant(self.clock.now())})

    def _person(self, name: str) -> Person:
        found = next(person for person in self.app.settings.people if person.name == name)
        return Person(found.name, frozenset(found.roles))

    def _import_item_master(self) -> None:
        content = (self.folder / "item-master.csv").read_bytes()

        def take_in(tx: Tx) -> None:
            digest = tx.resources.keep(
                tx.connection, content, kind="item-master", source="demo", name="item-master.csv"
            )
            save_master(tx.connection, read_item_master(content).values, digest, tx.now)

        self.app.engine.act(take_in)

    def audited(self, wall_seconds: float) -> dict[str, Any]:
        """What happened and what the auditor says of it, as plain data."""
        evidence = self.evidence()
        statements = audit(evidence)
        return {
            "seed": self.plan.seed,
            "simulated": {"from": evidence["plan"]["start"], "to": write_instant(self.clock.now())},
            "wall_seconds": round(wall_seconds, 1),
            "summary": summarise(evidence),
            "statements": [statement.as_json() for statement in statements],
            "agrees": all(statement.holds for statement in statements),
        }

    def evidence(self) -> dict[str, Any]:
        """What each side says, as plain data: nothing that the auditor gets is a thing of ours."""
        return {
            "plan": self.plan.vendor,
            "amazon": _plain(amazon_state(self.amazon)),
            "shopify": _plain(self.shop.state()),
            "buyer": self.buyer.state(),
            "trueup": self._views(),
            "decided": list(self.decided),
            "shoppers": {"sold": self.sold, "sold_out": self.sold_out},
        }

    def _views(self) -> dict[str, Any]:
        with self.app.database.transaction() as connection:
            listed = list_orders(connection, limit=_EVERYTHING)
            return {
                "orders": [show_order(connection, row["id"]) for row in listed],
                "cases": list_cases(connection, state=None, limit=_EVERYTHING),
                "deliveries": list_deliveries(connection, limit=_EVERYTHING),
                "documents": self._verified(connection),
                "secrets": self._leaks(connection),
                "status": show_status(connection),
            }

    def _verified(self, connection: sa.Connection) -> dict[str, Any]:
        """Every archived document read and compared with its hash, the chain followed, and its bytes searched for secrets."""
        archive = self.app.world.archive
        rows = list_documents(connection, DocumentFilter(), limit=_EVERYTHING)
        failed: list[str] = []
        leaking: list[str] = []
        size_bytes = 0
        for digest in sorted({row.digest for row in rows}):
            try:
                content = archive.load_content(connection, digest)
            except TrueupError as error:
                failed.append(f"{digest}: {error}")
                continue
            size_bytes += len(content)
            leaking += [f"{digest} holds {name}" for name, secret in self.secrets.items() if secret.encode() in content]
        chain = check_chain(connection)
        return {
            "arrivals": len(rows),
            "contents": len({row.digest for row in rows}),
            "size_bytes": size_bytes,
            "failed": failed,
            "leaking": leaking,
            "chained": chain.rows,
            "breaks": list(chain.breaks),
            "digests": sorted({str(row.digest) for row in rows}),
        }

    def _leaks(self, connection: sa.Connection) -> dict[str, Any]:
        """Where a secret stands in a stored row or in a line of the log: names of places, never the secret."""
        tables = connection.execute(
            sa.text(
                "SELECT table_schema, table_name FROM information_schema.tables "
                "WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'"
            )
        ).all()
        found = []
        pattern = "|".join(self.secrets.values())
        for schema, name in tables:
            count = connection.execute(
                sa.text(f'SELECT count(*) FROM "{schema}"."{name}" AS row WHERE row::text ~ :pattern'),
                {"pattern": pattern},
            ).scalar_one()
            if count:
                found.append(f"{count} rows of {schema}.{name}")
        found += [f"line {number} of the log" for number, line in enumerate(self.log, 1) if self._told(line)]
        return {"tables": len(tables), "log_lines": len(self.log), "found": found}

    def _told(self, line: str) -> bool:
        return any(secret in line for secret in self.secrets.values())


@contextmanager
def open_demo(seed: int, folder: Path = FOLDER, data: Path | None = None) -> Iterator[Demo]:
    """A demonstration in a folder made anew: simulators running, the application open and not yet at work."""
    plan = make_plan(seed)
    place = (data or folder / "data").absolute()
    prepare_folder(folder, place)
    with ExitStack() as stack:
        clock = ManualClock(plan.start)
        amazon = AmazonSimulator(seed, now=clock.now)
        shop = ShopifySimulator(seed, installation.SHOP_DOMAIN, now=clock.now, plan="plus")
        stack.callback(shop.close)
        hidden = {name: f"{name}-{secrets.token_hex(16)}" for name in installation.SECRETS}
        _furnish(plan, amazon, shop, hidden)
        addresses = installation.Addresses(
            stack.enter_context(serve(amazon.app)).url,
            stack.enter_context(serve(shop.app)).url,
            {place["name"]: place["id"] for place in shop.state()["locations"]},
            str(place),
            seed,
        )
        _write_folder(plan, folder, addresses, hidden)
        buyer = EdiBuyer(folder / "edi" / "in", folder / "edi" / "out", clock.now)
        log = stack.enter_context(_captured_log(folder / "demo.log"))
        worker = WorkerSettings(
            application_version=__version__,
            concurrency=4,
            poll_seconds=float(__import__("os").environ.get("PS", "0.02")),
        )
        opening = Opening(clock=clock, environ={}, pace=_PACE, worker=worker)
        app = stack.enter_context(open_application(folder / "trueup.toml", opening))
        operator = Operator(list(plan.decisions))
        yield Demo(plan, folder, clock, app, amazon, shop, buyer, hidden, log, operator)


def prepare_folder(folder: Path, data: Path) -> None:
    """Remove what an earlier demonstration left, its server stopped first. Raises Refused for a folder that it did not make."""
    for place in {folder, data}:
        if place.exists() and any(place.iterdir()) and not (place / MARK).is_file():
            raise Refused(
                f"{place} is not empty and was not made by an earlier demo; it is left alone. Move it, or name another folder."
            )
    for place in (data, folder / "data"):
        with suppress(TrueupError):
            if place.is_dir():
                EmbeddedServer(place).stop()
    for place in (data, folder):
        if place.exists():
            shutil.rmtree(place)
    for place in (folder, data):
        place.mkdir(parents=True, exist_ok=True)
        (place / MARK).write_text("`trueup demo` replaces this folder whenever it starts.\n", encoding="utf-8")


def _furnish(plan: Plan, amazon: AmazonSimulator, shop: ShopifySimulator, hidden: dict[str, str]) -> None:
    """Vendor groups, the shop's places and products, the installed app."""
    for partner in ("amazon-us", "amazon-de"):
        amazon.add_vendor_group(
            refresh_token=hidden[partner],
            client_id="amzn1.application-oa2-client.riverside",
            client_secret=hidden["amazon-app"],
            vendor_codes=[terms.vendor_code for terms in catalogue.TERMS if terms.partner == partner],
        )
    for name in (catalogue.WAREHOUSE, catalogue.ANNEX):
        shop.add_location(name)
    shop.add_app(installation.SHOP_CLIENT, hidden["shopify-app"])
    shop.add_products(catalogue.shop_products(plan.products))


def _write_folder(plan: Plan, folder: Path, addresses: installation.Addresses, hidden: dict[str, str]) -> None:
    for name in ("secrets", "edi/in", "edi/out", "edi/done"):
        (folder / name).mkdir(parents=True)
    for name, secret in hidden.items():
        path = folder / "secrets" / name
        path.write_text(secret, encoding="utf-8")
        path.chmod(0o600)
    (folder / "item-master.csv").write_bytes(catalogue.item_master(plan.products))
    (folder / "trueup.toml").write_text(installation.write_settings(addresses), encoding="utf-8")


@contextmanager
def _captured_log(path: Path) -> Iterator[list[str]]:
    """Everything that anyone logs meanwhile, kept off the terminal and searched for secrets; written to a file at the end."""
    lines: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    def keep(_logger: Any, method: str, event: MutableMapping[str, Any]) -> Any:
        lines.append(f"{method} {event}")
        raise structlog.DropEvent

    root, before = logging.getLogger(), structlog.get_config()
    handlers, root.handlers = root.handlers, [Keeper()]
    structlog.configure(processors=[keep])
    try:
        yield lines
    finally:
        structlog.configure(**before)
        root.handlers = handlers
        with suppress(OSError):
            path.write_text("\n".join(lines), encoding="utf-8")


def _plain(value: Any) -> Any:
    """As JSON would carry it."""
    return msgspec.json.decode(msgspec.json.encode(value))
