"""Trueup as the order benchmark runs it: worker processes of the real application, whose rate budgets allow everything."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import structlog

from trueup import __version__
from trueup.app import Application, Opening, open_application
from trueup.base.clock import SystemClock
from trueup.durable.budgets import Budgets
from trueup.durable.takeover import WorkerSettings
from trueup.workflows.poll_orders import ensure_polls
from trueup.workflows.world import Pace

PACE = Pace(
    poll=timedelta(hours=6),
    overlap=timedelta(seconds=30),
    back_fill=timedelta(minutes=10),
    settle=timedelta(0),
    products=timedelta(hours=6),
    looks=(timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=5)),
    processed=timedelta(seconds=20),
)
"""Orders are looked for when the benchmark says so, and read back as soon as they are answered: nothing waits. An answer whose
reply is lost, as happens on a machine that is too busy, is sent again after 20 seconds and not after half an hour."""
POLL_SECONDS = 0.05
_PLENTY = 1e6


class PlentifulBudgets(Budgets):
    """The shared buckets, written as always, of systems that allow a million times as much."""

    def take(self, name: str, cost: float, rate_per_second: float, burst: float) -> float:
        """As Budgets.take."""
        return super().take(name, cost, rate_per_second * _PLENTY, burst * _PLENTY)

    def observe(self, name: str, available: float, rate_per_second: float, burst: float | None = None) -> None:
        """As Budgets.observe."""
        more = burst * _PLENTY if burst is not None else None
        super().observe(name, available * _PLENTY, rate_per_second * _PLENTY, more)


def open_bench(folder: str, concurrency: int, environ: Mapping[str, str] = os.environ) -> Application:
    """The installation of a stage."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    worker = WorkerSettings(__version__, concurrency=concurrency, poll_seconds=POLL_SECONDS)
    opening = Opening(SystemClock(), environ, pace=PACE, worker=worker, budget=PlentifulBudgets)
    return open_application(Path(folder) / "trueup.toml", opening)


def work(folder: str, concurrency: str, profile: str = "") -> None:
    """A worker process: works until its input ends."""
    app = open_bench(folder, int(concurrency))
    app.work()
    print("ready", flush=True)
    if profile:
        from bench.sampling import sampled

        with sampled(Path(profile)):
            sys.stdin.read()
    else:
        sys.stdin.read()
    app.close()


def look_for_orders(app: Application) -> None:
    """Have orders fetched now."""
    app.engine.act(ensure_polls)
