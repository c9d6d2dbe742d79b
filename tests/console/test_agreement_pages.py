"""Settings, Agreements: tried on the past, proposed, approved by another with a reason, taken back; form errors at their field."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page

from tests.console.calling import calling, token
from tests.console.conftest import Filled, console_over
from tests.console.installed import Client, Console

HERE = "/settings/agreements/amazon-us/NORDA"


def typed(client: Client, **changes: str) -> dict[str, str]:
    """The form of the page as a browser would send it, with these changes."""
    form = client.get(HERE).text.partition('id="terms"')[2].partition("</form>")[0]
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    entries = r'<input class="form-control" id="\w+" name="(\w+)"[^>]*value="([^"]*)"'
    found |= dict(re.findall(entries, form))
    for name, options in re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = chosen.group(1) if chosen else ""
    return {**found, "reason": "the warehouse rounds", **changes}


def test_an_agreement_is_tried_changed_by_two_with_a_reason_and_taken_back(filled: Filled, tmp_path: Path) -> None:
    """What of the past would have passed leads to its lines; nothing is kept until it is proposed, nothing holds until approved."""
    with console_over(filled, tmp_path) as console:
        day = (console.app.world.clock.now() + timedelta(days=3)).date().isoformat()
        with console.visitor("Olga") as olga:
            assert HERE in olga.get("/settings/agreements").text
            assert f'href="{HERE}">As trueup.toml says' in olga.get("/orders/amazon-us/PO000002").text
            looked = olga.post(HERE, **typed(olga, cost_tolerance="1", **{"from": day}))
            assert looked.status_code == 200 and "nothing is kept yet" in looked.text
            assert "line passed that was held" in looked.text and 'href="/orders/amazon-us/PO000002"' in looked.text
            assert "1 USD per each" in looked.text
            assert "waits for a second person" not in olga.get(HERE).text
            done = olga.post(HERE, **typed(olga, cost_tolerance="1", sure="yes", **{"from": day}))
            assert done.status_code == 303
            page = olga.get(HERE).text
            assert "A second person must approve it; whoever proposed cannot." in page
            number = re.search(r"proposals/(\d+)/withdraw", page)
            assert number is not None
            approve = f"/settings/agreements/proposals/{number.group(1)}/approve"
            assert olga.post(approve, because="mine").status_code == 403, "operations does not approve"
        with console.visitor("Fina") as fina:
            assert f'href="{HERE}#proposal"' in fina.get("/").text, "Today leads to where it is looked at"
            look = re.search(r'name="look" value="([\w.]+)"', fina.get(HERE).text)
            assert look is not None and look.group(1).split(".")[2] == "3", "of the trial that is shown too"
            nothing = fina.post(approve, look=look.group(1), because=" ")
            assert nothing.status_code == 422 and "say why you approve it" in nothing.text
            general = fina.post(f"/proposals/{number.group(1)}/approve")
            assert general.status_code == 409
        with console.visitor("Olga") as olga:
            olga.post(HERE, **typed(olga, cost_tolerance="0.50", sure="yes", **{"from": day}))
        with console.visitor("Fina") as fina:
            edited = fina.post(approve, look=look.group(1), because="as in the contract")
            assert edited.status_code == 409 and "was edited meanwhile by Olga" in edited.text
            assert 'value="as in the contract"' in edited.text, "what was typed stands there"
            look = re.search(r'name="look" value="([\w.]+)"', fina.get(HERE).text)
            assert look is not None
            assert fina.post(approve, look=look.group(1), because="as in the contract").status_code == 303
            page = fina.get(HERE).text
            assert "version 1 of the agreement, approved by Fina" in page and "Waits for its day" in page
            assert "“as in the contract”" in page
            assert fina.post("/settings/agreements/versions/1/undo").status_code == 303
            page = fina.get(HERE).text
            assert "taking back version 1" in page and "A second person must approve it" in page
        with console.visitor("Olga") as olga:
            _withdraw(olga)


def _withdraw(client: Client) -> None:
    """Take back what waits: not another look of it, and then it is gone and the reason stands."""
    page = client.get(HERE).text
    number, look = re.search(r"proposals/(\d+)/withdraw", page), re.search(r'name="look" value="([\w.]+)"', page)
    assert number is not None and look is not None
    off = f"/settings/agreements/proposals/{number.group(1)}/withdraw"
    assert client.post(off, look="0" * 64, because="it stays").status_code == 409
    assert client.post(off, look=look.group(1), because="it stays").status_code == 303
    page = client.get(HERE).text
    assert "/withdraw" not in page and "it stays" in page
    twice = client.post(off, look=look.group(1), because="mine")
    assert twice.status_code == 409 and re.search(r"was declined by Olga at .+it stays", twice.text)


def test_what_is_wrong_with_an_agreement_is_said_at_its_field_and_the_form_is_kept(console: Console) -> None:
    """Several at once, each at its own; a day that is over; a fallback that rejects without its sentence; no permission."""
    with console.visitor("Olga") as olga:
        wrong = olga.post(HERE, **typed(olga, cost_tolerance="much", absurd_factor="0", owner="nobody"))
        assert wrong.status_code == 422
        assert "3 of its fields cannot be so" in wrong.text and 'value="much"' in wrong.text
        assert "expected an amount such as 0.02" in wrong.text and "the warehouse rounds" in wrong.text
        rejects = olga.post(HERE, **typed(olga, fallback="reject"))
        assert rejects.status_code == 422 and "in a whole sentence" in rejects.text
        assert "is-invalid" in rejects.text.partition('id="fallback_words"')[0].rpartition("<input")[2]
        over = olga.post(HERE, **typed(olga, cost_tolerance="0.5", **{"from": "2026-01-01"}))
        assert over.status_code == 422 and "orders that were placed keep the terms of their day" in over.text
        none = olga.post(HERE, **typed(olga))
        assert none.status_code == 409 and "nothing would change" in none.text
        assert olga.get("/settings/agreements/amazon-us/GHOST").status_code == 404
    with console.visitor("Aude") as aude:
        page = aude.get(HERE).text
        assert "it takes agreements.propose" in page
        assert aude.post(HERE, **typed(aude, cost_tolerance="0.5")).status_code == 403


def test_agreements_and_connections_are_read_on_a_phone_without_scrolling_aside(page_of: Callable[..., Page]) -> None:
    """Each row is a card that names its cells, as wide as the phone; a screen reader has the table still."""
    tab = page_of("Olga", "light", 390)
    for address in ("/settings", "/settings/agreements", HERE):
        tab.goto(address)
        for table in tab.locator("table.cards").all():
            assert table.evaluate("each => each.scrollWidth <= each.closest('.table-scroll').clientWidth"), address
            assert table.evaluate("each => getComputedStyle(each.tBodies[0].rows[0]).display") == "block"
        assert tab.locator("table.cards").count() >= 1
        assert tab.locator("role=columnheader").count() >= 4, "to who listens it is a table"


def test_programs_change_an_agreement_as_two_people_do(filled: Filled, tmp_path: Path) -> None:
    """Tried, proposed, looked at, refused to its proposer and for another look, approved, and taken back; all of it is told."""
    with console_over(filled, tmp_path) as console:
        day = (console.app.world.clock.now() + timedelta(days=3)).date().isoformat()
        at, terms = "/agreements/amazon-us/NORDA", {"cost_tolerance": "1"}
        with calling(console, token(console, "Bo Admin", "look", "agreements.propose", "agreements.approve")) as bo:
            tried = bo.send(f"{at}/trial", {"terms": terms, "months": 3}).json()
            assert tried["effects"][0]["money"] == ["318.00 USD"]
            wanted = {
                "partner": "amazon-us",
                "vendor_code": "NORDA",
                "terms": terms,
                "effective_from": day,
                "reason": "the warehouse rounds",
            }
            assert bo.send("/agreement-proposals?dry_run=true", wanted).json()["dry_run"] is True
            assert bo.json("/agreements")["items"][0]["proposal"] is None
            made = bo.send("/agreement-proposals", wanted).json()
            number, look = made["proposal"], made["look"]
            own = bo.send(f"/agreement-proposals/{number}/approval", {"reason": "mine", "look": look})
            assert own.status_code == 409 and "a second person must approve it" in own.text
            wrong = bo.send("/agreement-proposals", {**wanted, "terms": {"cost_tolerance": "much"}})
            assert wrong.status_code == 422 and "expected an amount" in wrong.text
            bo.send("/agreement-proposals", {**wanted, "terms": {"cost_tolerance": "2"}})
        with calling(console, token(console, "Fina", "look", "agreements.propose", "agreements.approve")) as fina:
            stale = fina.send(f"/agreement-proposals/{number}/approval", {"reason": "as agreed", "look": look})
            assert stale.status_code == 409 and "edited meanwhile" in stale.text
            shown = fina.json(f"/agreement-proposals/{number}")
            assert shown["changes"] == [
                {"clause": "cost_tolerance", "before": "0 USD per each", "after": "2 USD per each"}
            ]
            trial = fina.json(f"/agreement-proposals/{number}/trial?months=3")
            assert trial["effects"] and trial["look"].startswith(f"{shown['look']}.3.")
            blind = fina.send(f"/agreement-proposals/{number}/approval", {"reason": "as agreed"})
            assert blind.status_code == 422 and "look" in blind.text
            told = {"reason": "as agreed", "look": trial["look"]}
            version = fina.send(f"/agreement-proposals/{number}/approval", told).json()
            assert (version["proposed_by"], version["approved_by"]) == ("Bo Admin", "Fina")
            assert fina.json(at)["schedule"][1]["version"] == version["version"]
            assert fina.json("/agreement-versions?partner=amazon-us")["items"][0] == version
            back = fina.send(f"/agreement-versions/{version['version']}/undoing").json()
            assert back["changes"][0]["after"] == "0 USD per each"
            off = fina.send(f"/agreement-proposals/{back['proposal']}/withdrawal", {"reason": "it stays"})
            assert off.status_code == 200
            told["look"] = back["look"]
            for act in ("withdrawal", "approval"):
                gone = fina.send(f"/agreement-proposals/{back['proposal']}/{act}", told)
                assert gone.status_code == 409 and "was withdrawn by Fina at 20" in gone.text
        with calling(console, token(console, "Olga", "look", "agreements.propose")) as olga:
            assert olga.send(f"/agreement-proposals/{number}/approval", {"reason": "x"}).status_code == 403
