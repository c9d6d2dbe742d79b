"""The steps of durable runs to look at, and what is left of each rate budget."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant

_LONGEST = 2000
_STEPS = sa.text(
    "SELECT position, name, outcome, at FROM durable.checkpoints WHERE run_id = :run ORDER BY position LIMIT 500"
)
_BUDGETS = sa.text("SELECT name, full_at, seen_at, rate_per_second, burst FROM durable.budgets ORDER BY name")


def list_steps(connection: sa.Connection, run_id: str) -> list[dict[str, Any]]:
    """What a run has done so far, in order: each step's name, what came of it as JSON, and when."""
    rows = connection.execute(_STEPS, {"run": run_id})
    return [
        {
            "position": row.position,
            "name": row.name,
            "outcome": row.outcome[:_LONGEST],
            "cut": len(row.outcome) > _LONGEST,
            "at": write_instant(row.at),
        }
        for row in rows
    ]


def list_budgets(connection: sa.Connection, now: datetime) -> list[dict[str, Any]]:
    """Each rate budget: its size, how fast it fills, how much of it is left in whole requests, and when it is full again."""
    found = []
    for row in connection.execute(_BUDGETS):
        owed_seconds = max(0.0, (row.full_at - now).total_seconds())
        left = max(0, int(row.burst - owed_seconds * row.rate_per_second))
        found.append(
            {
                "name": row.name,
                "burst": int(row.burst),
                "left": left,
                "per_minute": round(row.rate_per_second * 60, 1),
                "full_at": write_instant(row.full_at) if owed_seconds else None,
            }
        )
    return found
