"""How many orders a second go the whole path, beside a bare DBOS program that makes the same requests and commits.

The path: polled, assessed, stock looked at, decided and reserved, placed in the shop, read back, acknowledged, proven. Both
programs run as worker processes on one PostgreSQL (commits durable) and on simulators without latency or limits in a process
of their own; each measurement has a fresh database and fresh simulators, and the two take turns. Then the memory of a
worker over many orders, and the speed with years of history in the tables.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench import bare_dbos, order_worker
from bench.history import FAR, load_history
from bench.results import write_section
from bench.stage import LINES, PRODUCTS, Stage, server, stage

WARM_ORDERS = 24
LONGEST_SECONDS = 300.0  # of a wait for something to move
LOOK_SECONDS = 0.1
CONCURRENCY = 8
# Looked at often while the clock runs: history is left out by its ids, or looking would cost more than working.
_SETTLED = f"SELECT count(*) FROM trueup.deliveries WHERE state = 'accepted' AND id < {FAR}"
_LAST = f"SELECT extract(epoch FROM max(proved_at)) FROM trueup.deliveries WHERE id < {FAR}"
_SYNCED = "SELECT count(*) FROM trueup.products WHERE shop_variant IS NOT NULL"
_CASES = "SELECT string_agg(DISTINCT kind, ', ') FROM trueup.cases"
_STANDING = """
SELECT string_agg(told, '; ') FROM (
    SELECT 'run ' || name || ' ' || status || ': ' || count(*) FROM dbos.workflow_status
        WHERE status <> 'SUCCESS' GROUP BY name, status
    UNION ALL SELECT 'timer ' || flow || ': ' || count(*) || ', first ' || min(due) FROM durable.timers GROUP BY flow
    UNION ALL SELECT 'trouble of ' || run_id || ': ' || coalesce(error, '') FROM durable.troubles
    UNION ALL SELECT 'delivery ' || state || ': ' || count(*) FROM trueup.deliveries GROUP BY state
    UNION ALL SELECT 'case ' || kind || ': ' || count(*) FROM trueup.cases GROUP BY kind
    UNION ALL SELECT 'source ' || name || ' ' || query || ': ' || last_error FROM trueup.sources WHERE failures > 0
) AS every (told)
"""


@dataclass
class Measured:
    """One measurement: orders a second, and requests an order by operation."""

    rate: float
    requests: dict[str, float] = field(default_factory=dict)


def check_alive(processes: Sequence[subprocess.Popen[str]]) -> None:
    """Raises SystemExit when one has ended."""
    ended = [code for process in processes if (code := process.poll()) is not None]
    if ended:
        raise SystemExit(f"a worker process ended while it was measured, with {ended[0]}")


def until(count: Callable[[], int], wanted: int, told: Callable[[], str]) -> None:
    """Return when so many are counted. Raises SystemExit, with what is told then, when nothing moved for too long: a busy
    machine is slow, and what stands still is broken."""
    moved, found = time.monotonic(), count()
    while found < wanted:
        time.sleep(LOOK_SECONDS)
        before, found = found, count()
        if found != before:
            moved = time.monotonic()
        elif time.monotonic() - moved > LONGEST_SECONDS:
            raise SystemExit(f"{found} of {wanted}, and nothing moved for {LONGEST_SECONDS:.0f} s: {told()}")


class TrueupRun:
    """Trueup's worker processes on a stage."""

    def __init__(self, on: Stage, workers: int, profile: str = "") -> None:
        self._stage = on
        self._app = order_worker.open_bench(str(on.folder), CONCURRENCY, on.environment)
        arguments = (str(on.folder), str(CONCURRENCY), profile)
        self.processes = [on.start_process("bench.order_worker.work", *arguments) for _ in range(workers)]
        on.stack.callback(self._app.close)
        until(lambda: int(on.scalar(_SYNCED)), PRODUCTS, lambda: "the shop's products")

    def look(self, since: datetime) -> None:
        """Have orders fetched now."""
        order_worker.look_for_orders(self._app)

    def done(self) -> int:
        """How many orders have gone the whole path. Raises SystemExit when a worker is gone."""
        check_alive(self.processes)
        return int(self._stage.scalar(_SETTLED))

    def last(self) -> float:
        """When the last did, in seconds since 1970."""
        return float(self._stage.scalar(_LAST))

    def standing(self) -> str:
        """Where everything stands, for whom it stopped."""
        return str(self._stage.scalar(_STANDING))

    def check(self) -> None:
        """Raises SystemExit when something went otherwise than measured."""
        found = self._stage.scalar(_CASES)
        if found:
            raise SystemExit(f"cases were opened, so this was not the plain path: {found}")


class BareRun:
    """The bare program's worker processes on a stage."""

    def __init__(self, on: Stage, workers: int, profile: str = "") -> None:
        self._stage = on
        url = on.database.url.render_as_string(hide_password=False)
        bare_dbos.prepare_table(on.database.engine)
        addresses = str(on.addresses).replace("'", '"')
        self.processes = [
            on.start_process("bench.bare_dbos.work", url, addresses, f"bare-{number}", str(CONCURRENCY), profile)
            for number in range(workers)
        ]

    def look(self, since: datetime) -> None:
        """Have orders fetched now."""
        bare_dbos.look_for_orders(self._stage.database.engine, since)

    def done(self) -> int:
        """How many orders have gone the whole path. Raises SystemExit when a worker is gone."""
        check_alive(self.processes)
        return int(self._stage.scalar(bare_dbos.DONE))

    def last(self) -> float:
        """When the last did, in seconds since 1970."""
        return float(self._stage.scalar(bare_dbos.LAST))

    def standing(self) -> str:
        """Where everything stands, for whom it stopped."""
        return str(self._stage.scalar("SELECT string_agg(DISTINCT status, ', ') FROM dbos.workflow_status"))

    def check(self) -> None:
        """Nothing to check: it decides nothing."""


Run = TrueupRun | BareRun


def flow_through(run: Run, on: Stage, orders: int) -> float:
    """Orders a second, from the moment they are asked for until the last is proven."""
    before = run.done()
    since = datetime.now(UTC) - timedelta(seconds=1)
    on.place_orders(orders)
    time.sleep(1.3)  # Amazon is asked for whole seconds
    started = time.time()
    run.look(since)
    until(run.done, before + orders, run.standing)
    return orders / (run.last() - started)


def measure(kind: type[Run], url: str, workers: int, orders: int, seed: int, profile: str = "") -> Measured:
    """One measurement on a fresh stage."""
    with stage(url, concurrency=CONCURRENCY, seed=seed) as on:
        run = kind(on, workers, profile)
        flow_through(run, on, WARM_ORDERS)
        before = on.requests()
        rate = flow_through(run, on, orders)
        after = on.requests()
        run.check()
        each = {name: (count - before.get(name, 0)) / orders for name, count in after.items()}
        return Measured(rate, {name: number for name, number in each.items() if number >= 0.1})


def beside(url: str, workers: list[int], orders: int, rounds: int) -> str:
    """Trueup and the bare program by turns; a table."""
    rows = []
    requests: dict[str, dict[str, float]] = {}
    for count in workers:
        rates: dict[str, list[float]] = {"trueup": [], "bare": []}
        for turn in range(rounds):
            for name, kind in (("trueup", TrueupRun), ("bare", BareRun)):
                found = measure(kind, url, count, orders, seed=turn)
                rates[name].append(found.rate)
                requests[name] = found.requests
                say(f"{count} workers, turn {turn + 1}: {name} {found.rate:.2f} orders/s")
        ours, bare = statistics.median(rates["trueup"]), statistics.median(rates["bare"])
        spread = "; ".join(f"{name} {min(each):.1f} to {max(each):.1f}" for name, each in rates.items())
        rows.append(f"| {count} | {ours:.2f} | {bare:.2f} | **{ours / bare:.2f}** | {spread} |")
    each = sum(requests["trueup"].values()), sum(requests["bare"].values())
    return "\n".join(
        [
            f"{orders} orders of {LINES} lines a measurement, {rounds} turns each, medians; {CONCURRENCY} runs at once a worker.",
            f"Requests an order: Trueup {each[0]:.2f}, bare {each[1]:.2f}. Target: at least half of the bare program's rate.",
            "",
            "| workers | Trueup orders/s | bare DBOS orders/s | ratio | spread |",
            "|---|---|---|---|---|",
            *rows,
        ]
    )


def memory(url: str, orders: int) -> str:
    """The resident memory of one worker while orders flow in batches."""
    batch = min(500, max(50, orders // 20))
    samples: list[tuple[int, float]] = []
    with stage(url, concurrency=CONCURRENCY, seed=99) as on:
        run = TrueupRun(on, 1)
        started = time.monotonic()
        while run.done() < orders:
            flow_through(run, on, batch)
            samples.append((run.done(), resident_megabytes(run.processes[0].pid)))
            say(f"memory: {samples[-1][0]} orders, {samples[-1][1]:.1f} MB")
        seconds = time.monotonic() - started
        found = on.scalar(_CASES)
    settled = samples[len(samples) // 4 :]
    slope = statistics.linear_regression([count for count, _ in settled], [size for _, size in settled]).slope
    shown = ", ".join(f"{size:.0f} MB after {count}" for count, size in samples[:: max(1, len(samples) // 8)])
    return (
        f"One worker, {samples[-1][0]} orders in {seconds:.0f} s: {shown}, at the end {samples[-1][1]:.0f} MB. "
        f"Slope after the first quarter: {slope * 1000:.2f} MB a thousand orders. Cases on the way: {found or 'none'}."
    )


def with_history(url: str, history: int, orders: int, rounds: int) -> str:
    """The speed of two workers without and with so many orders in the tables, by turns on two stages."""
    with (
        stage(url, concurrency=CONCURRENCY, seed=1, name="empty") as empty,
        stage(url, concurrency=CONCURRENCY, seed=2, name="full") as full,
    ):
        rates: dict[str, list[float]] = {"empty": [], "full": []}
        runs = {"empty": (empty, TrueupRun(empty, 2)), "full": (full, TrueupRun(full, 2))}
        for on, run in runs.values():
            flow_through(run, on, WARM_ORDERS)
        started = time.monotonic()
        rows = load_history(full.database.engine, history)
        loaded = time.monotonic() - started
        say(f"history: {rows} rows in {loaded:.0f} s")
        for _ in range(rounds):
            for name, (on, run) in runs.items():
                rates[name].append(flow_through(run, on, orders))
                say(f"history: {name} {rates[name][-1]:.2f} orders/s")
        for _, run in runs.values():
            run.check()
        size = full.scalar("SELECT pg_database_size(current_database())") / 1e6
    without, with_ = statistics.median(rates["empty"]), statistics.median(rates["full"])
    return (
        f"Two workers, {rounds} turns of {orders} orders: {without:.2f} orders/s with empty tables, {with_:.2f} with {history} "
        f"orders of history ({rows} rows and {size:.0f} MB, loaded by COPY in {loaded:.0f} s): **{with_ / without:.2f}** of the "
        f"speed. Target: at least 0.80."
    )


def resident_megabytes(pid: int) -> float:
    """What a process holds in memory now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def noise_percent() -> float:
    """How unevenly this machine works just now: the spread of the same small piece of work, best to nine of ten."""
    taken = []
    for _ in range(40):
        start = time.perf_counter()
        sum(number * number for number in range(200_000))
        taken.append(time.perf_counter() - start)
    taken.sort()
    return 100 * (taken[35] / taken[0] - 1)


def say(words: str) -> None:
    """Progress, on the error channel."""
    print(words, file=sys.stderr, flush=True)


def main() -> None:
    """Measure, print, and write the sections of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="everything small: under two minutes")
    parser.add_argument("--only", choices=("rate", "memory", "history"), help="one part alone")
    parser.add_argument("--orders", type=int, help="orders a measurement")
    parser.add_argument("--rounds", type=int, help="turns")
    parser.add_argument("--workers", type=int, nargs="+", help="worker processes")
    parser.add_argument("--memory-orders", type=int, help="orders of the memory run")
    parser.add_argument("--history", type=int, help="orders of history")
    parser.add_argument("--dry-run", action="store_true", help="print, and leave RESULTS.md as it is")
    chosen = parser.parse_args()
    quick = chosen.quick
    orders = chosen.orders or (60 if quick else 200)
    rounds = chosen.rounds or (1 if quick else 3)
    workers = chosen.workers or ([1, 2] if quick else [1, 2, 4])
    noise = [noise_percent()]
    texts: dict[str, str] = {}
    with server() as url:
        if chosen.only in (None, "rate"):
            texts["Orders through the whole path"] = beside(url, workers, orders, rounds)
        if chosen.only in (None, "memory"):
            texts["Memory of a worker"] = memory(url, chosen.memory_orders or (300 if quick else 2000))
        if chosen.only in (None, "history"):
            history = chosen.history or (5_000 if quick else 100_000)
            texts["Speed with history"] = with_history(url, history, orders, rounds)
    noise.append(noise_percent())
    where = (
        f"Python {platform.python_version()}, {os.cpu_count()} processors ({platform.machine()}, {platform.system()}) shared by "
        f"workers, database and simulators; load average {os.getloadavg()[1]:.1f}; the same work took up to {max(noise):.0f} % "
        f"longer from one moment to the next."
    )
    for name, text in texts.items():
        whole = f"{text}\n\n{where}"
        print(f"\n{name}\n{whole}")
        if not chosen.dry_run:
            write_section(name, whole)


if __name__ == "__main__":
    main()
