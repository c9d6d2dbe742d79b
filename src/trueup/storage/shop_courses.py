"""What the orders of shops did to counts: what each channel took off by itself since it took a count from us, and what it did
not."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from trueup.domain.catalog import CountSource
from trueup.domain.publishing import Course
from trueup.domain.sale_movements import Unsaid
from trueup.domain.stock_ledger import HERE, ROUTES, Movement, MovementKind
from trueup.storage.bulk import text_array
from trueup.storage.schema import metadata
from trueup.storage.stock_ledger import NO_EVIDENCE, movement_of

BLUR = timedelta(seconds=30)
"""What left so shortly before or after a shop was read may be in its number or not: its clock is not ours, and it counts after it
ships."""

unsaid_units = sa.Table(
    "unsaid_units",
    metadata,
    sa.Column("shop", sa.Text, primary_key=True),
    sa.Column("line_id", sa.Text, primary_key=True),
    sa.Column("sku", sa.Text, nullable=False),
    sa.Column("eaches", sa.BigInteger, nullable=False),
    sa.Column("reference", sa.Text, nullable=False),
    sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.Index("ix_unsaid_units_sku", "shop", "sku", "at"),
)

_EFFECT = " ".join(
    f"WHEN '{kind}' THEN {change}"
    for kind, (start, end) in ROUTES.items()
    if (change := (end in HERE) - (start in HERE))
)
EFFECT = f"(CASE m.kind {_EFFECT} ELSE 0 END * m.eaches)"
"""By how much a movement `m` changes what is on hand."""
_BOOKED = "reservations"
"""Who tells of goods that a count found gone: they are in no count after it."""

# A reading that is no younger than our last write says nothing of it.
_COURSES = sa.text(f"""
WITH asked AS (
    SELECT p.sku, p.location, p.based_at, p.shown_at, g.counted
    FROM trueup.publications p
    JOIN unnest(CAST(:skus AS text[]), CAST(:places AS text[])) AS wanted (sku, location) USING (sku, location)
    LEFT JOIN trueup.products g ON g.sku = p.sku
    WHERE p.channel = :channel AND p.published IS NOT NULL AND p.shown_at > coalesce(p.accepted_at, '-infinity')
), moved AS (
    SELECT a.sku, a.location, {EFFECT} AS effect, m.occurred_at > a.shown_at - CAST(:blur AS interval) AS blurred
    FROM asked a
    JOIN trueup.stock_movements m ON m.sku = a.sku AND m.location = a.location AND m.source = :channel
     AND m.occurred_at > a.based_at AND m.occurred_at <= a.shown_at + CAST(:blur AS interval)
), course AS (
    SELECT sku, location, sum(effect) FILTER (WHERE NOT blurred) AS certain,
           sum(effect) FILTER (WHERE blurred AND effect > 0) AS up, -sum(effect) FILTER (WHERE blurred AND effect < 0) AS down
    FROM moved GROUP BY sku, location
), unsaid AS (
    SELECT a.sku, a.location, sum(u.eaches) AS eaches
    FROM asked a JOIN trueup.unsaid_units u ON u.shop = :channel AND u.sku = a.sku AND u.at > a.based_at
    GROUP BY a.sku, a.location
)
SELECT a.sku, a.location, coalesce(c.certain, 0)::bigint AS certain, coalesce(c.up, 0)::bigint AS up,
       (coalesce(c.down, 0) + coalesce(u.eaches, 0) + CASE WHEN a.counted = '{CountSource.DECLARED}' THEN 0 ELSE 1e12 END)::bigint
       AS down
FROM asked a LEFT JOIN course c USING (sku, location) LEFT JOIN unsaid u USING (sku, location)
""")


def load_shop_courses(
    connection: sa.Connection, channel: str, keys: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Course]:
    """Of those of these (sku, location) that a channel took a count of and was read since, what its orders did to it.

    Goods that are counted one by one move by other things than orders: fewer of them is nothing to tell of.
    """
    ordered = sorted(keys)
    given = {"skus": [sku for sku, _ in ordered], "places": [place for _, place in ordered]}
    rows = connection.execute(_COURSES, {**given, "channel": channel, "blur": BLUR}) if ordered else ()
    return {(row.sku, row.location): Course(row.certain, row.up, row.down) for row in rows}


_GONE = sa.text(f"""
SELECT l.sku, greatest(0, -sum({EFFECT}))::bigint AS gone
FROM trueup.stock_levels l
JOIN trueup.products g ON g.sku = l.sku AND g.counted = '{CountSource.DECLARED}'
JOIN trueup.stock_movements m ON m.sku = l.sku AND m.location = l.location AND m.occurred_at >= l.observed_at
LEFT JOIN trueup.publications p ON p.channel = :channel AND p.sku = l.sku AND p.location = l.location
WHERE l.location = :location AND l.counted = '{CountSource.DECLARED}' AND l.sku = ANY(CAST(:skus AS text[]))
  AND m.source <> '{_BOOKED}' AND ({EFFECT} < 0 OR m.occurred_at > l.observed_at)
  AND NOT (m.source = :channel AND p.counted_at IS NOT DISTINCT FROM l.observed_at AND m.occurred_at > p.based_at)
GROUP BY l.sku HAVING sum({EFFECT}) < 0
""")


def load_gone(connection: sa.Connection, channel: str, location: str, skus: Iterable[str]) -> dict[str, int]:
    """By SKU, eaches that left since a declared count and that a channel did not take off itself; only where any did."""
    given = {"channel": channel, "location": location, "skus": text_array(sorted(set(skus)))}
    return {row.sku: row.gone for row in connection.execute(_GONE, given)}


def save_unsaid(connection: sa.Connection, shop: str, found: Iterable[Unsaid], evidence: str) -> None:
    """What a shop does not say of its lines, as it is now; since when, as it was first seen."""
    rows = [
        {
            "shop": shop,
            "line_id": each.line,
            "sku": each.sku,
            "eaches": each.eaches,
            "reference": each.reference,
            "at": each.at,
            "evidence": evidence or NO_EVIDENCE,
        }
        for each in found
    ]
    if rows:
        statement = insert(unsaid_units)
        fresh = {name: statement.excluded[name] for name in ("eaches", "evidence")}
        connection.execute(statement.on_conflict_do_update(index_elements=["shop", "line_id"], set_=fresh), rows)


@dataclass(frozen=True, slots=True)
class LastMovement:
    """The newest movement of a product at a place that a shop told of."""

    movement: Movement

    def __str__(self) -> str:
        told = self.movement
        return f"{told.eaches} {told.kind} on {told.occurred_at:%Y-%m-%d %H:%M} UTC by {told.reference}"


def last_movement(
    connection: sa.Connection, source: str, sku: str, location: str, until: datetime
) -> LastMovement | None:
    """What moved last up to then, by the word of a source."""
    query = sa.text("""
SELECT * FROM trueup.stock_movements
WHERE sku = :sku AND location = :location AND source = :source AND occurred_at <= :until
ORDER BY occurred_at DESC, id DESC LIMIT 1""")
    given: dict[str, Any] = {"sku": sku, "location": location, "source": source, "until": until}
    row = connection.execute(query, given).mappings().first()
    return LastMovement(movement_of(row)) if row is not None else None


def find_known(connection: sa.Connection, movements: Iterable[Movement]) -> set[tuple[str, str, str]]:
    """(SKU, location, reference) of those of movements of one source that are in the ledger already."""
    every = list(movements)
    query = sa.text("""
SELECT m.sku, m.location, m.reference FROM trueup.stock_movements m
JOIN unnest(CAST(:skus AS text[]), CAST(:places AS text[]), CAST(:sources AS text[]), CAST(:references AS text[]))
  AS given (sku, location, source, reference) USING (sku, location, source, reference)
WHERE m.serial = ''""").bindparams(
        *(sa.bindparam(name, type_=ARRAY(sa.Text)) for name in ("skus", "places", "sources", "references"))
    )
    given = {
        "skus": [each.sku for each in every],
        "places": [each.location for each in every],
        "sources": [each.source for each in every],
        "references": [each.reference for each in every],
    }
    return {(row.sku, row.location, row.reference) for row in connection.execute(query, given)} if every else set()


WHOLESALE_KINDS = (MovementKind.SHIPPED, MovementKind.RECALLED)
"""What moves goods that a reservation holds."""
