"""A PostgreSQL database by URL: its pool of connections, its transactions, its migrations, and its failures in our words.

Everything here speaks to PostgreSQL 15 or newer. Connections are READ COMMITTED; times are UTC.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql

from trueup.base.errors import ConfigurationError, Invalid, Refused
from trueup.storage.failures import translate
from trueup.storage.schema import SCHEMA

OLDEST_MAJOR = 15
_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x7472756575700001  # any number that only we use: "trueup", 1
# A statement that runs for minutes is a defect or a lock; a transaction that idles holds up vacuum and other workers.
_SESSION = {
    "statement_timeout": "300s",
    "lock_timeout": "30s",
    "idle_in_transaction_session_timeout": "120s",
    "timezone": "UTC",
}
# So that a connection whose other end vanished without a word is noticed in about a minute.
_RESTED_SECONDS = 1.0
_RESTS_SINCE = "trueup rests since"
_KEEPALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """What `check` found. `revision` is the database's own, `newest` the one this Trueup brings."""

    name: str
    server_version: str
    revision: str | None
    newest: str
    size_bytes: int


class Database:
    """One database and its pool of connections. Opens none until asked; never shows its password."""

    def __init__(self, url: str | sa.URL, *, application_name: str = "trueup", pool_size: int = 10) -> None:
        self._url = read_url(url)
        self._engine = sa.create_engine(
            self._url,
            isolation_level="READ COMMITTED",
            pool_size=pool_size,
            max_overflow=10,
            pool_timeout=30,
            hide_parameters=True,  # what is kept must not stand in an error, a log or a case
            connect_args={"application_name": application_name, "connect_timeout": 10, **_KEEPALIVE},
        )
        sa.event.listen(self._engine, "connect", _prepare_session)
        sa.event.listen(self._engine, "checkin", _note_rest)
        sa.event.listen(self._engine, "checkout", _ask_rested)

    def __repr__(self) -> str:
        return f"Database({self._url.render_as_string(hide_password=True)!r})"

    @property
    def url(self) -> sa.URL:
        """Where it is. Prints with its password masked."""
        return self._url

    @property
    def engine(self) -> sa.Engine:
        """SQLAlchemy Core's engine, for those who bring their own transactions."""
        return self._engine

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """A transaction: committed at the end, rolled back by any exception.

        Raises Transient (`maybe_applied` when the connection was lost while committing) and ConfigurationError for the
        database's own failures; what a constraint refuses stays SQLAlchemy's IntegrityError.
        """
        committing = False
        try:
            with self._engine.connect() as connection, connection.begin() as transaction:
                yield connection
                committing = True
                transaction.commit()
        except sa.exc.SQLAlchemyError as error:
            raise translate(error, self._url, committing=committing) from error

    def migrate(self) -> str:
        """Bring the schema to the newest revision, whoever else does so at once; returns that revision.

        Raises Refused for a database of a newer Trueup or a PostgreSQL older than 15, Transient, ConfigurationError.
        """
        with self.transaction() as connection:
            config = _alembic(connection)
            scripts = ScriptDirectory.from_config(config)
            newest = str(scripts.get_current_head())
            _check_server(connection)
            if self._accept_revision(connection, scripts) == newest:
                return newest
            connection.execute(sa.text("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0"))
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            self._accept_revision(connection, scripts)  # again: another process may have migrated while we waited
            connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
            command.upgrade(config, "head")
            return newest

    def check(self) -> DatabaseStatus:
        """Connect and look. Raises as `migrate` does, and Refused when the database is not UTF-8."""
        with self.transaction() as connection:
            _check_server(connection)
            scripts = ScriptDirectory.from_config(_alembic(connection))
            row = connection.execute(
                sa.text(
                    "SELECT current_database() AS name, current_setting('server_version') AS version,"
                    " current_setting('server_encoding') AS encoding, pg_database_size(current_database()) AS size_bytes"
                )
            ).one()
            if row.encoding != "UTF8":
                raise Refused(
                    f"Database {row.name} keeps text as {row.encoding}, expected UTF8: "
                    "create it with ENCODING 'UTF8' TEMPLATE template0."
                )
            revision = self._accept_revision(connection, scripts)
            return DatabaseStatus(row.name, row.version, revision, str(scripts.get_current_head()), row.size_bytes)

    def close(self) -> None:
        """Close the pool's connections."""
        self._engine.dispose()

    def _accept_revision(self, connection: sa.Connection, scripts: ScriptDirectory) -> str | None:
        context = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA})
        revision = context.get_current_revision()
        if revision is not None and revision not in {script.revision for script in scripts.walk_revisions()}:
            raise Refused(
                f"Database {self._url.database} is at revision {revision!r}, which this Trueup does not know: "
                f"a newer Trueup has migrated it (ours ends at {scripts.get_current_head()!r}). Install that version."
            )
        return revision


def read_url(url: str | sa.URL) -> sa.URL:
    """A URL of PostgreSQL, with our driver. Raises ConfigurationError, without showing a password, when it is none."""
    try:
        read = sa.make_url(url)
        dialect = read.get_backend_name()
    except (sa.exc.ArgumentError, ValueError):
        raise ConfigurationError(
            "The database URL cannot be read: expected postgresql://user:password@host:5432/database "
            "(a password's special characters percent-encoded)."
        ) from None
    if dialect not in ("postgresql", "postgres"):
        raise ConfigurationError(f"The database URL is of {dialect!r}: Trueup keeps its data in PostgreSQL only.")
    if not read.database:
        raise ConfigurationError(
            f"The database URL of host {read.host or '(socket)'} names no database: add /NAME at its end."
        )
    return read.set(drivername="postgresql+psycopg")


def create_database(server_url: str | sa.URL, name: str) -> sa.URL:
    """The database of that name on the server, created if it is not there; returns its URL.

    Raises Invalid for a name that is none, ConfigurationError when the server refuses, Transient when it is not there.
    """
    if not name or len(name.encode()) > 63 or "\0" in name:
        raise Invalid(f"Database name {name!r}: expected 1 to 63 bytes of text.")
    server = read_url(server_url)
    engine = sa.create_engine(
        server, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 10}
    )
    statement = sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(sql.Identifier(name))
    try:
        with engine.connect() as connection:
            known = connection.execute(
                sa.text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}
            ).first()
            if not known:
                connection.exec_driver_sql(statement.as_string())
    except sa.exc.SQLAlchemyError as error:
        # of two at once the slower is told so by one of these
        if not isinstance(
            getattr(error, "orig", None), psycopg.errors.DuplicateDatabase | psycopg.errors.UniqueViolation
        ):
            raise translate(error, server) from error
    return server.set(database=name)


def _prepare_session(connection: Any, _record: object) -> None:
    """Set by statement, not as start-up options: poolers and proxies refuse those."""
    settings = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in _SESSION.items())
    connection.execute(f"SELECT {settings}")
    connection.commit()


def _note_rest(_connection: object, record: Any) -> None:
    record.info[_RESTS_SINCE] = time.monotonic()


def _ask_rested(connection: Any, record: Any, _proxy: object) -> None:
    """Ask a connection that has rested whether it lives; asking at every use would be a quarter of all round trips."""
    if time.monotonic() - record.info.get(_RESTS_SINCE, time.monotonic()) < _RESTED_SECONDS:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except psycopg.Error as error:
        raise sa.exc.InvalidatePoolError("it was lost while it rested") from error


def _check_server(connection: sa.Connection) -> None:
    version = connection.execute(sa.text("SELECT current_setting('server_version_num')::int")).scalar_one()
    if version < OLDEST_MAJOR * 10_000:
        raise Refused(
            f"The server is PostgreSQL {version // 10_000}, expected {OLDEST_MAJOR} or newer: upgrade it first."
        )


def _alembic(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
