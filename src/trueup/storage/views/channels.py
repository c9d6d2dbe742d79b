"""Channels to look at: what each was told of every product, what it shows, where the two differ, and how late we are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from trueup.base.clock import write_instant
from trueup.base.errors import Invalid
from trueup.storage.hints import hints
from trueup.storage.publications import IS_SOLD, publications
from trueup.storage.shop_courses import LastMovement
from trueup.storage.stock_ledger import movement_of, stock_movements
from trueup.storage.stock_looks import stock_looks
from trueup.storage.views.growing import Growing, GrowingNot, GrowingRows
from trueup.storage.views.paging import Order, Paged, count_up_to, fetch_page

_P = publications.c
_DRIFTS = sa.or_(sa.and_(_P.should_show.is_not(None), _P.on_hand != _P.should_show), _P.reserved < _P.held)
DRIFTING = "drifting"
WHICH: Mapping[str, Sequence[sa.ColumnElement[bool]]] = {
    DRIFTING: (_DRIFTS,),
    "waiting": (_P.changed_since.is_not(None),),
    "published": (_P.published.is_not(None),),
    "all": (),
}
"""What channels are asked for: products that drift, that wait to be told, that were told, or all."""


def list_channel_stock(
    connection: sa.Connection, *, channel: str | None = None, drifting: bool = True, after: str = "", limit: int = 50
) -> list[dict[str, Any]]:
    """Products at places of channels by SKU: those that drift, or all. Eaches everywhere; None is not known."""
    query = sa.select(publications, _DRIFTS.label("drifts")).where(_P.sku > after)
    if channel is not None:
        query = query.where(_P.channel == channel)
    if drifting:
        query = query.where(_DRIFTS)
    rows = connection.execute(query.order_by(_P.sku, _P.location, _P.channel).limit(limit)).mappings()
    return _with_last(connection, [_row(row) for row in rows])


def page_channel_stock(
    connection: sa.Connection, *, channel: str = "", which: str = DRIFTING, at: str = "", limit: int = 50
) -> Paged:
    """The same, paged by key. `which`: one of WHICH. Raises Invalid."""
    query = sa.select(publications, _DRIFTS.label("drifts"))
    if channel:
        query = query.where(_P.channel == channel)
    if which not in WHICH:
        raise Invalid(f"Which {which!r}: expected one of {', '.join(WHICH)}.")
    query = query.where(*WHICH[which])
    paged = fetch_page(connection, query, Order((_P.sku, _P.location, _P.channel)), at, limit)
    return Paged(_with_last(connection, [_row(row) for row in paged.rows]), paged.before, paged.after)


def growing_stock(channel: str = "", which: str = DRIFTING) -> Growing:
    """The same as a list that grows. Those that drift have a number each since they began to, those that wait to be told the time
    since when; to all, and to those that are published, no more come than to the item master. Raises Invalid."""
    if which not in WHICH:
        raise Invalid(f"Which {which!r}: expected one of {', '.join(WHICH)}.")
    if which == "waiting":
        marked = _P.changed_since.is_not(None)
        waiting = sa.select(_P.changed_since).where(marked)
        return GrowingRows(waiting.where(_P.channel == channel) if channel else waiting, _P.changed_since, marked)
    if which != DRIFTING:
        return GrowingNot()
    query = sa.select(_P.drifted).where(_P.drifted.is_not(None))
    return GrowingRows(query.where(_P.channel == channel) if channel else query, _P.drifted)


def _with_last(connection: sa.Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same rows with what the channel's orders moved last of each, and the evidence of it."""
    moved = stock_movements.c
    keys = [(row["sku"], row["location"], row["channel"]) for row in rows]
    query = sa.select(stock_movements).where(sa.tuple_(moved.sku, moved.location, moved.source).in_(keys))
    query = query.ext(distinct_on(moved.sku, moved.location, moved.source)).order_by(
        moved.sku, moved.location, moved.source, moved.occurred_at.desc(), moved.id.desc()
    )
    last = {
        (row["sku"], row["location"], row["source"]): movement_of(row)
        for row in (connection.execute(query).mappings() if keys else ())
    }
    for row, key in zip(rows, keys, strict=True):
        movement = last.get(key)
        row["last_movement"] = str(LastMovement(movement)) if movement is not None else None
        row["last_evidence"] = (movement.evidence or None) if movement is not None else None
    return rows


def list_product_channels(connection: sa.Connection, sku: str) -> list[dict[str, Any]]:
    """One product in every channel that it is published to."""
    query = sa.select(publications, _DRIFTS.label("drifts")).where(_P.sku == sku)
    rows = connection.execute(query.order_by(_P.location, _P.channel)).mappings()
    return _with_last(connection, [_row(row) for row in rows])


def measure_channels(connection: sa.Connection) -> list[dict[str, Any]]:
    """Of each channel: how many products, what waits, and the delays of what changed: until taken there, until read here."""
    query = sa.select(
        _P.channel,
        sa.func.count().label("products"),
        sa.func.count().filter(_P.changed_since.is_not(None)).label("waiting"),
        sa.func.count().filter(_P.published.is_not(None)).label("published"),
        sa.func.count().filter(_DRIFTS).label("drifting"),
        sa.func.min(_P.shown_at).label("oldest_read"),
        *(_share(share, column).label(f"{name}_p{share}") for name, column in _DELAYS for share in (50, 99)),
    ).group_by(_P.channel)
    looks = sa.select(stock_looks.c.channel, sa.func.count().label("looks")).group_by(stock_looks.c.channel)
    waiting = {row.channel: row.looks for row in connection.execute(looks)}
    heard = sa.select(hints.c.source, sa.func.max(hints.c.received_at).label("at")).group_by(hints.c.source)
    last = {row.source: row.at for row in connection.execute(heard)}
    return [
        {
            **{name: _plain(value) for name, value in row.items()},
            "to_be_read": waiting.get(row["channel"], 0),
            "last_heard": write_instant(last[row["channel"]]) if row["channel"] in last else None,
        }
        for row in connection.execute(query.order_by(_P.channel)).mappings()
    ]


def count_drifting(connection: sa.Connection) -> tuple[int, bool]:
    """How many numbers a channel shows higher than they should be, up to what people count; and whether there are more."""
    return count_up_to(connection, sa.select(_P.sku).where(_DRIFTS))


def count_sold(connection: sa.Connection, channel: str) -> int:
    """How many places a channel is published to now: what a sweep goes through."""
    every = sa.select(sa.func.count()).select_from(publications).where(publications.c.channel == channel, IS_SOLD)
    return int(connection.execute(every).scalar_one())


_DELAYS = (("taken_after", _P.delay), ("read_after", _P.detected))


def _share(percent: int, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.func.percentile_disc(percent / 100).within_group(column.asc())


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta):
        return round(value.total_seconds(), 3)
    return write_instant(value) if hasattr(value, "isoformat") else value


def _row(row: Any) -> dict[str, Any]:
    names = (
        "sku",
        "location",
        "channel",
        "published",
        "should_show",
        "on_hand",
        "held",
        "reserved",
        "available",
        "committed",
        "why",
    )
    times = ("accepted_at", "shown_at", "changed_since")
    return {
        **{name: row[name] for name in names},
        "drift": _drift(row),
        "drifts": bool(row["drifts"]),
        "evidence": row["evidence"] or None,
        **{name: write_instant(row[name]) if row[name] is not None else None for name in times},
    }


def _drift(row: Any) -> int | None:
    """By how many eaches the channel shows more than it should, or holds less for us; negative where it shows less."""
    if row["on_hand"] is None:
        return None
    other = row["on_hand"] - row["should_show"] if row["should_show"] is not None else 0
    return int(other or max(0, row["held"] - row["reserved"]))
