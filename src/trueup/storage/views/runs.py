"""Durable work to look at: runs and timers by where they stand, and the workers that are alive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.errors import Invalid, NotFound
from trueup.durable import run_list
from trueup.durable.engine import Run, RunStatus
from trueup.storage.views.growing import MOST, Growing

STATUSES = tuple(status.value for status in RunStatus)
_ALIVE_SECONDS = 15
_WORKERS = """SELECT executor_id, application_version, host, pid, started_at,
    beat_at > clock_timestamp() - make_interval(secs => %(alive)s) AS alive
FROM durable.workers ORDER BY started_at, executor_id"""
_COUNTS = """SELECT CASE run.status WHEN 'PENDING' THEN 'running' ELSE 'waiting' END AS status, count(*)
FROM dbos.workflow_status AS run WHERE run.status IN ('PENDING', 'ENQUEUED', 'DELAYED') GROUP BY 1"""
_OTHERS = """SELECT kind AS status, count(*) FROM durable.troubles WHERE kind IS NOT NULL GROUP BY 1
UNION ALL SELECT 'timed', count(*) FROM durable.timers"""
_MOST_MEASURED = 5000
# The newest by their own index, so that a year of runs is not sorted for it.
_SPEEDS = r"""SELECT regexp_replace(run_id, ':[^:]*$', '') AS stem, count(*) AS runs,
    percentile_disc(0.95) WITHIN GROUP (ORDER BY greatest(completed_at - began, 0)) AS p95
FROM (SELECT workflow_uuid AS run_id, completed_at, coalesce(started_at_epoch_ms, created_at) AS began
    FROM dbos.workflow_status WHERE status = 'SUCCESS' AND completed_at IS NOT NULL ORDER BY created_at DESC
    LIMIT %(most)s) AS ended
GROUP BY 1"""
_MOVED = "SELECT run_id, max(at) AS at FROM durable.checkpoints WHERE run_id = ANY(%(runs)s) GROUP BY run_id"
_STOPPED = "SELECT count(*) FROM durable.troubles WHERE kind IN ('failed', 'poisoned')"


def list_runs(
    connection: sa.Connection,
    *,
    status: str | None = None,
    flow: str = "",
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Runs and timers, the latest change first, from after one (since when, and its id).

    Raises Invalid for a status that there is not.
    """
    wanted = _status(status) if status is not None else None
    if not _has_worked(connection):
        return []
    runs = run_list.list_runs(connection, status=wanted, flow=flow, limit=limit, after=after)
    moved = _moved(connection, [run.run_id for run in runs])
    return [_run_json(run, moved) for run in runs]


def _status(text: str) -> RunStatus:
    if text not in STATUSES:
        raise Invalid(f"--status {text}: expected one of {', '.join(STATUSES)}.")
    return RunStatus(text)


def growing_runs(statuses: Sequence[str], flow: str) -> Growing:
    """Runs as a list that grows; no status: however they stand. Raises Invalid for a status that there is not."""
    return _GrowingRuns(tuple(_status(each) for each in statuses), flow)


@dataclass(frozen=True, slots=True)
class _GrowingRuns:
    """Runs as a list that grows by those that are begun; timers have no number, and are counted once they have become runs."""

    statuses: tuple[RunStatus, ...] = ()
    flow: str = ""

    def newest(self, connection: sa.Connection) -> int:
        """When the last one was begun, in milliseconds of the machine's clock."""
        return run_list.newest_run(connection) if _has_worked(connection) else 0

    def count_after(self, connection: sa.Connection, number: int) -> tuple[int, bool]:
        """Of those that were begun since."""
        if not _has_worked(connection):
            return 0, False
        count = run_list.count_begun(connection, number, self.statuses, flow=self.flow, most=MOST + 1)
        return min(count, MOST), count > MOST


def show_run(connection: sa.Connection, run_id: str) -> dict[str, Any]:
    """One run or timer. Raises NotFound."""
    found = run_list.find_run(connection, run_id)[0] if _has_worked(connection) else []
    if not found:
        raise NotFound(f"Run {run_id!r}: there is none of that id (finished ones are forgotten after a while).")
    return _run_json(found[0], _moved(connection, [run_id]))


def ended_well(connection: sa.Connection, run_ids: Sequence[str]) -> set[str]:
    """Of runs that failed those whose work was done after all: retried to its end, or by a later run of the same key."""
    return run_list.ended_well(connection, run_ids) if run_ids and _has_worked(connection) else set()


def load_speeds(connection: sa.Connection) -> dict[str, Speed]:
    """How long runs took that ended lately, by the beginning of their ids that a chain of rounds shares (`poll:amazon-us:created`).

    In the machine's time, whatever the simulated one: it is how long a worker was at it.
    """
    if not _has_worked(connection):
        return {}
    rows = connection.exec_driver_sql(_SPEEDS, {"most": _MOST_MEASURED})
    return {row.stem: Speed(timedelta(milliseconds=row.p95), row.runs) for row in rows}


@dataclass(frozen=True, slots=True)
class Speed:
    """How long runs of a chain took: 95 of 100 no longer than `p95`, of so many."""

    p95: timedelta
    runs: int


def list_workers(connection: sa.Connection) -> list[dict[str, Any]]:
    """Worker processes, by the database's own clock; one that does not beat any more is taken over soon."""
    rows = connection.exec_driver_sql(_WORKERS, {"alive": _ALIVE_SECONDS})
    return [
        {
            "host": row.host,
            "pid": row.pid,
            "version": row.application_version,
            "started_at": write_instant(row.started_at),
            "alive": row.alive,
        }
        for row in rows
    ]


def count_runs(connection: sa.Connection) -> dict[str, int]:
    """How many runs wait, run, failed or are timed; what is done is not counted."""
    found = {"running": 0, "waiting": 0, "timed": 0, "failed": 0, "poisoned": 0}
    for statement in (_COUNTS, _OTHERS) if _has_worked(connection) else (_OTHERS,):
        found |= {row.status: row.count for row in connection.exec_driver_sql(statement)}
    return found


def count_stopped(connection: sa.Connection) -> int:
    """How many runs failed or were given up: they wait for a person."""
    return int(connection.exec_driver_sql(_STOPPED).scalar_one())


def _has_worked(connection: sa.Connection) -> bool:
    """The engine makes its own tables when a worker or a person first acts."""
    return connection.exec_driver_sql("SELECT to_regclass('dbos.workflow_status')").scalar() is not None


def _moved(connection: sa.Connection, run_ids: list[str]) -> dict[str, datetime]:
    """When runs did their last step, by the engine's clock, which in a demonstration is not the machine's."""
    return {row.run_id: row.at for row in connection.exec_driver_sql(_MOVED, {"runs": run_ids})}


def _run_json(run: Run, moved: Mapping[str, datetime]) -> dict[str, Any]:
    """`since`: when it last moved, or is due, by the engine's clock; `machine_at`: when the machine noted that."""
    return {
        "run_id": run.run_id,
        "flow": run.flow,
        "status": run.status.value,
        "attempts": run.attempts,
        "error": run.error or None,
        "since": write_instant(moved.get(run.run_id, run.since)),
        "machine_at": write_instant(run.since),
    }
