"""Credit notes in the journal, which is their register: what is kept of invoices, what was credited of it, and the notes made."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.domain.credit_notes import GROSS, KIND, TAX, Credited, Kept

PREFIX = "credit-note "
"""How the key of a note's entry begins; its number follows."""


def load_kept(connection: sa.Connection, partner: str, payee: str, accounts: Collection[str]) -> list[Kept]:
    """What stands on these accounts of a payee's invoices. A line without an invoice of its own belongs to the one it names."""
    values = {
        "partner": partner,
        "payee": payee,
        "accounts": sorted(accounts),
        "kind": KIND,
        "gross": GROSS,
        "tax": TAX,
    }
    return [
        Kept(
            Credited(
                row.id,
                row.partner,
                row.payee,
                row.number,
                row.purchase_order,
                row.issued_on,
                row.currency,
                row.total_minor,
                row.tax_minor,
            ),
            row.account,
            int(row.kept),
            int(row.credited),
            int(row.taxed),
        )
        for row in connection.execute(_KEPT, values)
    ]


# The tax of a note is told once an invoice and account: its entry names the account in its first line, the tax in its third.
_KEPT = sa.text("""
WITH named AS (
    SELECT e.kind, l.entry_id, l.source_line, l.account, l.minor, coalesce(l.invoice_id, i.id) AS invoice_id
    FROM trueup.journal_lines l JOIN trueup.journal_entries e ON e.id = l.entry_id
        LEFT JOIN trueup.remittances r ON r.id = e.remittance_id
        LEFT JOIN trueup.invoices i ON l.invoice_id IS NULL AND i.partner = r.partner
            AND i.reference = upper(regexp_replace(l.reference, '[[:space:]_*/.-]+', '', 'g'))
    WHERE l.account = ANY(:accounts)
)
SELECT i.id, i.partner, i.payee, i.number, i.purchase_order, i.issued_on, i.currency, i.total_minor, i.tax_minor, n.account,
    coalesce(sum(n.minor) FILTER (WHERE n.kind <> :kind), 0) AS kept,
    -coalesce(sum(n.minor) FILTER (WHERE n.kind = :kind AND n.source_line = :gross), 0) AS credited,
    coalesce((SELECT sum(t.minor) FROM trueup.journal_lines t WHERE t.source_line = :tax AND t.entry_id = ANY(
        array_agg(n.entry_id) FILTER (WHERE n.kind = :kind AND n.source_line = :gross))), 0) AS taxed
FROM named n JOIN trueup.invoices i ON i.id = n.invoice_id
WHERE i.partner = :partner AND i.payee = :payee
GROUP BY i.id, n.account ORDER BY i.issued_on, i.id, n.account
""")


def numbers_used(connection: sa.Connection) -> list[str]:
    """The numbers of all notes."""
    query = sa.text("SELECT key FROM trueup.journal_entries WHERE kind = :kind ORDER BY id")
    return [str(key).removeprefix(PREFIX) for key in connection.execute(query, {"kind": KIND}).scalars()]


def list_credit_notes(
    connection: sa.Connection, *, partner: str | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Notes that were issued, the latest first, each with the invoice and the order it is about."""
    rows = connection.execute(_NOTES, {"kind": KIND, "gross": GROSS, "tax": TAX, "partner": partner, "limit": limit})
    return [
        {
            "number": row.key.removeprefix(PREFIX),
            "day": row.day.isoformat(),
            "partner": row.partner,
            "invoice": row.number,
            "purchase_order": row.purchase_order,
            "account": row.account,
            "gross": str(Money(int(row.gross), row.currency)),
            "tax": str(Money(int(row.tax), row.currency)),
            "net": str(Money(int(row.gross - row.tax), row.currency)),
            "by": row.actor,
        }
        for row in rows
    ]


_NOTES = sa.text("""
SELECT e.key, e.day, e.actor, i.partner, i.number, i.purchase_order, i.currency, g.account, -g.minor AS gross,
    coalesce(t.minor, 0) AS tax
FROM trueup.journal_entries e JOIN trueup.journal_lines g ON g.entry_id = e.id AND g.source_line = :gross
    JOIN trueup.invoices i ON i.id = g.invoice_id LEFT JOIN trueup.journal_lines t ON t.entry_id = e.id AND t.source_line = :tax
WHERE e.kind = :kind AND (CAST(:partner AS text) IS NULL OR i.partner = :partner) ORDER BY e.id DESC LIMIT :limit
""")
