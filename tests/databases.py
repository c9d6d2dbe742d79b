"""Databases for tests: a few are made and used again, for to copy one costs more than most tests do.

After a test everything that it wrote is gone. A database whose schema a test has changed is not used again.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from trueup.storage.database import Database, read_url

# What a schema is, but for what work itself changes (files of tables, statistics, where sequences stand).
_SHAPE = """
SELECT md5(string_agg(part, ';' ORDER BY part)) FROM (
    SELECT concat('r', oid, relname, relkind, relnatts, relchecks, relhastriggers) FROM pg_class
        WHERE relnamespace <> ALL (ARRAY['pg_catalog', 'pg_toast', 'information_schema']::regnamespace[])
    UNION ALL SELECT concat('a', attrelid, attname, atttypid, attnotnull, attisdropped) FROM pg_attribute
        WHERE attrelid >= 16384 AND attnum > 0
    UNION ALL SELECT concat('t', oid, tgenabled) FROM pg_trigger
    UNION ALL SELECT concat('c', oid, conname) FROM pg_constraint
    UNION ALL SELECT concat('p', oid, md5(prosrc)) FROM pg_proc WHERE oid >= 16384
    UNION ALL SELECT concat('n', oid, nspname) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'
) AS every (part)
"""
_LEAVE = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_TABLES = """
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname IN ('trueup', 'durable') AND c.relname <> 'alembic_version'
    AND pg_relation_size(c.oid) > 0
"""
_SEQUENCES = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) FROM pg_sequences
WHERE last_value IS NOT NULL AND schemaname IN ('trueup', 'durable')
"""


class Databases:
    """The databases of one process: migrated and empty each time one is lent."""

    def __init__(self, server_url: str) -> None:
        self._server = sa.create_engine(server_url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
        self._url = read_url(server_url)
        self._idle: list[str] = []
        self._shape: str | None = None

    @contextmanager
    def lent(self) -> Iterator[Database]:
        """A migrated, empty database, until the block ends."""
        name = self._idle.pop() if self._idle else self._make()
        database = Database(self._url.set(database=name))
        try:
            yield database
        finally:
            database.close()
            if self._emptied(name):
                self._idle.append(name)
            else:
                self._drop(name)

    def close(self) -> None:
        """Drop those that are left."""
        while self._idle:
            self._drop(self._idle.pop())

    def _make(self) -> str:
        name = f"test_{uuid.uuid4().hex}"
        with self._server.connect() as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE template STRATEGY FILE_COPY')
        if self._shape is None:
            with self._inside(name) as connection:
                self._shape = connection.exec_driver_sql(_SHAPE).scalar_one()
        return name

    def _drop(self, name: str) -> None:
        with self._server.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _emptied(self, name: str) -> bool:
        """Take out what was written; whether the database is as it was made then."""
        with self._inside(name) as connection:
            connection.exec_driver_sql(_LEAVE)
            if connection.exec_driver_sql(_SHAPE).scalar_one() != self._shape:
                return False
            tables = connection.execute(sa.text(_TABLES)).scalars().all()
            if tables:  # neither foreign keys nor what forbids to change a row is asked
                connection.exec_driver_sql("SET session_replication_role = replica")
                connection.exec_driver_sql(f"TRUNCATE {', '.join(tables)} CASCADE")
            connection.execute(sa.text(_SEQUENCES))
        return True

    @contextmanager
    def _inside(self, name: str) -> Iterator[sa.Connection]:
        engine = sa.create_engine(self._url.set(database=name), poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            yield connection
