"""The log of a run on DBOS: our own checkpoint rows, written in the same transaction as a commit's effects.

DBOS decides which worker runs what; what a run has done is recorded here and not by DBOS's steps: those cost two
transactions a step and five a transactional step, where this costs one of either, and a look whether the run is to stop.
An insert counts only while DBOS says that the run is ours, and its key lets one execution record a position, so a commit's
effects happen once even while a worker that was taken for dead still runs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from trueup.base.clock import Clock, aware_utc
from trueup.base.errors import TrueupError
from trueup.durable.context import Abandoned, Checkpoint, Replay
from trueup.durable.engine import Program
from trueup.durable.flow import Json, Mending, R, Transaction
from trueup.durable.mending import Asked, ask_mending, is_to_stop
from trueup.durable.outcomes import is_error, to_json, written_error, written_result
from trueup.durable.run_list import find_run
from trueup.durable.tally import written_tallies
from trueup.durable.timers import Timer, cancel_timer, set_timer

WORK_QUEUE = "trueup"
"""The one queue that DBOS knows: ours are its partitions, so that a worker without work asks one question, not one a queue."""
LOST_SECONDS = (0.01, 2.0)
"""How long to wait before asking a lost database again: at first, at most."""

_IMPOSSIBLE = "54"
"""Of SQLSTATE: program limit exceeded, such as a statement that is too complex."""
_OWNED = "FROM dbos.workflow_status WHERE workflow_uuid = %(run)s AND status = 'PENDING' AND executor_id = %(executor)s"
_OURS = f"""SELECT 1 {_OWNED}
    AND NOT EXISTS (SELECT FROM durable.mendings WHERE run_id = %(run)s AND how = 'stop')"""
_LOAD = "SELECT position, name, outcome, at FROM durable.checkpoints WHERE run_id = %(run)s ORDER BY position"
_APPEND = f"""INSERT INTO durable.checkpoints (run_id, position, name, outcome, at, tally)
SELECT %(run)s, %(position)s, %(name)s, %(outcome)s, %(at)s, %(tally)s {_OWNED} ON CONFLICT DO NOTHING"""
_RECORDED = "SELECT name, outcome, at FROM durable.checkpoints WHERE run_id = %(run)s AND position = %(position)s"
_LAST = "SELECT position, outcome FROM durable.checkpoints WHERE run_id = %(run)s ORDER BY position DESC LIMIT 1"
_START = f"""SELECT dbos.enqueue_workflow(workflow_name => %(flow)s, queue_name => '{WORK_QUEUE}',
    queue_partition_key => %(queue)s, workflow_id => %(run)s,
    positional_args => ARRAY(SELECT json_array_elements(%(args)s::json)))"""


def is_lost(error: BaseException) -> bool:
    """Whether the database went away, refused for now, or chose this transaction to give way: asking again may succeed.

    Not where the statement itself can never be carried out (class 54 of SQLSTATE, or more parameters than the protocol has): that
    is a defect, and asking again would hide it for ever.
    """
    if isinstance(error, PoolTimeout):
        return True
    said: BaseException | None = error
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        said = error.orig
        if isinstance(said, psycopg.OperationalError) and said.sqlstate is None:
            return error.statement is None  # it never connected; else the connection stands, and the driver refused
    if isinstance(said, psycopg.OperationalError):
        return not (said.sqlstate or "").startswith(_IMPOSSIBLE)
    return isinstance(said, psycopg.InterfaceError)


def start_run(connection: sa.Connection, queue: str, flow: str, run_id: str, args: str) -> None:
    """Enqueue in the caller's transaction. Without an application version, so that a worker of any version takes it."""
    connection.exec_driver_sql(_START, {"flow": flow, "queue": queue, "run": run_id, "args": args})


def ending_error(connection: sa.Connection, run_id: str) -> int | None:
    """The position of the error that a run recorded last, where it recorded one."""
    last = connection.exec_driver_sql(_LAST, {"run": run_id}).first()
    return last.position if last is not None and is_error(last.outcome) else None


@dataclass(frozen=True)
class DbosTransaction(Transaction[R]):
    """A Transaction whose starts are rows of DBOS's queue and whose timers are ours."""

    program: Program[R]

    def start(self, flow: str, run_id: str, *args: Json) -> None:
        queue = self.program.flow(flow).queue
        start_run(self.connection, queue, flow, run_id, to_json(args, f"Arguments of {run_id}"))

    def at(self, due: datetime, flow: str, run_id: str, *args: Json) -> None:
        queue = self.program.flow(flow).queue
        set_timer(self.connection, Timer(run_id, aware_utc(due), flow, queue, to_json(args, f"Arguments of {run_id}")))

    def cancel(self, run_id: str) -> None:
        cancel_timer(self.connection, run_id)

    def mend(self, run_id: str, how: Mending) -> None:
        asked = Asked(run_id, how, None)
        if how is Mending.GO_ON:
            found, _ = find_run(self.connection, run_id)
            asked = Asked(run_id, how, found[0].since if found else None, ending_error(self.connection, run_id))
        ask_mending(self.connection, asked)
        self.mended.append(run_id)


@dataclass(frozen=True)
class Connections:
    """One pool seen twice: single statements that stand alone, and READ COMMITTED transactions whatever the server's default."""

    single: sa.Engine
    transactions: sa.Engine

    @classmethod
    def of(cls, engine: sa.Engine) -> Connections:
        """Both views of the engine's pool."""
        single = engine.execution_options(isolation_level="AUTOCOMMIT")
        return cls(single, engine.execution_options(isolation_level="READ COMMITTED"))


@dataclass(frozen=True)
class DbosLog(Generic[R]):
    """The checkpoints of one run as one executor may write them."""

    run_id: str
    program: Program[R]
    connections: Connections
    executor_id: str
    closing: threading.Event

    @property
    def resources(self) -> R:
        return self.program.resources

    @property
    def clock(self) -> Clock:
        return self.program.clock

    def load(self) -> Sequence[Checkpoint]:
        try:
            with self.connections.single.connect() as connection:
                if is_to_stop(connection, self.run_id):
                    raise Replay(self.run_id)
                rows = connection.exec_driver_sql(_LOAD, {"run": self.run_id}).all()
        except Exception as error:
            if self.passes(error):
                raise Replay(self.run_id) from error
            raise
        return [Checkpoint(position, name, outcome, at) for position, name, outcome, at in rows]

    def is_ours(self) -> bool:
        """Whether DBOS says that this executor runs it, and it is not asked to stop."""
        with self.connections.single.connect() as connection:
            return connection.exec_driver_sql(_OURS, self._owner()).first() is not None

    def before_effect(self, name: str) -> None:
        self.heed_closing(name)
        if not self.is_ours():
            raise Replay(self.run_id)

    def heed_closing(self, name: str) -> None:
        """Raises Abandoned when the worker is closing."""
        if self.closing.is_set():
            raise Abandoned(f"{self.run_id} before {name}")

    def passes(self, error: Exception) -> bool:
        return is_lost(error)

    def append(self, checkpoint: Checkpoint) -> None:
        # A step has been done and its answer is in our hands: keep asking, rather than do it again.
        pause_seconds, longest_seconds = LOST_SECONDS
        while True:
            try:
                with self.connections.single.connect() as connection:
                    if not self._insert(connection, checkpoint) and not self._stands(connection, checkpoint):
                        raise Replay(self.run_id)
                return
            except Exception as error:
                if not is_lost(error):
                    raise
                if self.closing.wait(pause_seconds):
                    raise Abandoned(self.run_id) from error
                pause_seconds = min(longest_seconds, pause_seconds * 2)

    def commit(
        self, position: int, name: str, work: Callable[[Transaction[R]], Any], pending: Sequence[Checkpoint]
    ) -> Checkpoint:
        self.heed_closing(name)
        now = self.clock.now()
        try:
            with self.connections.transactions.begin() as connection:
                tx = DbosTransaction(connection, self.resources, now, self.program)
                outcome = written_result(work(tx), f"{name} of {self.run_id}")
                done = Checkpoint(position, name, outcome, now, written_tallies(tx.tallies))
                if self.run_id not in tx.mended and is_to_stop(connection, self.run_id):
                    raise Replay(self.run_id)
                for checkpoint in (*pending, done):
                    if not self._insert(connection, checkpoint):
                        raise Replay(self.run_id)
                return done
        except TrueupError as error:
            refused = Checkpoint(position, name, written_error(error), now)
        for checkpoint in (*pending, refused):
            self.append(checkpoint)
        return refused

    def _insert(self, connection: sa.Connection, checkpoint: Checkpoint) -> bool:
        row = {
            "position": checkpoint.position,
            "name": checkpoint.name,
            "outcome": checkpoint.outcome,
            "at": checkpoint.at,
            "tally": checkpoint.tally,
            **self._owner(),
        }
        return connection.exec_driver_sql(_APPEND, row).rowcount == 1

    def _stands(self, connection: sa.Connection, checkpoint: Checkpoint) -> bool:
        """Whether the recorded one is ours: the insert whose answer was lost had come through."""
        found = connection.exec_driver_sql(_RECORDED, {"run": self.run_id, "position": checkpoint.position}).first()
        return found is not None and tuple(found) == (checkpoint.name, checkpoint.outcome, checkpoint.at)

    def _owner(self) -> dict[str, str]:
        return {"run": self.run_id, "executor": self.executor_id}
