"""The map of keys: everything that `?` shows is pressed, on every page where it has a meaning, and does what the map says."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page as Tab

from tests.console.installed import Console
from tests.console.test_exceptions import new_case
from trueup.storage.cases import load_case

__all__ = ["new_case"]
FOCUSED = "document.activeElement.closest('tr')?.rowIndex ?? -1"
LISTS = (
    "/",
    "/exceptions",
    "/exceptions/causes",
    "/orders",
    "/stock",
    "/stock-drift?tab=all",
    "/documents",
    "/flows",
    "/invoices",
    "/remittances",
    "/recovery",
    "/rules",
    "/journal",
    "/jobs",
)
PRESSED = {
    "Ctrl K /": "test_the_palette_and_the_filter",
    "j k": "test_rows_of_every_list_are_walked_and_opened",
    "Enter Esc": "test_rows_of_every_list_are_walked_and_opened",
    "x": "test_a_case_is_handled_by_every_letter_of_the_map",
    "Shift ↓": "test_shift_and_an_arrow_select_row_by_row",
    "1 2 3 4": "test_a_case_is_handled_by_every_letter_of_the_map",
    "a h c": "test_a_case_is_handled_by_every_letter_of_the_map",
    "e": "test_evidence_is_opened_by_its_key",
    "n p": "test_findings_beyond_what_is_shown_are_reached_by_keys",
    "u": "test_a_case_is_handled_by_every_letter_of_the_map",
    "Ctrl Enter": "test_a_case_is_handled_by_every_letter_of_the_map",
    "?": "test_what_the_map_shows_is_pressed_somewhere",
}
"""Each entry of the map, and the test that presses it; `g` and a letter are pressed by what the map itself lists."""
FIELDS = {"c": "comment", "a": "assign-person", "h": "snooze-reason", "2": "merge-into", "3": "dismiss-note"}


def entries(tab: Tab) -> dict[str, str]:
    """The keys that the map shows, and what it says of each."""
    tab.keyboard.press("?")
    tab.locator("#keys[open]").wait_for()
    keys = "[...each.querySelectorAll('kbd')].map(key => key.innerText).join(' ')"
    pairs = f"all => all.map(each => [{keys}, each.querySelector('dd').innerText])"
    shown = tab.locator("#keys .key-list div").evaluate_all(pairs)
    tab.keyboard.press("Escape")
    return dict(shown)


def test_what_the_map_shows_is_pressed_somewhere(page_of: Callable[..., Tab]) -> None:
    """No key of the map is left without a test; `g` and each letter lead to the page that the map names, from any page."""
    tab = page_of("Ana Admin")
    tab.goto("/stock")
    shown = entries(tab)
    going = {keys: title for keys, title in shown.items() if keys.startswith("g ")}
    assert shown.keys() - going.keys() == PRESSED.keys()
    assert {"g t", "g x", "g o", "g s", "g m", "g d", "g f"} <= going.keys()
    for keys, title in going.items():
        tab.goto("/settings")
        for key in keys.split():
            tab.keyboard.press(key)
        tab.locator(".sidebar a[aria-current=page]", has_text=title).wait_for()


def test_the_palette_and_the_filter(page_of: Callable[..., Tab]) -> None:
    """Ctrl K everywhere, also in a field; `/` the filter where there is one, and the palette where there is none."""
    tab = page_of("Ana Admin")
    for path in ("/", "/orders", "/settings", "/exceptions", "/jobs"):
        tab.goto(path)
        tab.keyboard.press("/")
        filters = tab.locator("main .filters input[type=search]").count()
        focused = tab.evaluate("document.activeElement.id")
        assert (focused != "palette-words") is bool(filters), (path, focused)
        tab.keyboard.press("Control+k")
        assert tab.evaluate("document.activeElement.id") == "palette-words", path
        tab.keyboard.press("Escape")


def test_rows_of_every_list_are_walked_and_opened(page_of: Callable[..., Tab]) -> None:
    """`j` and `k` move the focus row by row and stop at the ends; Enter opens the row; a letter in the filter is a letter."""
    tab = page_of("Ana Admin")
    walked = 0
    for path in LISTS:
        tab.goto(path)
        rows = tab.locator("[data-rows] tbody tr", has=tab.locator("a")).count()
        if rows < 2:
            continue
        walked += 1
        tab.keyboard.press("j")
        first = tab.evaluate(FOCUSED)
        assert first > 0, path
        # What is typed while a row opens waits until it is open.
        tab.keyboard.press("j")
        if rows > 2:
            tab.wait_for_function(f"first => ({FOCUSED}) > first", arg=first)
        tab.keyboard.press("k")
        tab.wait_for_function(f"first => ({FOCUSED}) === first", arg=first)
        here = tab.evaluate("document.activeElement.getAttribute('href')")
        before = tab.url
        tab.keyboard.press("Enter")
        if tab.locator("#detail").count():
            tab.wait_for_url(re.compile("row="))
            tab.locator("#detail a, #detail button").first.focus()
            tab.keyboard.press("Escape")
            assert tab.evaluate("document.activeElement.closest('tr.here') !== null"), path
        else:
            tab.wait_for_function("before => location.href !== before", arg=before)
            assert here.partition("?")[0] in tab.url, (path, here, tab.url)
    assert walked >= 6


def test_a_case_is_handled_by_every_letter_of_the_map(
    console: Console, page_of: Callable[..., Tab], new_case: Callable[..., int]
) -> None:
    """Comment, assign, snooze, duplicate, dismiss, resolve, select and undo; each leads where it says, and the focus is seen."""
    first, second, third = (new_case(f"mapped {minor}", minor) for minor in (3000, 2000, 1000))
    tab = page_of("Olga")
    tab.goto("/exceptions?words=mapped&sort=money")
    tab.keyboard.press("x")
    tab.locator(f"#choose-{first}:checked").wait_for()
    tab.keyboard.press("x")
    for key, field in FIELDS.items():
        tab.goto(f"/exceptions?words=mapped&sort=money&row={first}")
        tab.keyboard.press(key)
        inside = "id => document.activeElement.form?.contains(document.getElementById(id)) ?? false"
        tab.wait_for_function(inside, arg=field)  # what is typed while the page comes up acts when it is there
    tab.keyboard.press("Escape")
    tab.wait_for_function("id => document.activeElement.id === id", arg=f"row-{first}")
    tab.keyboard.press("c")
    tab.keyboard.type("seen 123 x")
    tab.keyboard.press("Control+Enter")
    tab.get_by_text("Comment saved.").first.wait_for()
    tab.keyboard.press("u")
    tab.get_by_text("Comment withdrawn.").first.wait_for()
    tab.keyboard.press("1")
    tab.locator("#confirm:focus").wait_for()
    tab.keyboard.press("Control+Enter")
    tab.locator(f"#row-{second}:focus").wait_for()
    with console.app.database.transaction() as connection:
        assert load_case(connection, first).resolution == "retry"
        assert load_case(connection, third).state == "open"


@pytest.mark.parametrize("path", ["/stock/LAMP-1", "/orders/amazon-us/PO000001"])
def test_evidence_is_opened_by_its_key(page_of: Callable[..., Tab], path: str) -> None:
    """Wherever there is evidence: that of the case, of the row that has the focus, or the first of the page."""
    tab = page_of("Aude")
    tab.goto(path)
    wanted = tab.locator("main a.evidence").first.get_attribute("href")
    tab.keyboard.press("e")
    tab.wait_for_url("**/documents/**")
    assert wanted is not None and wanted.partition("?")[0].partition("#")[0] in tab.url
