"""How long a change of stock takes to stand in the shop: 100,000 products, fifty changes a second, and the shop's rate limit.

The real worker publishes to the Shopify simulator, which charges each request its points and sends its webhooks back to us, as
the real shop does. A change is a count that a warehouse declares; it has arrived when the shop has accepted the write, by our own
record of both moments. Before that, all products are counted at once (the burst), and read back at once (the sweep).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import statistics
import sys
import time
from collections.abc import Iterator
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
from trueup.domain.catalog import Product
from trueup.durable.takeover import WorkerSettings
from trueup.formats.stock_counts import Count, write_stock_counts
from trueup.storage.database import create_database
from trueup.storage.products import save_master
from trueup.workflows.check_stock import sweep_rounds
from trueup.workflows.rounds import ask_sooner
from trueup.workflows.take_in_counts import declare_counts
from trueup.workflows.world import Pace

TOPIC = "INVENTORY_LEVELS_UPDATE"
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


def shop(products: str, intake: str) -> None:
    """The shop's process: its plan's rate limit, its webhooks sent to `intake`; serves until its input ends."""
    from trueup.simulators.serving import serve
    from trueup.simulators.shopify import ShopifySimulator

    there = ShopifySimulator(plan="plus", rate_limit=True, journal_length=100)
    there.add_app(client_id=CLIENT, client_secret=SECRET)
    location = there.add_location(PLACE)
    for start in range(0, int(products), 1000):
        skus = [sku_of(number) for number in range(start, min(start + 1000, int(products)))]
        there.add_products(
            [{"title": sku, "variants": [{"sku": sku, "price": "20.00", "levels": {PLACE: 5}}]} for sku in skus]
        )
    there.subscribe(CLIENT, TOPIC, f"{intake}/webhooks/shopify/{SHOP}")
    with serve(there.app) as at:
        print(json.dumps({"url": at.url, "location": location.id}), flush=True)
        sys.stdin.read()


def work(folder: str, port: str) -> None:
    """The worker's process, which takes webhooks in too: works until its input ends."""
    from trueup.api.server import build_api
    from trueup.simulators.serving import serve

    with open_bench(folder) as app, serve(build_api(app.world, app.engine.act), int(port)):
        app.work()
        print("ready", flush=True)
        sys.stdin.read()


def open_bench(folder: str) -> Application:
    """The installation, at its own pace, but for what goes round."""
    worker = WorkerSettings(__version__)
    return open_application(Path(folder) / "trueup.toml", Opening(SystemClock(), os.environ, pace=_PACE, worker=worker))


@dataclass
class Measured:
    """What was seen: seconds of each big step, seconds of each change, and what it took."""

    steps: dict[str, float] = field(default_factory=dict)
    writes: dict[str, int] = field(default_factory=dict)
    delays: list[float] = field(default_factory=list)
    rate: float = 0.0
    memory_mb: int = 0


@dataclass
class Bench:
    """An installation under way, seen from outside its worker."""

    app: Application
    products: int
    worker: int
    chance: Random = field(default_factory=lambda: Random(3))

    def value(self, statement: str) -> Any:
        """The one value of a query."""
        with self.app.database.transaction() as connection:
            return connection.execute(sa.text(statement)).scalar()

    def wait(self, statement: str, expected: int) -> float:
        """Seconds until the query gives `expected`. Raises SystemExit when nothing has moved for two minutes."""
        began = moved = time.monotonic()
        last = None
        while (found := self.value(statement)) != expected:
            if found != last:
                last, moved = found, time.monotonic()
            if time.monotonic() - moved > 120:
                raise SystemExit(f"Stuck at {found}, expected {expected}: {statement}")
            time.sleep(0.05)
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


def measure(products: int, seconds: int, a_second: int) -> Measured:
    """Start everything, fill it, and change it."""
    found = Measured()
    with _started(products) as bench:
        found.steps["the catalogue read"] = bench.wait(
            "SELECT count(*) FROM trueup.products WHERE shop_item IS NOT NULL", products
        )
        began = time.monotonic()
        bench.count(list(range(products)))
        found.steps["the burst declared"] = time.monotonic() - began
        bench.wait("SELECT count(*) FROM trueup.publications WHERE published IS NOT NULL", products)
        bench.wait(bench.waiting(), 0)
        found.steps["the burst in the shop"] = time.monotonic() - began
        found.writes["burst"] = bench.value("SELECT count(*) FROM trueup.stock_writes")
        found.steps["the burst read back"] = bench.wait("SELECT count(*) FROM trueup.stock_looks", 0)
        began = time.monotonic()
        sweeps = "SELECT documents FROM trueup.sources WHERE query = 'stock-sweep'"
        before = bench.value(sweeps) or 0
        bench.app.engine.act(lambda tx: ask_sooner(tx, sweep_rounds(tx.resources)))
        bench.wait(sweeps, before + products)
        bench.wait("SELECT count(*) FROM trueup.stock_looks", 0)
        found.steps["a full sweep, all read back"] = time.monotonic() - began
        since = datetime.now(UTC)
        before = bench.value("SELECT count(*) FROM trueup.stock_writes")
        found.rate = bench.change(seconds, a_second)
        bench.wait(bench.waiting(), 0)
        found.writes["steady"] = bench.value("SELECT count(*) FROM trueup.stock_writes") - before
        with bench.app.database.transaction() as connection:
            found.delays = [float(row[0]) for row in connection.execute(sa.text(_WRITES), {"since": since})]
        found.memory_mb = _memory_mb(bench.worker)
    return found


@contextmanager
def _started(products: int) -> Iterator[Bench]:
    with ExitStack() as stack:
        database = create_database(stack.enter_context(server()), "stock")
        folder = stack.enter_context(TemporaryDirectory(prefix="tub-"))
        port = _free_port()
        given = {"BENCH_DATABASE": database.render_as_string(hide_password=False), "BENCH_CLIENT_SECRET": SECRET}
        os.environ.update(given)
        intake = f"http://127.0.0.1:{port}"
        there = stack.enter_context(running("bench.stock_events.shop", str(products), intake, environment=os.environ))
        told = json.loads(there.stdout.readline())  # type: ignore[union-attr]
        text = _SETTINGS.replace("LOCATION", told["location"]).replace("SHOPIFY", told["url"])
        (Path(folder) / "trueup.toml").write_text(text)
        app = stack.enter_context(open_bench(folder))
        with app.database.transaction() as connection:
            master = ((Product(sku_of(n), "A product", declared_source="warehouse"), None) for n in range(products))
            save_master(connection, master, "0" * 64, datetime.now(UTC))
        worker = stack.enter_context(running("bench.stock_events.work", folder, str(port), environment=os.environ))
        if worker.stdout is None or worker.stdout.readline() != "ready\n":
            raise SystemExit("The worker ended before it was ready; its words are above.")
        yield Bench(app, products, worker.pid)


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
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--changes", type=int, default=50, help="a second")
    given = parser.parse_args()
    load = os.getloadavg()[0]
    found = measure(given.products, given.seconds, given.changes)
    hundredths = statistics.quantiles(found.delays, n=100)
    rows = "".join(f"| {name} | {seconds:,.1f} |\n" for name, seconds in found.steps.items())
    text = (
        f"{given.products:,} products in a shop of the plan Plus, whose rate limit holds (1,000 points a second). Then "
        f"{found.rate:.0f} changes a second for {given.seconds} s, from the count declared to the write accepted: p50 "
        f"**{hundredths[49]:.2f} s**, p99 **{hundredths[98]:.2f} s**, longest {max(found.delays):.2f} s, over "
        f"{len(found.delays):,} changes in {found.writes['steady']:,} writes. Goal: p99 under 2 s.\n\n"
        f"| step | s |\n|---|---|\n{rows}\n"
        f"The burst took {found.writes['burst']:,} writes. The worker, which takes the webhooks of its own writes in too, held at "
        f"most {found.memory_mb} MB. Python {platform.python_version()}, {os.cpu_count()} processors shared by shop, database and "
        f"worker; load average before {load:.1f}."
    )
    print(text)
    write_section("A change of stock reaches the shop", text)


if __name__ == "__main__":
    main()
