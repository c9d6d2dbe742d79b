"""Who has which case open now, and who is writing about it: a row a person, believed for a quarter of a minute and then gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from trueup.storage.schema import metadata

case_presence = sa.Table(
    "case_presence",
    metadata,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("case_id", sa.BigInteger, sa.ForeignKey("cases.id", ondelete="CASCADE"), nullable=False),
    sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("wrote_at", sa.TIMESTAMP(timezone=True)),
    sa.Index("ix_case_presence_case", "case_id"),
)
BELIEVED = timedelta(seconds=15)
"""A browser that is there says so every few seconds; one that says nothing for so long is not."""
_RENEWED = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Present:
    """Somebody who has the case open, and whether they write about it."""

    person: str
    writes: bool


def open_at(connection: sa.Connection, person: str, case_id: int, now: datetime) -> None:
    """A person has opened a case, and no other any more. Rows of those who left are swept away."""
    connection.execute(
        sa.delete(case_presence).where(case_presence.c.at < now - BELIEVED, case_presence.c.person != person)
    )
    connection.execute(_OPEN, {"person": person, "case": case_id, "now": now})


_OPEN = sa.text(
    "INSERT INTO trueup.case_presence (person, case_id, at) VALUES (:person, :case, :now) ON CONFLICT (person) DO UPDATE SET"
    " at = excluded.at, case_id = excluded.case_id,"
    " wrote_at = CASE WHEN case_presence.case_id = excluded.case_id THEN case_presence.wrote_at END"
)


def stay(connection: sa.Connection, person: str, now: datetime) -> int | None:
    """The person is there still: the case they have open; None for none. Written at most every few seconds."""
    query = sa.select(case_presence.c.case_id, case_presence.c.at).where(case_presence.c.person == person)
    row = connection.execute(query).first()
    if row is None:
        return None
    if row.at < now - _RENEWED:
        connection.execute(sa.update(case_presence).where(case_presence.c.person == person).values(at=now))
    return int(row.case_id)


def write_at(connection: sa.Connection, person: str, case_id: int, now: datetime) -> None:
    """The person is writing about a case."""
    open_at(connection, person, case_id, now)
    connection.execute(sa.update(case_presence).where(case_presence.c.person == person).values(wrote_at=now))


def others_at(connection: sa.Connection, person: str, case_id: int, now: datetime) -> list[Present]:
    """Who else has the case open now, by name."""
    query = sa.select(case_presence.c.person, case_presence.c.wrote_at).where(
        case_presence.c.case_id == case_id, case_presence.c.person != person, case_presence.c.at >= now - BELIEVED
    )
    rows = connection.execute(query.order_by(case_presence.c.person))
    return [Present(row.person, row.wrote_at is not None and row.wrote_at >= now - BELIEVED) for row in rows]
