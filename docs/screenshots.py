"""Photographs the console of a running demonstration for README.md: `.venv/bin/python docs/screenshots.py http://127.0.0.1:8321`.

The pictures land in docs/images, small enough to be kept. Whoever changes a page that is shown there runs this again, and looks.
"""

from __future__ import annotations

import io
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

IMAGES = Path(__file__).parent / "images"
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
    Shot("order", "/orders", ("a[data-open]",), theme="dark"),
    Shot("remittance", "/remittances", ("a[data-open]",)),
)


def main(
    url: Annotated[str, typer.Argument(help="What `make demo` printed.")] = "http://127.0.0.1:8321",
    into: Annotated[Path, typer.Option(help="The folder of the pictures.")] = IMAGES,
    by: Annotated[str, typer.Option(help="Whose console is shown.")] = "Jonas Weber",
) -> None:
    """Take every picture anew."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    into.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for shot in SHOTS:
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
