"""Runs and timers as people see them, read from DBOS's tables and ours in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.durable.engine import Run, RunStatus

_STATUS = """CASE run.status
            WHEN 'SUCCESS' THEN 'done' WHEN 'PENDING' THEN 'running'
            WHEN 'ENQUEUED' THEN 'waiting' WHEN 'DELAYED' THEN 'waiting'
            WHEN 'CANCELLED' THEN CASE WHEN trouble.kind = 'poisoned' THEN 'poisoned' ELSE 'cancelled' END
            ELSE 'failed' END"""
_RUNS = f"""
SELECT * FROM (
    SELECT run.workflow_uuid AS run_id, run.name AS flow,
        {_STATUS} AS status,
        coalesce(run.recovery_attempts, 0) + coalesce(trouble.takeovers, 0) AS attempts, coalesce(trouble.error, '') AS error,
        to_timestamp(run.updated_at / 1000.0) AS since, coalesce(run.queue_partition_key, run.queue_name) AS queue
    FROM dbos.workflow_status AS run LEFT JOIN durable.troubles AS trouble ON trouble.run_id = run.workflow_uuid
    UNION ALL
    SELECT run_id, flow, 'timed', 0, '', due, queue FROM durable.timers
) AS every
WHERE (%(status)s::text IS NULL OR status = %(status)s) AND (%(flow)s = '' OR flow = %(flow)s)
    AND (%(run)s::text IS NULL OR run_id = %(run)s)
    AND (%(since)s::timestamptz IS NULL OR since < %(since)s OR (since = %(since)s AND run_id > %(after)s))
ORDER BY since DESC, run_id LIMIT %(limit)s"""
_BEGUN = f"""SELECT count(*) FROM (
    SELECT FROM (SELECT run.name AS flow, {_STATUS} AS status
        FROM dbos.workflow_status AS run LEFT JOIN durable.troubles AS trouble ON trouble.run_id = run.workflow_uuid
        WHERE run.created_at > %(after)s) AS begun
    WHERE (%(statuses)s::text[] IS NULL OR status = ANY(%(statuses)s)) AND (%(flow)s = '' OR flow = %(flow)s)
    LIMIT %(most)s) AS counted"""
# Two conditions, because DBOS has an index for each.
_STANDING = """SELECT
    EXISTS (SELECT FROM dbos.workflow_status WHERE status IN ('ENQUEUED', 'PENDING'))
        OR EXISTS (SELECT FROM dbos.workflow_status WHERE status = 'DELAYED') AS busy,
    (SELECT min(due) FROM durable.timers) AS next_due"""

# The key of a run is its id without the last part, which counts; a run whose id has two parts is the only one of its key. Pieces of
# a job are counted likewise, and are different work.
_ENDED_WELL = """SELECT failed.workflow_uuid AS run_id FROM dbos.workflow_status AS failed
CROSS JOIN LATERAL (SELECT regexp_replace(failed.workflow_uuid, '[^:]*$', '') AS stem) AS key
WHERE failed.workflow_uuid = ANY(%(runs)s) AND (failed.status = 'SUCCESS' OR (
    key.stem LIKE '%%:%%:' AND failed.workflow_uuid NOT LIKE 'job:%%' AND EXISTS (
        SELECT FROM dbos.workflow_status AS later WHERE later.created_at > failed.created_at AND later.status = 'SUCCESS'
            AND later.name = failed.name AND starts_with(later.workflow_uuid, key.stem))))"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether no run is waiting or running, and when the earliest timer is due, at one instant."""

    idle: bool
    next_due: datetime | None

    def is_settled(self, now: datetime) -> bool:
        """Whether nothing happens before the clock moves."""
        return self.idle and (self.next_due is None or self.next_due > now)


def list_runs(
    connection: sa.Connection,
    *,
    status: RunStatus | None,
    flow: str,
    limit: int,
    after: tuple[datetime, str] | None = None,
) -> list[Run]:
    """Runs and timers, the latest change first, from after one: since when it stands so, and its id."""
    since, run_id = after or (None, "")
    parameters = {"status": status, "flow": flow, "run": None, "since": since, "after": run_id, "limit": limit}
    return [_run(row) for row in connection.exec_driver_sql(_RUNS, parameters)]


def newest_run(connection: sa.Connection) -> int:
    """When the run was begun that was begun last, in milliseconds; 0 where there is none."""
    found = connection.exec_driver_sql("SELECT coalesce(max(created_at), 0) FROM dbos.workflow_status")
    return int(found.scalar_one())


def count_begun(
    connection: sa.Connection, after: int, statuses: Sequence[RunStatus], *, flow: str = "", most: int
) -> int:
    """How many runs were begun after that, of a flow or any, that stand so now (no status: however), counted up to `most`."""
    wanted = {"after": after, "statuses": [each.value for each in statuses] or None, "flow": flow, "most": most}
    return int(connection.exec_driver_sql(_BEGUN, wanted).scalar_one())


def find_run(connection: sa.Connection, run_id: str) -> tuple[list[Run], str]:
    """The run or timer of that id, or both (the run first), and the queue it belongs to."""
    rows = connection.exec_driver_sql(
        _RUNS, {"status": None, "flow": "", "run": run_id, "since": None, "after": "", "limit": 2}
    ).all()
    found = sorted((_run(row) for row in rows), key=lambda run: run.status is RunStatus.TIMED)
    return found, rows[0].queue if rows else ""


def ended_well(connection: sa.Connection, run_ids: Sequence[str]) -> set[str]:
    """Of runs that failed those that were retried and ended, or after which another run of the same key did."""
    return {row.run_id for row in connection.exec_driver_sql(_ENDED_WELL, {"runs": list(run_ids)})}


def read_standing(connection: sa.Connection) -> Standing:
    """One snapshot, so that a run which ended by setting a timer cannot be missed between two questions."""
    row = connection.exec_driver_sql(_STANDING).one()
    return Standing(not row.busy, row.next_due)


def _run(row: Any) -> Run:
    return Run(row.run_id, row.flow, RunStatus(row.status), row.attempts, row.error, row.since)
