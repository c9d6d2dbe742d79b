"""Numbers to watch: how much waits, how much is at risk, how long ago each connection was good; each question of bounded cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trueup.storage.lights import load_lights
from trueup.storage.sources import list_sources
from trueup.storage.views.read_backs import list_read_backs

SOON, LATELY = timedelta(hours=24), timedelta(hours=24)
_LIMIT = "SET LOCAL statement_timeout = '5s'"
Rows = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is watched, each as rows of labels with a number last. Ages are seconds, money is minor units."""

    cases: Rows
    risk: Rows
    cases_due: int
    cases_overdue: int
    answers_due: Rows
    successes: Rows
    failures: Rows
    read_backs: Rows
    backlog: Rows
    stopped: Rows
    deliveries: Rows
    webhooks: Rows
    webhook_ages: Rows
    invariants: Rows


def measure(connection: sa.Connection, now: datetime) -> Numbers:
    """All of it in one transaction. A question that takes longer than five seconds is broken off: a scrape must not be a load."""
    connection.exec_driver_sql(_LIMIT)
    times = {"now": now, "soon": now + SOON, "lately": now - LATELY}

    def ask(statement: sa.TextClause) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in connection.execute(statement, times)]

    [(due, overdue)] = ask(_DUE)
    sources = list_sources(connection)
    has_worked = connection.exec_driver_sql("SELECT to_regclass('dbos.workflow_status')").scalar() is not None
    return Numbers(
        cases=ask(_CASES),
        risk=ask(_RISK),
        cases_due=due,
        cases_overdue=overdue,
        answers_due=ask(_ANSWERS),
        successes=[
            (row["name"], row["query"], (now - row["last_success_at"]).total_seconds())
            for row in sources
            if row["last_success_at"] is not None
        ],
        failures=[(row["name"], row["query"], row["failures"]) for row in sources],
        read_backs=[
            (each.connection, each.what, int((now - each.at).total_seconds())) for each in list_read_backs(connection)
        ],
        backlog=[*(ask(_BACKLOG) if has_worked else ()), *ask(_TIMERS)],
        stopped=ask(_STOPPED),
        deliveries=ask(_DELIVERIES),
        webhooks=ask(_WEBHOOKS),
        webhook_ages=ask(_WEBHOOK_AGES),
        invariants=[(light.name, int(not light.broken)) for light in load_lights(connection).values()],
    )


_OPEN = "state = 'open' AND merged_into IS NULL"
_CASES = sa.text(f"SELECT kind, count(*) FROM trueup.cases WHERE {_OPEN} GROUP BY kind ORDER BY kind")
_RISK = sa.text(
    "SELECT kind, risk_currency, sum(abs(risk_minor))::bigint FROM trueup.cases"
    f" WHERE {_OPEN} AND risk_currency IS NOT NULL GROUP BY kind, risk_currency ORDER BY kind, risk_currency"
)
_DUE = sa.text(
    "SELECT count(*) FILTER (WHERE deadline >= :now AND deadline < :soon), count(*) FILTER (WHERE deadline < :now)"
    f" FROM trueup.cases WHERE {_OPEN}"
)
# Orders that are not closed have an index of their own: years of closed ones are never read.
_ANSWERS = sa.text(
    "SELECT o.partner, count(*) FROM trueup.orders o WHERE o.state <> 'closed' AND NOT o.history AND o.answer_due_at < :soon"
    " AND NOT EXISTS (SELECT FROM trueup.deliveries d WHERE d.order_id = o.id AND d.revision = o.revision"
    " AND d.kind = 'acknowledgement' AND d.state = 'accepted') GROUP BY o.partner ORDER BY o.partner"
)
_BACKLOG = sa.text(
    "SELECT coalesce(queue_partition_key, queue_name, ''), CASE status WHEN 'PENDING' THEN 'running' ELSE 'waiting' END, count(*)"
    " FROM dbos.workflow_status WHERE status IN ('PENDING', 'ENQUEUED', 'DELAYED') GROUP BY 1, 2 ORDER BY 1, 2"
)
_TIMERS = sa.text(
    "SELECT queue, CASE WHEN due <= :now THEN 'due' ELSE 'timed' END, count(*) FROM durable.timers GROUP BY 1, 2 ORDER BY 1, 2"
)
_STOPPED = sa.text("SELECT kind, count(*) FROM durable.troubles WHERE kind IS NOT NULL GROUP BY kind ORDER BY kind")
_DELIVERIES = sa.text(
    "SELECT kind, state, count(*) FROM trueup.deliveries WHERE state IN ('prepared', 'sent', 'received', 'unanswered')"
    " GROUP BY kind, state ORDER BY kind, state"
)
_WEBHOOKS = sa.text(
    "SELECT source, topic, count(*) FROM trueup.hints WHERE received_at > :lately GROUP BY source, topic ORDER BY source, topic"
)
_WEBHOOK_AGES = sa.text(
    "SELECT source, extract(epoch FROM CAST(:now AS timestamptz) - max(received_at))::bigint FROM trueup.hints"
    " WHERE received_at > CAST(:now AS timestamptz) - interval '7 days' GROUP BY source ORDER BY source"
)
