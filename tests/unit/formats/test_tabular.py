"""Text tables: whatever a spreadsheet does to a CSV is read for what it is, or told with its row and column."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trueup.base.errors import Unreadable
from trueup.formats.document import Severity
from trueup.formats.tabular import (
    DELIMITERS,
    MOST_FINDINGS,
    Column,
    Layout,
    decimal,
    flag,
    has_columns,
    read_table,
    text,
    whole,
    write_sheet,
    write_table,
)

LAYOUT = Layout(
    "Price list",
    (
        Column("sku", text, needed=True),
        Column("pack_size", whole(1, 1000), aliases=("case",)),
        Column("price", decimal(".")),
        Column("live", flag),
    ),
    unique=("sku",),
)


def messages(content: bytes, layout: Layout = LAYOUT) -> list[str]:
    return [str(finding) for finding in read_table(content, layout).findings]


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_delimiter_and_line_end_is_read(delimiter: str, ending: str) -> None:
    """The same table is the same rows however its cells and lines are separated."""
    lines = [["sku", "Pack Size", "price"], ["a", "12", "1.50"], ['"b, ; c"', "", ""]]
    content = "".join(delimiter.join(line) + ending for line in lines).encode()
    table = read_table(content.replace(b"\t ", b" "), LAYOUT)
    assert table.findings == ()
    assert table.delimiter == delimiter
    assert [row.values for row in table.rows] == [
        {"sku": "a", "pack_size": 12, "price": Decimal("1.50"), "live": None},
        {"sku": "b, ; c", "pack_size": None, "price": None, "live": None},
    ]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("sku\nTürkis".encode(), "utf-8"),
        ("\ufeffsku\nTürkis".encode(), "utf-8"),
        (b"\xff\xfe" + "sku\nTürkis".encode("utf-16-le"), "utf-16-le"),
        (b"\xfe\xff" + "sku\nTürkis".encode("utf-16-be"), "utf-16-be"),
        ("sku\nTürkis".encode("cp1252"), "cp1252"),
    ],
)
def test_encodings_are_read_for_what_they_are(content: bytes, encoding: str) -> None:
    """A mark decides; without one UTF-8; else Windows-1252, with a warning that names the byte."""
    table = read_table(content, LAYOUT)
    assert table.encoding == encoding
    assert table.rows[0].values["sku"] == "Türkis"
    warned = [finding for finding in table.findings if finding.severity is Severity.WARNING]
    assert [finding.location.offset for finding in warned] == ([5] if encoding == "cp1252" else [])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04rest", "expected CSV, found an Excel workbook"),
        (b"%PDF-1.7", "found a PDF"),
        ("sku\nx".encode("utf-16-le"), "byte 1 is zero: UTF-16 without a mark"),
        (b"sku\n\x81\x8d\x9d", "byte 4 is neither UTF-8 nor Windows-1252"),
        (b"\xef\xbb\xbfsku\n\xff", "its mark says utf-8, but byte 7 is not"),
        (b"", "expected a first line with the columns sku, found ''"),
        (b"colour,size\nred,1", "found 'colour,size'"),
    ],
)
def test_what_is_no_such_table_is_unreadable(content: bytes, words: str) -> None:
    """The error says what it is instead, or where it stops being text, and what to do."""
    with pytest.raises(Unreadable) as caught:
        read_table(content, LAYOUT)
    assert words in str(caught.value)


def test_findings_name_row_column_and_byte() -> None:
    """A finding leads to its cell: the row as a spreadsheet counts it, though a quoted text spans lines, and the byte."""
    content = b'sku,pack_size\n"two\nlines",6\n\xc3\xa4,0\n'
    (finding,) = read_table(content, LAYOUT).findings
    assert finding.location.path == "row 3, column pack_size"
    assert content[finding.location.offset :].startswith(b"\xc3\xa4,0")
    assert "expected a whole number from 1 to 1000 in digits alone, found '0'" in finding.message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"sku,sku\na,b", "column 'sku' stands there twice; keep one at row 1, column 2"),
        (b"pack_size,price\n1,2", "column 'sku' is missing; found pack_size, price at row 1"),
        (b"sku,prise\na,1", "column 'prise' is not known and not read; did you mean 'price'? at row 1, column 2"),
        (b"sku,price\n,1", "expected a value, found nothing at row 2, column sku"),
        (b"sku,price\na,1,5", "3 cells, expected 2; a text with the delimiter in it needs quotes at row 2"),
        (b'sku,price\n"a"b,1\nc,1', "quotes are not closed or stand inside a text"),
        (b'sku,price\na,1\n"b,1\nc,1', "quotes are not closed or stand inside a text"),
        (b"sku,price\na,1\na,2", "sku a was already given in row 2; keep one at row 3, column sku"),
        (b"sku,price\na,1e5", "expected a number such as 1234.56 (declared: decimal '.'), found '1e5'"),
        (b'sku,price\na,"1,5"', "declared: decimal '.'), found '1,5'"),
        (b'sku,price\na,"1,234.50"', "found '1,234.50'"),
        ("sku,pack_size\na,１２".encode(), "in digits alone, found '１２'"),
        (b"sku,live\na,maybe", "expected yes or no, found 'maybe'"),
        (b"sku\na\x07b", "found the control character '\\x07'"),
    ],
)
def test_each_mistake_is_a_finding(content: bytes, words: str) -> None:
    """What is wrong is told with its place, and the rows without mistakes are read all the same."""
    assert any(words in message for message in messages(content)), messages(content)


def test_rows_without_mistakes_are_read_beside_the_others() -> None:
    """One bad row does not take the others with it."""
    table = read_table(b'sku,price\na,1\nb,x\n"c"d,1\ne,2\n', LAYOUT)
    assert [row.values["sku"] for row in table.rows] == ["a", "e"]


def test_cells_that_a_spreadsheet_left_out_are_empty() -> None:
    """Spreadsheets omit empty cells at the end of a row, and leave empty rows and columns behind."""
    table = read_table(b"\n,,\nsku,pack_size,price,,\na\n,,,,\nb,3,,,\n", LAYOUT)
    assert table.findings == ()
    assert [(row.number, row.values["pack_size"]) for row in table.rows] == [(4, None), (6, 3)]


def test_a_decimal_comma_is_read_only_where_it_is_declared() -> None:
    """The mark is a fact of the file that someone states; it is not guessed from the numbers."""
    layout = Layout("Preise", (Column("sku", text, needed=True), Column("price", decimal(","))))
    (row,) = read_table(b"sku;price\na;12,50", layout).rows
    assert row.values["price"] == Decimal("12.50")
    assert "expected a number such as 1234,56" in messages(b"sku;price\na;12.50", layout)[0]


def test_a_million_mistakes_are_one_short_list() -> None:
    """Findings do not fill the memory, and the last one says how many there are more."""
    found = messages(b"sku,price\n" + b"a,x\n" * 5000)
    assert len(found) == MOST_FINDINGS + 1
    assert "4000 more findings like these" in found[-1]


def test_what_is_written_is_read_back() -> None:
    """Quotes, delimiters and line breaks in a text survive."""
    cells = ['a "b", c', "12", "", "yes"]
    table = read_table(write_table(["sku", "pack_size", "price", "live"], [cells]), LAYOUT)
    assert table.rows[0].values == {"sku": 'a "b", c', "pack_size": 12, "price": None, "live": True}


@given(st.builds(str.__add__, st.sampled_from(["", *"=+-@'\t\r\n"]), st.text(max_size=8)))
def test_no_word_of_a_sheet_is_a_formula_and_numbers_stay_numbers(word: str) -> None:
    """What a spreadsheet would run has an apostrophe before it, without which it is the same word; an amount may be below zero."""
    content = write_sheet(("word", "amount", "none"), [(word, Decimal("-1.50"), None)]).decode()
    (_, (shown, amount, nothing)) = csv.reader(io.StringIO(content, newline=""))
    assert not shown.startswith(tuple("=+-@\t\r\n")) and (amount, nothing) == ("-1.50", "")
    assert word == (shown[1:] if shown.startswith("'") else shown)


def test_recognition_looks_at_the_first_line_alone() -> None:
    """Columns are found whatever separates them, also when the bytes are cut in the middle of a character."""
    assert has_columns("Pack-Size;SKU\nü".encode()[:-1], ("sku", "pack_size"))
    assert not has_columns(b"sku\npack_size", ("sku", "pack_size"))
    assert not has_columns(b"ISA*00*", ("sku",))
