"""Goods that came back, told first, then done, in the console and by the API; and what Direct Fulfillment was told of others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser

from tests.console.calling import calling, token
from tests.console.conftest import Filled, console_over
from tests.console.installed import Console
from tests.console.test_all_pages import violations
from tests.workflows.installation import CHAIR, LAMP
from trueup.base.ids import Digest
from trueup.console.visit import SESSION
from trueup.domain.catalog import Product
from trueup.domain.circular import Condition, Item, Readiness, Visibility
from trueup.domain.inventory_advice import AdvisedItem
from trueup.storage.circular import Said, save_records
from trueup.storage.deliveries import NewDelivery, prepare_delivery
from trueup.storage.inventory_updates import accept_told, forget_accepted, refuse_items, save_told
from trueup.storage.shop_products import Neighbours, save_shop_products

PROGRAMME = """
[[circular]]
name = "supercycle"
kind = "supercycle"
shop = "shop"
api_key = "env:SHOP_TOKEN"
currency = "USD"
time_zone = "America/New_York"
"""
DIRECT = """
[[partners.direct_fulfillment]]
vendor_code = "NORDA"
warehouse = "WH1"
ship_from = "main"
buffer_eaches = 2
buffer_percent = 2.5
"""
ORDER = "/came-back/amazon-us/PO000001"


@pytest.fixture(scope="module")
def returning(filled: Filled, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """Lamps are in a programme, chairs are not; two lamps and a chair went out."""
    with console_over(filled, tmp_path_factory.mktemp("returning"), PROGRAMME + DIRECT) as running:
        now, database = running.app.world.clock.now(), running.app.database
        lamp = Product(LAMP.sku, "Lamp", shop_variant="gid://shopify/ProductVariant/77", tracked=False, circular=True)
        used = Item(1, Visibility.AVAILABLE, Readiness.PROCESSED, condition=Condition(4, "Used"), serial="L-1")
        with database.transaction() as connection:
            save_shop_products(connection, Neighbours("shop"), [lamp], "0" * 64, now)
            save_records(connection, [used], Said("supercycle", "c" * 64, now))
        yield running


def test_what_came_back_is_tried_then_taken(returning: Console, browser: Browser) -> None:
    """From the order to the form; the trial names the serials and keeps nothing; done it stands in the list, told by whom."""
    with returning.visitor("Elke") as elke:
        assert f'href="{ORDER}"' in elke.get("/orders/amazon-us/PO000001").text
        assert elke.get("/came-back?order=PO000001").headers["location"] == ORDER
        page = elke.get(ORDER).text
        assert f"{LAMP.sku}, up to " in page and "Not in supercycle" in page and f"{CHAIR.sku}, up to" not in page
        assert '<option value="4" >Used</option>' in page
        told = {"sku": LAMP.sku, "eaches": "2", "serials": "L-77\r\n", "condition": "4"}
        tried = elke.post(ORDER, **told)
        assert "L-77, PO000001-LAMP-1-1" in tried.text and "This cannot be undone here" in tried.text
        assert "Nothing of this order came back yet" in elke.get(ORDER).text
        assert elke.post(ORDER, **told, sure="yes").status_code == 303
        stale = elke.post(ORDER, **told)
        assert stale.status_code == 409 and "2 of LAMP-1 came back" in stale.text and "as Elke said at" in stale.text
        again = elke.post(ORDER, **told, **{"before-LAMP-1": "2"})
        assert again.status_code == 409 and "L-77 came back to supercycle before" in again.text
        assert 'value="2"' in again.text and "L-77" in again.text, "what was typed is still there"
        for wrong, status in (
            ({"eaches": "two"}, 422),
            ({"condition": "x"}, 422),
            ({"sku": ""}, 409),
            ({"eaches": "999"}, 409),
        ):
            assert elke.post(ORDER, **(told | wrong)).status_code == status
        assert "PO000001-LAMP-1-1" in elke.get("/came-back").text and "Elke" in elke.get("/came-back").text
    with returning.visitor("Fina") as fina:
        assert fina.post(ORDER, **told).status_code == 403
    context = browser.new_context(base_url=returning.url)
    context.add_cookies([{"name": SESSION, "value": returning.ticket("Elke"), "url": returning.url}])
    tab = context.new_page()
    tab.goto(ORDER)
    assert violations(tab, ORDER, "light") == []
    context.close()


def test_a_program_says_what_came_back_once(returning: Console) -> None:
    """Tried, done under a key, told again to who asks again; the list has each unit with its item to come."""
    path = "/orders/amazon-us/PO000001/returned-goods"
    with calling(returning, token(returning, "Olga")) as olga:
        told = {"sku": LAMP.sku, "eaches": 1, "serials": ["L-88"]}
        tried = olga.send(f"{path}?dry_run=true", told)
        assert tried.status_code == 201 and tried.json()["dry_run"] and tried.json()["become"] == "unavailable"
        done = [olga.send(path, told, idempotency_key="back-1").json() for _ in range(2)]
        assert done[0] == done[1] and done[0]["serials"] == ["L-88"]
        assert "L-88 came back" in olga.send(path, told).json()["detail"]
        assert olga.send("/orders/amazon-us/NONE/returned-goods", told).status_code == 404
        units = [unit for page in olga.pages(path, 1) for unit in page]
        assert units[0]["serial"] == "L-88" and units[0]["state"] == "wanted" and units[0]["cost"]["currency"] == "USD"
        assert [unit["id"] for page in olga.pages("/circular/returned-goods") for unit in page] == [
            u["id"] for u in units
        ]
    with calling(returning, token(returning, "Elke", "look")) as elke:
        assert elke.send(path, told).status_code == 403


def test_what_direct_fulfillment_was_told_stands_beside_what_it_accepted(returning: Console, browser: Browser) -> None:
    """Accepted, too many, unknown and refused are four things; the settings are shown, and a filter leaves what differs."""
    database, now = returning.app.database, returning.app.world.clock.now()
    place, new = (
        ("amazon-us", "NORDA", "WH1"),
        NewDelivery("direct-fulfillment 1", "direct-fulfillment", None, 0, "x", Digest("d" * 64), now),
    )
    items = {
        sku: AdvisedItem(sku, f"B0{sku[:4]}", eaches) for sku, eaches in (("LAMP-1", 9), ("CHAIR-1", 4), ("VASE-1", 1))
    }
    with database.transaction() as connection:
        delivery = prepare_delivery(connection, new, now)
        save_told(connection, place, items, delivery.id, (now, True))
        accept_told(connection, place, delivery.id, (now, True))
        save_told(connection, place, {"CHAIR-1": replace(items["CHAIR-1"], eaches=3)}, delivery.id, (now, False))
        forget_accepted(connection, place, ["VASE-1"])
        refuse_items(connection, place, [("VASE-1", "VASE-1 is not a valid product ID")])
    with returning.visitor("Elke") as elke:
        assert 'href="/direct-fulfillment"' in elke.get("/stock").text
        page = elke.get("/direct-fulfillment").text
        assert "never told: 2 eaches or 2.5 %, whichever is more" in page and "too many" in page
        assert "VASE-1 is not a valid product ID" in page and page.count("Accepted</span>") == 1
        differing = elke.get("/direct-fulfillment?differing=yes").text
        assert 'href="/stock/CHAIR-1"' in differing and 'href="/stock/LAMP-1"' not in differing
        settings = elke.get("/settings").text
        assert "WH1" in settings and "amazon-us-direct-fulfillment" in settings and "Supercycle" in settings
    context = browser.new_context(base_url=returning.url)
    context.add_cookies([{"name": SESSION, "value": returning.ticket("Elke"), "url": returning.url}])
    tab = context.new_page()
    for address in ("/direct-fulfillment", "/settings"):
        tab.goto(address)
        assert violations(tab, address, "light") == []
    context.close()


def test_where_nothing_can_come_back_the_page_says_why(console: Console) -> None:
    """No programme is set up."""
    with console.visitor("Elke") as elke:
        assert "has 0 circular programmes" in elke.get(ORDER).text
        assert "No circular programme" in elke.get("/came-back").text
