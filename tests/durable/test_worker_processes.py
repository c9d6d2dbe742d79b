from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.durable.programs import calls, defects, effects, program
from trueup.base.clock import SystemClock
from trueup.durable.engine import RunStatus
from trueup.durable.on_dbos import DbosEngine
from trueup.durable.takeover import WorkerSettings

CHECKOUT = Path(__file__).parents[2]


@contextmanager
def worker(pool: sa.Engine, pause_seconds: float) -> Iterator[subprocess.Popen[bytes]]:
    """A real worker process, ready to work; killed at the end."""
    url = pool.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.durable.worker_process", url, str(pause_seconds)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == b"ready\n"
            yield process
        finally:
            process.kill()


@pytest.fixture
def engine(pool: sa.Engine) -> Iterator[DbosEngine[object]]:
    """An engine that starts and looks, and runs nothing itself."""
    engine = DbosEngine(pool, program(pool, SystemClock()), WorkerSettings("test"))
    yield engine  # type: ignore[misc]  # it starts flows by name, whatever they are given
    engine.close()


def eventually(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"not within a minute: {what}"
        time.sleep(0.02)


def finished(engine: DbosEngine[object]) -> bool:
    return engine.idle()


def test_a_killed_workers_runs_are_finished_by_another(pool: sa.Engine, engine: DbosEngine[object]) -> None:
    """SIGKILL in the middle of runs: another worker ends them, each commit happened once, only calls in flight twice."""
    with worker(pool, 0.05) as first:
        for number in range(6):
            engine.start("repeated", f"run {number}", 5)
        eventually(lambda: len(effects(pool)) >= 8, "some effects")
        first.kill()
        first.wait()
    with worker(pool, 0.0):
        eventually(lambda: finished(engine), "all runs done")
    assert effects(pool) == sorted((f"run {number}", str(k)) for number in range(6) for k in range(5))
    again = Counter(calls(pool)) - Counter(effects(pool))
    assert set(Counter(calls(pool))) == set(effects(pool)) and sum(again.values()) <= 4
    assert {run.status for run in engine.runs()} == {RunStatus.DONE}


def test_a_worker_wrongly_taken_for_dead_does_no_harm(pool: sa.Engine, engine: DbosEngine[object]) -> None:
    """SIGSTOP until others took over, then SIGCONT: each commit happened once, and the worker works on afterwards."""
    with worker(pool, 0.05) as stopped, worker(pool, 0.05) as other:
        for number in range(8):
            engine.start("repeated", f"run {number}", 8)
        eventually(lambda: len(effects(pool)) >= 16, "some effects")
        os.kill(stopped.pid, signal.SIGSTOP)
        eventually(lambda: _workers(pool) == 1, "the stopped worker is buried")
        os.kill(stopped.pid, signal.SIGCONT)
        eventually(lambda: finished(engine), "all runs done")
        eventually(lambda: _workers(pool) == 2, "the stopped worker is back")
        other.kill()
        other.wait()
        engine.start("repeated", "afterwards", 1)
        eventually(lambda: finished(engine), "the stopped worker works")
    expected = [(f"run {number}", str(k)) for number in range(8) for k in range(8)]
    assert effects(pool) == sorted([*expected, ("afterwards", "0")])


@pytest.mark.slow
def test_a_run_that_kills_its_workers_is_given_up(pool: sa.Engine, engine: DbosEngine[object]) -> None:
    """The third worker that dies of a run is the last: it is poisoned, someone is told once, and other runs go on."""
    engine.start("deadly", "poison")
    for _ in range(3):
        with worker(pool, 0.0) as victim:
            assert victim.wait(timeout=60) == -signal.SIGKILL
    with worker(pool, 0.0):
        engine.start("repeated", "healthy", 1)
        eventually(lambda: bool(engine.runs(status=RunStatus.POISONED)), "poisoned")
        eventually(lambda: finished(engine), "all runs done")
    run = next(run for run in engine.runs() if run.run_id == "poison")
    assert "its worker died 3 times while it ran" in run.error
    assert defects(pool) == [("poison", run.error)]
    assert calls(pool) == [("healthy", "0"), *[("poison", "die")] * 3]
    assert effects(pool) == [("healthy", "0"), ("poison", "before")]


def test_two_workers_share_a_queue(pool: sa.Engine, engine: DbosEngine[object]) -> None:
    """Both take part and no run is done twice."""
    with worker(pool, 0.05), worker(pool, 0.05):
        for number in range(24):
            engine.start("repeated", f"run {number:02}", 2)
        eventually(lambda: finished(engine), "all runs done")
    assert effects(pool) == sorted((f"run {number:02}", str(k)) for number in range(24) for k in range(2))
    assert effects(pool) == calls(pool)
    with pool.connect() as connection:
        shares = connection.exec_driver_sql("SELECT executor_id, count(*) FROM dbos.workflow_status GROUP BY 1").all()
    assert len(shares) == 2


def _workers(pool: sa.Engine) -> int:
    with pool.connect() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM durable.workers").scalar_one())
