"""The steps of durable runs to look at, and what is left of each rate budget."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.durable.tally import Tally, read_tallies

_LONGEST = 2000
_STEPS = sa.text(
    "SELECT position, name, outcome, at, tally FROM durable.checkpoints WHERE run_id = :run ORDER BY position LIMIT 500"
)
_TALLIES = sa.text(
    "SELECT name, tally FROM durable.checkpoints WHERE run_id = :run AND tally IS NOT NULL ORDER BY position"
)
_SPAN = sa.text("SELECT min(at) AS first, max(at) AS last FROM durable.checkpoints WHERE run_id = :run")
_BUDGETS = sa.text("SELECT name, full_at, seen_at, rate_per_second, burst FROM durable.budgets ORDER BY name")


def list_steps(connection: sa.Connection, run_id: str) -> list[dict[str, Any]]:
    """What a run has done so far, in order: each step's name, what came of it as JSON, when, and what it counted.

    `asks`: it asked another system, and counts nothing: what came is counted by the step that reads it.
    """
    rows = connection.execute(_STEPS, {"run": run_id})
    return [
        {
            "position": row.position,
            "name": row.name,
            "outcome": row.outcome[:_LONGEST],
            "cut": len(row.outcome) > _LONGEST,
            "at": write_instant(row.at),
            "asks": row.name.startswith("step "),
            "tallies": [_told(each) for each in read_tallies(row.tally)],
        }
        for row in rows
    ]


def sum_steps(connection: sa.Connection, run_id: str) -> list[dict[str, Any]]:
    """What went through a run: tallies of steps that do the same summed, each with the step's name and how often it was done."""
    found: dict[tuple[str, str], tuple[Tally, int]] = {}
    for row in connection.execute(_TALLIES, {"run": run_id}):
        for each in read_tallies(row.tally):
            key = (row.name, each.units)
            before = found.get(key)
            found[key] = (before[0] + each, before[1] + 1) if before else (each, 1)
    return [{"name": name, "times": times, **_told(tally)} for (name, _), (tally, times) in found.items()]


def span_of(connection: sa.Connection, run_id: str) -> tuple[datetime, datetime] | None:
    """When a run did its first step and its last; None before the first."""
    row = connection.execute(_SPAN, {"run": run_id}).one()
    return (row.first, row.last) if row.first is not None else None


def _told(tally: Tally) -> dict[str, Any]:
    """As JSON; `astray` is what came in and neither went out nor is held, and must be none."""
    return {
        "units": tally.units,
        "came": tally.came,
        "out": dict(tally.out),
        "held": dict(tally.held),
        "cases": list(tally.cases),
        "astray": tally.astray,
    }


def plain_step(name: str) -> str:
    """A step's name as people read it: `commit take_in_page` is "take in page"."""
    return name.partition(" ")[2].replace("_", " ").strip() or name


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
