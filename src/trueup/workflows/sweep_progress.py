"""Sweep progress: how far the comparison of a channel's stock with ours is, or what the last one came to; read-only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.errors import NotFound
from trueup.domain.escalation import span_words
from trueup.durable.engine import RunStatus
from trueup.storage import sources
from trueup.storage.views.channels import count_sold
from trueup.storage.views.run_steps import span_of, sum_steps
from trueup.storage.views.runs import show_run
from trueup.workflows.check_stock import NUMBERS, sweep_rounds
from trueup.workflows.rounds import Rounds
from trueup.workflows.world import World

_BEGUN = (RunStatus.WAITING.value, RunStatus.RUNNING.value)


@dataclass(frozen=True, slots=True)
class Sweep:
    """The newest comparison of a channel that was begun, `done` of `total` numbers of it. `out`: what became of how many;
    `held`: how many wait. `moved_at`: its last step; `left`: about how long it takes yet, None where nothing says."""

    channel: str
    run_id: str
    going: bool
    stopped: bool
    done: int
    total: int
    moved_at: datetime | None
    left: timedelta | None
    out: Mapping[str, int] = field(default_factory=dict)
    held: Mapping[str, int] = field(default_factory=dict)


def list_sweeps(connection: sa.Connection, world: World) -> list[Sweep]:
    """Of each channel that we publish to, in their order; one that was never compared is not there."""
    found = (_newest(connection, rounds) for rounds in sweep_rounds(world))
    return [each for each in found if each is not None]


def sweep_json(sweep: Sweep) -> dict[str, Any]:
    """A comparison as programs are told it, with the sentence that a person is told."""
    return {
        "channel": sweep.channel,
        "run_id": sweep.run_id,
        "state": "running" if sweep.going else "stopped" if sweep.stopped else "done",
        "done": sweep.done,
        "total": sweep.total,
        "left_seconds": int(sweep.left.total_seconds()) if sweep.left is not None else None,
        "moved_at": write_instant(sweep.moved_at) if sweep.moved_at is not None else None,
        "out": dict(sweep.out),
        "held": dict(sweep.held),
        "words": say_sweep(sweep),
    }


def say_sweep(sweep: Sweep) -> str:
    """How far it is, or what it came to, in a sentence or two: as its page says it."""
    if sweep.going:
        left = f", about {span_words(sweep.left)}" if sweep.left else ""
        words = f"Under way: {sweep.done:,} of {sweep.total:,} numbers{left}."
    elif sweep.stopped:
        words = f"Stopped after {sweep.done:,} numbers; what was marked by then is sent and read all the same."
    else:
        words = f"Compared {sweep.done:,} numbers."
    held = f"held: {_parts(sweep.held)}" if sweep.held else ""
    became = "; ".join(part for part in (_parts(sweep.out), held) if part)
    return f"{words} {became[:1].upper()}{became[1:]}." if became else words


def _parts(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {words}" for words, count in counted.items())


def _newest(connection: sa.Connection, rounds: Rounds) -> Sweep | None:
    """The next is set when one ends, so it is the round of now or the one before."""
    number = sources.find_round(connection, rounds.source, rounds.query)
    for each in (number, number - 1):
        try:
            run = show_run(connection, f"{rounds.stem}:{each}")
        except NotFound:
            continue
        if run["status"] != RunStatus.TIMED.value:
            return _told(connection, rounds.source, run["run_id"], run["status"])
    return None


def _told(connection: sa.Connection, channel: str, run_id: str, status: str) -> Sweep:
    sums = next((each for each in sum_steps(connection, run_id) if each["units"] == NUMBERS), None)
    done, going = sums["came"] if sums else 0, status in _BEGUN
    total = max(done, count_sold(connection, channel)) if going else done
    span = span_of(connection, run_id)
    took = span[1] - span[0] if span is not None else None
    left = took * (total - done) / done if going and done and took is not None else None
    stopped = not going and status != RunStatus.DONE.value
    out, held = (sums["out"], sums["held"]) if sums else ({}, {})
    return Sweep(channel, run_id, going, stopped, done, total, span[1] if span is not None else None, left, out, held)
