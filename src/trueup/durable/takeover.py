"""Worker processes that die: a heartbeat row each, their runs handed to others, and runs that kill workers given up."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic
from uuid import uuid4

import sqlalchemy as sa
from dbos import DBOSClient, WorkflowStatus

from trueup.durable.dbos_log import WORK_QUEUE, Connections, is_lost
from trueup.durable.engine import Program
from trueup.durable.flow import R
from trueup.durable.mending import hold_alone


@dataclass(frozen=True)
class WorkerSettings:
    """How one worker process works. `application_version` is the product's, shown to people.

    A fresh `executor_id` each start: DBOS re-enqueues at launch what the same id had pending. `concurrency` is runs at once
    a queue; looking for work, each `poll_seconds`, costs about 5 ms of one core. A worker is taken for dead
    `dead_after_seconds` after its last heartbeat; wrongly so, its runs still commit once.
    """

    application_version: str
    executor_id: str = field(default_factory=lambda: str(uuid4()))
    concurrency: int = 16
    poll_seconds: float = 0.1
    heartbeat_seconds: float = 2.0
    dead_after_seconds: float = 15.0
    most_takeovers: int = 3
    keep_finished_days: int = 30
    close_seconds: float = 30.0


_BEAT = """INSERT INTO durable.workers (executor_id, application_version, host, pid, started_at, beat_at)
VALUES (%(executor)s, %(version)s, %(host)s, %(pid)s, clock_timestamp(), clock_timestamp())
ON CONFLICT (executor_id) DO UPDATE SET beat_at = clock_timestamp()"""
_BURY = """DELETE FROM durable.workers WHERE executor_id IN (
    SELECT executor_id FROM durable.workers
    WHERE executor_id <> %(executor)s AND beat_at < clock_timestamp() - make_interval(secs => %(dead_after)s)
    FOR UPDATE SKIP LOCKED)
RETURNING executor_id"""
_LEAVE = "DELETE FROM durable.workers WHERE executor_id = %(executor)s"
# A run that has got on since the last takeover did not kill its worker then: it only ran beside one that did.
_COUNT = """INSERT INTO durable.troubles (run_id, takeovers, reached, since)
SELECT run_id, 1, (SELECT count(*) FROM durable.checkpoints AS done WHERE done.run_id = run.run_id), clock_timestamp()
FROM unnest(%(runs)s::text[]) AS run (run_id)
ON CONFLICT (run_id) DO UPDATE SET reached = EXCLUDED.reached,
    takeovers = CASE WHEN EXCLUDED.reached > troubles.reached THEN 1 ELSE troubles.takeovers + 1 END
RETURNING run_id, takeovers"""
_GIVE_UP = """UPDATE durable.troubles SET kind = 'poisoned', error = %(error)s, since = clock_timestamp()
WHERE run_id = %(run)s AND kind IS NULL RETURNING run_id"""
_FAIL = """INSERT INTO durable.troubles (run_id, kind, error, since)
SELECT %(run)s, 'failed', %(error)s, clock_timestamp()
FROM dbos.workflow_status WHERE workflow_uuid = %(run)s AND status = 'PENDING' AND executor_id = %(executor)s
ON CONFLICT (run_id) DO UPDATE SET kind = 'failed', error = EXCLUDED.error, since = EXCLUDED.since
WHERE troubles.kind IS NULL RETURNING run_id"""
# A worker of an older version can be dealt a flow it does not know. DBOS would leave it pending there for ever.
_RETURN_UNKNOWN = """UPDATE dbos.workflow_status SET status = 'DELAYED', owner_xid = NULL, executor_id = NULL,
    delay_until_epoch_ms = (extract(epoch FROM clock_timestamp()) * 1000)::bigint + 3000
WHERE status = 'PENDING' AND executor_id = %(executor)s AND NOT name = ANY(%(known)s)"""
# The same happens to a run whose claim was committed and the answer lost with the connection.
_MISLAID = """SELECT workflow_uuid FROM dbos.workflow_status
WHERE status = 'PENDING' AND executor_id = %(executor)s AND name = ANY(%(known)s) AND NOT workflow_uuid = ANY(%(active)s)
    AND started_at_epoch_ms < (extract(epoch FROM clock_timestamp()) * 1000)::bigint - 5000"""
# Earlier versions made each of our queues one of DBOS's, and while their workers run beside ours, they put runs there,
# where nobody looks; a run taken over from one has no partition, and is dealt to nobody. The flow knows.
_ADOPT = f"""UPDATE dbos.workflow_status AS run SET queue_name = '{WORK_QUEUE}', queue_partition_key = known.queue
FROM unnest(%(flows)s::text[], %(queues)s::text[]) AS known (flow, queue)
WHERE run.status IN ('ENQUEUED', 'DELAYED') AND run.name = known.flow
    AND (run.queue_name <> '{WORK_QUEUE}' OR run.queue_partition_key IS NULL)"""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Registry(Generic[R]):
    """The workers of one database, seen from one of them."""

    connections: Connections
    client: DBOSClient
    program: Program[R]
    settings: WorkerSettings

    def beat(self, connection: sa.Connection) -> None:
        """Say that this worker lives. One that was taken for dead joins again; its old runs stay with the new owners."""
        row = {
            "executor": self.settings.executor_id,
            "version": self.settings.application_version,
            "host": socket.gethostname(),
            "pid": os.getpid(),
        }
        connection.exec_driver_sql(_BEAT, row)

    def take_over(self) -> list[str]:
        """Hand the unfinished runs of dead workers to the living, or give up those that outlived too many; their ids."""
        own = self.settings.executor_id
        parameters = {"executor": own, "dead_after": self.settings.dead_after_seconds}
        with self.connections.transactions.begin() as connection:
            dead = [row[0] for row in connection.exec_driver_sql(_BURY, parameters)]
            if not dead:
                return []
            # DBOS resumes on its own connection before this one commits: a crash in between leaves the heartbeat row,
            # and the next takeover finds what is left.
            runs = self._pending(dead)
            counts = connection.exec_driver_sql(_COUNT, {"runs": [run.workflow_id for run in runs]}).all()
            poisoned = {run_id for run_id, takeovers in counts if takeovers >= self.settings.most_takeovers}
            for run in self._with_inputs(poisoned):
                self._give_up(connection, run)
            self._resume(connection, [run for run in runs if run.workflow_id not in poisoned])
            return [run.workflow_id for run in runs]

    def adopt(self) -> int:
        """Move runs that wait in a queue of an earlier version, or in none of ours, to where workers look; how many."""
        flows = self.program.flows
        row = {"flows": [flow.name for flow in flows], "queues": [flow.queue for flow in flows]}
        with self.connections.single.connect() as connection:
            return connection.exec_driver_sql(_ADOPT, row).rowcount

    def hand_over(self) -> None:
        """Leave: what this worker has not finished waits for another, and that counts against no run."""
        with self.connections.transactions.begin() as connection:
            connection.exec_driver_sql(_LEAVE, {"executor": self.settings.executor_id})
            self._resume(connection, self._pending([self.settings.executor_id]))

    def fail(self, run_id: str, flow: str, args: Sequence[Any], error: str) -> None:
        """Mark a run as failed and tell `on_defect`, once, unless another worker owns it by now."""
        parameters = {"run": run_id, "error": error, "executor": self.settings.executor_id}
        with self.connections.transactions.begin() as connection:
            if connection.exec_driver_sql(_FAIL, parameters).first() is not None:
                self._tell(connection, run_id, flow, args, error)

    def put_back(self, active: Sequence[str]) -> None:
        """Put back what DBOS says this worker runs and it does not: flows unknown to this version, and mislaid claims."""
        own = {"executor": self.settings.executor_id, "known": list(self.program.by_name)}
        with self.connections.single.connect() as connection:
            connection.exec_driver_sql(_RETURN_UNKNOWN, own)
            mislaid = {row[0] for row in connection.exec_driver_sql(_MISLAID, {**own, "active": list(active)})}
        if mislaid:
            runs = [run for run in self._pending([self.settings.executor_id]) if run.workflow_id in mislaid]
            with self.connections.transactions.begin() as connection:
                self._resume(connection, runs)

    def _give_up(self, connection: sa.Connection, run: WorkflowStatus) -> None:
        died = f"its worker died {self.settings.most_takeovers} times while it ran"
        error = f"Run {run.workflow_id} of {run.name}: {died}; retry it once the cause is known."
        self.client.cancel_workflows([run.workflow_id])
        if connection.exec_driver_sql(_GIVE_UP, {"run": run.workflow_id, "error": error}).first() is not None:
            self._tell(connection, run.workflow_id, run.name, run.input["args"] if run.input else (), error)

    def _tell(self, connection: sa.Connection, run_id: str, flow: str, args: Sequence[Any], error: str) -> None:
        # Were a mistake in the program's hook to undo the mark, dead workers' runs would never be taken over.
        try:
            with connection.begin_nested():
                self.program.on_defect(connection, run_id, flow, args, error)
        except Exception as problem:
            if is_lost(problem):
                raise
            _LOG.exception("Run %s failed, and so did telling of it.", run_id)

    def _pending(self, executors: list[str]) -> list[WorkflowStatus]:
        return self.client.list_workflows(executor_id=executors, status="PENDING", load_input=False, load_output=False)

    def _with_inputs(self, run_ids: set[str]) -> list[WorkflowStatus]:
        if not run_ids:
            return []
        return self.client.list_workflows(workflow_ids=sorted(run_ids), status="PENDING", load_output=False)

    def _resume(self, connection: sa.Connection, runs: Iterable[WorkflowStatus]) -> None:
        """Put runs back that were pending when they were listed, but for those stopped since: DBOS would resume them too."""
        listed = {run.workflow_id: run.executor_id for run in runs}
        for run_id in sorted(listed):
            hold_alone(connection, run_id)
        executors = sorted({each for each in listed.values() if each is not None})
        still = [run.workflow_id for run in self._pending(executors) if run.workflow_id in listed] if listed else []
        # The queue is named, because DBOS would move them to its internal one; each keeps its partition.
        if still:
            self.client.resume_workflows(still, queue_name=WORK_QUEUE)
