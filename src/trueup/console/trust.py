"""Trust: of each connection whether what is seen here can be believed, since when all of it is known, and what is next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from trueup.base.clock import read_instant
from trueup.console.visit import Visit
from trueup.storage.views.connections import list_pauses
from trueup.storage.views.freshness import Freshness, freshness_of, worst
from trueup.storage.views.status import list_sources
from trueup.workflows.rounds import Rounds, next_dues
from trueup.workflows.watch import every_rounds

_ORDER = ("bad", "idle", "warn", "held", "ok")


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is read of a connection: how fresh it is, when its next round is due, and how long that is overdue. What does
    not go round works only when there is something to do."""

    fresh: Freshness
    next: datetime | None
    overdue: timedelta
    goes_round: bool = True


@dataclass(frozen=True, slots=True)
class Trusted:
    """A connection: the colour and word of its worst part, since when all of it is known, its next round, and its parts.

    `last` is None where something of it was never read; `page` is the address of what can be done about it, "" where nothing.
    """

    name: str
    state: str
    word: str
    last: str | None
    next: datetime | None
    overdue: timedelta
    page: str
    parts: tuple[Part, ...]

    @property
    def troubles(self) -> list[str]:
        """What is wrong with it, in words, each once."""
        return list(dict.fromkeys(part.fresh.trouble for part in self.parts if part.fresh.trouble))


def trusted_connections(visit: Visit) -> list[Trusted]:
    """Every connection that goes round by itself, and whatever has trouble; the worst first."""
    chains = {(each.source, each.query): each for each in every_rounds(visit.desk.world)}
    dues = next_dues(visit.connection, list(chains.values()))
    pauses = list_pauses(visit.connection)
    guarded = set(visit.desk.world.connections.guarded)
    parts: dict[str, list[Part]] = {}
    for source in list_sources(visit.connection):
        fresh = freshness_of(source, visit.now)
        chain = chains.get((fresh.name, fresh.query))
        # What works only when there is something to do says nothing by being silent, until it fails.
        if chain is not None or fresh.trouble or fresh.last:
            parts.setdefault(fresh.name, []).append(_part(fresh, chain, dues, visit.now))
    found = [_whole(name, of_it, pauses, guarded) for name, of_it in parts.items()]
    return sorted(found, key=lambda each: (_ORDER.index(each.state), each.name))


def trust_in(found: Iterable[Trusted]) -> str:
    """The state of all together: that of the worst which is not paused by a person."""
    return worst([part.fresh for each in found if each.state != "held" for part in each.parts])


def _part(fresh: Freshness, chain: Rounds | None, dues: Mapping[tuple[str, str], datetime], now: datetime) -> Part:
    due = dues.get((fresh.name, fresh.query))
    if chain is None or not fresh.last:
        return Part(fresh, due, timedelta(0), chain is not None)
    return Part(fresh, due, max(timedelta(0), now - read_instant(fresh.last) - chain.pace))


def _whole(name: str, parts: list[Part], pauses: Mapping[str, Any], guarded: set[str]) -> Trusted:
    state = worst([part.fresh for part in parts])
    word = next(part.fresh.word for part in parts if part.fresh.state == state)
    if name in pauses:
        state, word = "held", "Paused"
    lasts = [part.fresh.last for part in parts if part.goes_round]
    last = None if None in lasts else min((each for each in lasts if each), default=None)
    dues = [part.next for part in parts if part.next is not None]
    page = f"/connections/{name}" if name in guarded else ""
    overdue = max((part.overdue for part in parts), default=timedelta(0))
    return Trusted(name, state, word, last, min(dues, default=None), overdue, page, tuple(parts))
