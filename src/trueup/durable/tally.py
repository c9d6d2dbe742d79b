"""A tally: what a step of a run was given and what became of it, kept with its checkpoint: a run is told as sums that agree."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

_MOST_CASES = 100
"""So many cases are named with a tally; how many things wait is counted whole."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many `units` ("orders") came in, how many went out as what ("new", "known before"), and how many are held for a person.

    `came` is counted where things come in, `out` and `held` where each of them ends; that they agree is what a tally proves. A word
    that is a remainder ("known before": whatever was not new) is computed of the others, and proves nothing by itself.
    `cases`: the ids of the cases in which the held ones wait.
    """

    units: str
    came: int
    out: Mapping[str, int] = field(default_factory=dict)
    held: Mapping[str, int] = field(default_factory=dict)
    cases: Sequence[int] = ()

    @property
    def astray(self) -> int:
        """How many came in and neither went out nor are held; below zero when more did than came."""
        return self.came - sum(self.out.values()) - sum(self.held.values())

    def __add__(self, other: Tally) -> Tally:
        """Both together; of the same units."""
        assert self.units == other.units, f"a tally of {self.units} and one of {other.units}"
        out, held = (Counter(mine) for mine in (self.out, self.held))
        out.update(other.out)
        held.update(other.held)
        cases = tuple(dict.fromkeys((*self.cases, *other.cases)))
        return Tally(self.units, self.came + other.came, dict(out), dict(held), cases)


def sum_tallies(tallies: Iterable[Tally]) -> list[Tally]:
    """One of each kind of units, in the order in which they were counted first."""
    found: dict[str, Tally] = {}
    for each in tallies:
        found[each.units] = found[each.units] + each if each.units in found else each
    return list(found.values())


def written_tallies(tallies: Iterable[Tally]) -> str | None:
    """As a checkpoint keeps them, without what is none of anything; None where nothing was counted."""
    summed = sum_tallies(tallies)
    return json.dumps([_written(each) for each in summed], ensure_ascii=False) if summed else None


def read_tallies(text: str | None) -> list[Tally]:
    """What `written_tallies` wrote."""
    return [Tally(**each) for each in json.loads(text or "[]")]


def _written(tally: Tally) -> dict[str, object]:
    some = {name: {word: count for word, count in told.items() if count} for name, told in _parts(tally)}
    return {"units": tally.units, "came": tally.came, **some, "cases": list(tally.cases)[:_MOST_CASES]}


def _parts(tally: Tally) -> tuple[tuple[str, Mapping[str, int]], ...]:
    return (("out", tally.out), ("held", tally.held))
