"""Merged cases: one stands for another, whose cause goes on being looked at, and which comes back when the one that stood closes.

The row of a merged case stays open, so that nothing opens it anew and its own cause can close it; it is counted nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from trueup.base.errors import Conflict
from trueup.storage.acts import say_who


def release(connection: sa.Connection, closed: Collection[int]) -> None:
    """These were resolved: what was merged into one of them and is still there stands for itself again, as come back from it."""
    if closed:
        connection.execute(_RELEASE, {"closed": list(closed)})


_RELEASE = sa.text(
    "UPDATE trueup.cases SET came_back_from = merged_into, merged_into = NULL, taken_up_at = NULL"
    " WHERE merged_into = ANY(:closed) AND state = 'open'"
)


def merged_into(connection: sa.Connection, case_id: int) -> list[int]:
    """The cases that a case stands for, the oldest first."""
    query = sa.text("SELECT id FROM trueup.cases WHERE merged_into = :into AND state = 'open' ORDER BY id")
    return list(connection.execute(query, {"into": case_id}).scalars())


def stands_for(connection: sa.Connection, case_id: int) -> int | None:
    """The case that stands for this one; None where it stands for itself."""
    query = sa.text("SELECT merged_into FROM trueup.cases WHERE id = :case")
    found: int | None = connection.execute(query, {"case": case_id}).scalar()
    return found


def demand_apart(connection: sa.Connection, case_id: int) -> None:
    """Raises Conflict when another case stands for it: what is done is done to that one."""
    if (into := stands_for(connection, case_id)) is not None:
        who = say_who(connection, f"case {case_id}", "case.merged")
        raise Conflict(f"Case {case_id} is merged into case {into}{who}: act on that one, or take them apart first.")


def set_merged(connection: sa.Connection, case_id: int, into: int) -> None:
    """`into` stands for a case, and for all that was merged into that."""
    query = sa.text(
        "UPDATE trueup.cases SET merged_into = :into WHERE (id = :case OR merged_into = :case) AND state = 'open'"
    )
    connection.execute(query, {"case": case_id, "into": into})


def set_apart(connection: sa.Connection, case_id: int) -> None:
    """It stands for itself again."""
    connection.execute(sa.text("UPDATE trueup.cases SET merged_into = NULL WHERE id = :case"), {"case": case_id})
