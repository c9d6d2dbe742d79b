"""The stock ledger in the database: what every source counts now and counted before, and what moved. Rows of both are only added.

`stock_levels` is the newest observation of each source; `stock_observations` those at which a number changed. The same
observations and movements in any order, and told any number of times, end in the same levels, and in a history of which every
line was observed and the last is the level. Unchanged counts are not kept one by one: 100,000 products swept each hour would
be 2.4 million rows a day that say nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from trueup.domain.catalog import CountSource
from trueup.domain.inventory import Level
from trueup.domain.stock_ledger import Movement, MovementKind, Observation
from trueup.storage.bulk import among
from trueup.storage.schema import metadata

NUMBERS = ("available", "committed", "on_hand", "reserved", "damaged", "quality_control", "safety_stock", "incoming")
STATES = tuple(name for name in NUMBERS if name != "on_hand")
"""What of the goods on hand is in which state; `incoming` is outside of them."""
_TOLD = (*NUMBERS, "tracked")
NO_EVIDENCE = "0" * 64


def _number_columns() -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in NUMBERS]


stock_levels = sa.Table(
    "stock_levels",
    metadata,
    sa.Column("sku", sa.Text, primary_key=True),
    sa.Column("location", sa.Text, primary_key=True),
    sa.Column("counted", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    *_number_columns(),
    sa.Column("tracked", sa.Boolean, nullable=False),
    sa.Column("observed_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.Index("ix_stock_levels_location", "location", "sku"),
)
stock_observations = sa.Table(
    "stock_observations",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("sku", sa.Text, nullable=False),
    sa.Column("location", sa.Text, nullable=False),
    sa.Column("counted", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    *_number_columns(),
    sa.Column("tracked", sa.Boolean, nullable=False),
    sa.Column("observed_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.Index("ix_stock_observations_time", "sku", "location", "counted", "observed_at"),
)
stock_movements = sa.Table(
    "stock_movements",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("sku", sa.Text, nullable=False),
    sa.Column("location", sa.Text, nullable=False),
    sa.Column("serial", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("eaches", sa.BigInteger, nullable=False),
    sa.Column("occurred_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.UniqueConstraint("sku", "location", "source", "reference", "serial"),
    sa.CheckConstraint("eaches > 0", name="eaches_positive"),
    sa.CheckConstraint("serial = '' OR eaches = 1", name="one_a_serial"),
    sa.Index("ix_stock_movements_time", "sku", "location", "occurred_at"),
)

_COLUMNS = ("sku", "location", "source", *_TOLD, "observed_at", "evidence")
_ARRAYS = ", ".join(
    f"CAST(:{name} AS {kind}[])"
    for name, kind in zip(
        _COLUMNS, ("text", "text", "text", *("bigint",) * len(NUMBERS), "boolean", "timestamptz", "text"), strict=True
    )
)
_GIVEN = f"SELECT * FROM unnest({_ARRAYS}) AS given ({', '.join(_COLUMNS)})"
_NAMES = ", ".join(_COLUMNS)
_GIVEN_NAMES = ", ".join(f"given.{name}" for name in _COLUMNS)
_CHANGED = f"({', '.join(f'given.{name}' for name in _TOLD)}) IS DISTINCT FROM ({', '.join(f'before.{name}' for name in _TOLD)})"


def _append(given: str) -> str:
    """Of observations, those that differ from the one before them in history.

    Sorted, so that all of them are looked for before the first is added: in a table that was empty when it was analysed history
    is read from end to end, and would be read with what this very statement adds to it, 70,000 counts in four minutes.
    """
    return f"""
INSERT INTO trueup.stock_observations (counted, {_NAMES})
SELECT :counted, {_GIVEN_NAMES} FROM ({given}) AS given
LEFT JOIN LATERAL (
    SELECT {", ".join(_TOLD)} FROM trueup.stock_observations AS known
    WHERE known.sku = given.sku AND known.location = given.location AND known.counted = :counted
      AND known.observed_at <= given.observed_at
    ORDER BY known.observed_at DESC, known.id DESC LIMIT 1
) AS before ON true
WHERE {_CHANGED} ORDER BY given.sku, given.location, given.observed_at"""


_APPEND = sa.text(_append(_GIVEN))
_SAME = f"({', '.join(f'known.{name}' for name in _TOLD)}) IS NOT DISTINCT FROM ({', '.join(f'excluded.{name}' for name in _TOLD)})"
# What is kept and is as it was has its line in history already: only what changed is looked for there.
_KEEP = sa.text(f"""
WITH kept AS (
    INSERT INTO trueup.stock_levels AS known (counted, changed_at, {_NAMES})
    SELECT :counted, observed_at, {_NAMES} FROM ({_GIVEN}) AS given ORDER BY sku COLLATE "C", location
    ON CONFLICT (sku, location, counted) DO UPDATE SET
        {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[2:])},
        changed_at = CASE WHEN {_SAME} THEN known.changed_at ELSE excluded.observed_at END
    WHERE excluded.observed_at > known.observed_at
       OR (excluded.observed_at = known.observed_at
           AND (excluded.available < known.available OR :counted = '{CountSource.DECLARED.value}'))
    RETURNING known.changed_at, {", ".join(f"known.{name}" for name in _COLUMNS)}
), told AS ({_append(f"SELECT {_NAMES} FROM kept WHERE changed_at = observed_at")} RETURNING id)
SELECT (SELECT count(*) FROM kept) AS kept, (SELECT count(*) FROM told) AS told
""")


def record_levels(connection: sa.Connection, levels: Iterable[Level], counted: CountSource) -> int:
    """What a source said of many products, as new observations where a number changed; returns how many were recorded.

    Of several about one product at one place the newest counts, and of one instant the smallest: never more than was there. What is
    declared replaces what was declared at that instant: it was said after it.
    """
    newest: dict[tuple[str, str], Level] = {}
    every = list(levels)
    for level in every:
        known = newest.get((level.sku, level.location))
        if known is None or (level.observed_at, -level.available) > (known.observed_at, -known.available):
            newest[level.sku, level.location] = level
    if not newest:
        return 0
    added = 0
    # Row by row in time for one product; in one statement for all that have one observation, which is nearly always.
    earlier = sorted(
        (each for each in every if newest[each.sku, each.location] is not each), key=lambda each: each.observed_at
    )
    for each in earlier:
        added += connection.execute(_APPEND, _values([each], counted)).rowcount
    given = _values(newest.values(), counted)
    done = connection.execute(_KEEP, given).one()
    added += int(done.told)
    if done.kept < len(newest):
        # Some came late. What was passed over before as unchanged, from today's number back to it, changed after all.
        added += connection.execute(_APPEND, given).rowcount
        current = [
            each for place in {key[1] for key in newest} for each in _levels_of(connection, newest, place, counted)
        ]
        connection.execute(_APPEND, _values(current, counted))
    return added


def _levels_of(
    connection: sa.Connection, keys: Collection[tuple[str, str]], location: str, counted: CountSource
) -> list[Level]:
    return load_levels(connection, [sku for sku, place in keys if place == location], location, counted)


def _values(levels: Iterable[Level], counted: CountSource) -> dict[str, Any]:
    rows = list(levels)
    values: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in _COLUMNS}
    values["evidence"] = [row.evidence or NO_EVIDENCE for row in rows]
    return {**values, "counted": counted.value}


def load_levels(connection: sa.Connection, skus: Collection[str], location: str, counted: CountSource) -> list[Level]:
    """The newest observation of each product at a location by one way of counting."""
    query = sa.select(stock_levels).where(
        among(stock_levels.c.sku, set(skus)),
        stock_levels.c.location == location,
        stock_levels.c.counted == counted.value,
    )
    return [level_of(row) for row in connection.execute(query).mappings()]


def level_of(row: Any) -> Level:
    """A row as what its source said."""
    return Level(
        row["sku"],
        row["location"],
        row["available"],
        row["committed"],
        row["on_hand"],
        row["tracked"],
        row["observed_at"],
        row["reserved"],
        row["damaged"],
        row["quality_control"],
        row["safety_stock"],
        row["incoming"],
        row["source"],
        row["evidence"] if row["evidence"] != NO_EVIDENCE else "",
    )


def append_movements(connection: sa.Connection, movements: Iterable[Movement]) -> int:
    """Movements that are not known yet; returns how many were new."""
    rows = [
        {
            "sku": each.sku,
            "location": each.location,
            "serial": each.serial,
            "kind": each.kind.value,
            "eaches": each.eaches,
            "occurred_at": each.occurred_at,
            "source": each.source,
            "reference": each.reference,
            "evidence": each.evidence or NO_EVIDENCE,
        }
        for each in movements
    ]
    if not rows:
        return 0
    statement = insert(stock_movements).on_conflict_do_nothing().returning(stock_movements.c.id)
    return len(connection.execute(statement, rows).all())


def load_movements(
    connection: sa.Connection, sku: str, location: str, *, since: datetime | None = None
) -> list[Movement]:
    """What moved of a product at a location, oldest first."""
    return load_movements_of(connection, [sku], location, since).get(sku, [])


def load_movements_of(
    connection: sa.Connection, skus: Iterable[str], location: str, since: datetime | None
) -> dict[str, list[Movement]]:
    """What moved of products at a location since then, oldest first, by SKU; nothing of those of which nothing did."""
    table = stock_movements
    query = sa.select(table).where(table.c.sku == sa.any_(sa.literal(sorted(set(skus)), ARRAY(sa.Text))))
    query = query.where(table.c.location == location)
    if since is not None:
        query = query.where(table.c.occurred_at >= since)
    found: dict[str, list[Movement]] = {}
    for row in connection.execute(query.order_by(table.c.occurred_at, table.c.id)).mappings():
        found.setdefault(row["sku"], []).append(movement_of(row))
    return found


def movement_of(row: Any) -> Movement:
    """A row as what moved."""
    return Movement(
        row["sku"],
        row["location"],
        MovementKind(row["kind"]),
        row["eaches"],
        row["occurred_at"],
        row["source"],
        row["reference"],
        row["serial"],
        row["evidence"] if row["evidence"] != NO_EVIDENCE else "",
    )


def load_observations(
    connection: sa.Connection, sku: str, location: str, *, since: datetime | None = None
) -> list[Observation]:
    """When each source's count of a product at a location changed, oldest first."""
    query = sa.select(stock_observations).where(
        stock_observations.c.sku == sku, stock_observations.c.location == location
    )
    if since is not None:
        query = query.where(stock_observations.c.observed_at >= since)
    rows = connection.execute(query.order_by(stock_observations.c.observed_at, stock_observations.c.id)).mappings()
    return [
        Observation(
            row["source"],
            row["on_hand"],
            row["observed_at"],
            row["evidence"] if row["evidence"] != NO_EVIDENCE else "",
            # Of a count of our own, and of goods counted one by one, all is available: they know no states.
            tuple((name, row[name]) for name in STATES) if row["counted"] == CountSource.SHOP.value else (),
        )
        for row in rows
    ]


def load_courses(
    connection: sa.Connection, skus: Iterable[str], location: str, counted: CountSource, since: datetime
) -> dict[str, list[Level]]:
    """What one source said of products at a location whenever it changed since then, oldest first, and what it says now."""
    found: dict[str, list[Level]] = {}
    wanted = sa.literal(sorted(set(skus)), ARRAY(sa.Text))
    for table in (stock_observations, stock_levels):
        query = sa.select(table).where(
            table.c.sku == sa.any_(wanted),
            table.c.location == location,
            table.c.counted == counted.value,
            table.c.observed_at >= since,
        )
        order = (table.c.observed_at, table.c.id) if table is stock_observations else (table.c.observed_at,)
        for row in connection.execute(query.order_by(*order)).mappings():
            found.setdefault(row["sku"], []).append(level_of(row))
    return found


def list_most_counted(connection: sa.Connection, location: str, since: datetime, limit: int) -> list[str]:
    """The products of a location whose counts changed most often since then, in the order of their SKUs."""
    table = stock_observations.c
    query = sa.select(table.sku).where(table.location == location, table.observed_at >= since).group_by(table.sku)
    return sorted(connection.execute(query.order_by(sa.func.count().desc(), table.sku).limit(limit)).scalars())


def measured_delay(connection: sa.Connection, location: str, counted: CountSource, now: datetime) -> timedelta | None:
    """How old the counts of a location are that 99 of 100 products have at most: the delay of that feed, measured now."""
    age = sa.func.percentile_disc(0.99).within_group(now - stock_levels.c.observed_at)
    query = sa.select(age).where(stock_levels.c.location == location, stock_levels.c.counted == counted.value)
    found: timedelta | None = connection.execute(query).scalar_one()
    return found
