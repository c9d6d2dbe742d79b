"""The frame of every page: who is let in, what protects it, how it looks to a browser and to a machine that judges it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page

from tests.console.installed import Console
from trueup.console.visit import SESSION


def test_nobody_sees_a_page_without_signing_in(console: Console) -> None:
    """Every address but the way in leads to the way in, and back to where one wanted to go."""
    with console.visitor() as nobody:
        answer = nobody.get("/account")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/account"


def test_pages_are_protected(console: Console) -> None:
    """No page may be framed, run a foreign script or be kept by a cache."""
    with console.visitor("Olga") as olga:
        headers = olga.get("/").headers
    assert "script-src 'self' 'nonce-" in headers["content-security-policy"]
    assert "style-src 'self';" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


def test_a_form_without_its_token_does_nothing(console: Console) -> None:
    """Another site can send a form in somebody's name, but does not know what it must carry."""
    with console.visitor("Olga") as olga:
        answer = olga.http.post("/account/preferences", data={"density": "compact"})
        assert answer.status_code == 409
        assert "earlier session" in answer.text
        assert 'data-density="normal"' in olga.get("/account").text


@pytest.mark.parametrize(
    ("zone", "shown"),
    [("Europe%2FBerlin", "CET"), ("America/New_York", "EST"), ("No%2FSuch", "UTC"), ("../etc", "UTC"), ("", "UTC")],
)
def test_a_page_opens_wherever_its_reader_is(console: Console, zone: str, shown: str) -> None:
    """The browser says its zone in a cookie, written as a script writes it; one that is none is UTC, and no defect."""
    with console.visitor("Olga") as olga:
        olga.http.cookies.set("zone", zone)
        answer = olga.get("/account")
    assert answer.status_code == 200
    assert f" {shown}" in answer.text


def test_today_opens_in_a_browser(page_of: Callable[..., Page]) -> None:
    """It says what is due, and nothing complains."""
    page = page_of("Olga")
    page.goto("/")
    assert page.get_by_role("heading", level=1).inner_text() == "Today"
    page.keyboard.press("Control+k")
    assert page.locator("#palette-words").is_visible()


def test_what_was_typed_into_a_refused_form_is_kept_and_sent_again(
    console: Console, browser: Browser, new_case: Callable[..., int]
) -> None:
    """After a night the page is of an earlier session: that is told, and the words stand there, to be sent with one key."""
    number = new_case("typed for nothing")
    context = browser.new_context(base_url=console.url, locale="en-GB")
    context.add_cookies([{"name": SESSION, "value": console.ticket("Olga"), "url": console.url}])
    tab = context.new_page()
    tab.goto(f"/exceptions?words=typed+for+nothing&row={number}")
    tab.locator("#comment").fill("the buyer called:\nsend half of it")
    context.add_cookies([{"name": SESSION, "value": console.ticket("Olga"), "url": console.url}])
    tab.locator("#comment").press("Control+Enter")
    tab.get_by_role("heading", name="What you typed is kept").wait_for()
    assert "earlier session" in tab.locator("main").inner_text()
    assert tab.locator("#kept-1").input_value().splitlines() == ["the buyer called:", "send half of it"]
    tab.locator("#send-again").press("Enter")
    tab.get_by_text("Comment saved.").first.wait_for()
    assert "send half of it" in tab.locator("#detail").inner_text()
    context.close()


def test_what_another_site_sends_or_what_is_secret_is_kept_nowhere(console: Console) -> None:
    """Our token is not put into a form of another site's making, and no secret is written back."""
    with console.visitor("Olga") as olga:
        fields = {"csrf": "stale", "text": "words of somebody else"}
        ours = {"origin": console.url}
        mine = olga.http.post("/exceptions/1/comment", data=fields, headers=ours)
        strangers = [
            olga.http.post("/exceptions/1/comment", data=fields, headers=headers)
            for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {})
        ]
        secret = olga.http.post("/exceptions/1/comment", data={**fields, "password": "a secret of ours"}, headers=ours)
    assert "words of somebody else" in mine.text and olga.csrf in mine.text
    for theirs in strangers:
        assert "words of somebody else" not in theirs.text and "send-again" not in theirs.text
    assert "a secret of ours" not in secret.text
