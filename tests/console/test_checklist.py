"""What docs/console.md promises of all pages: paper, keys that are off, a server that is away, trust; and that each is proven."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page as Tab

import trueup.console
from tests.console.installed import Console
from trueup.base.clock import write_instant
from trueup.storage import sources
from trueup.storage.views.freshness import freshness_of
from trueup.workflows.source_failures import note_failure, note_working

CONSOLE = Path(trueup.console.__file__).parent
PROMISES = Path(__file__).parents[2] / "docs" / "console.md"
_REFUSED = re.compile(
    r"""hx-on|style="[^"]|javascript:|\bjs:|hx-trigger="[^"]*\[|<script(?![^>]*(?:nonce=|src=))|https?://(?!www\.w3\.org)"""
)


def test_templates_use_nothing_that_the_policy_refuses() -> None:
    """No style attribute, no inline script, no expression for htmx to evaluate, nothing from another host."""
    templates = [*CONSOLE.glob("pages/*.html"), *CONSOLE.glob("templates/*.html")]
    found = {path.name: _REFUSED.findall(path.read_text(encoding="utf-8")) for path in templates}
    assert len(templates) > 60 and not {name: words for name, words in found.items() if words}


def test_every_promise_names_a_test_that_there_is() -> None:
    """Each row of a table in docs/console.md ends with tests; all of them exist."""
    known = {
        name
        for path in (Path(__file__).parents[1]).rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    rows = [line for line in PROMISES.read_text(encoding="utf-8").splitlines() if re.match(r"\| (?!promise|---)", line)]
    proofs = {row: re.findall(r"`(test_\w+)`", row.rstrip(" |").rpartition("|")[2]) for row in rows}
    assert len(rows) > 30
    assert not [row for row, names in proofs.items() if not names]
    assert not {name for names in proofs.values() for name in names} - known


def test_paper_is_white_whatever_the_theme(page_of: Callable[..., Tab], new_case: Callable[..., int]) -> None:
    """In print the chosen row is dark on white, navigation is gone, who printed it when is there, and what is folded is open
    only as long as it is printed."""
    new_case("on paper")
    page = page_of("Olga", "dark")
    page.goto("/exceptions?words=on+paper")
    page.emulate_media(media="print")
    look = "e => { const s = getComputedStyle(e); return [s.color, s.backgroundColor]; }"
    colour, ground = page.locator("tr.here").evaluate(look)
    assert (colour, ground) == ("rgb(0, 0, 0)", "rgb(255, 255, 255)")
    assert page.locator("#sidebar").is_hidden() and page.locator("#bulk-all").is_hidden()
    assert "Printed by Olga" in page.locator("main .print-only").inner_text()
    history = page.locator("details.history")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert history.get_attribute("open") is not None
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert history.get_attribute("open") is None


def test_shortcuts_that_are_off_are_off(
    console: Console, page_of: Callable[..., Tab], new_case: Callable[..., int]
) -> None:
    """Letters and digits do nothing then, wherever the focus is; Ctrl K, arrows and Enter are no shortcuts and stay."""
    new_case("keys that are off")
    page = page_of("Elke")
    with console.visitor("Elke") as elke:
        elke.post("/account/preferences", locale="", zone="", density="normal", shortcuts_off="yes")
        page.goto("/exceptions?words=keys+that+are+off")
        address = page.url
        page.locator("a[data-open]").first.focus()
        for key in ("j", "1", "2", "x", "a", "h", "c", "?", "g", "t", "/"):
            page.keyboard.press(key)
        assert page.url == address and not page.locator("#try").inner_text().strip()
        assert page.locator("dialog[open]").count() == 0 and page.locator("details[open]").count() == 0
        assert page.locator("tr input:checked").count() == 0
        page.keyboard.press("Control+k")
        assert page.locator("#palette-words").is_visible()
        elke.post("/account/preferences", locale="", zone="", density="normal")


def test_a_server_that_is_away_is_told_and_what_was_typed_is_kept(
    console: Console, browser: Any, new_case: Callable[..., int]
) -> None:
    """Offline a trial says that nothing was changed; the reason stays in its field, and the same press works afterwards."""
    number = new_case("a server that is away")
    context = browser.new_context(base_url=console.url, locale="en-GB")
    context.add_cookies([{"name": "trueup_session", "value": console.ticket("Olga"), "url": console.url}])
    page = context.new_page()
    page.goto(f"/exceptions?words=a+server+that+is+away&row={number}")
    page.locator("#note").fill("the buyer called")
    context.set_offline(True)
    page.locator("[data-key='1']").click()
    page.locator("#toasts").get_by_text("Nothing was changed").first.wait_for()
    assert page.locator("#note").input_value() == "the buyer called"
    context.set_offline(False)
    page.locator("[data-key='1']").click()
    page.locator("#confirm").wait_for()
    context.close()


def test_trust_says_of_each_connection_when_it_was_good_and_what_is_next(console: Console) -> None:
    """One row a connection, the worst first; a failure is told in its words until it answers again, and is then forgotten. So it is
    of one that the settings have no more, of which nothing goes round."""
    with console.visitor("Olga") as olga:
        console.app.act(False, _see, "gone-from-the-settings", "trouble")
        console.app.act(False, note_failure, "gone-from-the-settings", "trouble", "it slept")
        failing = _trust(olga.get("/").text)
        assert olga.get("/flows").status_code == 200
        console.app.act(False, note_working, "gone-from-the-settings", "trouble")
        working = _trust(olga.get("/").text)
    assert "Failed, tried again" in failing and "it slept" in failing
    assert 'href="/connections/amazon-us"' in failing and failing.count("trust-name") == len(set(_names(failing)))
    assert "it slept" not in working


@pytest.mark.parametrize(("hours", "state"), [(1, "ok"), (27, "warn"), (-1, "warn")])
def test_a_reading_that_is_later_than_now_is_no_good_one(hours: int, state: str) -> None:
    """Clocks that differ are told, and never shown as "in 20 minutes"."""
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    last = write_instant(now - timedelta(hours=hours))
    row = {"name": "a", "query": "b", "last_success_at": last, "failures_in_a_row": 0, "last_error": ""}
    fresh = freshness_of(row, now)
    assert fresh.state == state and ("clocks differ" in fresh.word) is (hours < 0)


def _see(tx: Any, name: str, query: str) -> None:
    sources.load_source(tx.connection, name, query)


def _trust(text: str) -> str:
    found = re.search(r'(?s)<section class="panel" id="trust">.*?</section>', text)
    assert found
    return found[0]


def _names(strip: str) -> list[str]:
    return re.findall(r'class="trust-name">(?:<a [^>]*>)?([^<]+)', strip)
