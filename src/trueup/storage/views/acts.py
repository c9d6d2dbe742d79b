"""Acts to look at: who did what, when, before and after; and the proposals that wait for a second person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from trueup.base.clock import write_instant
from trueup.storage.acts import acts, load_proposal, newest_act, proposals
from trueup.storage.cases import cases
from trueup.storage.views.growing import Growing, GrowingRows
from trueup.storage.views.paging import ROWS, Order, Paged, fetch_page

_WAITS = proposals.c.approved_by.is_(None)
LONG = ("lines", "terms")
"""What of a proposal's arguments may be as long as a sheet of 20,000 lines: no list of proposals reads it."""
_TOLD = sa.select(
    *(column for column in proposals.c if column.name != "arguments"),
    proposals.c.arguments.op("-")(sa.cast(list(LONG), ARRAY(sa.Text))).label("arguments"),
)
_OLDEST = Order((proposals.c.id,))


@dataclass(frozen=True, slots=True)
class ActsAsked:
    """Which acts: on this subject, by this person whatever the case of the letters, of this word or what begins so (`case.`), from
    the first day to the last, both in UTC. None: all."""

    subject: str | None = None
    actor: str | None = None
    act: str | None = None
    since: date | None = None
    until: date | None = None


def list_acts(
    connection: sa.Connection,
    *,
    subject: str | None = None,
    actor: str | None = None,
    act: str | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Acts, the newest first; `act` may be the beginning of a word (`case.`)."""
    return list_asked(connection, ActsAsked(subject, actor, act), limit=limit)


def list_asked(
    connection: sa.Connection, asked: ActsAsked, *, before: int | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Acts, the newest first; `before`: older than the one of this number."""
    query = sa.select(acts).order_by(acts.c.id.desc()).limit(limit)
    if asked.subject:
        query = query.where(acts.c.subject == asked.subject)
    if asked.actor:
        query = query.where(sa.func.lower(acts.c.actor) == asked.actor.lower())
    if asked.act:
        query = query.where(acts.c.act.startswith(asked.act, autoescape=True))
    if asked.since is not None:
        query = query.where(acts.c.at >= datetime.combine(asked.since, time(), UTC))
    if asked.until is not None:
        query = query.where(acts.c.at <= datetime.combine(asked.until, time.max, UTC))
    if before is not None:
        query = query.where(acts.c.id < before)
    return [act_json(row) for row in connection.execute(query).mappings()]


_PARTS = {"payment": " line ", "month": " ", "rule": " v", "export": " to "}
"""What stands between a thing of a kind and its part: "payment amazon-us/77 line 4". Other things have none."""


def list_deeds(connection: sa.Connection, subject: str, limit: int = 50) -> list[dict[str, Any]]:
    """What was done to a thing and to its parts, the newest first; what was refused too. A subject that ends with a blank is of all
    things whose names begin so."""
    if subject.endswith(" "):
        found = _newest_of(connection, sa.select(_begins(subject).subquery()), limit)
    else:
        found = _newest_of(connection, sa.select(acts).where(acts.c.subject == subject), limit)
        between = _PARTS.get(subject.partition(" ")[0])
        if between is not None:
            found += _newest_of(connection, sa.select(_begins(subject + between).subquery()), limit)
    return [act_json(row) for row in sorted(found, key=lambda row: -row["id"])[:limit]]


def _begins(words: str) -> sa.Select[Any]:
    return sa.select(acts).where(begins_so(words))


def begins_so(words: str) -> sa.ColumnElement[bool]:
    """That an act is on what begins so, whatever the collation: a range of the index."""
    after = words[:-1] + chr(ord(words[-1]) + 1)
    return sa.and_(acts.c.subject.op("~>=~")(words), acts.c.subject.op("~<~")(after))


def _newest_of(connection: sa.Connection, every: sa.Select[Any], limit: int) -> list[Mapping[Any, Any]]:
    """The newest of them, found by their subject first: by their number all acts would be looked through where few are theirs."""
    found = every.cte("found").prefix_with("MATERIALIZED")
    query = sa.select(found).order_by(found.c.id.desc()).limit(limit)
    return list(connection.execute(query).mappings())


def newest_deed(connection: sa.Connection, subject: str) -> int:
    """The newest act on a thing that changed something, by its number; 0 where there is none."""
    found = newest_act(connection, subject)
    return found.id if found else 0


def newest(connection: sa.Connection) -> tuple[int, int]:
    """The ids of the newest act and case: where a look at what happens begins."""
    row = connection.execute(
        sa.select(
            sa.select(sa.func.coalesce(sa.func.max(acts.c.id), 0)).scalar_subquery(),
            sa.select(sa.func.coalesce(sa.func.max(cases.c.id), 0)).scalar_subquery(),
        )
    ).one()
    return row[0], row[1]


def happened_since(
    connection: sa.Connection, act_id: int, case_id: int, *, limit: int = 200
) -> tuple[list[dict[str, Any]], int, int]:
    """What happened after an act and a case, the oldest first, and the ids to go on from."""
    done = connection.execute(sa.select(acts).where(acts.c.id > act_id).order_by(acts.c.id).limit(limit)).mappings()
    events = [act_json(row) for row in done]
    opened = connection.execute(
        sa.select(cases).where(cases.c.id > case_id).order_by(cases.c.id).limit(limit)
    ).mappings()
    found = [
        {
            "id": row["id"],
            "at": write_instant(row["opened_at"]),
            "actor": "trueup",
            "role": "",
            "act": "case.opened",
            "subject": f"case {row['id']}",
            "before": None,
            "after": {"kind": row["kind"], "title": row["title"]},
            "evidence": row["evidence"] or None,
        }
        for row in opened
    ]
    last_act = events[-1]["id"] if events else act_id
    last_case = found[-1]["id"] if found else case_id
    return sorted(events + found, key=lambda event: event["at"]), last_act, last_case


def list_proposals(
    connection: sa.Connection,
    *,
    act: str = "",
    subject: str = "",
    everything: bool = False,
    limit: int | None = 50,
) -> list[dict[str, Any]]:
    """Proposals that wait for a second person, the oldest first; with `everything` the approved ones too.

    `act`: of that one alone. `subject`: about that alone, or with a `*` at its end about all that begins so. What may be LONG of
    their arguments is not read: `show_proposal` has it.
    """
    query = _TOLD.order_by(proposals.c.id).limit(limit)
    if not everything:
        query = query.where(_WAITS)
    if act:
        query = query.where(proposals.c.act == act)
    if subject.endswith("*"):
        query = query.where(proposals.c.subject.startswith(subject[:-1], autoescape=True))
    elif subject:
        query = query.where(proposals.c.subject == subject)
    return [_proposal_json(row) for row in connection.execute(query).mappings()]


def page_proposals(connection: sa.Connection, at: str = "", limit: int = ROWS) -> Paged:
    """What waits for a second person, the oldest first, told as in `list_proposals`. Raises Invalid for a place that is none."""
    paged = fetch_page(connection, _TOLD.where(_WAITS), _OLDEST, at, limit)
    return replace(paged, rows=[_proposal_json(row) for row in paged.rows])


def show_proposal(connection: sa.Connection, number: int) -> dict[str, Any]:
    """One proposal, whole. Raises NotFound, and Conflict where another waits in its place."""
    return _proposal_json(load_proposal(connection, number))


def count_proposals(connection: sa.Connection) -> int:
    """How many wait for a second person."""
    return int(connection.execute(sa.select(sa.func.count()).select_from(proposals).where(_WAITS)).scalar_one())


def growing_proposals() -> Growing:
    """What waits for a second person, as a list that grows."""
    return GrowingRows(sa.select(proposals).where(_WAITS), proposals.c.id, _WAITS)


def _proposal_json(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "act": row["act"],
        "subject": row["subject"],
        "arguments": row["arguments"],
        "reason": row["reason"],
        "proposed_by": row["proposed_by"],
        "proposed_at": write_instant(row["proposed_at"]),
        "approved_by": row["approved_by"],
        "approved_at": write_instant(row["approved_at"]) if row["approved_at"] else None,
        "state": "approved" if row["approved_by"] else "waiting",
    }


def act_json(row: Any) -> dict[str, Any]:
    """An act as it is told."""
    return {
        "id": row["id"],
        "at": write_instant(row["at"]),
        "actor": row["actor"],
        "role": row["role"],
        "act": row["act"],
        "subject": row["subject"],
        "before": row["before"],
        "after": row["after"],
        "evidence": row["evidence"] or None,
    }
