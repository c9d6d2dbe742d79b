"""How long it takes to say what may be sold: of 100,000 products at once, and of the fifty that changed in a second.

Beside it runs the bare sum in SQL, on the same tables: count less reservations, one number a product, without terms, fences,
buffers, movements or evidence. The three take turns; each is the median of several rounds, by the wall clock, because most of
the work is the database's. What a sweep writes is measured too: 100,000 observations of which a hundredth changed.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench.results import write_section
from trueup.domain.buffers import BufferRule
from trueup.domain.catalog import CountSource
from trueup.domain.channels import Channel
from trueup.domain.inventory import Claimant, Level
from trueup.domain.ring_fences import Fence, Share
from trueup.storage.bulk import copy_rows
from trueup.storage.database import Database, create_database
from trueup.storage.embedded import EmbeddedServer
from trueup.storage.stock_ledger import NO_EVIDENCE, record_levels
from trueup.workflows.promises import load_promises

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
CHANNEL = Channel(
    "shop main",
    Claimant.SHOP,
    "main",
    BufferRule(2, Fraction(1)),
    (Fence(("SKU-0*",), circular_keeps=Share(percent=Fraction(10))),),
)
BARE = sa.text(
    "SELECT l.sku, l.available - coalesce(r.held, 0) AS free FROM trueup.stock_levels l LEFT JOIN ("
    " SELECT sku, sum(eaches - claimed_eaches) AS held FROM trueup.reservations WHERE location = 'main' GROUP BY sku"
    ") r ON r.sku = l.sku WHERE l.location = 'main' ORDER BY l.sku"
)


def sku_of(number: int) -> str:
    """The SKU of a product."""
    return f"SKU-{number:06}"


def fill(engine: sa.Engine, products: int, reservations: int) -> None:
    """Products that the shop counts, a tenth counted by a warehouse, and orders that hold some of them."""
    chance = random.Random(11)
    with engine.begin() as connection:
        told = ("sku", "title", "tracked", "circular", "declared_source", "obsolete", "updated_at", "evidence")
        rows = (
            (sku_of(n), "A product", n % 10 != 0, False, "warehouse" if n % 10 == 0 else None, False, NOW, NO_EVIDENCE)
            for n in range(products)
        )
        copy_rows(connection, "products", told, rows)
        ordered = (
            "partner",
            "number",
            "vendor_code",
            "state",
            "revision",
            "ordered_at",
            "first_seen_at",
            "history",
            "again",
            "runs",
        )
        many = (
            ("amazon-us", f"PO{n}", "NORDA", "new", 1, NOW, NOW, False, False, 0) for n in range(1, reservations + 1)
        )
        copy_rows(connection, "orders", ordered, many)
        held = (
            "order_id",
            "sequence",
            "sku",
            "location",
            "eaches",
            "claimed_eaches",
            "reserved_at",
            "claimed_at",
            "decision",
        )
        copy_rows(connection, "reservations", held, (_held(n, chance, products) for n in range(1, reservations + 1)))
    for counted in (CountSource.SHOP, CountSource.DECLARED):
        numbers = [n for n in range(products) if (n % 10 == 0) is (counted is CountSource.DECLARED)]
        with engine.begin() as connection:
            record_levels(connection, (_level(n, NOW, chance.randrange(200)) for n in numbers), counted)
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")


def _held(number: int, chance: random.Random, products: int) -> tuple[object, ...]:
    claimed = number % 3 != 0
    at = NOW - timedelta(minutes=number % 600) if claimed else None
    return (number, 1, sku_of(chance.randrange(products)), "main", 12, 12 if claimed else 0, NOW, at, number)


def _level(number: int, at: datetime, eaches: int) -> Level:
    return Level(sku_of(number), "main", eaches, 5, eaches + 5, True, at, source="main-shop")


def _taking_turns(tasks: dict[str, Callable[[], int]], rounds: int) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            began = time.perf_counter()
            assert task() > 0, name
            taken[name].append(time.perf_counter() - began)
    return {name: statistics.median(each) for name, each in taken.items()}


def measure(engine: sa.Engine, products: int, rounds: int) -> dict[str, float]:
    """Seconds of each task."""
    chance = random.Random(5)
    changing = [sku_of(chance.randrange(products)) for _ in range(50)]
    sweeps = iter(range(1, 1_000_000))

    def promises(skus: list[str] | None) -> int:
        with engine.begin() as connection:
            return sum(1 for each in load_promises(connection, CHANNEL, skus, NOW).values() if each.eaches >= 0)

    def bare() -> int:
        with engine.begin() as connection:
            return sum(1 for row in connection.execute(BARE) if row.free is not None)

    def sweep() -> int:
        number = next(sweeps)
        at = NOW + timedelta(minutes=number)
        told = [_level(n, at, 300 + number if n % 100 == number % 100 else 7) for n in range(products) if n % 10]
        with engine.begin() as connection:
            record_levels(connection, told, CountSource.SHOP)
        return len(told)

    tasks: dict[str, Callable[[], int]] = {
        "all products, with the sum": lambda: promises(None),
        "bare SQL sum of all": bare,
        "fifty products, with the sum": lambda: promises(changing),
    }
    return {**_taking_turns(tasks, rounds), **_taking_turns({"a sweep taken in": sweep}, 3)}


def main() -> None:
    """Measure, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--reservations", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--dry", action="store_true", help="do not write bench/RESULTS.md")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stock-") as folder, EmbeddedServer(Path(folder)) as server:
        database = Database(create_database(server.start(), "bench"))
        database.migrate()
        fill(database.engine, given.products, given.reservations)
        took = measure(database.engine, given.products, given.rounds)
        database.close()
    ours, bare = took["all products, with the sum"], took["bare SQL sum of all"]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    rows = "\n".join(f"| {name} | {seconds * 1000:,.1f} |" for name, seconds in took.items())
    text = (
        f"{given.products} products, {given.reservations} reservations; medians of {given.rounds} rounds taking turns.\n\n"
        f"| what | ms |\n|---|---|\n{rows}\n\n"
        f"With every term, its source and its fences it takes **{ours / bare:.1f}** times the bare sum: "
        f"{given.products / ours:,.0f} products a second. Peak memory {memory} MB. Python {platform.python_version()}, "
        f"{os.cpu_count()} processors ({platform.machine()}, {platform.system()}); load average {os.getloadavg()[0]:.1f}."
    )
    sys.stdout.write(text + "\n")
    if not given.dry:
        write_section("What may be sold", text)


if __name__ == "__main__":
    main()
