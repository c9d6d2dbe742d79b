"""The circular pages: items by lane, what is overdue by its value, and a unit's story with its calendar and its clash in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.sync_api import Page

from tests.console.calling import calling, token
from tests.console.conftest import NOW
from tests.console.installed import Console
from trueup.base.money import Money
from trueup.console.interval_calendar import DAY, Interval, draw
from trueup.console.unit_story import story_of
from trueup.domain.circular import Condition, Cycle, CycleStatus, Item, Method, Readiness, Visibility
from trueup.domain.circular_stages import Stage
from trueup.domain.shop_sales import RefundedLine, SaleLine, ShopSale
from trueup.storage.circular import Record, Said, save_records
from trueup.storage.shop_sales import save_sale


def item(number: int, cost: int) -> Item:
    """An available item."""
    return Item(
        number, Visibility.AVAILABLE, Readiness.PROCESSED, None, None, "Tent", f"TT-{number}",
        acquisition_cost=Money(cost, "USD"),
    )  # fmt: skip


def rental(number: int, of: int, first: int, last: int, *, out: bool = False) -> Cycle:
    """From so many days on to so many."""
    start, end = NOW + timedelta(days=first), NOW + timedelta(days=last)
    return Cycle(
        number,
        Method.CALENDAR,
        CycleStatus.FULFILLED if out else CycleStatus.SCHEDULED,
        of,
        rental_start=start,
        rental_end=end,
        fulfilled_at=start if out else None,
    )


@pytest.fixture(scope="module")
def circled(console: Console) -> Console:
    """An item that is promised twice, two that are overdue, one free, one to be looked at, one to be mended, one that is gone."""
    damaged = Condition(9, "Damaged (Repairable)")
    records: list[Record] = [
        *(item(number, cost) for number, cost in ((1, 1000), (2, 2000), (3, 90000), (4, 4000))),
        replace(item(5, 500), readiness=Readiness.UNPROCESSED),
        replace(item(6, 600), readiness=Readiness.UNPROCESSED, condition=damaged),
        replace(item(7, 700), visibility=Visibility.SOLD),
        rental(20, 1, 3, 8),
        rental(21, 1, 6, 12),
        rental(22, 2, -20, -5, out=True),
        rental(23, 3, -20, -2, out=True),
        rental(2, 1, 20, 25),
    ]
    with console.app.database.transaction() as connection:
        save_records(connection, records, Said("supercycle", "c" * 64, NOW))
    return console


def test_units_stand_in_lanes_by_whose_work_they_are(circled: Console) -> None:
    """A lane a stage, the overdue first by value; each count leads to exactly its rows; what is overdue comes to its sum."""
    with circled.visitor("Elke") as elke:
        page = elke.get("/circular").text
        assert page.index("TT-3") < page.index("TT-2") and '<a href="/circular?view=overdue">2 overdue</a>' in page
        where = {
            name: page.split(f'id="lane-{name}"')[1].split("</section>")[0] for name in ("inspecting", "refurbishing")
        }
        assert "TT-5" in where["inspecting"] and "somebody to look at it" in where["inspecting"].lower()
        assert "TT-6" in where["refurbishing"] and "TT-5" not in where["refurbishing"]
        for stage in Stage:
            rows = elke.get(f"/circular?stage={stage.value}").text.split('aria-label="Items"')[-1]
            told = re.search(rf'<a href="/circular\?stage={stage.value}">(\d+)</a>', page)
            assert told and rows.count("data-open") == int(told[1]), stage
        overdue = elke.get("/circular?view=overdue").text
        assert overdue.count("data-open") == 2 and "920.00" in overdue.split("<tfoot>")[1]
        free = elke.get("/circular?lane=free").text
        items = free.split('aria-label="Items"')[1]
        assert "TT-4" in items and "TT-1" not in items
        assert "No match" in elke.get("/circular?lane=retired").text
        assert elke.get("/circular?lane=lost").status_code == 422 == elke.get("/circular?stage=lost").status_code


def test_the_calendar_has_a_row_a_unit_and_says_what_clashes(circled: Console) -> None:
    """Only the two rentals that overlap are hatched; a third, whose number is in the words of the others, is not."""
    with circled.visitor("Elke") as elke:
        rows = elke.get("/circular?view=calendar").text.split('aria-label="Calendar"')[1].split("<tr>")
        (clashing,) = [row for row in rows if "TT-1<" in row]
        assert clashing.count("url(#hatch") == 2 and "Clash" in clashing
        assert "calendar rental 2" in clashing and "Clash: calendar rental 2;" not in clashing
        assert [row.count("url(#hatch") for row in rows if "TT-4<" in row] == [0]


def test_the_api_tells_of_items_what_the_pages_show(circled: Console) -> None:
    """Items with their lane, cycles with what is overdue, page by page; one whole with its clash."""
    with calling(circled, token(circled, "Elke")) as elke:
        items = [item for page in elke.pages("/circular/items") for item in page]
        cycles = [cycle for page in elke.pages("/circular/cycles") for cycle in page]
        whole = elke.json(f"/circular/items/{items[0]['programme']}/1")
        assert whole["clashes"] and [each["clashes"] for each in whole["intervals"]] == [True, True, False]
        stages = {each["stage"]: each["count"] for each in elke.json("/circular/stages")["items"]}
        assert [each["id"] for each in elke.json("/circular/overdue")["items"]] == [23, 22]
        inspected = elke.json("/circular/items?stage=inspecting")["items"]
    assert [item["id"] for item in items] == [1, 2, 3, 4, 5, 6, 7]
    assert {cycle["id"]: cycle["overdue_days"] for cycle in cycles} == {2: None, 20: None, 21: None, 22: 5, 23: 2}
    assert stages == {
        "rented": 0, "due-back": 2, "inspecting": 1, "refurbishing": 1, "sellable": 2, "held": 0, "retired": 1
    }  # fmt: skip
    assert [item["id"] for item in inspected] == [5] and inspected[0]["brought"] is None


def test_a_clash_is_said_in_words_and_hatched(circled: Console) -> None:
    """Both claims and when; the bars say it too, and the table tells the same without a picture."""
    with circled.visitor("Olga") as olga:
        page = olga.get("/circular/supercycle/1").text
        assert "Clash:" in page and "calendar rental 20 and calendar rental 21" in page
        assert page.count('fill="url(#hatch-unit)"') == 2 and "Who has it when" in page
        assert "/documents/" + "c" * 64 in page
        quiet = olga.get("/circular/supercycle/4").text
        assert "Clash" not in quiet and "Nobody ever had it" in quiet
        assert olga.get("/circular/supercycle/99").status_code == 404
        assert "TT-3" in olga.get("/search?words=TT-3").text


def test_a_unit_tells_what_it_brought_and_cost(circled: Console) -> None:
    """By the shop's own order, what was given back taken off; a cycle of no known order tells nothing."""
    line = "gid://shopify/LineItem/70"
    sale = ShopSale(
        "gid://shopify/Order/7", "#7", NOW, NOW, Money.of("90.00", "USD"),
        (SaleLine(line, None, "TENT-2", 2, Money.of("90.00", "USD"), "calendar"),),
        refunds=(RefundedLine(line, NOW, Money.of("20.00", "USD")),),
    )  # fmt: skip
    over = replace(
        rental(24, 4, -40, -30, out=True), order=sale.id, order_line=line, restocked_at=NOW - timedelta(days=29)
    )
    with circled.app.database.transaction() as connection:
        save_records(connection, [over], Said("supercycle", "c" * 64, NOW))
        save_sale(connection, "shop", sale, "e" * 64, NOW)
    with circled.visitor("Elke") as elke:
        page = elke.get("/circular/supercycle/4").text
        assert "brought by its cycles" in page and "35.00" in page and "40.00" in page and "not earned yet" in page
        assert "brought by its cycles" not in elke.get("/circular/supercycle/2").text
        row = elke.get("/circular?stage=sellable").text.split("TT-4<")[1].split("</tr>")[0]
        assert "40.00" in row and "35.00" in row and "\N{MINUS SIGN}5.00" in row


def test_the_pages_open_in_a_browser(circled: Console, page_of: Callable[..., Page]) -> None:
    """Nothing complains: no style is refused, no foreign thing is asked for."""
    page = page_of("Olga")
    page.goto("/circular")
    page.get_by_role("link", name="TT-1", exact=True).first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "TT-1"
    assert page.locator("svg.interval-calendar rect").count() >= 3


def test_bars_keep_to_the_scale() -> None:
    """What is open goes to the end and says so; what lies outside is not drawn."""
    calendar = draw(
        [
            Interval("open", NOW + timedelta(days=1), None),
            Interval("past", NOW - timedelta(days=90), NOW - timedelta(days=60)),
            Interval("short", NOW, NOW),
        ],
        NOW,
    )
    assert [bar.label for bar in calendar.bars] == ["open", "short"]
    assert calendar.bars[0].ends and calendar.bars[0].x + calendar.bars[0].width == calendar.width
    assert calendar.bars[1].width == DAY and calendar.mondays[0][1].weekday() == 0


def test_a_units_story_tells_what_changed_and_nothing_else() -> None:
    """What is empty either way, and that something was written at some time, is no change to a reader."""
    told = {"tags": None, "visibility": "available", "updated_at": "2026-11-02T10:10:00Z"}
    after = {"tags": [], "visibility": "unavailable", "updated_at": "2026-11-05T10:10:00Z", "unread": {"a": 1}}
    change = {"at": "x", "of": "Item 1", "what": "changed", "before": told, "after": after, "evidence": ""}
    [event] = story_of({"changes": [change], "claims": [], "came_back": None}, None, ())
    assert event.words == "visibility: available → unavailable"
