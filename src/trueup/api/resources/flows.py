"""Flows: every connection with its last good reading, and the durable runs with their steps."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Query

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import Instant, Listed, Name, Page, Paging, Shape
from trueup.base.clock import read_instant
from trueup.storage.views import runs as views
from trueup.storage.views.freshness import freshness_of
from trueup.storage.views.run_steps import list_steps, sum_steps
from trueup.storage.views.run_words import say_runs
from trueup.storage.views.status import list_sources


class Connection(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "name": "amazon-us",
                "query": "created",
                "health": "ok",
                "words": "Read",
                "last_success_at": "2026-11-23T08:59:00Z",
                "covered_until": "2026-11-23T08:59:00Z",
                "failures_in_a_row": 0,
                "last_error": "",
                "documents": 41,
            }
        ]
    },
):
    """One thing that is asked of another system again and again. Never asked is `unknown`, not `ok`."""

    name: str
    query: str
    health: Literal["ok", "waiting", "warn", "bad", "unknown"]
    words: str
    last_success_at: Instant | None
    covered_until: Instant | None
    """Up to when everything was read."""
    failures_in_a_row: int
    last_error: str
    documents: int


_RUN = {
    "run_id": "acknowledge:17:2",
    "words": "Answer order 4XY7T1K9",
    "flow": "acknowledge_order",
    "status": "done",
    "attempts": 1,
    "error": None,
    "since": "2026-11-23T09:01:00Z",
}


class Run(Shape, json_schema_extra={"examples": [_RUN]}):
    """A run or a timer. `since`: when it came to stand so; of a timer, when it is due."""

    run_id: str
    words: str
    """What it does, and to what."""
    flow: str
    status: str
    attempts: int
    error: str | None
    since: Instant


_COUNTED = {
    "units": "lines",
    "came": 3,
    "out": {"promised whole or in part": 2},
    "held": {"held": 1},
    "cases": [17],
    "astray": 0,
}


class Counted(Shape, json_schema_extra={"examples": [_COUNTED]}):
    """How many came into a step, went out of it, and are held in cases. `astray`: what is in none of these, which is a defect."""

    units: str
    came: int
    out: dict[str, int]
    held: dict[str, int]
    cases: list[int]
    """The first hundred."""
    astray: int


class Summed(Counted, json_schema_extra={"examples": [{**_COUNTED, "name": "commit decide_order", "times": 1}]}):
    """The same of all steps of one name."""

    name: str
    times: int


class Step(Shape):
    """What a run did: its outcome as JSON in text, cut where it is long, and what it counted."""

    position: int
    name: str
    outcome: str
    cut: bool
    at: Instant
    asks: bool
    """It asks another system; what came is counted by the step that reads it."""
    tallies: list[Counted]


class WholeRun(Run, json_schema_extra={"examples": [{**_RUN, "steps": [], "went_through": []}]}):
    """A run with its steps, and what went through them."""

    steps: list[Step]
    went_through: list[Summed]


def list_connections(call: Calling) -> Listed[Connection]:
    """List what is read from other systems, and how well that goes."""
    with call.look() as connection:
        sources: list[dict[str, Any]] = list_sources(connection)
    rows = []
    for source in sources:
        fresh = freshness_of(source, call.now)
        health = {"idle": "unknown", "held": "waiting"}.get(fresh.state, fresh.state)
        rows.append(Connection.model_validate({**source, "health": health, "words": fresh.word}))
    return Listed[Connection](items=rows)


class RunQuery(Paging):
    """Which runs."""

    status: Literal["timed", "waiting", "running", "done", "failed", "poisoned", "cancelled"] | None = None
    """That stand so."""
    flow: Name = ""
    """Of this flow."""


def list_runs(call: Calling, asked: Annotated[RunQuery, Query()]) -> Page[Run]:
    """List durable runs and timers, the latest change first.

    A run that moves while you turn pages moves to the front: it may be told twice.
    """
    since, _, run_id = asked.at.partition("/")
    after = (read_instant(since), run_id) if asked.at else None
    with call.look() as connection:
        rows = views.list_runs(connection, status=asked.status, flow=asked.flow, after=after, limit=asked.limit + 1)
        said = say_runs(connection, rows)
        rows = [{**row, "words": said[row["run_id"]].words} for row in rows]
        return call.page_by(Run, rows, asked.limit, "machine_at", "run_id")


RunId = Annotated[str, Path(max_length=300, description="The run's id.")]


def get_run(call: Calling, run: RunId) -> WholeRun:
    """Show one run with the steps it took, and how many came into each, went out and are held."""
    with call.look() as connection:
        shown = views.show_run(connection, run)
        words = say_runs(connection, [shown])[run].words
        steps, sums = list_steps(connection, run), sum_steps(connection, run)
        return WholeRun.model_validate({**shown, "words": words, "steps": steps, "went_through": sums})


RESOURCE = Resource(
    "flows",
    "Flows",
    (
        Operation("/connections", list_connections),
        Operation("/runs", list_runs),
        Operation("/runs/{run:path}", get_run),
    ),
)
