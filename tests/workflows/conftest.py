"""Some scenarios need a database many times."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
import sqlalchemy as sa

from trueup.storage.database import Database, read_url

_numbers = itertools.count()
NewDatabase = Callable[[], AbstractContextManager[Database]]


@pytest.fixture
def new_database(server_url: str) -> NewDatabase:
    """Makes migrated databases, each gone when its block ends."""
    server = sa.create_engine(server_url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")

    @contextmanager
    def make() -> Iterator[Database]:
        name = f"many_{os.getpid()}_{next(_numbers)}"
        with server.connect() as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE template')
        database = Database(read_url(server_url).set(database=name))
        try:
            yield database
        finally:
            database.close()
            with server.connect() as connection:
                connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')

    return make
