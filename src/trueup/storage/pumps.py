"""Pumps: one run at a time does what has gathered for a connection, and what gathers meanwhile waits for the next.

Whoever adds work wakes the pump in the same transaction; a run is started only where none is under way. The row is locked either
way, so a run that ends and a change that arrives see each other: the run comes to rest only when nothing waits.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from trueup.storage.schema import metadata

PATIENCE = timedelta(minutes=15)
"""A run that says nothing for so long is lost; the next to wake the pump starts another."""

pumps = sa.Table(
    "pumps",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("round", sa.BigInteger, nullable=False),
    sa.Column("busy_since", sa.TIMESTAMP(timezone=True)),
    sa.Column("sleeps_until", sa.TIMESTAMP(timezone=True)),
)

_AT = sa.bindparam("at", type_=sa.TIMESTAMP(timezone=True))
_DUE = sa.bindparam("due", type_=sa.TIMESTAMP(timezone=True))
_NEW = insert(pumps).values(name=sa.bindparam("of_name"), round=1, busy_since=_AT, sleeps_until=_DUE)
_WAKE = _NEW.on_conflict_do_update(
    index_elements=["name"],
    set_={
        "round": pumps.c.round + 1,
        "busy_since": _NEW.excluded.busy_since,
        "sleeps_until": _NEW.excluded.sleeps_until,
    },
    where=sa.or_(
        pumps.c.busy_since.is_(None),
        pumps.c.sleeps_until > sa.func.coalesce(_DUE, _AT),
        sa.func.greatest(pumps.c.busy_since, pumps.c.sleeps_until) < _AT - sa.literal(PATIENCE),
        pumps.c.busy_since > _AT + sa.literal(PATIENCE),  # the clock was set back
    ),
).returning(pumps.c.round)


def wake_pump(connection: sa.Connection, name: str, now: datetime, *, due: datetime | None = None) -> int | None:
    """The number of the run to start, now or when `due`; None when one is under way or comes by then, and will see what waits.

    A run that sleeps longer is replaced: when its own time comes it finds that it is not the pump's any more.
    """
    found: int | None = connection.execute(_WAKE, {"of_name": name, "at": now, "due": due}).scalar()
    return found


def keep_pump(connection: sa.Connection, name: str, number: int, now: datetime) -> bool:
    """The run of that number goes on. False: another took its place."""
    same = sa.and_(pumps.c.name == name, pumps.c.round == number, pumps.c.busy_since.is_not(None))
    return connection.execute(sa.update(pumps).where(same).values(busy_since=now, sleeps_until=None)).rowcount == 1


def lock_pump(connection: sa.Connection, name: str, number: int) -> bool:
    """Hold the pump's row until the transaction ends, before asking what waits. False as in `keep_pump`."""
    query = sa.select(pumps.c.round).where(pumps.c.name == name, pumps.c.busy_since.is_not(None)).with_for_update()
    return connection.execute(query).scalar() == number


def next_round(connection: sa.Connection, name: str, now: datetime, *, sleeps_until: datetime | None = None) -> int:
    """The number of the run that follows. While it `sleeps_until` a time, whoever wakes the pump replaces it."""
    values = {"round": pumps.c.round + 1, "busy_since": now, "sleeps_until": sleeps_until}
    moved = sa.update(pumps).where(pumps.c.name == name).values(**values)
    number: int = connection.execute(moved.returning(pumps.c.round)).scalar_one()
    return number


def rest_pump(connection: sa.Connection, name: str) -> None:
    """Nothing waits: the next change starts a run at once."""
    connection.execute(sa.update(pumps).where(pumps.c.name == name).values(busy_since=None, sleeps_until=None))
