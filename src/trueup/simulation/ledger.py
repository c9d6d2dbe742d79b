"""The ledger as the auditor sees it: rows of the books' own tables, by SQL of the auditor's, through no view of Trueup's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Query = Callable[[str], Iterable[Sequence[Any]]]
"""Runs a query and gives its rows."""

_OF_PAYMENTS = (
    "FROM trueup.journal_lines l JOIN trueup.journal_entries e ON e.id = l.entry_id"
    " JOIN trueup.remittances r ON r.id = e.remittance_id"
)
_ROWS: dict[str, tuple[str, str]] = {
    "postings": (
        "partner payment account currency minor",
        (
            f"SELECT r.partner, r.payment, l.account, l.currency, sum(l.minor)::bigint {_OF_PAYMENTS}"
            " GROUP BY 1, 2, 3, 4 HAVING sum(l.minor) <> 0"
        ),
    ),
    "entries": (
        "key day currency lines minor",
        (
            "SELECT e.key, e.day::text, l.currency, count(*), sum(l.minor)::bigint FROM trueup.journal_entries e"
            " JOIN trueup.journal_lines l ON l.entry_id = e.id GROUP BY 1, 2, 3"
        ),
    ),
    "closed": (
        "month closed_by approved_by entries after",
        (
            "SELECT m.month::text, m.closed_by, m.approved_by, count(e.id), count(e.id) FILTER (WHERE e.posted_at > m.closed_at)"
            " FROM trueup.closed_months m LEFT JOIN trueup.journal_entries e"
            " ON date_trunc('month', e.day::timestamp)::date = m.month GROUP BY m.month, m.closed_by, m.approved_by"
        ),
    ),
    "balances": (
        "account currency minor",
        "SELECT account, currency, sum(minor)::bigint FROM trueup.journal_lines GROUP BY 1, 2 HAVING sum(minor) <> 0",
    ),
    "suspense": (
        "partner payment line reference minor currency kind subject",
        (
            "SELECT s.partner, r.payment, s.line, s.reference, s.minor, s.currency, s.kind, s.subject FROM trueup.suspense s"
            " JOIN trueup.remittances r ON r.id = s.remittance_id"
        ),
    ),
    "cases": (
        "kind subject minor currency",
        "SELECT kind, subject, risk_minor, risk_currency FROM trueup.cases WHERE state = 'open'",
    ),
    "claims": (
        "partner claim currency minor",
        "SELECT partner, claim, currency, taken_minor - given_minor - lost_minor FROM trueup.claims",
    ),
    "invoices": (
        "partner number currency minor",
        (
            "SELECT i.partner, i.number, i.currency, coalesce(o.minor, 0) FROM trueup.invoices i"
            " LEFT JOIN trueup.open_invoices o ON o.invoice_id = i.id"
        ),
    ),
    "payments": (
        "partner payment posting amount currency lines sources",
        (
            "SELECT r.partner, r.payment, r.posting, r.amount_minor, r.currency, r.line_count, (SELECT string_agg(t.source, ' '"
            " ORDER BY t.source) FROM trueup.remittance_tellings t WHERE t.remittance_id = r.id) FROM trueup.remittances r"
        ),
    ),
}


def read_ledger(query: Query, accounts: Mapping[str, str]) -> dict[str, Any]:
    """Everything the statements about the books compare, as plain rows. `accounts`: what each account is for."""
    ledger: dict[str, Any] = {"accounts": dict(accounts)}
    for name, (columns, text) in _ROWS.items():
        names = columns.split()
        ledger[name] = [dict(zip(names, row, strict=True)) for row in query(text)]
    return ledger
