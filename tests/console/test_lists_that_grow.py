"""Every list that grows while somebody looks at it says how many came, moves nothing for it, and has them when that is pressed."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page as Tab

import trueup.console
from tests.console.installed import Console
from tests.console.routes import all_routes
from tests.filled import fill
from trueup.console.page import Grows, Page, Route
from trueup.console.server import collect_pages
from trueup.workflows.authority import LOOK

SOURCE = Path(trueup.console.__file__).parent
STILL = {
    "/stock": "a row a product of the item master, whose numbers change and which no more come to",
    "/stock-buffers": "versions that people propose, one by one",
    "/settings/products": "the item master, which changes by an import of a person",
    "/amazon": "a row a product of the item master",
    "/direct-fulfillment": "what a warehouse was told of, a row a product of the item master",
    "/came-back/{partner}/{number}": "what came back of one order, by the person who says so there",
    "/lights": "the sentences that must be true, which come with the program",
    "/connections/{connection}": "what a connection has waiting now, which goes as it is done",
    "/close": "months, of which one begins a month",
    "/close/{month}/accounts/{account}/{currency}": "the lines that one number of a close is the sum of",
    "/close/{month}/figures/{table}": "the figures of one month, which are one value that was computed",
    "/close/{month}/invoices": "the invoices that one number of a close is the sum of",
    "/close/{month}/lines": "the lines that one number of a close is the sum of",
    "/journal/accounts": "accounts of the chart",
    "/profit": "a month's profit by channel and product, which is computed as of when it is asked for",
    "/profit/lines": "the lines that one number of profit is the sum of",
    "/recovery/outcomes": "answers of disputes, which people note one by one",
    "/recovery/packs": "the packs that are made here, whose job says how far it is",
    "/rules": "versions of rules, which people propose one by one",
    "/rules/past/{case:int}": "past lines like those of a case, which a rule is made from",
    "/settings/terms/lines": "what terms were tried on, as of their trial",
    "/rules/{rule}/lines": "what a rule was tried on, as of its trial",
    "/rules/{rule}/posted": "the lines that one rule posted, as many as its title says",
    "/rules/new/lines": "what a rule was tried on, as of its trial",
    "/remittances/{id:int}": "the lines of one payment, which is told once",
    "/answers/{case:int}": "the lines of one case, which is decided here",
}
"""Lists that no row comes to while one looks, or that are parts of one thing which is shown as of then."""
PAGES = collect_pages()
GROWS = [(page, each) for page in PAGES.values() for each in page.grows]


def test_no_list_that_grows_is_left_out() -> None:
    """A page that draws rows says that they grow, and is then offered what came; or it is named here, with the reason."""
    growing = {each.path for _, each in GROWS}
    drawing = {route.path for page, route in all_routes() if route.method == "GET" and _draws_rows(page, route)}
    assert len(drawing) > 25, "this no longer finds the pages that draw rows"
    assert drawing - growing - STILL.keys() == set(), "these offer nothing of what comes: say `grows` of their pages"
    assert STILL.keys() - drawing == set() and STILL.keys() & growing == set(), "these need no reason any more"


@pytest.mark.parametrize(("page", "grows"), GROWS, ids=[each.path for _, each in GROWS])
def test_a_list_that_grows_is_told_on_its_page_with_its_filters(console: Console, page: Page, grows: Grows) -> None:
    assert LOOK in [route.may for route in page.routes if route.path == grows.path and route.method == "GET"]
    with console.visitor("Bo Admin") as visitor:
        text = visitor.get(f"{grows.path}?words=x&at=").text
        assert text.count('id="news"') == 1 and 'id="news-heard" role="status"' in text
        [live] = re.findall(r'id="news" hx-sse:connect="([^"]+)"', text)
        assert live.endswith("?words=x&amp;at=")
        with visitor.http.stream("GET", live.replace("&amp;", "&")) as answer:
            assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/event-stream")


def test_nothing_is_told_of_what_is_no_list_that_grows(console: Console) -> None:
    with console.visitor("Olga") as olga:
        assert olga.get("/live/new/1/lights").status_code == 404
        assert olga.get("/live/new/1/orders?standing=nowhere").status_code == 422
        assert 'id="news"' not in olga.get("/lights").text


@dataclass(frozen=True)
class Tried:
    """A list in a browser: rows of a table that are put in, a filter that they fit and one that they do not, and their words."""

    path: str
    table: str
    values: Mapping[str, str]
    fits: str
    not_so: str
    words: str


TRIED = (
    Tried("/orders", "orders", {"partner": "'amazon-us'", "number": "'NEWS' || n", "state": "'open'"}, "partner=amazon-us",
          "words=OTHER", "orders"),
    Tried("/documents", "documents", {"kind": "'orders'", "source": "'amazon-us'", "name": "'news ' || n"}, "kind=orders",
          "kind=journal", "documents"),
    Tried("/remittances", "remittances", {"partner": "'amazon-us'", "payment": "'NEWS' || n", "source": "'portal'",
          "posting": "'posted'"}, "partner=amazon-us", "state=voided", "payments"),
    Tried("/invoices", "invoices", {"partner": "'amazon-us'", "reference": "'NEWS' || n", "number": "'NEWS' || n",
          "lines": "'[]'"}, "tab=all&partner=amazon-us", "tab=all&words=OTHER", "invoices"),
    Tried("/jobs", "jobs", {"kind": "'news'", "title": "'News'", "state": "'waiting'"}, "", "", "pieces of work"),
    Tried("/exceptions", "cases", {"kind": "'stock.short'", "subject": "'news ' || n", "title": "'News'",
          "owner": "'operations'", "resolutions": "'[]'", "state": "'open'", "cause": "'news ' || n"}, "kind=stock",
          "kind=price", "cases"),
    Tried("/trade-ins", "trade_ins", {"key": "'NEWS' || n", "serial": "'NEWS' || n", "currency": "'EUR'", "origin": "'told'",
          "state": "'recorded'"}, "tab=all", "words=OTHER", "trade-ins"),
)  # fmt: skip
_FIRST = 9_000_001
_BOXES = """() => [...document.querySelectorAll('main h1, main .filters, main tr')].map((each) => {
  const box = each.getBoundingClientRect();
  return [box.x, box.y, box.width, box.height].map(Math.round).join();
})"""
_LISTEN = """() => {
  window.heardTimes = 0;
  new MutationObserver((seen) => {
    if (seen.some((each) => each.addedNodes.length)) window.heardTimes += 1;
  }).observe(document.getElementById('news-heard'), {childList: true, subtree: true, characterData: true});
}"""


@pytest.mark.parametrize("tried", TRIED, ids=[each.path for each in TRIED])
@pytest.mark.parametrize("width", [1280, 390])
def test_what_comes_is_offered_and_moves_nothing(
    console: Console, page_of: Callable[..., Tab], tried: Tried, width: int
) -> None:
    """The rows, the heading and the focus stay where they are; it is heard once; pressed, the list has them."""
    tab, other = page_of("Bo Admin", width=width), page_of("Bo Admin", width=width)
    with _rows(console, tried, 0, 1):
        tab.goto(f"{tried.path}?{tried.fits}")
        if tried.not_so:
            other.goto(f"{tried.path}?{tried.not_so}")
        focused = tab.locator("main a[data-open]").first
        focused.focus()
        was, address = tab.evaluate(_BOXES), focused.get_attribute("href")
        tab.evaluate(_LISTEN)
        assert tab.locator("#news").inner_text() == ""
        with _rows(console, tried, 1, 3):
            tab.get_by_text(f"2 new {tried.words}, show").first.wait_for()
            assert tab.evaluate(_BOXES) == was
            assert tab.evaluate("document.activeElement.getAttribute('href')") == address
            with _rows(console, tried, 3, 4):
                tab.get_by_text(f"3 new {tried.words}, show").first.wait_for()
                assert tab.evaluate(_BOXES) == was
                assert tab.locator("#news-heard").inner_text().startswith(f"New {tried.words} came")
                assert tab.evaluate("window.heardTimes") == 1, "heard once, however many follow"
                if tried.not_so:
                    assert other.locator("#news").inner_text() == "", "its filters leave none of them"
                tab.locator("#news-show").focus()
                tab.keyboard.press("Enter")
                tab.wait_for_function("document.getElementById('news') && !document.getElementById('news-show')")
                assert tab.url.removeprefix(console.url) == (f"{tried.path}?{tried.fits}" if tried.fits else tried.path)
                assert len(tab.evaluate(_BOXES)) >= min(len(was) + 3, 50)


@contextmanager
def _rows(console: Console, tried: Tried, first: int, end: int) -> Iterator[None]:
    """Rows that came, and are gone again."""
    with console.app.database.transaction() as connection:
        fill(connection, tried.table, (_FIRST + first, _FIRST + end - 1), tried.values)
    try:
        yield
    finally:
        with console.app.database.transaction() as connection:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            number = {"first": _FIRST + first, "last": _FIRST + end - 1}
            which = f"DELETE FROM trueup.{tried.table} WHERE id BETWEEN :first AND :last"
            connection.execute(sa.text(which), number)


def _draws_rows(page: Page, route: Route) -> bool:
    """Whether a template that the route may render, or one that it includes, draws rows of a list."""
    tree = ast.parse(Path(inspect.getfile(route.answer)).read_text())
    functions = {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)}
    seen, wanted, templates = set[str](), [route.answer.__name__], set[str]()
    while wanted:
        name = wanted.pop()
        if name in seen or name not in functions:
            continue
        seen.add(name)
        for node in ast.walk(functions[name]):
            if isinstance(node, ast.Name):
                wanted.append(node.id)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(".html"):
                templates.add(node.value)
    return any(_has_rows(name) for name in templates) and page.name != "search"


def _has_rows(template: str) -> bool:
    path = SOURCE / "pages" / template
    if not path.exists():
        return False
    text = path.read_text()
    others = re.findall(r'(?:include|import|from) "page/([^"]+)"', text)
    return bool(re.search(r"data-rows|data_table\(|m\.pager\(", text)) or any(_has_rows(each) for each in others)
