"""In which orders the queue of cases is read: each is an index of the open ones, so that no page sorts them; decision 0033."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.errors import Invalid
from trueup.storage.cases import IS_OPEN, cases
from trueup.storage.views.paging import Order

SORTS = ("urgency", "deadline", "money", "age")
# Written as the indexes have them: with a parameter the database could not know that they are the same.
_DUE: sa.ColumnElement[datetime] = sa.literal_column(
    "coalesce(trueup.cases.deadline, TIMESTAMPTZ '9999-12-31 00:00:00+00')", sa.TIMESTAMP(timezone=True)
)
_MONEY: sa.ColumnElement[int] = sa.literal_column("abs(coalesce(trueup.cases.risk_minor, 0))", sa.BigInteger)
_ORDERS = {
    "urgency": Order((cases.c.urgency, cases.c.id), descending=True),
    "deadline": Order((_DUE, cases.c.id)),
    "money": Order((_MONEY, cases.c.id), descending=True),
    "age": Order((cases.c.opened_at, cases.c.id)),
}
_NEWEST = Order((cases.c.id,), descending=True)


def order_of(sort: str, tab: str) -> Order:
    """An order of SORTS; none said: what presses most first, of resolved cases the newest. Raises Invalid."""
    if not sort:
        return _NEWEST if tab == "resolved" else _ORDERS["urgency"]
    if sort not in _ORDERS:
        raise Invalid(f"Sort {sort!r}: expected one of {', '.join(SORTS)}.")
    return _ORDERS[sort]


def counted_as_of(connection: sa.Connection, now: datetime) -> datetime:
    """As of when hours that are left are counted: now, or when the first case came to a step that nobody has counted yet."""
    late = sa.select(sa.func.min(cases.c.urgency_until)).where(IS_OPEN, cases.c.urgency_until <= now)
    found: Any = connection.execute(late).scalar()
    return found if found is not None else now
