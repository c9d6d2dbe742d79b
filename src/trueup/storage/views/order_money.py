"""The money of one order: what was invoiced, less deductions, less what is open, is what was paid, with the rows behind each.

Two sources are held against each other: deductions as the books have them, payments as the lines of remittances tell them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.domain.amazon_invoices import PaymentDue, payment_due
from trueup.domain.invoices import normal_reference
from trueup.storage.amazon_invoices import witnesses_of
from trueup.storage.bulk import array_text
from trueup.storage.invoices import SavedInvoice
from trueup.storage.remittances import line_of

DISCOUNT, WITHHELD, ADJUSTED = "terms-discount", "withholding", "adjustment"
"""What a line keeps of what it settles: for early payment, for the tax office, by a reason code inside it."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A line of a payment about the order: `amount` deducted or paid, negative where it was given back, or taken."""

    remittance: int
    payment: str
    day: str
    line: int
    reference: str
    invoice: str
    type: str
    amount: Money
    evidence: str


@dataclass(frozen=True, slots=True)
class OrderMoney:
    """The money in one currency: `invoiced - deducted - open = paid`; `difference` is what does not add up."""

    invoiced: Money
    open: Money
    deducted: Money
    paid: Money
    deductions: tuple[Moved, ...]
    payments: tuple[Moved, ...]

    @property
    def difference(self) -> Money:
        """Zero where books and remittances agree."""
        return self.invoiced - self.deducted - self.open - self.paid


def load_money(connection: sa.Connection, billed: Sequence[SavedInvoice], receivable: str) -> list[OrderMoney]:
    """The money of the invoices for an order, currency by currency: never added. `receivable`: the account that they stand on."""
    names = {each.id: each.invoice.number for each in billed}
    values = {"invoices": array_text(names), "receivable": receivable}
    lines: defaultdict[tuple[int, int], list[Any]] = defaultdict(list)
    for row in connection.execute(_LINES, values).mappings() if names else ():
        lines[row["remittance_id"], row["source_line"]].append(row)
    moves = [_moves(rows, names) for rows in lines.values()]
    found = []
    for currency in sorted({each.invoice.total.currency for each in billed}):
        own = [each for each in billed if each.invoice.total.currency == currency]
        deductions, payments = (
            tuple(moved for each in moves for moved in each[side] if moved.amount.currency == currency)
            for side in (0, 1)
        )
        found.append(
            OrderMoney(
                invoiced=_sum((each.invoice.total for each in own), currency),
                open=_sum((each.open for each in own), currency),
                deducted=_sum((each.amount for each in deductions), currency),
                paid=_sum((each.amount for each in payments), currency),
                deductions=deductions,
                payments=payments,
            )
        )
    return found


def load_dues(connection: sa.Connection, billed: Sequence[SavedInvoice]) -> list[PaymentDue]:
    """When the open invoices of an order are to be paid: what is due first at the beginning, what nobody knows at the end."""
    is_open = [each.invoice for each in billed if each.open.minor > 0]
    if not is_open:
        return []
    said = witnesses_of(connection, is_open[0].partner, (each.number for each in is_open))
    words = {reference: each.said for reference, each in said.items()}
    found = [payment_due(each, words.get(normal_reference(each.number))) for each in is_open]
    return sorted(found, key=lambda each: (each.day is None, each.day or date.min, each.invoice))


def money_json(money: OrderMoney) -> dict[str, Any]:
    """It as plain values."""
    sums = {name: getattr(money, name) for name in ("invoiced", "open", "deducted", "paid", "difference")}
    return {**sums, "deductions": _rows(money.deductions), "payments": _rows(money.payments)}


def _rows(moved: Iterable[Moved]) -> list[dict[str, Any]]:
    return [{**asdict(each), "amount": each.amount} for each in moved]


def _moves(rows: Sequence[Mapping[Any, Any]], names: Mapping[int, str]) -> tuple[list[Moved], list[Moved]]:
    """What one line of a payment deducted, and what it paid.

    Of a line that is about this order alone it says so itself, with what it kept for discount, tax and reasons inside it. One that
    settles other things as well counts for the part that the books have of it here.
    """
    first = rows[0]
    line = line_of(first) if first["number"] is not None else None
    part = -sum(int(row["minor"]) for row in rows)
    deducted = [_moved(row, names, row["type"], row["minor"]) for row in rows if not row["settles"]]
    if line is None or line.settled != part:
        return deducted, [_moved(first, names, "", part)] if part else []
    kept = ((DISCOUNT, line.discount), (WITHHELD, line.withheld), (ADJUSTED, -sum(each.minor for each in line.carved)))
    deducted += [_moved(first, names, type_, minor) for type_, minor in kept if minor]
    return deducted, [_moved(first, names, "", line.paid)] if line.paid else []


def _moved(row: Mapping[Any, Any], names: Mapping[int, str], type_: str, minor: int) -> Moved:
    return Moved(
        remittance=row["remittance_id"],
        payment=row["payment"],
        day=row["paid_on"].isoformat(),
        line=row["source_line"],
        reference=row["reference"] or "",
        invoice=names[row["invoice_id"]],
        type=type_,
        amount=Money(int(minor), row["currency"]),
        evidence=row["line_evidence"] or row["evidence_of_payment"],
    )


def _sum(amounts: Iterable[Money], currency: str) -> Money:
    total = Money.zero(currency)
    for each in amounts:
        total += each
    return total


_LINES = sa.text("""
WITH about AS (
    SELECT e.remittance_id, l.source_line, l.invoice_id, l.currency, l.account = :receivable AS settles,
        CASE WHEN l.account = :receivable THEN '' ELSE l.type END AS type, sum(l.minor) AS minor
    FROM trueup.journal_lines l JOIN trueup.journal_entries e ON e.id = l.entry_id
    WHERE l.invoice_id = ANY (CAST(:invoices AS bigint[])) AND e.remittance_id IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(l.minor) <> 0
)
SELECT a.*, r.payment, r.paid_on, r.evidence AS evidence_of_payment, t.evidence AS line_evidence, t.number, t.reference, t.paid,
    t.discount, t.withheld, t.gross, t.remaining, t.invoice_day, t.description, t.kind, t.more, t.place
FROM about a
JOIN trueup.remittances r ON r.id = a.remittance_id
LEFT JOIN trueup.remittance_lines t
    ON t.remittance_id = a.remittance_id AND t.source = r.source AND t.number = a.source_line
ORDER BY r.paid_on, a.remittance_id, a.source_line, a.settles DESC, a.invoice_id
""")
"""By the index of lines about an invoice: what was taken back again has come to nothing, and is left out."""
