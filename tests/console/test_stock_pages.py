"""The pages of stock: each number is the sum of its terms, opens them, and says how old it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from tests.console.conftest import Filled, console_over
from tests.console.installed import Console


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
            elke.post("/stock-counts", **told, count="30", sure="yes")
            assert "30 → 27 on hand" in elke.post("/stock-counts", **told, count="-3", sure="").text
            elke.post("/stock-counts", **told, count="-3", sure="yes")
            assert "Why 27 for" in elke.get("/stock/VASE-1").text
            assert elke.post("/stock-counts", **(told | {"sku": "LAMP-1"}), count="3", sure="yes").status_code == 422
            assert "Nothing is published yet" in elke.get("/stock-drift").text
        with console.visitor("Aude") as aude:
            assert aude.post("/stock-counts", **told, count="3").status_code == 403


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
