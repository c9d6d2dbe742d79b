"""Stock exports in the database: each export of a channel's whole stock, from the wish for it to its last row. One is under way at
a time for a channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from trueup.storage.schema import metadata


class ExportStage(StrEnum):
    """Where an export stands. WANTED: perhaps begun there. RUNNING: known there. READ: its file is archived, and taken in."""

    WANTED = "wanted"
    RUNNING = "running"
    READ = "read"
    DONE = "done"
    FAILED = "failed"


UNDER_WAY = (ExportStage.WANTED, ExportStage.RUNNING, ExportStage.READ)
_OPEN = sa.text("stage IN ('wanted', 'running', 'read')")

stock_exports = sa.Table(
    "stock_exports",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("turn", sa.Integer, nullable=False),
    sa.Column("wanted_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("reference", sa.Text),
    sa.Column("as_of", sa.TIMESTAMP(timezone=True)),
    sa.Column("evidence", sa.CHAR(64)),
    sa.Column("whole", sa.Boolean),
    sa.Column("rows", sa.BigInteger),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("ended_at", sa.TIMESTAMP(timezone=True)),
    sa.Index("ix_stock_exports_one", "channel", unique=True, postgresql_where=_OPEN),
    sa.Index("ix_stock_exports_reference", "channel", "reference"),
)


@dataclass(frozen=True, slots=True)
class StockExport:
    """One export. `turn` numbers its runs: only the newest acts. `as_of`: what it shows is at least as old as that."""

    id: int
    channel: str
    stage: ExportStage
    turn: int
    wanted_at: datetime
    reference: str | None
    as_of: datetime | None
    evidence: str | None
    whole: bool | None


def want_export(connection: sa.Connection, channel: str, now: datetime) -> StockExport | None:
    """A new export; None while one of the channel is under way."""
    if find_under_way(connection, channel) is not None:
        return None
    made = sa.insert(stock_exports).values(
        channel=channel, stage=ExportStage.WANTED.value, turn=1, wanted_at=now, words=""
    )
    return _export(connection.execute(made.returning(stock_exports)).mappings().one())


def find_under_way(connection: sa.Connection, channel: str) -> StockExport | None:
    """The channel's export that has not ended, locked."""
    query = sa.select(stock_exports).where(stock_exports.c.channel == channel, _OPEN).with_for_update()
    row = connection.execute(query).mappings().first()
    return _export(row) if row else None


def load_export(connection: sa.Connection, export_id: int) -> StockExport:
    """Locked until the transaction ends."""
    query = sa.select(stock_exports).where(stock_exports.c.id == export_id).with_for_update()
    return _export(connection.execute(query).mappings().one())


def known_references(connection: sa.Connection, channel: str, since: datetime) -> list[str]:
    """What exports of a channel that were wanted since then are called there."""
    query = sa.select(stock_exports.c.reference).where(
        stock_exports.c.channel == channel, stock_exports.c.wanted_at >= since, stock_exports.c.reference.is_not(None)
    )
    return sorted(connection.execute(query).scalars())


def move_export(connection: sa.Connection, export_id: int, **values: Any) -> None:
    """Set columns."""
    connection.execute(sa.update(stock_exports).where(stock_exports.c.id == export_id).values(**values))


def next_turn(connection: sa.Connection, export_id: int) -> int:
    """The number of the run that follows; the one before acts no more."""
    moved = sa.update(stock_exports).where(stock_exports.c.id == export_id).values(turn=stock_exports.c.turn + 1)
    turn: int = connection.execute(moved.returning(stock_exports.c.turn)).scalar_one()
    return turn


def _export(row: Any) -> StockExport:
    return StockExport(
        row["id"],
        row["channel"],
        ExportStage(row["stage"]),
        row["turn"],
        row["wanted_at"],
        row["reference"],
        row["as_of"],
        row["evidence"],
        row["whole"],
    )
