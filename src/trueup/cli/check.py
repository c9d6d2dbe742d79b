"""`trueup check`: what works, what is missing, what fails, and what to do about it. Finds; never raises for what it finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from trueup.base.clock import write_instant
from trueup.base.errors import ConfigurationError, TrueupError
from trueup.cli.frame import Result, Session, command
from trueup.cli.tables import Column
from trueup.remote.capability import Probe, Probed, Verdict
from trueup.storage.views.documents import try_archive
from trueup.storage.views.heard import LATELY, list_heard
from trueup.storage.views.runs import list_workers

if TYPE_CHECKING:
    from trueup.app import Application
    from trueup.store import Store

group = typer.Typer(name="check", no_args_is_help=True)
_COLUMNS = (
    Column("connection", "connection"),
    Column("must be able to", "ability", wrap=True),
    Column("verdict", "verdict"),
    Column("found", "found", wrap=True),
    Column("what to do", "remedy", wrap=True),
)
OURS = "trueup"
_HEAR = (
    "Run `trueup serve` behind an https address, put https://<address>/webhooks/shopify/{shop} into the subscriptions of "
    "shopify.app.toml, and deploy the app."
)
_TRIAL = b"Trueup tries whether its archive keeps what it is given."


@command(group, "check", example="trueup check --json")
def check(session: Session) -> Result:
    """Probe settings, database, archive and every connection. Exit code 1 when anything is missing or fails."""
    probes = list(_probe_all(session))
    rows = [{**asdict(probe), "verdict": probe.verdict.value} for probe in probes]
    # What Amazon does not offer to an account is told, and nothing is to be done about it.
    amiss = [probe for probe in probes if probe.verdict.is_amiss]
    spare = sum(probe.verdict is Verdict.UNAVAILABLE for probe in probes)
    untried = sum(probe.verdict is Verdict.UNTRIED for probe in probes)
    said = f"{len(amiss)} of {len(rows)} need something done." if amiss else f"All {len(rows) - spare - untried} work."
    if spare:
        said += f" {spare} that are optional are not offered."
    if untried:
        said += f" {untried} write, and were not tried."
    return Result(rows, _COLUMNS, findings=bool(amiss), remark=said)


def _probe_all(session: Session) -> Iterator[Probe]:
    try:
        store = session.open_store()
    except TrueupError as error:
        yield _failed(OURS, "open its settings and database", error)
        return
    # Held open beneath the rest: an embedded server is started and stopped once.
    with store:
        yield from _probe_store(store, session.now())
        yield from _probe_connections(session)


def _probe_connections(session: Session) -> Iterator[Probe]:
    try:
        app = session.open()
    except TrueupError as error:
        yield _failed(OURS, "read its settings", error)
        return
    with app:
        yield from _probe_settings(app)
        yield from _probe_hearing(app)
        probed = app.world.connections.probed
        with session.progress("Connections", len(probed)) as advance:
            for connection in probed.values():
                yield from _probe_connection(connection)
                advance(1)


def _probe_store(store: Store, now: datetime) -> Iterator[Probe]:
    try:
        found = store.database.check()
        where = "embedded" if store.server is not None else f"on {store.database.url.host or 'a local socket'}"
        size = f"{found.size_bytes / 1_000_000:,.0f} MB"
        words = f"PostgreSQL {found.server_version} {where}, {size}, revision {found.revision}"
        yield Probe(OURS, "keep data in its database", Verdict.WORKS, words)
    except TrueupError as error:
        yield _failed(OURS, "keep data in its database", error)
        return
    try:
        yield _probe_archive(store, now)
        with store.transaction() as connection:
            workers = [each for each in list_workers(connection) if each["alive"]]
    except TrueupError as error:
        yield _failed(OURS, "keep documents in its archive", error)
        return
    words = ", ".join(f"{each['host']}:{each['pid']}" for each in workers)
    if workers:
        yield Probe(OURS, "work", Verdict.WORKS, f"{len(workers)} workers alive: {words}")
    else:
        remedy = "Start one: `trueup run` for a person, `trueup worker` for a service."
        yield Probe(OURS, "work", Verdict.MISSING, "no worker is alive", remedy)


def _probe_archive(store: Store, now: datetime) -> Probe:
    """Seal and open a document for real, and keep nothing of it."""
    with store.transaction(dry_run=True) as connection:
        try_archive(connection, store.archive, _TRIAL, now)
    words = f"sealed and opened a trial document under master key {store.key.id}"
    return Probe(OURS, "keep documents in its archive", Verdict.WORKS, words)


def _probe_settings(app: Application) -> Iterator[Probe]:
    settings = app.settings
    wanted: list[tuple[str, Any, str]] = [
        ("know its partners", settings.accounts, "Add [[partners]] with their agreements to trueup.toml."),
        ("know a shop", settings.shops, "Add [[shops]] to trueup.toml."),
        ("know who decides", settings.people, "Add [[people]] with their roles to trueup.toml."),
    ]
    for ability, found, remedy in wanted:
        names = ", ".join(each.name for each in found)
        if found:
            yield Probe(OURS, ability, Verdict.WORKS, names)
        else:
            yield Probe(OURS, ability, Verdict.MISSING, "none in trueup.toml", remedy)


def _probe_hearing(app: Application) -> Iterator[Probe]:
    """Whether a shop's events reach us. Sweeps find what they do not tell, so only a shop that we write into must be heard."""
    try:
        with app.database.transaction() as connection:
            heard = list_heard(connection, app.world.clock.now())
    except TrueupError as error:
        yield _failed(OURS, "hear of changes", error)
        return
    for shop in app.settings.shops:
        if told := heard.get(shop.name):
            words = f"{told.lately:,} events in {LATELY.days} days, the latest at {write_instant(told.last)}"
            yield Probe(shop.name, "tell of changes", Verdict.WORKS, words)
        elif shop.publishes_stock:
            words = f"no event came in {LATELY.days} days; sweeps alone find what changed"
            yield Probe(shop.name, "tell of changes", Verdict.MISSING, words, _HEAR.format(shop=shop.name))


def _probe_connection(connection: Probed) -> Iterator[Probe]:
    try:
        for probe in connection.probe():
            yield replace(probe, connection=connection.name)
    except TrueupError as error:
        yield _failed(connection.name, "be probed", error)


def _failed(connection: str, ability: str, error: TrueupError) -> Probe:
    """An error as a verdict. Its own words say what to do; a setting that is wrong is something missing."""
    verdict = Verdict.MISSING if isinstance(error, ConfigurationError) else Verdict.FAILS
    return Probe(connection, ability, verdict, str(error), "Mend what was found, then check again.")
