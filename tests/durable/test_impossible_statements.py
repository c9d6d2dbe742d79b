"""A database that went away is asked again; a statement that it can never carry out is a defect that somebody is told of."""

from __future__ import annotations

import psycopg
import pytest
import sqlalchemy as sa

from tests.durable.programs import Flowing, Tx, World, defects, effects, write, write_defect
from trueup.base.clock import SystemClock
from trueup.durable.dbos_log import is_lost
from trueup.durable.engine import Program, RunStatus
from trueup.durable.flow import Flow
from trueup.durable.on_dbos import DbosEngine
from trueup.durable.takeover import WorkerSettings

SETTINGS = WorkerSettings("test", poll_seconds=0.01, heartbeat_seconds=0.1)


def look_for_many(tx: Tx) -> None:
    """More values than PostgreSQL's protocol has room for."""
    tx.connection.execute(sa.select(1).where(sa.literal(1).in_(list(range(70_000)))))


def nest_deeply(tx: Tx) -> None:
    """More conditions in each other than the server's stack holds."""
    tx.connection.exec_driver_sql("SELECT " + "(" * 50_000 + "1" + ")" * 50_000)


def be_cut_off(tx: Tx, run: str) -> None:
    """The first time, the server ends our connection while rows are copied: the driver itself says so, not SQLAlchemy."""
    if not tx.resources.seen:
        tx.resources.seen.append("cut")
        driver = tx.connection.connection.driver_connection
        assert driver is not None
        with tx.resources.engine.connect() as other:
            other.exec_driver_sql("SELECT pg_terminate_backend(%s)", (driver.info.backend_pid,))
        with driver.cursor() as cursor, cursor.copy("COPY effects FROM STDIN") as copy:
            copy.write_row((run, "never"))
    write(tx, run, "copied")


def impossible(c: Flowing, which: str) -> None:
    c.commit({"many": look_for_many, "deep": nest_deeply}[which])


def interrupted(c: Flowing) -> None:
    c.commit(be_cut_off, c.run_id)


def test_a_statement_that_can_never_work_fails_its_run_and_is_told(pool: sa.Engine) -> None:
    """Both ways: refused by the driver, and by the server. A connection that is cut is another matter: its run goes on."""
    flows = [Flow[World]("impossible", impossible), Flow[World]("interrupted", interrupted)]
    engine = DbosEngine(pool, Program(World(pool), flows, SystemClock(), write_defect), SETTINGS)
    engine.launch()
    try:
        for which in ("many", "deep"):
            engine.start("impossible", which, which)
        engine.start("interrupted", "cut")
        engine.settle()
        assert {run.run_id: run.status for run in engine.runs()} == {
            "many": RunStatus.FAILED,
            "deep": RunStatus.FAILED,
            "cut": RunStatus.DONE,
        }
    finally:
        engine.close()
    assert [run for run, _ in defects(pool)] == ["deep", "many"]
    assert effects(pool) == [("cut", "copied")]


def test_a_database_that_is_not_there_is_lost() -> None:
    """It may come back: refused connections, and a server that is starting or shutting down."""
    nobody = sa.create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=2")
    with pytest.raises(sa.exc.OperationalError) as refused:
        nobody.connect()
    assert is_lost(refused.value)
    assert is_lost(psycopg.errors.AdminShutdown()) and is_lost(psycopg.errors.DiskFull())
    assert is_lost(psycopg.errors.SerializationFailure()) and not is_lost(psycopg.errors.UniqueViolation())
