"""Crash matrices over a whole installation: what counts as an effect, who dies where, and time that goes on over crashes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from tests.workflows.installation import Installation
from trueup.durable.in_process import Crashed

Fate = Callable[[str], bool]
"""Told the name of an effect; whether the worker dies there."""
APART = 20
"""After so many effects a worker may die again: it has taken over, and is on its way."""


def kill_everywhere(travel: Callable[[Fate], Any], *, part: int = 0, parts: int = 1) -> None:
    """Take a journey until its worker has been killed at each effect that it has uninterrupted, and expect the same end each time.

    One journey is killed at many effects, `APART` or more, so that a few journeys are enough; each effect is killed by its name,
    once. `part` of `parts` takes its share of the effects, for test processes to divide them.
    """
    names: list[str] = []
    wanted = travel(lambda name: names.append(name) is not None)
    assert len(names) > APART, "the journey was not counted"
    assert len(set(names)) == len(names), "two effects of one name"
    left = set(names[part::parts])
    while left:
        deaths = _Deaths(left)
        assert travel(deaths) == wanted, f"killed at {'; then at '.join(deaths.met)}"
        assert deaths.met, f"an effect never comes again: {min(left)}"
        left.difference_update(deaths.met)


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
    until, died = here.clock.now() + by, False
    while True:
        try:
            if died:
                # A worker that takes over starts later, and so do its clients: nothing is left of the old one's memory.
                here.engine.resume()
            here.pass_time(until - here.clock.now())
            return
        except Crashed:
            died = True
