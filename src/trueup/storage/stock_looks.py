"""Stock looks in the database: inventory items of a channel that are to be read again. However often noted, each is one row."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from trueup.storage.bulk import among
from trueup.storage.schema import metadata

stock_looks = sa.Table(
    "stock_looks",
    metadata,
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("item", sa.Text, primary_key=True),
    sa.Column("since", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("due", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("noted_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Index("ix_stock_looks_due", "channel", "due"),
)

_UNNEST = sa.func.unnest(sa.bindparam("items", type_=sa.ARRAY(sa.Text))).column_valued("item")
_NOTE = insert(stock_looks).from_select(
    ["channel", "item", "since", "due", "noted_at"],
    sa.select(
        sa.bindparam("of_channel", type_=sa.Text),
        _UNNEST,
        sa.bindparam("at", type_=sa.TIMESTAMP(timezone=True)),
        sa.bindparam("from_then", type_=sa.TIMESTAMP(timezone=True)),
        sa.bindparam("last", type_=sa.TIMESTAMP(timezone=True)),
    ),
)
_NOTE = _NOTE.on_conflict_do_update(
    index_elements=["channel", "item"],
    set_={
        "due": sa.func.least(stock_looks.c.due, _NOTE.excluded.due),
        "noted_at": sa.func.greatest(stock_looks.c.noted_at, _NOTE.excluded.noted_at),
    },
)


def note_looks(
    connection: sa.Connection, channel: str, items: Collection[str], now: datetime, *, due: datetime | None = None
) -> None:
    """Have the items read again, now or when `due`; one that is noted already keeps its earlier time, and is asked for since now:
    what was seen before answers it no more."""
    # Sorted, so that two who note the same items do not wait for each other in a circle.
    given = {"of_channel": channel, "items": sorted(set(items)), "at": now, "from_then": due or now, "last": now}
    connection.execute(_NOTE, given)


@dataclass(frozen=True, slots=True)
class Due:
    """Looks of a channel that are due by now. Those due and noted up to `answered` are left out: an export will answer them."""

    channel: str
    now: datetime
    answered: datetime | None = None

    @property
    def condition(self) -> sa.ColumnElement[bool]:
        """The rows."""
        return sa.and_(stock_looks.c.due <= self.now, _unanswered(self.channel, self.answered))


def _unanswered(channel: str, answered: datetime | None) -> sa.ColumnElement[bool]:
    mine = stock_looks.c.channel == channel
    if answered is None:
        return mine
    return sa.and_(mine, sa.or_(stock_looks.c.due > answered, stock_looks.c.noted_at > answered))


def take_looks(connection: sa.Connection, wanted: Due, limit: int) -> list[tuple[str, datetime]]:
    """Items that are due, the longest due first, with since when they were noted; they are noted no more.

    They are taken before they are read: what changes during the reading is noted anew.
    """
    due = (
        sa.select(stock_looks.c.item)
        .where(wanted.condition)
        .order_by(stock_looks.c.due)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = sa.delete(stock_looks).where(stock_looks.c.channel == wanted.channel, stock_looks.c.item.in_(due))
    rows = connection.execute(taken.returning(stock_looks.c.item, stock_looks.c.since))
    return sorted(((row.item, row.since) for row in rows), key=lambda found: (found[1], found[0]))


def forget_looks(connection: sa.Connection, channel: str, items: Collection[str], seen_at: datetime) -> int:
    """The items were seen as of then: what was due and last noted by then has been read. Returns how many waited."""
    answered = sa.and_(stock_looks.c.due <= seen_at, stock_looks.c.noted_at <= seen_at)
    named = among(stock_looks.c.item, set(items))
    done = sa.delete(stock_looks).where(stock_looks.c.channel == channel, named, answered)
    return connection.execute(done).rowcount


def next_look(connection: sa.Connection, channel: str, *, answered: datetime | None = None) -> datetime | None:
    """When the next item is due that no export will answer."""
    query = sa.select(sa.func.min(stock_looks.c.due)).where(_unanswered(channel, answered))
    found: datetime | None = connection.execute(query).scalar()
    return found


def count_due(connection: sa.Connection, wanted: Due, most: int) -> int:
    """How many are due; no more than `most` are counted."""
    due = sa.select(stock_looks.c.item).where(wanted.condition)
    query = sa.select(sa.func.count()).select_from(due.limit(most).subquery())
    return int(connection.execute(query).scalar_one())


def count_looks(connection: sa.Connection, channel: str) -> int:
    """How many wait."""
    query = sa.select(sa.func.count()).select_from(stock_looks).where(stock_looks.c.channel == channel)
    return int(connection.execute(query).scalar_one())
