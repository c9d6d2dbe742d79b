"""Exports of shops in the database: each export of a channel's whole stock or catalogue, from the wish for it to its last row. One
of a kind is under way at a time for a channel."""

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

shop_exports = sa.Table(
    "shop_exports",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("content", sa.Text, nullable=False),
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
    sa.Index("ix_shop_exports_one", "channel", "content", unique=True, postgresql_where=_OPEN),
    sa.Index("ix_shop_exports_reference", "channel", "reference"),
)


@dataclass(frozen=True, slots=True)
class ShopExport:
    """One export. `content`: what it tells of, a word of whoever wants it. `turn` numbers its runs: only the newest acts.

    `as_of`: what it shows is at least as old as that.
    """

    id: int
    channel: str
    content: str
    stage: ExportStage
    turn: int
    wanted_at: datetime
    reference: str | None
    as_of: datetime | None
    evidence: str | None
    whole: bool | None


def want_export(connection: sa.Connection, channel: str, content: str, now: datetime) -> ShopExport | None:
    """A new export; None while one of the channel and content is under way."""
    if find_under_way(connection, channel, content) is not None:
        return None
    made = sa.insert(shop_exports).values(
        channel=channel, content=content, stage=ExportStage.WANTED.value, turn=1, wanted_at=now, words=""
    )
    return _export(connection.execute(made.returning(shop_exports)).mappings().one())


def find_under_way(connection: sa.Connection, channel: str, content: str) -> ShopExport | None:
    """The channel's export of a content that has not ended, locked."""
    query = sa.select(shop_exports).where(shop_exports.c.channel == channel, shop_exports.c.content == content, _OPEN)
    row = connection.execute(query.with_for_update()).mappings().first()
    return _export(row) if row else None


def find_by_reference(connection: sa.Connection, channel: str, reference: str) -> ShopExport | None:
    """The export of a channel that has not ended and that the channel calls so, locked."""
    query = sa.select(shop_exports).where(
        shop_exports.c.channel == channel, shop_exports.c.reference == reference, _OPEN
    )
    row = connection.execute(query.with_for_update()).mappings().first()
    return _export(row) if row else None


def answered_until(connection: sa.Connection, channel: str, content: str) -> datetime | None:
    """As of when the channel's export of a content, if one is under way, will show what it tells of."""
    query = sa.select(sa.func.coalesce(shop_exports.c.as_of, shop_exports.c.wanted_at)).where(
        shop_exports.c.channel == channel, shop_exports.c.content == content, _OPEN
    )
    found: datetime | None = connection.execute(query).scalar()
    return found


def last_failure(connection: sa.Connection, channel: str, content: str) -> datetime | None:
    """When the channel's last export of a content ended, if that did not end well."""
    query = sa.select(shop_exports.c.whole, shop_exports.c.stage, shop_exports.c.ended_at).where(
        shop_exports.c.channel == channel, shop_exports.c.content == content, shop_exports.c.ended_at.is_not(None)
    )
    found = connection.execute(query.order_by(shop_exports.c.id.desc()).limit(1)).first()
    if found is None or (found.whole and found.stage == ExportStage.DONE.value):
        return None
    ended_at: datetime = found.ended_at
    return ended_at


def load_export(connection: sa.Connection, export_id: int) -> ShopExport:
    """Locked until the transaction ends."""
    query = sa.select(shop_exports).where(shop_exports.c.id == export_id).with_for_update()
    return _export(connection.execute(query).mappings().one())


def known_references(connection: sa.Connection, channel: str, since: datetime) -> list[str]:
    """What exports of a channel that were wanted since then are called there, of whatever content."""
    query = sa.select(shop_exports.c.reference).where(
        shop_exports.c.channel == channel, shop_exports.c.wanted_at >= since, shop_exports.c.reference.is_not(None)
    )
    return sorted(connection.execute(query).scalars())


def move_export(connection: sa.Connection, export_id: int, **values: Any) -> None:
    """Set columns."""
    connection.execute(sa.update(shop_exports).where(shop_exports.c.id == export_id).values(**values))


def next_turn(connection: sa.Connection, export_id: int) -> int:
    """The number of the run that follows; the one before acts no more."""
    moved = sa.update(shop_exports).where(shop_exports.c.id == export_id).values(turn=shop_exports.c.turn + 1)
    turn: int = connection.execute(moved.returning(shop_exports.c.turn)).scalar_one()
    return turn


def _export(row: Any) -> ShopExport:
    return ShopExport(
        row["id"],
        row["channel"],
        row["content"],
        ExportStage(row["stage"]),
        row["turn"],
        row["wanted_at"],
        row["reference"],
        row["as_of"],
        row["evidence"],
        row["whole"],
    )
