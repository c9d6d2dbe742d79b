"""Workbooks: what Excel makes of an export is read to the cent, and what only pretends to be a workbook is refused in words."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import pytest
import xlsxwriter
from reportlab.pdfgen.canvas import Canvas

from trueup.base.errors import Unreadable
from trueup.formats.recognise import HEAD_BYTES, known_formats, recognise
from trueup.formats.remittance import _workbook
from trueup.formats.remittance.advice import read_advice
from trueup.formats.remittance.portal_export import FORMAT, read_portal_export

PAYMENTS = (
    "Payment Number", "Payment Date", "Invoice Currency", "Amount in Invoice Currency", "Payment Currency",
    "Amount in Payment Currency",
)  # fmt: skip
LINES = ("Payment Number", "Invoice Number", "Invoice Date", "Amount Paid")


def workbook(
    *rows: Sequence[Any], at: tuple[int, int] = (0, 0), sheets: int = 1, options: dict[str, Any] | None = None
) -> bytes:
    """The rows in the last of so many sheets, from a cell on."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, options or {})
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    for number in range(sheets - 1):
        book.add_worksheet(f"Notes {number}").write(0, 0, "nothing")
    sheet = book.add_worksheet("Remittance payments")
    for place, row in enumerate(rows):
        for column, cell in enumerate(row):
            if isinstance(cell, datetime):
                sheet.write_datetime(at[0] + place, at[1] + column, cell, day)
            else:
                sheet.write(at[0] + place, at[1] + column, cell)
    book.close()
    return content.getvalue()


def repacked(content: bytes, **parts: bytes) -> bytes:
    """The same archive with other parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, part in parts.items():
            new.writestr(name, part)
    return out.getvalue()


ROWS = (
    PAYMENTS,
    (1234567890.0, datetime.combine(date(2026, 10, 31), time()), "USD", 1234.56, "USD", 1234.56),
    ("00042", 46326, "USD", 0.3, "USD", 0.3),
    ("Payment Number", 42),
    ("Invoices",),
    LINES,
    (1234567890.0, 4711.0, datetime.combine(date(2026, 10, 1), time()), 1300.1),
    (1234567890.0, "INV-2SC", 46297.0, -65.54),
    ("00042", "INV-3", "", 0.3000001),
    ("00042", 1234567890123456789.0, "", 0.1),
)


@pytest.mark.parametrize("at", [(0, 0), (7, 3)])
def test_cells_with_types_are_read_exactly(at: tuple[int, int]) -> None:
    """Numbers by their shortest digits, serial days, references without a point; a sum that a float spoilt is refused."""
    content = workbook(*ROWS, at=at, sheets=2)
    assert recognise(content[:HEAD_BYTES], known_formats()) is FORMAT
    reading = read_portal_export(content)
    big, small = reading.values
    assert (big.payment, big.paid_on, str(big.amount)) == ("1234567890", date(2026, 10, 31), "1234.56 USD")
    assert [(line.reference, line.paid, line.invoice_day) for line in big.lines] == [
        ("4711", 130010, date(2026, 10, 1)),
        ("INV-2SC", -6554, date(2026, 10, 2)),
    ]
    assert not big.tie
    assert (small.payment, small.paid_on, small.amount.minor) == ("00042", date(2026, 10, 31), 30)
    assert [line.number for line in small.lines] == [2]
    codes = {finding.code: str(finding) for finding in reading.findings}
    assert "0.3000001" in codes["cell"]
    assert f"sheet Remittance payments, row {at[0] + 9}, column Amount Paid" in codes["cell"]
    assert {"digits-lost", "hidden-items"} <= codes.keys()


def test_days_are_counted_from_1904_where_the_workbook_says_so() -> None:
    """Serial 44864 is the same day there as 46326 elsewhere."""
    content = workbook(PAYMENTS, ("1", 44864, "USD", 5, "USD", 5), options={"date_1904": True})
    assert [value.paid_on for value in read_portal_export(content).values] == [date(2026, 10, 31)]


def test_macros_are_refused() -> None:
    """A remittance has none."""
    with pytest.raises(Unreadable, match=r"macros"):
        read_portal_export(repacked(workbook(*ROWS), **{"xl/vbaProject.bin": b"x"}))


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """However little a part claims to be, what it unpacks to is counted."""
    monkeypatch.setattr(_workbook, "LARGEST_UNPACKED_BYTES", 3_000_000)
    bomb = repacked(workbook(*ROWS), **{"xl/worksheets/sheet1.xml": b" " * 4_000_000})
    with pytest.raises(Unreadable, match=r"unpacks to more than 3000000 bytes"):
        read_portal_export(bomb)
    lying = bytearray(bomb)
    size = (4_000_000).to_bytes(4, "little")
    for _ in range(lying.count(size)):
        lying[(at := lying.index(size)) : at + 4] = (10).to_bytes(4, "little")
    with pytest.raises(Unreadable, match=r"unpacks to more than 3000000 bytes"):
        read_portal_export(bytes(lying))


@pytest.mark.parametrize("cell", [b'r="XFD1048576"', b"r='XFD1048576'", b'r = "XFD1048576"', b'r\n="XFD1048576"'])
def test_a_cell_far_out_is_no_table_of_billions(cell: bytes) -> None:
    """It is refused before a table of that size is made."""
    content = workbook(*ROWS)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    far = sheet.replace(b"</sheetData>", b'<row r="1048576"><c ' + cell + b"><v>1</v></c></row></sheetData>")
    with pytest.raises(Unreadable, match=r"reaches over|names its cells"):
        read_portal_export(repacked(content, **{"xl/worksheets/sheet1.xml": far}))


@pytest.mark.parametrize("length", [4, 30, 100, 2000, -200])
def test_a_workbook_cut_off_is_refused_in_words(length: int) -> None:
    """No crash of a parser comes through."""
    with pytest.raises(Unreadable, match=r"damaged|cut off"):
        read_portal_export(workbook(*ROWS)[:length])


def test_another_workbook_says_what_is_missing() -> None:
    """It is named what was expected and what was found."""
    with pytest.raises(Unreadable, match=r"Payment Number.*Remittance payments.*row 1: a b"):
        read_portal_export(workbook(("a", "b")))


def typeset(heading: Sequence[str], pages: Sequence[Sequence[Sequence[str]]]) -> bytes:
    """A PDF in proportional type: the first three columns to the left, amounts to the right, a footer on each page."""
    content = io.BytesIO()
    page = Canvas(content, pagesize=(842, 595), invariant=True)
    places = (40, 180, 260, 480, 580, 680)
    for number, rows in enumerate(pages, 1):
        page.setFont("Helvetica", 9)
        top = 560
        for text in heading if number == 1 else ():
            page.drawString(40, top, text)
            top -= 12
        for row in rows:
            top -= 12
            for column, cell in enumerate(row):
                if column > 2:
                    page.drawRightString(places[column] + 70, top, cell)
                else:
                    page.drawString(places[column], top, cell)
        page.drawString(300, 20, f"Page {number} of {len(pages)}")
        page.showPage()
    page.save()
    return content.getvalue()


def test_a_pdf_in_proportional_type_is_read_by_its_columns() -> None:
    """Amounts to the right, a number that wraps, two pages, a footer between them, the total checked."""
    heading = (
        "Payment made to: ACME LTD(ACME1)", "Payment number: 77     Payment date: May 20, 2025", "Payment currency: USD",
        "Payment amount: 1,234.56",
    )  # fmt: skip
    names = (
        "Invoice Number",
        "Invoice Date",
        "Invoice description",
        "Amount Paid",
        "Discount Taken",
        "Amount Remaining",
    )
    first = (
        names,
        ("INV-1001", "May 1, 2025", "4TJ8X1QA/ABE2/##NOT_AVAILABLE", "1,300.00", "2.00", "0.00"),
        ("251031_PROVISION_FOR", "May 2, 2025", "", "(65.44)", "0.00", "0.00"),
        ("_RECEIVABLES",),
    )
    total = ("Total", "", "", "1,234.56", "2.00", "0.00")
    content = typeset(
        heading, (first, (names, ("INV-1002", "May 3, 2025", "6ABC/FTW1", "0.00", "0.00", "0.00"), total))
    )
    assert recognise(content[:HEAD_BYTES], known_formats()).name == "amazon-advice"
    reading = read_advice(content)
    assert reading.findings == ()
    (payment,) = reading.values
    assert [(line.reference, line.paid, line.discount, line.place) for line in payment.lines] == [
        ("INV-1001", 130000, 200, "page 1, line 6"),
        ("251031_PROVISION_FOR_RECEIVABLES", -6544, 0, "page 1, line 7"),
        ("INV-1002", 0, 0, "page 2, line 2"),
    ]
    assert not payment.tie


def test_a_pdf_without_text_is_refused_in_words() -> None:
    """A picture of an advice is none."""
    content = io.BytesIO()
    page = Canvas(content, invariant=True)
    page.rect(10, 10, 100, 100)
    page.save()
    with pytest.raises(Unreadable, match="picture"):
        read_advice(content.getvalue())
