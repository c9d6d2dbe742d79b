"""What profit is computed of: invoice lines by SKU, and what was deducted in the same days, with the invoice it is about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from trueup.domain.profit import NO_SKU, Part, Sold, Taken


def load_sold(connection: sa.Connection, since: date, until: date) -> list[Sold]:
    """What invoices issued on these days (both included) bill, by channel and SKU, without tax.

    What an invoice bills beyond its lines (freight, rounding, all of one without lines) belongs to no SKU.
    """
    values = {"since": since, "until": until}
    found = [
        Sold(row.partner, row.payee, row.sku, row.currency, int(row.minor), int(row.units))
        for row in connection.execute(_LINES, values)
    ]
    billed: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for each in found:
        billed[each.partner, each.payee, each.currency] -= each.minor
    for row in connection.execute(_TOTALS, values):
        billed[row.partner, row.payee, row.currency] += int(row.minor)
    rest = [
        Sold(partner, payee, NO_SKU, currency, minor, 0)
        for (partner, payee, currency), minor in billed.items()
        if minor
    ]
    return [*found, *rest]


_LINES = sa.text(
    "SELECT i.partner, i.payee, i.currency, x.line ->> 'sku' AS sku, sum((x.line -> 'amount' ->> 'minor')::bigint) AS minor,"
    " sum((x.line ->> 'quantity')::bigint) AS units FROM trueup.invoices i"
    " CROSS JOIN LATERAL jsonb_array_elements(i.lines) AS x(line) WHERE i.issued_on BETWEEN :since AND :until"
    " GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
)
_TOTALS = sa.text(
    "SELECT partner, payee, currency, sum(total_minor - tax_minor) AS minor FROM trueup.invoices"
    " WHERE issued_on BETWEEN :since AND :until GROUP BY 1, 2, 3"
)


def load_taken(connection: sa.Connection, since: date, until: date, parts: Mapping[str, Part]) -> list[Taken]:
    """What was booked on these days to accounts that reduce the margin: by invoice where it is about one, else by channel.

    A discount is about the invoice of its own line of the payment.
    """
    values = {"since": since, "until": until, "accounts": list(parts), "parts": [part.value for part in parts.values()]}
    return [
        Taken(row.partner, row.payee, Part(row.part), row.currency, int(row.minor), weights_of(row.lines))
        for row in connection.execute(_TAKEN, values)
    ]


TAKEN_LINES = (
    "WITH period AS (SELECT e.id, e.day, e.kind, e.key, r.partner, r.payee FROM trueup.journal_entries e"
    " LEFT JOIN trueup.remittances r ON r.id = e.remittance_id WHERE e.day BETWEEN :since AND :until AND e.kind <> 'invoice'),"
    " about AS (SELECT l.entry_id, l.source_line, min(l.invoice_id) AS invoice_id FROM trueup.journal_lines l"
    " JOIN period p ON p.id = l.entry_id WHERE l.invoice_id IS NOT NULL AND l.source_line > 0 GROUP BY 1, 2),"
    " lines AS (SELECT l.entry_id, l.number, p.day, p.kind, p.key, p.partner, p.payee, a.part, l.currency, l.minor,"
    " coalesce(l.invoice_id, s.invoice_id) AS invoice_id FROM trueup.journal_lines l JOIN period p ON p.id = l.entry_id"
    " JOIN unnest(CAST(:accounts AS text[]), CAST(:parts AS text[])) AS a(account, part) ON a.account = l.account"
    " LEFT JOIN about s ON s.entry_id = l.entry_id AND s.source_line = l.source_line),"
    " taken AS (SELECT entry_id, number, day, part, currency, minor, invoice_id,"
    " CASE WHEN invoice_id IS NULL THEN coalesce(partner, CASE WHEN kind = 'write-off'"
    " THEN split_part(substr(key, 11), '/', 1) ELSE '' END) END AS partner,"
    " CASE WHEN invoice_id IS NULL THEN coalesce(payee, '') END AS payee FROM lines)"
)
"""A line each of what was taken in a period: of which channel, or of which invoice."""
_TAKEN = sa.text(
    TAKEN_LINES
    + " SELECT coalesce(i.partner, g.partner) AS partner, coalesce(i.payee, g.payee) AS payee, g.part, g.currency, g.minor,"
    " i.lines FROM (SELECT partner, payee, part, currency, invoice_id, sum(minor) AS minor FROM taken"
    " GROUP BY 1, 2, 3, 4, 5 HAVING sum(minor) <> 0) AS g"
    " LEFT JOIN trueup.invoices i ON i.id = g.invoice_id ORDER BY 1, 2, 3, 4, g.invoice_id"
)


def weights_of(lines: Sequence[Mapping[str, Any]] | None) -> tuple[tuple[str, int], ...]:
    """What each SKU of an invoice bears of what is taken of it: its amount, whatever its sign."""
    weights: defaultdict[str, int] = defaultdict(int)
    for line in lines or ():
        weights[line["sku"]] += abs(line["amount"]["minor"])
    return tuple(sorted(weights.items()))


def load_waiting(connection: sa.Connection, until: date, accounts: Sequence[str]) -> list[tuple[str, str, int]]:
    """What is not in the margin yet at the end of a day: balances of accounts (code, currency, minor units)."""
    rows = connection.execute(_BALANCES, {"until": until, "accounts": list(accounts)})
    return [(row.account, row.currency, int(row.minor)) for row in rows]


_BALANCES = sa.text(
    "SELECT s.account, s.currency, sum(s.minor) AS minor FROM trueup.journal_sums s"
    " JOIN trueup.journal_entries e ON e.id = s.entry_id WHERE e.day <= :until AND s.account = ANY(:accounts)"
    " GROUP BY 1, 2 HAVING sum(s.minor) <> 0 ORDER BY 1, 2"
)


def load_shop_orders(connection: sa.Connection, since: date, until: date) -> dict[tuple[str, str], int]:
    """How many of each vendor code's purchase orders of these days the shop holds as orders of its own, by (partner, code)."""
    rows = connection.execute(_SHOP, {"since": since, "until": until})
    return {(row.partner, row.vendor_code): row.orders for row in rows}


_SHOP = sa.text(
    "SELECT o.partner, o.vendor_code, count(*) AS orders FROM trueup.sales_orders s JOIN trueup.orders o ON o.id = s.order_id"
    " WHERE (o.ordered_at AT TIME ZONE 'UTC')::date BETWEEN :since AND :until GROUP BY 1, 2 ORDER BY 1, 2"
)
