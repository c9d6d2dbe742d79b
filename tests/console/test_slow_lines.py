"""A line that is slow, cut or silent: what is waited for says so, streams go on where they were, and nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, Route
from playwright.sync_api import Page as Tab

from tests.console.installed import Console
from trueup.console.visit import SESSION

_BACKGROUND = """hidden => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_a_stream_that_was_cut_goes_on_and_doubles_nothing(
    page_of: Callable[..., Tab], new_case: Callable[..., int]
) -> None:
    """It resumes by the id of what it told last; what is open stays open, and what was typed is there."""
    number = new_case("a stream that is cut")
    tab = page_of("Olga")
    resumed: list[str | None] = []
    tab.on(
        "request", lambda asked: resumed.append(asked.headers.get("last-event-id")) if "/live/" in asked.url else None
    )
    tab.goto(f"/exceptions?words=a+stream+that+is+cut&row={number}")
    tab.locator("details.history summary").click()
    tab.locator("#comment").fill("half a thought")
    new_case("a stream that is cut: first news")
    tab.locator("#news").get_by_text("1 new case, show").first.wait_for()
    tab.evaluate(_BACKGROUND, True)  # a page in the background lets its stream go
    new_case("a stream that is cut: second news")
    tab.evaluate(_BACKGROUND, False)
    tab.locator("#news").get_by_text("2 new cases, show").first.wait_for()
    first, again = resumed
    assert first is None and again is not None and again.startswith("1") and tab.locator("#news a").count() == 1
    assert tab.locator("#comment").input_value() == "half a thought"
    assert tab.locator("details.history").get_attribute("open") is not None


def test_what_is_waited_for_says_so_and_an_answer_that_never_comes_is_told(
    console: Console, browser: Browser, new_case: Callable[..., int]
) -> None:
    """After a fifth of a second bars stand in the place of the case; after a minute it is told that nothing was done."""
    new_case("a slow answer, first", 9900)
    number = new_case("a slow answer")
    context = browser.new_context(base_url=console.url, locale="en-GB")
    context.add_cookies([{"name": SESSION, "value": console.ticket("Olga"), "url": console.url}])
    tab = context.new_page()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    tab.clock.install()
    tab.goto("/exceptions?words=a+slow+answer")
    tab.locator("#note").wait_for()
    tab.route(f"**/exceptions*row={number}*", hold)
    tab.keyboard.press("j")
    _pass(tab, held, 250)
    assert tab.locator("#detail").get_attribute("aria-busy") == "true"
    held.pop().continue_()
    tab.locator("#detail:not([aria-busy])").get_by_role("heading", name="a slow answer", exact=False).first.wait_for()
    tab.locator("#note").fill("the buyer called")
    tab.route("**/try", hold)
    tab.keyboard.press("Escape")
    tab.keyboard.press("1")
    _pass(tab, held, 61_000)
    tab.locator("#toasts").get_by_text("Nothing was changed; try again").first.wait_for()
    assert tab.locator("#note").input_value() == "the buyer called" and tab.locator("#try").inner_text() == ""
    context.close()


def _pass(tab: Tab, held: list[Route], milliseconds: int) -> None:
    """Time of the browser, once a request is held."""
    while not held:
        tab.wait_for_timeout(20)
    tab.clock.fast_forward(milliseconds)


def test_what_was_done_and_how_many_there_are_is_heard_once(
    page_of: Callable[..., Tab], new_case: Callable[..., int]
) -> None:
    """One place that a screen reader reads out, empty at first; what is swapped afterwards is not told again."""
    new_case("what is heard, first")
    number = new_case("what is heard")
    tab = page_of("Olga")
    tab.goto(f"/exceptions?words=what+is+heard&row={number}")
    heard = tab.locator("#heard[role='status']")
    heard.get_by_text("2 cases").first.wait_for()
    tab.locator("#comment").fill("seen")
    tab.locator("#comment").press("Control+Enter")
    heard.get_by_text("Comment saved. 2 cases").first.wait_for()
    tab.keyboard.press("Escape")
    before = heard.inner_text()
    tab.keyboard.press("j")
    tab.keyboard.press("k")
    tab.locator("#comment").wait_for()
    assert heard.inner_text() == before and tab.locator("#said").get_attribute("role") is None
