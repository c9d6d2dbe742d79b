"""Settings, Terms of charges: tried on past charges, proposed, approved by another with a reason, from a file, taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.cli.remitted import export, line
from tests.console.calling import calling, token
from tests.console.installed import Client, Console
from tests.console.money_books import FINA, console_over_money
from tests.console.sent_twice.money import billed
from trueup.base.ids import digest_of
from trueup.workflows.import_remittances import Upload, begin_upload, finish_import, settle_upload

HERE = "/settings/terms"
SAID = "Base accrual 2026-08-01 to 2026-08-31"
TERM = {"kind": "co-op", "basis": "net-receipts", "percent": "4", "from": "2026-01-01", "source": "agreement 6268"}
CSV = "kind,basis,percent,valid_from,source\n"


@pytest.fixture
def charged(server_url: str, tmp_path: Path) -> Iterator[Console]:
    """A console whose newest payment took 50.00 for co-op of August, in which 1,000.00 were invoiced beside what was before."""
    with console_over_money(server_url, tmp_path) as console:

        def act(fn: Any, *args: Any) -> Any:
            return console.app.act(False, fn, *args)

        billed(
            console,
            [
                "number,partner,payee,issued,due,currency,total",
                "CO-1,amazon-us,NORDA,2026-08-01,2026-09-30,USD,1000.00",
            ],
        )
        told = export(
            "700300,950.00",
            lines=(line("700300", "CO-1", "1000.00"), line("700300", "6268-1490899880", "-50.00", description=SAID)),
        )
        begun = begin_upload(act, Upload(told.encode(), "co-op.csv", "amazon-us", FINA))
        settle_upload(act, begun, lambda lines: None)
        act(finish_import, "amazon-us", begun.payments, 0)
        yield console


def look_of(client: Client, number: str) -> str:
    found = re.search(r'name="look" value="([\w.]+)"', client.get(f"{HERE}/proposals/{number}").text)
    assert found is not None
    return found.group(1)


def proposed(client: Client, **changes: str) -> str:
    """The number of what was proposed by the form."""
    done = client.post(HERE, **{**TERM, "reason": "it was signed", **changes})
    assert done.status_code == 303, done.text
    return str(done.headers["location"].rpartition("/")[2])


def test_a_term_is_tried_on_past_charges_and_approved_by_another(charged: Console) -> None:
    """The counts lead to their lines and those to the payment; Today tells; the proposer cannot; the second says why; undone."""
    with charged.visitor("Fina") as fina:
        page = fina.get(f"{HERE}/new?{urlencode({**TERM, 'reason': 'it was signed', 'try': 'yes', 'months': '12'})}")
        assert page.status_code == 200 and "nothing is kept yet" in page.text
        lines = re.search(r'href="(/settings/terms/lines\?[^"]*before=unrated[^"]*)"', page.text)
        assert lines is not None, page.text
        behind = fina.get(lines.group(1).replace("&amp;", "&")).text
        assert "6268-1490899880" in behind and re.search(r'href="/remittances/\d+/lines/2"', behind)
        assert "No version yet" in fina.get(HERE).text
        number = proposed(fina)
        shown = fina.get(f"{HERE}/proposals/{number}").text
        assert "A second person must approve it; whoever proposed cannot." in shown and "agreement 6268" in shown
        own = fina.post(f"{HERE}/proposals/{number}/approve", because="mine", look=look_of(fina, number))
        assert own.status_code == 409 and "a second person must approve it" in own.text
    with charged.visitor("Ana Admin") as ana:
        assert f'href="{HERE}/proposals/{number}"' in ana.get("/").text, "Today leads to where it is looked at"
        look = look_of(ana, number)
        assert look.split(".")[2] == "3", "of the trial that is shown too"
        empty = ana.post(f"{HERE}/proposals/{number}/approve", because=" ", look=look)
        assert empty.status_code == 422 and "say why you approve it" in empty.text
    with charged.visitor("Fina") as fina:
        assert proposed(fina, percent="5") == number, "it is edited, not another"
    with charged.visitor("Ana Admin") as ana:
        edited = ana.post(f"{HERE}/proposals/{number}/approve", because="as in the contract", look=look)
        assert edited.status_code == 409 and "edited meanwhile by Fina" in edited.text
        assert 'value="as in the contract"' in edited.text, "what was typed stands there"
        done = ana.post(f"{HERE}/proposals/{number}/approve", because="as in the contract", look=look_of(ana, number))
        assert done.status_code == 303
        listed = ana.get(HERE).text
        assert "Fina and Ana Admin" in listed and "“as in the contract”" in listed and "In force" in listed
        back = ana.post(f"{HERE}/versions/1/undo")
        assert back.status_code == 303
        there = ana.get(back.headers["location"]).text
        assert "taking back version 1" in there and "<del>5% of net-receipts" in there
        number = back.headers["location"].rpartition("/")[2]
        look = look_of(ana, number)
        assert ana.post(f"{HERE}/proposals/{number}/withdraw", because="it stays", look=look).status_code == 303
        for act in ("withdraw", "approve"):
            twice = ana.post(f"{HERE}/proposals/{number}/{act}", because="mine", look=look)
            assert twice.status_code == 409 and re.search(r"was withdrawn by Ana Admin at .+it stays", twice.text)


def test_a_file_of_terms_is_seen_before_it_is_proposed_whole(charged: Console) -> None:
    """One wrong row keeps all of it out, in words that name it; what it would do is shown; then it waits as one proposal."""
    with charged.visitor("Fina") as fina:

        def upload(text: str) -> Any:
            files = {"file": ("terms.csv", text.encode())}
            return fina.http.post(f"{HERE}/file", data={"csrf": fina.csrf, "reason": "the new contract"}, files=files)

        wrong = upload(f"{CSV}co-op,nothing,4,2026-01-01,6268\n")
        assert wrong.status_code == 422 and "row 2, column basis" in wrong.text and "Nothing was proposed" in wrong.text
        good = upload(f"{CSV}co-op,net-receipts,4,2026-01-01,6268\nquick-pay,invoice,1,2026-01-01,QPD\n")
        assert good.status_code == 200 and "Nothing is proposed yet" in good.text
        digest = re.search(r'name="digest" value="(\w+)"', good.text)
        assert digest is not None
        done = fina.post(f"{HERE}/file", digest=digest.group(1), reason="the new contract", sure="yes")
        shown = fina.get(done.headers["location"]).text
        assert (
            "the new contract" in shown and f"/documents/{digest.group(1)}" in shown and "quick-pay everywhere" in shown
        )


def test_a_file_that_changes_nothing_or_is_wrong_is_refused_and_not_told_as_done(charged: Console) -> None:
    """Its terms stand since somebody approved them: the form says so, however often it is sent. A file that is wrong says where."""
    text = f"{CSV}co-op,net-receipts,4,2026-01-01,6268\n"
    with charged.visitor("Fina") as fina, charged.visitor("Ana Admin") as ana:

        def upload(content: str) -> None:
            files = {"file": ("terms.csv", content.encode())}
            fina.http.post(f"{HERE}/file", data={"csrf": fina.csrf, "reason": "the new contract"}, files=files)

        def propose(content: str, key: str) -> Any:
            said = {"digest": digest_of(content.encode()), "reason": "the new contract", "sure": "yes"}
            return fina.post(f"{HERE}/file", **said, form_key=key)

        upload(text)
        number = propose(text, "first").headers["location"].rpartition("/")[2]
        said = {"because": "as in the contract", "look": look_of(ana, number)}
        assert ana.post(f"{HERE}/proposals/{number}/approve", **said).status_code == 303
        for told in (propose(text, "second"), propose(text, "second")):
            assert told.status_code == 409 and "stand there already" in told.text and "done and kept" not in told.text
        wrong = f"{CSV}co-op,nothing,4,2026-01-01,6268\n"
        upload(wrong)
        told = propose(wrong, "third")
        assert told.status_code == 422 and "row 2, column basis" in told.text and "done and kept" not in told.text


def test_what_is_wrong_with_a_term_is_said_and_the_form_is_kept(charged: Console) -> None:
    """And who may not, is told the permission; the server refuses it too."""
    with charged.visitor("Fina") as fina:
        for changes, words in (
            ({"percent": "400"}, "expected 0 to 100"),
            ({"percent": "much"}, "much"),
            ({"from": "soon"}, "expected a day such as"),
            ({"source": ""}, "say where it is written"),
            ({"reason": ""}, "say why they are changed"),
            ({"marketplace": "mars"}, "expected a partner or one of its vendor codes"),
        ):
            refused = fina.post(HERE, **{**TERM, "reason": "it was signed", **changes})
            assert refused.status_code in (409, 422) and words in refused.text, changes
            assert "Nothing was proposed." in refused.text
            if changes.get("source", "x"):
                assert 'value="agreement 6268"' in refused.text
    with charged.visitor("Aude") as aude:
        assert "it takes terms.propose" in aude.get(HERE).text
        assert aude.post(HERE, **TERM, reason="x").status_code == 403


def test_programs_change_terms_as_two_people_do(charged: Console) -> None:
    """Tried, proposed, refused to its proposer and for another look, approved, listed, and taken back."""
    wanted = {"kind": "co-op", "basis": "net-receipts", "percent": "4", "valid_from": "2026-01-01", "source": "6268"}
    asked = {"terms": [wanted], "reason": "it was signed"}
    scopes = ("look", "terms.propose", "terms.approve")
    with calling(charged, token(charged, "Fina", *scopes)) as fina:
        tried = fina.send("/charge-terms/trial", {**asked, "months": 12}).json()
        assert [each["count"] for each in tried["effects"]] == [1] and len(tried["effects"][0]["lines"]) == 1
        assert fina.send("/charge-term-proposals?dry_run=true", asked).json()["dry_run"] is True
        made = fina.send("/charge-term-proposals", asked).json()
        number, look = made["proposal"], made["look"]
        own = fina.send(f"/charge-term-proposals/{number}/approval", {"reason": "mine", "look": look})
        assert own.status_code == 409 and "a second person must approve it" in own.text
        fina.send("/charge-term-proposals", {**asked, "terms": [{**wanted, "percent": "5"}]})
    with calling(charged, token(charged, "Ana Admin", *scopes)) as ana:
        stale = ana.send(f"/charge-term-proposals/{number}/approval", {"reason": "as agreed", "look": look})
        assert stale.status_code == 409 and "edited meanwhile" in stale.text
        shown = ana.json(f"/charge-term-proposals/{number}")
        assert shown["changes"][0]["after"].startswith("5% of net-receipts")
        trial = ana.json(f"/charge-term-proposals/{number}/trial?months=12")
        assert trial["charges"] == 1 and trial["look"].startswith(f"{shown['look']}.12.")
        blind = ana.send(f"/charge-term-proposals/{number}/approval", {"reason": "as agreed"})
        assert blind.status_code == 422 and "look" in blind.text
        other = f"{shown['look']}.12.{'0' * 32}"
        refused = ana.send(f"/charge-term-proposals/{number}/approval", {"reason": "as agreed", "look": other})
        assert refused.status_code == 409 and "something else than when it was looked at" in refused.text
        told = {"reason": "as agreed", "look": trial["look"]}
        version = ana.send(f"/charge-term-proposals/{number}/approval", told).json()
        assert (version["proposed_by"], version["approved_by"]) == ("Fina", "Ana Admin")
        assert ana.json("/charge-terms")["items"][0]["version"] == version["version"]
        assert ana.json("/charge-term-versions")["items"] == [version]
        back = ana.send(f"/charge-term-versions/{version['version']}/undoing").json()
        off = ana.send(f"/charge-term-proposals/{back['proposal']}/withdrawal", {"reason": "it stays"})
        assert off.status_code == 200 and off.json()["takes_back"] == version["version"]
        for act in ("withdrawal", "approval"):
            gone = ana.send(
                f"/charge-term-proposals/{back['proposal']}/{act}", {"reason": "mine", "look": back["look"]}
            )
            assert gone.status_code == 409 and "was withdrawn by Ana Admin at 20" in gone.text
