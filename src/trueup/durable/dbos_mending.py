"""Mending on DBOS: a run goes on after its last good checkpoint, or stops before its next step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dbos import DBOSClient

from trueup.base.errors import Conflict, NotFound
from trueup.durable.dbos_log import WORK_QUEUE, Connections, ending_error
from trueup.durable.engine import Run, RunStatus
from trueup.durable.flow import Mending
from trueup.durable.mending import Asked
from trueup.durable.run_list import find_run
from trueup.durable.timers import cancel_timer

_FORGET = "DELETE FROM durable.checkpoints WHERE run_id = %(run)s AND position = %(position)s"
_FORGIVE = "DELETE FROM durable.troubles WHERE run_id = %(run)s"
_STOPPED = (RunStatus.FAILED, RunStatus.POISONED, RunStatus.CANCELLED)


@dataclass(frozen=True)
class Mender:
    """Has runs of DBOS go on and stop."""

    connections: Connections
    client: DBOSClient

    def mend(self, asked: Asked) -> None:
        """Do what was asked. Raises NotFound, Conflict where it is no more as it was."""
        if asked.how is Mending.STOP:
            self.stop(asked.run_id)
        else:
            self._go_on(asked.run_id, asked.since, asked.forget)

    def go_on(self, run_id: str) -> None:
        """Have a run that stopped go on after its last good checkpoint."""
        with self.connections.single.connect() as connection:
            forget = ending_error(connection, run_id)
        self._go_on(run_id, None, forget)

    def _go_on(self, run_id: str, since: datetime | None, forget: int | None) -> None:
        run, queue = self._find(run_id)
        if run.status not in _STOPPED or since not in (None, run.since):
            raise Conflict(f"Run {run_id} is {run.status}: expected one that failed, is poisoned or was cancelled.")
        with self.connections.transactions.begin() as connection:
            # An error that the flow did not catch is recorded; replaying it would fail the same way for ever. By its position: the
            # last one is another when this was done before, and failed afterwards.
            connection.exec_driver_sql(_FORGET, {"run": run_id, "position": forget})
            connection.exec_driver_sql(_FORGIVE, {"run": run_id})
        self.client.rewind_workflow(run_id, start_step=1, queue_name=WORK_QUEUE, queue_partition_key=queue)

    def stop(self, run_id: str) -> None:
        """Stop a run before its next step, or forget its timer."""
        run, _ = self._find(run_id)
        if run.status is RunStatus.TIMED:
            with self.connections.single.connect() as connection:
                if cancel_timer(connection, run_id):
                    return
            run, _ = self._find(run_id)  # it came due meanwhile, and is a run
        if run.status in (RunStatus.WAITING, RunStatus.RUNNING):
            self.client.cancel_workflows([run_id])
        else:
            raise Conflict(f"Run {run_id} is {run.status}: expected one that is timed, waiting or running.")

    def _find(self, run_id: str) -> tuple[Run, str]:
        with self.connections.single.connect() as connection:
            found, queue = find_run(connection, run_id)
        if not found:
            raise NotFound(
                f"Run {run_id!r}: there is no run or timer of that id (finished ones are forgotten after a while)."
            )
        return found[0], queue
