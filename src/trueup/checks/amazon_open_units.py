"""The units that Amazon says it has on order, held against the orders that are known here: it cannot wait for more than it ordered.

Amazon's inventory report counts Amazon's stock, so it is never compared with ours. More units on order there than on all orders
that may have been open on that day, of every product under the ASIN, is an order that never came, or one that was closed here and
lives on there. Fewer says nothing: what Amazon received meanwhile is not told by order. Only the view of what this vendor group
delivered can be compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from trueup.base.money import Money, UnitPrice
from trueup.checks import Check, Ground
from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.domain.partners import CostBasis
from trueup.domain.report_plans import ReportTerms
from trueup.domain.vendor_reports import ReportKind, View

KIND = "stock.amazon-open-units"
OWNER = Role.OPERATIONS.value
RECENT = timedelta(days=45)
"""Orders placed so shortly before the counted day are taken for open on it, although they are closed by now."""


def find_differences(connection: sa.Connection, ground: Ground) -> Iterator[CaseDraft]:
    """One case an ASIN whose units on order cannot be explained."""
    for source, terms in ground.reports.items():
        if ReportKind.INVENTORY not in terms.kinds or terms.view is not View.SOURCING:
            continue
        codes = [each.vendor_code for each in ground.partners[terms.partner].agreements]
        asked = {"source": source, "program": terms.program.value, "partner": terms.partner, "codes": codes}
        for row in connection.execute(_UNITS, {**asked, "recent": RECENT}).mappings():
            allowed = max(Decimal(terms.tolerance_units), row["ours"] * terms.tolerance_percent / 100)
            if row["theirs"] - row["ours"] > allowed:
                yield _draft(row, source, terms, ground)


def _draft(row: sa.RowMapping, source: str, terms: ReportTerms, ground: Ground) -> CaseDraft:
    more = int(row["theirs"] - row["ours"])
    day = f"{row['day']:%Y-%m-%d}"
    return CaseDraft(
        kind=KIND,
        subject=f"product {row['sku']} {source}",
        title=(
            f"Amazon {terms.marketplace} waits for {int(row['theirs'])} units of {row['sku']} ({row['asin']}) at the end of {day}, "
            f"{more} more than all orders known here: look in Vendor Central for an order that never came"
        ),
        expected=f"{int(row['ours'])} units on orders that may be open, at most",
        found=f"{int(row['theirs'])} open purchase order units in Amazon's inventory report",
        money_at_risk=_worth(row, more, terms, ground),
        deadline=ground.now + timedelta(days=2),
        owner=OWNER,
        resolutions=(Resolution.DISMISS,),
        evidence=row["evidence"],
    )


def _worth(row: sa.RowMapping, units: int, terms: ReportTerms, ground: Ground) -> Money | None:
    """At the agreed cost, where it is the price of an each."""
    by_each: list[Any] = [
        each
        for each in ground.partners[terms.partner].agreements
        if each.cost_basis is CostBasis.EACH and each.covers(ground.now)
    ]
    if row["cost"] is None or not any(each.vendor_code == row["vendor_code"] for each in by_each):
        return None
    return UnitPrice(Decimal(row["cost"]), row["currency"]).times(units)


_UNITS = sa.text("""
WITH counted AS (
    SELECT DISTINCT ON (asin) asin, begins AS day, (numbers ->> 'openPurchaseOrderUnits')::numeric AS theirs, evidence
    FROM trueup.vendor_figures
    WHERE holds AND kind = 'inventory' AND source = :source AND view = 'sourcing' AND program = :program
    ORDER BY asin, begins DESC
), listed AS (
    SELECT DISTINCT ON (asin) asin, sku, vendor_code, cost, currency FROM trueup.listings
    WHERE vendor_code = ANY(:codes) AND asin IS NOT NULL ORDER BY asin, sku, cost NULLS LAST
)
SELECT c.asin, c.day, c.theirs, c.evidence, l.sku, l.vendor_code, l.cost, l.currency, coalesce(o.units, 0) AS ours
FROM counted c
JOIN listed l ON l.asin = c.asin
LEFT JOIN LATERAL (
    SELECT sum(n.eaches) AS units FROM trueup.order_lines n JOIN trueup.orders r ON r.id = n.order_id
    WHERE r.partner = :partner
      AND n.sku IN (SELECT sku FROM trueup.listings s WHERE s.asin = c.asin AND s.vendor_code = ANY(:codes))
      AND (r.state <> 'closed' OR r.ordered_at > c.day - CAST(:recent AS interval))
) o ON true
WHERE c.theirs IS NOT NULL
ORDER BY l.sku
""")

CHECK = Check(
    name="amazon-open-units",
    sources=("Amazon's inventory report", "the orders known here"),
    protects="from orders that Amazon placed and that never came, and their chargebacks",
    owner=OWNER,
    tolerance="tolerance_units and tolerance_percent of [[partners.reports]], the larger",
    kinds=(KIND,),
    find=find_differences,
)
