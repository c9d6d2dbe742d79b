"""Search, and the invoices that it leads to: what is exact first, filters that narrow, why each was found, and all by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from html import unescape

import pytest
from playwright.sync_api import Page as Tab

from tests.console.installed import Console
from trueup.console.search_words import Sought, read_search
from trueup.console.server import collect_pages
from trueup.domain.cases import Role
from trueup.storage.views.ranges import Ranges
from trueup.workflows.authority import permissions
from trueup.workflows.import_invoices import import_invoices
from trueup.workflows.import_products import archive_upload
from trueup.workflows.resolve_case import Person

FINA = Person("Fina", frozenset({Role.FINANCE}))
INVOICES = (
    "number,partner,payee,issued,due,currency,total,purchase_order,sku,quantity,price\n"
    "SEEK-0001,amazon-us,RIVUS,2026-08-01,2026-08-31,USD,1204.50,4SEEKING,LAMP-1,50,24.09\n"
    "SEEK-0002,amazon-us,RIVUS,2026-11-01,2026-12-31,USD,90.00,4SEEKING,LAMP-1,5,18.00\n"
    "SEEK-0003,amazon-us,RIVUS,2026-11-02,2027-01-01,JPY,1205,4OTHERPO,LAMP-1,5,241\n"
)


@pytest.fixture(scope="module")
def billed(console: Console) -> Console:
    """The console, with three invoices taken in: no payment says anything of them."""
    console.app.act(False, archive_upload, INVOICES.encode(), "invoices", "seek.csv", FINA)
    taken = console.app.act(False, import_invoices, INVOICES.encode(), FINA)
    assert not taken.findings
    return console


def found(console: Console, words: str, by: str = "Olga") -> list[tuple[str, str]]:
    """Where each hit leads, and all that it says."""
    with console.visitor(by) as visitor:
        text = visitor.http.get("/search", params={"words": words}, headers={"HX-Request-Type": "partial"}).text
    hits = re.findall(r'(?s)<a class="hit"[^>]*href="([^"]*)".*?>(.*?)</a>', text)
    return [(href, " ".join(unescape(re.sub(r"<[^>]+>", " ", said)).split())) for href, said in hits]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lamp oil", Sought("lamp oil")),
        ("type:invoice PARTY:US x", Sought("x", type="invoice", party="us", partner="amazon-us")),
        ('status:"not posted"', Sought(status="not posted")),
        ("amount>1,000.50", Sought(ranges=Ranges(least=Decimal("1000.50"), above=True))),
        ("amount<=5 amount>=2", Sought(ranges=Ranges(least=Decimal(2), most=Decimal(5)))),
        ("amount: -7", Sought(ranges=Ranges(least=Decimal(7), most=Decimal(7)))),
        (
            "after:2026-11-01 before:2026-12-01",
            Sought(ranges=Ranges(after=date(2026, 11, 1), before=date(2026, 12, 1))),
        ),
        ("http://x", Sought("http://x")),
    ],
)
def test_filters_are_read_out_of_the_words(text: str, expected: Sought) -> None:
    """What is no filter stays a word."""
    assert read_search(text, ["amazon-us", "amazon-de"]) == expected


@pytest.mark.parametrize(
    "text", ["amount>abc", "amount:NaN", "amount:1e999999999", "before:tomorrow", "after:2026-13-01"]
)
def test_a_filter_that_cannot_be_read_says_what_was_expected(billed: Console, text: str) -> None:
    """It is told and narrows nothing, and the page is no defect."""
    assert len(read_search(text).problems) == 1
    with billed.visitor("Olga") as olga:
        answer = olga.http.get("/search", params={"words": text})
    assert answer.status_code == 200
    assert "expected" in answer.text and "could not be read" in answer.text


def test_an_invoice_is_found_by_whatever_one_has_of_it(billed: Console) -> None:
    """Its number however it is written, the beginning of it, its order, its total in its own currency's digits."""
    address = "/invoices/amazon-us/SEEK-0001"
    for words, why in {
        "SEEK-0001": "its number",
        "seek0001": "its number",
        "4SEEKING": "its order",
        "SEEK": "its number begins so",
        "1,204.50": "its total",
    }.items():
        hits = dict(found(billed, words))
        assert hits[address].endswith(why), (words, hits)
        assert "1,204.50 USD" in hits[address] and "Open" in hits[address], "what it is worth and how it stands"
    assert found(billed, "SEEK-0001")[0][0] == address


def test_words_are_taken_under_the_name_most_searches_give_them(billed: Console) -> None:
    """An address typed or kept elsewhere as ?q= finds the same."""
    with billed.visitor("Olga") as visitor:
        assert "/SEEK-0001" in visitor.http.get("/search", params={"q": "SEEK-0001"}).text


def test_filters_narrow_to_exactly_what_fits(billed: Console) -> None:
    """Amounts by the digits of each currency, days by what they are of; with filters alone no word is needed."""
    for words, expected in {
        "type:invoice seek amount>100": ["SEEK-0003", "SEEK-0001"],
        "type:invoice seek amount>1204.50": ["SEEK-0003"],
        "type:invoice seek amount>=1204.50 amount<1205": ["SEEK-0001"],
        "type:invoices seek before:2026-11-02 party:amazon": ["SEEK-0002", "SEEK-0001"],
        "type:invoice after:2026-11-02 status:open": ["SEEK-0003"],
        "seek party:amazon-de": [],
    }.items():
        assert [href.rpartition("/")[2] for href, _ in found(billed, words)] == expected, words


def test_a_thing_is_listed_once_and_what_is_exact_stands_above(billed: Console) -> None:
    """An order's number is also in the words of its cases; a product has one hit, however many pages know it."""
    hits = found(billed, "PO000001")
    assert hits[0][0] == "/orders/amazon-us/PO000001" and hits[0][1].endswith("its number")
    assert len({href for href, _ in hits}) == len(hits)
    assert found(billed, "LAMP-1")[0][0] == "/stock/LAMP-1"


def test_acts_pages_and_connections_are_found_by_those_who_may(console: Console) -> None:
    """By the beginnings of words in any order; what a person may not do is not offered, and what is offered is there."""
    assert ("/remittances/upload", "act Upload remittances what one does in Remittances") in found(
        console, "remit upl", "Fina"
    )
    assert "/remittances/upload" not in dict(found(console, "remit upl"))
    assert dict(found(console, "chart"))["/settings/chart"] == "page Chart and mapping its name"
    assert found(console, "amazon-us")[0] == ("/connections/amazon-us", "connection amazon-us its name")
    offers = [offer for page in collect_pages().values() for offer in page.offers]
    assert offers and {offer.may for offer in offers} <= permissions().keys()
    with console.visitor("Ana Admin") as ana:
        assert {ana.get(offer.path).status_code for offer in offers} == {200}


def test_an_invoice_adds_up_and_its_age_is_that_of_the_trends(billed: Console) -> None:
    """What was billed less what is settled is open; the list behind an age holds what the chart counts."""
    with billed.visitor("Fina") as fina:
        page = fina.get("/invoices/amazon-us/SEEK-0001").text
        late = fina.get("/invoices?age=3&currency=usd").text
        every, listed = fina.get("/invoices?age=5&currency=usd").text, fina.get("/invoices").text
        trends = fina.get("/trends?currency=USD").text
    assert page.count("1,204.50") >= 2 and "No payment told of it yet" in page
    assert "/search?words=4SEEKING" in late and "SEEK-0002" not in late and "Past due" in late
    assert "/invoices?age=3&amp;currency=USD" in trends
    assert "/search?words=4SEEKING" in every and "SEEK-0002" not in every and "age=5" in listed and "past due" in listed


def test_the_palette_is_used_by_keyboard_alone(billed: Console, page_of: Callable[..., Tab]) -> None:
    """Ctrl K anywhere, words, arrows, Enter; Escape gives the focus back to where it was."""
    page = page_of("Olga")
    page.goto("/orders")
    page.locator("#filter-words").focus()
    page.keyboard.press("Control+k")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "filter-words"
    page.keyboard.press("Control+k")
    page.keyboard.type("seek")
    page.locator("#hit-3").wait_for()
    page.keyboard.press("ArrowDown")
    chosen = page.locator('.hit[aria-selected="true"]')
    assert (
        page.locator("#palette-words").get_attribute("aria-activedescendant") == chosen.get_attribute("id") == "hit-2"
    )
    address = chosen.get_attribute("href")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{address}")
