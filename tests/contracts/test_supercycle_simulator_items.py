"""Items, blocked dates, methods and lists of the Supercycle simulator: what the pages say, and what they leave out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.contracts.supercycle_account import BOOT, JACKET, OTHER, PRODUCT, Account


def test_items_are_made_as_an_array_with_serials_and_cost() -> None:
    """quantity, serials and the cost of each; the product must have been imported."""
    account = Account()
    condition = next(iter(account.simulator.world.conditions))
    items = account.made(3, serials=["A", "B"], conditionId=condition, acquisitionCostCents=4500)
    assert [item["serial"] for item in items] == ["A", "B", None]
    assert {item["acquisitionCostCents"] for item in items} == {4500}
    assert {(item["visibility"], item["status"]) for item in items} == {("available", "processed")}
    assert items[0]["condition"]["id"] == items[0]["conditionId"] == condition
    assert "updatedAt" not in items[0], "an item does not tell when it changed"
    assert account.item(items[0]["id"]) == items[0]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"shopifyVariantId": 1, "visibility": "available"}, 422),
        ({"shopifyVariantId": JACKET}, 422),
        ({"shopifyVariantId": JACKET, "visibility": "hidden"}, 422),
        ({"shopifyVariantId": JACKET, "visibility": "available", "quantity": 101}, 422),
        ({"shopifyVariantId": JACKET, "visibility": "available", "quantity": 1, "serials": ["A", "B"]}, 422),
        ({"shopifyVariantId": JACKET, "visibility": "available", "conditionId": 5}, 422),
        ({"shopifyVariantId": JACKET, "visibility": "available", "locationShopifyId": 5}, 422),
    ],
)
def test_an_item_that_cannot_be_is_refused_whole(body: dict[str, Any], status: int) -> None:
    """Nothing is made of a body that does not fit."""
    account = Account()
    assert account.send("POST", "/items", body).status == status
    assert account.all("/items") == []


def test_a_repeated_creation_makes_a_second_item() -> None:
    """No idempotency key, and a serial is not unique unless the account says so."""
    account = Account()
    account.made(serials=["JKT-0001"])
    account.made(serials=["JKT-0001"])
    assert len(account.all("/items", serial="JKT-0001")) == 2
    guarded = Account(unique_serials=True)
    guarded.made(serials=["JKT-0001"])
    body = {"shopifyVariantId": JACKET, "visibility": "available", "serials": ["JKT-0001"]}
    assert guarded.send("POST", "/items", body).status == 422


def test_an_update_changes_what_it_names() -> None:
    """Serial, variant, status, visibility, condition, place; the cost is not taken, and no page says it would be."""
    account = Account()
    [item] = account.made(acquisitionCostCents=4500)
    change = {"serial": "X9", "shopifyVariantId": BOOT, "status": "unprocessed", "pickLocation": "A1-02-B3"}
    changed = account.ask("PUT", f"/items/{item['id']}", {**change, "acquisitionCostCents": 1})
    assert {name: changed[name] for name in change} == change
    assert changed["acquisitionCostCents"] == 4500
    assert (changed["visibility"], changed["variantTitle"]) == ("available", "42")
    open_handed = Account(writable_cost=True)
    [item] = open_handed.made()
    assert open_handed.ask("PUT", f"/items/{item['id']}", {"acquisitionCostCents": 7})["acquisitionCostCents"] == 7


def test_a_sold_item_can_be_made_available_unless_guarded() -> None:
    """No page tells of transition rules: the API lets a client sell the same unit twice."""
    for guarded, status in ((False, 200), (True, 422)):
        account = Account(guarded_transitions=guarded)
        [item] = account.made(visibility="sold")
        assert account.send("PUT", f"/items/{item['id']}", {"visibility": "available"}).status == status


def test_lists_are_keyset_pages_newest_first() -> None:
    """Each record once, a cursor behind the last; a full last page still promises another, which is empty."""
    account = Account()
    made = [item["id"] for item in account.made(6)]
    first = account.ask("GET", "/items", limit=3)
    assert [item["id"] for item in first["data"]] == made[:2:-1]
    newer = account.made()[0]["id"]
    second = account.ask("GET", "/items", limit=3, page=first["nextPage"])
    assert [item["id"] for item in second["data"]] == made[2::-1], "what came meanwhile shifts nothing"
    assert account.ask("GET", "/items", limit=3, page=second["nextPage"]) == {"data": [], "nextPage": None}
    oldest_first = Account(newest_first=False)
    made = [item["id"] for item in oldest_first.made(3)]
    assert [item["id"] for item in oldest_first.all("/items", limit=2)] == made
    assert newer not in made[2::-1]


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": 101}, {"limit": "many"}, {"page": "nonsense"}, {"page": "e30"}]
)
def test_a_page_that_cannot_be_is_refused(query: dict[str, Any]) -> None:
    """1 to 100 records, and only cursors that were given out."""
    assert Account().send("GET", "/items", **query).status == 422


def test_items_are_filtered_as_documented() -> None:
    """sku, serial, visibility, a text, those with an active rental; an unknown parameter filters nothing."""
    account = Account()
    jackets, boots = account.made(2, serials=["J1"]), account.made(1, BOOT, visibility="unavailable")
    rental = account.simulator.place_rental(JACKET, date(2026, 12, 1), date(2026, 12, 4))
    account.simulator.fulfil(rental.id)
    out = rental.item.id if rental.item else 0

    def found(**query: Any) -> list[int]:
        return sorted(item["id"] for item in account.all("/items", **query))

    ids = [item["id"] for item in jackets]
    assert found(sku="JKT-M") == ids
    assert found(serial="J1") == [ids[0]]
    assert found(visibility="unavailable") == [boots[0]["id"]]
    assert found(search="boot") == [boots[0]["id"]]
    assert found(withActiveRental="true") == [out]
    assert len(found(withActiveRental="false")) == len(found(updatedSince="2026-01-01")) == 3
    assert account.send("GET", "/items", withActiveRental="yes").status == 422


def test_a_stale_page_shows_what_was() -> None:
    """An item that has been sold since looks available; one that came since is not there."""
    account = Account()
    [item] = account.made()
    account.wait(minutes=5)
    account.simulator.set_visibility(item["id"], "sold")
    account.made()
    account.simulator.add_fault("stale_page", seconds=60)
    stale = account.ask("GET", "/items")["data"]
    assert [(each["id"], each["visibility"]) for each in stale] == [(item["id"], "available")]
    assert len(account.all("/items")) == 2
    account.simulator.add_fault("empty_page")
    empty = account.ask("GET", "/items")
    assert empty["data"] == []
    assert len(account.ask("GET", "/items", page=empty["nextPage"])["data"]) == 2


def test_blocked_dates_take_an_item_out_and_stay() -> None:
    """Inclusive days; the timeline knows; cycles on them move to another item; nothing takes a block back."""
    account = Account()
    [one, other] = account.made(2)
    rental = account.simulator.place_rental(JACKET, date(2026, 12, 1), date(2026, 12, 4))
    assert rental.item is not None
    held = rental.item.id
    body = {
        "resourceType": "Item",
        "resourceId": held,
        "from": "2026-12-02",
        "to": "2026-12-03",
        "description": "repair",
    }
    block = account.ask("POST", "/blocked_dates", body)
    assert (block["from"], block["to"], block["resource"]["shopifyVariantId"]) == ("2026-12-02", "2026-12-03", JACKET)
    assert account.cycle(rental.id)["itemId"] == ({one["id"], other["id"]} - {held}).pop()
    occupancy = account.ask("GET", "/availability_timelines", variant_shopify_id=JACKET)["occupancy"]
    assert [occupancy[f"2026-12-0{day}"] for day in (1, 2, 3, 4)] == [1, 2, 2, 1]
    assert account.ask("GET", f"/blocked_dates/{block['id']}") == block
    assert account.all("/blocked_dates", resourceType="Item,Shopify::Product", activeFrom="2026-12-03") == [block]
    assert account.all("/blocked_dates", activeFrom="2026-12-04") == []
    assert account.all("/blocked_dates", itemId=other["id"] if held == one["id"] else one["id"]) == []


@pytest.mark.parametrize(
    "body",
    [
        {"resourceType": "Item", "resourceId": 1},
        {"resourceType": "Shopify::Variant", "resourceId": JACKET},
        {"resourceType": "Location", "resourceId": 1},
        {"resourceType": "Item"},
    ],
)
def test_a_block_needs_supercycles_own_number(body: dict[str, Any]) -> None:
    """A Shopify id is not one."""
    assert Account().send("POST", "/blocked_dates", body).status == 422


def test_an_open_block_of_a_whole_variant() -> None:
    """Its own number is known from the control plane alone: null ends are open."""
    account = Account()
    account.made(2)
    number = account.simulator.variant(JACKET).id
    account.ask("POST", "/blocked_dates", {"resourceType": "Shopify::Variant", "resourceId": number})
    occupancy = account.ask("GET", "/availability_timelines", variant_shopify_id=JACKET)["occupancy"]
    assert set(occupancy.values()) == {2}
    assert account.simulator.place_rental(JACKET, date(2026, 12, 1), date(2026, 12, 4)).item is None


def test_methods_get_options_and_are_made_when_missing() -> None:
    """A subscription method with options, changed and destroyed; a resale option makes its method."""
    account = Account()
    monthly = {"name": "Monthly", "recurringPriceCents": 4900, "billingInterval": "1.month", "minimumTerm": "3.month"}
    made = account.ask("POST", f"/products/{PRODUCT}/subscription_method", {"optionsAttributes": [monthly]})
    [option] = made["options"]
    assert (made["status"], option["recurringPriceCents"]) == ("enabled", 4900)
    change = {"status": "disabled", "optionsAttributes": [{"id": option["id"], "recurringPriceCents": 5900}]}
    changed = account.ask("POST", f"/products/{PRODUCT}/subscription_method", change)
    assert (changed["status"], changed["options"][0]["recurringPriceCents"]) == ("disabled", 5900)
    added = account.ask("POST", f"/products/{PRODUCT}/subscription_method/options", monthly)
    assert added["id"] != option["id"]
    gone = {"optionsAttributes": [{"id": option["id"], "_destroy": True}]}
    assert len(account.ask("POST", f"/products/{PRODUCT}/subscription_method", gone)["options"]) == 1
    resale = {
        "name": "Used",
        "priceCents": 9900,
        "conditionApplicationType": "selected",
        "conditionApplicationIds": [1],
    }
    assert account.ask("POST", f"/products/{PRODUCT}/resale_method/options", resale)["priceCents"] == 9900
    for path, body in (
        (f"/products/{PRODUCT}/subscription_method", {"optionsAttributes": [{"id": 1}]}),
        (f"/products/{PRODUCT}/subscription_method/options", {"billingInterval": "monthly"}),
    ):
        assert account.send("POST", path, body).status == 422
    assert account.send("POST", "/products/5/subscription_method", {}).status == 404


def test_an_import_takes_its_time_and_skips_what_is_not_there() -> None:
    """Queued for all that were named; until it is done the variants are unknown."""
    account = Account()
    account.simulator.offer([OTHER])
    asked = account.ask("POST", "/products", {"shopifyProductIds": [OTHER["id"], 5]})
    assert [each["status"] for each in asked["data"]] == ["queued", "queued"]
    body = {"shopifyVariantId": OTHER["variants"][0]["id"], "visibility": "available"}
    assert account.send("POST", "/items", body).status == 422
    account.wait(seconds=60)
    assert account.send("POST", "/items", body).status == 200


def test_counted_units_become_items_unless_the_account_forgets_them() -> None:
    """A merchant saw quantities turn into items; nothing promises it."""
    counted = [{**OTHER, "variants": [{**OTHER["variants"][0], "counted": {7001: 3}}]}]
    for seeds, count in ((True, 3), (False, 0)):
        account = Account(import_seeds_items=seeds)
        assert [each.items for each in account.simulator.import_now(counted)] == [count]
        assert len(account.all("/items")) == count
