"""Hints in the database: each delivery of an event once, by its own id, and where in the archive its bytes stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from trueup.storage.schema import metadata

hints = sa.Table(
    "hints",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("delivery", sa.Text, primary_key=True),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("triggered_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("received_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.Column("place", sa.Integer, nullable=False),
    sa.Index("ix_hints_received", "received_at"),
)


@dataclass(frozen=True, slots=True)
class SavedHint:
    """One delivery. `evidence` is the hash of the archived document that it stands in, `place` its number there from 0."""

    source: str
    delivery: str
    event: str
    topic: str
    triggered_at: datetime | None
    received_at: datetime
    evidence: str
    place: int


_SAVE = insert(hints).on_conflict_do_nothing().returning(hints.c.source, hints.c.delivery)


def save_hints(connection: sa.Connection, arrived: Sequence[SavedHint]) -> set[tuple[str, str]]:
    """Keep those that were never here; returns their (source, delivery). A double, in the same list too, is dropped."""
    if not arrived:
        return set()
    rows = connection.execute(_SAVE.values([asdict(each) for each in arrived]))
    return {(row.source, row.delivery) for row in rows}


def forget_hints(connection: sa.Connection, before: datetime) -> int:
    """Delete those received before then; how many. Their bytes stay in the archive."""
    return connection.execute(sa.delete(hints).where(hints.c.received_at < before)).rowcount
