"""The database: its URL, transactions, migrations, and its failures in words."""

from __future__ import annotations

import threading
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql

from trueup.base.errors import ConfigurationError, Invalid, Refused, Transient
from trueup.storage import database as database_module
from trueup.storage.database import Database, create_database, read_url
from trueup.storage.schema import SCHEMA, load_tables

MIGRATIONS = Path(database_module.__file__).parent / "migrations"


def only_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Compare our schema alone, without Alembic's own table."""
    return name == SCHEMA if kind == "schema" else (kind, name) != ("table", "alembic_version")


def test_tables_in_code_are_the_tables_that_migrations_make(database: Database) -> None:
    """Alembic finds no difference, in any column, type, default, index or constraint it can compare."""
    tables = load_tables()
    assert tables.tables
    with database.engine.connect() as connection:
        options = {
            "include_schemas": True,
            "include_name": only_ours,
            "compare_type": True,
            "compare_server_default": True,
        }
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), tables)
        assert differences == []
        found = sa.inspect(connection)
        preparer = postgresql.dialect().identifier_preparer  # type: ignore[no-untyped-call]
        for table in tables.sorted_tables:  # what Alembic does not compare
            checks = {str(check["name"]) for check in found.get_check_constraints(table.name, SCHEMA)}
            named = [check for check in table.constraints if isinstance(check, sa.CheckConstraint)]
            assert checks == {str(preparer.format_constraint(check)).strip('"') for check in named}, table.name
            assert found.get_pk_constraint(table.name, SCHEMA)["constrained_columns"] == list(
                table.primary_key.columns.keys()
            )


def test_history_of_migrations_is_one_line() -> None:
    """Every revision has one successor: two workers that add one at once notice here."""
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1
    assert not any(script.is_branch_point or script.is_merge_point for script in scripts.walk_revisions())


def test_migrations_use_no_metadata() -> None:
    """A migration is explicit: it means the same after the tables in code have moved on."""
    for file in (MIGRATIONS / "versions").glob("*.py"):
        assert "create_all" not in file.read_text()
        assert "trueup.storage" not in file.read_text()


def test_migrating_at_once_from_many_processes_is_one_migration(server_url: str) -> None:
    """Eight connections migrate a fresh database together: all succeed, and it is at the newest revision."""
    url = create_database(server_url, "migrated_by_many")
    databases = [Database(url) for _ in range(8)]
    found: list[object] = []

    def migrate(database: Database) -> None:
        try:
            found.append(database.migrate())
        except Exception as error:
            found.append(error)

    threads = [threading.Thread(target=migrate, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    status = databases[0].check()
    assert found == [status.newest] * 8
    assert status.revision == status.newest
    for database in databases:
        database.close()


def test_a_newer_database_is_refused(database: Database) -> None:
    """A revision that this version does not know is refused by name, and nothing is changed."""
    with database.transaction() as connection:
        connection.execute(sa.text("UPDATE trueup.alembic_version SET version_num = '9999_future'"))
    for look in (database.migrate, database.check):
        with pytest.raises(Refused, match=r"9999_future.*newer Trueup"):
            look()


def test_an_older_server_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server below the oldest supported version is refused with both versions."""
    monkeypatch.setattr(database_module, "OLDEST_MAJOR", 99)
    with pytest.raises(Refused, match=r"PostgreSQL 18, expected 99 or newer"):
        database.migrate()


def test_creating_a_database_twice_is_creating_it_once(server_url: str) -> None:
    """The second call finds it, odd names are quoted, and what is no name is refused."""
    first = create_database(server_url, 'odd "name"; --')
    assert create_database(server_url, 'odd "name"; --') == first
    assert Database(first).check().name == 'odd "name"; --'
    with pytest.raises(Invalid, match="1 to 63 bytes"):
        create_database(server_url, "x" * 64)


def test_a_password_never_prints() -> None:
    """Neither the database, its URL, nor the error of a failed connection shows the password."""
    database = Database("postgresql://someone:s3cret%20word@127.0.0.1:1/nowhere")
    with pytest.raises(Transient) as error:
        database.migrate()
    for shown in (repr(database), str(database.url), repr(database.engine), str(error.value), repr(error.value)):
        assert "s3cret" not in shown
    with pytest.raises(ConfigurationError) as unreadable:
        read_url("postgresql://someone:s3cret@host:notaport/name")
    assert "s3cret" not in str(unreadable.value)
    assert unreadable.value.__suppress_context__


@pytest.mark.parametrize("url", ["mysql://host/name", "nonsense", "postgresql://host", "sqlite://"])
def test_a_url_that_is_not_of_a_postgresql_database_is_refused(url: str) -> None:
    """Bad settings are named before anything connects."""
    with pytest.raises(ConfigurationError, match="database URL"):
        read_url(url)


def test_postgres_urls_of_every_spelling_are_taken() -> None:
    """The scheme that hosting companies print works as well as SQLAlchemy's."""
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        assert read_url(f"{scheme}://host/name").drivername == "postgresql+psycopg"


def test_a_database_that_is_not_there_is_a_matter_of_settings(server_url: str) -> None:
    """Retrying does not help, so it is a ConfigurationError with what to do."""
    with pytest.raises(ConfigurationError, match=r"Database no_such .* no such database: create it"):
        Database(read_url(server_url).set(database="no_such")).migrate()


def test_a_transaction_is_all_or_nothing(database: Database) -> None:
    """An exception rolls back; without one the rows stand. Sessions are UTC and READ COMMITTED."""
    with pytest.raises(ZeroDivisionError), database.transaction() as connection:
        connection.execute(sa.text("CREATE TABLE halves (n int)"))
        raise ZeroDivisionError
    with database.transaction() as connection:
        assert connection.execute(sa.text("SELECT to_regclass('halves')")).scalar() is None
        assert connection.execute(sa.text("SHOW timezone")).scalar() == "UTC"
        assert connection.execute(sa.text("SHOW transaction_isolation")).scalar() == "read committed"
        assert connection.execute(sa.text("SHOW application_name")).scalar() == "trueup"


def test_a_lost_connection_is_transient_and_the_next_transaction_works(database: Database) -> None:
    """The server ends the session mid-transaction: a sentence, nothing kept, and the pool recovers."""
    with database.transaction() as connection:
        connection.execute(sa.text("CREATE TABLE kept (n int)"))
    with (
        pytest.raises(Transient, match=r"shut down|connection was lost") as error,
        database.transaction() as connection,
    ):
        connection.execute(sa.text("INSERT INTO kept VALUES (1)"))
        _end_session(database, connection)
        connection.execute(sa.text("INSERT INTO kept VALUES (2)"))
    assert not error.value.maybe_applied
    with database.transaction() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM kept")).scalar() == 0


def test_a_connection_lost_while_committing_may_have_been_applied(database: Database) -> None:
    """Only then is it open whether the work was done, and the error says so."""
    with pytest.raises(Transient) as error, database.transaction() as connection:
        connection.execute(sa.text("CREATE TABLE perhaps (n int)"))
        _end_session(database, connection)
    assert error.value.maybe_applied


def test_a_slow_statement_is_transient(database: Database) -> None:
    """A statement beyond its time is cancelled with a sentence."""
    with pytest.raises(Transient, match="took too long"), database.transaction() as connection:
        connection.execute(sa.text("SET LOCAL statement_timeout = '50ms'"))
        connection.execute(sa.text("SELECT pg_sleep(60)"))


def test_a_constraint_speaks_for_itself(database: Database) -> None:
    """A refused row is not a failure of the database: the error stays, for the one who knows what it means."""
    with pytest.raises(sa.exc.IntegrityError), database.transaction() as connection:
        connection.execute(sa.text("CREATE TABLE once (n int PRIMARY KEY)"))
        connection.execute(sa.text("INSERT INTO once VALUES (1), (1)"))


def test_a_defect_in_a_statement_stays_a_defect(database: Database) -> None:
    """A misspelt table is not retried and not blamed on the settings."""
    with pytest.raises(sa.exc.ProgrammingError), database.transaction() as connection:
        connection.execute(sa.text("SELECT * FROM misspelt"))


def test_an_error_shows_nothing_of_what_was_to_be_kept(database: Database) -> None:
    """Errors end in logs and cases: the statement may stand there, its values may not."""
    with pytest.raises(sa.exc.DBAPIError) as failed, database.transaction() as connection:
        connection.execute(sa.text("SELECT :kept FROM misspelt"), {"kept": "hidden-8231"})
    assert "misspelt" in str(failed.value) and "hidden-8231" not in str(failed.value)


def _end_session(database: Database, connection: sa.Connection) -> None:
    pid = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar()
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url.replace("+", "%20"), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
