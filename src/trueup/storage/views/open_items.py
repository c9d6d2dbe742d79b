"""What is open and what waits, as reconciliation needs them: items by key, and residue lines with the payment they stand in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trueup.domain.open_items import ItemKind, OpenItem, ResidueLine
from trueup.storage.remittances import line_of


@dataclass(frozen=True, slots=True)
class BookItem:
    """An open item and what it is in the books: an invoice by id, or a claim by its name and type."""

    item: OpenItem
    invoice: int | None = None
    claim: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Residue:
    """A line that waits in suspense, with its payment."""

    remittance_id: int
    source: str
    payment: str
    currency: str
    line: ResidueLine


def load_open_items(connection: sa.Connection, partner: str, currency: str) -> list[BookItem]:
    """Every open invoice, credit note and claim of a partner in one currency."""
    values = {"partner": partner, "currency": currency}
    items = [
        BookItem(
            OpenItem(
                f"invoice {row.id}",
                ItemKind.INVOICE,
                row.number,
                row.open,
                row.issued_on,
                row.purchase_order,
                "",
                row.credits,
            ),
            invoice=row.id,
        )
        for row in connection.execute(_INVOICES, values)
    ]
    items += [
        BookItem(
            OpenItem(f"claim {row.id}", ItemKind.CLAIM, row.claim.partition("/")[2], row.open, row.first_on),
            invoice=row.invoice_id,
            claim=row.claim,
            type=row.type,
        )
        for row in connection.execute(_CLAIMS, values)
    ]
    return items


_INVOICES = sa.text(
    "SELECT i.id, i.number, o.minor AS open, i.issued_on, i.purchase_order, i.credits FROM trueup.open_invoices o"
    " JOIN trueup.invoices i ON i.id = o.invoice_id WHERE o.partner = :partner AND o.currency = :currency"
)
_CLAIMS = sa.text(
    "SELECT id, claim, taken_minor - given_minor - lost_minor AS open, first_on, invoice_id, type FROM trueup.claims"
    " WHERE partner = :partner AND currency = :currency AND taken_minor > given_minor + lost_minor"
)


def load_residue(connection: sa.Connection, partner: str, kinds: Collection[str]) -> list[Residue]:
    """Every line of a partner that waits in cases of these kinds."""
    rows = connection.execute(_RESIDUE, {"partner": partner, "kinds": list(kinds)})
    return [_residue(row) for row in rows]


def _residue(row: sa.Row[Any]) -> Residue:
    line = ResidueLine.of(line_of(row._mapping), paid_on=row.paid_on)
    return Residue(row.remittance_id, row.source, row.payment, row.invoice_currency, line)


_RESIDUE = sa.text(
    "SELECT s.remittance_id, r.source, r.payment, r.invoice_currency, r.payee, r.paid_on, l.* FROM trueup.suspense s"
    " JOIN trueup.remittances r ON r.id = s.remittance_id"
    " JOIN trueup.remittance_lines l ON l.remittance_id = s.remittance_id AND l.source = r.source AND l.number = s.line"
    " WHERE s.partner = :partner AND s.line > 0 AND s.kind = ANY(:kinds) ORDER BY s.remittance_id, s.line"
)
