"""What a page is: its routes, its place in the navigation, who may see it, and what it adds to the search."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, TypeAlias

from starlette.responses import Response

from trueup.base.money import Money
from trueup.workflows.authority import LOOK

if TYPE_CHECKING:
    from trueup.console.search_words import Sought
    from trueup.console.visit import Visit
    from trueup.storage.views.growing import Growing

Answer: TypeAlias = "Callable[[Visit], Response]"
OPEN_TO_ALL = ""
"""The permission of a route that needs no session."""
LIVE = "/live/new"
"""Under it each list that grows tells what came to it."""


class Group(StrEnum):
    """The parts of the navigation, in their order."""

    WORK = "Work"
    GOODS = "Goods"
    MONEY = "Money"
    SYSTEM = "System"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands in the navigation: its group, its order there, and one of `assets/icons.json`."""

    group: Group
    order: int
    icon: str


@dataclass(frozen=True, slots=True)
class Route:
    """One address. `may` is a permission of `workflows.authority`, asked before `answer` is called.

    `answer` raises the errors of `base.errors`; what it raises becomes a page that says so, with the error's status.
    """

    path: str
    answer: Answer
    may: str = LOOK
    method: Literal["GET", "POST"] = "GET"


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that a search found. `why` says which of its words matched; an `exact` one stands above all others.

    `money`, `party` and `at` are what the filters of a search hold it against, and what is told beside it.
    """

    kind: str
    title: str
    href: str
    why: str = ""
    state: str = ""
    exact: bool = False
    money: Money | str | None = None
    party: str = ""
    at: date | datetime | str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """An act by its verb and object, as the search has it: where it is begun, and the permission it takes."""

    title: str
    path: str
    may: str = LOOK


@dataclass(frozen=True, slots=True)
class Grows:
    """A list of a page that grows while somebody looks at it: its address, what one of its rows is called and several are, and the
    rows that a visit's filters leave. `live`: where it is told what came, `LIVE` where nothing else is told with it; `place`: where
    on its page it stands."""

    path: str
    one: str
    many: str
    rows: Callable[[Visit], Growing]
    live: str = ""
    place: str = ""
    called: Callable[[Visit], tuple[str, str]] | None = None
    """What its rows are called where a visit's view of it has others."""

    def words(self, visit: Visit) -> tuple[str, str]:
        """What one row and several are called in what the visit sees."""
        return self.called(visit) if self.called is not None else (self.one, self.many)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the console: all its routes. `place` is None for pages that nobody navigates to.

    `key`: the letter that leads here after `g`. `count`: a number beside its name, of what waits there. `find`: what it has
    of what a search asks for. `decides`: of resolutions that take more than a word, the address where `{case}` is decided.
    `offers`: what is done here and is sought by what it does. `grows`: its lists that grow; each offers what came, by `m.news()`.
    `about`: of addresses that name no one thing, the subject of acts of which they tell who did what, or with a blank at its end
    the beginning of many; `{me}` is who looks.
    """

    name: str
    title: str
    routes: Sequence[Route]
    place: Place | None = None
    key: str = ""
    count: Callable[[Visit], int] | None = None
    find: Callable[[Visit, Sought], list[Hit]] | None = None
    decides: Mapping[str, str] = field(default_factory=dict)
    offers: Sequence[Offer] = ()
    grows: Sequence[Grows] = ()
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Where the page begins: its first route."""
        return self.routes[0].path
