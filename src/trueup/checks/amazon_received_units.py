"""The units that Amazon's reports say it received, held against what we delivered to it and what it ordered at all.

Amazon's inventory report counts by ASIN and day, and by no order, so sums of four weeks are compared, of every product under the
ASIN together. What was delivered up to ten days before their end must be received within them: fewer is a shortage that no line of
an invoice tells yet. What was received can be no more than all orders that may have been on their way: more is goods of an order
that never came. Receipts that Amazon gave for the same days are compared both ways. Only the view of what this vendor group
delivered can be compared; without a report about each of the days nothing is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import sqlalchemy as sa

from trueup.base.money import Money, UnitPrice
from trueup.checks import Check, Ground
from trueup.domain.cases import CaseDraft, Resolution, Role
from trueup.domain.partners import CostBasis
from trueup.domain.report_plans import ReportTerms
from trueup.domain.vendor_reports import ReportKind, View

KIND = "stock.amazon-received-units"
OWNER = Role.OPERATIONS.value
DAYS = 28
RECEIVED_WITHIN = timedelta(days=10)
"""Of a delivery at the dock; goods handed to a carrier are given as long again."""
ON_THE_WAY = timedelta(days=90)
"""Orders placed so long before the first of the days may have been received on them."""


def find_differences(connection: sa.Connection, ground: Ground) -> Iterator[CaseDraft]:
    """One case an ASIN whose received units cannot be explained."""
    for source, terms in ground.reports.items():
        if ReportKind.INVENTORY not in terms.kinds or terms.view is not View.SOURCING:
            continue
        codes = [each.vendor_code for each in ground.partners[terms.partner].agreements]
        asked = {
            "source": source,
            "program": terms.program.value,
            "partner": terms.partner,
            "codes": codes,
            "days": DAYS,
            "within": RECEIVED_WITHIN.days,
            "on_the_way": ON_THE_WAY,
        }
        for row in connection.execute(_UNITS, asked).mappings():
            draft = _judge(row, source, terms, ground)
            if draft is not None:
                yield draft


def _judge(row: sa.RowMapping, source: str, terms: ReportTerms, ground: Ground) -> CaseDraft | None:
    """The first of the three that does not hold."""
    theirs = row["theirs"]
    compared = (
        (row["delivered"], "units delivered up to ten days before", row["delivered"] - theirs),
        (theirs, "units on all orders that may have been on their way, at most", theirs - row["ordered"]),
        (
            row["receipts"] or theirs,
            "units on Amazon's own receipts of these days",
            abs(theirs - (row["receipts"] or theirs)),
        ),
    )
    for (base, words, beyond), ours in zip(compared, (row["delivered"], row["ordered"], row["receipts"]), strict=True):
        if ours is not None and beyond > max(Decimal(terms.tolerance_units), base * terms.tolerance_percent / 100):
            return _draft(row, (f"{int(ours)} {words}", int(beyond)), source, (terms, ground))
    return None


def _draft(row: sa.RowMapping, ours: tuple[str, int], source: str, of: tuple[ReportTerms, Ground]) -> CaseDraft:
    (expected, beyond), (terms, ground) = ours, of
    days = f"from {row['first']:%Y-%m-%d} to {row['last']:%Y-%m-%d}"
    return CaseDraft(
        kind=KIND,
        subject=f"product {row['sku']} {source}",
        title=(
            f"Amazon {terms.marketplace} reports {int(row['theirs'])} units of {row['sku']} received; we know of {expected}"
        ),
        expected=expected,
        found=f"{int(row['theirs'])} net received units of {row['asin']} in Amazon's inventory reports {days}",
        money_at_risk=_worth(row, beyond, terms, ground),
        deadline=ground.now + timedelta(days=5),
        owner=OWNER,
        resolutions=(Resolution.DISMISS,),
        evidence=row["evidence"],
    )


def _worth(row: sa.RowMapping, units: int, terms: ReportTerms, ground: Ground) -> Money | None:
    """At the agreed cost, where it is the price of an each."""
    agreements = ground.partners[terms.partner].agreements
    by_each = {each.vendor_code for each in agreements if each.cost_basis is CostBasis.EACH and each.covers(ground.now)}
    if row["cost"] is None or row["vendor_code"] not in by_each:
        return None
    return UnitPrice(Decimal(row["cost"]), row["currency"]).times(units)


_UNITS = sa.text("""
WITH figures AS (
    SELECT asin, begins, (numbers ->> 'netReceivedInventoryUnits')::numeric AS units, evidence FROM trueup.vendor_figures
    WHERE holds AND kind = 'inventory' AND source = :source AND view = 'sourcing' AND program = :program
), span AS (
    SELECT max(begins) AS last, max(begins) - (:days - 1) * interval '1 day' AS first FROM figures
), counted AS (
    SELECT f.asin, sum(f.units) AS theirs, max(f.evidence) AS evidence, s.first, s.last
    FROM figures f JOIN span s ON f.begins BETWEEN s.first AND s.last
    WHERE (SELECT count(DISTINCT begins) FROM figures WHERE begins BETWEEN s.first AND s.last) = :days
    GROUP BY f.asin, s.first, s.last
), listed AS (
    SELECT asin, array_agg(DISTINCT sku) AS skus, (array_agg(sku ORDER BY sku, cost NULLS LAST))[1] AS sku,
        (array_agg(vendor_code ORDER BY sku, cost NULLS LAST))[1] AS vendor_code,
        (array_agg(cost ORDER BY sku, cost NULLS LAST))[1] AS cost,
        (array_agg(currency ORDER BY sku, cost NULLS LAST))[1] AS currency
    FROM trueup.listings WHERE vendor_code = ANY(:codes) AND asin IS NOT NULL GROUP BY asin
)
SELECT c.*, l.sku, l.vendor_code, l.cost, l.currency, coalesce(o.ordered, 0) AS ordered,
    coalesce(p.delivered, 0) AS delivered, p.receipts
FROM counted c JOIN listed l ON l.asin = c.asin
LEFT JOIN LATERAL (
    SELECT sum(n.eaches) AS ordered FROM trueup.order_lines n JOIN trueup.orders r ON r.id = n.order_id
    WHERE r.partner = :partner AND n.sku = ANY(l.skus) AND r.ordered_at BETWEEN c.first - CAST(:on_the_way AS interval) AND c.last
) o ON true
LEFT JOIN LATERAL (
    SELECT greatest(
            sum(quantity) FILTER (WHERE kind = 'delivered' AND day <= c.last::date - :within),
            sum(quantity) FILTER (WHERE kind = 'shipped' AND day <= c.last::date - 2 * :within)
        ) AS delivered,
        sum(quantity) FILTER (WHERE kind = 'received') AS receipts
    FROM trueup.proofs
    WHERE partner = :partner AND sku = ANY(l.skus) AND day BETWEEN c.first::date AND c.last::date
) p ON true
WHERE c.theirs IS NOT NULL
ORDER BY l.sku
""")

CHECK = Check(
    name="amazon-received-units",
    sources=("Amazon's inventory reports", "proofs of delivery, receipts, and the orders known here"),
    protects="from shortages that no invoice tells yet, and from orders that never came",
    owner=OWNER,
    tolerance="tolerance_units and tolerance_percent of [[partners.reports]], the larger",
    kinds=(KIND,),
    find=find_differences,
)
