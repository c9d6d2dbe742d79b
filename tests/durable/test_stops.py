"""A run that is to stop does not go on though nobody has stopped it yet: in every engine, wherever it is."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from tests.durable.programs import Tx, World, calls, effects, program, touch, write
from tests.durable.test_dbos_engine import launched
from trueup.base.clock import ManualClock, SystemClock
from trueup.durable.dbos_log import start_run
from trueup.durable.engine import Program, RunStatus
from trueup.durable.flow import Context, Flow, Mending
from trueup.durable.in_process import InProcessEngine
from trueup.durable.mending import Asked, ask_mending
from trueup.durable.on_dbos import DbosEngine
from trueup.durable.takeover import WorkerSettings
from trueup.durable.timers import take_due_timers

ENGINES = pytest.mark.parametrize("kind", ["dbos", "in process"])
LONG_ENOUGH = 0.5
"""Seconds in which a worker takes up what waits, and does it, many times over."""


@contextmanager
def working(kind: str, pool: sa.Engine, sample: Program[World]) -> Iterator[DbosEngine[World] | InProcessEngine[World]]:
    """An engine of that kind that works on runs."""
    if kind == "dbos":
        with launched(pool, sample) as engine:
            yield engine
    else:
        yield InProcessEngine(pool, sample)


def ask_to_stop(connection: sa.Connection, run: str) -> None:
    ask_mending(connection, Asked(run, Mending.STOP, None))


def statuses(engine: DbosEngine[World] | InProcessEngine[World]) -> list[RunStatus]:
    return [run.status for run in engine.runs()]


@ENGINES
def test_a_run_that_is_to_stop_does_not_begin(pool: sa.Engine, clock: ManualClock, kind: str) -> None:
    """Who asked died, and who stops it takes its time: a worker that takes the run up meanwhile does nothing of it."""
    with working(kind, pool, program(pool, clock)) as engine, pool.connect() as slow, ThreadPoolExecutor(1) as aside:
        with pool.begin() as asking:
            engine.start_in(asking, "print_label", "A", "A")
            ask_to_stop(asking, "A")
        slow.exec_driver_sql("SELECT 1 FROM durable.mendings FOR UPDATE")
        working_on = aside.submit(engine.settle)
        SystemClock().sleep(LONG_ENOUGH)
        assert effects(pool) == []
        slow.rollback()
        working_on.result(60)
        engine.settle()
        assert statuses(engine) == [RunStatus.CANCELLED] and effects(pool) == []
        engine.retry("A")
        engine.settle()
        assert statuses(engine) == [RunStatus.DONE] and effects(pool) == [("A", "label")]


@ENGINES
@pytest.mark.parametrize("then", ["step", "commit"])
def test_a_run_that_is_to_stop_does_nothing_more(pool: sa.Engine, clock: ManualClock, kind: str, then: str) -> None:
    """Asked while a step is under way: that one is kept, no other is begun and nothing is committed. It can go on from there."""

    def be_asked(world: World, run: str) -> None:
        world.call(run, "asked")
        with world.engine.begin() as asking:
            ask_to_stop(asking, run)

    def flow(c: Context[World]) -> None:
        c.commit(write, c.run_id, "before")
        c.step(be_asked, c.run_id)
        if then == "step":
            c.step(touch, c.run_id, 1)
        c.commit(write, c.run_id, "after")

    with working(kind, pool, Program(World(pool), [Flow[World]("flow", flow)], clock)) as engine:
        engine.start("flow", "A")
        engine.settle()
        assert statuses(engine) == [RunStatus.CANCELLED]
        assert effects(pool) == [("A", "before")] and calls(pool) == [("A", "asked")]
        engine.retry("A")
        engine.settle()
        assert statuses(engine) == [RunStatus.DONE] and effects(pool) == [("A", "after"), ("A", "before")]
        assert calls(pool) == [("A", "1"), ("A", "asked")][then == "commit" :]


@ENGINES
@pytest.mark.parametrize("kept", [True, False], ids=["kept", "taken back"])
def test_a_run_that_is_being_asked_to_stop_waits_for_who_asks(
    pool: sa.Engine, clock: ManualClock, kind: str, kept: bool
) -> None:
    """How it stood when it was asked, it stands until that is committed; taken back, it goes its way."""
    with working(kind, pool, program(pool, clock)) as engine, pool.connect() as asking, ThreadPoolExecutor(1) as aside:
        ask_to_stop(asking, "A")
        engine.start("print_label", "A", "A")
        working_on = aside.submit(engine.settle)
        SystemClock().sleep(LONG_ENOUGH)
        assert effects(pool) == []
        if kept:
            asking.commit()
        else:
            asking.rollback()
        working_on.result(60)
        engine.settle()
    assert statuses(engine) == [RunStatus.CANCELLED if kept else RunStatus.DONE]
    assert effects(pool) == ([] if kept else [("A", "label")])


@ENGINES
def test_a_run_that_asks_itself_to_stop_commits_that(pool: sa.Engine, clock: ManualClock, kind: str) -> None:
    """It stops after the commit that says so, not before."""

    def stop_itself(tx: Tx) -> None:
        write(tx, "A", "last")
        tx.mend("A", Mending.STOP)

    def flow(c: Context[World]) -> None:
        c.commit(stop_itself)
        c.commit(write, c.run_id, "never")

    with working(kind, pool, Program(World(pool), [Flow[World]("flow", flow)], clock)) as engine:
        engine.start("flow", "A")
        engine.settle()
        assert statuses(engine) == [RunStatus.CANCELLED] and effects(pool) == [("A", "last")]


def test_a_timer_that_comes_due_while_it_is_stopped_starts_nothing(pool: sa.Engine, clock: ManualClock) -> None:
    """It was a timer when it was looked at, and is a run that waits when it is forgotten: that is stopped."""
    engine = DbosEngine(pool, program(pool, clock), WorkerSettings("test"))
    engine.act(lambda tx: tx.at(tx.now, "print_label", "A", "A"))
    with pool.connect() as firing, ThreadPoolExecutor(1) as aside:
        [timer] = take_due_timers(firing, clock.now(), 1)
        start_run(firing, timer.queue, timer.flow, timer.run_id, timer.args)
        stopping = aside.submit(engine.cancel, "A")
        SystemClock().sleep(LONG_ENOUGH)
        firing.commit()
        stopping.result(60)
    assert statuses(engine) == [RunStatus.CANCELLED]
    engine.close()
