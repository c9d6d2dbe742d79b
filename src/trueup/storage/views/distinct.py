"""The values that a column has, from each to the next along an index: as many steps as there are values, however many rows."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def list_distinct(connection: sa.Connection, column: sa.ColumnElement[Any], *of: sa.ColumnElement[bool]) -> list[Any]:
    """The values of a column, in their order, of the rows that conditions leave. An index of those rows begins with the column."""
    first = sa.select(sa.func.min(column)).where(*of).scalar_subquery()
    found = sa.select(first.label("value")).cte("found", recursive=True)
    following = sa.select(sa.func.min(column)).where(column > found.c.value, *of).scalar_subquery()
    found = found.union_all(sa.select(following).where(found.c.value.is_not(None)))
    return list(connection.execute(sa.select(found.c.value).where(found.c.value.is_not(None))).scalars())
