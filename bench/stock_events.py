"""How long a change of stock takes to stand in the shop: 100,000 products, fifty changes a second, and the shop's rate limit.

The real worker publishes to the Shopify simulator, which charges each request its points and sends its webhooks back to us, as
the real shop does. It begins as an installation stands after its first day: the catalogue read, every count published. Then, in
turn: a full sweep (one export of all that is there), a burst of ten thousand changes at once, and fifty changes a second. A change
is a count that a warehouse declares; it has arrived when the shop has accepted the write, by our own record of both moments.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench.results import write_section
from bench.stage import CLIENT, PLACE, SECRET, SHOP, running, server
from trueup import __version__
from trueup.app import Application, Opening, open_application
from trueup.base.clock import SystemClock
from trueup.domain.catalog import CountSource
from trueup.domain.inventory import Level
from trueup.durable.takeover import WorkerSettings
from trueup.formats.stock_counts import Count, write_stock_counts
from trueup.storage.bulk import copy_rows
from trueup.storage.database import create_database
from trueup.storage.stock_ledger import record_levels
from trueup.workflows.take_in_counts import declare_counts
from trueup.workflows.world import Pace

TOPICS = ("INVENTORY_LEVELS_UPDATE", "BULK_OPERATIONS_FINISH")
STANDING = 5
"""What lies of each product to begin with, here and in the shop."""
FILES_A_SECOND = 10
_SETTINGS = f"""
[installation]
data = "data"
database = "env:BENCH_DATABASE"
[[folders]]
name = "edi"
in = "in"
out = "out"
archive = "done"
[[partners]]
name = "amazon-edi"
kind = "amazon-vendor"
region = "na"
routes = ["edi"]
vendor_codes = ["NORDA"]
folder = "edi"
[[partners.agreements]]
vendor_code = "NORDA"
currency = "USD"
cost_basis = "each"
shop = "{SHOP}"
ship_from = "{PLACE}"
[[shops]]
name = "{SHOP}"
kind = "shopify"
domain = "trueup-demo.myshopify.com"
client_id = "{CLIENT}"
client_secret = "env:BENCH_CLIENT_SECRET"
publishes_stock = true
locations = {{ {PLACE} = "LOCATION" }}
[simulation]
amazon_url = "SHOPIFY"
shopify_url = "SHOPIFY"
"""
_PACE = Pace(products=timedelta(days=9), stock_sweep=timedelta(days=9), watch=timedelta(days=9))
"""What goes round does so when the benchmark asks; everything else is as it always is."""
_WRITES = """SELECT extract(epoch FROM write.settled_at - (row ->> 'since')::timestamptz) AS seconds
FROM trueup.stock_writes AS write, jsonb_array_elements(write.rows) AS row
WHERE write.state = 'accepted' AND (row ->> 'since')::timestamptz >= :since ORDER BY 1"""


def sku_of(number: int) -> str:
    """The SKU of a product."""
    return f"SKU-{number:06}"


def shop(products: str, intake: str, listed: str) -> None:
    """The shop's process: its plan's rate limit, its webhooks sent to `intake`; its ids are written to the file `listed`. Serves
    until its input ends, and says for each line of it what it was asked so far."""
    from trueup.simulators.serving import serve
    from trueup.simulators.shopify import ShopifySimulator

    there = ShopifySimulator(plan="plus", rate_limit=True, journal_length=100, bulk_seconds_a_thousand=0.3)
    there.add_app(client_id=CLIENT, client_secret=SECRET)
    location = there.add_location(PLACE)
    for start in range(0, int(products), 1000):
        skus = [sku_of(number) for number in range(start, min(start + 1000, int(products)))]
        there.add_products(
            [{"title": sku, "variants": [{"sku": sku, "price": "20.00", "levels": {PLACE: STANDING}}]} for sku in skus]
        )
    for topic in TOPICS:
        there.subscribe(CLIENT, topic, f"{intake}/webhooks/shopify/{SHOP}")
    variants = there.world.variants
    Path(listed).write_text("".join(f"{each.sku}\t{each.id}\t{each.inventory_item.id}\n" for each in variants))
    with serve(there.app) as at:
        print(json.dumps({"url": at.url, "location": location.id}), flush=True)
        for _ in sys.stdin:
            print(json.dumps({"requests": there.requests_seen, "points": there.points_asked}), flush=True)


def work(folder: str, port: str) -> None:
    """The worker's process, which takes webhooks in too: works until its input ends."""
    from trueup.api.server import build_api
    from trueup.simulators.serving import serve

    with open_bench(folder) as app, serve(build_api(app.world, app.engine.act), int(port)):
        app.world.connections.product_sources.clear()  # the catalogue has been read, and is not read again meanwhile
        app.work()
        print("ready", flush=True)
        sys.stdin.read()


def open_bench(folder: str) -> Application:
    """The installation, at its own pace, but for what goes round."""
    worker = WorkerSettings(__version__)
    return open_application(Path(folder) / "trueup.toml", Opening(SystemClock(), os.environ, pace=_PACE, worker=worker))


@dataclass
class Measured:
    """What was seen: seconds, requests and points of each step, seconds of each change, and what it took."""

    steps: dict[str, tuple[float, int, int]] = field(default_factory=dict)
    burst_writes: int = 0
    steady_writes: int = 0
    delays: list[float] = field(default_factory=list)
    rate: float = 0.0
    memory_mb: int = 0


@dataclass
class Bench:
    """An installation under way, seen from outside its worker."""

    app: Application
    products: int
    shop: subprocess.Popen[str]
    worker: int = 0
    start_worker: Callable[[], None] = lambda: None
    chance: Random = field(default_factory=lambda: Random(3))

    def asked(self) -> tuple[int, int]:
        """How many requests and points the shop was asked for so far."""
        assert self.shop.stdin is not None and self.shop.stdout is not None
        self.shop.stdin.write("\n")
        self.shop.stdin.flush()
        told = json.loads(self.shop.stdout.readline())
        return told["requests"], told["points"]

    @contextmanager
    def step(self, found: Measured, name: str) -> Iterator[None]:
        """Measure what is done within."""
        began, before = time.monotonic(), self.asked()
        yield
        after = self.asked()
        found.steps[name] = (time.monotonic() - began, after[0] - before[0], after[1] - before[1])
        print(f"{name}: {found.steps[name][0]:.1f} s", file=sys.stderr, flush=True)

    def value(self, statement: str, **given: Any) -> Any:
        """The one value of a query."""
        with self.app.database.transaction() as connection:
            return connection.execute(sa.text(statement), given).scalar()

    def wait(self, statement: str, expected: int, **given: Any) -> float:
        """Seconds until the query gives `expected`. Raises SystemExit when nothing has moved for five minutes."""
        began = moved = time.monotonic()
        last = None
        while (found := self.value(statement, **given)) != expected:
            if found != last:
                last, moved = found, time.monotonic()
            if time.monotonic() - moved > 300:
                raise SystemExit(f"Stuck at {found}, expected {expected}: {statement}")
            time.sleep(0.2)
        return time.monotonic() - began

    def count(self, numbers: list[int]) -> None:
        """The warehouse declares a new count of each."""
        rows = [Count(sku_of(number), PLACE, self.chance.randrange(10, 10_000)) for number in numbers]
        self.app.engine.act(declare_counts, write_stock_counts(rows))

    def waiting(self) -> str:
        """The query of what is not in the shop yet."""
        return "SELECT count(*) FROM trueup.publications WHERE changed_since IS NOT NULL"

    def change(self, seconds: int, a_second: int) -> float:
        """So many changes a second for so long; how many a second it came to."""
        began = time.monotonic()
        files = seconds * FILES_A_SECOND
        for number in range(files):
            time.sleep(max(0.0, began + number / FILES_A_SECOND - time.monotonic()))
            self.count(self.chance.sample(range(self.products), a_second // FILES_A_SECOND))
        return files * (a_second // FILES_A_SECOND) / (time.monotonic() - began)


def measure(given: argparse.Namespace) -> Measured:
    """Start everything, and have it swept, changed at once, and changed all the time."""
    found = Measured()
    with _started(given.products) as bench:
        with bench.step(found, "a full sweep, taken in"):
            sweeps = "SELECT count(*) FROM trueup.publications WHERE shown_at >= :since"
            since = datetime.now(UTC)
            bench.start_worker()  # which sweeps at once
            bench.wait(sweeps, given.products, since=since)
            bench.wait("SELECT count(*) FROM trueup.shop_exports WHERE ended_at IS NULL", 0)
        before = bench.value("SELECT count(*) FROM trueup.stock_writes")
        with bench.step(found, f"a burst of {given.burst:,} changes, in the shop"):
            bench.count(bench.chance.sample(range(given.products), given.burst))
            bench.wait(bench.waiting(), 0)
        found.burst_writes = bench.value("SELECT count(*) FROM trueup.stock_writes") - before
        with bench.step(found, "the burst and its webhooks, read back"):
            bench.wait("SELECT count(*) FROM trueup.stock_looks", 0)
        since = datetime.now(UTC)
        before = bench.value("SELECT count(*) FROM trueup.stock_writes")
        with bench.step(found, "the changes all the time"):
            found.rate = bench.change(given.seconds, given.changes)
            bench.wait(bench.waiting(), 0)
        found.steady_writes = bench.value("SELECT count(*) FROM trueup.stock_writes") - before
        with bench.app.database.transaction() as connection:
            found.delays = [float(row[0]) for row in connection.execute(sa.text(_WRITES), {"since": since})]
        found.memory_mb = _memory_mb(bench.worker)
    return found


def fill(connection: sa.Connection, listed: Path) -> None:
    """The installation after its first day: products, their ids in the shop, counts, and what the shop took of them."""
    now, none = datetime.now(UTC), "0" * 64
    known = [line.split("\t") for line in listed.read_text().splitlines()]
    columns = ("sku", "title", "circular", "declared_source", "obsolete", "shop_variant", "shop_item", "tracked")
    rows = ((sku, "A product", False, "warehouse", False, v, item, True, now, none) for sku, v, item in known)
    copy_rows(connection, "products", (*columns, "updated_at", "evidence"), rows)
    columns = ("shop", "sku", "variant", "item", "tracked", "circular", "seen_at", "evidence")
    copy_rows(
        connection, "shop_products", columns, ((SHOP, sku, v, item, True, False, now, none) for sku, v, item in known)
    )
    told: tuple[str, ...] = ("sku", "location", "declared_on_hand", "declared_at", "evidence")
    copy_rows(connection, "stock", told, ((sku, PLACE, STANDING, now, none) for sku, _, _ in known))
    levels = [Level(sku, PLACE, STANDING, 0, STANDING, True, now, source="warehouse") for sku, _, _ in known]
    record_levels(connection, levels, CountSource.DECLARED)
    told = (
        "channel",
        "sku",
        "location",
        "item",
        "changes",
        "believed",
        "published",
        "counted_at",
        "held",
        "accepted_at",
        "why",
    )
    seen = ("available", "committed", "on_hand", "reserved", "tracked", "shown_at", "evidence")
    stands = (
        1,
        STANDING,
        STANDING,
        now,
        0,
        now,
        "",
        STANDING,
        0,
        STANDING,
        0,
        True,
        now + timedelta(microseconds=1),
        none,
    )
    copy_rows(connection, "publications", (*told, *seen), ((SHOP, sku, PLACE, item, *stands) for sku, _, item in known))


@contextmanager
def _started(products: int) -> Iterator[Bench]:
    with ExitStack() as stack:
        database = create_database(stack.enter_context(server()), "stock")
        folder = stack.enter_context(TemporaryDirectory(prefix="tub-"))
        port = _free_port()
        given = {"BENCH_DATABASE": database.render_as_string(hide_password=False), "BENCH_CLIENT_SECRET": SECRET}
        os.environ.update(given)
        intake = f"http://127.0.0.1:{port}"
        listed = Path(folder) / "listed"
        arguments = (str(products), intake, str(listed))
        there = stack.enter_context(running("bench.stock_events.shop", *arguments, environment=os.environ))
        told = json.loads(there.stdout.readline())  # type: ignore[union-attr]
        text = _SETTINGS.replace("LOCATION", told["location"]).replace("SHOPIFY", told["url"])
        (Path(folder) / "trueup.toml").write_text(text)
        app = stack.enter_context(open_bench(folder))
        with app.database.transaction() as connection:
            fill(connection, listed)
        with app.database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
        bench = Bench(app, products, there)

        def start() -> None:
            worker = stack.enter_context(running("bench.stock_events.work", folder, str(port), environment=os.environ))
            if worker.stdout is None or worker.stdout.readline() != "ready\n":
                raise SystemExit("The worker ended before it was ready; its words are above.")
            bench.worker = worker.pid

        bench.start_worker = start
        yield bench


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _memory_mb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) // 1024


def main() -> None:
    """Measure, print, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--seconds", type=int, default=45)
    parser.add_argument("--changes", type=int, default=50, help="a second")
    parser.add_argument("--burst", type=int, default=10_000, help="changes at once")
    parser.add_argument("--dry", action="store_true", help="do not write bench/RESULTS.md")
    given = parser.parse_args()
    load = os.getloadavg()[0]
    found = measure(given)
    hundredths = statistics.quantiles(found.delays, n=100)
    rows = "".join(
        f"| {name} | {seconds:,.1f} | {requests:,} | {points:,} |\n"
        for name, (seconds, requests, points) in found.steps.items()
    )
    text = (
        f"{given.products:,} products in a shop of the plan Plus, whose rate limit holds (1,000 points a second). "
        f"{found.rate:.0f} changes a second for {given.seconds} s, from the count declared to the write accepted: p50 "
        f"**{hundredths[49]:.2f} s**, p99 **{hundredths[98]:.2f} s**, longest {max(found.delays):.2f} s, over "
        f"{len(found.delays):,} changes in {found.steady_writes:,} writes. Goal: p99 under 2 s.\n\n"
        f"| step | s | requests | points |\n|---|---|---|---|\n{rows}\n"
        f"The sweep is one export, for which the shop takes {5 + given.products * 0.3 / 1000:.0f} s here. "
        f"By pages it would be {-(-given.products // 250):,} requests and {given.products * 752 // 250:,} "
        f"points. The burst took {found.burst_writes:,} writes; {-(-given.burst // 250):,} are the fewest possible. The worker, "
        f"which takes the webhooks of its own writes in too, held at most {found.memory_mb} MB. Python "
        f"{platform.python_version()}, {os.cpu_count()} processors shared by shop, database and worker; load average before "
        f"{load:.1f}."
    )
    print(text)
    if not given.dry:
        write_section("A change of stock reaches the shop", text)


if __name__ == "__main__":
    main()
