"""Flows: a connection is paused, resumed and read again after a look at what that means; long work is followed as it happens."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page as Tab

from tests.cli.remitted import export, line
from tests.console.calling import calling, token
from tests.console.installed import Console
from trueup.base.errors import Throttled
from trueup.console.streams import MOST_OF_ONE, Streams
from trueup.domain.cases import Role
from trueup.domain.deduction_rules import RuleField, RuleForm
from trueup.storage.jobs import load_job
from trueup.storage.sources import load_source
from trueup.workflows.cancel_job import cancel_job
from trueup.workflows.draft_rules import WantedRule
from trueup.workflows.import_remittances import Upload
from trueup.workflows.jobs.import_remittances import ask_import
from trueup.workflows.jobs.try_rule import ask_trial
from trueup.workflows.keep_rules import propose_rule, reject_rule
from trueup.workflows.long_work import begin_work, do_at_once, do_piece, end_work
from trueup.workflows.resolve_case import Person
from trueup.workflows.source_failures import note_failure, note_working

EXPORT = export("900100,90.00", lines=(line("900100", "QZX 1", "50.00"), line("900100", "QZX 2", "40.00")))


@pytest.fixture
def resumed(console: Console) -> Iterator[None]:
    """Whatever a test paused goes on after it."""
    yield
    with console.visitor("Olga") as olga:
        olga.post("/connections/shop/resume")


@pytest.mark.usefixtures("resumed")
def test_a_connection_is_paused_after_a_look_at_what_it_means(console: Console, page_of: Callable[..., Tab]) -> None:
    """Nothing is done before it is confirmed; then every page says so, and who did it is recorded."""
    tab = page_of("Olga")
    tab.goto("/flows")
    tab.get_by_role("link", name="shop", exact=True).first.click()
    tab.locator("#span").select_option("1d")
    tab.locator("#reason").fill("the theme is changed")
    tab.locator("#pause-look").click()
    assert "nothing is done yet" in tab.locator(".page-head").inner_text()
    assert "rounds rest" in tab.locator(".confirm").inner_text()
    with console.app.database.transaction() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM trueup.pauses")).scalar_one() == 0
    tab.locator("#confirm").click()
    assert "shop is paused" in tab.locator("#said").inner_text()
    tab.goto("/flows")
    assert "the theme is changed" in tab.locator("#connections").inner_text()
    tab.goto("/connections/shop")
    tab.locator("#resume").click()
    assert "shop goes on" in tab.locator("#said").inner_text()
    assert "Connection resumed" in tab.locator("#acts").inner_text()


@pytest.mark.usefixtures("resumed")
def test_a_window_is_read_again_after_a_look(console: Console) -> None:
    """The page says how much came since then and why reading it twice is safe; a day that is none is refused."""
    with console.visitor("Olga") as olga:
        shown = olga.post("/connections/amazon-us/replay", query="created", since="2026-11-20").text
        assert "It is safe: Orders are taken in by number and revision" in shown
        done = olga.post("/connections/amazon-us/replay", query="created", since="2026-11-20", sure="yes")
        assert "hours of it" in olga.get(done.headers["location"]).text
        assert olga.post(f"{done.headers['location']}/cancel", sure="yes").status_code == 303
        assert olga.post("/connections/amazon-us/replay", query="created", since="soon").status_code == 422
        assert olga.post("/connections/amazon-us/ask").status_code == 303
    with console.visitor("Fina") as fina:
        assert fina.post("/connections/amazon-us/ask").status_code == 403
    with calling(console, token(console, "Olga")) as program:
        told = {"query": "created", "since": "2026-11-20T00:00:00Z"}
        asked = program.send("/connections/amazon-us/replays?dry_run=true", told)
        assert asked.status_code == 202 and asked.json()["unit"] == "hours of it"
        assert (
            program.send("/connections/amazon-us/replays", {**told, "since": "2026-11-20T00:00:00"}).status_code == 422
        )


def test_long_work_is_followed_and_survives_a_reload(console: Console, page_of: Callable[..., Tab]) -> None:
    """A file is booked piece by piece: its page changes by itself, is the same after a reload, and keeps the result."""
    tab, act = page_of("Fina"), console.app.act
    tab.goto("/remittances/upload")
    file = {"name": "Payments.csv", "mimeType": "text/csv", "buffer": EXPORT.encode()}
    tab.locator("#file").set_input_files(file)  # type: ignore[arg-type]
    tab.locator("#upload").click()
    tab.get_by_text("Waits for a worker").first.wait_for()
    job = int(re.findall(r"\d+", tab.url.rpartition("/")[2])[0])
    pieces = act(False, begin_work, job)
    tab.get_by_text("0 of 2 lines").first.wait_for()
    for piece in pieces or []:
        act(False, do_piece, job, piece)
    tab.get_by_text("2 of 2 lines").first.wait_for()
    tab.reload()
    tab.get_by_text("2 of 2 lines").first.wait_for()
    act(False, end_work, job, [])
    tab.get_by_text("1 payments are booked").first.wait_for()
    tab.reload()
    assert "1 payments are booked" in tab.locator("#job").inner_text()
    assert tab.locator("[hx-sse\\:connect]").count() == 0
    with console.app.database.transaction() as connection:
        assert load_job(connection, job).state == "done"


def test_long_work_is_called_off_before_it_is_begun(console: Console) -> None:
    """After a look at what stays; a worker that takes it up afterwards books nothing, and what was begun is finished."""
    act = console.app.act
    with console.visitor("Fina") as fina, console.visitor("Olga") as olga:
        paid = export("900200,90.00", lines=(line("900200", "QZX 3", "90.00"),)).encode()
        data = {"csrf": fina.csrf, "partner": "amazon-us"}
        asked = fina.http.post("/remittances/upload", data=data, files={"file": ("More.csv", paid, "text/csv")})
        place = asked.headers["location"]
        job = int(place.rpartition("/")[2])
        assert "may be handed in again" in fina.post(f"{place}/cancel").text
        with console.app.database.transaction() as connection:
            assert load_job(connection, job).state == "waiting"
        assert fina.post(f"{place}/cancel", sure="yes").headers["location"] == place
        assert "Called off by Fina" in fina.get(place).text
        assert act(False, begin_work, job) is None
        assert "has ended already" in olga.post(f"{place}/cancel").text
    with console.app.database.transaction() as connection:
        booked = connection.execute(sa.text("SELECT count(*) FROM trueup.remittances WHERE payment = '900200'"))
        assert booked.scalar_one() == 0


def test_what_a_rule_would_change_stays_with_its_job(console: Console) -> None:
    """A rule is tried as long work; its page says what it reads, and each effect with its money."""
    act, fina = console.app.act, Person("Fina", frozenset({Role.FINANCE}))
    told = export("900300,-7.00", lines=(line("900300", "QYX 1", "-7.00"),))
    upload = act(False, ask_import, Upload(told.encode(), "Trial.csv", "amazon-us", fina))
    act(False, do_at_once, upload)
    rule = act(False, propose_rule, WantedRule(RuleField.REFERENCE, RuleForm.PREFIX, "QYX", "fee"), fina).rule.id
    called_off = act(False, ask_trial, rule, None, fina)
    act(False, cancel_job, called_off, fina)
    assert act(False, begin_work, called_off) is None
    job = act(False, ask_trial, rule, None, fina)
    act(False, do_at_once, job)
    act(False, reject_rule, rule, fina, "it was only tried")
    with console.visitor("Fina") as visitor:
        page = visitor.http.get(f"/jobs/{job}").text
    assert "It reads 1 of" in page and "would move \N{MINUS SIGN}7.00\N{NO-BREAK SPACE}USD" in page
    assert f'href="/rules/{rule}"' in page and "<code>QYX 1</code>" in page


def test_a_file_that_is_no_remittance_is_refused_at_once(console: Console) -> None:
    """Whoever hands it in is told, and no job is begun."""
    with console.visitor("Fina") as fina:
        files = {"file": ("shopping.txt", b"milk and bread", "text/plain")}
        data = {"csrf": fina.csrf, "partner": "amazon-us"}
        assert fina.http.post("/remittances/upload", data=data, files=files).status_code == 422


def test_new_cases_are_told_and_not_moved_under_the_cursor(console: Console, page_of: Callable[..., Tab]) -> None:
    """Today says how many were opened since it was drawn; only who asks sees them."""
    tab = page_of("Olga")
    tab.goto("/")
    assert tab.locator("#news").inner_text() == ""
    with console.app.database.transaction() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO trueup.cases (kind, subject, title, expected, found, owner, resolutions, evidence, state, opened_at,"
                " resolution, resolved_by, note, cause, things, known_things) VALUES ('stock.short', 'news', 'News', '', '',"
                " 'operations', '[]', '', 'open', '2026-11-23T12:00:00Z', '', '', '', 'news', 1, 1)"
            )
        )
    tab.get_by_text("1 new case, show").first.wait_for()


def test_streams_are_few() -> None:
    """Pages that are left open take no server down: one more than allowed gets none, and a place is free when one ends."""
    streams = Streams()
    assert all(streams.enter("a") for _ in range(MOST_OF_ONE))
    assert not streams.enter("a")
    assert streams.enter("b")
    streams.leave("a")
    assert streams.enter("a")


def test_a_row_says_when_it_comes_next_how_long_it_takes_and_what_waits(console: Console) -> None:
    """What waits for its rate budget has not failed, and opens no case; another trouble has."""

    def fail(words: str) -> list[int]:
        return [console.app.act(False, note_failure, "shop", "products", words) for _ in range(5)]

    try:
        assert fail(str(Throttled("The shop restores points", retry_after_seconds=3))) == [1, 1, 1, 1, 1]
        with console.visitor("Olga") as olga:
            page = olga.get("/flows").text
        assert "Waits for its rate budget" in page and "(rate budget)" in page
        for heading in ("Last good", "Next", "Backlog", "p95", '<span class="visually-hidden">Open </span>Cases'):
            assert f"{heading}</th>" in page
        with console.app.database.transaction() as connection:
            opened = (
                "SELECT count(*) FROM trueup.cases WHERE kind = 'source.failing' AND subject = 'source shop products'"
            )
            assert connection.execute(sa.text(opened)).scalar_one() == 0
        assert fail("The shop is on fire")[-1] == 6
        with console.visitor("Olga") as olga:
            assert "Failed 6 times in a row, tried again" in olga.get("/flows").text
    finally:
        console.app.act(False, note_working, "shop", "products")


def test_flows_and_today_say_the_same_of_what_was_read(console: Console) -> None:
    """What is read only when there is something to do, and never was, is neither unread nor green; both pages count without it."""
    with console.app.database.transaction() as connection:
        load_source(connection, "shop", "read-of-nothing")
    try:
        with console.visitor("Olga") as olga:
            flows, today = olga.get("/flows").text, olga.get("/").text
            chosen = olga.get("/flows?flow=poll_orders").text
        row = flows[flows.index("Read-of-nothing") :].partition("</tr>")[0]
        assert "Not needed yet" in row and "never" in row and "state-ok" not in row
        assert ("All read</a>" in today) == ("Everything was read" in flows)
        assert "read-of-nothing" not in today
        assert '<option value="poll_orders" selected>Poll orders</option>' in chosen
    finally:
        with console.app.database.transaction() as connection:
            connection.execute(sa.text("DELETE FROM trueup.sources WHERE query = 'read-of-nothing'"))
