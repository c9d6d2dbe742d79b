"""Pauses in the database: which connections a person has put to rest, until when and why. Rows are ended, never deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict, Paused
from trueup.storage.acts import hold_subject
from trueup.storage.schema import metadata

pauses = sa.Table(
    "pauses",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("connection", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("paused_by", sa.Text, nullable=False),
    sa.Column("paused_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("until", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("ended_by", sa.Text, nullable=False),
    sa.Column("ended_at", sa.TIMESTAMP(timezone=True)),
    sa.CheckConstraint("reason <> ''", name="with_a_reason"),
    sa.CheckConstraint("until > paused_at", name="for_a_while"),
    sa.Index("uq_pauses_open", "connection", unique=True, postgresql_where=sa.text("ended_at IS NULL")),
)
LONGEST_WAIT_SECONDS = 900.0
"""Whoever meets a pause asks again after so long at the latest: it may have been ended since."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A connection at rest. `ended_at` is None while it is."""

    id: int
    connection: str
    reason: str
    paused_by: str
    paused_at: datetime
    until: datetime
    ended_by: str
    ended_at: datetime | None


def save_pause(connection: sa.Connection, name: str, reason: str, by: str, span: tuple[datetime, datetime]) -> int:
    """Put a connection to rest from one instant to another. Raises Conflict when it is at rest already."""
    hold_subject(connection, f"connection {name}")
    if (known := find_pause(connection, name, lock=True)) is not None:
        raise Conflict(
            f"Connection {name} is paused already by {known.paused_by} at {write_instant(known.paused_at)}: {known.reason}. "
            "Nothing was changed; resume it first."
        )
    paused_at, until = span
    values = {"connection": name, "reason": reason, "paused_by": by, "paused_at": paused_at, "until": until}
    return int(connection.execute(sa.insert(pauses).values(**values, ended_by="").returning(pauses.c.id)).scalar_one())


def find_pause(connection: sa.Connection, name: str, *, lock: bool = False) -> Pause | None:
    """The pause that a connection is in, or None. One whose time has come is one until somebody ends it."""
    query = sa.select(pauses).where(pauses.c.connection == name, pauses.c.ended_at.is_(None))
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    return _pause(row) if row else None


def end_pause(connection: sa.Connection, pause_id: int, by: str, now: datetime) -> bool:
    """It is over. False: it was ended before."""
    open_one = sa.and_(pauses.c.id == pause_id, pauses.c.ended_at.is_(None))
    return connection.execute(sa.update(pauses).where(open_one).values(ended_by=by, ended_at=now)).rowcount == 1


def list_pauses(connection: sa.Connection) -> dict[str, Pause]:
    """The connections that are at rest now, by name."""
    rows = connection.execute(sa.select(pauses).where(pauses.c.ended_at.is_(None))).mappings()
    return {row["connection"]: _pause(row) for row in rows}


def demand_running(connection: sa.Connection, name: str, now: datetime) -> None:
    """Called before anything is asked of a connection. Raises Paused."""
    pause = find_pause(connection, name)
    if pause is not None and pause.until > now:
        left = (pause.until - now).total_seconds()
        raise Paused(
            f"Connection {name} is paused by {pause.paused_by} until {pause.until:%Y-%m-%d %H:%M} UTC ({pause.reason}); "
            "nothing was asked of it. Resume it to go on.",
            retry_after_seconds=min(left, LONGEST_WAIT_SECONDS),
        )


def _pause(row: Mapping[Any, Any]) -> Pause:
    return Pause(**{column.name: row[column.name] for column in pauses.c})
