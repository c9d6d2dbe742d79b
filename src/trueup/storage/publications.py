"""Publications in the database: what each channel should show of a product at a place, what it accepted, and what it shows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Insert, insert

from trueup.domain.publishing import ShownStock, Standing
from trueup.storage.bulk import among_pairs, given_rows
from trueup.storage.schema import metadata
from trueup.storage.shop_products import is_gone, shop_products, sold_at

publications = sa.Table(
    "publications",
    metadata,
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("sku", sa.Text, primary_key=True),
    sa.Column("location", sa.Text, primary_key=True),
    sa.Column("item", sa.Text, nullable=False),
    sa.Column("changes", sa.BigInteger, nullable=False),
    sa.Column("changed_since", sa.TIMESTAMP(timezone=True)),
    sa.Column("believed", sa.BigInteger),
    sa.Column("published", sa.BigInteger),
    sa.Column("counted_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("held", sa.BigInteger, nullable=False),
    sa.Column("accepted_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("gone", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    sa.Column("based_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("doubted_since", sa.TIMESTAMP(timezone=True)),
    sa.Column("should_show", sa.BigInteger),
    sa.Column("available", sa.BigInteger),
    sa.Column("committed", sa.BigInteger),
    sa.Column("on_hand", sa.BigInteger),
    sa.Column("reserved", sa.BigInteger),
    sa.Column("tracked", sa.Boolean),
    sa.Column("shown_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("evidence", sa.CHAR(64)),
    sa.Column("delay", sa.Interval),
    sa.Column("detected", sa.Interval),
    sa.Column("drifted", sa.BigInteger),
    sa.Index("ix_publications_item", "channel", "item"),
    sa.Index("ix_publications_sku", "sku", "location", "channel"),
    sa.Index("ix_publications_drifted", "drifted", postgresql_where=sa.text("drifted IS NOT NULL")),
    sa.Index("ix_publications_waiting", "changed_since", postgresql_where=sa.text("changed_since IS NOT NULL")),
    sa.Index(
        "ix_publications_doubted", "channel", "doubted_since", postgresql_where=sa.text("doubted_since IS NOT NULL")
    ),
    sa.Index(
        "ix_publications_changed",
        "channel",
        "changed_since",
        "sku",
        postgresql_where=sa.text("changed_since IS NOT NULL"),
    ),
)


IS_SOLD = ~is_gone(publications.c.channel, publications.c.sku)
"""Whether the channel sells the product still: what is gone there is neither read nor written."""


@dataclass(frozen=True, slots=True)
class ChannelItem:
    """A product at a place as a channel knows it."""

    channel: str
    sku: str
    location: str
    item: str


@dataclass(frozen=True, slots=True)
class Publication:
    """One product at one place of a channel, as it stands. `changed_since`: since when what is wanted may be another;
    `changes` counts how often that was said."""

    place: ChannelItem
    standing: Standing
    changes: int
    changed_since: datetime | None
    accepted_at: datetime | None
    why: str
    doubted_since: datetime | None = None
    """Since when it shows a number that nothing explains: as of the reading."""


def mark_changed(connection: sa.Connection, places: Iterable[ChannelItem], now: datetime) -> int:
    """What should be shown of them may be another now; how many. However often marked, each is one row."""
    known = {(each.channel, each.sku, each.location): each.item for each in places}
    if known:
        marked = _at(known, sa.literal(1), sa.literal(now, sa.TIMESTAMP(timezone=True)))
        changed = {
            "item": marked.excluded.item,
            "changes": publications.c.changes + 1,
            "changed_since": sa.func.coalesce(publications.c.changed_since, marked.excluded.changed_since),
        }
        connection.execute(marked.on_conflict_do_update(index_elements=["channel", "sku", "location"], set_=changed))
    return len(known)


def _at(
    places: Mapping[tuple[str, str, str], str], changes: sa.ColumnElement[int], since: sa.ColumnElement[Any]
) -> Insert:
    """A fresh row for each (channel, SKU, location) with its item, in their order."""
    keys = sorted(places)
    names = ("channel", "sku", "location")
    told = {name: (sa.Text, [key[place] for key in keys]) for place, name in enumerate(names)}
    given = given_rows(told | {"item": (sa.Text, [places[key] for key in keys])})
    rows = sa.select(*(given.c[name] for name in (*names, "item")), changes, since, sa.literal(0), sa.literal(""))
    return insert(publications).from_select([*names, "item", "changes", "changed_since", "held", "why"], rows)


def list_changed(connection: sa.Connection, channel: str, limit: int) -> list[Publication]:
    """Those that changed longest ago. They stay marked until `settle_changed`: nothing is lost with a run that dies."""
    query = sa.select(publications).where(
        publications.c.channel == channel, publications.c.changed_since.is_not(None), IS_SOLD
    )
    query = query.order_by(publications.c.changed_since, publications.c.sku).limit(limit)
    return sorted((_publication(row) for row in connection.execute(query).mappings()), key=_by_place)


_SETTLE = (
    sa.update(publications)
    .where(
        publications.c.channel == sa.bindparam("of_channel"),
        publications.c.sku == sa.bindparam("of_sku"),
        publications.c.location == sa.bindparam("of_location"),
        publications.c.changes == sa.bindparam("of_changes"),
    )
    .values(changed_since=None)
)


def settle_changed(connection: sa.Connection, channel: str, settled: Iterable[tuple[str, str, int]]) -> None:
    """(SKU, location, changes): the channel holds what was wanted then. What changed since stays marked."""
    rows = [
        {"of_channel": channel, "of_sku": sku, "of_location": location, "of_changes": changes}
        for sku, location, changes in sorted(settled)
    ]
    if rows:
        connection.execute(_SETTLE, rows)


def unmark(connection: sa.Connection, place: ChannelItem) -> bool:
    """Nothing can be done for it until it changes again. Returns whether it was marked."""
    done = (
        sa.update(publications).where(_is(place), publications.c.changed_since.is_not(None)).values(changed_since=None)
    )
    return connection.execute(done).rowcount == 1


def note_held(connection: sa.Connection, place: ChannelItem, held: int) -> None:
    """What is held there by us is another number than we believed."""
    connection.execute(sa.update(publications).where(_is(place)).values(held=held))


def note_judged(
    connection: sa.Connection, place: ChannelItem, doubted_since: datetime | None, should_show: int | None
) -> None:
    """What it should show instead, by all that is known; None where it shows that, or nobody knows yet."""
    judged = {"doubted_since": doubted_since, "should_show": should_show}
    connection.execute(sa.update(publications).where(_is(place)).values(**judged))


def list_doubted(connection: sa.Connection, channel: str) -> list[tuple[str, str]]:
    """(SKU, location) of a channel whose numbers nothing explains, told of or not."""
    query = sa.select(publications.c.sku, publications.c.location).where(
        publications.c.channel == channel, publications.c.doubted_since.is_not(None)
    )
    return sorted((row.sku, row.location) for row in connection.execute(query))


def oldest_unjudged(connection: sa.Connection, channel: str) -> datetime | None:
    """Since when the longest doubted number of a channel waits to be judged."""
    query = sa.select(sa.func.min(publications.c.doubted_since)).where(
        publications.c.channel == channel,
        publications.c.doubted_since.is_not(None),
        publications.c.should_show.is_(None),
    )
    found: datetime | None = connection.execute(query).scalar_one()
    return found


def evidence_of(connection: sa.Connection, place: ChannelItem) -> str:
    """The hash of what it was last shown by."""
    return connection.execute(sa.select(publications.c.evidence).where(_is(place))).scalar_one() or ""


def _is(place: ChannelItem) -> sa.ColumnElement[bool]:
    return sa.and_(
        publications.c.channel == place.channel,
        publications.c.sku == place.sku,
        publications.c.location == place.location,
    )


def forget_belief(connection: sa.Connection, channel: str, keys: Collection[tuple[str, str]]) -> None:
    """What these (sku, location) hold there is not what we believed: it must be read before anything is decided."""
    if keys:
        which = among_pairs(publications.c.sku, publications.c.location, keys)
        connection.execute(
            sa.update(publications).where(publications.c.channel == channel, which).values(believed=None, shown_at=None)
        )


def count_changed(connection: sa.Connection, channel: str, most: int) -> int:
    """How many wait to be looked at; no more than `most` are counted."""
    waiting = sa.select(publications.c.sku).where(
        publications.c.channel == channel, publications.c.changed_since.is_not(None), IS_SOLD
    )
    query = sa.select(sa.func.count()).select_from(waiting.limit(most).subquery())
    return int(connection.execute(query).scalar_one())


def load_publications(
    connection: sa.Connection, channel: str, keys: Collection[tuple[str, str]], *, lock: bool = False
) -> list[Publication]:
    """Those of these (sku, location)."""
    if not keys:
        return []
    query = (
        sa.select(publications)
        .where(publications.c.channel == channel, among_pairs(publications.c.sku, publications.c.location, keys))
        .order_by(publications.c.sku.collate("C"), publications.c.location.collate("C"))
    )
    rows = connection.execute(query.with_for_update(of=publications) if lock else query).mappings()
    return [_publication(row) for row in rows]


def find_places(connection: sa.Connection, channel: str, items: Collection[str]) -> list[ChannelItem]:
    """Where the channel's items are published."""
    query = sa.select(publications).where(
        publications.c.channel == channel,
        publications.c.item == sa.func.any(sa.bindparam("items", type_=sa.ARRAY(sa.Text))),
    )
    rows = connection.execute(query, {"items": sorted(set(items))}).mappings()
    return sorted((_publication(row).place for row in rows), key=lambda place: (place.sku, place.location))


_ARRAYS: dict[str, Any] = {
    "sku": sa.Text,
    "location": sa.Text,
    "item": sa.Text,
    "available": sa.BigInteger,
    "committed": sa.BigInteger,
    "on_hand": sa.BigInteger,
    "reserved": sa.BigInteger,
    "tracked": sa.Boolean,
    "observed_at": sa.TIMESTAMP(timezone=True),
}
_SEEN = (
    sa.func.unnest(*(sa.bindparam(f"all_{name}", type_=sa.ARRAY(kind)) for name, kind in _ARRAYS.items()))
    .table_valued(*(sa.column(name, kind) for name, kind in _ARRAYS.items()))
    .render_derived()
    .alias("seen")
)
# A reply may be older than what we know since: one that left before our last write was taken says nothing of it.
_SHOW = (
    sa.update(publications)
    .where(
        publications.c.channel == sa.bindparam("of_channel"),
        publications.c.sku == _SEEN.c.sku,
        publications.c.location == _SEEN.c.location,
        sa.or_(publications.c.accepted_at.is_(None), publications.c.accepted_at < _SEEN.c.observed_at),
        sa.or_(publications.c.shown_at.is_(None), publications.c.shown_at <= _SEEN.c.observed_at),
    )
    .values(
        item=_SEEN.c.item,
        believed=_SEEN.c.on_hand,
        available=_SEEN.c.available,
        committed=_SEEN.c.committed,
        on_hand=_SEEN.c.on_hand,
        reserved=_SEEN.c.reserved,
        tracked=_SEEN.c.tracked,
        shown_at=_SEEN.c.observed_at,
        evidence=sa.bindparam("new_evidence"),
    )
    .returning(publications.c.sku, publications.c.location)
)


def note_shown(
    connection: sa.Connection, channel: str, shown: Sequence[ShownStock], evidence: str
) -> set[tuple[str, str]]:
    """What the channel shows now: the newest word on what it holds. Returns the (sku, location) of which it was news."""
    if not shown:
        return set()
    ordered = sorted(shown, key=lambda each: (each.sku, each.location))
    given = {f"all_{name}": [getattr(each, name) for each in ordered] for name in _ARRAYS}
    rows = connection.execute(_SHOW, {**given, "of_channel": channel, "new_evidence": evidence})
    return {(row.sku, row.location) for row in rows}


_DETECT = (
    sa.update(publications)
    .where(publications.c.channel == sa.bindparam("of_channel"), publications.c.item == sa.bindparam("of_item"))
    .values(detected=sa.bindparam("new_detected", type_=sa.Interval))
)


def note_detected(connection: sa.Connection, channel: str, found: Iterable[tuple[str, timedelta]]) -> None:
    """How long it took from hearing of an item, or from the time it was due to be read, to reading it."""
    rows = [
        {"of_channel": channel, "of_item": item, "new_detected": took} for item, took in sorted(dict(found).items())
    ]
    if rows:
        connection.execute(_DETECT, rows)


def know_places(connection: sa.Connection, places: Iterable[ChannelItem]) -> None:
    """Have a row for each, without saying that anything changed."""
    known = {(each.channel, each.sku, each.location): each.item for each in places}
    if known:
        unmarked = sa.cast(sa.null(), sa.TIMESTAMP(timezone=True))
        connection.execute(_at(known, sa.literal(0), unmarked).on_conflict_do_nothing())


def know_products(connection: sa.Connection, channel: str, locations: Collection[str]) -> int:
    """Have a row for every product that the channel sells, at each of these places; how many are new."""
    places = (
        sa.func.unnest(sa.bindparam("places", type_=sa.ARRAY(sa.Text)))
        .table_valued("location")
        .render_derived()
        .alias("place")
    )
    sold = sold_at(channel, places).add_columns(sa.literal(0), sa.literal(0), sa.literal(""))
    known = sa.exists().where(
        publications.c.channel == channel,
        publications.c.sku == shop_products.c.sku,
        publications.c.location == places.c.location,
    )
    sold = sold.where(~known)
    statement = insert(publications).from_select(["channel", "sku", "location", "item", "changes", "held", "why"], sold)
    return connection.execute(statement.on_conflict_do_nothing(), {"places": sorted(locations)}).rowcount


def count_items(connection: sa.Connection, channel: str, most: int) -> int:
    """How many places a channel is published to; no more than `most` are counted."""
    query = sa.select(publications.c.sku).where(publications.c.channel == channel).limit(most)
    return int(connection.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one())


def list_unseen(connection: sa.Connection, channel: str, since: datetime) -> list[str]:
    """The items of which nothing was seen since then."""
    query = sa.select(publications.c.item).where(
        publications.c.channel == channel,
        IS_SOLD,
        sa.or_(publications.c.shown_at.is_(None), publications.c.shown_at < since),
    )
    return sorted(set(connection.execute(query).scalars()))


def list_page(connection: sa.Connection, channel: str, *, after: tuple[str, str], limit: int) -> list[Publication]:
    """In order of SKU and location from after a pair. What a sweep goes through."""
    query = sa.select(publications).where(
        publications.c.channel == channel,
        IS_SOLD,
        sa.tuple_(publications.c.sku, publications.c.location) > sa.tuple_(*after),
    )
    query = query.order_by(publications.c.sku, publications.c.location).limit(limit)
    return [_publication(row) for row in connection.execute(query).mappings()]


def _by_place(each: Publication) -> tuple[str, str]:
    return each.place.sku, each.place.location


def _publication(row: Any) -> Publication:
    place = ChannelItem(row["channel"], row["sku"], row["location"], row["item"])
    shown = None
    if row["shown_at"] is not None:
        shown = ShownStock(
            row["sku"],
            row["item"],
            row["location"],
            row["available"],
            row["committed"],
            row["on_hand"],
            row["reserved"],
            row["tracked"],
            row["shown_at"],
        )
    told = (row["believed"], row["published"], row["counted_at"], row["held"])
    standing = Standing(*told, shown, row["gone"], row["based_at"])
    return Publication(
        place,
        standing,
        row["changes"],
        row["changed_since"],
        row["accepted_at"],
        row["why"],
        row["doubted_since"],
    )
