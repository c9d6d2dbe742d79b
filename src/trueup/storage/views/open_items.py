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
    items = [_invoice(row) for row in connection.execute(_INVOICES, values)]
    return items + [_claim(row) for row in connection.execute(_CLAIMS, values)]


def load_items(
    connection: sa.Connection, partner: str, currency: str, keys: Collection[str], *, lock: bool = False
) -> dict[str, BookItem]:
    """Those of these keys that are open, by key; locked to be settled. Unlike all of them, each with the vendor code it is of."""
    wanted: dict[str, list[int]] = {"invoice": [], "claim": []}
    for key in keys:
        kind, _, number = key.partition(" ")
        if kind in wanted and number.isdecimal() and len(number) < 19:
            wanted[kind].append(int(number))
    values = {"partner": partner, "currency": currency}
    found: list[BookItem] = []
    if wanted["invoice"]:
        query = sa.text(f"{_INVOICES} AND i.id = ANY(:ids) ORDER BY i.id{' FOR UPDATE OF o' if lock else ''}")
        found += [_invoice(row, row.payee) for row in connection.execute(query, {**values, "ids": wanted["invoice"]})]
    if wanted["claim"]:
        query = sa.text(f"{_CLAIMS} AND id = ANY(:ids) ORDER BY id{' FOR UPDATE' if lock else ''}")
        found += [_claim(row) for row in connection.execute(query, {**values, "ids": wanted["claim"]})]
    return {each.item.key: each for each in found}


def find_items(
    connection: sa.Connection, partner: str, currency: str, sought: tuple[str, int | None], limit: int = 20
) -> list[BookItem]:
    """Open items whose number, purchase order or claim has these words in it, or whose open amount is so many minor units.

    Without words the amount alone selects: no words are in every number.
    """
    words, minor = sought
    like = f"%{_escaped(words)}%" if words else None
    values = {"partner": partner, "currency": currency, "words": like, "minor": minor, "limit": limit}
    invoices = sa.text(
        f"{_INVOICES} AND (i.number ILIKE CAST(:words AS text) OR i.purchase_order ILIKE CAST(:words AS text)"
        " OR abs(o.minor) = :minor)"
        " ORDER BY abs(o.minor) = :minor DESC NULLS LAST, i.issued_on DESC, i.id LIMIT :limit"
    )
    claims = sa.text(
        f"{_CLAIMS} AND (claim ILIKE CAST(:words AS text) OR taken_minor - given_minor - lost_minor = :minor)"
        " ORDER BY first_on DESC, id LIMIT :limit"
    )
    found = [_invoice(row, row.payee) for row in connection.execute(invoices, values)]
    return [*found, *(_claim(row) for row in connection.execute(claims, values))][:limit]


def _escaped(words: str) -> str:
    """Words in which nothing stands for other words."""
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _invoice(row: sa.Row[Any], payee: str = "") -> BookItem:
    order, about = row.purchase_order, row.credits
    key = f"invoice {row.id}"
    return BookItem(
        OpenItem(key, ItemKind.INVOICE, row.number, row.open, row.issued_on, order, payee, about), invoice=row.id
    )


def _claim(row: sa.Row[Any]) -> BookItem:
    item = OpenItem(f"claim {row.id}", ItemKind.CLAIM, row.claim.partition("/")[2], row.open, row.first_on)
    return BookItem(item, invoice=row.invoice_id, claim=row.claim, type=row.type)


_INVOICES = sa.text(
    "SELECT i.id, i.number, i.payee, o.minor AS open, i.issued_on, i.purchase_order, i.credits FROM trueup.open_invoices o"
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
