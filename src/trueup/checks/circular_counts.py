"""The shop's marks on products of a circular programme, held against the items that the programme knows of them.

Once a product is imported the shop stops counting it. The shop's flag may be flipped back by an import of a file; that it counts
again does not make its number true. A product that has items and bears no mark would be counted twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.checks import Check, Ground
from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.storage.circular import Kind

FLIPPED, STRANGE = "circular.tracked", "circular.not-marked"
OWNER = Role.ECOMMERCE.value


def find_differences(connection: sa.Connection, ground: Ground) -> Iterator[CaseDraft]:
    """One case a product and difference."""
    for row in connection.execute(_PRODUCTS, {"item": Kind.ITEM.value}).mappings():
        if row["circular"] and row["tracked"]:
            yield _flipped(row, ground)
        if row["items"] and not row["circular"]:
            yield _strange(row, ground)


def _flipped(row: sa.RowMapping, ground: Ground) -> CaseDraft:
    return CaseDraft(
        kind=FLIPPED,
        subject=f"product {row['sku']}",
        title=(
            f"{row['sku']} is in a circular programme, and the shop counts it again: its number is not believed. "
            f"Turn tracking off in the shop; an import of a file may have turned it on"
        ),
        expected="not tracked, as the programme's import left it",
        found="tracked in the shop",
        money_at_risk=_worth(row),
        deadline=ground.now + timedelta(days=7),
        owner=OWNER,
        resolutions=(Resolution.DISMISS,),
    )


def _strange(row: sa.RowMapping, ground: Ground) -> CaseDraft:
    return CaseDraft(
        kind=STRANGE,
        subject=f"product {row['sku']}",
        title=(
            f"{row['sku']} has {row['items']} items in a circular programme, and the shop does not say that it is in one: "
            f"its new goods may be counted twice"
        ),
        expected="the programme's mark on the product in the shop",
        found=f"{row['items']} items, no mark",
        money_at_risk=_worth(row),
        deadline=ground.now + timedelta(days=7),
        owner=OWNER,
        resolutions=(Resolution.DISMISS,),
    )


def _worth(row: sa.RowMapping) -> Money | None:
    """What the order lines that are held for it are worth, where they are of one currency."""
    return Money(int(row["at_risk"]), row["currency"]) if row["currency"] else None


_PRODUCTS = sa.text("""
WITH counted AS (
    SELECT s.sku, count(*) AS items
    FROM trueup.circular_records r JOIN trueup.shop_products s ON s.variant = r.variant
    WHERE r.kind = :item AND r.open GROUP BY s.sku
)
SELECT p.sku, p.circular, coalesce(p.tracked, false) AS tracked, coalesce(c.items, 0) AS items, k.at_risk, k.currency
FROM trueup.products p
LEFT JOIN counted c ON c.sku = p.sku
LEFT JOIN LATERAL (
    SELECT sum(risk_minor) AS at_risk, min(risk_currency) AS currency FROM trueup.cases
    WHERE state = 'open' AND kind = 'held.stock-uncounted' AND risk_minor IS NOT NULL
      AND expected = 'a counted stock for ' || p.sku || ', or a declared count source'
    HAVING count(DISTINCT risk_currency) = 1
) k ON true
WHERE NOT p.obsolete AND (p.circular OR c.items > 0)
ORDER BY p.sku
""")

CHECK = Check(
    name="circular-counts",
    sources=("the shop's marks", "the circular programme's items"),
    protects="from counts that are believed though they mean nothing, and goods that are counted twice",
    owner=OWNER,
    tolerance="none",
    kinds=(FLIPPED, STRANGE),
    find=find_differences,
)
