"""Each figure of a page of operations is a link, and the rows behind it come to it exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from tests.console.figures import Figure, figures_of, what_differs, without_link
from tests.console.installed import Console
from trueup.console.visit import SESSION
from trueup.storage.sources import load_source
from trueup.workflows.source_failures import note_failure, note_working

OF_TODAY = {
    r"^Explained of ": "a month is named",
    r"^0 0?$|^Wait for a second person$|^0$": "none waits: there is no row to lead to",
    r"\d+ of \d+ (connections|proven)$": "the figure above it leads to both, proven or not",
    r"read( of .*)?$": "what it unfolds is its rows",
    r"known up to ": "a day",
    r"^Since you were here": "a time",
    r"cases opened": "each is in a tab of its own by now: open, waiting, snoozed or resolved; those that are open are a link",
    r"^Nothing is due today": "a time",
}
"""Figures of Today that are no link, by the words around them, and why."""


@pytest.fixture(scope="module")
def troubled(console: Console) -> Iterator[Console]:
    """A console of which one connection fails, which has a case of its own beside those that only name it."""
    console.app.act(False, lambda tx: load_source(tx.connection, "shop", "stock-sweep"))
    for _ in range(6):
        console.app.act(False, note_failure, "shop", "stock-sweep", "The shop is on fire")
    yield console
    console.app.act(False, note_working, "shop", "stock-sweep")


@pytest.mark.parametrize(
    "path", ["/", "/flows", "/connections/shop", "/connections/amazon-us", "/orders", "/orders?standing=to-answer"]
)
def test_what_stands_behind_a_figure_comes_to_it(
    troubled: Console, new_case: Callable[..., int], page_of: Callable[..., Tab], path: str
) -> None:
    """Every figure that is a link, followed as a person would: so many rows, or amounts that come to it to the cent."""
    new_case("a lamp in the shop, order PO000002")  # names a connection and an order, and is about neither
    tab = page_of("Ana Admin")
    found = differing(tab, path)
    assert not found, "\n".join(found)


def test_what_stands_on_the_way_to_cash_comes_to_it(money: Console, browser: Browser) -> None:
    """The stages of Today over books: invoices, claims and payments are the rows of their own lists."""
    context = browser.new_context(base_url=money.url, locale="en-GB")
    context.add_cookies([{"name": SESSION, "value": money.ticket("Bo Admin"), "url": money.url}])
    try:
        found = differing(context.new_page(), "/")
        assert not found, "\n".join(found)
    finally:
        context.close()


def test_each_figure_of_today_is_a_link_or_says_why_not(troubled: Console, page_of: Callable[..., Tab]) -> None:
    """Of each number of Today the rows are one click away, but of those that have a reason."""
    tab = page_of("Olga")
    tab.goto("/")
    found = without_link(tab, OF_TODAY)
    assert not found, "\n".join(found)


def differing(tab: Tab, path: str) -> list[str]:
    """The figures of a page that its links do not come to."""
    tab.goto(path)
    figures = {(each.href, each.text): each for each in figures_of(tab) if each.href}
    assert figures, f"{path} has no figure that is a link"
    return [found for each in figures.values() if (found := what_differs(tab, _from(each, path)))]


def _from(figure: Figure, path: str) -> Figure:
    """The same, its address whole: a part of the page is a part of this one."""
    href = figure.href if figure.href.startswith("/") else path.partition("#")[0] + figure.href
    return Figure(figure.text, href, figure.near, figure.of_itself)
