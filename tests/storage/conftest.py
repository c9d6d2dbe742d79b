"""What several tests of storage look at: a database with as many rows as a big house has, filled once and left as found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.databases import Databases
from tests.storage.paged_tables import ROWS, fill_all
from trueup.storage.database import Database


@pytest.fixture(scope="session")
def filled(databases: Databases) -> Iterator[Database]:
    """ROWS rows of every table that is listed by pages. Whoever writes to it takes it back."""
    with databases.lent() as database:
        with database.engine.begin() as connection:
            fill_all(connection, (1, ROWS))
        with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
        yield database
