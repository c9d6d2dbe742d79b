"""The urgency of cases as time passes: those that came to another step of the hours left are counted anew; decision 0033."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

AT_ONCE = 20_000
"""So many at most are counted in one transaction; more are those of the next."""


def count_hours(connection: sa.Connection, now: datetime) -> int:
    """Count the hours that are left of the open cases whose step is over. Returns how many there were; those that somebody writes
    at the moment are counted by that."""
    return connection.execute(_COUNT, {"now": now, "most": AT_ONCE}).rowcount


_COUNT = sa.text(
    "UPDATE trueup.cases SET counted_at = :now WHERE id IN (SELECT id FROM trueup.cases WHERE state = 'open'"
    " AND urgency_until <= :now ORDER BY urgency_until LIMIT :most FOR UPDATE SKIP LOCKED)"
)
