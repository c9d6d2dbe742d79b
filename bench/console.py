"""How long the server takes for every page of the console, over a year of history: orders, cases, payments and their entries.

Real orders go the whole path and a month of payments is booked; both are then copied to a year's number, and cases to 100,000 of
which some thousands are open. Each page is asked for by an administrator, several times in turn, and is timed from the request's
arrival to the last byte of its answer; the first time is left out. Long lists are asked for at their first and a far page too.
Beside it stands the processor time that the server and its database took for the page: on a busy machine the goal is held
against that, for what other programs take of the clock says nothing of the page. Queries run in one process of the database, so
that none of it is missed; where the system does not tell (it is read from /proc), the column is empty.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import logging
import os
import platform
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx2
import sqlalchemy as sa
import structlog

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench.history import load_history
from bench.remittance_worker import Desk
from bench.results import write_section
from bench.stage import PARTNER, Stage, server, stage
from trueup.app import Application, Opening, build_web, open_application
from trueup.console.page import OPEN_TO_ALL
from trueup.console.server import collect_pages
from trueup.console.visit import SESSION
from trueup.domain.cases import Role
from trueup.simulation.remittances.history import EXPORTS, INVOICES, write_history
from trueup.workflows.prove_invariants import every_invariant, prove_invariant
from trueup.workflows.resolve_case import Person
from trueup.workflows.sign_in import Visitor, enter

GOAL_MS = 150
MASTER_KEY = {"TRUEUP_MASTER_KEY": base64.b64encode(b"k" * 32).decode()}
"""The one of `remittance_worker.Desk`, which books the payments."""
ADMIN = Person("Bench", frozenset({Role.ADMIN}))
_PEOPLE = '\n[[people]]\nname = "Bench"\nroles = ["admin"]\n'
_NO_PAGES = (".csv", ".xlsx", ".zip", "/original", "/live", "/live/cases", "/live/exceptions")
_PLACE = re.compile(r"\{(\w+)(?::\w+)?\}")
_CASES = """
INSERT INTO trueup.cases (kind, subject, title, expected, found, risk_minor, risk_currency, deadline, owner, resolutions, evidence,
    state, opened_at, resolved_at, resolution, resolved_by, note, cause, things, known_things)
SELECT kind, subject || ' copy ' || n, title, expected, found, abs(hashint4(n)) % 500000, 'USD', now() + n % 720 * interval '1 h',
    owner, resolutions, evidence, CASE WHEN n % 25 = 0 THEN 'open' ELSE 'resolved' END, now() - n % 365 * interval '1 day',
    CASE WHEN n % 25 <> 0 THEN now() - n % 300 * interval '1 day' END, CASE WHEN n % 25 <> 0 THEN 'cause-gone' ELSE '' END,
    CASE WHEN n % 25 <> 0 THEN 'trueup' ELSE '' END, '',
    cause, things, things
FROM (SELECT *, row_number() OVER (ORDER BY id) AS place, count(*) OVER () AS every FROM trueup.cases) AS c
JOIN generate_series(1, :cases) AS n ON n % c.every = c.place - 1
"""
_PAYMENTS = """
INSERT INTO trueup.remittances (id, partner, payment, payee, paid_on, amount_minor, currency, invoice_currency, state, source,
    tie_minor, line_count, unique_id, evidence, posting, taken_in_at)
SELECT id + n * 1000000, partner, payment || '-' || n, payee, paid_on - n * 7, amount_minor, currency, invoice_currency, state,
    source, tie_minor, line_count, unique_id, evidence, posting, taken_in_at
FROM trueup.remittances, generate_series(1, :copies) AS n
"""
_ENTRIES = """
INSERT INTO trueup.journal_entries (id, key, day, narration, kind, remittance_id, evidence, reverses, actor, posted_at)
SELECT id + n * 1000000, key || '-' || n, day - n * 7, narration, kind, remittance_id + n * 1000000, evidence, reverses, actor,
    posted_at FROM trueup.journal_entries, generate_series(1, :copies) AS n
"""
_LINES = """
INSERT INTO trueup.journal_lines (entry_id, number, account, minor, currency, reference, source_line, type, invoice_id, claim, rule,
    case_key)
SELECT entry_id + n * 1000000, number, account, minor, currency, reference, source_line, type, invoice_id, claim, rule, case_key
FROM trueup.journal_lines, generate_series(1, :copies) AS n
"""


class Timed:
    """The web application, with how long each answer took, from arrival to its last byte."""

    def __init__(self, web: Any) -> None:
        self.web = web
        self.took_ms = 0.0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        began = time.perf_counter()
        await self.web(scope, receive, send)
        self.took_ms = (time.perf_counter() - began) * 1000


def fill(on: Stage, app: Application, chosen: argparse.Namespace) -> dict[str, int]:
    """A year of all of it; how many rows there are of what people page through."""
    on.place_orders(chosen.originals)
    app.work()
    deadline = time.monotonic() + 600
    while on.scalar("SELECT count(*) FROM trueup.deliveries WHERE state = 'accepted'") < chosen.originals:
        assert time.monotonic() < deadline, "the orders to copy from are not answered"
        time.sleep(0.5)
    with on.database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        name = on.database.url.database
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET max_parallel_workers_per_gather = 0')
    load_history(on.database.engine, chosen.orders)
    with tempfile.TemporaryDirectory(prefix="tub-") as name:
        folder = Path(name)
        write_history(folder, 0, 1, Fraction(1, 4), "plain")
        desk = Desk(on.database.url.render_as_string(hide_password=False))
        for path in sorted((folder / INVOICES).iterdir()):
            desk.bill(path)
        for path in sorted((folder / EXPORTS).iterdir()):
            with suppress(SystemExit):
                desk.settle(path)
        desk.reconcile()
        desk.close()
    with on.database.engine.begin() as connection:
        for query in (_PAYMENTS, _ENTRIES, _LINES):
            connection.execute(sa.text(query), {"copies": chosen.copies})
        connection.execute(sa.text(_CASES), {"cases": chosen.cases})
    with on.database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    for light in every_invariant():
        app.act(False, prove_invariant, light)
    tables = ("orders", "cases", "documents", "acts", "remittances", "journal_lines")
    return {table: on.scalar(f"SELECT count(*) FROM trueup.{table}") for table in tables}


def places(on: Stage) -> dict[str, str]:
    """What stands in the places of an address: things that are there."""
    queries = {
        "number": f"SELECT number FROM trueup.orders WHERE partner = '{PARTNER}' ORDER BY id LIMIT 1",
        "document": "SELECT digest FROM trueup.documents WHERE kind = 'orders' ORDER BY id LIMIT 1",
        "id": (
            "SELECT e.id FROM trueup.journal_entries e JOIN trueup.remittances r ON r.id = e.id WHERE e.id < 1000000"
            " ORDER BY r.line_count DESC LIMIT 1"
        ),
        "claim": "SELECT min(id) FROM trueup.claims",
        "sku": "SELECT min(sku) FROM trueup.products",
    }
    fixed = {"partner": PARTNER, "light": "debits-equal-credits", "connection": PARTNER, "month": "2026-10"}
    return fixed | {name: str(on.scalar(query)) for name, query in queries.items() if on.scalar(query) is not None}


def addresses(known: Mapping[str, str]) -> list[str]:
    """Every page of which the history has something to show, and the long lists in other orders."""
    found = [
        "/exceptions?sort=deadline",
        "/exceptions?tab=resolved",
        "/orders?standing=to-invoice",
        "/exceptions?words=SKU-0001",
    ]
    for page in collect_pages().values():
        for route in page.routes:
            wanted = set(_PLACE.findall(route.path))
            if (
                route.method == "GET"
                and route.may != OPEN_TO_ALL
                and not route.path.endswith(_NO_PAGES)
                and wanted <= known.keys()
            ):
                found.append(_PLACE.sub(lambda place: known[place[1]], route.path))
    return sorted(set(found))


@dataclass(frozen=True, slots=True)
class Took:
    """One answer in milliseconds: by the clock, and the processor time of the server and of its database (None: not told)."""

    wall: float
    server: float
    database: float | None

    @property
    def busy(self) -> float:
        """What is held against the goal: the processor time, or the clock's where that is not told."""
        return self.wall if self.database is None else self.server + self.database


class Processors:
    """The processor time that the database has taken for this installation so far."""

    def __init__(self, engine: sa.Engine) -> None:
        with engine.connect() as connection:
            query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            self._files = [Path(f"/proc/{pid}/schedstat") for pid in connection.exec_driver_sql(query).scalars()]

    def database_ms(self) -> float | None:
        """In milliseconds; None where the system does not tell."""
        try:
            return sum(int(file.read_text().split()[0]) for file in self._files) / 1_000_000
        except OSError:
            return None


async def measure(app: Application, paths: list[str], turns: int) -> dict[str, list[Took]]:
    """What each page took, and the far page of those that have pages."""
    timed = Timed(build_web(app))
    ticket = app.act(False, enter, ADMIN, "bench", Visitor("127.0.0.1", "bench")).ticket
    found: dict[str, list[Took]] = {}
    transport = httpx2.ASGITransport(app=timed)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://localhost", cookies={SESSION: ticket}
    ) as client:
        for path in [*paths]:
            reply = await client.get(path)
            if reply.status_code != 200:
                assert reply.status_code < 500, f"{path}: {reply.status_code}"
                continue  # an address of old, or a page of something that this history does not have
            older = re.search(r'rel="next" href="([^"]+)"', reply.text)
            for address, label in ((path, path), (older[1].replace("&amp;", "&") if older else "", f"{path} (older)")):
                if address:
                    await client.get(address)  # the first time is left out: plans and templates are made then
                    processors = Processors(app.database.engine)
                    found[label] = [await _once(client, timed, address, processors) for _ in range(turns)]
    return found


async def _once(client: httpx2.AsyncClient, timed: Timed, path: str, processors: Processors) -> Took:
    before, began = processors.database_ms(), time.process_time()
    await client.get(path)
    server, after = (time.process_time() - began) * 1000, processors.database_ms()
    return Took(timed.took_ms, server, None if before is None or after is None else after - before)


def told(times: Mapping[str, list[Took]], rows: Mapping[str, int]) -> str:
    """The table, the dearest first."""
    busy = {path: statistics.median(each.busy for each in every) for path, every in times.items()}
    walls = {path: statistics.median(each.wall for each in every) for path, every in times.items()}
    ordered = sorted(busy, key=lambda path: -busy[path])
    lines = [
        f"{len(busy)} pages over "
        + ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in rows.items())
        + ". "
        f"Processor time of server and database: median of all pages {statistics.median(busy.values()):.0f} ms, "
        f"**{_over(busy)} of {len(busy)}** above the goal of {GOAL_MS} ms. By the clock, with whatever else ran on the machine: "
        f"median {statistics.median(walls.values()):.0f} ms, {_over(walls)} above it.",
        "",
        "| page | processor ms | of it the database | by the clock ms | slowest ms |",
        "|---|---|---|---|---|",
        *(_row(path, busy[path], walls[path], times[path]) for path in ordered),
    ]
    return "\n".join(lines)


def _row(path: str, busy: float, wall: float, every: list[Took]) -> str:
    told = [each.database for each in every if each.database is not None]
    of_it = f"{statistics.median(told):.0f}" if told else "–"
    return f"| `{_short(path)}` | {busy:.0f} | {of_it} | {wall:.0f} | {max(each.wall for each in every):.0f} |"


def _over(times: Mapping[str, float]) -> int:
    return sum(each > GOAL_MS for each in times.values())


def _short(path: str) -> str:
    return re.sub(r"[0-9a-f]{64}", "HASH", re.sub(r"[?&]at=[\w-]+", "", path))


def main() -> None:
    """Measure, print, and write the section of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--originals", type=int, default=10, help="orders that go the whole path, to copy from")
    parser.add_argument("--orders", type=int, default=20_000, help="orders of history")
    parser.add_argument("--cases", type=int, default=100_000, help="cases of history")
    parser.add_argument("--copies", type=int, default=40, help="how often a week of payments and entries is copied")
    parser.add_argument("--turns", type=int, default=5, help="how often each page is asked for")
    parser.add_argument("--dry-run", action="store_true", help="print, and leave RESULTS.md as it is")
    chosen = parser.parse_args()
    with server() as url, stage(url, concurrency=2, seed=0) as on:
        path = on.folder / "trueup.toml"
        path.write_text(path.read_text() + _PEOPLE)
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
        with open_application(path, Opening(environ=on.environment | MASTER_KEY)) as app:
            rows = fill(on, app, chosen)
            times = asyncio.run(measure(app, addresses(places(on)), chosen.turns))
    where = (
        f"Python {platform.python_version()}, {os.cpu_count()} processors ({platform.machine()}, {platform.system()}) "
    )
    where += f"shared by server and database; load average {os.getloadavg()[1]:.1f}."
    text = f"{told(times, rows)}\n\n{where}"
    print(text)
    if not chosen.dry_run:
        write_section("Pages of the console", text)


if __name__ == "__main__":
    main()
