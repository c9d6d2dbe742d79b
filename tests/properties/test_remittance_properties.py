"""Remittances of any form: amounts and days come back as they were written, no money is lost, and no bytes break a reader."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.x12_text import group, interchange, transaction
from trueup.base.errors import DocumentError
from trueup.formats.document import Format, Reading
from trueup.formats.recognise import HEAD_BYTES, known_formats
from trueup.formats.remittance import (
    advice,
    finance_invoices,
    finance_remittances,
    invoices_companion,
    payables,
    portal_export,
)
from trueup.formats.remittance.advice import read_advice
from trueup.formats.remittance.portal_export import read_portal_export
from trueup.formats.x12.sets import remittance_820
from trueup.formats.x12.sets.remittance_820 import read_remittances_820

FORMATS = [
    each.FORMAT
    for each in (
        portal_export,
        payables,
        invoices_companion,
        advice,
        finance_remittances,
        finance_invoices,
        remittance_820,
    )
]
PAYMENTS = "Payment Number,Payment Date,Invoice Currency,Amount in Invoice Currency,Payment Currency,Amount in Payment Currency"
LINES = "Payment Number,Invoice Number,Invoice Date,Invoice Amount,Terms Discount Taken,Amount Paid"
OPENINGS = (
    f"{PAYMENTS}\r\n1,10/31/2026,USD,5,USD,5\r\nInvoices\r\n{LINES}\r\n".encode(),
    b"Your payables - ready for deduction\r\n\r\nVendor code,Transaction number,Deducted amount,Balance\r\n",
    b"Invoice number,Invoice Date,Actual Paid Amount,Price\r\n",
    (
        b"Payment made to: A(B)\nPayment number: 1\nPayment date: 11-JUL-2025\nPayment currency: USD\nPayment amount: 5.00\n"
        b"Invoice Number  Invoice Date  Invoice description  Discount Taken  Amount Paid  Amount Remaining\n"
    ),
    b"<table><tr><td>Payment made to:</td><td>A</td></tr><tr><td>Payment number:<td>1</td></tr></table><table><tr>",
    b"From: a@b\nSubject: Remittance Advice\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/html\n\n",
    b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n",
    b'{"remittanceHeader": {"paymentNumber": "1", "paymentDate": "2026-01-01"}, "remittanceItems": [',
    b'{"invoices": [',
    b"PK\x03\x04",
)


@dataclass(frozen=True)
class Country:
    """How amounts and days are written."""

    currency: str
    day: str
    amount: Callable[[int], str]
    delimiter: str = ","
    encoding: str = "utf-8"


def pointed(minor: int) -> str:
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100:,}.{abs(minor) % 100:02}"


def in_parentheses(minor: int) -> str:
    return f"(${pointed(-minor)})" if minor < 0 else f"${pointed(minor)}"


def with_comma(minor: int) -> str:
    return pointed(minor).translate(str.maketrans(",.", ".,"))


def with_euro(minor: int) -> str:
    return f"{with_comma(minor)}\u00a0€"


def spaced(minor: int) -> str:
    return pointed(minor).translate(str.maketrans(",.", "\u202f,"))


COUNTRIES = [
    Country("USD", "%m/%d/%Y", pointed),
    Country("USD", "%m/%d/%Y", in_parentheses, "\t", "utf-16"),
    Country("EUR", "%d.%m.%Y", with_comma, ";", "utf-8-sig"),
    Country("EUR", "%d/%m/%Y", with_euro, ";", "cp1252"),
    Country("EUR", "%Y-%m-%d", spaced),
    Country("GBP", "%d/%m/%Y", pointed, "|", "utf-16-le"),
]
AMOUNTS = st.integers(-(10**9), 10**9)
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
ROWS = st.lists(st.tuples(AMOUNTS, AMOUNTS, DAYS), min_size=1, max_size=6)


def export(
    country: Country, rows: list[tuple[int, int, date]], first: tuple[int, date] = (1250, date(2026, 10, 31))
) -> bytes:
    """One payment; its amount and day show how the file is written."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=country.delimiter)
    amount = country.amount(first[0])
    writer.writerow(PAYMENTS.split(","))
    writer.writerow(["7", first[1].strftime(country.day), country.currency, amount, country.currency, amount])
    writer.writerow(["Invoices"])
    writer.writerow(LINES.split(","))
    for number, (paid, discount, day) in enumerate(rows):
        amounts = [country.amount(each) for each in (paid + discount, discount, paid)]
        writer.writerow(["7", f"INV-{number}", day.strftime(country.day), *amounts])
    return out.getvalue().encode(country.encoding)


@pytest.mark.parametrize("country", COUNTRIES, ids=lambda each: f"{each.currency}-{each.amount.__name__}")
@given(rows=ROWS)
@settings(max_examples=40, deadline=None)
def test_every_way_of_writing_is_read_to_the_cent_and_day(country: Country, rows: list[tuple[int, int, date]]) -> None:
    """Grouping, marks, symbols, signs, orders of days, delimiters, encodings: the numbers that were written come back."""
    content = export(country, rows)
    assert portal_export.FORMAT.recognise(content[:HEAD_BYTES])
    reading = read_portal_export(content)
    assert reading.errors == ()
    (payment,) = reading.values
    assert payment.amount.minor == 1250
    assert [(line.paid, line.discount, line.invoice_day) for line in payment.lines] == rows


@pytest.mark.parametrize(("currency", "day"), [("USD", date(2026, 3, 4)), ("GBP", date(2026, 4, 3))])
def test_the_store_decides_what_no_cell_shows_and_says_so(currency: str, day: date) -> None:
    """03/04 is the fourth of March in an American store, the third of April in a British one; a warning says it was assumed."""
    content = f"{PAYMENTS}\n7,03/04/2026,{currency},10.00,{currency},10.00\n".encode()
    reading = read_portal_export(content)
    assert [value.paid_on for value in reading.values] == [day]
    assert "day-order-assumed" in {finding.code for finding in reading.findings}


def test_a_slip_among_many_is_a_finding_not_a_doubt() -> None:
    """One amount with a comma among a dozen with points is an error at its place; the others stay what they are."""
    rows = "".join(f"7,INV-{at},10/31/2026,0,0,{at}.50\n" for at in range(12))
    content = f'{PAYMENTS}\n7,10/31/2026,USD,"1,234",USD,"1,234"\nInvoices\n{LINES}\n{rows}7,SLIP,10/31/2026,0,0,"1,23"\n'.encode()
    reading = read_portal_export(content)
    (payment,) = reading.values
    assert (payment.amount.minor, len(payment.lines)) == (123400, 12)
    assert ["'1,23'" in str(error) for error in reading.errors] == [True]


@given(paid=st.lists(AMOUNTS, min_size=1, max_size=8), bad=st.data())
@settings(max_examples=80, deadline=None)
def test_an_unread_line_costs_its_payment_exactly_itself(paid: list[int], bad: st.DataObject) -> None:
    """Whatever stands in the amount of one line: the others stay, and the payment does not tie by that line alone."""
    wrong = bad.draw(st.integers(0, len(paid) - 1))
    cell = bad.draw(st.sampled_from(["AMOUNT", "12.345", "1.2.3", "€5.00", "5.00 EUR", "--5", "()"]))
    rows = "".join(
        f'7,INV-{at},10/31/2026,0,0,"{cell if at == wrong else pointed(each)}"\n' for at, each in enumerate(paid)
    )
    total = pointed(sum(paid))
    content = f'{PAYMENTS}\n7,10/31/2026,USD,"{total}",USD,"{total}"\nInvoices\n{LINES}\n{rows}0,X,,,,0.01\n'.encode()
    reading = read_portal_export(content)
    (payment,) = reading.values
    assert payment.tie.minor == paid[wrong]
    (error,) = [finding for finding in reading.errors if finding.code == "cell"]
    assert content[error.location.offset :].startswith(f"7,INV-{wrong},".encode())


@given(
    paid=st.lists(st.integers(-(10**8), 10**8), min_size=1, max_size=6),
    aside=st.lists(st.integers(-(10**6), 10**6), max_size=3),
)
@settings(max_examples=60, deadline=None)
def test_an_820_ties_by_its_lines_and_what_stands_beside_them(paid: list[int], aside: list[int]) -> None:
    """BPR02 = sum of RMR04 + sum of ADX under ENT; an ADX inside an RMR loop is in its RMR04 already and adds nothing."""
    segments = [
        f"BPR*I*{(sum(paid) + sum(aside)) / 100:.2f}*C*ACH************20261120",
        "TRN*1*77",
        "N1*PE*A*92*ACME1",
        "ENT*1",
    ]
    segments += [f"ADX*{each / 100:.2f}*CS" for each in aside]
    for each in paid:
        segments += [f"RMR*IV*INV**{each / 100:.2f}*{(each + 500) / 100:.2f}*0", "ADX*-5.00*59"]
    content = interchange(group("RA", 1, transaction("820", "0001", *segments))).encode()
    reading = read_remittances_820(content)
    assert reading.findings == ()
    (payment,) = reading.values
    assert not payment.tie
    assert [line.standalone for line in payment.lines] == [True] * len(aside) + [False] * len(paid)


@given(paid=ROWS, width=st.integers(8, 14), layout=st.booleans())
@settings(max_examples=60, deadline=None)
def test_numbers_that_wrap_come_back_whole(paid: list[tuple[int, int, date]], width: int, layout: bool) -> None:
    """However narrow the column of an advice is, pieces below a number are joined to it, in both layouts."""
    names = ["Discount Taken", "Amount Paid"] if layout else ["Amount Paid", "Discount Taken"]
    heading = "Payment made to: ACME(ACME1)\nPayment number: 7\nPayment date: 31-OCT-2026\nPayment currency: USD\n"
    text = f"{heading}Payment amount: {pointed(sum(row[0] for row in paid))}\n\n"
    text += f"{'Invoice Number':<16}{'Invoice Date':<16}{'Invoice description':<24}" + "".join(
        f"{each:>18}" for each in names
    )
    text += f"{'Amount Remaining':>18}\n"
    numbers = [f"RW26-{at:04}-LONG-NUMBER-{at}SCRSC" for at in range(len(paid))]
    for number, (amount, discount, day) in zip(numbers, paid, strict=True):
        first, *rest = (number[at : at + width] for at in range(0, len(number), width))
        amounts = [discount, amount] if layout else [amount, discount]
        text += f"{first:<16}{day.strftime('%d-%b-%Y').upper():<16}{'4TJ8X1QA/ABE2':<24}"
        text += "".join(f"{pointed(each):>18}" for each in [*amounts, 0]) + "\n"
        text += "".join(f"{piece}\n" for piece in rest)
    reading = read_advice(text.encode())
    assert reading.findings == ()
    (payment,) = reading.values
    assert [(line.reference, line.paid, line.discount) for line in payment.lines] == [
        (number, row[0], row[1]) for number, row in zip(numbers, paid, strict=True)
    ]
    assert not payment.tie


@pytest.mark.parametrize("kind", FORMATS, ids=lambda each: each.name)
@given(
    content=st.one_of(
        st.binary(max_size=200), st.builds(bytes.__add__, st.sampled_from(OPENINGS), st.binary(max_size=120))
    )
)
@settings(max_examples=120, deadline=None)
def test_no_bytes_break_a_reader(kind: Format, content: bytes) -> None:
    """Any bytes are read, told about, or refused as a document; recognition never raises."""
    assert kind.recognise(content) in (True, False)
    try:
        reading: Reading[Any] = kind.read(content)
    except DocumentError:
        return
    assert all(0 <= finding.location.offset <= len(content) for finding in reading.findings)


CELLS = st.one_of(
    st.sampled_from(
        [
            "",
            "-",
            "7",
            "INV-1",
            "10/31/2026",
            "31/31/2026",
            "1,234",
            "1.234,56",
            "(1)",
            "1E+99",
            "NaN",
            "\u0661",
            "=1+1",
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)


@given(rows=st.lists(st.lists(CELLS, max_size=8), max_size=8), currency=CELLS)
@settings(max_examples=200, deadline=None)
def test_no_cells_break_the_export(rows: list[list[str]], currency: str) -> None:
    """Whatever stands in a cell, and wherever rows are: values, findings with their places, nothing else."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerows([PAYMENTS.split(","), ["7", "10/31/2026", currency, "5.00", "USD", "5.00"], *rows, ["Invoices"]])
    writer.writerows([LINES.split(","), *rows, ["7", *(row[0] if row else "" for row in rows)]])
    reading = read_portal_export(out.getvalue().encode())
    assert all(line.number >= 1 and line.place for value in reading.values for line in value.lines)


@given(content=st.sampled_from(OPENINGS))
def test_one_opening_is_of_one_format(content: bytes) -> None:
    """Each of these openings is claimed by one format of all that there are."""
    claimed = [known.name for known in known_formats() if known.recognise(content)]
    assert len(claimed) <= 1
