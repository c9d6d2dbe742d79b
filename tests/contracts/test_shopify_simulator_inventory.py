"""Inventory as Shopify counts it: the rules that its schema cannot say."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.shopify_shop import Shop, codes, key

PAYLOAD = (
    "{ inventoryAdjustmentGroup { id reason referenceDocumentUri changes { name delta quantityAfterChange ledgerDocumentUri"
    " item { sku } location { name } } } userErrors { code field message } }"
)
SET = f"mutation Set($input: InventorySetQuantitiesInput!, $key: String!) {{ inventorySetQuantities(input: $input) @idempotent(key: $key) {PAYLOAD} }}"  # noqa: E501
ADJUST = f"mutation Adjust($input: InventoryAdjustQuantitiesInput!, $key: String!) {{ inventoryAdjustQuantities(input: $input) @idempotent(key: $key) {PAYLOAD} }}"  # noqa: E501
MOVE = f"mutation Move($input: InventoryMoveQuantitiesInput!, $key: String!) {{ inventoryMoveQuantities(input: $input) @idempotent(key: $key) {PAYLOAD} }}"  # noqa: E501
LEDGER = "gid://trueup/PurchaseOrder/PO1"


def row(shop: Shop, sku: str, place: str = "East", **more: Any) -> dict[str, Any]:
    """An item at a location, compared with nothing."""
    where = {"inventoryItemId": shop.variants[sku].inventory_item.id, "locationId": shop.places[place]}
    return {**where, "changeFromQuantity": None, **more}


def set_to(shop: Shop, name: str, *rows: dict[str, Any], idempotency: str | None = None, **more: Any) -> dict[str, Any]:
    """The payload of inventorySetQuantities."""
    given = {"name": name, "reason": "correction", "quantities": list(rows), **more}
    return shop.payload(SET, input=given, key=idempotency or key())


def adjust(shop: Shop, name: str, *rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The payload of inventoryAdjustQuantities."""
    return shop.payload(ADJUST, input={"name": name, "reason": "correction", "changes": list(rows), **more}, key=key())


def move(shop: Shop, quantity: int, source: str, target: str, **more: Any) -> dict[str, Any]:
    """The payload of moving PAN-1 between states at East."""
    ends = {
        end: {
            "locationId": shop.places["East"],
            "name": name,
            "changeFromQuantity": None,
            **({} if name == "available" else {"ledgerDocumentUri": LEDGER}),
            **more.get(end, {}),
        }
        for end, name in (("from", source), ("to", target))
    }
    change = {"inventoryItemId": shop.variants["PAN-1"].inventory_item.id, "quantity": quantity, **ends}
    given = {"reason": "reservation_created", "referenceDocumentUri": LEDGER, "changes": [change]}
    return shop.payload(MOVE, input={**given, "reason": more.get("reason", "reservation_created")}, key=key())


def test_missing_idempotent_is_refused() -> None:
    """Without @idempotent nothing is done: BAD_REQUEST in a reply of HTTP 200, and null where the payload would be."""
    shop = Shop()
    given = {"name": "available", "reason": "correction", "quantities": [row(shop, "PAN-1", quantity=1)]}
    text = SET.replace("@idempotent(key: $key)", "").replace(", $key: String!", "")
    answer = shop.send(text, input=given)
    assert answer["data"] == {"inventorySetQuantities": None}
    [error] = answer["errors"]
    assert error["message"] == "The @idempotent directive is required for this mutation but was not provided."
    assert error["extensions"] == {"code": "BAD_REQUEST"}
    assert error["path"] == ["inventorySetQuantities"]
    assert shop.stock("PAN-1") == (5, 0, 5)
    assert shop.refused(SET, input=given, key=" ")["extensions"]["code"] == "BAD_REQUEST"


def test_change_from_quantity_must_be_sent_though_it_may_be_null() -> None:
    """Absent: INVALID_FIELD_ARGUMENTS. Null: no comparison."""
    shop = Shop()
    absent = row(shop, "PAN-1", quantity=1)
    del absent["changeFromQuantity"]
    given = {"name": "available", "reason": "correction", "quantities": [absent]}
    error = shop.refused(SET, input=given, key=key())
    assert error["message"] == "InventoryQuantityInput must include the following argument: changeFromQuantity."
    assert error["extensions"]["code"] == "INVALID_FIELD_ARGUMENTS"
    assert codes(set_to(shop, "available", row(shop, "PAN-1", quantity=1))) == []


def test_fields_of_older_versions_are_not_known() -> None:
    """ignoreCompareQuantity ended with 2026-01: INVALID_VARIABLE, naming the place."""
    shop = Shop()
    given = {"name": "available", "reason": "correction", "quantities": [], "ignoreCompareQuantity": True}
    error = shop.refused(SET, input=given, key=key())
    assert error["extensions"]["code"] == "INVALID_VARIABLE"
    told = "ignoreCompareQuantity (Field is not defined on InventorySetQuantitiesInput)"
    assert error["message"].endswith(told)
    assert error["extensions"]["problems"][0]["path"] == ["ignoreCompareQuantity"]


def test_setting_one_of_available_and_on_hand_moves_the_other() -> None:
    """Two change rows, quantityAfterChange null; setting what is there already gives no group."""
    shop = Shop()
    group = set_to(shop, "available", row(shop, "PAN-1", quantity=8))["inventoryAdjustmentGroup"]
    assert [(each["name"], each["delta"], each["quantityAfterChange"]) for each in group["changes"]] == [
        ("available", 3, None),
        ("on_hand", 3, None),
    ]
    assert shop.stock("PAN-1") == (8, 0, 8)
    shop.ordered(shop.line("PAN-1-X", 2))
    set_to(shop, "on_hand", row(shop, "PAN-1-X", quantity=10))
    assert shop.stock("PAN-1-X") == (8, 2, 10), "on_hand counts what is committed, so the committed are not sold twice"
    assert set_to(shop, "on_hand", row(shop, "PAN-1-X", quantity=10)) == {
        "inventoryAdjustmentGroup": None,
        "userErrors": [],
    }


@pytest.mark.parametrize(
    ("name", "quantity", "expected"),
    [
        ("committed", 1, ["INVALID_NAME"]),
        ("on_hand", -1, ["INVALID_QUANTITY_NEGATIVE"]),
        ("available", -1, []),
        ("available", 10**9 + 1, ["INVALID_QUANTITY_TOO_HIGH"]),
        ("available", -(10**9) - 1, ["INVALID_QUANTITY_TOO_LOW"]),
    ],
)
def test_what_can_be_set(name: str, quantity: int, expected: list[str]) -> None:
    """available and on_hand alone, within a thousand million; only available may be negative."""
    shop = Shop()
    assert codes(set_to(shop, name, row(shop, "PAN-1", quantity=quantity))) == expected


def test_a_pair_twice_is_refused_at_both_places_and_nothing_is_done() -> None:
    """All or nothing: the good row of a bad call does nothing either."""
    shop = Shop()
    rows = [row(shop, "PAN-1", quantity=1), row(shop, "PAN-1", quantity=2), row(shop, "PAN-1", "West", quantity=3)]
    payload = set_to(shop, "available", *rows)
    assert codes(payload) == ["NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"] * 2
    assert payload["userErrors"][0]["field"] == ["input", "quantities", "0", "locationId"]
    assert shop.stock("PAN-1", "West") == (10, 0, 10)


def test_compare_and_set_fails_when_the_count_moved() -> None:
    """CHANGE_FROM_QUANTITY_STALE compares the named quantity: a sale moves available, not on_hand."""
    shop = Shop()
    shop.simulator.sell("PAN-1", 2)
    stale = set_to(shop, "available", row(shop, "PAN-1", quantity=9, changeFromQuantity=5))
    assert codes(stale) == ["CHANGE_FROM_QUANTITY_STALE"]
    assert stale["userErrors"][0]["field"] == ["input", "quantities", "0", "changeFromQuantity"]
    assert codes(set_to(shop, "on_hand", row(shop, "PAN-1", quantity=9, changeFromQuantity=5))) == []
    assert shop.stock("PAN-1") == (7, 2, 9)


def test_unknown_things_and_bundles_are_refused() -> None:
    """Unknown item, unknown location, unknown reason, no URI, a bundle's parent."""
    shop = Shop()
    nobody = {**row(shop, "PAN-1", quantity=1), "inventoryItemId": "gid://shopify/InventoryItem/1"}
    nowhere = {**row(shop, "PAN-1", quantity=1), "locationId": "gid://shopify/Location/1"}
    assert codes(set_to(shop, "available", nobody, nowhere)) == ["INVALID_INVENTORY_ITEM", "INVALID_LOCATION"]
    assert codes(set_to(shop, "available", row(shop, "SET", quantity=1))) == ["NON_MUTABLE_INVENTORY_ITEM"]
    assert codes(set_to(shop, "available", reason="because")) == ["INVALID_REASON"]
    assert codes(set_to(shop, "available", referenceDocumentUri="PO 1")) == ["INVALID_REFERENCE_DOCUMENT"]
    error = shop.refused(
        SET, input={"name": "available", "reason": "other", "quantities": [{**nobody, "locationId": "7"}]}, key=key()
    )
    assert error["message"] == "Invalid global id '7'"


@pytest.mark.parametrize("name", ["on_hand", "committed", "nonsense"])
def test_what_cannot_be_adjusted(name: str) -> None:
    """on_hand follows from its parts and committed from orders."""
    shop = Shop()
    assert "INVALID_QUANTITY_NAME" in codes(adjust(shop, name, row(shop, "PAN-1", delta=1, ledgerDocumentUri=LEDGER)))
    assert shop.stock("PAN-1") == (5, 0, 5)


def test_ledger_documents() -> None:
    """Required for every state but available, forbidden there, none of Shopify's own, one for a call."""
    shop = Shop()
    assert codes(adjust(shop, "damaged", row(shop, "PAN-1", delta=1))) == ["INVALID_QUANTITY_DOCUMENT"]
    available = adjust(shop, "available", row(shop, "PAN-1", delta=1, ledgerDocumentUri=LEDGER))
    assert codes(available) == ["INVALID_AVAILABLE_DOCUMENT"]
    own = adjust(shop, "damaged", row(shop, "PAN-1", delta=1, ledgerDocumentUri="gid://shopify/Order/1"))
    assert codes(own) == ["INTERNAL_LEDGER_DOCUMENT"]
    two = [row(shop, "PAN-1", place, delta=1, ledgerDocumentUri=f"{LEDGER}{place}") for place in ("East", "West")]
    assert codes(adjust(shop, "damaged", *two)) == ["MAX_ONE_LEDGER_DOCUMENT"]
    assert codes(adjust(shop, "damaged", row(shop, "PAN-1", delta=1, ledgerDocumentUri=LEDGER))) == []


@pytest.mark.parametrize(("name", "on_hand"), [("reserved", 7), ("damaged", 7), ("safety_stock", 7), ("incoming", 5)])
def test_adjusting_a_part_raises_on_hand_but_incoming_does_not(name: str, on_hand: int) -> None:
    """Incoming stands outside of on_hand."""
    shop = Shop()
    group = adjust(shop, name, row(shop, "PAN-1", delta=2, ledgerDocumentUri=LEDGER))["inventoryAdjustmentGroup"]
    names = [each["name"] for each in group["changes"]]
    assert names == ([name] if name == "incoming" else [name, "on_hand"])
    assert shop.counts("PAN-1")["on_hand"] == on_hand
    assert shop.counts("PAN-1")[name] == 2


def test_moving_reserves_without_touching_on_hand() -> None:
    """available to reserved and back: how stock is held for an order that is not yet confirmed."""
    shop = Shop()
    group = move(shop, 4, "available", "reserved")["inventoryAdjustmentGroup"]
    assert [(each["name"], each["delta"]) for each in group["changes"]] == [("available", -4), ("reserved", 4)]
    counts = shop.counts("PAN-1")
    assert (counts["available"], counts["reserved"], counts["on_hand"]) == (1, 4, 5)
    assert codes(move(shop, 4, "reserved", "available")) == []
    assert shop.stock("PAN-1") == (5, 0, 5)


def test_moves_that_are_refused() -> None:
    """Other location, same state, negative, stale at either end, committed, an unknown reason."""
    shop = Shop()
    west = {"locationId": shop.places["West"]}
    assert codes(move(shop, 1, "available", "reserved", to=west)) == ["DIFFERENT_LOCATIONS"]
    assert codes(move(shop, 1, "available", "available")) == ["SAME_QUANTITY_NAME"]
    assert codes(move(shop, -1, "available", "reserved")) == ["INVALID_QUANTITY_NEGATIVE"]
    assert codes(move(shop, 1, "committed", "available")) == ["INVALID_QUANTITY_NAME"]
    assert codes(move(shop, 1, "available", "reserved", reason="x")) == ["INVALID_REASON"]
    stale = {"changeFromQuantity": 1}
    assert codes(move(shop, 1, "available", "reserved", **{"from": stale})) == ["CHANGE_FROM_QUANTITY_STALE"]
    assert codes(move(shop, 1, "available", "reserved", to=stale)) == ["CHANGE_FROM_QUANTITY_STALE"]
    assert shop.counts("PAN-1")["reserved"] == 0


def test_a_repeat_with_the_same_key_returns_the_first_result_for_a_day() -> None:
    """Same key, same input: once. Same key, other input: refused. After 24 hours the key is forgotten and acts again."""
    shop = Shop()
    one = key()
    change = {"name": "available", "reason": "correction", "changes": [row(shop, "PAN-1", delta=1)]}
    first = shop.act(ADJUST, input=change, key=one)
    assert shop.act(ADJUST, input=change, key=one) == first
    assert shop.stock("PAN-1") == (6, 0, 6)
    other = {**change, "changes": [row(shop, "PAN-1", delta=2)]}
    assert codes(shop.payload(ADJUST, input=other, key=one)) == ["IDEMPOTENCY_KEY_PARAMETER_MISMATCH"]
    shop.simulator.set_clock(shop.simulator.now().replace(day=24))
    shop.token = shop.simulator.issue_token("trueup-app")
    shop.act(ADJUST, input=change, key=one)
    assert shop.stock("PAN-1") == (7, 0, 7)


def test_a_stale_result_is_kept_under_its_key() -> None:
    """A key that failed once fails for ever: a new intent needs a new key."""
    shop = Shop()
    one = key()
    stale = row(shop, "PAN-1", quantity=9, changeFromQuantity=4)
    assert codes(set_to(shop, "available", stale, idempotency=one)) == ["CHANGE_FROM_QUANTITY_STALE"]
    shop.simulator.sell("PAN-1", 1)  # now 4 are there
    assert codes(set_to(shop, "available", stale, idempotency=one)) == ["CHANGE_FROM_QUANTITY_STALE"]
    assert codes(set_to(shop, "available", {**stale, "changeFromQuantity": shop.stock("PAN-1")[0]})) == []


def test_activating_keeps_what_is_there() -> None:
    """inventoryActivate stocks an item at a location once; an active level keeps its counts, and its errors bear no code."""
    shop = Shop()
    text = """mutation Activate($item: ID!, $place: ID!, $available: Int, $key: String!) {
      inventoryActivate(inventoryItemId: $item, locationId: $place, available: $available) @idempotent(key: $key) {
        inventoryLevel { id isActive location { name } } userErrors { field message } } }"""
    given = {"item": shop.variants["POT-2"].inventory_item.id, "place": shop.places["West"]}
    assert shop.act(text, **given, available=4, key=key())["inventoryLevel"]["location"] == {"name": "West"}
    assert shop.stock("POT-2", "West") == (4, 0, 4)
    shop.act(text, **given, key=key())
    assert shop.stock("POT-2", "West") == (4, 0, 4)
    again = shop.payload(text, **given, available=9, key=key())
    assert again["userErrors"][0]["message"].startswith("Not allowed to set available quantity")


def test_item_and_variant_are_updated_and_their_ids_tell_nothing_of_each_other() -> None:
    """Cost in the shop's currency, SKU and policy; ids of variants and items are unrelated."""
    shop = Shop()
    pan = shop.variants["PAN-1"]
    item_update = """mutation Update($id: ID!, $input: InventoryItemInput!) { inventoryItemUpdate(id: $id, input: $input) {
      inventoryItem { sku tracked unitCost { amount currencyCode } } userErrors { field message } } }"""
    updated = shop.act(item_update, id=pan.inventory_item.id, input={"cost": "6.125", "sku": "PAN-9", "tracked": False})
    assert updated["inventoryItem"] == {
        "sku": "PAN-9",
        "tracked": False,
        "unitCost": {"amount": "6.125", "currencyCode": "USD"},
    }
    bulk = """mutation Bulk($product: ID!, $variants: [ProductVariantsBulkInput!]!) {
      productVariantsBulkUpdate(productId: $product, variants: $variants) {
        productVariants { sku price inventoryPolicy } userErrors { code field message } } }"""
    other = {"id": shop.variants["POT-2"].id, "price": "1"}
    mine = {"id": pan.id, "price": "13.00", "inventoryPolicy": "CONTINUE"}
    assert codes(shop.payload(bulk, product=pan.product.id, variants=[mine, other])) == [
        "PRODUCT_VARIANT_DOES_NOT_EXIST"
    ]
    assert str(pan.price) == "12.50", "all or nothing"
    assert shop.act(bulk, product=pan.product.id, variants=[mine])["productVariants"] == [
        {"sku": "PAN-9", "price": "13.00", "inventoryPolicy": "CONTINUE"}
    ]
    variants, items = shop.simulator.world.variants, shop.simulator.world.items
    differences = {
        item.legacy_resource_id - variant.legacy_resource_id for variant, item in zip(variants, items, strict=True)
    }
    assert len(differences) > 1


def test_inventory_properties_say_how_states_add_up() -> None:
    """The sum of what on_hand comprises is on_hand."""
    shop = Shop()
    names = shop.run("{ inventoryProperties { quantityNames { name belongsTo comprises isInUse } } }")
    found = {each["name"]: each for each in names["inventoryProperties"]["quantityNames"]}
    parts = {name for name, each in found.items() if each["belongsTo"] == ["on_hand"]}
    assert set(found["on_hand"]["comprises"]) == parts
    assert parts == {"available", "committed", "reserved", "damaged", "quality_control", "safety_stock"}
    assert "incoming" not in parts


def test_a_query_on_nested_levels_is_ignored_with_a_warning() -> None:
    """inventoryLevels(query:) returns every level and says so in extensions.search."""
    shop = Shop()
    text = """query Levels($item: ID!) { inventoryItem(id: $item) {
      inventoryLevels(first: 5, query: "location_id:1") { nodes { location { name } } } } }"""
    answer = shop.send(text, item=shop.variants["PAN-1"].inventory_item.id)
    levels = answer["data"]["inventoryItem"]["inventoryLevels"]["nodes"]
    assert [each["location"]["name"] for each in levels] == ["East", "West"]
    assert answer["extensions"]["search"][0]["warnings"][0]["field"] == "location_id"
