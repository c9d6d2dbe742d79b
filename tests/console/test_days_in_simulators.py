"""Each role's day with its effect where it goes: in Amazon's, the shop's and the programme's own state, by keyboard, in a browser.

One world for all days; each acts on what no other does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.console.test_keyboard_days import Hands
from tests.console.worked_world import TENT, VASE, Worked, worked
from tests.databases import Databases
from tests.workflows.installation import CHAIR, LAMP, line
from trueup.console.visit import SESSION


@pytest.fixture(scope="module")
def world(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worked]:
    """The world of the three days."""
    with databases.lent() as database, worked(database, tmp_path_factory.mktemp("days")) as found:
        yield found


@pytest.fixture
def desk(world: Worked, browser: Browser) -> Iterator[Callable[[str], Hands]]:
    """`desk("Olga")`: a browser of hers, without a mouse; it fails on any complaint of a page, but for refusals that are meant."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def sat(name: str) -> Hands:
        context = browser.new_context(
            base_url=world.console.url, locale="en-GB", viewport={"width": 1280, "height": 800}
        )
        contexts.append(context)
        context.add_cookies([{"name": SESSION, "value": world.console.ticket(name), "url": world.console.url}])
        tab = context.new_page()
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on(
            "request", lambda asked: None if asked.url.startswith(world.console.url) else complaints.append(asked.url)
        )
        return Hands(tab)

    yield sat
    for context in contexts:
        context.close()
    assert not [each for each in complaints if not each.startswith("data:")], complaints


def sends(hands: Hands, *keys: str) -> None:
    """Keys, the last of which leads to another page, which is there then."""
    hands.press(*keys[:-1])
    with hands.tab.expect_navigation():
        hands.press(keys[-1])


def test_the_day_of_operations_ends_in_amazons_own_books(world: Worked, desk: Callable[[str], Hands]) -> None:
    """A line is held for its cost: found by money, its order read, decided after a look; Amazon then holds the line as rejected."""
    number = world.here.order(line(LAMP, 2), line(CHAIR, 1, cost="26.50"), number="DAY00001")
    world.work()
    assert world.here.sends(number) == 0, "an order with a held line waits for a person"
    olga = desk("Olga")
    olga.tab.goto("/")
    olga.press("g", "x")
    olga.tab.wait_for_url("**/exceptions*")
    olga.press("/")
    olga.write(number)
    olga.press("Enter")
    olga.tab.wait_for_url(f"**/exceptions?*{number}*")
    olga.press("j")
    olga.tab.locator("#detail:not([inert])").get_by_text("26.50").first.wait_for()
    olga.tab.locator("tr.here a:focus").wait_for()
    olga.reach("#resolve-reject")
    olga.press("Enter")
    olga.tab.locator("#confirm:focus").wait_for()
    world.work()
    assert world.here.sends(number) == 0, "a trial sends nothing"
    olga.press("Enter")
    olga.hears("resolved")
    world.work()
    assert world.here.held_by_amazon(number) == [(2, 0, 0), (0, 0, 1)]
    assert world.here.sold_eaches(number) == {LAMP.sku: 12}, "the shop holds what was promised, and no more"
    olga.find(number, f"/orders/amazon-us/{number}")
    assert "Accepted, read back" in olga.tab.locator("main").inner_text()


def test_the_day_of_e_commerce_ends_in_the_shop(world: Worked, desk: Callable[[str], Hands]) -> None:
    """Vases are counted: what it does is seen first, the shop shows it, one key takes it back, and the shop follows."""
    elke = desk("Elke")
    elke.tab.goto("/")
    elke.press("g", "s")
    elke.tab.wait_for_url("**/stock")
    elke.press("/")
    elke.write(VASE.sku)
    elke.press("Enter")
    elke.tab.wait_for_url(f"**/stock?*{VASE.sku}*")
    elke.press("j", "Enter")
    elke.tab.wait_for_url(f"**/stock/{VASE.sku}")
    for count, there in (("8", 8), ("-2", 6)):
        elke.reach("#count")
        elke.write(count)
        elke.reach("#reason")
        elke.write("counted the shelf")
        elke.reach("#count-look")
        sends(elke, "Enter")
        assert f"{there} on hand" in elke.tab.locator("main").inner_text()
        sends(elke, "Control+Enter")
        elke.hears(f"{there} on hand")
        world.work()
        assert world.here.level(VASE.sku)["on_hand"] == there
    elke.press("u")
    elke.hears("6 → 8 on hand")
    world.work()
    assert world.here.level(VASE.sku)["on_hand"] == 8


def test_the_day_of_finance_gives_one_credit_however_many_agree(world: Worked, desk: Callable[[str], Hands]) -> None:
    """A trade-in above the limit, graded by Elke: two of finance have it open, one agrees, the other is told, one card is given."""
    told = {"key": "T-9001", "sku": TENT.sku, "serial": "TN-9", "quote": "150.00 USD", "customer": world.customer}
    with world.console.visitor("Elke") as elke:
        assert elke.post("/trade-ins", **told, sure="yes").status_code == 303
    world.work()
    grader = desk("Elke")
    grader.tab.goto("/trade-ins/T-9001")
    sends(grader, "1")
    sends(grader, "Control+Enter")
    grader.hears("a second person must approve it")
    world.work()
    assert world.here.shopify.state()["gift_cards"] == []
    assert grader.tab.locator("button[id^='approve-']").count() == 0, "whoever proposed cannot agree"
    fina, bo = desk("Fina"), desk("Bo Admin")
    for each in (fina, bo):
        each.tab.goto("/trade-ins/T-9001")
        each.reach("button[id^='approve-']")
    sends(fina, "Enter")
    sends(bo, "Enter")
    fina.hears("is worth 150.00 USD")
    assert "approved by Fina already" in bo.tab.locator("main").inner_text()
    world.work()
    [card] = world.here.shopify.state()["gift_cards"]
    assert (card["initial"], card["note"]) == ("150.00", "Trade-in T-9001")
    [item] = [each for each in world.supercycle.world.items.values() if each.serial == "TN-9"]
    assert item.visibility == "available"
    fina.find("credits owed", "/credits")
    assert "150.00" in fina.tab.get_by_role("region", name="Credits").inner_text()


def test_of_two_who_count_at_once_the_second_is_told(world: Worked, desk: Callable[[str], Hands]) -> None:
    """Both looked at the same count: the first is done, the second gets the conflict, and the shop has the first one's number."""
    with world.console.visitor("Elke") as first:
        first.post("/stock-counts", sku=VASE.sku, location="main", count="9", reason="before", sure="yes")
    world.work()
    elke, ana = desk("Elke"), desk("Ana Admin")
    for each, count in ((elke, "12"), (ana, "4")):
        each.tab.goto(f"/stock/{VASE.sku}")
        each.reach("#count")
        each.write(count)
        each.reach("#reason")
        each.write("the shelf")
        each.reach("#count-look")
        sends(each, "Enter")
    sends(elke, "Control+Enter")
    elke.hears("9 → 12 on hand")
    sends(ana, "Control+Enter")
    assert "was counted meanwhile" in ana.tab.locator("main").inner_text()
    world.work()
    assert world.here.level(VASE.sku)["on_hand"] == 12
