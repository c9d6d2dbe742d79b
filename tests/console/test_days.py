"""Each role's day in a browser: find what needs them, decide, act, and see what came of it in the database.

One console and one browser for all; each acts on what no other test does.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Page as Tab
from python_calamine import load_workbook

from tests.console.installed import Console
from trueup.console.tour_steps import STEPS


def _rows(console: Console, query: str, **values: Any) -> list[tuple[Any, ...]]:
    with console.app.database.transaction() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query), values)]


def test_operations_finds_the_dearest_case_and_a_second_person_lets_it_pass(
    console: Console, page_of: Callable[..., Tab], new_case: Callable[..., int]
) -> None:
    """From Today to the held line, its evidence and a trial; above the limit it waits, and another person approves."""
    tab = page_of("Olga")
    tab.goto("/")
    assert "Ordered" in tab.locator("#chain").inner_text()
    tab.locator("#chain a", has_text="stuck").first.click()
    tab.locator("tr", has_text="PO000002").locator("a[data-open]").first.click()
    detail = tab.locator("#detail")
    detail.get_by_text("26.50").first.wait_for()
    detail.locator("[data-key='1']").click()
    tab.locator("#confirm").wait_for()
    held = "SELECT state FROM trueup.cases WHERE kind = 'held.cost-differs'"
    assert _rows(console, held) == [("open",)], "a trial does nothing"
    number = new_case("a day of operations", 900_00)
    case = f"case {number}"
    tab.goto("/exceptions?words=a+day+of+operations")
    tab.locator("a[data-open]").first.click()
    detail.get_by_text("20 eaches").first.wait_for()
    detail.locator("#resolve-reject").click()
    tab.locator("#confirm").click()
    tab.locator("#said .told").wait_for()
    proposed = "SELECT id, arguments ->> 'resolution' FROM trueup.proposals WHERE subject = :case"
    ((proposal, resolution),) = _rows(console, proposed, case=case)
    second = page_of("Ana Admin")
    second.goto("/")
    second.locator(f"#approve-{proposal}").click()
    second.locator("#said").get_by_text("approved", exact=False).first.wait_for()
    found = _rows(console, "SELECT state, resolution, resolved_by FROM trueup.cases WHERE id = :id", id=number)
    assert found == [("resolved", resolution, "Ana Admin")]
    trail = _rows(console, "SELECT DISTINCT actor FROM trueup.acts WHERE subject = :subject", subject=case)
    assert {actor for (actor,) in trail} >= {"Olga", "Ana Admin"}


def test_e_commerce_looks_a_product_up_and_takes_its_number_apart(
    console: Console, page_of: Callable[..., Tab]
) -> None:
    """By keyboard to the product; the sum is there; what she may not do is refused by name, and her word is kept."""
    tab = page_of("Elke")
    tab.goto("/")
    tab.keyboard.press("Control+k")
    tab.keyboard.type("LAMP-1")
    tab.locator("#palette-hits .hit[href='/stock/LAMP-1']").click()
    tab.wait_for_url("**/stock/LAMP-1")
    assert "on hand" in tab.locator("main").inner_text().lower()
    tab.goto("/connections/shop")
    assert tab.locator("#pause-look").is_disabled()
    tab.goto("/exceptions?words=GHOST-1")
    tab.locator("a[data-open]").first.click()
    tab.locator("#detail").get_by_text("GHOST-1").first.wait_for()
    tab.locator("#comment").fill("the item master gets it tomorrow")
    tab.keyboard.press("Control+Enter")
    tab.get_by_text("Comment saved.").first.wait_for()
    assert _rows(console, "SELECT actor, text FROM trueup.case_comments WHERE text LIKE 'the item master%'") == [
        ("Elke", "the item master gets it tomorrow")
    ]


def test_an_administrator_lets_somebody_in_and_out_again(console: Console, page_of: Callable[..., Tab]) -> None:
    """A person gets roles and a link that works once; changed and removed, each with who did it."""
    tab = page_of("Ana Admin")
    tab.goto("/settings/people")
    tab.locator("#name").fill("Nils New")
    tab.locator(".add-person input[value='operations']").check()
    tab.locator(".add-person button").click()
    link = tab.get_by_text("/enter/").first.inner_text()
    assert "/enter/" in link
    newcomer = page_of("")
    newcomer.goto("/enter/" + link.partition("/enter/")[2].split()[0])
    newcomer.get_by_label("Password", exact=True).fill("a sentence that is easy to keep")
    newcomer.get_by_label("The same again").fill("a sentence that is easy to keep")
    newcomer.get_by_role("button", name="Set password and sign in").click()
    newcomer.get_by_role("heading", level=1, name="Today").wait_for()
    assert newcomer.locator("#person-menu summary").get_attribute("aria-label") == "Nils New"
    with console.visitor("Ana Admin") as ana:
        ana.post("/settings/people/remove", name="Nils New")
    acts = _rows(console, "SELECT actor FROM trueup.acts WHERE subject = 'person Nils New' ORDER BY id")
    assert (acts[0], acts[-1]) == (("Ana Admin",), ("Ana Admin",))
    assert ("Nils New",) in acts


def test_an_auditor_proves_a_light_takes_the_queue_along_and_changes_nothing(
    console: Console, page_of: Callable[..., Tab]
) -> None:
    """Every sentence that is always true has its numbers; the queue goes out as a workbook without a formula."""
    tab = page_of("Aude")
    proven = "SELECT count(*) FROM trueup.acts WHERE act = 'invariant.proven' AND actor = 'Aude'"
    ((before,),) = _rows(console, proven)
    tab.goto("/")
    tab.locator("#lights a", has_text="Debits equal credits").click()
    assert "summed by currency" in tab.locator("#how").inner_text()
    tab.locator("#prove").click()
    tab.locator("#said").get_by_text("it holds").first.wait_for()
    assert _rows(console, proven) == [(before + 1,)]
    tab.goto("/exceptions")
    with tab.expect_download() as waiting:
        tab.locator("#download-xlsx").click()
    book = load_workbook(io.BytesIO(waiting.value.path().read_bytes()))
    table = book.get_sheet_by_index(0).to_python()
    assert table[0][:3] == ["case", "resolution", "note"]
    assert len(table) - 1 == int(tab.locator("nav.tabs a").first.inner_text().split()[-1])
    tab.goto("/exceptions?words=GHOST-1")
    assert tab.locator("#detail button:not([disabled])", has_text="Decide").count() == 0
    with console.visitor("Aude") as aude:
        assert aude.post("/connections/shop/pause", span="1h", reason="audit", sure="yes").status_code == 403
    assert _rows(console, "SELECT 1 FROM trueup.acts WHERE actor = 'Aude' AND act LIKE 'connection.%'") == []
    assert _rows(console, "SELECT 1 FROM trueup.pauses WHERE reason = 'audit'") == []


def test_a_newcomer_is_through_in_ten_minutes() -> None:
    """Every step read at 200 words a minute, and ten seconds for each act or way to its page; without a clock."""
    words = sum(len(f"{step.title} {step.words}".split()) for step in STEPS)
    acts = sum(1 + step.acts for step in STEPS)
    minutes = words / 200 + acts * 10 / 60
    assert minutes < 10, f"{words} words and {acts} acts take {minutes:.1f} minutes"


def test_the_tour_leads_through_real_things_and_is_kept(console: Console, page_of: Callable[..., Tab]) -> None:
    """Step by step to pages that are there; left in the middle it goes on later, and at its end it says so."""
    tab = page_of("Bo Admin")
    tab.goto("/help")
    tab.get_by_role("link", name="Take the tour").click()
    tab.locator("#tour-begin").click()
    tab.locator(".tour-bar").get_by_text("1 of 10").first.wait_for()
    tab.locator("#tour-next").click()
    tab.wait_for_url("**/exceptions?sort=money&row=*")
    tab.locator("#tour-next").click()
    tab.wait_for_url("**/documents/*")
    tab.locator("#tour-leave").click()
    assert tab.locator(".tour-bar").count() == 0
    tab.reload()
    tab.get_by_role("button", name="Go on with the tour").click()
    tab.locator(".tour-bar").get_by_text("4 of 10").first.wait_for()
    for step in range(5, 11):
        tab.locator("#tour-next").click()
        if tab.locator(".tour-bar").count():
            tab.locator(".tour-bar").get_by_text(f"{step} of 10").first.wait_for()
    tab.locator("#tour-finish").click()
    tab.get_by_text("You have seen all of it").first.wait_for()
