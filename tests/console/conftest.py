"""Fixtures of the console: one filled database and one server for the session, and a browser that starts once."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.cli.seeded import SETTINGS, fill, write_settings
from tests.console.installed import PEOPLE, Console, served
from tests.console.money_books import console_over_money
from tests.console.reported_figures import REPORTS, tell_figures
from tests.console.routes import RUN
from trueup.app import Opening, open_application
from trueup.base.clock import ManualClock
from trueup.base.money import Money
from trueup.console.visit import SESSION
from trueup.domain.cases import CaseDraft, Resolution
from trueup.storage.cases import open_case
from trueup.storage.database import Database, read_url

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Filled:
    """A database with orders, cases, deliveries and documents, that nobody is connected to, and until when it was filled."""

    server_url: str
    name: str
    until: datetime


@pytest.fixture(scope="session")
def filled(server_url: str) -> Iterator[Filled]:
    """Filled once, copied for whoever acts on all of it."""
    name = f"console_{uuid.uuid4().hex}"
    _run(server_url, f'CREATE DATABASE "{name}" TEMPLATE template STRATEGY FILE_COPY')
    database = Database(read_url(server_url).set(database=name))
    clock = ManualClock(NOW)
    fill(database, clock)
    tell_figures(database, clock.now())
    database.close()
    yield Filled(server_url, name, clock.now())
    _run(server_url, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def console(filled: Filled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console over orders, cases, deliveries and documents. Tests share it: each acts on a case of its own."""
    with console_over(filled, tmp_path_factory.mktemp("console")) as running:
        yield running


@contextmanager
def console_over(filled: Filled, folder: Path, more: str = "", port: int = 0, **more_environ: str) -> Iterator[Console]:
    """A console over a copy of the filled database, at the time until which it was filled; with `more` settings."""
    name = f"console_{uuid.uuid4().hex}"
    _run(filled.server_url, f'CREATE DATABASE "{name}" TEMPLATE "{filled.name}" STRATEGY FILE_COPY')
    environ = write_settings(
        folder, read_url(filled.server_url).set(database=name).render_as_string(hide_password=False)
    )
    text = (
        SETTINGS.split("[[people]]")[0] + PEOPLE + "\n[simulation]" + SETTINGS.split("[simulation]")[1] + REPORTS + more
    )
    (folder / "trueup.toml").write_text(text)
    opening = Opening(clock=ManualClock(filled.until), environ=environ | more_environ)
    with open_application(folder / "trueup.toml", opening) as app, served(app, port) as running:
        app.act(False, lambda tx: tx.at(tx.now + timedelta(days=9), "answer_before_deadline", RUN, 1, 9))
        yield running
    _run(filled.server_url, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def money(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console over books, which the tests of pages about money share."""
    with console_over_money(server_url, tmp_path_factory.mktemp("money")) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium here; Debian, Ubuntu: apt install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def page_of(console: Console, browser: Browser) -> Iterator[Callable[..., Page]]:
    """`page_of(name, theme)`: a browser page of someone who is signed in; it fails on any complaint or foreign request."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(name: str = "", theme: str = "light", width: int = 1280) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 800}, base_url=console.url, locale="en-GB", timezone_id="Europe/Berlin"
        )
        contexts.append(context)
        cookies = [{"name": "theme", "value": theme, "url": console.url}]
        if name:
            cookies.append({"name": SESSION, "value": console.ticket(name), "url": console.url})
        context.add_cookies(cookies)  # type: ignore[arg-type]
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda asked: None if asked.url.startswith((console.url, "data:")) else complaints.append(asked.url),
        )
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def new_case(console: Console) -> Callable[..., int]:
    """A case of a test's own, of a kind that operations decide, or another owner."""

    def opened(subject: str, minor: int = 1250, owner: str = "operations") -> int:
        draft = CaseDraft(
            "stock.short", subject, f"Stock is short of {subject}", "24 eaches", "20 eaches", Money(minor, "USD"), None,
            owner, (Resolution.RETRY, Resolution.REJECT, Resolution.DISMISS),
        )  # fmt: skip
        with console.app.database.transaction() as connection:
            return open_case(connection, draft, console.app.world.clock.now())

    return opened


def _run(server_url: str, statement: str) -> None:
    engine = sa.create_engine(server_url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
