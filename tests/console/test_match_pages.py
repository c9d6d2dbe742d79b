"""The desk of matches: what is typed is told as a difference at once, a match is put together, undone, and stays in sight."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page as Tab

from tests.cli.remitted import export, line
from tests.console.calling import calling, token
from tests.console.installed import Client, Console
from tests.console.money_books import FINA, console_over_money, lacking, newest_case
from tests.console.test_all_pages import violations
from trueup.base.ids import digest_of
from trueup.base.money import Money
from trueup.workflows.import_invoices import import_invoices
from trueup.workflows.import_remittances import Upload, begin_upload, settle_upload


@pytest.fixture(scope="module")
def console(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console over books of its own, which these tests change."""
    with console_over_money(server_url, Path(tmp_path_factory.mktemp("matches"))) as running:
        yield running


def _balance(console: Console) -> dict[str, int]:
    with console.app.database.transaction() as connection:
        query = sa.text(
            "SELECT account, sum(minor) AS minor FROM trueup.journal_lines GROUP BY 1 HAVING sum(minor) <> 0"
        )
        return {row.account: int(row.minor) for row in connection.execute(query)}


def test_a_match_is_put_together_with_the_difference_in_sight(console: Console, page_of: Callable[..., Tab]) -> None:
    """By keyboard: an item is searched and added, a part of it is a fee, the rest is told while it is typed; axe finds nothing."""
    case = newest_case(console, "remittance.contested")
    tab = page_of("Fina")
    tab.goto(f"/matches/{case}")
    difference, posts = tab.locator("#difference"), tab.locator("#posts")
    assert "300.00" in difference.inner_text() and tab.locator("#confirm").is_disabled()
    tab.locator("#q").fill("INV-8")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**q=INV-8*")
    tab.get_by_label("Invoice INV-8").press("Space")
    difference.get_by_text("Adds up").first.wait_for()
    tab.wait_for_url("**item=i*")
    tab.reload()
    assert "Adds up" in difference.inner_text(), "the address is what is on the desk"
    amount = tab.get_by_label("Of the line it settles of invoice INV-8")
    amount.fill("290.00")
    difference.get_by_text("Not yet").first.wait_for()
    assert "10.00" in difference.inner_text() and tab.locator("#confirm").is_disabled()
    tab.locator("#of-1").fill("10.00")
    tab.locator("#type-1").select_option("co-op")
    difference.get_by_text("Adds up").first.wait_for()
    posts.get_by_text("290.00").first.wait_for()
    assert not lacking(posts.inner_text(), "290.00", "10.00")
    bar = difference.bounding_box()
    tab.locator("#of-1").scroll_into_view_if_needed()
    assert bar is not None and tab.locator("#confirm").is_enabled()
    assert not violations(tab, "the desk", "light")
    tab.locator("#choice-1").check()
    difference.get_by_text("Book explanation 1").first.wait_for()
    assert not tab.get_by_label("Invoice INV-8", exact=True).is_checked(), "one is taken, or one is put together"
    tab.get_by_label("Invoice INV-8", exact=True).check()
    difference.get_by_text("Book the match").first.wait_for()
    assert not tab.locator("#choice-1").is_checked()
    with tab.expect_response("**/difference"):
        amount.fill("290.00")
    difference.get_by_text("Adds up").first.wait_for()
    tab.locator("#of-1").press("Control+Enter")
    tab.locator("#said").get_by_text("300.00").first.wait_for()
    tab.goto("/matches?view=matched")
    assert not lacking(tab.content(), "Matched by hand", "Fina", "Undo")


def _proposal(console: Console) -> int:
    with console.app.database.transaction() as connection:
        query = sa.text("SELECT id FROM trueup.proposals WHERE act = 'match.undo' AND approved_by IS NULL")
        return int(connection.execute(query).scalar_one())


def test_a_match_is_undone_and_what_it_was_stays_in_sight(console: Console) -> None:
    """The page says what it would post and changes nothing; who may not is told; afterwards the line waits, with its history."""
    with console.visitor("Aude") as aude:
        listed = aude.get("/matches?view=matched").text
        address = re.findall(r'href="(/matches/undo/\d+/\d+)"', listed)[0]
        assert not lacking(aude.get(address).text, "This needs")
        assert aude.post(address, reason="no").status_code == 403
    before = _balance(console)
    with console.visitor("Fina") as fina:
        assert not lacking(fina.get(address).text, "What it does", "waits with a case", 'id="confirm"')
        assert _balance(console) == before
        assert fina.post(address).status_code == 422
        asked = fina.post(address, reason="it is of the other shop")
        assert not lacking(fina.get(asked.headers["location"]).text, "to undo the match of line 5", "second person")
        assert _balance(console) == before
    _approve(console, "match.undo")
    with console.visitor("Fina") as fina:
        desk = fina.get(f"/matches/{newest_case(console, 'remittance.unmatched')}").text
        assert not lacking(desk, "it is of the other shop", "Explanation 1")
        assert not lacking(fina.get("/matches?view=undone").text, "it is of the other shop", "by hand")
        assert not lacking(fina.get(address).text, "waits in suspense already", "Undone</b> by Fina")


def test_the_api_does_what_the_desk_does(console: Console) -> None:
    """The same explanations with their signs, the same search, a split under a key of one's own, undone again."""
    case = newest_case(console, "remittance.unmatched")
    with calling(console, token(console, "Fina")) as fina:
        first = fina.json(f"/cases/{case}/explanations")["items"][0]
        assert first["confidence"] in ("low", "medium", "high") and {each["trait"] for each in first["signs"]} == {
            "reference",
            "amount",
            "date",
            "party",
        }
        with console.app.database.transaction() as connection:
            [(remittance, line)] = connection.execute(
                sa.text("SELECT remittance_id, line FROM trueup.suspense WHERE kind = 'remittance.unmatched'")
            ).all()
        at = {"remittance": remittance, "line": line}
        [found] = [
            each
            for each in fina.json(f"/cases/{case}/candidates?remittance={remittance}&line={line}&words=INV-7")["items"]
            if each["called"] == "invoice INV-7"
        ]
        short = {**at, "shares": [{"amount": {"amount": "299.00", "currency": "USD"}, "key": found["key"]}]}
        assert fina.send(f"/cases/{case}/match", short).status_code == 409
        told = {**short, "leave_rest": True, "note": "the buyer looks"}
        assert fina.send(f"/cases/{case}/match?dry_run=true", told).json()["dry_run"] is True
        assert fina.send(f"/cases/{case}/match", told).json()["amount"] == {"amount": "299.00", "currency": "USD"}
        where = f"/remittances/{remittance}/undoings"
        assert fina.send(where, {"line": line, "reason": "once more"}).json()["proposal"] == _proposal(console)
        assert [each["approved_by"] for each in fina.json("/matches/undone")["items"]] == ["Bo Admin"]
    with calling(console, token(console, "Aude")) as aude:
        assert aude.send(where, {"line": line, "reason": "no"}).status_code == 403


def test_a_claim_is_given_up_and_taken_back_with_what_it_posts_in_sight(console: Console) -> None:
    """Past hope or not: the page shows what it posts; above the limit a second person approves; the entry is reversed likewise."""
    with console.visitor("Fina") as fina:
        claim = re.findall(r'href="(/recovery/\d+)"', fina.get("/recovery?all=yes").text)[0]
        assert not lacking(fina.get("/recovery?all=yes").text, "no outcome yet")
        assert not lacking(fina.get(f"{claim}?write_off=try").text, "90.00", "Nothing was done yet", 'id="confirm"')
        assert fina.post(f"{claim}/write-off").status_code == 422
        assert fina.post(f"{claim}/write-off", note="cheaper than a dispute").status_code == 303
        assert not lacking(fina.get(claim).text, "to write it off", "second person")
    _approve(console, "claim.write-off")
    with console.visitor("Fina") as fina:
        shown = fina.get(claim).text
        assert not lacking(shown, "Written off", "given up by Bo Admin")
        entry = re.findall(r'href="(/journal/\d+)"', shown)[0]
        assert not lacking(fina.get(entry).text, 'id="reverse"', "Totals in USD")
        assert not lacking(fina.get(f"{entry}/reverse").text, "What it posts", 'id="confirm"')
        assert fina.post(f"{entry}/reverse").status_code == 422
        assert fina.post(f"{entry}/reverse", reason="it is paid after all").status_code == 303
        assert not lacking(fina.get(entry).text, "to reverse it")
        with console.visitor("Aude") as aude:
            assert aude.post(f"{entry}/reverse", reason="no").status_code == 403
    _approve(console, "entry.reverse")
    with console.visitor("Fina") as fina:
        assert not lacking(fina.get(entry).text, "It was reversed by")
        assert not lacking(fina.get(claim).text, "Reversed", "Show what it posts")
        payment = fina.get("/journal?kind=remittance").text
        lines = fina.get(re.findall(r'href="(/journal/\d+)"', payment)[0]).text
        assert not lacking(lines, "/orders/4AAAAAAA", "?at=", "/matches/undo/")
        assert not lacking(fina.get("/journal/accounts").text, "All in USD")
    with calling(console, token(console, "Fina")) as program:
        [told] = program.json("/claims?everything=true")["items"]
        assert (told["held"], told["outcomes"]) == ({"amount": "90.00", "currency": "USD"}, 0)
        done = program.send(f"/claims/{told['id']}/write-off?dry_run=true", {"reason": "a look"}).json()
        assert done["proposal"] is not None and done["dry_run"] is True


def _approve(console: Console, act: str) -> None:
    with console.app.database.transaction() as connection:
        query = sa.text("SELECT id FROM trueup.proposals WHERE act = :act AND approved_by IS NULL")
        number = connection.execute(query, {"act": act}).scalar_one()
    with console.visitor("Bo Admin") as bo:
        done = bo.post(f"/proposals/{number}/approve", back="//elsewhere.example/")
        assert (done.status_code, done.headers["location"]) == (303, "/"), "nobody is led out of the console"


def test_a_statement_is_grouped_summed_and_unfolds_its_lines(console: Console, page_of: Callable[..., Tab]) -> None:
    """Groups come to the payment and live in the address; what is marked is summed to the cent; a row tells its claim's story."""
    with console.visitor("Aude") as aude:
        for by in ("reason", "invoice", "order"):
            shown = aude.get(f"/remittances/1?by={by}").text
            table = shown.split('id="groups"')[1].split("</table>")[0]
            sums = [
                Money.of(text.replace(",", "").replace("\N{MINUS SIGN}", "-"), "USD").minor
                for text in re.findall(r'<span class="money(?: negative)?">([^<]+)<', table)
            ]
            assert len(sums) > 2 and sum(sums[:-1]) == sums[-1] == 168000, by
        claim = aude.get("/remittances/1?by=invoice&group=INV-1").text
        assert not lacking(claim, "INV-1SC", "Original") and lacking(claim, "XQZ 77 WHAT")
        assert not lacking(aude.get("/remittances/1/lines/3").text, "Claim shortage/INV1", "given up", "?at=")
    tab = page_of("Fina")
    tab.goto("/remittances/1")
    summed = tab.locator("[data-summed]")
    assert not summed.is_visible()
    tab.get_by_label("Add line 1 to the sum").check()
    tab.get_by_label("Add line 3 to the sum").check()
    assert summed.inner_text() == "2 marked: 910.00 USD"
    story = tab.locator("summary", has_text="of line 3")
    story.press("Enter")
    tab.locator("#line-3").get_by_text("Claim shortage/INV1").first.wait_for()
    assert violations(tab, "a statement with a row unfolded", "light") == []


def _archived_first(visitor: Client, filled: str) -> None:
    """What was handed in is kept, and so is what turns out to be no sheet."""
    no_table = {"file": ("lines.pdf", b"%PDF-1.7 is no table", "text/csv")}
    refused = visitor.http.post("/coding/upload", data={"csrf": visitor.csrf}, files=no_table)
    assert refused.status_code == 422 and "PDF" in refused.text
    for content in (filled.encode(), no_table["file"][1]):
        assert visitor.get(f"/documents/{digest_of(content)}").status_code == 200


def test_a_sheet_is_coded_by_keyboard_and_comes_as_a_workbook(console: Console, page_of: Callable[..., Tab]) -> None:
    """One tab stop, arrows move, a letter writes; a value goes to every marked row, sorting keeps it; seen first, booked then."""
    console.app.act(False, import_invoices, SHEET_INVOICES.encode(), FINA)
    act = lambda fn, *args: console.app.act(False, fn, *args)  # noqa: E731
    begun = begin_upload(act, Upload(SHEET_EXPORT.encode(), "More.csv", "amazon-us", FINA))
    settle_upload(act, begun, lambda lines: None)
    with console.visitor("Aude") as aude:
        assert aude.get("/coding.xlsx").content.startswith(b"PK")
        assert aude.post("/coding/preview").status_code == 403
    tab = page_of("Fina")
    tab.goto("/coding?words=ZXQ")
    assert tab.locator("table[data-sheet] [tabindex='0']").count() == 1
    assert not violations(tab, "the sheet", "light")
    first = tab.get_by_label("Mark 700300 line 3")
    first.focus()
    for key in ("Space", "ArrowDown", "Space"):
        tab.keyboard.press(key)
    assert re.fullmatch(r"2 marked: .+ USD", tab.locator("[data-summed]").inner_text())
    tab.set_viewport_size({"width": 1280, "height": 900})
    assert tab.locator(".table-scroll").evaluate("each => each.scrollWidth <= each.clientWidth"), "why is in sight"
    for _ in range(4):
        tab.keyboard.press("ArrowRight")
    tab.keyboard.type("co-op")
    tab.keyboard.press("Enter")
    assert [each.input_value() for each in tab.locator("input[name=type]").all()] == ["co-op", "co-op"]
    for _ in range(2):
        tab.get_by_role("button", name="Amount").click()
    assert tab.locator("tbody tr").first.get_attribute("data-amount") == "-4.00"
    assert [each.input_value() for each in tab.locator("input[name=type]").all()] == ["co-op", "co-op"]
    tab.keyboard.press("Control+Enter")
    tab.get_by_text("of 2 lines would be booked").first.wait_for()
    before = _balance(console)
    tab.locator("#confirm").press("Enter")
    tab.get_by_text("of 2 lines are booked").first.wait_for()
    assert _balance(console) != before
    with calling(console, token(console, "Fina")) as fina:
        waiting = {each["reference"]: each for each in fina.json("/waiting-lines")["items"]}
        assert "ZXQ 1" not in waiting and "XQZ 77 WHAT" in waiting
        at = {"remittance": waiting["XQZ 77 WHAT"]["remittance"], "line": waiting["XQZ 77 WHAT"]["line"]}
        wrong = {**at, "type": "nonsense"}
        done = fina.send("/codings?dry_run=true", {"lines": [{**at, "type": "co-op"}, wrong]}).json()
    assert (done["booked"], done["refused"], done["lines"][0]["amount"]["amount"]) == (1, 1, "-10.00")
    filled = f"remittance,line,type,account,note\n{at['remittance']},{at['line']},co-op,,a fair\n1,x,co-op,,\n"
    with console.visitor("Fina") as visitor:
        told = visitor.http.post(
            "/coding/upload", data={"csrf": visitor.csrf}, files={"file": ("lines.csv", filled.encode(), "text/csv")}
        )
        _archived_first(visitor, filled)
    assert told.status_code == 200 and not lacking(told.text, "of 1 lines would be booked", "Not read", "Co-op")


SHEET_INVOICES = """number,partner,payee,issued,due,currency,total,purchase_order
INV-31,amazon-us,NORDA,2026-10-01,2026-11-30,USD,100.00,4FFFFFFF
"""
SHEET_EXPORT = export(
    "700300,88.00,10/21/2026",
    lines=(line("700300", "INV-31", "100.00"), line("700300", "ZXQ 1", "-4.00"), line("700300", "ZXQ 2", "-8.00")),
)
