"""The audit trail as a whole, page by page: who did what to what, of whom, of what kind, about what and on which days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.storage.acts import REFUSED, acts
from trueup.storage.views.acts import act_json, begins_so
from trueup.storage.views.distinct import list_distinct
from trueup.storage.views.growing import Growing, GrowingRows
from trueup.storage.views.paging import MANY, ROWS, Order, Paged, count_up_to, fetch_page, walk_pages

PEOPLE = "people"
"""Of everybody but Trueup's own workers."""
WORKERS = "trueup"
REFUSAL = REFUSED
"""The act that somebody was not let do something."""


@dataclass(frozen=True, slots=True)
class ActFilter:
    """Which acts: of a person by name, of all `people`, or of `trueup`; of one kind; on a thing and its parts, or on all things of
    a kind (`case`); from an instant on, and before another. Empty: all."""

    actor: str = ""
    act: str = ""
    about: str = ""
    since: datetime | None = None
    until: datetime | None = None


def page_acts(connection: sa.Connection, wanted: ActFilter = ActFilter(), at: str = "", limit: int = ROWS) -> Paged:
    """Acts, the newest first. Raises Invalid for a place that is none."""
    query, of = _narrowed(wanted)
    paged = fetch_page(connection, query, Order((of.at, of.id), descending=True), at, limit)
    return replace(paged, rows=[act_json(row) for row in paged.rows])


def count_acts(connection: sa.Connection, wanted: ActFilter, most: int) -> tuple[int, bool]:
    """How many acts a filter has, counted up to `most`, and whether there are more."""
    return count_up_to(connection, _narrowed(wanted)[0], most)


def walk_acts(connection: sa.Connection, wanted: ActFilter) -> Iterator[Mapping[str, Any]]:
    """All of them, a thousand at a time."""
    return walk_pages(lambda at: page_acts(connection, wanted, at, MANY))


def growing_acts(wanted: ActFilter) -> Growing:
    """The same as a list that grows."""
    query, of = _narrowed(wanted)
    return GrowingRows(query, of.id)


def list_kinds(connection: sa.Connection) -> list[str]:
    """Every kind of act that was ever done, as many steps as there are kinds."""
    return list_distinct(connection, acts.c.act)


def _narrowed(wanted: ActFilter) -> tuple[sa.Select[Any], Any]:
    """The rows and their columns. What is about one thing is found by that first, for few acts are on one thing, whoever did them;
    what is about all things of a kind is met by reading on, for many are."""
    query: sa.Select[Any] = sa.select(acts)
    of: Any = acts.c
    if wanted.about:
        parts = (begins_so(wanted.about + between) for between in (" ", "/"))
        query = query.where(sa.or_(of.subject == wanted.about, *parts))
    if " " in wanted.about:
        found = query.cte("about").prefix_with("MATERIALIZED")
        query, of = sa.select(found), found.c
    if wanted.actor == PEOPLE:
        query = query.where(of.actor != WORKERS)
    elif wanted.actor:
        query = query.where(of.actor == wanted.actor, *([of.actor != WORKERS] if wanted.actor != WORKERS else ()))
    if wanted.act:
        query = query.where(of.act == wanted.act)
    if wanted.since is not None:
        query = query.where(of.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(of.at < wanted.until)
    return query, of
