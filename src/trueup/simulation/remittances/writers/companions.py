"""The exports that stand beside the payments in the portal: payables ready for deduction, and the invoices as Amazon sees them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from trueup.simulation.remittances.causes import MARKETS
from trueup.simulation.remittances.invoicing import NET_DAYS
from trueup.simulation.remittances.records import Line, Market, Payment, Period
from trueup.simulation.remittances.writers.amounts import plain

_TYPES = {
    "chargeback": "Chargeback",
    "return": "Product Returns",
    "co-op": "Contra COGS",
    "damage-allowance": "Contra COGS",
    "freight-allowance": "Contra COGS",
    "defect-allowance": "Contra COGS",
}
_PAYABLES = (
    "Vendor code",
    "Transaction number",
    "Transaction date",
    "Type",
    "Invoice amount",
    "Deducted amount",
    "Balance",
)
_INVOICES = (
    "Marketplace", "Invoice Date", "Payment Due date", "Status", "Actual Paid Amount", "Payee", "Creation Date",
    "Invoice number", "Price", "Any Deductions",
)  # fmt: skip


def write_companions(folder: Path, period: Period) -> list[Path]:
    """Write both companions of every market that was paid in a period."""
    written = []
    for market in MARKETS:
        paid = [payment for payment in period.payments if payment.market is market and payment.state == "paid"]
        if not paid:
            continue
        payables, invoices = (
            folder / f"payables-{market.name}-{period.name}.csv",
            folder / f"invoices-{market.name}-{period.name}.csv",
        )
        with payables.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerows((("Your payables - ready for deduction",), (), _PAYABLES))
            writer.writerows(_payables(paid))
        with invoices.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow(_INVOICES)
            writer.writerows(_invoices(paid, market))
        written += [payables, invoices]
    return written


def _payables(payments: list[Payment]) -> Iterator[tuple[str, ...]]:
    """Each row ends in an empty field, as the portal's do."""
    for payment in payments:
        for line in payment.lines:
            if line.cause in _TYPES and not line.standalone:
                amount = plain(-line.paid)
                day = f"{line.invoice_day or payment.paid_on:%m/%d/%Y}"
                yield (payment.market.payee, line.reference, day, _TYPES[line.cause], amount, amount, "0.00", "")


def _invoices(payments: list[Payment], market: Market) -> Iterator[tuple[str, ...]]:
    for payment in payments:
        claimed = {number for line in payment.lines if line.chain for number, _ in line.parts}
        for line in payment.lines:
            if line.cause == "invoice":
                yield _invoice_row(line, payment, market, line.parts[0][0] in claimed)


def _invoice_row(line: Line, payment: Payment, market: Market, claimed: bool) -> tuple[str, ...]:
    issued = line.invoice_day or payment.paid_on
    due = issued + timedelta(days=NET_DAYS)
    return (
        market.name, f"{issued:%m/%d/%Y}", f"{due:%m/%d/%Y}", "Paid", plain(line.paid), market.payee, f"{issued:%m/%d/%Y}",
        line.parts[0][0], plain(line.gross), "Yes" if claimed else "No",
    )  # fmt: skip
