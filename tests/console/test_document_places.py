"""The places that facts name lead to the bytes: of every remittance format, rows, segments, JSON, lines and sheets of workbooks."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page as Tab

from tests.console.calling import person
from tests.console.installed import Console
from trueup.console.document_places import as_grid, find_place, find_word, letter_of, show_sheet
from trueup.console.document_rows import rows_of
from trueup.console.source_text import WINDOW_BYTES, show_source, stream_source
from trueup.formats.recognise import HEAD_BYTES, known_formats, recognise
from trueup.workflows.import_products import archive_upload

GOLDEN = Path(__file__).parents[1] / "golden" / "remittance"
FILES = [
    "us_export.csv",
    "eu_export.csv",
    "india_export.csv",
    "nested_and_standalone.edi",
    "placeholders.edi",
    "remittance.reply",
]


@pytest.mark.parametrize("name", FILES)
def test_a_line_of_a_remittance_leads_to_where_it_stands(name: str) -> None:
    """Whatever the format: what is marked holds the line's own reference, and no other line is marked for it."""
    content = (GOLDEN / name).read_bytes()
    reading = recognise(content[:HEAD_BYTES], known_formats()).read(content)
    lines = [line for value in reading.values for line in getattr(value, "lines", ())]
    assert lines
    encoding = "utf-8" if name.endswith("reply") else as_grid(content).encoding
    seen = set()
    for line in lines:
        found = find_place(content, line.place)
        assert found is not None, line.place
        at, length = found
        marked = content[at : at + length].decode(encoding)
        assert line.reference in marked, (line.place, marked)
        seen.add(at)
    assert len(seen) == len({line.place for line in lines})


def test_a_place_that_is_not_there_is_no_place() -> None:
    """It is told so, and not taken for another one."""
    for said in ("row 9000000", "segment", "set 820 0009, segment 3", "sheet A, row 2", "$.nothing", "page 2, line 3"):
        found = find_place(b"a,b\n1,2\n", said)
        assert found is None or found[1] == 0 or said == "row 9000000", said
    assert find_place(b"x", "12 (byte 4400)") == (4400, 0) and find_place(b"x", "77") == (77, 0)
    assert find_place(b"one\ntwo\r\nthree", "line 2") == (4, 3)
    assert find_word(b"A-10x A-10 A-100", "A-10") == (6, 4) and find_word(b"A-10", "B-10") is None


def test_a_row_of_a_workbook_is_shown_among_those_around_it() -> None:
    """It is in no bytes that anyone could read: its sheet is shown, with the row marked."""
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = "Payments"
    other = book.create_sheet("Lines")
    for number in range(1, 101):
        other.append([f"R{number}", number])
    out = io.BytesIO()
    book.save(out)
    sheet = show_sheet(out.getvalue(), "sheet Lines, row 57", None)
    assert sheet is not None and (sheet.title, sheet.others, sheet.marked) == ("Lines", ("Payments",), 57)
    assert dict(sheet.rows)[57] == ("R57", "57") and sheet.rows[0][0] == 49
    assert (sheet.before, sheet.after) == (19, 79) and show_sheet(b"no workbook", "row 1", None) is None


def test_a_cell_of_a_workbook_is_selected_by_its_heading_or_its_letter() -> None:
    """With what it is called, where it stands and what it holds; what is no cell selects nothing."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Payments"
    for row in (["Payment Number", "Payment Amount"], [700100, 12.5]):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    for column in ("B", "Payment Amount"):
        shown = show_sheet(out.getvalue(), f"sheet Payments, row 2, column {column}", None)
        assert shown is not None and shown.cell is not None
        assert (shown.cell.name, shown.cell.value, shown.cell.index) == ("Payment Amount", "12.5", 1)
        assert shown.cell.position == "sheet Payments, row 2, column Payment Amount"
    for column in ("C", "Colour", "b"):
        shown = show_sheet(out.getvalue(), f"sheet Payments, row 2, column {column}", None)
        assert shown is not None and shown.cell is None
    assert [letter_of(each) for each in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_a_finding_says_what_it_means_what_is_expected_and_what_to_do(console: Console) -> None:
    """Whatever the format; the help of a code stands open once. What is selected says what its column or member may hold."""
    admin = person(console, "Ana Admin")

    def shown(kind: str, name: str, content: bytes, at: str = "") -> str:
        digest = console.app.act(False, archive_upload, content, kind, name, admin)
        with console.visitor("Aude") as aude:
            return aude.get(f"/documents/{digest}{at}").text

    counts = b"sku,location,on_hand\nVASE-7,main,many\nVASE-8,main,none\n"
    page = shown("stock-counts", "counts.csv", counts, f"?at={counts.index(b'many')}")
    assert page.count('<details class="finding-help" open>') == 1 and page.count('<details class="finding-help"') == 2
    assert "A cell holds what its column may not." in page and "<dt>Expected</dt>" in page and "<dt>Source</dt>" in page
    assert "on_hand may hold a whole number of eaches, zero or more; must be there." in page
    assert "a whole number of eaches" in page.partition('id="selected"')[2].partition("</section>")[0]
    order = (
        b'{"payload": {"orders": [{"purchaseOrderNumber": "1ABC", "purchaseOrderState": "Odd", "orderDetails": {}}]}}'
    )
    page = shown("orders", "orders.json", order, f"?at={order.index(b'Odd') - 1}")
    assert ("<dt>Expected</dt>" in page and "vendorOrders.json" in page) or "published model" in page
    assert "New, Acknowledged or Closed" in page.partition('id="selected"')[2].partition("</section>")[0]


def test_rows_of_a_table_are_named_by_their_heading() -> None:
    """Each cell where it stands, also after umlauts and over lines in quotes."""
    content = 'sku;title;on_hand\nVASE-1;"Väse, ""big""\nand round";12\nBOWL-1;Bowl;7\n'.encode()
    [vase, bowl] = rows_of(content, 0, len(content))
    assert [(each.name, each.value) for each in bowl.elements] == [
        ("sku", "BOWL-1"),
        ("title", "Bowl"),
        ("on_hand", "7"),
    ]
    for part in (vase, bowl):
        for each in part.elements:
            assert content[each.offset : each.offset + each.length].decode() == each.value
    assert bowl.elements[2].position == "row 3, column on_hand"
    assert rows_of(b"sku,title\n", 0, 10) == [] and rows_of(b"nothing of a table", 0, 20) == []


def test_a_window_of_what_is_too_large_to_be_held_is_that_of_what_is_held() -> None:
    """Its lines have the same numbers, wherever the pieces were cut."""
    content = b"".join(b"%07d the line of a large file\n" % number for number in range(9000))
    for start in (0, 60_000, len(content) - 500):
        pieces = [content[at : at + 7001] for at in range(0, len(content), 7001)]
        held, streamed = show_source(content, (), start), stream_source(pieces, len(content), start)
        assert (streamed.start, streamed.end, streamed.before, streamed.after) == (
            held.start,
            held.end,
            held.before,
            held.after,
        )
        assert [(each.number, each.offset) for each in streamed.lines][:900] == [
            (each.number, each.offset) for each in held.lines
        ][:900]
    assert stream_source([b"PK\x03\x04more"], 8, 0).binary and len(content) > WINDOW_BYTES


def test_findings_beyond_what_is_shown_are_reached_by_keys(console: Console, page_of: Callable[..., Tab]) -> None:
    """The next one may stand in another part of a large file: `n` goes there, `p` comes back; each says what may stand there."""
    rows = [f"VASE-{number},main,{'many' if number in (3, 4000) else number}" for number in range(1, 4001)]
    content = "\n".join(["sku,location,on_hand", *rows, ""]).encode()
    digest = console.app.act(False, archive_upload, content, "stock-counts", "large.csv", person(console, "Ana Admin"))
    tab = page_of("Aude")
    tab.goto(f"/documents/{digest}")
    assert tab.locator(".findings li").count() == 2
    tab.keyboard.press("n")
    assert tab.locator("mark#finding-1:focus").count() == 1
    tab.keyboard.press("n")
    tab.locator("mark#finding-2:focus").wait_for()
    assert "from=" in tab.url
    tab.keyboard.press("p")
    tab.locator("mark#finding-1:focus").wait_for()
    tab.goto(f"/documents/{digest}?at=row+4000")
    assert "VASE-3999" in tab.locator("mark#asked").inner_text()
    tab.goto(f"/documents/{digest}?find=VASE-2000")
    tab.locator("a.raw-element", has_text="VASE-2001").first.click()
    assert "row 2002, column sku" in tab.locator("#selected").inner_text()
    assert tab.locator(".structure a[aria-current]").inner_text().endswith("VASE-2001")
