"""Who waits for another's transaction: how a test knows that two are at it at once."""

from __future__ import annotations

import sqlalchemy as sa

_WAITING = """
SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE NOT granted AND datname = current_database()
"""


def count_waiting(connection: sa.Connection) -> int:
    """How many connections to this database wait for a lock, as it is now.

    PostgreSQL shows a transaction the connections there were when it first asked, until it is told to look anew.
    """
    connection.exec_driver_sql("SELECT pg_stat_clear_snapshot()")
    return int(connection.exec_driver_sql(_WAITING).scalar_one())
