"""The pages about money, as people of each role use them: what they show adds up, and what they do is done once and recorded."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page as Tab

from tests.cli.remitted import export, line
from tests.console.calling import calling, token, walk
from tests.console.installed import Console
from tests.console.money_books import FINA, lacking, newest_case
from trueup.base.money import Money
from trueup.domain.chart import Purpose
from trueup.workflows.answer_suspense import classify_case
from trueup.workflows.draft_rules import rule_of_case
from trueup.workflows.import_invoices import import_invoices
from trueup.workflows.import_products import archive_upload
from trueup.workflows.keep_rules import propose_rule
from trueup.workflows.long_work import do_at_once


@pytest.fixture(scope="module")
def console(money: Console) -> Console:
    """The console over books."""
    return money


@pytest.mark.parametrize(
    "path", ["/invoices", "/remittances", "/matches", "/recovery", "/rules", "/close", "/journal", "/profit"]
)
@pytest.mark.parametrize("who", ["Olga", "Fina", "Aude"])
def test_every_page_about_money_is_shown_to_everyone_who_may_look(console: Console, path: str, who: str) -> None:
    """Looking takes no role of finance; the page says its own name."""
    with console.visitor(who) as visitor:
        answer = visitor.get(path)
    assert answer.status_code == 200, re.findall(r"(?s)<main.*?</main>", answer.text)[0][-600:]
    assert not lacking(answer.text, 'aria-current="page"')
    assert answer.text.count("style=") == 0


def test_the_api_tells_of_money_what_the_pages_show(console: Console) -> None:
    """Every list and every whole thing as described; the lines of a payment, page by page, are its settled sum."""
    with calling(console, token(console, "Fina")) as fina:
        found = walk(fina)
        assert found["/remittances"] and found["/journal/entries"] and found["/journal/balances"]
        [payment] = fina.json("/remittances")["items"]
        statement = fina.json(f"/remittances/{payment['id']}")
        lines = [line for page in fina.pages(f"/remittances/{payment['id']}/lines") for line in page]
    assert statement["adds_up"] and payment["amount"] == {"amount": "1680.00", "currency": "USD"}
    assert [line["line"] for line in lines] == sorted({line["line"] for line in lines})
    paid = sum(Money.of(line["paid"]["amount"], line["paid"]["currency"]).minor for line in lines)
    assert paid == 168000


def test_a_trade_in_is_recorded_once_by_a_program(console: Console) -> None:
    """By its own key or a key of the program's; money as exact text; what is graded above the limit waits for a second person."""
    told = {"key": "T/1", "sku": "TENT-2", "serial": "TN-1", "quoted": {"amount": "80.00", "currency": "USD"}}
    with calling(console, token(console, "Elke", "look", "trade-ins.record", "trade-ins.grade")) as elke:
        assert elke.send("/trade-ins?dry_run=true", told).json() == {"key": "T/1", "known": False, "dry_run": True}
        assert elke.json("/trade-ins")["items"] == []
        assert elke.send("/trade-ins", told).json()["known"] is False
        assert elke.send("/trade-ins", told).json()["known"] is True
        other = {**told, "quoted": {"amount": "81.00", "currency": "USD"}}
        assert elke.send("/trade-ins", other).status_code == 409
        assert elke.send("/trade-ins", {**told, "quoted": {"amount": 80.0, "currency": "USD"}}).status_code == 422
        assert elke.send("/trade-ins", {**told, "quoted": {"amount": "80.001", "currency": "USD"}}).status_code == 422
        graded = elke.send("/trade-ins/T/1/grading", {"grade": "good"}).json()
        assert graded["proposal"] is not None
        assert elke.json("/trade-ins/T/1")["credit"] is None
    with calling(console, token(console, "Bo Admin")) as bo:
        assert bo.send(f"/proposals/{graded['proposal']}/approval").status_code == 200
        shown = bo.json("/trade-ins/T/1")
    assert shown["value"] == shown["credit"]["owed"] == {"amount": "72.00", "currency": "USD"}


def test_a_rule_is_proposed_and_approved_by_programs_of_two_people(console: Console) -> None:
    """The proposer's own token is refused; a trial books nothing; what waited leaves suspense."""
    told = {"field": "reference", "form": "prefix", "pattern": "ZZTOP", "type": "co-op", "direction": "takes"}
    with calling(console, token(console, "Fina")) as fina, calling(console, token(console, "Bo Admin")) as bo:
        rule = fina.send("/rules", told).json()
        assert rule["state"] == "proposed"
        assert fina.send(f"/rules/{rule['id']}/approval", {}).status_code == 409
        assert bo.send(f"/rules/{rule['id']}/approval?dry_run=true", {}).json()["lines"] == 0
        assert fina.json(f"/rules/{rule['id']}")["waits"] is True
        assert fina.send(f"/rules/{rule['id']}/rejection", {"note": "not needed"}).json()["state"] == "rejected"


def test_a_payment_is_a_statement_that_ties(console: Console) -> None:
    """Every line with what it is, where it stands in which document, and where it is booked."""
    with console.visitor("Aude") as aude:
        listed = aude.get("/remittances").text
        (address,) = set(re.findall(r'href="(/remittances/\d+)"', listed))
        shown = aude.get(address).text
        waiting = aude.get(f"{address}?only=waits").text
    assert not lacking(shown, "Ties", "1,680.00", "INV-1SC", "/documents/", "Terms discount")
    assert lacking(shown, "Differs")
    assert not lacking(waiting, "XQZ 77 WHAT") and lacking(waiting, "INV-2<")


def test_rival_explanations_stand_side_by_side_and_one_is_chosen_by_who_may(console: Console) -> None:
    """Both invoices fit; nothing is chosen beforehand; operations may look and not decide."""
    case = newest_case(console, "remittance.contested")
    with console.visitor("Olga") as olga:
        shown = olga.get(f"/matches/{case}").text
        refused = olga.post(f"/matches/{case}/choose", choice="1")
    assert not lacking(shown, "Explanation 1", "Explanation 2", "INV-7", "INV-8", "disabled")
    assert not lacking(shown, "Low", "lead 0", "Alike", "Both name order 4CCCCCCC", "settles all that is open")
    assert lacking(shown, "checked")
    assert refused.status_code == 403
    with console.visitor("Fina") as fina:
        nothing = fina.post(f"/matches/{case}/choose")
        done = fina.post(f"/matches/{case}/choose", choice="1", note="the buyer says so")
        again = fina.post(f"/matches/{case}/choose", choice="1")
    assert (nothing.status_code, done.status_code, again.status_code) == (422, 303, 409)
    with console.app.database.transaction() as connection:
        query = sa.text("SELECT actor FROM trueup.acts WHERE act = 'case.chosen'")
        assert connection.execute(query).scalars().all() == ["Fina"]


def test_a_rule_is_tried_on_history_and_turned_on_by_a_second_person(console: Console) -> None:
    """The trial changes nothing; the proposer cannot approve; the second person can, once."""
    case = newest_case(console, "remittance.unrecognised")
    wanted = console.app.act(False, rule_of_case, case, "co-op", "", "a fair")
    console.app.act(False, classify_case, case, "co-op", FINA)
    rule = console.app.act(False, propose_rule, wanted, FINA).rule.id
    with console.visitor("Fina") as fina:
        tried = fina.get(f"/rules/{rule}?try=yes").text
        own = fina.post(f"/rules/{rule}/approve")
        job = fina.post(f"/rules/{rule}/try").headers["location"]
        assert f"Try rule {rule}" in fina.get(job).text
        assert (
            "Call it off" in fina.post(f"{job}/cancel").text
            and fina.post(f"{job}/cancel", sure="yes").status_code == 303
        )
    assert not lacking(tried, "On all history", "stay what a person") and lacking(tried, 'id="approve-rule"')
    assert own.status_code == 409
    with console.visitor("Bo Admin") as bo:
        assert not lacking(bo.get(f"/rules/{rule}").text, 'id="approve-rule"')
        done = bo.post(f"/rules/{rule}/approve", note="seen")
        again = bo.post(f"/rules/{rule}/approve")
        assert not lacking(bo.get("/rules").text, "In force")
    assert (done.status_code, again.status_code) == (303, 409)


def test_a_claim_is_packed_submitted_and_answered(console: Console) -> None:
    """The pack comes with its originals; what is noted shows at once; the wrong role notes nothing."""
    with console.visitor("Fina") as fina:
        queue = fina.get("/recovery?all=yes").text
        claim = re.findall(r'href="(/recovery/\d+)"', queue)[0]
        pack = fina.get(f"{claim}/pack.zip")
        names = zipfile.ZipFile(io.BytesIO(pack.content)).namelist()
        assert "dispute.pdf" in names and len([name for name in names if name.startswith("originals/")]) == 2
        shown = fina.get(claim).text
        assert not lacking(shown, "INV-1SC", "Proof of delivery")
        with console.visitor("Olga") as olga:
            assert olga.post(f"{claim}/submit", reference="X").status_code == 403
        assert fina.post(f"{claim}/submit").status_code == 422
        assert fina.post(f"{claim}/submit", reference="DSP-1", day="2026-11-04").status_code == 303
        assert not lacking(fina.get(claim).text, "DSP-1")
        assert fina.post(f"{claim}/answer", outcome="partly", won="40.00", day="2026-11-05").status_code == 303


def test_a_month_is_closed_by_two_persons_and_its_papers_come_from_the_archive(console: Console) -> None:
    """The checklist says what stands against it; the proposer cannot approve; afterwards the pack is the archived one."""
    with console.visitor("Fina") as fina:
        page = fina.get("/close/2026-10").text
        assert not lacking(page, "Checklist", 'id="propose-close"')
        months = fina.get("/close").text
        assert not lacking(months, "Next to close: October 2026") and lacking(months, "/close/2026-09")
        assert fina.get("/close/2026-10/pack.pdf").content.startswith(b"%PDF")
        assert fina.get("/close/2026-10/pack.odt").status_code == 404
        assert fina.post("/close/2026-10/propose", override="a test").status_code == 303
        assert not lacking(fina.get("/close/2026-10").text, "A second person must approve it")
    with console.visitor("Olga") as olga:
        assert olga.post("/close/2026-10/propose").status_code == 403


def test_the_journal_leads_from_an_account_to_an_entry_to_its_document(console: Console) -> None:
    """In two steps; the balances of a currency come to nothing; a wrong day is said to be wrong."""
    with console.visitor("Aude") as aude:
        accounts = aude.get("/journal/accounts").text
        account = unescape(re.findall(r'href="(/journal\?tab=lines&amp;account=\d+&amp;currency=USD)"', accounts)[0])
        entry = re.findall(r'href="(/journal/\d+)#', aude.get(account).text)[0]
        shown = aude.get(entry).text
        assert not lacking(shown, "/documents/", "Balanced")
        assert aude.get("/journal?from=yesterday").status_code == 422


def test_profit_is_shown_by_channel_and_by_sku(console: Console) -> None:
    """Gross to net, what is not final yet beside it, and any number opens the lines that it is made of; the API tells the same."""
    with console.visitor("Aude") as aude:
        channel, sku = aude.get("/profit?month=2026-10").text, aude.get("/profit?month=2026-10&by=sku").text
        against = aude.get("/profit?month=2026-10&against=2026-09").text
        cells = [unescape(each) for each in dict.fromkeys(re.findall(r'href="(/profit/lines[^"]+)"', channel + sku))]
        opened = {each: aude.get(each).text for each in cells}
        assert aude.get(cells[0] + "&at=-1").status_code == 422
        assert aude.get(cells[0].replace("part=gross", "part=tax")).status_code == 404
    assert len(opened) == 18 and all("Ties" in text and "Differs" not in text for text in opened.values())
    assert any("700100" in text and "/journal/" in text for text in opened.values())
    with calling(console, token(console, "Fina")) as fina:
        days = "since=2026-10-01&until=2026-10-31"
        [row] = fina.json(f"/profit?{days}")["rows"]
        told = fina.json(f"{row['lines'].removeprefix('/api/v1')}&part=net&limit=1")
        assert told["amount"] == row["net"] and told["count"] > 1 and told["next"]
        shares = [each["share"] for page in fina.pages(f"/profit/lines?{days}&currency=USD&part=net") for each in page]
    assert sum(Money.of(each["amount"], "USD").minor for each in shares) == Money.of(row["net"]["amount"], "USD").minor
    assert not lacking(against, "Against September 2026", "Gross of amazon-us/NORDA", "Difference")
    assert not lacking(channel, "amazon-us/NORDA", "1,100.00", "Not final yet", "% of what was invoiced", "% of gross")
    assert not lacking(sku, "(no SKU)")


def test_trends_are_the_books_and_come_as_files(console: Console) -> None:
    """Every chart has a table that says the same; what is open by age is what the books have open, to the cent."""
    with console.visitor("Aude") as aude:
        page = aude.get("/trends").text
        files = {each: aude.get(f"/trends/{each}.csv").text for each in ("ageing", "settlement", "deductions", "drift")}
        assert aude.get("/trends/weather.csv").status_code == 404
    assert not lacking(page, "Open invoices by age", "What payments settled", "What was deducted", "Amounts are USD")
    rows = {name: list(csv.DictReader(io.StringIO(text))) for name, text in files.items()}
    for week in {row["Week from"] for row in rows["drift"]}:
        assert f'<th scope="row">{week}</th>' not in page, "a day is read in its reader's way"
    with console.app.database.transaction() as connection:
        open_minor = connection.execute(sa.text("SELECT sum(minor) FROM trueup.open_invoices")).scalar_one()
        cash = sa.text("SELECT sum(minor) FROM trueup.journal_lines WHERE account = :cash")
        paid_minor = connection.execute(cash, {"cash": console.app.world.books.chart.code(Purpose.CASH)}).scalar_one()
    assert sum(Money.of(row["Open"], "USD").minor for row in rows["ageing"]) == open_minor
    assert sum(Money.of(row["Paid"], "USD").minor for row in rows["settlement"]) == paid_minor
    assert rows["deductions"] and next(iter(rows["deductions"][0])) == "Month"


def test_the_journal_comes_as_a_file_that_balances(console: Console) -> None:
    """The lines that the filters leave, debits and credits apart; what came from outside is no formula. The page sums them up."""
    with console.visitor("Aude") as aude:
        rows = list(csv.DictReader(io.StringIO(aude.get("/journal.csv?kind=remittance").text)))
        totals = re.sub(r"\s+|<[^>]*>", " ", aude.get("/journal?kind=remittance").text.partition("<tfoot>")[2])
        none = aude.get("/journal.csv?from=2031-01-01").text
    sides = {side: sum(Money.of(row[side], "USD").minor for row in rows if row[side]) for side in ("debit", "credit")}
    assert rows and sides["debit"] == sides["credit"]
    assert {row["kind"] for row in rows} == {"remittance"}
    assert f"{sides['debit'] / 100:,.2f} USD" in " ".join(totals.split())
    assert none.count("\n") == 1


DAY_INVOICES = """number,partner,payee,issued,due,currency,total,purchase_order
INV-91,amazon-us,NORDA,2026-10-01,2026-11-30,USD,410.00,4DDDDDDD
INV-92,amazon-us,NORDA,2026-10-01,2026-11-30,USD,410.00,4DDDDDDD
INV-93,amazon-us,NORDA,2026-10-01,2026-11-30,USD,200.00,4EEEEEEE
"""
DAY_EXPORT = export(
    "700200,575.00,10/20/2026",
    lines=(
        line("700200", "INV-93", "200.00"),
        line("700200", "INV-93SC", "-20.00"),
        line("700200", "QQX 5 FAIR", "-15.00"),
        line("700200", "4DDDDDDD", "410.00"),
    ),
)


def _hand_in(tab: Tab, act: Any) -> None:
    tab.goto("/remittances/upload")
    file = {"name": "October.csv", "mimeType": "text/csv", "buffer": DAY_EXPORT.encode()}
    tab.locator("#file").set_input_files(file)  # type: ignore[arg-type]
    tab.locator("#upload").press("Enter")
    tab.wait_for_url("**/jobs/*")
    job = int(tab.url.rpartition("/")[2])
    act(False, do_at_once, job)


def _close_month(tab: Tab, second: Tab) -> None:
    tab.goto("/close/2026-10")
    if tab.locator("#propose-close").count():
        if tab.locator("#override").count():
            tab.locator("#override").fill("the rest is known")
        tab.locator("#propose-close").press("Enter")
        tab.locator("#said .told").wait_for()
    second.goto("/close/2026-10")
    second.get_by_role("button", name="Approve").first.press("Enter")
    tab.goto("/close/2026-10")
    tab.get_by_text("Closed and locked").first.wait_for()


def test_the_day_of_finance(console: Console, page_of: Callable[..., Tab]) -> None:
    """A payment is uploaded and ties, rivals are chosen between by one key, a rule and the month take a second person."""
    act = console.app.act
    act(False, archive_upload, DAY_INVOICES.encode(), "invoices", "invoices.csv", FINA)
    act(False, import_invoices, DAY_INVOICES.encode(), FINA)
    tab, second = page_of("Fina"), page_of("Bo Admin")
    _hand_in(tab, act)
    tab.goto("/remittances")
    tab.get_by_role("link", name="700200").press("Enter")
    tab.get_by_text("Ties", exact=True).first.wait_for()
    tab.goto("/matches")
    tab.keyboard.press("j")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/matches/*")
    tab.keyboard.press("2")
    assert tab.locator("#choice-2").is_checked()
    tab.keyboard.press("1")
    assert tab.locator("#choice-1").is_checked()
    tab.keyboard.press("Control+Enter")
    tab.locator("#said").get_by_text("explanation 1 is booked").first.wait_for()
    case = newest_case(console, "remittance.unrecognised")
    wanted = act(False, rule_of_case, case, "co-op", "", "a fair")
    act(False, classify_case, case, "co-op", FINA)
    rule = act(False, propose_rule, wanted, FINA).rule.id
    tab.goto(f"/rules/{rule}")
    assert tab.locator("#approve-rule").count() == 0
    second.goto(f"/rules/{rule}")
    second.locator("#approve-rule").press("Enter")
    second.get_by_text("In force").first.wait_for()
    tab.goto("/recovery?all=yes")
    tab.locator("[data-rows] a[href^='/recovery/']").first.press("Enter")
    tab.wait_for_url("**/recovery/*")
    with tab.expect_download() as waiting:
        tab.locator("#pack").press("Enter")
    assert "dispute.pdf" in zipfile.ZipFile(waiting.value.path()).namelist()
    _close_month(tab, second)
    tab.goto("/journal?from=2026-10-20&to=2026-10-20")
    with tab.expect_download() as waiting:
        tab.locator("#download").press("Enter")
    rows = list(csv.DictReader(waiting.value.path().read_text().splitlines()))
    sides = {side: sum(Money.of(row[side], "USD").minor for row in rows if row[side]) for side in ("debit", "credit")}
    assert rows and sides["debit"] == sides["credit"]
    assert {row["day"] for row in rows} == {"2026-10-20"}
