"""Trueup as the remittance benchmark runs it: processes that take files in by the acts of an upload, each a transaction."""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trueup.app import FLOWS, build_books
from trueup.base.clock import SystemClock
from trueup.cli.main import collect_seldom
from trueup.domain.cases import Role
from trueup.domain.partners import Agreement, CostBasis, Partner
from trueup.durable.engine import Program
from trueup.durable.in_process import InProcessEngine
from trueup.remote.connections import Connections
from trueup.storage.database import Database, read_url
from trueup.storage.documents import Archive
from trueup.storage.sealing import MasterKey
from trueup.workflows.import_invoices import import_invoices
from trueup.workflows.import_remittances import Upload, begin_upload, settle_upload
from trueup.workflows.reconcile_remittances import reconcile_partner
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import World

PARTNER = "amazon-us"
PERSON = Person("Bench", frozenset({Role.FINANCE}))


@dataclass(frozen=True)
class Worked:
    """What a process did: lines (or invoices) taken in, processor seconds, and its largest memory; by file lines and seconds."""

    count: int
    cpu_seconds: float
    peak_megabytes: float
    files: dict[str, tuple[int, float]]


class Desk:
    """One process's books: the real tables and acts, without connections to other systems. `partners`: who pays."""

    def __init__(self, url: str, partners: Sequence[str] = (PARTNER,)) -> None:
        self.database = Database(read_url(url))
        terms = Agreement(PARTNER, "RIVR1", "USD", CostBasis.EACH, "shop", "main")
        self.world = World(
            database=self.database,
            archive=Archive(MasterKey(b"k" * 32)),
            connections=Connections(),
            partners=dict.fromkeys(partners, Partner(PARTNER, "na", (terms,))),
            routes={},
            rules=(),
            books=build_books(None),
            clock=SystemClock(),
        )
        self.engine = InProcessEngine(self.database.engine, Program(self.world, FLOWS, self.world.clock))

    def bill(self, path: Path) -> int:
        """Take a file of invoices in; returns how many are new."""
        done = self.engine.act(import_invoices, path.read_bytes(), PERSON)
        if done.findings or done.different:
            raise SystemExit(f"{path.name}: {len(done.findings)} findings, {done.different} invoices known otherwise")
        return done.new

    def settle(self, path: Path, partner: str = PARTNER) -> int:
        """Archive a file of remittances, read it, book it; returns its lines."""
        upload = Upload(path.read_bytes(), path.name, partner, PERSON)
        return settle_upload(self.engine.act, begin_upload(self.engine.act, upload), lambda _lines: None).lines

    def reconcile(self, partner: str = PARTNER) -> dict[str, int]:
        """Hold what waits against all that is open."""
        return self.engine.act(reconcile_partner, partner)

    def close(self) -> None:
        """Give the connections back."""
        self.database.close()


def in_processes(
    work: Callable[[Desk, Path], int], url: str, files: Sequence[Path], processes: int
) -> tuple[float, list[Worked]]:
    """Do the work on every file, each process the next that is free; the seconds from the first to the last, without start-up."""
    spawn = multiprocessing.get_context("spawn")
    waiting: Any = spawn.Queue()
    done: Any = spawn.Queue()
    ready = spawn.Barrier(processes + 1)
    for path in [*files, *[None] * processes]:
        waiting.put(path)
    workers = [spawn.Process(target=_process, args=(work, url, waiting, done, ready)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    ready.wait()
    started = time.monotonic()
    found = [done.get() for _ in workers]
    seconds = time.monotonic() - started
    for worker in workers:
        worker.join()
    failed = [each for each in found if isinstance(each, str)]
    if failed:
        raise SystemExit(f"a worker failed: {failed[0]}")
    return seconds, found


def _process(work: Callable[[Desk, Path], int], url: str, waiting: Any, done: Any, ready: Any) -> None:
    collect_seldom()
    desk = Desk(url)
    ready.wait()
    before, files = time.process_time(), dict[str, tuple[int, float]]()
    try:
        while (path := waiting.get()) is not None:
            began = time.process_time()
            files[path.name] = work(desk, path), time.process_time() - began
        peak = (
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if os.uname().sysname == "Darwin" else 1024) / 1e6
        )
        count = sum(lines for lines, _ in files.values())
        done.put(Worked(count, time.process_time() - before, peak, files))
    except BaseException as error:
        done.put(f"{type(error).__name__}: {error}")
        raise
    finally:
        desk.close()
