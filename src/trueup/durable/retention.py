"""Retention: what finished runs leave behind is deleted after a while, ours first and DBOS's after."""

from __future__ import annotations

import sqlalchemy as sa
from dbos import DBOSClient

BATCH = 500

_FINISHED = """SELECT workflow_uuid FROM dbos.workflow_status
WHERE status NOT IN ('ENQUEUED', 'PENDING', 'DELAYED')
    AND completed_at < (extract(epoch FROM clock_timestamp()) * 1000)::bigint - %(days)s::bigint * 86400000
ORDER BY completed_at LIMIT %(batch)s"""
_DELETE = (
    "DELETE FROM durable.checkpoints WHERE run_id = ANY(%(runs)s)",
    "DELETE FROM durable.troubles WHERE run_id = ANY(%(runs)s)",
)


def delete_finished(transactions: sa.Engine, client: DBOSClient, keep_finished_days: int) -> int:
    """Delete runs that finished more than `keep_finished_days` ago; how many.

    Our rows go first: were DBOS's to go alone and the id used again, the new run would replay the old one's checkpoints
    and do nothing.
    """
    deleted = 0
    while True:
        with transactions.begin() as connection:
            rows = connection.exec_driver_sql(_FINISHED, {"days": keep_finished_days, "batch": BATCH})
            runs = [row[0] for row in rows]
            for statement in _DELETE:
                connection.exec_driver_sql(statement, {"runs": runs})
        if not runs:
            return deleted
        client.delete_workflows(runs)
        deleted += len(runs)
