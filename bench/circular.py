"""How long it takes to say in which stage every unit of a circular programme is, and to show the page of them.

Units as a programme has them after some years: one in five has a rental, some are out, overdue, not ready, damaged, sold. Beside
the whole page runs the bare count of the same rows by their visibility, which is what a table without any rule would show. What
counts is processor time, ours and the database's: on a busy machine it can be compared, and seconds hardly.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench.results import write_section
from bench.server_time import server_seconds
from trueup.base.money import Money
from trueup.domain.circular import Condition, Cycle, CycleStatus, Item, Method, Readiness, Visibility
from trueup.domain.circular_stages import Stage
from trueup.storage.circular import Record, Said, save_records
from trueup.storage.database import Database, create_database
from trueup.storage.embedded import EmbeddedServer
from trueup.storage.views import circular_lanes as lanes

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SAID = Said("programme", "a" * 64, NOW)
FIRST = ("", 0)
AT_ONCE = 2000
_VISIBILITIES = (*[Visibility.AVAILABLE] * 7, Visibility.UNAVAILABLE, Visibility.SOLD, Visibility.RETIRED)
_BARE = sa.text("SELECT state, count(*) FROM trueup.circular_records WHERE kind = 'item' GROUP BY state")


def unit(number: int) -> Item:
    """An item of one kind or another."""
    return Item(
        number,
        _VISIBILITIES[number % 10],
        Readiness.PROCESSED if number % 13 else Readiness.UNPROCESSED,
        variant=f"gid://shopify/ProductVariant/{number % 500}",
        title="Tent",
        serial=f"S-{number}",
        condition=Condition(1, "Used") if number % 29 else Condition(2, "Damaged (Repairable)"),
        acquisition_cost=Money(100_00, "USD"),
    )


def rental(number: int, units: int) -> Cycle:
    """A week within forty days around now; what went out is not back."""
    start = NOW + timedelta(days=number % 40 - 20)
    end, out = start + timedelta(days=7), start < NOW and number % 3 == 0
    return Cycle(
        number,
        Method.CALENDAR,
        CycleStatus.FULFILLED if out else CycleStatus.SCHEDULED,
        number * 7 % units + 1,
        rental_start=start,
        rental_end=end,
        fulfilled_at=start if out else None,
        restocked_at=end if end < NOW and not out else None,
    )


def fill(database: Database, units: int) -> None:
    """Units, and a rental for one in five."""
    records: list[Record] = [unit(number) for number in range(1, units + 1)]
    records += [rental(number, units) for number in range(1, units // 5)]
    for place in range(0, len(records), AT_ONCE):
        with database.transaction() as connection:
            save_records(connection, records[place : place + AT_ONCE], SAID)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def measure(connection: sa.Connection, url: str, rounds: int) -> dict[str, tuple[float, float]]:
    """Of each task the milliseconds of processor time, ours and the server's, a round; and by the clock, the best of the rounds."""
    tasks: dict[str, Callable[[], Any]] = {
        "every unit in its stage, the first of each, what is overdue: the page": lambda: (
            lanes.list_lanes(connection, NOW, 8),
            lanes.count_overdue(connection, NOW),
        ),
        "fifty units of one stage": lambda: lanes.list_units(
            connection, NOW, lanes.Asked(Stage.INSPECTING), (FIRST, 50)
        ),
        "who has fifty units when": lambda: lanes.list_intervals(connection, NOW, lanes.Asked(), (FIRST, 50)),
        "bare SQL count by visibility": lambda: connection.execute(_BARE).all(),
    }
    return {name: _taken(task, url, rounds) for name, task in tasks.items()}


def _taken(task: Callable[[], Any], url: str, rounds: int) -> tuple[float, float]:
    best, server, own = float("inf"), server_seconds(url), time.process_time()
    for _ in range(rounds):
        began = time.perf_counter()
        task()
        best = min(best, time.perf_counter() - began)
    worked = time.process_time() - own + server_seconds(url) - server
    return worked / rounds * 1000, best * 1000


def main() -> None:
    """Measure, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--dry", action="store_true", help="do not write bench/RESULTS.md")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="circular-") as folder, EmbeddedServer(Path(folder)) as server:
        url = create_database(server.start(), "bench")
        database = Database(url)
        database.migrate()
        fill(database, given.units)
        with database.transaction() as connection:
            took = measure(connection, url.render_as_string(hide_password=False), given.rounds)
            counts = lanes.count_stages(connection, NOW)
        database.close()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    rows = "\n".join(f"| {name} | {worked:,.0f} | {clock:,.0f} |" for name, (worked, clock) in took.items())
    text = (
        f"{given.units:,} units, one in five with a rental ({', '.join(f'{count:,} {stage}' for stage, count in counts.items())}); "
        f"{given.rounds} rounds.\n\n| what | processor ms | by the clock ms, at best |\n|---|---|---|\n{rows}\n\n"
        f"Peak memory {memory} MB. Python {platform.python_version()}, {os.cpu_count()} processors "
        f"({platform.machine()}, {platform.system()}); load average {os.getloadavg()[0]:.1f}."
    )
    sys.stdout.write(text + "\n")
    if not given.dry:
        write_section("Units of a circular programme", text)


if __name__ == "__main__":
    main()
