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

from trueup.durable.dbos_log import Connections, DbosTransaction, start_run
from trueup.durable.dbos_mending import Mender
from trueup.durable.engine import Program, Run, RunStatus
from trueup.durable.flow import Json, R, Transaction
from trueup.durable.mending import mend_asked
from trueup.durable.outcomes import to_json
from trueup.durable.run_list import Standing, list_runs, read_standing
from trueup.durable.takeover import WorkerSettings
from trueup.durable.worker import Worker, dbos_client, fire_due, prepare

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_SETTLE_POLL_SECONDS = 0.02


class DbosEngine(Generic[R]):
    """The Engine on DBOS. `engine` is the pool of a database whose migrations have run; DBOS shares it."""

    def __init__(self, engine: sa.Engine, program: Program[R], settings: WorkerSettings) -> None:
        self._engine = engine
        self._program = program
        self._settings = settings
        self._connections = Connections.of(engine)
        self._client = dbos_client(engine)
        self._mender = Mender(self._connections, self._client)
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
            tx = DbosTransaction(connection, self._program.resources, now, self._program)
            result = fn(tx, *args)
        if tx.mended:
            self.mend_asked()
        return result

    def runs(self, *, status: RunStatus | None = None, flow: str = "", limit: int = 100) -> list[Run]:
        with self._connections.single.connect() as connection:
            return list_runs(connection, status=status, flow=flow, limit=limit)

    def retry(self, run_id: str) -> None:
        self._mender.go_on(run_id)

    def cancel(self, run_id: str) -> None:
        self._mender.stop(run_id)

    def mend_asked(self) -> int:
        return mend_asked(self._connections.transactions, self._mender.mend)

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
