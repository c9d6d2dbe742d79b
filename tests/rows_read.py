"""How many rows PostgreSQL read: what a plan costs, whatever the machine is busy with."""

from __future__ import annotations

import time

import sqlalchemy as sa

from trueup.storage.database import Database

_READ = """
SELECT schemaname || '.' || relname AS name, seq_tup_read + coalesce(idx_tup_fetch, 0) AS rows
FROM pg_stat_user_tables WHERE schemaname IN ('trueup', 'durable')
"""
_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def rows_read(database: Database) -> dict[str, int]:
    """How many rows were read so far by table: PostgreSQL counts what a connection read when the connection ends."""
    database.engine.dispose()
    look = sa.create_engine(database.url, poolclass=sa.NullPool)
    with look.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        deadline = time.monotonic() + 30
        while connection.execute(sa.text(_OTHERS)).scalar_one() and time.monotonic() < deadline:
            time.sleep(0.02)
        return {row.name: row.rows for row in connection.execute(sa.text(_READ))}
