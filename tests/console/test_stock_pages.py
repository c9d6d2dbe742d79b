"""The pages of stock: each number is the sum of its terms, opens them, and says how old it is."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import cast

from playwright.sync_api import Browser, Page

from tests.console.calling import calling, token
from tests.console.conftest import Filled, console_over
from tests.console.installed import Console
from tests.console.test_all_pages import violations
from trueup.base.clock import ManualClock
from trueup.console.visit import SESSION


def test_stock_is_listed_with_what_each_channel_may_sell(console: Console) -> None:
    """Found by words and by who counts it; a filter that matches nothing says so."""
    with console.visitor("Elke") as elke:
        listed = elke.get("/stock").text
        assert 'href="/stock/LAMP-1"' in listed and "wholesale amazon-us/" in listed and "shop " in listed
        declared = elke.get("/stock?counted=declared").text
        assert "VASE-1" in declared and "LAMP-1" not in declared
        assert "No product matches" in elke.get("/stock?words=nothing-like-it").text
        assert elke.get("/stock/NO-SUCH").status_code == 404
        assert "/stock/LAMP-1" in elke.get("/search?words=lamp-1").text


def test_a_number_of_stock_is_explained(console: Console) -> None:
    """The terms on the page add up to the number in its heading, for every channel."""
    with console.visitor("Elke") as elke:
        text = elke.get("/stock/LAMP-1").text
    headings = [int(number) for number in re.findall(r"Why (\d+) for", text)]
    tables = re.findall(r"The terms of the sum.*?</table>", text, re.DOTALL)
    assert len(headings) == len(tables) == 2
    for total, table in zip(headings, tables, strict=True):
        terms = [
            int(cell.replace("\N{MINUS SIGN}", "-")) for cell in re.findall(r'<td class="num">([^<]+)</td>', table)
        ]
        assert total == max(0, sum(terms)) and len(terms) >= 2
    assert "The shop counts it" in text


def test_history_ahead_and_policy_of_a_product(console: Console) -> None:
    """What moved, what is held, and why there is nothing to replay yet; a number that is none is refused in words."""
    with console.visitor("Elke") as elke:
        history = elke.get("/stock/LAMP-1?tab=history").text
        assert "reserved" in history and "counted" in history and "On hand and held" not in history
        ahead = elke.get("/stock/LAMP-1?tab=ahead").text
        assert "PO000001" in ahead and "What is ahead at main" in ahead and "purchase order leaves" in ahead
        assert "Replay" in elke.get("/stock/LAMP-1?tab=policy").text
        assert elke.get("/stock/LAMP-1?tab=policy&days=x").status_code == 422


def test_a_count_is_shown_before_it_is_declared(filled: Filled, tmp_path: Path) -> None:
    """What every channel may sell before and after; a change of the last count needs one; the reason is the evidence's name."""
    told = {"sku": "VASE-1", "location": "main", "reason": "recount"}
    with console_over(filled, tmp_path) as console:
        with console.visitor("Elke") as elke:
            assert 'id="count-look"' in elke.get("/stock/VASE-1").text
            assert "was never counted at main" in elke.post("/stock-counts", **told, count="+5").text
            for count, reason in (("many", "x"), ("-1", "x"), ("4", "")):
                assert elke.post("/stock-counts", **(told | {"count": count, "reason": reason})).status_code == 422
            tried = elke.post("/stock-counts", **told, count="30").text
            assert "never counted → 30 on hand" in tried and "0 → 30 may be sold" in tried
            assert "Never counted" in elke.get("/stock/VASE-1").text, "a trial keeps nothing"
            assert "Propose this count" in tried, "thirty of 20.00 each are above the limit"
            elke.post("/stock-counts", **told, count="30", sure="yes")
            assert "Never counted" in elke.get("/stock/VASE-1").text, "what is proposed is not done"
            with console.visitor("Ana Admin") as ana:
                proposal = ana.get("/stock/VASE-1").text.split("/proposals/")[1].split("/")[0]
                assert elke.post(f"/proposals/{proposal}/approve").status_code == 409, "she proposed it"
                assert ana.post(f"/proposals/{proposal}/approve").status_code == 303
            clock = cast(ManualClock, console.app.world.clock)
            clock.move_to(clock.now() + timedelta(minutes=1))
            assert "30 → 27 on hand" in elke.post("/stock-counts", **told, count="-3", sure="").text
            elke.post("/stock-counts", **told, count="-3", sure="yes")
            page = elke.get("/stock/VASE-1").text
            assert "Why 27 for" in page and "two broken" not in page
            stale = elke.post("/stock-counts", **told, count="9", seen="2026-11-01T00:00:00Z", sure="yes")
            assert stale.status_code == 409 and "was counted meanwhile" in stale.text
            undo = html.unescape(page.split('action="/stock-counts/undo?')[1].split('"')[0])
            clock.move_to(clock.now() + timedelta(minutes=1))
            assert elke.post(f"/stock-counts/undo?{undo}").status_code == 303
            assert "Why 30 for" in elke.get("/stock/VASE-1").text
            assert elke.post(f"/stock-counts/undo?{undo}").status_code == 409, "a click twice is one effect"
            clock.move_to(clock.now() + timedelta(minutes=1))
            adjust_by_program(console, clock)
            assert elke.post("/stock-counts", **(told | {"sku": "LAMP-1"}), count="3", sure="yes").status_code == 422
            assert "Nothing is published yet" in elke.get("/stock-drift").text
        with console.visitor("Aude") as aude:
            assert aude.post("/stock-counts", **told, count="3").status_code == 403


def adjust_by_program(console: Console, clock: ManualClock) -> None:
    """What a person may, a program may: tried, done once under its key, taken back; what is ahead is told with who uses what."""
    with calling(console, token(console, "Elke")) as elke:
        told = {"sku": "VASE-1", "location": "main", "change": -4, "reason": "broken"}
        assert elke.send("/stock-adjustments?dry_run=true", told).json()["on_hand"] == 26
        done = [elke.send("/stock-adjustments", told, idempotency_key="a-1").json() for _ in range(2)]
        assert done[0] == done[1] and done[0]["words"] == "VASE-1 at main: 30 → 26 on hand"
        clock.move_to(clock.now() + timedelta(minutes=1))
        back = {"sku": "VASE-1", "location": "main", "at": done[0]["at"]}
        assert elke.send("/stock-adjustments/undoing", back).json()["on_hand"] == 30
        assert elke.send("/stock-adjustments/undoing", back).status_code == 409
        assert elke.send("/stock-adjustments", {**told, "on_hand": 3}).status_code == 422
        [ahead] = elke.json("/stock-ahead/VASE-1")["items"]
        assert [(each["what"], each["unused"]) for each in ahead["supplies"]] == [("lie there now", 30)]


def by_program(console: Console) -> None:
    """A program approves what Elke proposed, tries, changes once under its key, and takes back what it did."""
    with calling(console, token(console, "Olga")) as olga:
        waiting = [each for each in olga.json("/proposals")["items"] if each["act"] == "buffer.change"]
        assert "5 eaches → 1 each" in waiting[0]["arguments"]["words"]
        assert olga.send(f"/proposals/{waiting[0]['id']}/approval").status_code == 200
        [standing] = [
            each for each in olga.json("/stock-buffers?sku=LAMP-1")["items"] if each["channel"] == "shop shop"
        ]
        assert (standing["eaches"], standing["own"]) == (1, True)
        asked = {
            "channel": "shop shop",
            "location": "main",
            "sku": "LAMP-1",
            "rule": {"eaches": 6},
            "reason": "more",
        }
        trial = olga.send("/stock-buffers/trial", asked).json()
        assert (trial["before"], trial["after"], trial["needs_second_person"]) == ("1 each", "6 eaches", False)
        assert trial["offered_before"] - trial["offered_after"] == 5
        done = [olga.send("/stock-buffers", asked, idempotency_key="b-1").json() for _ in range(2)]
        assert done[0] == done[1] and done[0]["version"]
        versions = [each for page in olga.pages("/stock-buffers/versions?sku=LAMP-1") for each in page]
        assert [(each["eaches"], each["approved_by"]) for each in versions] == [(6, None), (1, "Olga"), (5, None)]
        back = olga.send(f"/stock-buffers/versions/{versions[0]['version']}/undoing").json()
        assert back["version"] is None and back["proposal"], "taking back is a lowering too"


def test_a_buffer_is_tried_changed_by_two_and_taken_back(filled: Filled, tmp_path: Path, browser: Browser) -> None:
    """What it would do is shown first; more is done at once, less waits for a second person; a program is told the same."""
    told = {"channel": "shop shop|main", "sku": "LAMP-1", "kind": "own", "percent": "0", "reason": "sells fast"}
    with console_over(filled, tmp_path) as console:
        with console.visitor("Elke") as elke:
            assert "nothing</td>" in elke.get("/stock-buffers?sku=LAMP-1").text
            tried = elke.post("/stock-buffers", **told, eaches="5").text
            assert "<del>nothing</del>" in tried and "<ins>5 eaches</ins>" in tried and "may sell" in tried
            assert "Nobody decided anything here yet" in elke.get("/stock-buffers?sku=LAMP-1").text, (
                "a trial keeps nothing"
            )
            for wrong in ({"eaches": "-1"}, {"eaches": "x"}, {"from": "soon"}, {"reason": ""}, {"percent": "101"}):
                assert elke.post("/stock-buffers", **(told | {"eaches": "5"} | wrong)).status_code == 422, wrong
            assert elke.post("/stock-buffers", **told, eaches="5", sure="yes").status_code == 303
            assert "decided for this product" in elke.get("/stock-buffers?sku=LAMP-1").text
            assert "/stock-buffers?sku=LAMP-1" in elke.get("/stock/LAMP-1").text, "the term opens its rule"
            assert "Propose this buffer" in elke.post("/stock-buffers", **told, eaches="1").text
            elke.post("/stock-buffers", **told, eaches="1", sure="yes")
            assert "A second person must approve it" in elke.get("/stock-buffers").text
            assert elke.post("/stock-buffers", **told, eaches="7", seen="0").status_code == 409, (
                "somebody changed it since"
            )
        with console.visitor("Aude") as aude:
            assert aude.post("/stock-buffers", **told, eaches="2").status_code == 403
        by_program(console)
        context = browser.new_context(base_url=console.url)
        context.add_cookies([{"name": SESSION, "value": console.ticket("Ana Admin"), "url": console.url}])
        tab = context.new_page()
        tab.goto("/stock-buffers?sku=LAMP-1")
        assert violations(tab, "/stock-buffers", "light") == []
        tab.get_by_label("Eaches").fill("9")
        tab.get_by_label("Why").fill("the holidays")
        tab.get_by_role("button", name="Try on own history").click()
        tab.get_by_role("heading", name="Effects").wait_for()
        assert violations(tab, "trial", "light") == []
        context.close()


def test_stock_opens_in_a_browser(page_of: Callable[..., Page]) -> None:
    """From the list to the sum to its history by links, and nothing complains."""
    page = page_of("Elke")
    page.goto("/stock")
    page.get_by_role("link", name="LAMP-1").first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "LAMP-1"
    page.get_by_role("link", name="History").click()
    page.locator("[data-chart] svg").wait_for()
    page.get_by_text("As a table").click()
    assert page.get_by_role("cell", name="main").first.is_visible()
