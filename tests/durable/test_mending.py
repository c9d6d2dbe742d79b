"""What is asked of a run is done once the transaction that asks has committed, whoever is left to do it, and once."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.durable.programs import Tx, World, calls, effects, program, write
from tests.durable.test_dbos_engine import START, launched
from trueup.base.clock import ManualClock
from trueup.base.errors import Rejected
from trueup.durable.engine import Program, RunStatus
from trueup.durable.flow import Context, Flow, Mending
from trueup.durable.in_process import Crashed, InProcessEngine
from trueup.durable.mending import Asked, ask_mending, mend_asked
from trueup.durable.on_dbos import DbosEngine
from trueup.durable.takeover import WorkerSettings

CHECKOUT = Path(__file__).parents[2]
_DIES = """
import os, signal, sys
import sqlalchemy as sa
from tests.durable.programs import program, write
from trueup.base.clock import SystemClock
from trueup.durable.flow import Mending
from trueup.durable.on_dbos import DbosEngine
from trueup.durable.takeover import WorkerSettings

pool = sa.create_engine(sys.argv[1])

def ask(tx):
    write(tx, "A", f"asked to {sys.argv[2]}")
    tx.mend("A", Mending(sys.argv[2]))
    sa.event.listen(pool, "checkin", lambda *_: os.kill(os.getpid(), signal.SIGKILL))

DbosEngine(pool, program(pool, SystemClock()), WorkerSettings("test")).act(ask)
"""


def die_after_asking(pool: sa.Engine, how: Mending) -> None:
    """A process asks it of run A, commits, and is killed before it could do anything more."""
    url = pool.url.render_as_string(hide_password=False)
    done = subprocess.run([sys.executable, "-c", _DIES, url, how.value], cwd=CHECKOUT, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert ("A", f"asked to {how.value}") in effects(pool), "it had committed"


def status_of(engine: DbosEngine[Any]) -> RunStatus:
    [run] = engine.runs()
    return run.status


def test_what_a_program_asked_that_died_at_once_a_worker_does(pool: sa.Engine, clock: ManualClock) -> None:
    """A run that waits is stopped before a worker takes it up; one that was stopped goes on."""
    sample = program(pool, clock)
    engine: DbosEngine[object] = DbosEngine(pool, sample, WorkerSettings("test"))  # type: ignore[arg-type]
    engine.start("print_label", "A", "A")
    die_after_asking(pool, Mending.STOP)
    assert status_of(engine) is RunStatus.WAITING
    with launched(pool, sample) as worker:
        worker.settle()
    assert status_of(engine) is RunStatus.CANCELLED and ("A", "label") not in effects(pool)
    die_after_asking(pool, Mending.GO_ON)
    assert status_of(engine) is RunStatus.CANCELLED
    with launched(pool, sample) as worker:
        worker.settle()
    assert status_of(engine) is RunStatus.DONE and ("A", "label") in effects(pool)
    assert engine.mend_asked() == 0, "nothing is left"
    engine.close()


def test_it_is_done_with_the_act_and_not_when_that_is_taken_back(pool: sa.Engine, clock: ManualClock) -> None:
    """Without a worker; and what became another meanwhile is left alone: somebody was faster, or it stopped anew."""
    engine = DbosEngine(pool, program(pool, clock), WorkerSettings("test"))
    engine.start("print_label", "A", "A")

    def ask(tx: Tx, how: Mending, fails: bool = False) -> None:
        tx.mend("A", how)
        assert not fails

    with pytest.raises(AssertionError):
        engine.act(ask, Mending.STOP, True)
    assert [run.status for run in engine.runs()] == [RunStatus.WAITING]
    engine.act(ask, Mending.STOP)
    [stopped] = engine.runs()
    assert stopped.status is RunStatus.CANCELLED
    with pool.begin() as connection:
        ask_mending(connection, Asked("A", Mending.GO_ON, stopped.since - timedelta(seconds=1)))
        ask_mending(connection, Asked("gone", Mending.STOP, None))
    assert engine.mend_asked() == 2
    assert [run.status for run in engine.runs()] == [RunStatus.CANCELLED], "it stands so since another moment"
    engine.act(ask, Mending.GO_ON)
    assert [run.status for run in engine.runs()] == [RunStatus.WAITING]
    engine.close()


def ask_twice(c: Context[World]) -> None:
    """An error that the flow takes for an answer, and after it one that ends the run."""
    try:
        c.step(refused, c.run_id, "first")
    except Rejected:
        c.step(refused, c.run_id, "second")


def refused(world: World, run: str, label: str) -> None:
    world.call(run, label)
    raise Rejected(f"{label} of {run}", code="E1")


def test_to_go_on_done_twice_forgets_one_error(pool: sa.Engine, clock: ManualClock) -> None:
    """Who has it go on dies when the error is forgotten and the run not yet moved: done again, no error before it is forgotten."""
    sample = Program(World(pool), [Flow[World]("ask_twice", ask_twice)], clock)
    with launched(pool, sample) as worker:
        worker.start("ask_twice", "A")
        worker.settle()
    engine = DbosEngine(pool, sample, WorkerSettings("test"))
    assert status_of(engine) is RunStatus.FAILED and calls(pool) == [("A", "first"), ("A", "second")]
    with pool.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE dbos.workflow_status RENAME COLUMN completed_at TO gone")
    engine.act(lambda tx: tx.mend("A", Mending.GO_ON))
    with pool.begin() as connection:
        left = connection.exec_driver_sql("SELECT position FROM durable.checkpoints").scalars().all()
        connection.exec_driver_sql("ALTER TABLE dbos.workflow_status RENAME COLUMN gone TO completed_at")
    assert left == [0] and status_of(engine) is RunStatus.FAILED, "half done"
    assert engine.mend_asked() == 1
    engine.close()
    with launched(pool, sample) as worker:
        worker.settle()
    assert calls(pool) == [("A", "first"), ("A", "second"), ("A", "second")]


def test_one_run_that_cannot_be_moved_keeps_no_other(pool: sa.Engine) -> None:
    """It is logged and left; what is asked of runs after it is done."""
    with pool.begin() as connection:
        for run in ("A", "B", "C"):
            ask_mending(connection, Asked(run, Mending.STOP, None))
    done = []

    def mend(asked: Asked) -> None:
        if asked.run_id == "B":
            raise ZeroDivisionError
        done.append(asked.run_id)

    assert mend_asked(pool, mend) == 2 and done == ["A", "C"]
    done.clear()
    assert mend_asked(pool, lambda asked: done.append(asked.run_id)) == 1 and done == ["B"]


def test_in_process_too(pool: sa.Engine) -> None:
    """Killed between the act and what it asks for: the act is kept, and it is done afterwards."""
    clock = ManualClock(datetime(2026, 11, 23, 9, tzinfo=UTC))
    engine = InProcessEngine(pool, program(pool, clock))
    engine.start("print_label", "A", "A")
    engine.fate = lambda name: name == "A, stop"

    def ask(tx: Tx) -> None:
        write(tx, "A", "asked")
        tx.mend("A", Mending.STOP)

    with pytest.raises(Crashed):
        engine.act(ask)
    assert effects(pool) == [("A", "asked")]
    engine.fate = lambda _name: False
    engine.resume()
    assert [run.status for run in engine.runs()] == [RunStatus.CANCELLED]
    assert effects(pool) == [("A", "asked")] and clock.now() == START
