"""Rounds: what goes round by itself. Every round sets the next by a timer; a chain of them that broke is mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from trueup.durable.outcomes import to_json
from trueup.durable.timers import Timer, find_timers, set_timer
from trueup.storage import cases, sources
from trueup.workflows.world import Tx

MOST_PAUSE = timedelta(hours=2)
"""No round waits longer for the next than this beyond its pace, whatever failed: a timer due later was set by another clock."""
DEFECT_PAUSE = timedelta(minutes=10)
RUN_FAILED = "run.failed"
LEAST_PAUSE = timedelta(seconds=30)
"""A source is not asked again at once more often than this, however many hints it gives."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """A chain of rounds. The runs of it are `stem:1`, `stem:2` ..., counted in the row of that source and query.

    `pace` is from one to the next; `rest` is what lies between them at least when somebody asks for the next.
    """

    flow: str
    stem: str
    source: str
    query: str
    args: tuple[str, ...]
    pace: timedelta
    rest: timedelta = LEAST_PAUSE


def start_rounds(tx: Tx, rounds: Rounds, after: timedelta = timedelta(0)) -> None:
    """Set the next round, instead of one that may be set: a chain stays one."""
    sources.load_source(tx.connection, rounds.source, rounds.query)
    for timer in find_timers(tx.connection, f"{rounds.stem}:"):
        tx.cancel(timer.run_id)
    number = sources.start_round(tx.connection, rounds.source, rounds.query, tx.now)
    tx.at(tx.now + after, rounds.flow, f"{rounds.stem}:{number}", *rounds.args)


def next_dues(connection: sa.Connection, chains: Sequence[Rounds]) -> dict[tuple[str, str], datetime]:
    """When the next round of each chain is due, by source and query; one that is under way has none."""
    timers = ((rounds, find_timers(connection, f"{rounds.stem}:")) for rounds in chains)
    return {(rounds.source, rounds.query): found[0].due for rounds, found in timers if found}


def ask_sooner(tx: Tx, chains: Sequence[Rounds]) -> int:
    """Somebody says that a source has news: its next round comes at once, or a rest after the last. Returns how many were moved.

    A round that comes as soon by itself stays where it is: else who asks again and again would put it off for ever.
    """
    moved = 0
    for rounds in chains:
        began = sources.load_source(tx.connection, rounds.source, rounds.query).last_started_at
        rest = min(rounds.rest, rounds.pace)
        since = tx.now - began if began is not None else rest
        after = rest - since if timedelta(0) <= since < rest else timedelta(0)
        if any(timer.due <= tx.now + after for timer in find_timers(tx.connection, f"{rounds.stem}:")):
            continue
        start_rounds(tx, rounds, after)
        moved += 1
    return moved


def set_next(tx: Tx, rounds: Rounds, run_id: str, after: timedelta) -> None:
    """The round is over: the next follows, unless a later one was set meanwhile. What failed before it works again."""
    if sources.is_newest_round(tx.connection, rounds.source, rounds.query, run_id):
        cases.close_case(tx.connection, RUN_FAILED, f"run {rounds.stem}", why="a later round ended", now=tx.now)
        start_rounds(tx, rounds, min(after, rounds.pace + MOST_PAUSE))


def mend_rounds(tx: Tx, rounds: Rounds) -> None:
    """Set a round at once where none will come: never set, lost with its run, or due so late that the clock must have been
    set back since. One that is under way is given its time."""
    state = sources.load_source(tx.connection, rounds.source, rounds.query)
    longest = rounds.pace + MOST_PAUSE
    waiting = find_timers(tx.connection, f"{rounds.stem}:")
    if waiting:
        broken = min(timer.due for timer in waiting) > tx.now + longest
    else:
        began = state.last_started_at
        broken = began is None or not began - longest <= tx.now <= began + longest
    if broken:
        start_rounds(tx, rounds)


def again_after_defect(connection: sa.Connection, now: datetime, run_id: str, timer: tuple[str, str]) -> str:
    """A round failed with a defect: it is tried again shortly, under the number it had. Returns the chain's stem.

    `timer` is (flow, queue). Its id says what the round was about: `poll:amazon-us:created:17`.
    """
    stem, _, number = run_id.rpartition(":")
    stem = stem.partition(":again ")[0]
    if not find_timers(connection, f"{stem}:"):
        flow, queue = timer
        args = to_json(stem.split(":")[1:], f"Arguments of {stem}")
        due = now + DEFECT_PAUSE
        set_timer(connection, Timer(f"{stem}:again {due:%Y-%m-%d %H.%M.%S.%f}:{number}", due, flow, queue, args))
    return stem
