"""Long work on its pages: asked for with the filters of a page or by a program, followed, and its files fetched afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from tests.console.calling import Caller, calling, token
from tests.console.installed import Console
from tests.console.money_books import console_over_money, lacking
from trueup.base.ids import digest_of
from trueup.workflows.long_work import do_at_once


@pytest.fixture(scope="module")
def console(money: Console) -> Console:
    """The console over books."""
    return money


def test_the_journal_is_exported_with_its_filters_and_the_file_stays(console: Console) -> None:
    """The page says how many lines are left; the job has the file, whose bytes are those of the archive. Who may not is told."""
    with console.visitor("Olga") as olga:
        assert "disabled" in olga.get("/journal/export").text
        assert olga.post("/journal/export/lines", form="xlsx").status_code == 403
    with console.visitor("Aude") as aude:
        assert 'href="/journal/export?kind=remittance"' in aude.get("/journal?kind=remittance").text
        page = aude.get("/journal/export?kind=remittance").text
        assert "are left by the filters" in page and 'name="kind" value="remittance"' in page
        place = aude.post("/journal/export/lines", form="xlsx", kind="remittance").headers["location"]
        done = aude.get(place)
        assert done.status_code == 200 and "kind remittance" in done.text
        digest = done.text.partition("/documents/")[2][:64]
        content = aude.get(f"/documents/{digest}/original").content
        assert digest_of(content) == digest and content.startswith(b"PK")
        assert aude.post("/journal/export/lines", form="pdf").status_code == 404


def test_a_program_exports_for_a_ledger_once(console: Console) -> None:
    """A dry run gives nothing; under a key it is given once; what there is nothing new of is a conflict."""
    told = {"target": "hledger", "until": "2026-10-31"}
    with calling(console, token(console, "Fina")) as program:
        tried = program.send("/journal/exports?dry_run=true", told)
        assert tried.status_code == 202 and not program.json("/journal/exports")["items"]
        done = program.send("/journal/exports", told, Idempotency_Key="hledger-october")
        again = program.send("/journal/exports", told, Idempotency_Key="hledger-october")
        assert done.json() == again.json() and done.json()["state"] == "done"
        [file] = done.json()["result"]["files"]
        [given] = program.json("/journal/exports")["items"]
        assert (given["files"][0]["sha256"], given["in_place"]) == (file["digest"], True)
        assert program.get(f"/documents/{file['digest']}/content").text.startswith("decimal-mark")
        assert program.send("/journal/exports", told).status_code == 409
        with console.visitor("Aude") as aude:
            assert f"/documents/{file['digest']}/original" in aude.get("/journal/export").text
        lines = program.send("/journal/line-lists", {"form": "csv", "until": "2026-10-31"})
        assert lines.status_code == 202 and lines.json()["unit"] == "lines"
        balances = program.json("/journal/balances")["items"]
        rows = ["code,balance,currency"]
        rows += [f"{each['account']},{each['balance']['amount']},{each['balance']['currency']}" for each in balances]
        _is_read_back(console, program, f"/journal/exports/{given['id']}", "\n".join(rows))


def _is_read_back(console: Console, program: Caller, at: str, balances: str) -> None:
    """A person says that it was sent, which is not green; a program hands the ledger's balances in, and then it is."""
    with console.visitor("Fina") as fina, console.visitor("Olga") as olga:
        assert "Prepared" in fina.get(at).text and "disabled" in olga.get(at).text
        assert olga.post(f"{at}/sent", how="by hand").status_code == 403
        assert fina.post(f"{at}/sent", how="by hand").status_code == 303
        sent = fina.get(at).text
        assert "Sent, not read back" in sent and "By hand, says Fina" in sent
        assert (
            'state-ok">' not in fina.get("/journal/export").text.partition('id="exports"')[2].partition("</table>")[0]
        )
        no_table = {"file": ("balances.pdf", b"%PDF-1.7 is no table", "text/csv")}
        assert fina.http.post(f"{at}/read-back", data={"csrf": fina.csrf}, files=no_table).status_code == 422
        assert fina.get(f"/documents/{digest_of(no_table['file'][1])}").status_code == 200
        upload = {"file": ("balances.csv", balances.replace("\n1", "\n77", 1).encode(), "text/csv")}
        wrong = fina.http.post(f"{at}/read-back", data={"csrf": fina.csrf}, files=upload)
        assert wrong.status_code == 303
        assert not lacking(fina.get(at).text, "Read back: differs", "– not shown", "accounts differ")
        path, headers = f"/api/v1{at}/read-back?name=balances.csv", {"content-type": "application/octet-stream"}
        for dry, kept in (("&dry_run=true", 404), ("", 200)):
            unread = program.http.post(f"{path}{dry}", content=b"%PDF-1.6 is none", headers=headers)
            assert unread.status_code == 422
            assert fina.get(f"/documents/{digest_of(b'%PDF-1.6 is none')}").status_code == kept
        tried = program.http.post(f"{path}&dry_run=true", content=balances.encode(), headers=headers)
        assert tried.json()["differing"] == [] and program.json(at)["state"] == "differs"
        done = program.http.post(path, content=balances.encode(), headers=headers)
        assert done.status_code == 200 and program.json(at)["state"] == "read-back"
        assert not lacking(fina.get(at).text, "Agrees", "Differs, read")
        assert not lacking(fina.get("/journal/1").text, "Given to other ledgers", "Read back", f'href="{at}"')


def test_packs_of_a_whole_queue_are_asked_for_after_a_look(console: Console) -> None:
    """The page says how many and what they are about; a program asks for the same, and for the close of a month and its papers."""
    with console.visitor("Aude") as aude:
        page = aude.get("/recovery/packs").text
        assert "disabled" in page and "Make 1 pack" in page
        assert 'href="/recovery/packs?partner=amazon-us"' in aude.get("/recovery?partner=amazon-us").text
        assert aude.post("/recovery/packs").status_code == 403
        assert "No pack is worth making" in aude.get("/recovery/packs?partner=amazon-de").text
        papers = aude.post("/close/2026-10/papers").headers["location"]
        assert aude.get(papers).status_code == 202
    with calling(console, token(console, "Fina")) as program:
        asked = program.send("/dispute-packs?dry_run=true", {"partner": "amazon-us"})
        assert asked.status_code == 202 and asked.json()["title"] == "1 dispute pack of amazon-us"
        assert program.send("/dispute-packs", {"partner": "amazon-de"}).status_code == 409
        assert (
            program.send("/close/2026-10/papers?dry_run=true").json()["title"] == "Papers of the close of October 2026"
        )
        points = program.json("/close/2026-10/points")["items"]
        closed = ("automatic", "reviewed")
        waits = [each for each in points if each["required"] and each["standing"] not in closed]
        waits += [each for each in points if not each["required"] and each["standing"] == "blocked"]
        refused = program.send("/close/2026-10/proposal", {}).json()["detail"]
        assert waits and all(f"{each['name']}: {each['text']}" in refused for each in waits), refused
        proposed = program.send("/close/2026-10/proposal?dry_run=true", {"override": "known"})
        assert proposed.status_code == 201 and sorted(proposed.json()["open"]) == sorted(each["name"] for each in waits)


def test_each_number_of_a_close_leads_to_what_it_is_the_sum_of(console: Console) -> None:
    """Every table of the month, every number of it; a table, a currency or a part that there is not is told."""
    with console.visitor("Aude") as aude:
        page = aude.get("/close/2026-10").text
        assert "Close of October 2026" in page and "since 2026-" not in page
        tables = sorted(set(re.findall(r'href="(/close/2026-10/figures/[\w-]+)"', page)))
        followed = 0
        for address in tables:
            for href, shown in re.findall(
                r'<td class="num"><a href="(/close/[^"]+)">(.*?)</a></td>', aude.get(address).text
            ):
                rows = aude.get(unescape(href))
                assert rows.status_code == 200, href
                (total,) = re.findall(r"They come to</p>\s*<p class=\"stat-value\">(.*?)</p>", rows.text)
                counted = re.findall(r'stat-note">([\d,]+) ', rows.text)
                assert minor_of(total) == minor_of(shown) or counted == [shown], (address, href)
                followed += 1
        assert len(tables) > 8 and followed > 40, (tables, followed)
        assert aude.get("/close/2026-10/figures/weather").status_code == 404
        for refused in ("lines?currency=dollars", "lines?currency=USD&side=left", "invoices?currency=USD&part=none"):
            assert aude.get(f"/close/2026-10/{refused}").status_code == 422, refused


def test_an_account_rolls_through_a_month(console: Console) -> None:
    """Opening and moves come to closing, each leads to as many lines as it says; a part or currency that there is not is told."""
    with console.visitor("Aude") as aude:
        sums = dict.fromkeys(("opening", "debits", "credits", "closing"), 0)
        address = "/close/2026-10/accounts/1200/USD"
        for part in sums:
            shown = aude.get(f"{address}?part={part}").text
            rows = re.findall(r'<td class="num">(.*?)</td>\n?<td class="num">(.*?)</td></tr>', shown)
            debits, credits = (sum(minor_of(row[side]) for row in rows) for side in (0, 1))
            sums[part] = debits - credits
            assert minor_of(re.findall(r"lines?, (.*?) in all", shown)[0] if rows else "") == sums[part], part
        assert sums["opening"] + sums["debits"] + sums["credits"] == sums["closing"] != 0
        assert aude.get(f"{address}?part=weather").status_code == 404
        assert aude.get("/close/2026-10/accounts/1200/dollars").status_code == 422


def minor_of(shown: str) -> int:
    """Cents of an amount as a page shows it."""
    digits = re.sub(r"<[^>]+>|[^\d\u2212.]", "", shown)
    return int(digits.replace("\u2212", "-").replace(".", "") or 0)


def test_a_short_list_is_a_file_at_once_and_a_long_one_is_asked_for(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same address: the file, or the page from which a worker writes it, with its filters; a program asks for the same."""
    with console.visitor("Aude") as aude:
        assert aude.get("/exceptions.xlsx").content.startswith(b"PK")
        monkeypatch.setattr("trueup.workflows.jobs.write_list.AT_ONCE", 0)
        page = aude.get("/exceptions.xlsx?kind=remittance.unrecognised")
        assert 'name="kind" value="remittance.unrecognised"' in page.text and "Write the file" in page.text
        assert 'href="/exceptions?kind=remittance.unrecognised"' in page.text
        monkeypatch.undo()
        place = aude.post("/lists", list="/exceptions", form="csv", kind="remittance.unrecognised").headers["location"]
        done = aude.get(place)
        assert done.status_code == 200 and "kind remittance.unrecognised" in done.text
        digest = done.text.partition("/documents/")[2][:64]
        assert digest_of(aude.get(f"/documents/{digest}/original").content) == digest
        assert aude.post("/lists", list="/weather", form="csv").status_code == 404
        assert aude.post("/lists", list="/orders", form="xlsx").status_code == 404
    with calling(console, token(console, "Aude")) as program:
        asked = program.send("/lists/cases", {"form": "csv", "kind": "remittance.unrecognised"})
        assert asked.status_code == 202 and asked.json()["unit"] == "cases" and asked.json()["state"] == "done"
        assert program.send("/lists/waiting-lines?dry_run=true", {}).json()["unit"] == "lines"
        assert program.send("/lists/orders", {"words": "nothing-begins-so"}).status_code == 409
        assert program.send("/lists/products?dry_run=true", {"form": "xlsx"}).status_code in (202, 409)


@pytest.fixture
def console_of_its_own(server_url: str, tmp_path: Path) -> Iterator[Console]:
    """Books of which a test may book the last line that waits."""
    with console_over_money(server_url, tmp_path) as console:
        yield console


def test_a_long_sheet_is_tried_and_booked_by_a_worker(
    console_of_its_own: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is archived and read by a worker; its page has the button that books it, and what was refused as a file to mend."""
    console = console_of_its_own
    monkeypatch.setattr("trueup.workflows.jobs.code_lines.LARGE_BYTES", 1)
    with calling(console, token(console, "Fina")) as program:
        found = program.json("/waiting-lines?kind=remittance.unrecognised")["items"]
        [waits, *_] = [each for each in found if each["line"] > 0]
        wanted = [{"remittance": waits["remittance"], "line": waits["line"], "type": "co-op"}]
        asked = program.send("/coding-sheets?dry_run=true", {"lines": wanted, "tried": True})
        assert asked.status_code == 202 and asked.json()["state"] == "waiting"
    sheet = (
        f"remittance,line,type,account,note\n{waits['remittance']},{waits['line']},co-op,,a fair\n999999,1,co-op,,\n"
    )
    with console.visitor("Fina") as fina:
        upload = {"file": ("lines.csv", sheet.encode(), "text/csv")}
        place = fina.http.post("/coding/upload", data={"csrf": fina.csrf}, files=upload).headers["location"]
        assert fina.get(place).status_code in (200, 202)
        number = int(place.rpartition("/")[2])
        console.app.act(False, do_at_once, number)
        tried = fina.get(place)
        assert tried.status_code == 200
        assert not lacking(tried.text, "1 of 2 lines would be booked", "Book 1 line", "Refused", "What was refused")
        assert "999999,1,co-op" in fina.get(f"{place}/lines.csv").text
        booked = fina.post(f"{place}/book").headers["location"]
        console.app.act(False, do_at_once, int(booked.rpartition("/")[2]))
        assert not lacking(fina.get(booked).text, "1 of 1 line is booked", "Booked")
        assert "It was done: job" in fina.get(place).text and fina.post(f"{place}/book").status_code == 409
    with console.visitor("Aude") as aude:
        assert aude.post(f"{place}/book").status_code == 403
