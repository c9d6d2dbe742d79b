"""Our invoices as a CSV for import: a row a line of each invoice, or a row an invoice where its lines are not known."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from trueup.simulation.remittances.records import Invoice
from trueup.simulation.remittances.writers.amounts import plain

_COLUMNS = ("number", "partner", "payee", "issued", "due", "currency", "total", "tax", "purchase_order")
_LINE_COLUMNS = ("line", "sku", "asin", "quantity", "price", "amount")


def write_invoices(path: Path, invoices: Iterable[Invoice], with_lines: bool = True) -> Path:
    """Write invoices into a file. Rows are never held."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*_COLUMNS, *_LINE_COLUMNS) if with_lines else _COLUMNS)
        for invoice in invoices:
            writer.writerows(_rows(invoice))
    return path


def _rows(invoice: Invoice) -> Iterator[tuple[str | int, ...]]:
    market = invoice.market
    head = (
        invoice.number, market.partner, market.payee, invoice.issued_on.isoformat(), invoice.due_on.isoformat(),
        market.currency, plain(invoice.total), plain(invoice.tax), invoice.purchase_order,
    )  # fmt: skip
    if not invoice.items:
        yield head
    for number, item in enumerate(invoice.items, 1):
        yield (*head, number, item.sku, item.asin, item.quantity, plain(item.price), plain(item.amount))
