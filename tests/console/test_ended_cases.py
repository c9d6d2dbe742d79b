"""Cases that ended, and tabs with none: what is said of them in rows, beside them, and where nothing is."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page as Tab

from tests.console.installed import Console
from trueup.console.case_words import item_of
from trueup.domain.cases import CaseDraft, Resolution
from trueup.storage import cases


def _opened(console: Console, what: str) -> int:
    draft = CaseDraft(
        "stock.short", what, f"Stock is short of {what}", "24 eaches", "20 eaches", None, None, "operations",
        (Resolution.RETRY, Resolution.DISMISS),
    )  # fmt: skip
    with console.app.database.transaction() as connection:
        return cases.open_case(connection, draft, console.app.world.clock.now())


def test_a_resolved_case_says_how_it_ended_and_all_that_happened(console: Console) -> None:
    """In its row and beside it, in words; that it was opened is part of what happened, though no act tells it."""
    case_id = _opened(console, "how it ended")
    with console.visitor("Olga") as olga:
        opened = olga.get(f"/exceptions?row={case_id}").text
        olga.post(f"/exceptions/{case_id}/resolve", resolution="dismiss", note="counted twice")
        resolved = olga.get(f"/exceptions?tab=resolved&row={case_id}").text
    assert "What happened to it (1)" in opened and "<b>Trueup</b> opened it" in opened
    row = resolved[resolved.index(f'id="row-{case_id}"') :].partition("</tr>")[0]
    assert "dismissed by Olga" in row and "Resolved</span>" not in row
    assert "Dismissed by Olga" in resolved and "What happened to it (2)" in resolved and "decided it" in resolved


def test_an_empty_tab_says_what_will_stand_there(console: Console) -> None:
    """Not the words of another tab, and no file of nothing."""
    with console.visitor("Olga") as olga:
        page = olga.get("/exceptions?tab=waiting").text
    assert "Nothing waits for a second person" in page and "until another person approves it" in page
    assert 'id="download-xlsx"' not in page


def test_lines_of_one_order_that_are_held_alike_are_told_apart(console: Console) -> None:
    """By the product that made the case, where no word of its title names it."""
    alike = {"cause": "item QZX-1", "title": "Order closed: a closed order, expected one that is new"}
    assert item_of(alike) == "QZX-1" and item_of({**alike, "title": "QZX-1 is short"}) == ""
    assert item_of({**alike, "cause": "partner amazon-us"}) == ""


def test_on_a_phone_what_is_opened_takes_the_place_of_its_list(console: Console, page_of: Callable[..., Tab]) -> None:
    """Not beneath fifty rows of it; back leads to the row, and an address that names a case shows that."""
    case_id = _opened(console, "seen on a phone")
    tab = page_of("Olga", "light", 390)
    tab.goto("/exceptions?words=seen on a phone")
    assert not tab.locator("#detail").is_visible()
    tab.locator(f"#row-{case_id}").click()
    tab.locator("#case-title", has_text="seen on a phone").wait_for()
    place = tab.locator("#case-title").bounding_box()
    assert place and place["y"] < 500 and not tab.locator(".split-list").is_visible()
    tab.get_by_text("All cases").click()
    assert tab.locator(f"#row-{case_id}").is_visible() and tab.evaluate("document.activeElement.id") == f"row-{case_id}"
    assert "row=" not in tab.url
    tab.goto(f"/exceptions?row={case_id}")
    assert tab.locator("#case-title").is_visible() and not tab.locator(".split-list").is_visible()


def test_a_case_leads_to_what_it_is_about(console: Console) -> None:
    """To its product, its connection, its order where there is one; what is known to nobody has no link that leads nowhere."""
    about = {
        "product LAMP-1": '<a href="/stock/LAMP-1">',
        "source shop products": '<a href="/connections/shop">',
        "order amazon-us/PO000001 USD": '<a href="/orders/amazon-us/PO000001">',
        "product NOBODYS-1": "",
        "order amazon-us/NOBODYS USD": "",
        "run nobodys:1": "",
    }
    for subject, link in about.items():
        case_id = _opened(console, subject)
        with console.visitor("Olga") as olga:
            links = olga.get(f"/exceptions?row={case_id}").text.partition('class="case-links"')[2].partition("</p>")[0]
            olga.post(f"/exceptions/{case_id}/resolve", resolution="dismiss", note="looked at")
        assert (link in links) if link else ("<a href" not in links), subject
