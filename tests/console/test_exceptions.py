"""Exceptions: a case found, understood and decided; alone by keyboard, many at once, and in a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import Route

from tests.console.installed import Console
from tests.console.money_books import lacking
from trueup.base.ids import digest_of
from trueup.base.money import Money
from trueup.domain.cases import CaseDraft, Resolution
from trueup.storage import cases
from trueup.storage.cases import load_case


@pytest.fixture
def new_case(console: Console) -> Callable[..., int]:
    """A case of a test's own, of a kind that operations decide."""

    def open_case(subject: str, minor: int = 1250, deadline: datetime | None = None) -> int:
        now = console.app.world.clock.now()
        draft = CaseDraft(
            "stock.short", subject, f"Stock is short of {subject}", "24 eaches", "20 eaches", Money(minor, "USD"), deadline,
            "operations", (Resolution.RETRY, Resolution.DISMISS),
        )  # fmt: skip
        with console.app.database.transaction() as connection:
            return cases.open_case(connection, draft, now)

    return open_case


def state(console: Console, case_id: int) -> tuple[str, str, str]:
    with console.app.database.transaction() as connection:
        case = load_case(connection, case_id)
    return case.state.value, case.resolution, case.resolved_by


def test_a_case_is_decided_by_keyboard_alone(
    console: Console, page_of: Callable[..., Tab], new_case: Callable[..., int]
) -> None:
    """No mouse: filter, open, try a resolution, confirm it. A digit typed at once is meant for the row just opened."""
    new_case("keyboard, first", 9900)
    case_id = new_case("keyboard")
    tab = page_of("Olga")
    tab.goto("/exceptions?words=keyboard")
    tab.keyboard.press("j")
    tab.keyboard.press("3")
    tab.keyboard.type("counted again")
    tab.keyboard.press("Enter")
    tab.locator("#confirm").wait_for()
    assert state(console, case_id)[0] == "open"
    tab.locator("#confirm:focus").wait_for()
    tab.keyboard.press("Enter")
    tab.get_by_text(f"Case {case_id} resolved: dismiss.").first.wait_for()
    assert state(console, case_id) == ("resolved", "dismiss", "Olga")


def test_the_row_that_follows_has_the_focus_and_the_filter_stays(
    console: Console, page_of: Callable[..., Tab], new_case: Callable[..., int]
) -> None:
    """Worked down from the middle: dismissed, put aside, merged; each time the next row, and after the last one that before it."""
    cases = [new_case(f"downward {minor}", minor) for minor in (6000, 5000, 4000, 3000, 2000)]
    tab = page_of("Olga")
    tab.goto(f"/exceptions?words=downward&sort=money&row={cases[1]}")

    def follows(case_id: int) -> None:
        tab.locator(f"#row-{case_id}:focus").wait_for()
        assert tab.locator("tr.here").locator(f"#row-{case_id}").count() == 1
        assert f"row={case_id}" in tab.url and "words=downward" in tab.url and "sort=money" in tab.url

    tab.keyboard.press("3")
    tab.keyboard.type("counted again")
    tab.keyboard.press("Enter")
    tab.locator("#confirm:focus").wait_for()
    tab.keyboard.press("Enter")
    follows(cases[2])
    tab.keyboard.press("h")
    tab.locator("#snooze-reason").fill("waits for the count")
    tab.locator("#snooze-reason").press("Enter")
    follows(cases[3])
    tab.keyboard.press("2")
    tab.locator("#merge-into").fill(str(cases[0]))
    tab.locator("#merge-into").press("Enter")
    follows(cases[4])
    tab.keyboard.press("3")
    tab.keyboard.type("the last")
    tab.keyboard.press("Enter")
    tab.locator("#confirm:focus").wait_for()
    tab.keyboard.press("Enter")
    follows(cases[0])


def test_shift_and_an_arrow_select_row_by_row(page_of: Callable[..., Tab], new_case: Callable[..., int]) -> None:
    """On from the row that has the focus; back over what is selected they let go of it, and no case is opened by it."""
    for minor in (4000, 3000, 2000):
        new_case(f"extended {minor}", minor)
    tab = page_of("Olga")
    tab.goto("/exceptions?words=extended")
    boxes = tab.locator("[data-rows] tbody input[type=checkbox]")

    def chosen() -> list[bool]:
        return [box.is_checked() for box in boxes.all()]

    tab.locator("[data-rows] tbody a[data-open]").first.focus()
    tab.keyboard.press("Shift+ArrowDown")
    tab.keyboard.press("Shift+ArrowDown")
    assert chosen() == [True, True, True]
    tab.keyboard.press("Shift+ArrowUp")
    assert chosen() == [True, True, False]
    assert tab.locator("[data-rows] tbody tr").nth(1).locator("a[data-open]:focus").count() == 1


def test_what_is_due_today_is_the_rows_behind_its_link(console: Console, new_case: Callable[..., int]) -> None:
    """The number on Today, the queue that it leads to and its sheet are the same cases; none of them is due tomorrow."""
    now = console.app.world.clock.now()
    late, later = new_case("due", 100, now - timedelta(hours=1)), new_case("not due", 100, now + timedelta(days=2))
    with console.visitor("Olga") as olga:
        [(href, count)] = re.findall(r'href="(/exceptions\?due=today[^"]*)">(\d+) due today', olga.get("/").text)
        page = olga.get(unescape(href)).text
        sheet = olga.get("/exceptions.csv?due=today").text.splitlines()
    assert f'id="row-{late}"' in page and f'id="row-{later}"' not in page
    assert page.count('id="row-') == int(count) == len(sheet) - 1


def test_a_digit_in_a_comment_resolves_nothing(
    console: Console, page_of: Callable[..., Tab], new_case: Callable[..., int]
) -> None:
    """Letters and digits are keys in the list and its detail, never in a field."""
    case_id = new_case("digits")
    tab = page_of("Olga")
    tab.goto(f"/exceptions?words=digits&row={case_id}")
    tab.keyboard.press("c")
    tab.keyboard.type("1 of 2 was counted")
    assert tab.locator("#confirm").count() == 0
    tab.keyboard.press("Control+Enter")
    tab.get_by_text("Comment saved.", exact=True).first.wait_for()
    assert "1 of 2 was counted" in tab.locator(".comments").inner_text()
    assert state(console, case_id)[0] == "open"


def test_a_snoozed_case_waits_and_an_undo_brings_it_back(console: Console, new_case: Callable[..., int]) -> None:
    """It leaves the queue with a reason, is found under Snoozed, and one click takes it up again."""
    case_id = new_case("snoozed")
    with console.visitor("Olga") as olga:
        page = olga.get(f"/exceptions?row={case_id}").text
        until = re.search(r'name="until">\s*<option value="([\d-]+)"', page)
        assert until
        answer = olga.post(f"/exceptions/{case_id}/snooze", until=until[1], reason="waits for the count")
        assert answer.status_code == 303
        assert "Stock is short of snoozed" not in olga.get("/exceptions?words=snoozed").text.split('id="detail"')[0]
        assert "Stock is short of snoozed" in olga.get("/exceptions?tab=snoozed&words=snoozed").text
        olga.post(f"/exceptions/{case_id}/wake")
        assert "Stock is short of snoozed" in olga.get("/exceptions?words=snoozed").text


def test_an_assignment_is_on_the_row_and_in_the_trail(console: Console, new_case: Callable[..., int]) -> None:
    """Who works on a case is seen by everyone, and so is who said so."""
    case_id = new_case("assigned")
    with console.visitor("Olga") as olga:
        olga.post(f"/exceptions/{case_id}/assign", person="Fina")
        shown = olga.get("/exceptions?person=Fina").text
        assert "Stock is short of assigned" in shown
        assert "<b>Olga</b> assigned it" in shown
        olga.post(f"/exceptions/{case_id}/assign", person="Elke")
        page = olga.get(f"/exceptions?row={case_id}").text
        undo = re.search(r'action="(/exceptions/\d+/assign[^"]*)">(?:<input[^>]*>)+<button[^>]*id="undo"', page)
        assert undo
        olga.post(undo[1])
        assert "Stock is short of assigned" in olga.get("/exceptions?person=Fina").text


def test_what_was_put_aside_before_is_put_aside_again(console: Console, new_case: Callable[[str], int]) -> None:
    """An undo leads back to what was: the day and the reason of before, not to nothing."""
    case_id = new_case("twice aside")
    with console.visitor("Olga") as olga:
        for day, reason in (("2026-11-25", "the buyer is asked"), ("2026-11-27", "the buyer is away")):
            olga.post(f"/exceptions/{case_id}/snooze", until=day, reason=reason)
        page = olga.get("/exceptions").text
        undo = re.search(r'action="(/exceptions/\d+/snooze\?[^"]*)"', page)
        assert undo
        assert olga.post(unescape(undo[1])).status_code == 303
        shown = olga.get(f"/exceptions?tab=snoozed&row={case_id}").text
        assert "the buyer is asked" in shown
        olga.post(f"/exceptions/{case_id}/wake")
        back = re.search(r'action="(/exceptions/\d+/snooze\?[^"]*)"', olga.get(f"/exceptions?row={case_id}").text)
        assert back and "asked" in back[1]


def test_a_case_that_was_decided_is_late_no_more(console: Console, new_case: Callable[..., int]) -> None:
    """What was due an hour ago is late as long as it is open; decided, it says when it was decided, and nothing runs out."""
    case_id = new_case("decided late", deadline=console.app.world.clock.now() - timedelta(hours=1))
    with console.visitor("Olga") as olga:
        address = f"/exceptions?words=decided+late&row={case_id}"
        before = olga.get(address).text
        assert "1 h late" in before and "Time left" in before
        olga.post(f"/exceptions/{case_id}/resolve", resolution="dismiss", note="counted again")
        assert state(console, case_id)[0] == "resolved"
        after = olga.get(f"{address}&tab=resolved").text
    assert "1 h late" not in after and "Time left" not in after
    assert not lacking(after, "Was due", "Resolved", "just now")


def test_many_are_decided_at_once_after_a_look(console: Console, new_case: Callable[..., int]) -> None:
    """The page says of each what would happen; what is refused leaves the others standing, and the outcome survives a reload."""
    good = [new_case("many 1"), new_case("many 2")]
    with console.visitor("Olga") as olga:
        chosen = {"case": [str(each) for each in good], "which": "chosen"}
        assert not lacking(olga.post("/exceptions/bulk", **chosen).text, "Act on 2 cases", "Assign", "Put aside")
        which = {"case": [*map(str, good), "999999"], "act": "resolve", "resolution": "dismiss", "note": "counted"}
        tried = olga.post("/exceptions/bulk/preview", **which).headers["location"]
        assert not lacking(olga.get(tried).text, "2 of 3", "would be done", "Do it for 2 cases")
        assert state(console, good[0])[0] == "open"
        done = olga.post(f"{tried}/carry-out").headers["location"]
        assert not lacking(olga.get(done).text, "2 of 2", "Done")
        assert "It was done: job" in olga.get(tried).text
        assert "999999" in olga.get(f"{tried}/refused.csv").text
    assert [state(console, each) for each in good] == [("resolved", "dismiss", "Olga")] * 2


def test_all_of_a_filter_are_assigned_and_put_aside_and_that_is_taken_back(
    console: Console, page_of: Callable[..., Tab], new_case: Callable[..., int]
) -> None:
    """By keyboard: all that match, a look, the act, and one button that leads back to what was."""
    cases = [new_case("filtered 1"), new_case("filtered 2"), new_case("filtered 3")]
    tab = page_of("Olga")
    tab.goto("/exceptions?words=filtered")
    tab.locator("#bulk-all").press("Enter")
    tab.get_by_role("heading", name="Act on 3 cases").wait_for()
    tab.locator("#person").select_option("Elke")
    tab.locator("#bulk-assign").press("Enter")
    tab.locator("#carry-out").press("Enter")
    tab.get_by_text("3 of 3").first.wait_for()
    with console.visitor("Elke") as elke:
        assert elke.get("/exceptions?person=Elke&words=filtered").text.count('id="row-') == 3
        tab.locator("#undo-job").press("Enter")
        tab.get_by_role("heading", name="Take back: Assign to Elke").wait_for()
        assert 'id="row-' not in elke.get("/exceptions?person=Elke&words=filtered").text
        until = (console.app.world.clock.now() + timedelta(days=3)).date().isoformat()
        aside = {
            "which": "all",
            "back": "/exceptions?words=filtered",
            "act": "snooze",
            "until": until,
            "reason": "asked",
        }
        job = elke.post("/exceptions/bulk/preview", **aside).headers["location"]
        job = elke.post(f"{job}/carry-out").headers["location"]
        assert elke.get("/exceptions?tab=snoozed&words=filtered").text.count('id="row-') == len(cases)
        assert elke.post(f"{job}/undo").status_code == 303
        assert elke.get("/exceptions?words=filtered").text.count('id="row-') == len(cases)
    with console.visitor("Aude") as aude:
        assert aude.post("/exceptions/bulk/preview", **aside).status_code == 403


def test_a_comment_is_withdrawn_by_whom_it_is(console: Console, new_case: Callable[..., int]) -> None:
    """It stays, and is seen to be withdrawn."""
    case_id = new_case("withdrawn")
    with console.visitor("Olga") as olga, console.visitor("Elke") as elke:
        olga.post(f"/exceptions/{case_id}/comment", text="ask the buyer")
        page = olga.get(f"/exceptions?row={case_id}").text
        [undo] = set(re.findall(rf'action="(/exceptions/{case_id}/comments/\d+/withdraw)"', page))
        assert "/withdraw" not in elke.get(f"/exceptions?row={case_id}").text
        assert elke.post(undo).status_code == 409
        assert olga.post(undo).status_code == 303
        assert "<del>ask the buyer</del>" in elke.get(f"/exceptions?row={case_id}").text


def test_a_spreadsheet_goes_out_and_comes_in(console: Console, new_case: Callable[..., int]) -> None:
    """The downloaded rows with two columns filled in are decisions; a word that is no resolution is told with its row."""
    case_id = new_case("sheet")
    with console.visitor("Olga") as olga:
        sheet = olga.get("/exceptions.csv?words=sheet").text.splitlines()
        assert sheet[0].endswith("resolution,note")
        assert sheet[1].startswith(f"{case_id},stock.short")
        filled = f"case,resolution,note\n{case_id},dismiss,counted again\n{case_id + 100000},nonsense,\n"
        files = {"file": ("decisions.csv", filled.encode(), "text/csv")}
        tried = olga.http.post("/exceptions/upload", data={"csrf": olga.csrf}, files=files).headers["location"]
        preview = olga.get(tried).text
        mended = olga.get(f"{tried}/refused.csv").text.splitlines()
        assert "refused.csv" in preview and mended[0] == "case,resolution,note,cell,title,why"
        assert mended[1].startswith(f"{case_id + 100000},nonsense,,B3,,") and "is no resolution" in mended[1]
        refused = olga.http.post("/exceptions/upload", data={"csrf": olga.csrf}, files={"file": ("x.pdf", b"%PDF-1.7")})
        assert refused.status_code == 422 and olga.get(f"/documents/{digest_of(b'%PDF-1.7')}").status_code == 200
        assert olga.get(f"/documents/{digest_of(filled.encode())}").status_code == 200
    assert not lacking(preview, "1 of 2 rows would be saved. Refused: B3.", "nonsense")


def test_who_may_not_decide_is_told_and_the_server_refuses(console: Console, new_case: Callable[..., int]) -> None:
    """An auditor sees everything; the buttons are off, and a form sent all the same is answered with 403."""
    case_id = new_case("auditor")
    with console.visitor("Aude") as aude:
        assert "Your role may not decide this kind of case" in aude.get(f"/exceptions?row={case_id}").text
        assert aude.post(f"/exceptions/{case_id}/resolve", resolution="dismiss", note="x").status_code == 403
    assert state(console, case_id)[0] == "open"


def test_two_people_decide_one_case_once(console: Console, new_case: Callable[..., int]) -> None:
    """The second is told who was faster, and nothing is done twice."""
    case_id = new_case("twice")
    with console.visitor("Olga") as olga, console.visitor("Ana Admin") as ana:
        unsaid = olga.post(f"/exceptions/{case_id}/resolve", resolution="dismiss")
        assert unsaid.status_code == 409 and "Say why" in unsaid.text
        assert olga.post(f"/exceptions/{case_id}/resolve", resolution="dismiss", note="counted").status_code == 303
        late = [ana.post(f"/exceptions/{case_id}/resolve", resolution="retry", form_key="late") for _ in range(2)]
    for told in late:  # nothing is told as done, and the form may be sent again
        assert told.status_code == 409
        assert "resolved on 23 Nov 2026 by Olga" in told.text and "done and kept" not in told.text


def test_the_address_is_the_state(page_of: Callable[..., Tab], new_case: Callable[..., int]) -> None:
    """A pasted address shows the same filter, sort and row; Back returns to the row before."""
    first, second = new_case("address a"), new_case("address b")
    tab = page_of("Olga")
    tab.goto(f"/exceptions?words=address&sort=age&row={first}")
    tab.locator(f"#row-{second}").click()
    tab.get_by_role("heading", name="Stock is short of address b").wait_for()
    assert f"row={second}" in tab.url
    assert "sort=age" in tab.url
    tab.reload()
    tab.get_by_role("heading", name="Stock is short of address b").wait_for()


def test_nobody_decides_on_the_case_before_the_one_that_was_opened(
    page_of: Callable[..., Tab], new_case: Callable[..., int]
) -> None:
    """While a detail is on its way the last one cannot be acted on; when it is there it can."""
    for number in (1, 2):
        new_case(f"a slow case {number}")
    page = page_of("Elke")
    page.goto("/exceptions?words=a+slow+case")
    waiting: list[Route] = []

    def wait(route: Route) -> None:
        waiting.append(route)

    page.route("**/exceptions?**", wait, times=1)
    page.locator("a[data-open]").nth(1).click()
    page.locator("#detail[inert]").wait_for()
    waiting[0].continue_()
    page.locator("#detail:not([inert]) [data-key='1']").click()
    page.locator("#confirm").wait_for()


def test_what_happened_since_leads_to_as_many(console: Console, new_case: Callable[..., int]) -> None:
    """What arrived, opened, came back or closed since a person was here: each number is that of the rows behind its link."""
    console.app.world.clock.advance(timedelta(hours=3))  # type: ignore[attr-defined]
    dismissed = new_case("since, dismissed")
    new_case("since, open still")
    with console.visitor("Olga") as olga:
        olga.post(f"/exceptions/{dismissed}/resolve", resolution="dismiss", note="seen")
    with console.visitor("Elke") as elke:
        since = elke.get("/").text.split('id="since"')[1].split("</section>")[0]
        told = re.findall(r'<a href="([^"]+)">([\d,]+)\+?</a>', since)
        assert {unescape(href).partition("?")[0] for href, _ in told} == {"/documents", "/exceptions"}
        for href, count in told:
            page = elke.get(unescape(href)).text
            rows = page.split("<tbody")[1].count("<tr") if "<tbody" in page else 0
            assert rows == min(50, int(count.replace(",", ""))), href
        assert any("opened=" in href and int(count) >= 1 for href, count in told)
        stopped = elke.get("/flows?status=stopped").text
        assert 'href="/flows?status=stopped#runs"' in stopped and 'id="filter-status"' in stopped


def test_no_kind_is_no_case_and_a_zero_byte_is_refused_in_words(console: Console, new_case: Callable[..., int]) -> None:
    """A filter of commas alone asks for no kind, not for all; what no database holds is told, with its field."""
    new_case("a lamp that nobody asks for")
    with console.visitor("Olga") as olga:
        none = olga.get("/exceptions?kind=,&sort=age").text
        assert "a lamp that nobody asks for" not in none and "data-open" not in none
        refused = olga.get("/exceptions?words=a%00b")
        assert refused.status_code == 422 and "Field words: expected text, found a zero byte in it." in refused.text


def test_what_does_not_match_here_is_said_to_match_elsewhere(
    console: Console, page_of: Callable[..., Tab], new_case: Callable[..., int]
) -> None:
    """None open of those words, one resolved and one put aside: both are told, and lead to it; where none matches, none is told."""
    done, later = new_case("matching elsewhere 1"), new_case("matching elsewhere 2")
    with console.visitor("Olga") as olga:
        olga.post(f"/exceptions/{done}/resolve", resolution="dismiss", note="seen")
        olga.post(f"/exceptions/{later}/snooze", until="2026-12-24", reason="after the holidays")
    tab = page_of("Olga")
    tab.goto("/exceptions?words=matching+elsewhere&standing=new")
    assert tab.get_by_text("No open case matches “matching elsewhere”.").is_visible()
    tab.get_by_role("link", name="1 snoozed one does").wait_for()
    tab.get_by_role("link", name="1 resolved one does").click()
    tab.get_by_text("matching elsewhere 1").first.wait_for()
    with tab.expect_response(lambda said: "nowhere" in said.url and "hx-request-type" in said.request.headers):
        tab.goto("/exceptions?words=matching+nowhere")
    tab.wait_for_timeout(200)  # what it says is put in then
    assert "one does" not in tab.locator("main").inner_text()
