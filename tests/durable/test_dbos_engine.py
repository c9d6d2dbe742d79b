from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.durable.programs import Tx, World, calls, defects, effects, program, write, write_defect
from trueup.base.clock import ManualClock, SystemClock, write_instant
from trueup.base.errors import Conflict, NotFound
from trueup.durable.engine import Program, RunStatus
from trueup.durable.flow import Context, Flow
from trueup.durable.in_process import InProcessEngine
from trueup.durable.on_dbos import DbosEngine
from trueup.durable.retention import delete_finished
from trueup.durable.simulated import run_until
from trueup.durable.takeover import WorkerSettings
from trueup.durable.worker import dbos_client
from trueup.storage.views.runs import list_runs, load_speeds

START = datetime(2026, 11, 23, 9, tzinfo=UTC)


@contextmanager
def launched(pool: sa.Engine, sample: Program[World]) -> Iterator[DbosEngine[World]]:
    """A worker in this process; a new one each time."""
    settings = WorkerSettings("test", poll_seconds=0.01, heartbeat_seconds=0.2, dead_after_seconds=5)
    engine = DbosEngine(pool, sample, settings)
    engine.launch()
    try:
        yield engine
    finally:
        engine.close()


def test_both_engines_end_in_the_same_state(pool: sa.Engine) -> None:
    """Ten days of the sample path: same effects, same calls, same runs at the same virtual times, on DBOS and in process."""
    ended = []
    for kind in ("dbos", "in process"):
        with pool.begin() as connection:
            connection.exec_driver_sql("TRUNCATE effects, calls")
        clock = ManualClock(START)
        sample = program(pool, clock)
        if kind == "dbos":
            with launched(pool, sample) as engine:
                for order in ("A", "B"):
                    engine.start("order_path", order, order)
                jumps = run_until(engine, clock, START + timedelta(days=10))
                runs = sorted((run.run_id, run.flow, run.status, run.attempts, run.error) for run in engine.runs())
        else:
            other = InProcessEngine(pool, sample)
            for order in ("A", "B"):
                other.start("order_path", order, order)
            jumps = run_until(other, clock, START + timedelta(days=10))
            runs = sorted((run.run_id, run.flow, run.status, run.attempts, run.error) for run in other.runs())
        ended.append((jumps, runs, effects(pool), calls(pool), clock.now()))
    assert ended[0] == ended[1]
    assert ended[0][0] == 3 and len(ended[0][2]) == 12


def test_a_start_shares_the_fate_of_its_transaction(pool: sa.Engine, clock: ManualClock) -> None:
    """Rolled back, nothing starts; committed, it does; the same id twice starts once."""
    with launched(pool, program(pool, clock)) as engine:
        with pool.connect() as connection:
            engine.start_in(connection, "print_label", "B", "B")
            connection.rollback()
            engine.start_in(connection, "print_label", "C", "C")
            connection.commit()
        engine.start("print_label", "C", "C")
        engine.settle()
        engine.start("print_label", "C", "C")
        engine.settle()
        assert effects(pool) == [("C", "label")]


def test_a_run_is_told_by_the_clock_of_its_days_and_how_long_it_took_by_the_machines(pool: sa.Engine) -> None:
    """In a demonstration they are years apart: when it moved is a day of the world, and a duration is time of a worker."""
    clock = ManualClock(START)
    with launched(pool, program(pool, clock)) as engine:
        engine.start("print_label", "label:A:1", "A")
        engine.settle()
        with pool.connect() as connection:
            [run] = list_runs(connection, status="done")
            speeds = load_speeds(connection)
    assert run["since"] == write_instant(START) and run["machine_at"] > write_instant(START)
    assert speeds["label:A"].runs == 1 and timedelta(0) <= speeds["label:A"].p95 < timedelta(minutes=1)


def test_an_act_sets_moves_and_cancels_timers(pool: sa.Engine, clock: ManualClock) -> None:
    """A later call moves a timer; it fires at its time, by the clock it was given, and not when cancelled."""
    with launched(pool, program(pool, clock)) as engine:

        def act(tx: Tx) -> None:
            for run, days in (("A", 1), ("B", 1), ("C", 2), ("A", 3)):
                tx.at(tx.now + timedelta(days=days), "print_label", run, run)
            tx.cancel("B")

        engine.act(act)
        assert engine.next_due() == START + timedelta(days=2)
        run_until(engine, clock, START + timedelta(days=2))
        assert effects(pool) == [("C", "label")]
        engine.cancel("A")
        run_until(engine, clock, START + timedelta(days=9))
        assert effects(pool) == [("C", "label")]
        with pytest.raises(NotFound, match="Run 'A': there is no run or timer of that id"):
            engine.cancel("A")


def test_a_failed_run_is_told_once_and_can_be_retried(pool: sa.Engine, clock: ManualClock) -> None:
    """The recorded error comes back as the same class with its attributes; steps behind it are not done again."""
    sample = program(pool, clock, on_defect=write_defect)
    sample.resources.broken.add("A")
    with launched(pool, sample) as engine:
        engine.start("fragile", "A")
        engine.settle()
        run = engine.runs()[0]
        assert (run.status, run.error) == (RunStatus.FAILED, "ZeroDivisionError: A is broken")
        assert defects(pool) == [("A", run.error)]
        sample.resources.broken.clear()
        engine.retry("A")
        engine.settle()
        assert effects(pool) == [("A", "mended"), ("A", "saw ['Rejected', 'A rejected', 'E42', False]")]
        assert calls(pool) == [("A", "read 2")]
        with pytest.raises(Conflict, match="Run A is done"):
            engine.retry("A")


def test_an_uncaught_error_is_not_replayed_for_ever(pool: sa.Engine, clock: ManualClock) -> None:
    """A run that a recorded TrueupError ended does that step again when a person retries it."""
    answers = [NotFound("not yet"), None]

    def ask(world: World) -> str:
        answer = answers.pop(0)
        if answer is not None:
            raise answer
        return "there"

    def flow(c: Context[World]) -> None:
        c.commit(write, c.run_id, c.step(ask))

    with launched(pool, Program(World(pool), [Flow("flow", flow)], clock)) as engine:
        engine.start("flow", "A")
        engine.settle()
        assert [(run.status, run.error) for run in engine.runs()] == [(RunStatus.FAILED, "NotFound: not yet")]
        engine.retry("A")
        engine.settle()
        assert effects(pool) == [("A", "there")]


def test_a_cancelled_run_stops_before_its_next_commit(pool: sa.Engine, clock: ManualClock) -> None:
    """Cancelled from within its own step, a run leaves no later effect; a retry finishes it."""
    cancel = [True]

    def stop(world: World, run: str) -> None:
        if cancel:
            cancel.pop()
            engine.cancel(run)

    def flow(c: Context[World]) -> None:
        c.commit(write, c.run_id, "before")
        c.step(stop, c.run_id)
        c.commit(write, c.run_id, "after")

    with launched(pool, Program(World(pool), [Flow("flow", flow)], clock)) as engine:
        engine.start("flow", "A")
        engine.settle()
        assert [run.status for run in engine.runs()] == [RunStatus.CANCELLED]
        assert effects(pool) == [("A", "before")]
        engine.retry("A")
        engine.settle()
        assert effects(pool) == [("A", "after"), ("A", "before")]


def test_finished_runs_are_forgotten_and_their_ids_are_free(pool: sa.Engine, clock: ManualClock) -> None:
    """Retention leaves nothing of a run behind: the same id later does its work anew instead of replaying the old log."""
    with launched(pool, program(pool, clock)) as engine:
        client = dbos_client(pool)
        engine.start("repeated", "A", 2)
        engine.settle()
        assert delete_finished(pool, client, 1) == 0
        assert delete_finished(pool, client, -1) == 1
        client.destroy()
        with pool.connect() as connection:
            for table in ("durable.checkpoints", "dbos.workflow_status", "dbos.workflow_input", "dbos.workflow_output"):
                assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0
        engine.start("repeated", "A", 2)
        engine.settle()
        assert len(effects(pool)) == 4


def test_a_database_that_goes_away_interrupts_and_ends_nothing(pool: sa.Engine) -> None:
    """All connections cut again and again while runs are on their way: every commit happened once, none is missing."""
    sample = program(pool, SystemClock())
    sample.resources.pause_seconds = 0.01
    with launched(pool, sample) as engine:
        for number in range(10):
            engine.start("repeated", f"run {number}", 6)
        administration = sa.create_engine(pool.url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
        for _ in range(6):
            sample.clock.sleep(0.15)
            with administration.connect() as connection:
                connection.exec_driver_sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        with administration.connect() as connection:
            while connection.exec_driver_sql(
                "SELECT EXISTS (SELECT FROM dbos.workflow_status WHERE status IN ('ENQUEUED', 'PENDING'))"
            ).scalar():
                sample.clock.sleep(0.05)
        pool.dispose()  # the last cut may have come when all was done, and nobody has noticed the dead connections yet
        assert {run.status for run in engine.runs()} == {RunStatus.DONE}
    expected = [(f"run {number}", str(k)) for number in range(10) for k in range(6)]
    assert effects(pool) == expected
    assert set(calls(pool)) == set(expected)


def test_a_closed_engine_hands_its_runs_over(pool: sa.Engine) -> None:
    """Closing in the middle of runs loses none of them, and the next engine of the same process goes on at once."""
    sample = program(pool, SystemClock())
    sample.resources.pause_seconds = 0.02
    with launched(pool, sample) as engine:
        for number in range(12):
            engine.start("repeated", f"run {number:02}", 5)
        while len(effects(pool)) < 5:
            sample.clock.sleep(0.01)
        with pytest.raises(Conflict, match="This process already runs a worker"):
            DbosEngine(pool, sample, WorkerSettings("test")).launch()
        assert engine.runs(status=RunStatus.RUNNING)
    assert len(effects(pool)) < 60
    onlooker = DbosEngine(pool, sample, WorkerSettings("test"))
    assert onlooker.runs(status=RunStatus.RUNNING) == []
    onlooker.close()
    with launched(pool, sample) as engine:
        engine.settle()
        assert {run.status for run in engine.runs()} == {RunStatus.DONE}
    assert (
        effects(pool) == calls(pool) == sorted((f"run {number:02}", str(k)) for number in range(12) for k in range(5))
    )


def test_a_flow_of_a_newer_version_waits_for_a_worker_that_knows_it(pool: sa.Engine, clock: ManualClock) -> None:
    """An older worker that is dealt it puts it back and goes on working."""
    with launched(pool, program(pool, clock, without=["print_label"])) as old:
        newer = DbosEngine(pool, program(pool, clock), WorkerSettings("newer"))
        newer.start("print_label", "A", "A")
        while not _was_put_back(pool):
            SystemClock().sleep(0.02)
        old.start("repeated", "B", 1)
        while ("B", "0") not in effects(pool):
            SystemClock().sleep(0.02)
        newer.close()
    with launched(pool, program(pool, clock)) as engine:
        engine.settle()
    assert effects(pool) == [("A", "label"), ("B", "0")]


def _was_put_back(pool: sa.Engine) -> bool:
    with pool.connect() as connection:
        found = connection.exec_driver_sql("SELECT status FROM dbos.workflow_status WHERE workflow_uuid = 'A'").scalar()
    return bool(found == "DELAYED")
