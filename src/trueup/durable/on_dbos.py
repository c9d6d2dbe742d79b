"""The engine of production: DBOS on PostgreSQL hands runs to worker processes; any number of them share one database.

Not launched, it starts, shows, retries and cancels runs (the command line). Launched, it is a worker. One process can have
one launched engine at a time, because DBOS is global to it.

Versions: DBOS binds work to an application version and strands it when that changes. All our workers call themselves one
version to DBOS, so any takes any run. What protects a run that a newer program continues is the name recorded with every
checkpoint; a worker that does not know a flow puts its run back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar, TypeVarTuple

import sqlalchemy as sa

from trueup.base.errors import Conflict, NotFound
from trueup.durable.dbos_log import WORK_QUEUE, Connections, DbosTransaction, start_run
from trueup.durable.engine import Program, Run, RunStatus
from trueup.durable.flow import Json, R, Transaction
from trueup.durable.outcomes import is_error, to_json
from trueup.durable.run_list import Standing, find_run, list_runs, read_standing
from trueup.durable.takeover import WorkerSettings
from trueup.durable.timers import cancel_timer
from trueup.durable.worker import Worker, dbos_client, fire_due, prepare

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_LAST = "SELECT position, outcome FROM durable.checkpoints WHERE run_id = %(run)s ORDER BY position DESC LIMIT 1"
_FORGET = "DELETE FROM durable.checkpoints WHERE run_id = %(run)s AND position = %(position)s"
_FORGIVE = "DELETE FROM durable.troubles WHERE run_id = %(run)s"
_SETTLE_POLL_SECONDS = 0.02
_STOPPED = (RunStatus.FAILED, RunStatus.POISONED, RunStatus.CANCELLED)


class DbosEngine(Generic[R]):
    """The Engine on DBOS. `engine` is the pool of a database whose migrations have run; DBOS shares it."""

    def __init__(self, engine: sa.Engine, program: Program[R], settings: WorkerSettings) -> None:
        self._engine = engine
        self._program = program
        self._settings = settings
        self._connections = Connections.of(engine)
        self._client = dbos_client(engine)
        self._worker: Worker[R] | None = None
        prepare(engine)

    def launch(self) -> None:
        """Become a worker. Raises Conflict when this process already has one."""
        worker = Worker(self._engine, self._program, self._settings)
        worker.launch()
        self._worker = worker

    def start(self, flow: str, run_id: str, *args: Json) -> None:
        with self._connections.single.connect() as connection:
            self.start_in(connection, flow, run_id, *args)

    def start_in(self, connection: sa.Connection, flow: str, run_id: str, *args: Json) -> None:
        queue = self._program.flow(flow).queue
        start_run(connection, queue, flow, run_id, to_json(args, f"Arguments of {run_id}"))

    def act(self, fn: Callable[[Transaction[R], *Ts], T], *args: *Ts) -> T:
        with self._connections.transactions.begin() as connection:
            now = self._program.clock.now()
            return fn(DbosTransaction(connection, self._program.resources, now, self._program), *args)

    def runs(self, *, status: RunStatus | None = None, flow: str = "", limit: int = 100) -> list[Run]:
        with self._connections.single.connect() as connection:
            return list_runs(connection, status=status, flow=flow, limit=limit)

    def retry(self, run_id: str) -> None:
        run, queue = self._find(run_id)
        if run.status not in _STOPPED:
            raise Conflict(f"Run {run_id} is {run.status}: expected one that failed, is poisoned or was cancelled.")
        with self._connections.transactions.begin() as connection:
            # An error that the flow did not catch is recorded; replaying it would fail the same way for ever.
            last = connection.exec_driver_sql(_LAST, {"run": run_id}).first()
            if last is not None and is_error(last.outcome):
                connection.exec_driver_sql(_FORGET, {"run": run_id, "position": last.position})
            connection.exec_driver_sql(_FORGIVE, {"run": run_id})
        self._client.rewind_workflow(run_id, start_step=1, queue_name=WORK_QUEUE, queue_partition_key=queue)

    def cancel(self, run_id: str) -> None:
        run, _ = self._find(run_id)
        if run.status is RunStatus.TIMED:
            with self._connections.single.connect() as connection:
                cancel_timer(connection, run_id)
        elif run.status in (RunStatus.WAITING, RunStatus.RUNNING):
            self._client.cancel_workflows([run_id])
        else:
            raise Conflict(f"Run {run_id} is {run.status}: expected one that is timed, waiting or running.")

    def close(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None
        self._client.destroy()

    def fire_due(self) -> int:
        """Turn timers that are due into runs now, rather than at the worker's next look; how many."""
        return fire_due(self._connections, self._program)

    def standing(self) -> Standing:
        """Whether all is done, and when the next timer is due."""
        with self._connections.single.connect() as connection:
            return read_standing(connection)

    def settle(self) -> None:
        """Return when no run is waiting or running and no timer is due. It takes a launched engine to get there."""
        while True:
            standing = self.standing()
            if standing.is_settled(self._program.clock.now()):
                return
            if standing.idle:
                self.fire_due()
            time.sleep(_SETTLE_POLL_SECONDS)

    def idle(self) -> bool:
        """Whether no run is waiting or running."""
        return self.standing().idle

    def next_due(self) -> datetime | None:
        """When the earliest timer is due."""
        return self.standing().next_due

    def _find(self, run_id: str) -> tuple[Run, str]:
        with self._connections.single.connect() as connection:
            found, queue = find_run(connection, run_id)
        if not found:
            raise NotFound(
                f"Run {run_id!r}: there is no run or timer of that id (finished ones are forgotten after a while)."
            )
        return found[0], queue
