"""Stock writes in the database: each write to a channel with its key and rows, kept before it is sent and until it is settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from trueup.base.errors import NotFound
from trueup.domain.publishing import CountWrite, HoldMove
from trueup.storage.json_values import from_json, to_json
from trueup.storage.schema import metadata


class WriteState(StrEnum):
    """Where a write stands. OPEN: kept, and perhaps sent. UNANSWERED: its key is forgotten there, and nobody can say."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNANSWERED = "unanswered"


class WriteKind(StrEnum):
    """What a write sets."""

    COUNTS = "counts"
    HOLDS = "holds"


stock_writes = sa.Table(
    "stock_writes",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("rows", JSONB, nullable=False),
    sa.Column("made_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("settled_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("said", sa.Text, nullable=False),
    sa.Column("evidence", sa.CHAR(64)),
    sa.Index("ix_stock_writes_open", "channel", "made_at", postgresql_where=sa.text("state = 'open'")),
    sa.Index("ix_stock_writes_made", "made_at"),
)


@dataclass(frozen=True, slots=True)
class WriteRow:
    """One row of a write: what is set (a CountWrite or HoldMove), and what it makes of the publication when it is taken.

    `changes` and `since` say which change it answers, and since when that waited. `whole`: nothing else is due for it, so that
    the change is settled when this is taken. `published` is what was told in all once it is taken; `recounted`: it states a count
    anew.
    """

    count: CountWrite | None
    hold: HoldMove | None
    counted_at: datetime | None
    held: int
    why: str
    changes: int
    since: datetime
    whole: bool = False
    published: int | None = None
    gone: int | None = None
    recounted: bool = True


@dataclass(frozen=True, slots=True)
class StockWrite:
    """A write as it was kept. All its rows are of one kind."""

    key: str
    channel: str
    kind: WriteKind
    state: WriteState
    rows: tuple[WriteRow, ...]
    made_at: datetime


def save_write(connection: sa.Connection, write: StockWrite) -> None:
    """Keep it before it is sent."""
    connection.execute(
        sa.insert(stock_writes).values(
            key=write.key,
            channel=write.channel,
            kind=write.kind.value,
            state=write.state.value,
            rows=[to_json(row) for row in write.rows],
            made_at=write.made_at,
            said="",
        )
    )


def load_write(connection: sa.Connection, key: str) -> StockWrite:
    """Raises NotFound."""
    row = connection.execute(sa.select(stock_writes).where(stock_writes.c.key == key)).mappings().first()
    if row is None:
        raise NotFound(f"Stock write {key}: no such write.")
    return _write(row)


def open_writes(connection: sa.Connection, channel: str) -> list[StockWrite]:
    """Those of a channel that are not settled, oldest first."""
    query = sa.select(stock_writes).where(
        stock_writes.c.channel == channel, stock_writes.c.state == sa.literal_column(f"'{WriteState.OPEN.value}'")
    )
    rows = connection.execute(query.order_by(stock_writes.c.made_at, stock_writes.c.key)).mappings()
    return [_write(row) for row in rows]


def places_under_way(connection: sa.Connection, channel: str) -> set[tuple[str, str]]:
    """The (sku, location) of writes that are not settled: what the channel shows of them may be from before or after."""
    what = [row.count or row.hold for write in open_writes(connection, channel) for row in write.rows]
    return {(each.sku, each.location) for each in what if each is not None}


def settle_write(
    connection: sa.Connection, key: str, state: WriteState, *, said: str, evidence: str | None, now: datetime
) -> None:
    """How it ended."""
    connection.execute(
        sa.update(stock_writes)
        .where(stock_writes.c.key == key)
        .values(state=state.value, said=said[:4000], evidence=evidence, settled_at=now)
    )


def forget_writes(connection: sa.Connection, before: datetime) -> int:
    """Delete settled writes made before then; how many. What they did stands in the publications and the archive."""
    old = sa.and_(stock_writes.c.made_at < before, stock_writes.c.state != WriteState.OPEN.value)
    return connection.execute(sa.delete(stock_writes).where(old)).rowcount


def list_writes(connection: sa.Connection, channel: str, *, limit: int = 100) -> Sequence[dict[str, Any]]:
    """The newest writes of a channel as rows."""
    query = sa.select(stock_writes).where(stock_writes.c.channel == channel)
    rows = connection.execute(query.order_by(stock_writes.c.made_at.desc()).limit(limit)).mappings()
    return [dict(row) for row in rows]


def _write(row: Any) -> StockWrite:
    rows = tuple(from_json(each, WriteRow) for each in row["rows"])
    return StockWrite(
        row["key"], row["channel"], WriteKind(row["kind"]), WriteState(row["state"]), rows, row["made_at"]
    )
