"""Crash matrices over a whole installation: what counts as an effect, who dies where, and time that goes on over crashes."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import sqlalchemy as sa

from tests.workflows.installation import Installation
from trueup.durable.in_process import Crashed, InProcessEngine

T = TypeVar("T")
Fate = Callable[[str], bool]
"""Told the name of an effect; whether the worker dies there."""
Journey = Callable[[Fate], T]
"""Lives through something from the beginning, under a fate; returns how it ended."""
APART = 8
"""After so many effects a worker may die again: it has taken over, and is on its way."""
BY_TRANSACTION = re.compile(r"(charges:[^:]+):(\d+):")
"""Runs that are named by the number of their transaction, which is another one in every database."""


def kill_everywhere(
    travel: Journey[T], *, part: int = 0, parts: int = 1, chosen: Callable[[list[str]], list[str]] = list
) -> T:
    """Take a journey until its worker has been killed at each effect that it has uninterrupted, and expect the same end each time.

    One journey is killed at many effects, `APART` or more, so that a few journeys are enough; each effect is killed by its name,
    once. `chosen` says at which of them, `part` of `parts` takes its share, for test processes to divide them. Returns that end.
    """
    names: list[str] = []
    wanted = travel(_renamed(recording(names)))
    left = set(chosen(names)[part::parts])
    assert len(left) > 8, "the journey was not counted"
    assert len(set(names)) == len(names), "two effects of one name"
    while left:
        deaths = _Deaths(left)
        found = travel(_renamed(deaths))
        assert found == wanted, _blame(travel, wanted, deaths.met)
        assert deaths.met, f"an effect never comes again: {min(left)}"
        left.difference_update(deaths.met)
    return wanted


def _renamed(fate: Fate) -> Fate:
    """A fate that is told names which are the same in every database: runs of a transaction by the order in which they come."""
    numbers: dict[str, int] = {}

    def told(name: str) -> bool:
        return fate(BY_TRANSACTION.sub(lambda found: f"{found[1]}:{numbers.setdefault(found[2], len(numbers))}:", name))

    return told


def _blame(travel: Journey[T], wanted: T, met: list[str]) -> str:
    """Which of several deaths is enough by itself for another end."""
    alone = [name for name in met if travel(_renamed(dying_at(name))) != wanted]
    return f"killed at {'; then at '.join(met)}. Enough by itself: {'; '.join(alone) or 'none of them'}"


def recording(names: list[str]) -> Fate:
    """The fate of a worker that is not killed; the names of its effects are noted in `names`."""

    def told(name: str) -> bool:
        names.append(name)
        return False

    return told


def dying_at(doomed: str) -> Fate:
    """The fate of a worker that dies once: at the first effect whose name ends with these words."""
    died = False

    def told(name: str) -> bool:
        nonlocal died
        dies = not died and name.endswith(doomed)
        died = died or dies
        return dies

    return told


def alive(_name: str) -> bool:
    """The fate of a worker that is not killed any more."""
    return False


class _Deaths:
    """The fate of one journey: where of `left` its worker was killed."""

    def __init__(self, left: set[str]) -> None:
        self.met: list[str] = []
        self._left = left
        self._since = APART

    def __call__(self, name: str) -> bool:
        self._since += 1
        if self._since < APART or name not in self._left or name in self.met:
            return False
        self.met.append(name)
        self._since = 0
        return True


def count_commits(here: Installation) -> None:
    """Count each transaction that a step commits for itself; the engine's own are counted by itself."""

    def committing(connection: sa.Connection) -> None:
        if connection.engine is here.database.engine:
            try:
                here.engine.count_effect("commit of a transaction")
            except Crashed:
                connection.connection.rollback()  # as the server does when its client dies
                raise

    sa.event.listen(here.database.engine, "commit", committing)


def pass_time_over_crashes(here: Installation, by: timedelta) -> None:
    """Let time pass; whatever is killed on the way is taken over by a worker of which nothing is older."""
    until = here.clock.now() + by
    outlive(here.engine, lambda: here.pass_time(until - here.clock.now()))


def outlive(engine: InProcessEngine[Any], act: Callable[[], Any]) -> None:
    """Act until it comes to its end: whenever the worker is killed another takes over first, and it is tried again."""
    died = False
    while True:
        try:
            if died:
                # A worker that takes over starts later, and so do its clients: nothing is left of the old one's memory.
                engine.resume()
            act()
            return
        except Crashed:
            died = True
