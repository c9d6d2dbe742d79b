"""What holds for every page: who may, that it opens, that a machine that judges accessibility finds nothing, that links lead."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import FloatRect
from playwright.sync_api import Page as Tab

from tests.console.installed import ROLES, Console
from tests.console.routes import address, addresses, all_routes, is_there
from trueup.console.live import is_streamed
from trueup.console.page import OPEN_TO_ALL, Route
from trueup.console.permissions import words_of
from trueup.console.server import csrf_of
from trueup.workflows.authority import permissions

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
TALLEST = 6_000
PICTURES = Path(__file__).resolve().parents[2] / "build" / "pages"
ROUTES = all_routes()
_NO_PAGES = (".csv", ".xlsx", ".zip", "/original", "/by-key")  # files, and an address that leads on
_TWICE = """() => {
  const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
  return ids.filter((id, at) => ids.indexOf(id) < at);
}"""
_SIDEWAYS = """() => [...document.querySelectorAll("main .table-scroll, main .panel:has(table)")]
  .filter((box) => box.clientWidth > 0 && box.scrollWidth > box.clientWidth + 1 && !box.closest("details, .chart"))
  .map((box) => box.getAttribute("aria-label") || box.querySelector("h2")?.textContent)"""
# A hundred rows that differ in their words alone are judged as one: a shape is tags, classes, roles, and what has any text or name.
_ONE_OF_EACH = """() => {
  const said = ["class", "role", "type", "scope"];
  const shape = (html) => html
    .replace(/([\\w:-]+)="([^"]*)"/g, (_, name, value) => name + "=" + (said.includes(name) ? value : value.trim() && "x"))
    .replace(/>[^<]*</g, (text) => (text.slice(1, -1).trim() ? ">x<" : "><"));
  for (const parent of document.querySelectorAll("tbody, ul, ol, dl, select, datalist, main div, main section")) {
    const seen = new Set();
    for (const child of [...parent.children]) {
      const its = shape(child.outerHTML);
      if (seen.has(its) && parent.children.length > 4) child.remove();
      seen.add(its);
    }
  }
}"""
PAGES = [
    route
    for _, route in ROUTES
    if route.method == "GET" and not route.path.endswith(_NO_PAGES) and not is_streamed(route.path)
]


def _named(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_is_let_do_what_it_may_and_nothing_else(console: Console, role: str) -> None:
    """The whole matrix: each route asked by each role, at the server. What a role may not do is answered with 403."""
    places = addresses(console)
    wrong = []
    for _, route in ROUTES:
        if route.may == OPEN_TO_ALL:
            continue
        # An act is tried on a run that there is not: others look at the one there is.
        path = address(route, places if route.method == "GET" else places | {"run": "no:such:run"})
        ticket = console.ticket(ROLES[role])  # another each time, for some of them end sessions
        data = {"csrf": csrf_of(ticket)} if route.method == "POST" else None
        # What is answered is said by the status: a page that goes on and on is not waited for.
        with console.holder(ticket) as visitor, visitor.http.stream(route.method, path, data=data) as answer:
            pass
        may = role in [each.value for each in permissions()[route.may]]
        if (answer.status_code == 403) is may or answer.status_code >= 500:
            wrong.append(f"{_named(route)}: {answer.status_code}, {'may' if may else 'may not'} ({route.may})")
    assert not wrong, "\n".join(wrong)


def test_every_permission_is_called_by_words() -> None:
    """The table of who may do what is read by people: each permission has words of its own, not its name."""
    wordless = [name for name in permissions() if words_of(name) == name.replace(".", " ").capitalize()]
    assert not wordless, f"console/permissions.py has no words for {wordless}"


def test_nobody_is_let_do_anything_without_a_session(console: Console) -> None:
    """Every route that is not open to all leads to the way in."""
    places = addresses(console)
    with console.visitor() as nobody:
        for _, route in ROUTES:
            if route.may != OPEN_TO_ALL:
                path = address(route, places)
                answer = nobody.get(path) if route.method == "GET" else nobody.http.post(path)
                assert answer.status_code == 303, _named(route)
                assert answer.headers["location"].startswith("/sign-in"), _named(route)


def test_every_page_is_accessible(console: Console, page_of: Callable[..., Tab]) -> None:
    """axe-core finds nothing against WCAG 2.2 AA on any page in either theme, and the browser complains of nothing."""
    places, tab = addresses(console), page_of("Ana Admin")
    tab.emulate_media(reduced_motion="reduce")  # colours that are on their way are nobody's
    found = []
    for route in PAGES:
        path = address(route, places)
        if route.may == OPEN_TO_ALL or not is_there(route, places):
            continue
        tab.goto(path)
        keep_picture(tab, route, "light")
        found += [f"{path}: {each} scrolls sideways at 1280" for each in tab.evaluate(_SIDEWAYS)]
        found += violations(tab, path, "light")
        tab.evaluate("document.getElementById('theme-button').click()")
        keep_picture(tab, route, "dark")
        found += violations(tab, path, "dark")
        tab.evaluate("document.getElementById('theme-button').click()")
    for theme in ("light", "dark"):
        stranger = page_of("", theme)
        stranger.goto("/sign-in")
        found += violations(stranger, "/sign-in", theme)
    assert not found, "\n".join(found)


def keep_picture(tab: Tab, route: Route, look: str) -> None:
    """What a person sees of a page, kept in build/pages for people to look at after the run; of a very long one its beginning."""
    name = re.sub(r"[^a-z0-9]+", "-", route.path.lower()).strip("-") or "today"
    width, height = tab.evaluate("[document.documentElement.clientWidth, document.documentElement.scrollHeight]")
    seen = FloatRect(x=0, y=0, width=width, height=min(height, TALLEST))
    tab.screenshot(path=PICTURES / f"{name}-{look}.jpeg", type="jpeg", quality=70, full_page=True, clip=seen)


def test_every_page_has_a_name(console: Console) -> None:
    """A tab of the browser, a bookmark and whoever listens are told which page it is; the page of buffers had none."""
    places, nameless = addresses(console), []
    with console.visitor("Ana Admin") as ana:
        for route in PAGES:
            answer = ana.get(address(route, places)) if route.may != OPEN_TO_ALL and is_there(route, places) else None
            if answer is not None and re.search(r"<title>\s*·", answer.text):
                nameless.append(route.path)
    assert not nameless


def violations(tab: Tab, path: str, theme: str) -> list[str]:
    """What axe-core finds against a page that is open, and ids that stand twice on it."""
    twice = [f"{path}: id {each!r} stands there twice" for each in tab.evaluate(_TWICE)]
    tab.evaluate(_ONE_OF_EACH)
    # Put in by the debugger, which the page's content security policy does not bind.
    if not tab.evaluate("'axe' in window"):
        tab.evaluate(AXE.read_text(encoding="utf-8"))
    every = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    # The themes differ in colours alone: what is not about colours is the same page, judged once.
    rules = every if theme == "light" else {"type": "rule", "values": ["color-contrast"]}
    judged = tab.evaluate("rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", rules)
    return twice + [
        f"{path}: {each['id']}: {each['help']}: {each['nodes'][0]['html'][:160]} ({len(each['nodes'])}) "
        f"{each['nodes'][0].get('failureSummary', '')[:200]}"
        for each in judged["violations"]
    ]


def test_no_page_is_wider_than_a_phone(console: Console, page_of: Callable[..., Tab]) -> None:
    """Nothing is cut off at 320 pixels, which is also 1280 at 400 %: what is wide scrolls by itself."""
    places, tab = addresses(console), page_of("Ana Admin", width=320)
    wide = []
    for route in PAGES:
        if route.may == OPEN_TO_ALL or not is_there(route, places):
            continue
        tab.goto(address(route, places))
        keep_picture(tab, route, "phone")
        if route.path == "/":
            assert not tab.evaluate(_SIDEWAYS), "a person's work is read whole on a phone"
        width = tab.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            wide.append(f"{route.path}: {width}")
    assert not wide, "\n".join(wide)


@pytest.mark.parametrize("role", sorted(ROLES))
def test_every_link_leads_somewhere(console: Console, role: str) -> None:
    """From Today every link of our own, and every link on what it leads to, is answered with a page, whoever asks."""
    seen: set[str] = set()
    waiting = ["/"]
    broken = []
    with console.visitor(ROLES[role]) as visitor:
        while waiting and len(seen) < (150 if role == "admin" else 60):
            path = waiting.pop(0)
            if path in seen:
                continue
            seen.add(path)
            answer = visitor.get(path)
            if answer.status_code not in (200, 303):
                broken.append(f"{path}: {answer.status_code}")
            if "html" in answer.headers.get("content-type", ""):
                waiting += sorted(set(re.findall(r'<a [^>]*href="(/[^"/][^"#]*|/)"', unescape(answer.text))))
    assert not broken, "\n".join(broken)
    assert len(seen) > 20
