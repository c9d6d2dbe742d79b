"""Pages read back by another library: every word is there, tables break with their headings, markup is text."""

from __future__ import annotations

import io
from typing import Any

import pdfplumber
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from trueup.base.errors import Invalid
from trueup.base.money import Money
from trueup.reports.pages import (
    Block,
    Check,
    Checklist,
    Column,
    Cover,
    Figure,
    Figures,
    Grid,
    Heading,
    Light,
    Paper,
    Words,
    shown,
    write_pages,
)

COVER = Cover("Close 2026-10", "Example Goods, made 2026-11-02 09:00 UTC")
COLUMNS = (Column("account", 20), Column("amount", 10, right=True))


def texts(content: bytes) -> list[str]:
    with pdfplumber.open(io.BytesIO(content)) as pdf:
        return [page.extract_text() for page in pdf.pages]


def report() -> list[Block]:
    return [
        Heading("Received"),
        Words("Everything that Amazon paid in October, by payment."),
        Figures(tuple(Figure(f"Figure {number}", f"{number}.00 USD", "of 10") for number in range(6))),
        Heading("Accounts", level=2),
        Grid(COLUMNS, [("1200 Amazon receivable", "-1,000.00 USD")], totals=("Total", "0.00 USD")),
        Checklist((Check(Light.GREEN, "Every cent has a place"), Check(Light.RED, "Suspense", "2 cases are open"))),
        Words("Amounts as booked.", quiet=True),
        Grid(COLUMNS, []),
    ]


def test_every_word_is_on_the_page() -> None:
    """Title, subtitle, figures beyond a row of four, tables, lights in words, and what stands for an empty table."""
    (page,) = texts(write_pages(COVER, report()))
    for words in (
        "Close 2026-10", "Example Goods, made", "Received", "by payment.", "Figure 5", "5.00 USD", "of 10", "Accounts",
        "1200 Amazon receivable -1,000.00 USD", "Total 0.00 USD", "GREEN", "RED", "2 cases are open", "Amounts as booked.",
        "None.", "Page 1 of 1",
    ):  # fmt: skip
        assert words in page


def test_tables_break_with_their_headings() -> None:
    """300 rows over several pages: each page has the headings and its number, no row is lost or doubled."""
    rows = [(f"row-{number:03d}", shown(Money(number, "USD"))) for number in range(300)]
    pages = texts(write_pages(COVER, [Grid(COLUMNS, rows)]))
    assert len(pages) > 3
    assert all("account amount" in page for page in pages)
    assert [f"Page {number} of {len(pages)}" in page for number, page in enumerate(pages, start=1)] == [True] * len(
        pages
    )
    everything = "\n".join(pages)
    assert all(everything.count(f"row-{number:03d} {number / 100:.2f} USD") == 1 for number in range(300))


def test_a_cell_longer_than_a_page_is_no_trouble() -> None:
    """It is broken like a row, and cut only where it would fill pages by itself."""
    pages = texts(
        write_pages(COVER, [Grid((Column("a", 1), Column("b", 9)), [("word " * 700, "x" * 3000), ("last", "")])])
    )
    everything = "".join(pages)
    assert everything.count("word") >= 700
    assert everything.replace("\n", "").count("x") >= 3000
    assert "last" in everything


@pytest.mark.parametrize(
    "text", ["<b>bold</b>", '<img src="https://x.example/y.png"/>', "a < b & c > d", "</para>", "&amp;"]
)
def test_markup_of_documents_is_text(text: str) -> None:
    """Nothing a document says becomes bold, a picture or a link; it is read as it was written."""
    content = write_pages(
        Cover(text, text),
        [Heading(text), Words(text), Grid((Column(text),), [(text,)]), Figures((Figure(text, text, text),))],
    )
    (page,) = texts(content)
    assert "".join(page.split()).count("".join(text.split())) == 10
    reader: Any = PdfReader(io.BytesIO(content))
    assert not reader.pages[0].get("/Annots")
    assert not list(reader.pages[0].images)


def test_letters_of_other_languages() -> None:
    """Umlauts, the euro, Cyrillic, Greek, Japanese, Chinese, Korean: there; what no font has is shown as its number."""
    (page,) = texts(write_pages(COVER, [Words("Größe 5 € Счёт Ελλάς 支払 汉语 한국 Łódź \U0001f600 ʘ")]))
    assert "Größe 5 €" in page
    for words in ("Счёт", "支払", "汉语", "한국", "ódz", "[U+1F600]"):
        assert words in page.replace(" ", "")


def test_the_same_values_give_the_same_bytes() -> None:
    """An auditor may compare by hash: no clock, no chance."""
    first = write_pages(COVER, report())
    assert write_pages(COVER, report()) == first
    assert first.startswith(b"%PDF-")


def test_paper_and_direction() -> None:
    """A4 and letter, upright and wide; the title is the document's."""
    for paper, wide, size in (
        (Paper.A4, False, (595, 842)),
        (Paper.LETTER, False, (612, 792)),
        (Paper.LETTER, True, (792, 612)),
    ):
        reader = PdfReader(io.BytesIO(write_pages(Cover("Größe & Co", paper=paper, wide=wide), [Words("x")])))
        box = reader.pages[0].mediabox
        assert (round(float(box.width)), round(float(box.height))) == size
        assert reader.metadata is not None
        assert reader.metadata.title == "Größe & Co"


def test_amounts_as_people_read_them() -> None:
    """Grouped, signed, with the digits of the currency."""
    assert shown(Money(-123456789, "USD")) == "-1,234,567.89 USD"
    assert shown(Money(1500, "JPY")) == "1,500 JPY"
    assert shown(Money(5, "KWD")) == "0.005 KWD"


def test_a_row_of_other_length_is_told() -> None:
    """A defect of a report, with its row."""
    with pytest.raises(Invalid, match="Table of account, amount, row 1: 1 cells, expected 2"):
        write_pages(COVER, [Grid(COLUMNS, [("x",)])])


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_no_text_breaks_a_page(text: str) -> None:
    """Any letters at all, surrogates and controls among them: a page comes out."""
    content = write_pages(
        Cover(text, text), [Heading(text), Words(text), Grid((Column(text),), [(text,)], totals=(text,))]
    )
    assert len(PdfReader(io.BytesIO(content)).pages) == 1
