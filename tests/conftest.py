"""Fixtures for every test: one PostgreSQL for the whole run, a migrated database for each test, a clock turned by hand."""

from __future__ import annotations

import fcntl
import logging
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import stamina
import structlog

from tests.databases import Databases
from trueup.base.clock import ManualClock
from trueup.storage.database import Database, create_database
from trueup.storage.embedded import EmbeddedServer

# What a test shows is said by its assertions, not by debug lines.
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
# Reads are tried again as often as ever, without the pauses: here time is turned by hand.
stamina.set_testing(True, attempts=100, cap=True)
# Tests ask what is committed, not what survives a power cut: that would cost most of their time.
_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
# Lives as long as the run, however that ends: a killed run closes the pipe too.
_WATCHMAN = """
import pathlib, shutil, sys
folder = pathlib.Path(sys.argv[1])
sys.stdin.buffer.read()
if folder.exists():
    from trueup.storage.embedded import EmbeddedServer
    EmbeddedServer(folder).stop()
    shutil.rmtree(folder)
"""
_FOLDER = "TRUEUP_TEST_SERVER"
_watchman = pytest.StashKey[subprocess.Popen[bytes]]()


def pytest_configure(config: pytest.Config) -> None:
    """The process that hands out the tests names the server's folder; its xdist workers inherit the name."""
    if not hasattr(config, "workerinput"):
        folder = f"{tempfile.gettempdir()}/trueup-{uuid.uuid4().hex[:8]}"  # short, for sockets are in it
        os.environ[_FOLDER] = folder
        command = [sys.executable, "-c", _WATCHMAN, folder]
        config.stash[_watchman] = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    """The end of the run: the server is stopped before the command returns."""
    if watchman := config.stash.get(_watchman, None):
        watchman.communicate(timeout=120)


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """A command that a test runs sets the program's logs up for the whole process; the next test has its own."""
    root, ours = logging.getLogger(), structlog.get_config()
    handlers, levels = list(root.handlers), {name: logging.getLogger(name).level for name in ("trueup", "stamina")}
    yield
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    structlog.configure(**ours)


@pytest.fixture(scope="session")
def server_url() -> str:
    """The URL of the run's PostgreSQL, started by the first process that asks, with a migrated database `template`."""
    folder = Path(os.environ[_FOLDER])
    folder.mkdir(mode=0o700, exist_ok=True)
    url = EmbeddedServer(folder, settings=_SETTINGS).start()
    with (folder / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "template.made").exists():
            template = Database(create_database(url, "template"))
            template.migrate()
            template.close()
            (folder / "template.made").touch()
    return url


@pytest.fixture(scope="session")
def databases(server_url: str) -> Iterator[Databases]:
    """The databases that this process's tests use in turn."""
    databases = Databases(server_url)
    yield databases
    databases.close()


@pytest.fixture
def database(databases: Databases) -> Iterator[Database]:
    """A migrated, empty database of this test alone."""
    with databases.lent() as database:
        yield database


@pytest.fixture
def clock() -> ManualClock:
    """Monday 2026-11-23, nine o'clock UTC, until the test moves it."""
    return ManualClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
