"""Orders as stories and documents as bytes with their meaning: from a number to its proof in two clicks."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import sqlalchemy as sa
from playwright.sync_api import Page as Tab

from tests.console.calling import calling, person, token
from tests.console.conftest import Filled, console_over
from tests.console.installed import Console
from tests.console.routes import addresses
from tests.console.test_all_pages import violations
from tests.x12_text import orders_file
from trueup.console.document_structure import element_at, find_once, structure_of
from trueup.workflows.import_products import KIND, archive_upload


def test_an_order_tells_its_story_with_evidence(console: Console) -> None:
    """Steps, lines, what happened; the evidence of each is a document that opens."""
    with console.visitor("Olga") as olga:
        page = olga.get("/orders/amazon-us/PO000001").text
        assert re.search(r"Answered in full, and the buyer shows the same\. Next: (the goods leave|its invoice)", page)
        names = re.findall(r'class="step-name">(?:<a [^>]*>)?([A-Z][^<]+)<', page)
        assert names == ["Received", "Reserved", "In the shop", "Answered", "Shipped", "Invoiced", "Paid", "Explained"]
        assert "No invoice is known" in page and "Nothing billed yet" in page, "what is not known is not done"
        assert "Accepted, read back" in page
        evidence = re.findall(r'href="(/documents/[0-9a-f]{64})"', page)
        assert evidence
        assert olga.get(evidence[0]).status_code == 200
        proven = olga.get("/orders/amazon-us/PO000001?events=documents").text
        of_people = olga.get("/orders/amazon-us/PO000001?events=people").text
        told = of_people.partition('id="story"')[2].partition("</section>")[0]
        assert "Answer sent" in proven
        # Others' tests ask for what they may not do to this order: that they were not let is all that people did to it.
        events = re.findall(r'<li class="event[^"]*"', told)
        assert "Nobody did or said" in told if not events else told.count("Act refused") == len(events)


def test_an_answer_that_left_in_time_is_not_late_while_its_proof_is_awaited(console: Console) -> None:
    """A list that calls it late sends people to look for what is missing; what left too late, or never, is called so."""
    moved = (
        "UPDATE trueup.deliveries SET state = :state, sent_at = due_at + CAST(:late AS interval) WHERE id ="
        " (SELECT max(id) FROM trueup.deliveries WHERE kind = 'acknowledgement' AND state <> 'superseded') RETURNING order_id"
    )

    def cell(**sent: str) -> str:
        with console.app.database.transaction() as connection:
            order_id = connection.execute(sa.text(moved), sent).scalar_one()
            number = connection.execute(sa.text("SELECT number FROM trueup.orders WHERE id = :id"), {"id": order_id})
            name = str(number.scalar_one())
        with console.visitor("Olga") as olga:
            page = olga.get(f"/orders?words={name}").text
        return page[page.index(f">{name}</a>") :].partition("</tr>")[0]

    kept = "SELECT id, state, sent_at FROM trueup.deliveries WHERE kind = 'acknowledgement' AND state <> 'superseded'"
    with console.app.database.transaction() as connection:
        before = connection.execute(sa.text(f"{kept} ORDER BY id DESC LIMIT 1")).mappings().one()
    try:
        assert "sent in time" in cell(state="received", late="-1 hours")
        assert "sent in time" not in cell(state="received", late="1 hours")
        assert "sent in time" not in cell(state="unanswered", late="-1 hours")
    finally:
        with console.app.database.transaction() as connection:
            back = "UPDATE trueup.deliveries SET state = :state, sent_at = :sent_at WHERE id = :id"
            connection.execute(sa.text(back), dict(before))


def test_the_orders_of_a_filter_come_as_a_file(console: Console) -> None:
    """The link of the list has the filter with it, and the file every order of it, in the order of the list."""
    with console.visitor("Olga") as olga:
        page = olga.get("/orders?standing=accepted&sort=due").text
        link = unescape(re.findall(r'href="(/orders\.csv[^"]*)"', page)[0])
        answer = olga.get(link)
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert re.search(r'filename="orders-[\d-]+\.csv"', answer.headers["content-disposition"])
        assert [row["number"] for row in rows] == re.findall(r'class="mono" href="/orders/[\w-]+/(\w+)"', page)
        assert rows and {row["standing"] for row in rows} == {"accepted"}


def test_a_document_keeps_its_name_in_any_script(console: Console) -> None:
    """Whoever downloads it gets its letters; what has a meaning for a header or a folder is left out. (It was an error of ours.)"""
    name = '../納品書 "3".csv'
    digest = console.app.act(False, archive_upload, b"no table at all", KIND, name, person(console, "Ana Admin"))
    with console.visitor("Aude") as aude:
        answer = aude.get(f"/documents/{digest}/original")
    assert answer.content == b"no table at all"
    kept = re.fullmatch(
        r"attachment; filename=\"([\w.-]+)\"; filename\*=UTF-8''(\S+)", answer.headers["content-disposition"]
    )
    assert kept and (kept[1], unquote(kept[2])) == ("..______3_.csv", ".._納品書__3_.csv")


def test_a_file_is_called_by_its_own_name_everywhere(console: Console) -> None:
    """Letter for letter, in the list as on its page; the list is filtered by kinds in words. What is written here is not read."""
    console.app.act(
        False, archive_upload, b"sku,on_hand\nQZX,1\n", "stock-counts", "counts.csv", person(console, "Olga")
    )
    pack = console.app.act(False, archive_upload, b"a pack", "close-pack", "close-2026-10.txt", person(console, "Olga"))
    with console.visitor("Olga") as olga:
        listed = olga.get("/documents?words=counts.csv").text
        written = olga.get(f"/documents/{pack}").text
    assert ">counts.csv</a>" in listed and '<option value="stock-counts" >Stock counts</option>' in listed
    assert "Trueup wrote it." in written and 'id="read-again"' not in written


def test_a_cell_that_differs_is_marked(console: Console) -> None:
    """A held line has no promise: the cell says so in a word, not by its colour alone."""
    with console.visitor("Olga") as olga:
        page = olga.get("/orders/PO000002")
        assert page.headers["location"] == "/orders/amazon-us/PO000002"
        held = r'class="num differs"[^>]*><span class="unknown">–</span><small>held</small>'
        assert re.search(held, olga.get(page.headers["location"]).text)


def test_a_document_is_downloaded_as_it_arrived(console: Console) -> None:
    """Byte for byte, as an attachment that no browser runs."""
    digest = addresses(console)["document"]
    with console.visitor("Aude") as aude:
        answer = aude.get(f"/documents/{digest}/original")
    from trueup.base.ids import digest_of

    assert digest_of(answer.content) == digest
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-security-policy"].startswith("sandbox")


def test_search_finds_what_is_exact_first(console: Console) -> None:
    """A number of an order leads there by Enter; a hash to its document; a word to what it stands in."""
    digest = addresses(console)["document"]
    with console.visitor("Olga") as olga:
        first = re.search(r'class="hit" id="hit-1" href="([^"]*)"', olga.get("/search?words=po000001").text)
        assert first and first[1] == "/orders/amazon-us/PO000001"
        assert f"/documents/{digest}" in olga.get(f"/search?words={digest[:12]}").text
        assert "Nothing is called" in olga.get("/search?words=no-such-thing").text


def telling(console: Console, number: str) -> str:
    """The hash of the document that told an order."""
    query = "SELECT r.evidence FROM trueup.order_revisions r JOIN trueup.orders o ON o.id = r.order_id WHERE o.number = :number"
    with console.app.database.transaction() as connection:
        return str(connection.execute(sa.text(query), {"number": number}).scalars().one())


def test_a_document_is_read_again_and_nothing_changes(filled: Filled, tmp_path: Path) -> None:
    """As it was read then; then, as if an earlier Trueup had read less of it: what is read otherwise stands beside what was."""
    altered = "body #>> '{lines,0,net_cost,value}' = '1.23'"
    forget = "UPDATE trueup.order_revisions SET body = jsonb_set(body, '{lines,0,net_cost,value}', '\"1.23\"') WHERE evidence = :by"
    with console_over(filled, tmp_path) as console, console.visitor("Aude") as aude:
        digest = telling(console, "PO000001")
        assert (
            "nothing is read otherwise today. Nothing was changed." in aude.get(f"/documents/{digest}?view=again").text
        )
        with console.app.database.transaction() as connection:
            changed = connection.execute(sa.text(forget), {"by": digest}).rowcount
        page = aude.get(f"/documents/{digest}?view=again").text
        assert f"{changed} value" in page and "<del>1.23</del>" in page and "lines 1 net cost value" in page
        with calling(console, token(console, "Aude", "look")) as program:
            again = program.json(f"/documents/{digest}/rereading")
        assert [each["then"] for each in again["differences"]] == ["1.23"] * changed
        with console.app.database.transaction() as connection:
            kept = connection.execute(sa.text(f"SELECT count(*) FROM trueup.order_revisions WHERE {altered}"))
            assert kept.scalar_one() == changed


def test_what_is_selected_in_one_view_is_selected_in_all(console: Console, page_of: Callable[..., Tab]) -> None:
    """A member of the structure leads to its place in the bytes, its name and what may stand there; its answer stands beside it."""
    page = page_of("Aude")
    page.goto(f"/documents/{telling(console, 'PO000001')}")
    page.locator(".structure a", has_text="PO000001").first.click()
    page.locator("#selected").wait_for()
    selected = page.locator("#selected").inner_text()
    assert "purchaseOrderNumber" in selected and "text" in selected
    assert page.locator("mark#asked").inner_text() == '"PO000001"'
    assert page.locator(".structure a[aria-current]").count() == 1
    assert violations(page, "a document with an element selected", "light") == []
    page.locator("#beside").click()
    page.locator("#beside-source").wait_for()
    page.get_by_role("link", name="Open it, with this one beside it").click()
    page.wait_for_url("**?beside=*")
    page.locator("#beside-source").wait_for()


def test_an_element_of_edi_says_its_name_its_position_and_what_it_may_hold() -> None:
    """Each segment by the guide of its set, wherever the bytes begin; what stands once in them is found by its text, else not."""
    content = orders_file()
    parts = structure_of(content, 0, len(content))
    assert [part.title for part in parts][:3] == ["ISA", "GS", "ST"]
    number = next(each for part in parts if part.title == "BEG" for each in part.elements if each.value == "4TJ8X1QA")
    assert (number.position, content[number.offset :].startswith(b"4TJ8X1QA")) == ("BEG03", True)
    assert number.name and "characters (data element 324)" in number.allowed and "must be there" in number.allowed
    assert element_at(parts, number.offset + 3) == number
    purpose = next(each for part in parts for each in part.elements if each.position == "BEG01")
    assert "00, 01, 04" in purpose.allowed
    half = parts[len(parts) // 2].offset
    assert structure_of(content, half, len(content)) == [part for part in parts if part.offset >= half]
    assert find_once(content, "4TJ8X1QA") == number.offset and find_once(content, "PO1") is None
    assert structure_of(b"sku,title\n", 0, 10) == [] and structure_of(b"{broken", 0, 7) == []


def test_a_zipped_report_shows_what_is_inside(console: Console) -> None:
    """Its bytes stay as they came; what is cut off in the middle is said to be no text, and breaks nothing."""
    whole = gzip.compress(b'{"inside": "the forecast"}', mtime=0)
    admin = person(console, "Ana Admin")
    zipped = console.app.act(False, archive_upload, whole, KIND, "report.json.gz", admin)
    cut = console.app.act(False, archive_upload, whole[:-12], KIND, "cut.json.gz", admin)
    with console.visitor("Aude") as aude:
        shown = aude.get(f"/documents/{zipped}?view=raw").text
        assert "the forecast" in shown and "Not text" not in shown
        assert aude.get(f"/documents/{zipped}/original").content == whole
        assert "the forecast" not in aude.get(f"/documents/{cut}?view=raw").text
        assert "cut off" in aude.get(f"/documents/{cut}").text


def test_a_zipped_report_means_what_is_inside(console: Console) -> None:
    """What Amazon sends in GZIP is read by the format of what is inside, and read again as such."""
    inside = (Path(__file__).parents[1] / "golden" / "vendor_reports" / "sourcing.inventory.json").read_bytes()
    zipped = gzip.compress(inside, mtime=0)
    digest = console.app.act(False, archive_upload, zipped, KIND, "stock.json.gz", person(console, "Ana Admin"))
    with console.visitor("Aude") as aude:
        shown = aude.get(f"/documents/{digest}?view=again").text
    assert "No format reads this" not in shown and "1 read as amazon-report-inventory" in shown
