"""The history of one figure: what was said of it, and when. A newer word stands over an older one, in whatever order they came.

Words are ordered by when their report was made, never by when it reached us. The same word again only confirms the one that stands,
so that a year of restating fills no tables.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True, order=True)
class Saying:
    """When a report was made, and its reference: two that were made in the same second have an order all the same."""

    at: datetime
    reference: str


@dataclass(frozen=True, slots=True)
class Stated:
    """A word that held from `first` on and was last confirmed by `last`. `meaning` is the same for the same figures."""

    first: Saying
    last: Saying
    meaning: str


def restate(history: Sequence[Stated], said: Saying, meaning: str) -> tuple[Stated, ...]:
    """The history with one more word. `history` is in the order of `first`; the last of it is what holds now.

    A word between the first and the last of an older one, and unlike it, parts it: the older one holds again from its last on.
    One that was made before the same word is where that begins, though it came later.
    """
    return _joined(_restated(history, said, meaning))


def _joined(history: Sequence[Stated]) -> tuple[Stated, ...]:
    """The same word twice in a row is one, from its first saying to its last."""
    found: list[Stated] = []
    for each in history:
        if found and found[-1].meaning == each.meaning:
            found[-1] = replace(found[-1], last=max(found[-1].last, each.last))
        else:
            found.append(each)
    return tuple(found)


def _restated(history: Sequence[Stated], said: Saying, meaning: str) -> tuple[Stated, ...]:
    place = bisect_right(history, said, key=lambda each: each.first)
    before, after = tuple(history[:place]), tuple(history[place:])
    if not before:
        return (Stated(said, said, meaning), *after)
    older = before[-1]
    if older.meaning == meaning:
        return (*before[:-1], replace(older, last=max(older.last, said)), *after)
    new = Stated(said, said, meaning)
    if older.first == said or older.last <= said:
        return (*before, new, *after) if older.first != said else (*before, *after)
    parted = replace(older, last=older.first)
    return (*before[:-1], parted, new, Stated(older.last, older.last, older.meaning), *after)
