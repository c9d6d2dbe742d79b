"""The remittance advice that Amazon mails: as text, as HTML and as PDF, in both of its layouts. Long invoice numbers wrap."""

from __future__ import annotations

import html
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from reportlab.pdfgen.canvas import Canvas

from trueup.simulation.remittances.records import Line, Payment
from trueup.simulation.remittances.writers.amounts import grouped

_WIDTHS = (20, 13, 34, 15, 15, 16)
_WRAPS_AT = 18
_LINES_A_PAGE = 50
_MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
_FULL_MONTHS = "January February March April May June July August September October November December".split()


@dataclass(frozen=True, slots=True)
class Layout:
    """One of the two: which of discount and amount stands first, how days and what is below zero are written."""

    columns: tuple[str, ...]
    paid_first: bool
    parentheses: bool
    total: bool

    def day(self, day: date) -> str:
        """11-JUL-2025, or May 20, 2025."""
        if self.paid_first:
            return f"{_FULL_MONTHS[day.month - 1][:3]} {day.day}, {day.year}"
        return f"{day.day:02d}-{_MONTHS[day.month - 1]}-{day.year}"

    def amount(self, minor: int) -> str:
        """1,234.56, or below zero (1,234.56) or -1,234.56."""
        text = grouped(abs(minor))
        if minor >= 0:
            return text
        return f"({text})" if self.parentheses else f"-{text}"


_FIRST = ("Invoice Number", "Invoice Date", "Invoice description", "Discount Taken", "Amount Paid", "Amount Remaining")
_SECOND = ("Invoice Number", "Invoice Date", "Invoice description", "Amount Paid", "Discount Taken", "Amount Remaining")
LAYOUTS = (Layout(_FIRST, False, True, False), Layout(_SECOND, True, False, True))


def write_advice(folder: Path, payment: Payment, misstated: int = 0, turn: int = 0) -> Path:
    """Write the advice of a payment; by `turn` as text, HTML or PDF, in one of the layouts."""
    layout, kind = LAYOUTS[turn % 2], ("txt", "html", "pdf")[turn % 3]
    writer = {"txt": advice_text, "html": advice_html, "pdf": advice_pdf}[kind]
    path = folder / f"advice-{payment.market.name}-{payment.number}.{kind}"
    path.write_bytes(writer(payment, layout, misstated))
    return path


def advice_text(payment: Payment, layout: Layout, misstated: int = 0) -> bytes:
    """The text of the mail: a heading and a table in columns."""
    rows = [f"{name}: {value}" for name, value in _heading(payment, layout)]
    rows += ["", *_table(payment, layout, misstated)]
    return ("Remittance Advice\n\n" + "\n".join(rows) + "\n").encode()


def advice_html(payment: Payment, layout: Layout, misstated: int = 0) -> bytes:
    """The HTML of the mail: the first table is the heading, the second has the lines."""
    heading = "".join(_html_row((f"{name}:", value)) for name, value in _heading(payment, layout))
    lines = _html_row(layout.columns, "th") + "".join(_html_row(row) for row in _rows(payment, layout, misstated))
    body = f"<table>\n{heading}</table>\n<table border=1>\n{lines}</table>"
    page = f"<html><head><title>Remittance Advice</title></head>\n<body>\n<p>Remittance Advice</p>\n{body}\n</body></html>\n"
    return page.encode()


def advice_pdf(payment: Payment, layout: Layout, misstated: int = 0) -> bytes:
    """The PDF: the text's lines in a typewriter face, fifty a page; the same bytes for the same payment."""
    buffer = io.BytesIO()
    page = Canvas(buffer, pagesize=(792, 612), invariant=True)
    lines = advice_text(payment, layout, misstated).decode().splitlines()
    for start in range(0, len(lines), _LINES_A_PAGE):
        page.setFont("Courier", 9)
        for place, line in enumerate(lines[start : start + _LINES_A_PAGE]):
            page.drawString(36, 576 - 11 * place, line)
        page.showPage()
    page.save()
    return buffer.getvalue()


def _heading(payment: Payment, layout: Layout) -> Sequence[tuple[str, str]]:
    market = payment.market
    return (
        ("Payment made to", f"RIVERSIDE WARES({market.payee})"),
        ("Our Supplier No", f"70{sum(map(ord, market.payee)):04d}"),
        ("Supplier site name", market.payee),
        ("Payment number", payment.number),
        ("Payment date", layout.day(payment.paid_on)),
        ("Payment currency", market.pays_in),
        ("Payment amount", layout.amount(payment.amount)),
    )


def _table(payment: Payment, layout: Layout, misstated: int) -> Iterator[str]:
    yield _columns(layout.columns)
    for row in _rows(payment, layout, misstated):
        number, *rest = row
        pieces = [number[start : start + _WRAPS_AT] for start in range(0, len(number), _WRAPS_AT)]
        yield _columns((pieces[0], *rest))
        yield from pieces[1:]


def _rows(payment: Payment, layout: Layout, misstated: int) -> Iterator[tuple[str, ...]]:
    wrong = next((line for line in payment.shown if line.cause == "invoice"), None) if misstated else None
    for line in payment.shown:
        yield _row(line, payment, layout, misstated if line is wrong else 0)
    if layout.total:
        paid = sum(line.paid for line in payment.shown) + misstated
        discount = sum(line.discount for line in payment.shown)
        yield _in_order("Total", "", "", (paid, discount, 0), layout)


def _row(line: Line, payment: Payment, layout: Layout, misstated: int) -> tuple[str, ...]:
    amounts = (line.paid + misstated, line.discount, line.remaining)
    return _in_order(line.reference, layout.day(line.invoice_day or payment.paid_on), line.description, amounts, layout)


def _in_order(number: str, day: str, words: str, amounts: tuple[int, int, int], layout: Layout) -> tuple[str, ...]:
    paid, discount, remaining = (layout.amount(minor) for minor in amounts)
    return (number, day, words, *((paid, discount) if layout.paid_first else (discount, paid)), remaining)


def _columns(cells: Sequence[str]) -> str:
    """Text to the left, amounts to the right, at least two spaces apart."""
    shown = [
        f"{cell:<{width}}" if place < 3 else f"{cell:>{width}}"
        for place, (cell, width) in enumerate(zip(cells, _WIDTHS, strict=True))
    ]
    return "  ".join(shown).rstrip()


def _html_row(cells: Sequence[str], tag: str = "td") -> str:
    return f"<tr>{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells)}</tr>\n"
