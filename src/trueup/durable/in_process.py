"""The engine of tests: the same flows and the same PostgreSQL for their effects, in one thread and one fixed order.

Its log is in memory, and it can be crashed at any effect. What counts as an effect: a step is two (its doing, its
checkpoint), a commit is one with its starts and timers, and each request that a transport reports through `count_effect`
is two (before it, and after the remote has done it and before we know). So the crash matrix of a program is
`range(1, engine.effects + 1)` after one uninterrupted run. Each effect has a name besides, which is the same however often
the program was killed before: by names a program can be killed at many effects of one run, and each be known to have been one.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar, TypeVarTuple

import sqlalchemy as sa

from trueup.base.clock import Clock, aware_utc
from trueup.base.errors import Conflict, NotFound, TrueupError
from trueup.durable.context import Abandoned, Checkpoint, RunContext
from trueup.durable.dbos_log import Connections
from trueup.durable.engine import Program, Run, RunStatus, ignore_defects
from trueup.durable.flow import Json, Mending, R, Transaction
from trueup.durable.mending import Asked, ask_mending, is_to_stop, mend_asked
from trueup.durable.outcomes import is_error, to_json, written_error, written_result
from trueup.durable.run_list import Standing
from trueup.durable.tables import TIMERS
from trueup.durable.tally import Tally, read_tallies, sum_tallies, written_tallies
from trueup.durable.timers import Timer, cancel_timer, next_due, set_timer, take_due_timers

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_ALL = 1_000_000


class Crashed(BaseException):
    """The program was killed here. Not an Exception, so that nothing on the way out may react to it."""


@dataclass
class _Running:
    """A run and its log."""

    run_id: str
    flow: str
    args: list[Any]
    since: datetime
    status: RunStatus = RunStatus.WAITING
    attempts: int = 0
    error: str = ""
    checkpoints: list[Checkpoint] = field(default_factory=list)


@dataclass(frozen=True)
class _Staged(Transaction[R]):
    """A Transaction whose starts wait for its commit, and whose timers are rows."""

    program: Program[R]
    starts: list[_Running]

    def start(self, flow: str, run_id: str, *args: Json) -> None:
        self.program.flow(flow)
        text = to_json(args, f"Arguments of {run_id}")
        self.starts.append(_Running(run_id, flow, json.loads(text), self.now))

    def at(self, due: datetime, flow: str, run_id: str, *args: Json) -> None:
        queue = self.program.flow(flow).queue
        set_timer(self.connection, Timer(run_id, aware_utc(due), flow, queue, to_json(args, f"Arguments of {run_id}")))

    def cancel(self, run_id: str) -> None:
        cancel_timer(self.connection, run_id)

    def mend(self, run_id: str, how: Mending) -> None:
        ask_mending(self.connection, Asked(run_id, how, None))
        self.mended.append(run_id)


def _follow_savepoints(connection: sa.Connection, starts: list[_Running]) -> None:
    """What was started since a savepoint is forgotten with it, as rows are."""
    marks: list[int] = []

    def begin(_: sa.Connection, __: str | None) -> None:
        marks.append(len(starts))

    def keep(_: sa.Connection, __: str, ___: None) -> None:
        marks.pop()

    def forget(_: sa.Connection, __: str, ___: None) -> None:
        del starts[marks.pop() :]

    sa.event.listen(connection, "savepoint", begin)
    sa.event.listen(connection, "release_savepoint", keep)
    sa.event.listen(connection, "rollback_savepoint", forget)


def _reconciled(tallies: Sequence[Tally], name: str) -> str | None:
    """The tallies as they are kept. In a test one that does not add up is a finding: something was lost on the way."""
    for each in sum_tallies(tallies):
        assert not each.astray, f"{name}: {each.came} {each.units} came, out {each.out}, held {each.held}"
    return written_tallies(tallies)


class InProcessEngine(Generic[R]):
    """The Engine in one thread. A defect is raised by `settle`, unless the program has an `on_defect`."""

    def __init__(self, engine: sa.Engine, program: Program[R], *, crash_at: int | None = None) -> None:
        self.program = program
        self.effects = 0
        self.fate: Callable[[str], bool] = lambda _name: False
        """Told the name of each effect, before it is done; whether the program dies there."""
        self._within, self._nth = "", 0
        self._connections = Connections.of(engine)
        self._crash_at = crash_at
        self._runs: dict[str, _Running] = {}
        self._waiting: deque[_Running] = deque()

    def count_effect(self, label: str) -> None:
        """An effect is about to happen, or has happened and is not known yet. Raises Crashed when it is the one to die at."""
        self._nth += 1
        self._count(f"{self._within}, {self._nth}: {label}")

    def _count_of(self, run: _Running, name: str) -> None:
        self._within, self._nth = f"{run.run_id} at {len(run.checkpoints)}, {name}", 0
        self._count(self._within)

    def _count(self, name: str) -> None:
        self.effects += 1
        if self.fate(name) or self.effects == self._crash_at:
            raise Crashed(f"effect {self.effects}: {name}")

    def start(self, flow: str, run_id: str, *args: Json) -> None:
        self.act(lambda tx: tx.start(flow, run_id, *args))

    def start_in(self, connection: sa.Connection, flow: str, run_id: str, *args: Json) -> None:
        starts: list[_Running] = []
        now = self.program.clock.now()
        _Staged(connection, self.program.resources, now, self.program, starts).start(flow, run_id, *args)

        connection.exec_driver_sql("SELECT 1")  # begins the transaction, as a start on DBOS does

        def commit(_: sa.Connection) -> None:
            self._add(starts)
            starts.clear()

        def rollback(_: sa.Connection) -> None:
            starts.clear()

        sa.event.listen(connection, "commit", commit)
        sa.event.listen(connection, "rollback", rollback)

    def act(self, fn: Callable[[Transaction[R], *Ts], T], *args: *Ts) -> T:
        starts: list[_Running] = []
        with self._connections.transactions.begin() as connection:
            _follow_savepoints(connection, starts)
            now = self.program.clock.now()
            tx = _Staged(connection, self.program.resources, now, self.program, starts)
            result = fn(tx, *args)
        _reconciled(tx.tallies, getattr(fn, "__name__", "an act"))
        self._add(starts)
        if tx.mended:
            self.mend_asked()
        return result

    def mend_asked(self) -> int:
        return mend_asked(self._connections.transactions, self._mend)

    def _mend(self, asked: Asked) -> None:
        self._count(f"{asked.run_id}, {asked.how}")
        if asked.how is Mending.STOP:
            self.cancel(asked.run_id)
        else:
            self.retry(asked.run_id)

    def runs(self, *, status: RunStatus | None = None, flow: str = "", limit: int = 100) -> list[Run]:
        found = [
            Run(run.run_id, run.flow, run.status, run.attempts, run.error, run.since) for run in self._runs.values()
        ]
        with self._connections.single.connect() as connection:
            for row in connection.execute(sa.select(TIMERS)):
                found.append(Run(row.run_id, row.flow, RunStatus.TIMED, 0, "", row.due))
        wanted = [run for run in found if status in (None, run.status) and flow in ("", run.flow)]
        return sorted(sorted(wanted, key=lambda run: run.run_id), key=lambda run: run.since, reverse=True)[:limit]

    def tallies_of(self, flow: str, step: str) -> list[Tally]:
        """What the runs of a flow counted in all their steps of a name ("take_in_page"), one of each kind of units."""
        runs = (run for run in self._runs.values() if run.flow == flow)
        done = (each for run in runs for each in run.checkpoints if each.name == f"commit {step}")
        return sum_tallies(tally for each in done for tally in read_tallies(each.tally))

    def retry(self, run_id: str) -> None:
        run = self._find(run_id)
        if run.status not in (RunStatus.FAILED, RunStatus.CANCELLED):
            raise Conflict(f"Run {run_id} is {run.status}: expected one that failed or was cancelled.")
        if run.checkpoints and is_error(run.checkpoints[-1].outcome):
            run.checkpoints.pop()
        self._turn(run, RunStatus.WAITING)
        self._waiting.append(run)

    def cancel(self, run_id: str) -> None:
        with self._connections.single.connect() as connection:
            if run_id not in self._runs and cancel_timer(connection, run_id):
                return
        run = self._find(run_id)
        if run.status not in (RunStatus.WAITING, RunStatus.RUNNING):
            raise Conflict(f"Run {run_id} is {run.status}: expected one that is timed, waiting or running.")
        self._turn(run, RunStatus.CANCELLED)
        self._waiting = deque(other for other in self._waiting if other is not run)

    def close(self) -> None:
        """Nothing to stop: it works only inside `settle`."""

    def fire_due(self) -> int:
        """Turn timers that are due into runs; how many."""
        with self._connections.transactions.begin() as connection:
            now = self.program.clock.now()
            timers = take_due_timers(connection, now, _ALL)
        self._add([_Running(timer.run_id, timer.flow, json.loads(timer.args), now) for timer in timers])
        return len(timers)

    def settle(self) -> None:
        """Run everything that can run now, oldest first, due timers included. Raises Crashed, and defects."""
        self.mend_asked()
        while self._waiting or self.fire_due():
            while self._waiting:
                self._run(self._waiting.popleft())

    def resume(self, crash_at: int | None = None) -> None:
        """Come back after a crash: replay what was running, then `settle`. `crash_at` counts on from the effects so far."""
        self._crash_at = crash_at
        interrupted = [run for run in self._runs.values() if run.status is RunStatus.RUNNING]
        for run in interrupted:
            self._turn(run, RunStatus.WAITING)
        self._waiting.extendleft(reversed(interrupted))
        self.settle()

    def standing(self) -> Standing:
        """Whether all is done, and when the next timer is due."""
        with self._connections.single.connect() as connection:
            due = next_due(connection)
        return Standing(
            all(run.status not in (RunStatus.WAITING, RunStatus.RUNNING) for run in self._runs.values()), due
        )

    def idle(self) -> bool:
        """Whether no run is waiting or running."""
        return self.standing().idle

    def next_due(self) -> datetime | None:
        """When the earliest timer is due."""
        return self.standing().next_due

    def _add(self, starts: Sequence[_Running]) -> None:
        for run in starts:
            if run.run_id not in self._runs:
                self._runs[run.run_id] = run
                self._waiting.append(run)

    def _run(self, run: _Running) -> None:
        run.attempts += 1
        self._turn(run, RunStatus.RUNNING)
        try:
            RunContext(_Log(self, run)).run(self.program.flow(run.flow).function, run.args)
        except Abandoned:
            self.mend_asked()
        except Exception as error:
            run.error = f"{type(error).__name__}: {error}"
            self._turn(run, RunStatus.FAILED)
            if self.program.on_defect is ignore_defects:
                raise
            with self._connections.transactions.begin() as connection:
                self.program.on_defect(connection, run.run_id, run.flow, run.args, run.error)
        else:
            self._turn(run, RunStatus.DONE)

    def _turn(self, run: _Running, status: RunStatus) -> None:
        run.status, run.since = status, self.program.clock.now()

    def _find(self, run_id: str) -> _Running:
        if run_id not in self._runs:
            raise NotFound(f"Run {run_id!r}: there is no run or timer of that id.")
        return self._runs[run_id]


@dataclass(frozen=True)
class _Log(Generic[R]):
    """The log of one run, in memory; effects in PostgreSQL."""

    engine: InProcessEngine[R]
    running: _Running

    @property
    def run_id(self) -> str:
        return self.running.run_id

    @property
    def resources(self) -> R:
        return self.engine.program.resources

    @property
    def clock(self) -> Clock:
        return self.engine.program.clock

    def load(self) -> Sequence[Checkpoint]:
        self._heed_stop()
        return tuple(self.running.checkpoints)

    def before_effect(self, name: str) -> None:
        self._heed_stop()
        self.engine._count_of(self.running, name)

    def passes(self, error: Exception) -> bool:
        return False  # in a test a lost database is a finding

    def append(self, checkpoint: Checkpoint) -> None:
        self.engine._count_of(self.running, f"checkpoint of {checkpoint.name}")
        self.running.checkpoints.append(checkpoint)

    def commit(
        self, position: int, name: str, work: Callable[[Transaction[R]], Any], pending: Sequence[Checkpoint]
    ) -> Checkpoint:
        engine, now, starts = self.engine, self.clock.now(), list[_Running]()
        try:
            with engine._connections.transactions.begin() as connection:
                _follow_savepoints(connection, starts)
                tx = _Staged(connection, self.resources, now, engine.program, starts)
                outcome = written_result(work(tx), f"{name} of {self.run_id}")
                tally = _reconciled(tx.tallies, name)
                if self.run_id not in tx.mended and is_to_stop(connection, self.run_id):
                    raise Abandoned(self.run_id)
                # Counted when all is done but the commit: a crash here must leave no trace.
                engine._count_of(self.running, name)
        except TrueupError as error:
            engine._count_of(self.running, name)
            outcome, starts, tally = written_error(error), [], None
        done = Checkpoint(position, name, outcome, now, tally)
        self.running.checkpoints.extend((*pending, done))
        engine._add(starts)
        return done

    def _heed_stop(self) -> None:
        with self.engine._connections.single.connect() as connection:
            if is_to_stop(connection, self.run_id):
                raise Abandoned(self.run_id)
