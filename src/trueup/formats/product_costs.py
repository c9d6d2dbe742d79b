"""What a unit of each product costs us, as a table of sku, cost and currency: for margins, and for nothing else.

It is not the agreed cost of the item master, which is what a buyer pays us.
"""

from __future__ import annotations

from trueup.base.ids import digest_of
from trueup.base.money import UnitPrice, check_currency
from trueup.formats.document import Reading
from trueup.formats.tabular import Column, Findings, Layout, decimal, read_table, text

NAME = "product-costs"
_LAYOUT = Layout(
    "Product costs",
    (
        Column("sku", text, needed=True),
        Column("cost", decimal("."), needed=True, aliases=("unit_cost", "cogs")),
        Column("currency", check_currency, needed=True),
    ),
    unique=("sku",),
)


def read_product_costs(content: bytes) -> Reading[tuple[str, UnitPrice]]:
    """The cost of a unit by SKU, and a finding for every row that is not taken. Raises Unreadable when it is no such table."""
    table = read_table(content, _LAYOUT)
    findings = Findings(list(table.findings))
    found = []
    for row in table.rows:
        cost = row.values["cost"]
        if cost < 0:
            words = f"{row.values['sku']}: cost {cost} is negative; expected zero or more"
            findings.add("row", words, row.location("cost"))
            continue
        found.append((row.values["sku"], UnitPrice(cost, row.values["currency"])))
    return Reading(digest_of(content), NAME, tuple(found), findings.all())
