"""Supplies: for many products at once, what is counted, what moved since, and what orders hold of it, in one statement."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from trueup.domain.catalog import CountSource
from trueup.domain.inventory import Level, Supply
from trueup.domain.orders import OrderState
from trueup.domain.stock_ledger import HERE, ROUTES, MovementKind
from trueup.storage.schema import metadata
from trueup.storage.stock_ledger import NO_EVIDENCE, stock_levels

stock_buffers = sa.Table(
    "stock_buffers",
    metadata,
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("location", sa.Text, primary_key=True),
    sa.Column("sku", sa.Text, primary_key=True),
    sa.Column("eaches", sa.BigInteger, nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("computed_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.CheckConstraint("eaches >= 0", name="not_negative"),
)

_EFFECTS = {kind: (end in HERE) - (start in HERE) for kind, (start, end) in ROUTES.items()}


_RESERVED = (MovementKind.SHIPPED, MovementKind.RECALLED)
_SALES = (MovementKind.SOLD, MovementKind.RETURNED)


def _kinds(effect: int) -> str:
    # What orders hold ends with the next count, where it shipped from; so shipping is in `held` and not here as well.
    kinds = [kind for kind, change in _EFFECTS.items() if change == effect and kind not in _RESERVED]
    return _words(kinds)


def _words(kinds: Iterable[MovementKind]) -> str:
    return ", ".join(f"'{kind}'" for kind in kinds)


# What customers sent back undoes what they took since the count, and no more: it may lie among what was counted.
_MOVED = f"""CASE WHEN m.kind IN ({_kinds(-1)}) THEN -m.eaches
                    WHEN m.kind IN ({_kinds(1)}) AND m.occurred_at > c.observed_at THEN m.eaches ELSE 0 END"""
_SOLD = f"m.kind IN ({_words(_SALES)})"


# Claims that a shop's count knows are summed from orders that are still open: years of closed ones are never read. What is summed
# is narrow, so that the sums of a whole catalogue stay in memory; the counts themselves are joined last.
_SUPPLIES = f"""
WITH counted AS MATERIALIZED (
    SELECT l.sku, l.counted, l.observed_at, l.counted = '{CountSource.SHOP}' AS in_shop
    FROM trueup.products p
    JOIN trueup.stock_levels l ON l.sku = p.sku AND l.location = :location AND l.counted = p.counted
    WHERE l.tracked AND {{chosen}}
), holding AS (
    SELECT c.sku, r.eaches AS held, 0 AS held_known
    FROM counted c JOIN trueup.reservations r ON r.sku = c.sku AND r.location = :location
    WHERE NOT c.in_shop
    UNION ALL
    SELECT c.sku, r.eaches, 0
    FROM counted c JOIN trueup.reservations r ON r.sku = c.sku AND r.location = :location
    WHERE c.in_shop AND r.claimed_at >= c.observed_at AND {{claimed}}
    UNION ALL
    SELECT c.sku, r.eaches - CASE WHEN r.claimed_at < c.observed_at THEN r.claimed_eaches ELSE 0 END, 0
    FROM counted c JOIN trueup.reservations r ON r.sku = c.sku AND r.location = :location
    WHERE c.in_shop AND r.claimed_eaches < r.eaches AND coalesce(r.claimed_at < c.observed_at, true)
    UNION ALL
    SELECT c.sku, 0, r.claimed_eaches
    FROM trueup.orders o
    JOIN trueup.reservations r ON r.order_id = o.id AND r.location = :location
    JOIN counted c ON c.sku = r.sku
    WHERE o.state <> '{OrderState.CLOSED}' AND c.in_shop AND r.claimed_at < c.observed_at
), held AS (
    SELECT sku, sum(held)::bigint AS held, sum(held_known)::bigint AS held_known FROM holding GROUP BY sku
), moved AS (
    SELECT c.sku, (least(0, coalesce(sum({_MOVED}) FILTER (WHERE {_SOLD}), 0))
                   + coalesce(sum({_MOVED}) FILTER (WHERE NOT {_SOLD}), 0))::bigint AS moved
    FROM counted c
    JOIN trueup.stock_movements m ON m.sku = c.sku AND m.location = :location AND m.occurred_at >= c.observed_at
    WHERE NOT c.in_shop
    GROUP BY c.sku
)
SELECT l.sku, l.location, l.available, l.committed, l.on_hand, l.tracked, l.observed_at, l.reserved, l.damaged,
       l.quality_control, l.safety_stock, l.incoming, l.source,
       CASE WHEN l.evidence = '{NO_EVIDENCE}' THEN '' ELSE l.evidence::text END,
       coalesce(moved.moved, 0), coalesce(held.held, 0), coalesce(held.held_known, 0), coalesce(b.eaches, 0)
FROM counted c
JOIN trueup.stock_levels l ON l.sku = c.sku AND l.location = :location AND l.counted = c.counted
LEFT JOIN trueup.stock_buffers b ON b.channel = :channel AND b.location = :location AND b.sku = c.sku
LEFT JOIN held ON held.sku = c.sku
LEFT JOIN moved ON moved.sku = c.sku
ORDER BY l.sku
"""
# Of a whole catalogue, claims newer than the oldest count are found in one go, and not product by product.
_OLDEST = "r.claimed_at >= (SELECT min(observed_at) FROM counted)"
_ALL = sa.text(_SUPPLIES.format(chosen="true", claimed=_OLDEST))
_CHOSEN = sa.text(_SUPPLIES.format(chosen="p.sku = ANY(:skus)", claimed="true")).bindparams(
    sa.bindparam("skus", type_=ARRAY(sa.Text))
)


def load_supplies(
    connection: sa.Connection, location: str, skus: Collection[str] | None = None, *, channel: str = ""
) -> list[tuple[Supply, int]]:
    """What is known of products at a location, each with the buffer computed for a channel; of all products by default.

    A product that is counted nowhere, or was never observed there, has none: nothing may be promised of it.
    """
    given: dict[str, Any] = {"location": location, "channel": channel}
    if skus is None:
        rows = connection.execute(_ALL, given)
    elif skus:
        rows = connection.execute(_CHOSEN, {**given, "skus": sorted(set(skus))})
    else:
        return []
    return [
        (Supply(Level(*level), moved=moved, held=held, held_known=known), buffer)
        for *level, moved, held, known, buffer in rows
    ]


def list_counted(connection: sa.Connection, location: str, after: str, limit: int) -> list[str]:
    """Products that were ever counted at a location, in the order of their SKUs from after one."""
    query = sa.select(stock_levels.c.sku).where(stock_levels.c.location == location, stock_levels.c.sku > after)
    return list(connection.execute(query.distinct().order_by(stock_levels.c.sku).limit(limit)).scalars())


def list_by_items(connection: sa.Connection, skus: Collection[str] | None = None) -> list[str]:
    """Those of these products (None: of all) that are counted unit by unit, in the order of their SKUs."""
    chosen = "" if skus is None else "AND p.sku = ANY(:skus)"
    query = f"SELECT p.sku FROM trueup.products p WHERE p.counted = '{CountSource.ITEMS}' {chosen} ORDER BY p.sku"
    given = {} if skus is None else {"skus": sorted(set(skus))}
    return list(connection.execute(sa.text(query), given).scalars())


def save_buffers(
    connection: sa.Connection, channel: str, location: str, computed: Iterable[tuple[str, int, str]], now: datetime
) -> int:
    """Buffers (sku, eaches, why in words) computed for a channel; returns how many."""
    rows = [
        {"channel": channel, "location": location, "sku": sku, "eaches": eaches, "words": words, "computed_at": now}
        for sku, eaches, words in sorted(computed)
    ]
    if rows:
        statement = insert(stock_buffers)
        told = {name: statement.excluded[name] for name in ("eaches", "words", "computed_at")}
        connection.execute(
            statement.on_conflict_do_update(index_elements=["channel", "location", "sku"], set_=told), rows
        )
    return len(rows)
