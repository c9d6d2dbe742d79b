"""Some scenarios need a database many times."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from tests.databases import Databases
from trueup.storage.database import Database

NewDatabase = Callable[[], AbstractContextManager[Database]]


@pytest.fixture
def new_database(databases: Databases) -> NewDatabase:
    """Lends migrated, empty databases, each until its block ends."""
    return databases.lent
