"""Remittances and invoices as files of a test: a save of Vendor Central's export, and invoices as CSV."""

from __future__ import annotations

from pathlib import Path

from tests.cli.seeded import CommandLine

BY = ("--by", "Bo Admin")
PAYMENTS = (
    "Payment Number,Payment Date,Invoice Currency,Amount in Invoice Currency,Payment Currency,Amount in Payment Currency,"
    "Payee"
)
LINES = (
    "Payment Number,Invoice Number,Invoice Date,Invoice Description,Invoice Amount,Terms Discount Taken,Amount Paid,"
    "Amount Remaining"
)


def export(*payments: str, lines: tuple[str, ...]) -> str:
    """The export: payments (`number,amount`, with a day if it is not the usual one) above their lines."""
    rows = [PAYMENTS]
    for each in payments:
        number, amount, *day = each.split(",")
        rows.append(f"{number},{day[0] if day else '10/15/2026'},USD,{amount},USD,{amount},NORDA")
    return "\n".join([*rows, "", LINES, *lines, ""])


def line(payment: str, reference: str, paid: str, *, discount: str = "0.00", description: str = "") -> str:
    """A line of the lower table."""
    return f"{payment},{reference},09/01/2026,{description},{paid},{discount},{paid},0.00"


def invoices(*rows: str) -> str:
    """Invoices of `number,total` to amazon-us."""
    return "\n".join(
        ["number,partner,payee,issued,due,currency,total", *(_invoice(*each.split(",")) for each in rows), ""]
    )


def _invoice(number: str, total: str) -> str:
    return f"{number},amazon-us,NORDA,2026-09-01,2026-11-30,USD,{total}"


def write(trueup: CommandLine, text: str, name: str = "Payments.csv") -> str:
    """A file in the installation's folder; returns its path."""
    path: Path = trueup.folder / name
    path.write_text(text)
    return str(path)


USUAL = export(
    "700100,1380.00",
    lines=(
        line("700100", "INV-1", "980.00", discount="20.00"),
        line("700100", "INV-2", "500.00"),
        line("700100", "INV-1SC", "-90.00"),
        line("700100", "XQZ 77 WHAT", "-10.00"),
    ),
)
"""A payment that ties: two invoices, a terms discount, a shortage claim, and a line nobody knows."""


def with_books(trueup: CommandLine) -> None:
    """Two invoices, and the usual payment about them."""
    known = write(trueup, invoices("INV-1,1000.00", "INV-2,500.00"), "invoices.csv")
    assert trueup("invoices", "import", known, *BY).code == 0
    assert trueup("remittances", "import", write(trueup, USUAL), *BY).code == 1
