"""Trade-ins in the console: a whole one by keyboard, in a browser, over real connectors and simulators; and what is refused."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from tests.console.calling import calling, token
from tests.console.conftest import NOW
from tests.console.installed import PEOPLE, Console, served
from tests.console.test_all_pages import violations
from tests.databases import Databases
from trueup.app import Opening, open_application
from trueup.base.clock import ManualClock
from trueup.base.money import Money
from trueup.console.visit import SESSION
from trueup.domain.cases import CaseDraft, Resolution
from trueup.domain.catalog import Product
from trueup.domain.trade_ins import CreditState
from trueup.durable.engine import Program
from trueup.durable.in_process import InProcessEngine
from trueup.durable.simulated import run_until
from trueup.simulators.serving import serve
from trueup.simulators.shopify import ShopifySimulator
from trueup.simulators.supercycle import SupercycleSimulator
from trueup.storage.cases import open_case
from trueup.storage.shop_products import Neighbours, save_shop_products
from trueup.storage.trade_ins import find_trade_in, move_credit
from trueup.storage.views.trade_ins import CreditStep
from trueup.workflows.flows import FLOWS

SKU = "TENT-2"
SETTINGS = """
[installation]
name = "Riverside"
data = "data"
database = "env:DATABASE_URL"
two_persons_above = "100.00 USD"

[[shops]]
name = "shop"
kind = "shopify"
domain = "trueup-demo.myshopify.com"
client_id = "app"
client_secret = "env:APP_SECRET"
locations = {{ main = "gid://shopify/Location/1" }}

[[circular]]
name = "supercycle"
kind = "supercycle"
shop = "shop"
api_key = "env:SUPERCYCLE_KEY"
currency = "USD"
time_zone = "America/New_York"

[trade_ins]
programme = "supercycle"
shop = "shop"
grades = {{ good = {{ percent = 100 }}, worn = {{ percent = 60 }}, broken = {{ percent = 0 }} }}
{people}
[simulation]
amazon_url = "http://127.0.0.1:9"
shopify_url = "{shopify}"
supercycle_url = "{supercycle}"
"""


@dataclass(frozen=True)
class Counter:
    """A console at which things are traded in, the simulators behind it, and its runs, which go when a test says so."""

    console: Console
    shopify: ShopifySimulator
    supercycle: SupercycleSimulator
    clock: ManualClock
    customer: str
    """The shop's number of the one customer there is."""

    def work(self) -> None:
        """Everything that was set going happens."""
        run_until(cast(Any, self.console.app.engine), self.clock, self.clock.now() + timedelta(minutes=5))

    def state(self, key: str) -> tuple[str, str]:
        """How far a trade-in and its credit are."""
        with self.console.app.database.transaction() as connection:
            saved = find_trade_in(connection, key)
        return saved.trade_in.state.value, saved.credit.state.value if saved.credit else ""

    def acts(self, key: str) -> list[tuple[str, str]]:
        """Who did what to it, the oldest first."""
        with self.console.app.database.transaction() as connection:
            rows = connection.exec_driver_sql(
                "SELECT actor, act FROM trueup.acts WHERE subject = %s ORDER BY id", (f"trade-in {key}",)
            )
            return [(row.actor, row.act) for row in rows]

    def recorded(self, key: str, quote: str) -> str:
        """A trade-in whose item is there; its address."""
        fields = {"key": key, "sku": SKU, "serial": f"S-{key}", "quote": quote, "customer": self.customer}
        with self.console.visitor("Elke") as elke:
            assert elke.post("/trade-ins", **fields, sure="yes").status_code == 303
        self.work()
        assert self.state(key) == ("received", "")
        return f"/trade-ins/{key}"


@pytest.fixture(scope="module")
def counter(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """A shop and a programme with one product, and nothing traded in yet."""
    clock = ManualClock(NOW)
    with ExitStack() as stack:
        shopify = ShopifySimulator(now=clock.now, rate_limit=False, deliver_in_background=False)
        supercycle = SupercycleSimulator(7, now=clock.now, deliver_in_background=False, rate_limit=False)
        urls = [stack.enter_context(serve(each.app)).url for each in (shopify, supercycle)]
        shopify.add_app("app", "app-secret")
        customer = shopify.add_customer("Cara Nunes").id.rpartition("/")[2]
        [tent] = shopify.add_products(
            [{"title": "Tent", "variants": [{"sku": SKU, "price": "9.00", "tracked": False}]}]
        )
        supercycle.add_key("trueup", "sc_hidden")
        variant = tent.variants[0]
        number = int(variant.id.rpartition("/")[2])
        supercycle.import_now([{"id": 7001, "title": "Tent", "variants": [{"id": number, "sku": SKU}]}])
        database = stack.enter_context(databases.lent())
        folder = tmp_path_factory.mktemp("counter")
        app = stack.enter_context(
            _opened(folder, database.engine.url.render_as_string(hide_password=False), urls, clock)
        )
        known = Product(SKU, "Tent", shop_variant=variant.id, tracked=False, circular=True)
        with database.transaction() as connection:
            save_shop_products(connection, Neighbours("shop"), [known], "0" * 64, clock.now())
        yield Counter(stack.enter_context(served(app)), shopify, supercycle, clock, customer)


def _opened(folder: Path, url: str, urls: list[str], clock: ManualClock) -> Any:
    """The installation with an engine that runs nothing by itself."""
    text = SETTINGS.format(people=PEOPLE, shopify=urls[0], supercycle=urls[1])
    (folder / "trueup.toml").write_text(text)
    secrets = {"APP_SECRET": "app-secret", "SUPERCYCLE_KEY": "sc_hidden", "DATABASE_URL": url}
    environ = {**secrets, "TRUEUP_MASTER_KEY": base64.b64encode(b"k" * 32).decode()}
    app = open_application(folder / "trueup.toml", Opening(clock=clock, environ=environ))
    engine = InProcessEngine(app.database.engine, Program(app.world, FLOWS, clock))
    return replace(app, engine=cast(Any, engine))


@pytest.fixture
def tab(counter: Counter, browser: Browser) -> Iterator[Tab]:
    """Elke, of e-commerce, with a browser and without a mouse."""
    context = browser.new_context(base_url=counter.console.url, locale="en-GB")
    context.add_cookies([{"name": SESSION, "value": counter.console.ticket("Elke"), "url": counter.console.url}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert not complaints, "\n".join(complaints)


def _press(tab: Tab, key: str) -> None:
    """A key that leads to another page, which is there then."""
    with tab.expect_navigation():
        tab.keyboard.press(key)


def test_a_whole_trade_in_by_keyboard(counter: Counter, tab: Tab) -> None:
    """Recorded, graded, credited, released and its code handed over: keys alone, and the shop and the programme show it."""
    keys = tab.keyboard
    tab.goto("/circular")
    keys.press("g")
    keys.press("i")
    tab.wait_for_url("**/trade-ins")
    keys.press("n")
    tab.locator("#key:focus").wait_for()
    for word in ("T-1001", SKU, "TN-0042", "80.00 USD"):
        keys.type(word)
        keys.press("Tab")
    keys.type(counter.customer)
    _press(tab, "Control+Enter")
    assert tab.get_by_role("heading", name="Record trade-in T-1001").first.is_visible()
    with counter.console.visitor("Elke") as elke:
        assert elke.get("/trade-ins/T-1001").status_code == 404, "a trial keeps nothing"
    _press(tab, "Control+Enter")
    tab.wait_for_url("**/trade-ins/T-1001")
    counter.work()
    [item] = [each for each in counter.supercycle.world.items.values() if each.serial == "TN-0042"]
    assert item.visibility == "unavailable"
    tab.reload()
    assert violations(tab, "/trade-ins/T-1001, to be graded", "light") == []
    _press(tab, "1")
    assert tab.get_by_text("a gift-card is on its way").is_visible()
    assert counter.state("T-1001") == ("received", "")
    _press(tab, "Control+Enter")
    assert tab.get_by_text("Trade-in T-1001 is worth 80.00 USD").last.is_visible()
    counter.work()
    assert counter.state("T-1001") == ("released", "issued") and item.visibility == "available"
    [card] = counter.shopify.state()["gift_cards"]
    assert (card["initial"], card["note"]) == ("80.00", "Trade-in T-1001")
    tab.reload()
    assert violations(tab, "/trade-ins/T-1001", "light") == []
    tab.locator("#reveal").focus()
    _press(tab, "Enter")
    code = tab.locator(".gift-code").inner_text()
    assert code.endswith(card["last_characters"]) and len(code) > len(card["last_characters"])
    tab.goto("/credits")
    assert "80.00" in tab.get_by_role("region", name="Credits").inner_text()
    did = [act for actor, act in counter.acts("T-1001") if actor == "Elke"]
    assert did == ["trade-in.recorded", "trade-in.graded", "credit.code-shown"]


def test_above_the_limit_two_people_give_a_credit(counter: Counter) -> None:
    """What Elke grades is proposed; she cannot approve it herself, and a second person does."""
    address = counter.recorded("T-2", "300.00 USD")
    with counter.console.visitor("Elke") as elke:
        tried = elke.post(f"{address}/grade", grade="good")
        assert tried.status_code == 200 and "a second person must approve it" in tried.text
        assert elke.post(f"{address}/grade", grade="good", sure="yes").status_code == 303
        page = elke.get(address).text
        assert "whoever proposed cannot" in page and "Grade it</h2>" not in page
        number = page.partition("Approve proposal ")[2].split()[0] if "Approve proposal" in page else ""
        assert number == "", "her own proposal has no button"
    assert counter.state("T-2") == ("received", "")
    with counter.console.visitor("Ana Admin") as ana:
        page = ana.get(address).text
        number = page.partition("Approve proposal ")[2].split("<")[0].strip()
        [back] = re.findall(r'name="back" value="([^"]*)"', page)
        with counter.console.visitor("Elke") as elke:
            assert elke.post(f"/proposals/{number}/approve").status_code == 409
        done = ana.post(f"/proposals/{number}/approve", back=back)
        assert (done.status_code, done.headers["location"]) == (303, address), "back to where it was seen"
    counter.work()
    assert counter.state("T-2") == ("released", "issued")


def test_kept_back_then_released_and_refused(counter: Counter) -> None:
    """Worn and in need of repair: another value, credited, and offered only when somebody says so. Another is not taken."""
    address = counter.recorded("T-3", "90.00 USD")
    with counter.console.visitor("Elke") as elke:
        told = {"grade": "worn", "value": "40.00", "keep": "yes"}
        assert "Never more than" in elke.get(address).text
        assert elke.post(f"{address}/grade", grade="worn", value="95").status_code == 409
        assert elke.post(f"{address}/grade", **told, sure="yes").status_code == 303
        counter.work()
        assert counter.state("T-3") == ("graded", "issued")
        assert "on its way to being available" in elke.post(f"{address}/release").text
        elke.post(f"{address}/release", sure="yes")
        counter.work()
        assert counter.state("T-3") == ("released", "issued")
        other = counter.recorded("T-4", "20.00 USD")
        assert elke.post(f"{other}/refuse").status_code == 422, "a reason is asked for"
        elke.post(f"{other}/refuse", why="counterfeit", sure="yes")
        counter.work()
        assert counter.state("T-4") == ("refused", "") and "counterfeit" in elke.get(other).text
        assert "T-4" not in elke.get("/trade-ins").text and "T-4" in elke.get("/trade-ins?tab=all").text
        assert "/trade-ins/T-4" in elke.get("/search?words=S-T-4").text


def test_what_is_not_recorded_is_still_typed(counter: Counter) -> None:
    """A refusal stands beside the form with what was typed; known otherwise is told, known alike changes nothing."""
    counter.recorded("T-5", "10.00 USD")
    fields = {"key": "T-5", "sku": SKU, "serial": "S-T-5", "quote": "12.00 USD", "customer": counter.customer}
    with counter.console.visitor("Elke") as elke:
        differs = elke.post("/trade-ins", **fields)
        assert (
            differs.status_code == 409 and "is known otherwise" in differs.text and 'value="12.00 USD"' in differs.text
        )
        same = elke.post("/trade-ins", **{**fields, "quote": "10 usd"}, sure="yes")
        assert same.status_code == 303 and same.headers["location"] == "/trade-ins/T-5"
        assert elke.post("/trade-ins", **{**fields, "key": "T-6", "quote": "much"}).status_code == 422
    with counter.console.visitor("Aude") as aude:
        assert (
            'id="record" disabled title="You may not do this: it takes trade-ins.record."'
            in aude.get("/trade-ins").text
        )


def test_finance_says_what_became_of_a_credit_and_writes_off_the_rest(counter: Counter) -> None:
    """From the case to its trade-in; another's movement is refused; given anew takes what it is, and a dead card is income."""
    address = counter.recorded("T-7", "30.00 USD")
    with counter.console.visitor("Elke") as elke:
        elke.post(f"{address}/grade", grade="good", instrument="store-credit", sure="yes")
        assert elke.post(f"{address}/answer", arrived="1", sure="yes").status_code == 403
    counter.work()
    app = counter.console.app
    draft = CaseDraft(
        "credit.unanswered", "trade-in T-7", "The credit may have been given", "once", "nobody knows",
        Money.of("30.00", "USD"), None, "finance", (Resolution.SETTLE,),
    )  # fmt: skip
    with app.database.transaction() as connection:
        saved = find_trade_in(connection, "T-7")
        assert saved.credit is not None
        move_credit(connection, saved.credit.id, state=CreditState.UNANSWERED)
        case = open_case(connection, draft, app.world.clock.now())
    with counter.console.visitor("Fina") as fina:
        assert f"/credits/of-case/{case}" in fina.get(f"/exceptions?row={case}").text
        assert fina.get(f"/credits/of-case/{case}").headers["location"] == address
        assert "Did the credit arrive?" in fina.get(address).text
        assert fina.post(f"{address}/answer").status_code == 422
        assert "arrived as gid://one" in fina.post(f"{address}/answer", arrived="gid://one").text
        fina.post(f"{address}/answer", arrived="gid://one", sure="yes")
        assert counter.state("T-7") == ("released", "issued")
        assert fina.post(f"{address}/break", why="moved away").status_code == 409, "it can still be spent"
        with app.database.transaction() as connection:
            move_credit(connection, saved.credit.id, usable=False)
        fina.post(f"{address}/break", why="moved away", sure="yes")
        assert ("Fina", "credit.broken") in counter.acts("T-7")
        assert fina.post("/credits/reconcile").status_code == 303


def test_a_program_keeps_back_releases_and_refuses(counter: Counter) -> None:
    """Tried, then done; what cannot be any more is refused with words, and a code is told to no program."""
    with calling(counter.console, token(counter.console, "Elke")) as elke:
        for key in ("T-8", "T-9"):
            told = {"key": key, "sku": SKU, "serial": f"S-{key}", "quoted": {"amount": "20.00", "currency": "USD"}}
            assert elke.send("/trade-ins", told).status_code == 201
        counter.work()
        kept = {"grade": "good", "release": False}
        assert "worth 20.00 USD" in elke.send("/trade-ins/T-8/grading?dry_run=true", kept).json()["words"]
        assert elke.send("/trade-ins/T-8/grading", kept).status_code == 200
        counter.work()
        assert counter.state("T-8") == ("graded", "issued")
        assert elke.send("/trade-ins/T-8/release", idempotency_key="r-1").status_code == 200
        assert elke.send("/trade-ins/T-9/refusal", {"why": "counterfeit"}).status_code == 200
        again = elke.send("/trade-ins/T-9/refusal", {"why": "counterfeit"})
        assert again.status_code == 409 and "is refused" in again.json()["detail"]
        assert elke.send("/trade-ins/T-8/credit-answer", {"arrived": None}).status_code == 403
        assert "code" not in elke.json("/trade-ins/T-8")["credit"]
    counter.work()
    assert (counter.state("T-8"), counter.state("T-9")) == (("released", "issued"), ("refused", ""))
    with calling(counter.console, token(counter.console, "Fina")) as fina:
        assert (
            "nothing about its credit is in doubt" in fina.send("/trade-ins/T-8/credit-answer", {"arrived": None}).text
        )
        assert "can still be spent" in fina.send("/trade-ins/T-8/credit-write-off", {"why": "moved"}).text


def test_the_way_of_credits_leads_to_exactly_its_rows(counter: Counter) -> None:
    """Promised, inspected, paid, booked: each number of the page is that of its rows and of the API; what was refused is none."""
    with counter.console.visitor("Elke") as elke:
        kept, refused = counter.recorded("T-20", "25.00 USD"), counter.recorded("T-21", "26.00 USD")
        counter.recorded("T-22", "27.00 USD")
        elke.post(f"{refused}/refuse", why="counterfeit", sure="yes")
        elke.post(f"{kept}/grade", grade="good", sure="yes")
        steps = elke.get("/trade-ins").text.split('id="credit-steps"')[1]
        seen = {}
        for step in CreditStep:
            rows = elke.get(f"/trade-ins?tab=all&step={step.value}").text.split('aria-label="Trade-ins"')[1]
            seen[step.value] = {key for key in ("T-20", "T-21", "T-22") if f">{key}<" in rows}
            told = re.search(rf"step={step.value}\">(\d+)</a>", steps)
            assert told and int(told[1]) == rows.count("data-open")
        assert elke.get("/trade-ins?step=lost").status_code == 422
    # Graded is owed and on the books at once; paid is the shop's word, which is still to come.
    assert seen == {
        "promised": {"T-20", "T-22"}, "inspected": {"T-20"}, "paid": set(), "booked": {"T-20"},
    }  # fmt: skip
    counter.work()
    with calling(counter.console, token(counter.console, "Elke")) as elke:
        counts = {each["step"]: each["count"] for each in elke.json("/credit-steps")["items"]}
        paid = elke.json("/trade-ins?step=paid&limit=100")["items"]
    assert counts["paid"] == len(paid) == counts["booked"] and "T-20" in {each["key"] for each in paid}
