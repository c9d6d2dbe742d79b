"""Each figure of a page of operations is a link, and the rows behind it come to it exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page as Tab

from tests.console.figures import Figure, figures_of, what_differs
from tests.console.installed import Console
from trueup.storage.sources import load_source
from trueup.workflows.source_failures import note_failure, note_working


@pytest.fixture(scope="module")
def troubled(console: Console) -> Iterator[Console]:
    """A console of which one connection fails, which has a case of its own beside those that only name it."""
    console.app.act(False, lambda tx: load_source(tx.connection, "shop", "stock-sweep"))
    for _ in range(6):
        console.app.act(False, note_failure, "shop", "stock-sweep", "The shop is on fire")
    yield console
    console.app.act(False, note_working, "shop", "stock-sweep")


@pytest.mark.parametrize(
    "path", ["/flows", "/connections/shop", "/connections/amazon-us", "/orders", "/orders?standing=to-answer"]
)
def test_what_stands_behind_a_figure_comes_to_it(
    troubled: Console, new_case: Callable[..., int], page_of: Callable[..., Tab], path: str
) -> None:
    """Every figure that is a link, followed as a person would: so many rows, or amounts that come to it to the cent."""
    new_case("a lamp in the shop, order PO000002")  # names a connection and an order, and is about neither
    tab = page_of("Ana Admin")
    assert not differing(tab, path)


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
