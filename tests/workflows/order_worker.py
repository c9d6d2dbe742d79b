"""A worker process for the tests: `python -m tests.workflows.order_worker TRUEUP_TOML`, at work until it is killed."""

from __future__ import annotations

import logging
import sys
import threading
from datetime import timedelta
from pathlib import Path

import structlog

from trueup.app import Opening, open_application
from trueup.durable.takeover import WorkerSettings
from trueup.workflows.world import Pace

# The machine's own time: what takes minutes with Amazon takes seconds with a simulator.
PACE = Pace(
    poll=timedelta(seconds=0.5),
    back_fill=timedelta(minutes=30),
    settle=timedelta(seconds=0.3),
    looks=(timedelta(seconds=1), timedelta(seconds=2)),
    processed=timedelta(seconds=1),
)
SETTINGS = WorkerSettings("test", concurrency=4, poll_seconds=0.05, heartbeat_seconds=0.25, dead_after_seconds=2.0)


def main(path: str) -> None:
    """Work for ever."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    application = open_application(Path(path), Opening(pace=PACE, worker=SETTINGS))
    application.work()
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1])
