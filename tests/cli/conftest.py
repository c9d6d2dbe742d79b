"""Fixtures for the command line: a database with a little of everything, made once, copied for each test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.cli.seeded import CommandLine, fill, write_settings
from trueup.base.clock import ManualClock
from trueup.storage.database import Database, read_url


@pytest.fixture(scope="session")
def filled_database(server_url: str) -> Iterator[str]:
    """The name of a database with orders, cases, deliveries and documents; nobody is connected to it."""
    name = f"cli_{uuid.uuid4().hex}"
    _make(server_url, name, "template")
    database = Database(read_url(server_url).set(database=name))
    fill(database, ManualClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC)))
    database.close()
    yield name
    _drop(server_url, name)


@pytest.fixture
def trueup(server_url: str, filled_database: str, tmp_path: Path) -> Iterator[CommandLine]:
    """The command line of an installation of this test alone, on a copy of the filled database."""
    name = f"cli_{uuid.uuid4().hex}"
    _make(server_url, name, filled_database)
    url = read_url(server_url).set(database=name).render_as_string(hide_password=False)
    yield CommandLine(tmp_path, write_settings(tmp_path, url))
    _drop(server_url, name)


def _make(server_url: str, name: str, template: str) -> None:
    _run(server_url, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')


def _drop(server_url: str, name: str) -> None:
    _run(server_url, f'DROP DATABASE "{name}" WITH (FORCE)')


def _run(server_url: str, statement: str) -> None:
    engine = sa.create_engine(server_url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
