"""The item master goes out as a workbook, comes in mended, and is taken back; what a person can do is said of each."""

from __future__ import annotations

import io
import re
from pathlib import Path

import openpyxl

from tests.console.conftest import Filled, console_over
from tests.console.installed import Client, Console
from trueup.workflows.long_work import begin_work, do_piece, end_work


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


def work_off(console: Console, job: int) -> None:
    """A worker does the job, in transactions as its flow does them."""
    pieces = console.app.act(False, begin_work, job)
    assert pieces is not None
    done = [console.app.act(False, do_piece, job, piece) for piece in pieces]
    found = [each["found"] for each in done if each is not None]
    console.app.act(False, end_work, job, found)


def test_a_large_item_master_is_compared_and_taken_in_by_a_worker(filled: Filled, tmp_path: Path) -> None:
    """Its page says how far it is and may be closed; called off, nothing of it is taken in; what came of it stays and leads on."""
    with console_over(filled, tmp_path) as console, console.visitor("Elke") as elke:
        rows = [f"NEW-{number},Product {number},{'many' if number == 7 else 6}" for number in range(1, 5001)]
        content = "\n".join(["sku,title,case_size", *rows, ""]).encode()

        def asked(body: bytes) -> int:
            files = {"file": ("items.csv", body)}
            answer = elke.http.post("/settings/products/upload", data={"csrf": elke.csrf}, files=files)
            assert answer.status_code == 303, answer.text
            return int(answer.headers["location"].rpartition("/")[2])

        refused = asked(content)
        assert elke.get(f"/jobs/{refused}").status_code == 202
        assert elke.get(f"/settings/products/jobs/{refused}").status_code == 404, "it is not there yet"
        work_off(console, refused)
        told = elke.get(f"/settings/products/jobs/{refused}").text
        assert "Not taken in" in told and "C8 (row 8, column case_size)" in told
        assert "1 cell is refused (C8)" in elke.get(f"/jobs/{refused}").text

        tried = asked(content.replace(b"many", b"6"))
        work_off(console, tried)
        seen = elke.get(f"/settings/products/jobs/{tried}").text
        assert "Take in 5,000 products" in seen and "NEW-1<" in seen and known(console) == 0, "only tried"
        digest = digest_in(seen, "/settings/products/apply")

        called_off = int(elke.post("/settings/products/apply", digest=digest).headers["location"].rpartition("/")[2])
        begun = console.app.act(False, begin_work, called_off)
        assert begun is not None and len(begun) == 1
        assert "whole or not at all" in elke.post(f"/jobs/{called_off}/cancel").text
        elke.post(f"/jobs/{called_off}/cancel", sure="yes")
        assert console.app.act(False, do_piece, called_off, begun[0]) is None and known(console) == 0

        taken = int(elke.post("/settings/products/apply", digest=digest).headers["location"].rpartition("/")[2])
        work_off(console, taken)
        assert known(console) == 5000
        assert "5,000 products are new" in elke.get(f"/jobs/{taken}").text
        assert "Taken in</span> by Elke" in elke.get(f"/settings/products/jobs/{taken}").text


def known(console: Console) -> int:
    """How many of the new products there are."""
    with console.app.database.transaction() as connection:
        query = "SELECT count(*) FROM trueup.products WHERE sku LIKE 'NEW-%%'"
        return int(connection.exec_driver_sql(query).scalar_one())
