"""Workbooks read back by another library: values, types, digits; and nothing in them runs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from trueup.base.errors import Invalid
from trueup.base.money import Money
from trueup.reports.workbook import Cell, Column, Properties, Sheet, write_workbook

MADE = Properties("Close 2026-10", datetime(2026, 11, 2, 9, 0, tzinfo=UTC), "Example Goods")


def unzoned(text: str) -> datetime:
    """As a cell holds it: Excel knows no time zones."""
    return datetime.fromisoformat(text)


def made(*sheets: Sheet, **options: Any) -> bytes:
    out = io.BytesIO()
    write_workbook(out, sheets, MADE, **options)
    return out.getvalue()


def opened(content: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content))


def column_of(*cells: Cell) -> Any:
    sheet = Sheet("One", (Column("value", 20),), [(cell,) for cell in cells])
    return [row[0] for row in opened(made(sheet))["One"].iter_rows(min_row=2)]


def test_values_come_back_as_what_they_are() -> None:
    """Text, counts, days, instants in UTC, decimals, and cells of nothing."""
    east = datetime(2026, 10, 5, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    cells = column_of("Müller & Söhne <x>", 1200, date(2026, 10, 5), east, Decimal("1.0834"), None, True)
    assert [cell.value for cell in cells] == [
        "Müller & Söhne <x>", 1200, unzoned("2026-10-05"), unzoned("2026-10-04T23:30"), 1.0834, None, "yes",
    ]  # fmt: skip
    assert [cell.number_format for cell in cells[1:4]] == ["#,##0", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"]


def test_money_is_a_number_with_the_digits_of_its_currency() -> None:
    """The text of the number in the file is the amount, digit by digit; the currency is in the format."""
    amounts = [Money(-123456, "USD"), Money(500, "JPY"), Money(1, "KWD"), Money(123456789012345, "EUR")]
    cells = column_of(*amounts)
    assert [cell.number_format for cell in cells] == [
        '#,##0.00 "USD"', '#,##0 "JPY"', '#,##0.000 "KWD"', '#,##0.00 "EUR"',
    ]  # fmt: skip
    with zipfile.ZipFile(io.BytesIO(made(Sheet("One", (Column("v"),), [(each,) for each in amounts])))) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert all(f"<v>{number}</v>" in sheet for number in ("-1234.56", "500", "0.001", "1234567890123.45"))


def test_what_excel_would_round_is_text() -> None:
    """Sixteen digits are more than its numbers keep."""
    long = Money(1234567890123456, "USD")
    cells = column_of(long, 12345678901234567, Decimal("0.1234567890123456"))
    assert [cell.value for cell in cells] == ["12345678901234.56 USD", "12345678901234567", "0.1234567890123456"]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1", "{=1}", "+1", "-1", "@SUM(A1)", "https://x.example", "mailto:a@b", "00123", "1e5", "<r><t>x</t></r>",
        "<r>&bad", "_x0041_", "\x00\x07", "  blanks  ", "a\nb", "]]>",
    ],
)  # fmt: skip
def test_text_is_text(text: str) -> None:
    """No formula, no link, no number, no markup comes of what a document says."""
    (cell,) = column_of(text)
    assert cell.data_type == "s"
    assert cell.hyperlink is None
    found = openpyxl.utils.escape.unescape(cell.value)
    assert found.rstrip() == text.rstrip()


def test_no_formula_and_no_link_in_the_file() -> None:
    """Looked for in the bytes themselves."""
    content = made(Sheet("One", (Column("=head"),), [("=1+1",), ("https://x.example",)], totals=("=SUM(A1)",)))
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert not any(b"<f>" in parts.read(name) or b"hyperlink" in parts.read(name) for name in parts.namelist())


def test_headings_stay_and_totals_stand_out() -> None:
    """The first row is frozen, widths are kept, and the last is bold."""
    columns = (Column("account", 30), Column("amount", 12))
    place = opened(made(Sheet("Trial balance", columns, [("1200", Money(5, "USD"))], ("Total", Money(5, "USD")))))
    sheet = place["Trial balance"]
    assert sheet.freeze_panes == "A2"
    assert [cell.value for cell in sheet[1]] == ["account", "amount"]
    assert [sheet.cell(row, 1).font.bold for row in (2, 3)] == [False, True]
    assert 29 < sheet.column_dimensions["A"].width < 32


def test_names_of_sheets_are_made_to_fit() -> None:
    """Too long, forbidden characters, the same name in another case, a reserved one, none at all."""
    names = ["2026/10: [all]?", "x" * 40, "X" * 40, "History", "", "'quoted'"]
    found = opened(made(*(Sheet(name, (Column("a"),), []) for name in names))).sheetnames
    assert found == ["2026-10- -all--", "x" * 31, "X" * 27 + " (2)", "History (2)", "Sheet", "quoted"]


def test_rows_beyond_a_sheet_go_on_in_the_next() -> None:
    """None is lost, the headings come again, and rows are taken one by one."""

    def counted() -> Iterator[Sequence[Cell]]:
        yield from ((number,) for number in range(25))

    book = opened(made(Sheet("Lines", (Column("n"),), counted(), totals=(300,)), most_rows=11))
    assert book.sheetnames == ["Lines", "Lines (2)", "Lines (3)"]
    values = [[row[0] for row in sheet.iter_rows(values_only=True)] for sheet in book]
    assert [each[0] for each in values] == ["n", "n", "n"]
    assert [value for each in values for value in each[1:]] == [*range(25), 300]


def test_the_same_values_give_the_same_bytes() -> None:
    """An auditor may compare by hash."""
    sheet = Sheet("One", (Column("a"),), [("x",), (Money(1, "USD"),)])
    assert made(sheet) == made(sheet)


def test_long_texts_are_cut_where_excel_would_refuse() -> None:
    """32,767 characters are a cell's limit; a surrogate alone is no letter."""
    (long, odd) = column_of("x" * 40_000, "a\ud800b")
    assert len(long.value) == 32_767
    assert odd.value == "a\ufffdb"


def test_mistakes_of_a_report_are_told() -> None:
    """A row of other length, an instant without a zone."""
    with pytest.raises(Invalid, match="Sheet 'One', row 2: 2 cells, expected 1"):
        made(Sheet("One", (Column("a"),), [("x", "y")]))
    with pytest.raises(Invalid, match="time zone"):
        made(Sheet("One", (Column("a"),), [(unzoned("2026-01-01"),)]))
