"""Today: what is owed before the day ends, what is at risk, what happened since someone was here last."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.storage.acts import acts
from trueup.storage.cases import IS_OPEN, cases
from trueup.storage.documents import documents
from trueup.storage.views.paging import count_up_to


def next_deadline(connection: sa.Connection, after: datetime) -> datetime | None:
    """The nearest deadline of an open case after a moment."""
    query = sa.select(sa.func.min(cases.c.deadline)).where(IS_OPEN, cases.c.deadline >= after)
    found: datetime | None = connection.execute(query).scalar()
    return found


def happened_since(connection: sa.Connection, since: datetime) -> dict[str, Any]:
    """Since a moment: how much arrived (up to 10,000, and whether more did), and how many cases were opened, came
    back, got worse, or were closed by themselves or by people."""
    back = cases.c.came_back_from.is_not(None)
    row = connection.execute(
        sa.select(
            sa.func.count().filter(cases.c.opened_at > since).label("opened"),
            sa.func.count().filter(sa.and_(cases.c.opened_at > since, back)).label("back"),
            sa.func.count().filter(cases.c.escalated_at > since).label("escalated"),
            sa.func.count()
            .filter(sa.and_(cases.c.resolved_at > since, cases.c.resolved_by == "trueup"))
            .label("by_itself"),
            sa.func.count()
            .filter(sa.and_(cases.c.resolved_at > since, cases.c.resolved_by != "trueup"))
            .label("by_people"),
        ).where(sa.or_(cases.c.opened_at > since, cases.c.resolved_at > since, cases.c.escalated_at > since))
    ).one()
    arrived, more = count_up_to(connection, sa.select(documents.c.id).where(documents.c.received_at > since))
    return {**row._mapping, "arrived": arrived, "more_arrived": more}


def newest_case(connection: sa.Connection) -> int:
    """The id of the case that was opened last; 0 where there is none."""
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(cases.c.id), 0))).scalar_one())


def count_opened_after(connection: sa.Connection, case_id: int) -> int:
    """How many cases are open that were opened after one."""
    query = sa.select(sa.func.count()).select_from(cases).where(cases.c.id > case_id, IS_OPEN)
    return int(connection.execute(query).scalar_one())


def last_act_before(connection: sa.Connection, person: str, before: datetime) -> datetime | None:
    """When a person did something last, before a moment."""
    query = sa.select(sa.func.max(acts.c.at)).where(
        acts.c.actor == person, acts.c.actor != sa.literal_column("'trueup'"), acts.c.at < before
    )
    found: datetime | None = connection.execute(query).scalar()
    return found
