"""No channel shows more of a product than it was told, and it was never told more than was counted."""

from __future__ import annotations

import sqlalchemy as sa

from trueup.checks import Ground
from trueup.invariants import Invariant, Proof, Sum, find_broken


def _prove(connection: sa.Connection, ground: Ground) -> Proof:
    row = connection.execute(_LOOKED).one()
    broken, rows = find_broken(connection, _BROKEN)
    sums = (
        Sum("Counts told to channels, eaches", str(row.published)),
        Sum("Shown by them there, eaches", str(row.shown)),
        Sum("Kept from sale by us, eaches", str(row.held)),
    )
    return Proof(row.places, sums, broken, rows)


_LOOKED = sa.text(
    "SELECT count(*) AS places, coalesce(sum(published), 0) AS published,"
    " coalesce(sum(on_hand) FILTER (WHERE published IS NOT NULL), 0) AS shown, coalesce(sum(held), 0) AS held"
    " FROM trueup.publications WHERE published IS NOT NULL OR shown_at IS NOT NULL"
)
_NO_CASE = (
    " AND NOT EXISTS (SELECT FROM trueup.cases c WHERE c.state = 'open' AND c.kind LIKE 'stock.%'"
    " AND c.subject LIKE '%' || p.sku || '%')"
)
# A place that changed since is being brought up to date; only what has come to rest is judged.
_REST = "p.changed_since IS NULL AND p.shown_at > coalesce(p.accepted_at, '-infinity')"
_BROKEN = (
    "SELECT 'product' AS about, p.sku AS name, p.channel || ' shows ' || p.on_hand || ' at ' || p.location || ', it was told '"
    f" || p.published AS words FROM trueup.publications p WHERE {_REST} AND p.published < p.on_hand{_NO_CASE}"
    " UNION ALL SELECT 'product', p.sku, p.channel || ' keeps ' || p.reserved || ' from sale at ' || p.location"
    f" || ', we hold ' || p.held FROM trueup.publications p WHERE {_REST} AND p.reserved < p.held{_NO_CASE}"
    " UNION ALL SELECT 'product', p.sku, p.channel || ' was told ' || p.published || ' at ' || p.location || ', '"
    " || count.on_hand || ' were counted' FROM trueup.publications p JOIN LATERAL (SELECT max(o.on_hand) AS on_hand"
    " FROM trueup.stock_observations o WHERE o.sku = p.sku AND o.location = p.location AND o.observed_at <= p.accepted_at)"
    " AS count ON count.on_hand < p.published"
)
INVARIANT = Invariant(
    name="stock-is-there",
    order=80,
    title="No channel shows more of a product than it was told, and none was told more than was ever counted.",
    why="an oversell that we caused",
    how="For each product and place that has come to rest: what the channel shows as on hand is at most what it was told, what "
    "it keeps from sale at least what we hold there, and what it was told at most what a count has found. A difference that an "
    "open case tells of is known.",
    unit="places of products",
    prove=_prove,
)
