"""Photographs the console of a running demonstration for README.md: `.venv/bin/python docs/screenshots.py http://127.0.0.1:8321`.

The pictures land in docs/images, small enough to be kept. Whoever changes a page that is shown there runs this again, and looks.
With `--every` it takes every page that links lead to, in light, in dark and as wide as a phone, into a folder that is not kept.
"""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from trueup.console.page import OPEN_TO_ALL
from trueup.console.server import collect_pages

IMAGES = Path(__file__).parent / "images"
EVERY = Path("build") / "screenshots"
_PLACE = re.compile(r"\{(\w+)(:int|:path)?\}")
_LOOKS = (("light", 1280), ("dark", 1280), ("light", 390))
_WINDOW: ViewportSize = {"width": 1280, "height": 800}
_COLOURS = 128
"""Pages are drawn in few colours: with this many nobody sees a difference, and a picture takes a third of the bytes."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: the page it begins at, the links followed from there (as CSS selectors), and its theme."""

    name: str
    path: str
    follow: tuple[str, ...] = ()
    theme: str = "light"


SHOTS = (
    Shot("today", "/"),
    Shot("exceptions", "/exceptions"),
    Shot("order", "/orders?words=4CSHORT3", ("a[data-open]",), theme="dark"),
    Shot("remittance", "/remittances", ("a[data-open]",)),
    Shot("match", "/matches", ("a[data-open]",)),
    Shot("product", "/stock/RE-TENT"),
)


def main(
    url: Annotated[str, typer.Argument(help="What `make demo` printed.")] = "http://127.0.0.1:8321",
    into: Annotated[Path | None, typer.Option(help="The folder of the pictures.")] = None,
    by: Annotated[str, typer.Option(help="Whose console is shown.")] = "Jonas Weber",
    every: Annotated[bool, typer.Option("--every", help="Every page, in both themes and on a phone.")] = False,
) -> None:
    """Take the pictures of README.md anew, or those of every page."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    into = into or (EVERY if every else IMAGES)
    into.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for path in _take_every(browser, url, by, into) if every else ():
            typer.echo(path)
        for shot in () if every else SHOTS:
            path = into / f"{shot.name}.png"
            path.write_bytes(_small(_take(browser, url, by, shot)))
            typer.echo(f"{path}: {path.stat().st_size // 1000} kB")
        browser.close()


def _take(browser: Browser, url: str, by: str, shot: Shot) -> bytes:
    context = browser.new_context(base_url=url, viewport=_WINDOW, locale="en-GB", reduced_motion="reduce")
    context.add_cookies([{"name": "theme", "value": shot.theme, "url": url}])
    page = context.new_page()
    _come_in(page, by)
    page.goto(shot.path)
    for selector in shot.follow:
        page.locator(selector).first.click()
        page.wait_for_load_state("load")
    page.wait_for_timeout(500)  # charts draw themselves after the page is there
    picture = page.screenshot()
    context.close()
    return picture


def _take_every(browser: Browser, url: str, by: str, into: Path) -> Iterator[Path]:
    """One picture a page and look, whole from top to bottom."""
    found: dict[str, str] = {}
    for theme, width in _LOOKS:
        context = browser.new_context(base_url=url, viewport={"width": width, "height": 900}, reduced_motion="reduce")
        context.add_cookies([{"name": "theme", "value": theme, "url": url}])
        page = context.new_page()
        _come_in(page, by)
        found = found or _one_of_each(page)
        for name, address in found.items():
            page.goto(address)
            page.wait_for_timeout(300)
            path = into / f"{name}-{theme}-{width}.png"
            page.screenshot(path=path, full_page=True)
            yield path
        context.close()


def _one_of_each(page: Page) -> dict[str, str]:
    """An address for every page that links lead to from Today, by a name for it."""
    routes = [
        route.path
        for each in collect_pages().values()
        for route in each.routes
        if route.method == "GET"
        and route.may != OPEN_TO_ALL
        and not re.search(r"\.[\w{}]+$|/live|/original$", route.path)
    ]
    patterns = [(path, re.compile(_PLACE.sub(_part, path) + r"(\?.*)?")) for path in sorted(routes, key=_exactness)]
    found: dict[str, str] = {}
    waiting, seen = ["/"], {"/"}
    while waiting:
        address = waiting.pop(0)
        route = next((path for path, pattern in patterns if pattern.fullmatch(address)), "")
        name = _PLACE.sub(r"\1", route).strip("/").replace("/", "-") or "today"
        if not route or name in found:
            continue
        found[name] = address
        page.goto(address)
        links = page.eval_on_selector_all("main a, nav a", "all => all.map(each => each.getAttribute('href'))")
        fresh = [link for link in links if link and link.startswith("/") and link not in seen]
        seen.update(fresh)
        waiting += fresh
    return found


def _part(place: re.Match[str]) -> str:
    return {":int": r"\d+", ":path": r"[^?]+"}.get(place[2] or "", r"[^/?]+")


def _exactness(path: str) -> tuple[bool, int]:
    """Those without places first: `/journal/accounts` is no entry."""
    return ("{" in path, -len(path))


def _come_in(page: Page, by: str) -> None:
    """A demonstration lets anyone in as anyone."""
    page.goto("/sign-in")
    page.get_by_role("button", name=by).first.click()
    page.wait_for_url("**/")


def _small(picture: bytes) -> bytes:
    """The same picture in fewer colours and bytes."""
    packed = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(_COLOURS).save(packed, "PNG", optimize=True)
    return packed.getvalue()


if __name__ == "__main__":
    typer.run(main)
