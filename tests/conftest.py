"""Fixtures for every test: one PostgreSQL for the whole run, a migrated database for each test, a clock turned by hand."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from psycopg import sql

from trueup.base.clock import ManualClock
from trueup.storage.database import Database, create_database, read_url
from trueup.storage.embedded import EmbeddedServer

# Tests ask what is committed, not what survives a power cut: that would cost most of their time.
_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
# Holds a share in the server until its test process is gone, then stops it if no other holds one.
_WATCHMAN = """
import fcntl, pathlib, shutil, sys
from trueup.storage.embedded import EmbeddedServer
folder = pathlib.Path(sys.argv[1])
with (folder / "shares").open("a") as shares:
    fcntl.flock(shares, fcntl.LOCK_SH)
    print("watching", flush=True)
    sys.stdin.buffer.read()
    try:
        fcntl.flock(shares, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit()
    EmbeddedServer(folder).stop()
    shutil.rmtree(folder, ignore_errors=True)
"""
_FOLDER = "TRUEUP_TEST_SERVER"
_watchmen = pytest.StashKey[list[subprocess.Popen[bytes]]]()


def pytest_configure(config: pytest.Config) -> None:
    """The process that hands out the tests names the server's folder; its xdist workers inherit the name."""
    config.stash[_watchmen] = []
    if not hasattr(config, "workerinput"):
        os.environ[_FOLDER] = f"{tempfile.gettempdir()}/trueup-{uuid.uuid4().hex[:8]}"  # short, for sockets are in it


def pytest_unconfigure(config: pytest.Config) -> None:
    """The end of the run: the server is stopped before the command returns."""
    for watchman in config.stash[_watchmen]:
        watchman.communicate(timeout=120)


@pytest.fixture(scope="session")
def server_url(pytestconfig: pytest.Config) -> str:
    """The URL of the run's PostgreSQL, started by the first process that asks, with a migrated database `template`."""
    folder = Path(os.environ[_FOLDER])
    folder.mkdir(mode=0o700, exist_ok=True)
    # Every process that uses the server has a watchman; the server goes with the last of them, however they end.
    command = [sys.executable, "-c", _WATCHMAN, str(folder)]
    watchman = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    assert watchman.stdout is not None
    assert watchman.stdout.readline() == b"watching\n"
    pytestconfig.stash[_watchmen].append(watchman)
    url = EmbeddedServer(folder, settings=_SETTINGS).start()
    with (folder / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "template.made").exists():
            template = Database(create_database(url, "template"))
            template.migrate()
            template.close()
            (folder / "template.made").touch()
    return url


@pytest.fixture
def database(server_url: str) -> Iterator[Database]:
    """A migrated, empty database of this test alone."""
    name = f"test_{uuid.uuid4().hex}"
    _run(server_url, sql.SQL("CREATE DATABASE {} TEMPLATE template").format(sql.Identifier(name)))
    database = Database(read_url(server_url).set(database=name))
    try:
        yield database
    finally:
        database.close()
        _run(server_url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def clock() -> ManualClock:
    """Monday 2026-11-23, nine o'clock UTC, until the test moves it."""
    return ManualClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))


def _run(server_url: str, statement: sql.Composed) -> None:
    engine = sa.create_engine(server_url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement.as_string())
