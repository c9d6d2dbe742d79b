"""An order to its end: billed, shipped, received in part, paid with a discount and a claim; its page and the API say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser

from tests.cli.remitted import export, line
from tests.console.calling import calling, person, token
from tests.console.conftest import Filled, console_over
from tests.console.installed import Console
from tests.unit.domain.made import order
from trueup.base.money import Money
from trueup.console.visit import SESSION
from trueup.domain.cases import CaseDraft
from trueup.domain.landing import LineStatus, OrderStatus
from trueup.storage.cases import open_case
from trueup.storage.line_receipts import Look, load_receipts, save_receipts
from trueup.storage.orders import Arrived, take_in
from trueup.storage.views.order_looks import status_name
from trueup.workflows.import_invoices import import_invoices
from trueup.workflows.import_products import archive_upload
from trueup.workflows.import_proofs import import_proofs
from trueup.workflows.import_remittances import Upload, begin_upload, finish_import, settle_upload

INVOICES = """number,partner,payee,issued,due,currency,total,purchase_order,line,sku,quantity,price
INV-1,amazon-us,NORDA,2026-11-23,2026-12-30,USD,120.00,PO000001,1,LAMP-1,12,10.00
INV-2,amazon-us,NORDA,2026-11-23,2026-12-30,USD,50.00,PO000001,1,CHAIR-1,1,26.00
INV-2,,,,,,,,2,VASE-1,3,8.00
"""
PROOFS = """kind,purchase_order,invoice,sku,quantity,day,tracking
shipped,PO000001,,LAMP-1,10,2026-11-23,1Z1
shipped,PO000001,INV-1,LAMP-1,2,2026-11-23,1Z2
"""
EXPORT = export(
    "700100,118.00",
    lines=(
        line("700100", "INV-1", "117.60", discount="2.40"),
        line("700100", "INV-2", "20.40"),
        line("700100", "INV-1SC", "-20.00"),
    ),
)


@pytest.fixture(scope="module")
def story(filled: Filled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console in which PO000001 was billed, shipped and paid in part."""
    with console_over(filled, tmp_path_factory.mktemp("story")) as console:
        bo = person(console, "Bo Admin")

        def act(fn: Any, *args: Any) -> Any:
            return console.app.act(False, fn, *args)

        for kind, text in (("invoices", INVOICES), ("proofs", PROOFS)):
            act(archive_upload, text.encode(), kind, f"{kind}.csv", bo)
        act(import_invoices, INVOICES.encode(), bo)
        act(import_proofs, PROOFS.encode(), "amazon-us", bo)
        begun = begin_upload(act, Upload(EXPORT.encode(), "Payments.csv", "amazon-us", bo))
        settle_upload(act, begun, lambda lines: None)
        act(finish_import, "amazon-us", begun.payments, 0)
        yield console


def test_the_course_of_an_order_is_on_its_page_and_in_the_api(story: Console) -> None:
    """Counts with a word where they differ, an en dash with its reason where nobody says; the same to a program."""
    with calling(story, token(story, "Olga", "look")) as program:
        told = program.json("/orders/amazon-us/PO000001")
    lamp, chair = (each["course"] for each in told["lines"])
    counts = {stage: (lamp[stage]["eaches"], lamp[stage]["word"]) for stage in lamp}
    assert counts == {
        "ordered": (12, ""),
        "acknowledged": (12, ""),
        "shipped": (12, ""),
        "invoiced": (12, ""),
        "received": (10, "short"),
        "paid": (10, "short"),
    }
    assert chair["shipped"]["eaches"] is None and "No shipment is confirmed" in chair["shipped"]["why"]
    assert chair["paid"]["eaches"] is None and "names no line" in chair["paid"]["why"]
    with story.visitor("Olga") as olga:
        page = olga.get("/orders/amazon-us/PO000001").text
    assert re.search(r'class="num differs"[^>]*>10<small>short</small>', page)
    assert "Shipped is not known of line 2 (–): No shipment is confirmed" in page


def test_a_price_that_is_not_the_orders_cost_is_marked_with_a_word_and_both_figures(story: Console) -> None:
    """In the grid, above it, and to a program; a price that is the cost is not."""
    with calling(story, token(story, "Olga", "look")) as program:
        lamp, chair = program.json("/orders/amazon-us/PO000001")["lines"]
    assert lamp["charged"] is None, lamp
    assert chair["charged"]["invoice"] == "INV-2" and chair["charged"]["price"]["amount"] == "26.00"
    cost, word = chair["charged"]["cost"]["amount"], chair["charged"]["word"]
    assert word == ("dearer" if float(cost) < 26 else "cheaper")
    with story.visitor("Olga") as olga:
        page = unescape(olga.get("/orders/amazon-us/PO000001").text)
    assert re.search(
        rf'class="num differs">[^<]+<small>billed <a[^>]*>26.00 USD</a>, {word} than {cost} USD</small>', page
    )
    assert re.search(r'class="deviation".*Price differs.*Line 2\..*Invoice INV-2 bills 26.00', page)


def test_each_step_has_its_deadline_or_says_why_none_is_known(story: Console) -> None:
    """Of what is open, by the day that its invoice states; before there is one, an en dash with its reason."""
    with story.visitor("Olga") as olga:
        billed = unescape(olga.get("/orders/amazon-us/PO000001").text)
        bare = unescape(olga.get("/orders/amazon-us/PO000002").text)
    assert re.search(
        r'<span class="step-name"><a href="#payments">Paid</a></span>.*?<span class="deadline.*?2026-12-30[^>]*>due in',
        billed,
        re.S,
    )
    assert 'id="undue"' not in billed
    assert "<b>Invoiced</b>, due –: Neither the order nor the agreement says" in bare
    assert "<b>Paid</b>, due –: The days until a payment count from an invoice" in bare
    assert bare.count('due <span class="unknown" title=') == 2


def test_the_grid_of_an_order_shows_all_of_its_columns_on_a_desk(story: Console, browser: Browser) -> None:
    """At 1280 pixels nothing of the lines is beside the page: their evidence is seen without moving them."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=story.url, locale="en-GB")
    context.add_cookies([{"name": SESSION, "value": story.ticket("Olga"), "url": story.url}])
    page = context.new_page()
    page.goto("/orders/amazon-us/PO000001")
    beside = page.locator("#lines .table-scroll").evaluate("each => each.scrollWidth - each.clientWidth")
    context.close()
    assert beside == 0


def test_what_amazon_counted_in_and_what_it_claims_stand_side_by_side(story: Console) -> None:
    """Its docks counted twelve, its claim leaves ten: the cell is disputed, the page says both on top, and a program is told."""
    status = OrderStatus("PO000001", True, None, (LineStatus(1, 2, 2, 0, "ACCEPTED", None, received=2),))
    with story.app.database.transaction() as connection:
        world = story.app.world
        digest = world.keep(connection, b"a status", kind="status", source="amazon-us", name="statuses, page 1")
        look = Look("amazon-us", "amazon-us", digest, world.clock.now())
        save_receipts(connection, look, status)
    with calling(story, token(story, "Olga", "look")) as program:
        received = program.json("/orders/amazon-us/PO000001")["lines"][0]["course"]["received"]
    assert (received["eaches"], received["word"], received["evidence"]) == (12, "disputed", [digest])
    assert re.search(r"12 \(Amazon's own status.*\), 10 \(invoiced, less", received["against"])
    with story.visitor("Olga") as olga:
        page = unescape(olga.get("/orders/amazon-us/PO000001").text)
    assert re.search(r'class="deviation".*Disputed.*Line 1\..*Amazon tells two numbers of what it received', page)
    assert re.search(r'class="num differs"[^>]*><a href="/documents/\w+[^"]*">12</a><small>disputed</small>', page)
    assert "The buyer shows what it counted in" in page
    assert re.search(r"[Ll]ine 1: 2 in all, 2 more", page), page[page.index("The buyer shows what") :][:600]


def test_a_dispute_is_given_what_amazon_itself_shows(story: Console) -> None:
    """Among the claim's exhibits, on its page and in its pack, is the status that contradicts it, with both numbers."""
    with story.app.database.transaction() as connection:
        claim = connection.execute(sa.text("SELECT id FROM trueup.claims WHERE claim = 'shortage/INV1'")).scalar_one()
        digest = load_receipts(connection, "amazon-us", "PO000001")[1].evidence
    with story.visitor("Fina") as fina:
        page = unescape(fina.get(f"/recovery/{claim}").text)
        pack = ZipFile(BytesIO(fina.get(f"/recovery/{claim}/pack.zip").content))
    assert "Amazon itself shows 12 of LAMP-1 as received. Amazon tells two numbers of what it received" in page
    assert any(digest[:12] in name for name in pack.namelist()), pack.namelist()


def test_invoiced_less_deductions_less_open_is_paid_to_the_cent(story: Console) -> None:
    """Each term leads to rows on the page that come to it; each row to its line of a payment, and that line is there."""
    with calling(story, token(story, "Olga", "look")) as program:
        [money] = program.json("/orders/amazon-us/PO000001")["money"]
    amounts = {name: money[name]["amount"] for name in ("invoiced", "deducted", "open", "paid", "difference")}
    assert amounts == {
        "invoiced": "170.00",
        "deducted": "22.40",
        "open": "29.60",
        "paid": "118.00",
        "difference": "0.00",
    }
    assert [(row["type"], row["amount"]["amount"]) for row in money["deductions"]] == [
        ("terms-discount", "2.40"),
        ("shortage-claim", "20.00"),
    ]
    assert [row["amount"]["amount"] for row in money["payments"]] == ["117.60", "20.40", "-20.00"]
    with story.visitor("Fina") as fina:
        page = fina.get("/orders/amazon-us/PO000001").text
        assert (
            "118.00 USD of 170.00 USD invoiced are paid after 22.40 USD of deductions; 29.60 USD are open."
            in re.sub("\N{NO-BREAK SPACE}", " ", page)
        )
        targets = set(re.findall(r'class="equation-term[^"]*"><b><a href="#(\w+)"', page))
        assert targets == {"invoices", "deductions", "payments"} and all(f'id="{each}"' in page for each in targets)
        rows = set(re.findall(r'href="(/remittances/\d+/lines/\d+)"', page))
        assert len(rows) == 3 and all(fina.get(each).status_code in (200, 303) for each in rows)


def test_looks_that_show_nothing_new_are_folded_into_one_that_unfolds_to_every_one(story: Console) -> None:
    """Three looks, of which two show what the first did: these are one row, which unfolds; of people it is none."""
    name = status_name("amazon-us", "PO000003")
    for content in (b'{"shown": 1}', b'{"shown": 1}', b'{"shown": 1}'):
        with story.app.database.transaction() as connection:
            story.app.world.keep(connection, content, kind="status", source="amazon-us", name=name)
    with story.visitor("Olga") as olga:
        page = olga.get("/orders/amazon-us/PO000003").text
        assert page.count("1 more look, no change") == 1
        assert page.count("The buyer shows it anew") == 1 and page.count("The buyer was asked: no change") == 2
        assert "The buyer was asked" not in olga.get("/orders/amazon-us/PO000003?events=people").text


def test_what_was_just_created_is_found_at_once(story: Console) -> None:
    """An order, a case, a document, an invoice and a payment: by their own name in the next request, and above all else."""
    ana, now = person(story, "Ana Admin"), story.app.world.clock.now()
    draft = CaseDraft(
        "stock.short", "product JUST-1", "Stock is short of JUST-1", "2 eaches", "none", Money(100, "USD"), None, "operations", ()
    )  # fmt: skip
    fresh = story.app.act(False, archive_upload, b"just arrived", "item-master", "just.csv", ana)
    with story.app.database.transaction() as connection:
        take_in(connection, order(number="4JUSTNOW"), Arrived(fresh, now, {}))
        case = open_case(connection, draft, now)
    wanted = {
        "4justnow": "/orders/amazon-us/4JUSTNOW",
        f"case {case}": f"/exceptions?row={case}",
        fresh: f"/documents/{fresh}",
        "inv 1": "/invoices/amazon-us/INV-1",
        "700100": "/remittances/",
    }
    with story.visitor("Bo Admin") as bo:
        for words, address in wanted.items():
            page = bo.http.get("/search", params={"words": words}, headers={"HX-Request-Type": "partial"}).text
            first = re.search(r'<a class="hit"[^>]*href="([^"]*)"', page)
            assert first and first[1].startswith(address), f"{words}: {first and first[1]}, expected {address}"
