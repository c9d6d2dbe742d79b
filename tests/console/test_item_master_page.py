"""The item master goes out as a workbook, comes in mended, and is taken back; what a person can do is said of each."""

from __future__ import annotations

import io
import re
from pathlib import Path

import openpyxl

from tests.console.conftest import Filled, console_over
from tests.console.installed import Client, Console


def cost_of(console: Console, sku: str) -> str:
    """The agreed cost, as the database has it."""
    with console.app.database.transaction() as connection:
        row = connection.exec_driver_sql("SELECT cost FROM trueup.listings WHERE sku = %s", (sku,)).scalar_one()
    return f"{row:.2f}"


def hand_in(client: Client, book: openpyxl.Workbook) -> str:
    """The workbook, uploaded; what the page says then."""
    out = io.BytesIO()
    book.save(out)
    files = {"file": ("items.xlsx", out.getvalue())}
    return client.http.post("/settings/products/upload", data={"csrf": client.csrf}, files=files).text


def digest_in(page: str, action: str) -> str:
    """What the button of an act sends."""
    found = re.search(rf'action="{action}".*?name="digest" value="(\w+)"', page, re.DOTALL)
    assert found, f"no button for {action}"
    return found[1]


def test_a_workbook_of_items_is_mended_taken_in_and_taken_back(filled: Filled, tmp_path: Path) -> None:
    """A refused cell is named and keeps all out; mended, the difference is seen, taken in with a receipt, and taken back by it."""
    with console_over(filled, tmp_path) as console, console.visitor("Elke") as elke:
        before = cost_of(console, "LAMP-1")
        book = openpyxl.load_workbook(io.BytesIO(elke.get("/settings/products.xlsx").content))
        sheet = book.active
        assert sheet is not None
        names = [cell.value for cell in sheet[1]]
        [number] = [row[0].row for row in sheet.iter_rows(min_row=2) if row[0].value == "LAMP-1"]
        cost = sheet.cell(number, names.index("cost") + 1)
        cost.value = "a lot"
        assert f"{cost.coordinate} (row {number}, column cost)" in hand_in(elke, book)
        cost.value = 12.75
        seen = hand_in(elke, book)
        assert "<ins>12.75 USD</ins>" in seen and cost_of(console, "LAMP-1") == before
        receipt = elke.post("/settings/products/apply", digest=digest_in(seen, "/settings/products/apply")).text
        assert "Taken in</span> by Elke" in receipt and cost_of(console, "LAMP-1") == "12.75"
        back = elke.post("/settings/products/earlier", digest=digest_in(receipt, "/settings/products/earlier")).text
        assert "<del>12.75 USD</del>" in back and cost_of(console, "LAMP-1") == "12.75", "it is shown first"
        elke.post("/settings/products/apply", digest=digest_in(back, "/settings/products/apply"))
        assert cost_of(console, "LAMP-1") == before
        people = elke.get("/settings/people?person=Aude").text
        assert "What Aude can do" in people and 'Export the journal</span> <span class="quiet">as auditor' in people
