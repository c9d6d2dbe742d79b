"""Fixtures of durable work: a database with the tables that the sample flows write."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from tests.durable.programs import create_tables


@pytest.fixture
def pool(database: Any) -> sa.Engine:
    """Connections to a migrated database with the sample flows' tables."""
    engine: sa.Engine = database.engine
    create_tables(engine)
    return engine
