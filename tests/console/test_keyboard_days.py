"""Days of e-commerce, admin and auditor without a mouse: found, decided, done and kept; wherever the focus goes, it is seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Page as Tab

from tests.console.installed import Console

_WHERE = """wanted => {
  const at = document.activeElement, look = getComputedStyle(at), box = at.getBoundingClientRect();
  const seen = at.matches(":focus-visible") && look.outlineStyle !== "none" && box.width > 0 && box.height > 0;
  return [at.matches(wanted), seen, at.outerHTML.slice(0, 120)];
}"""
_MOST_TABS = 120


@dataclass(frozen=True)
class Hands:
    """Somebody at a keyboard. There is no mouse: whatever is reached is reached by keys, and its focus is seen."""

    tab: Tab

    def press(self, *keys: str) -> None:
        """One key after the other."""
        for key in keys:
            self.tab.keyboard.press(key)

    def write(self, text: str) -> None:
        """Words into what has the focus."""
        self.tab.keyboard.type(text)

    def reach(self, wanted: str) -> None:
        """By Tab to what is wanted, from wherever the focus is; on each stop it is seen where that is."""
        for _ in range(_MOST_TABS):
            self.press("Tab")
            there, seen, at = self.tab.evaluate(_WHERE, wanted)
            assert seen, f"{self.tab.url}: the focus is not seen on {at}"
            if there:
                return
        raise AssertionError(f"{self.tab.url}: no key leads to {wanted}")

    def find(self, words: str, address: str) -> None:
        """By Ctrl K to a page or a thing."""
        self.press("Control+k")
        self.write(words)
        hit = self.tab.locator(f"#palette-hits .hit[href='{address}']")
        hit.wait_for()
        while hit.get_attribute("aria-selected") != "true":
            self.press("ArrowDown")
        self.press("Enter")
        self.tab.wait_for_url(f"**{address}")

    def hears(self, words: str) -> None:
        """What an act has done is said, in the place that a screen reader reads out."""
        self.tab.locator("#heard[role='status']").get_by_text(words).first.wait_for()


def _rows(console: Console, query: str, **values: Any) -> list[tuple[Any, ...]]:
    with console.app.database.transaction() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query), values)]


def test_e_commerce_takes_a_number_apart_and_decides_by_keyboard(
    console: Console, page_of: Callable[..., Tab], new_case: Callable[..., int]
) -> None:
    """From a product's sum to a case of their own: taken, talked about, taken back with one key, decided after a look."""
    number = new_case("keys of e-commerce", owner="e-commerce")
    new_case("keys of e-commerce, the dearer", 8800, "e-commerce")
    hands = Hands(page_of("Elke"))
    hands.tab.goto("/")
    hands.press("g", "s")
    hands.tab.wait_for_url("**/stock")
    hands.press("/")
    hands.write("LAMP-1")
    hands.press("Enter")
    hands.tab.wait_for_url("**/stock?*LAMP-1*")
    hands.press("j", "Enter")
    hands.tab.wait_for_url("**/stock/LAMP-1")
    hands.reach("main .equation a")
    hands.press("g", "x")
    hands.tab.wait_for_url("**/exceptions")
    hands.press("/")
    hands.write("keys of e-commerce")
    hands.press("Enter")
    hands.tab.wait_for_url("**/exceptions?*keys*")
    hands.press("j", "c")
    hands.tab.locator("#comment:focus").wait_for()
    hands.write("1 and 2 are no decisions here")
    hands.press("Control+Enter")
    hands.hears("Comment saved.")
    hands.press("u")
    hands.hears("Comment withdrawn.")
    assert "words=keys" in hands.tab.url, "an undo leads back to the same filter"
    said = "SELECT count(*) FROM trueup.case_comments WHERE case_id = :case AND withdrawn_at IS NULL"
    assert _rows(console, said, case=number) == [(0,)]
    hands.press("1")
    hands.tab.locator("#confirm:focus").wait_for()
    assert _rows(console, "SELECT state FROM trueup.cases WHERE id = :case", case=number) == [("open",)]
    hands.press("Enter")
    hands.hears(f"Case {number} resolved")
    decided = "SELECT state, resolution, resolved_by FROM trueup.cases WHERE id = :case"
    assert _rows(console, decided, case=number) == [("resolved", "retry", "Elke")]
    assert hands.tab.locator("tr.here a").count() == 1, "the next case is at hand"


def test_an_administrator_rests_a_connection_and_lets_an_auditor_in_who_proves_and_changes_nothing(
    console: Console, page_of: Callable[..., Tab]
) -> None:
    """A pause is looked at, done and ended; a person comes in by a link and goes from a case to its bytes and to a light."""
    hands = Hands(page_of("Ana Admin"))
    hands.tab.goto("/")
    hands.press("g", "f")
    hands.tab.wait_for_url("**/flows")
    hands.reach("a[href='/connections/shop']")
    hands.press("Enter")
    hands.tab.wait_for_url("**/connections/shop")
    hands.reach("#reason")
    hands.write("the theme is changed")
    hands.reach("#pause-look")
    hands.press("Enter")
    hands.tab.locator("#confirm").wait_for()
    assert _rows(console, "SELECT 1 FROM trueup.pauses WHERE ended_at IS NULL") == []
    hands.press("Control+Enter")
    hands.hears("shop is paused")
    hands.reach("#resume")
    hands.press("Enter")
    hands.hears("shop goes on")
    hands.find("Settings", "/settings")
    hands.reach("a[href='/settings/people']")
    hands.press("Enter")
    hands.tab.wait_for_url("**/settings/people")
    hands.reach("#name")
    hands.write("Vera Quist")
    hands.reach("input[name='role'][value='auditor']")
    hands.press("Space")
    hands.reach("#add")
    hands.press("Enter")
    link = hands.tab.locator("#made-link").inner_text()
    _audit(console, Hands(page_of("")), "/enter/" + link.partition("/enter/")[2])
    with console.visitor("Ana Admin") as ana:
        ana.post("/settings/people/remove", name="Vera Quist")


def _audit(console: Console, hands: Hands, link: str) -> None:
    hands.tab.goto(link)
    for field in ("#password", "#again"):
        hands.tab.locator("#password:focus").wait_for() if field == "#password" else hands.reach(field)
        hands.write("a sentence that is easy to keep")
    hands.press("Enter")
    hands.tab.get_by_role("heading", level=1, name="Today").wait_for()
    hands.press("?")
    hands.tab.locator("#keys[open]").wait_for()
    hands.press("Escape", "g", "x")
    hands.tab.wait_for_url("**/exceptions")
    hands.press("j", "1")
    hands.tab.locator("#detail:not([inert])").wait_for()
    assert hands.tab.locator("#confirm").count() == 0, "who only looks decides nothing, by no key"
    hands.find("PO000001", "/orders/amazon-us/PO000001")
    hands.reach("a.evidence")
    hands.press("Enter")
    hands.tab.wait_for_url("**/documents/*")
    hands.find("Lights", "/lights")
    hands.press("j", "Enter")
    hands.tab.wait_for_url("**/lights/*")
    hands.reach("#prove")
    hands.press("Enter")
    hands.hears("it holds")
    acts = _rows(console, "SELECT DISTINCT act FROM trueup.acts WHERE actor = 'Vera Quist' ORDER BY act")
    assert ("invariant.proven",) in acts and not [
        act for (act,) in acts if act.startswith(("case.", "connection.", "people."))
    ]
