"""A worker process for the tests: `python -m tests.durable.worker_process URL [pause seconds a call]`, until it is killed."""

from __future__ import annotations

import sys
import threading

import sqlalchemy as sa

from tests.durable.programs import program, write_defect
from trueup.base.clock import SystemClock
from trueup.durable.on_dbos import DbosEngine
from trueup.durable.takeover import WorkerSettings

SETTINGS = WorkerSettings(
    application_version="test", concurrency=4, poll_seconds=0.02, heartbeat_seconds=0.2, dead_after_seconds=1.5
)


def main(url: str, pause_seconds: str) -> None:
    """Work for ever."""
    pool = sa.create_engine(url, pool_size=8, max_overflow=8)
    sample = program(pool, SystemClock(), on_defect=write_defect)
    sample.resources.pause_seconds = float(pause_seconds)
    engine = DbosEngine(pool, sample, SETTINGS)
    engine.launch()
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
