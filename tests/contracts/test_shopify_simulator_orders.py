"""Orders: made, claimed, looked up, changed, cancelled, moved, fulfilled, and what each does to stock."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.shopify_shop import BY_CUSTOM_ID, CREATE, DEFINE, IGNORING, NOW, OBEYING, ORDER, Shop, codes

BEGIN = "mutation Begin($id: ID!) { orderEditBegin(id: $id) { calculatedOrder { id lineItems(first: 10) { nodes { id sku quantity } } } orderEditSession { id } userErrors { field message } } }"  # noqa: E501
SET_QUANTITY = "mutation Set($id: ID!, $line: ID!, $quantity: Int!, $restock: Boolean) { orderEditSetQuantity(id: $id, lineItemId: $line, quantity: $quantity, restock: $restock) { calculatedLineItem { quantity } userErrors { field message } } }"  # noqa: E501
ADD = "mutation Add($id: ID!, $variant: ID!, $quantity: Int!) { orderEditAddVariant(id: $id, variantId: $variant, quantity: $quantity) { calculatedLineItem { id quantity originalUnitPriceSet { shopMoney { amount } } } userErrors { field message } } }"  # noqa: E501
DISCOUNT = "mutation Discount($id: ID!, $line: ID!, $discount: OrderEditAppliedDiscountInput!) { orderEditAddLineItemDiscount(id: $id, lineItemId: $line, discount: $discount) { calculatedLineItem { discountedUnitPriceSet { shopMoney { amount } } } userErrors { field message } } }"  # noqa: E501
COMMIT = "mutation Commit($id: ID!) { orderEditCommit(id: $id) { order { id edited } successMessages userErrors { field message } } }"  # noqa: E501
CANCEL = "mutation Cancel($id: ID!, $restock: Boolean!) { orderCancel(orderId: $id, reason: INVENTORY, restock: $restock, notifyCustomer: false) { job { id done } orderCancelUserErrors { code field message } userErrors { field message } } }"  # noqa: E501
MOVE = "mutation Move($id: ID!, $place: ID!, $lines: [FulfillmentOrderLineItemInput!]) { fulfillmentOrderMove(id: $id, newLocationId: $place, fulfillmentOrderLineItems: $lines) { movedFulfillmentOrder { id assignedLocation { location { name } } } originalFulfillmentOrder { id } remainingFulfillmentOrder { id } userErrors { field message } } }"  # noqa: E501
FULFIL = "mutation Fulfil($fulfillment: FulfillmentInput!) { fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id status totalQuantity } userErrors { field message } } }"  # noqa: E501
UPDATE = "mutation Update($input: OrderInput!) { orderUpdate(input: $input) { order { id tags poNumber } userErrors { field message } } }"  # noqa: E501
DEFINITION = {"namespace": "trueup", "key": "po", "name": "Purchase order", "ownerType": "ORDER", "type": "id"}


def custom_id(value: str) -> list[dict[str, str]]:
    """The metafield that names an order by our own key."""
    return [{"namespace": "trueup", "key": "po", "value": value}]


def location_of(order: dict[str, Any]) -> str:
    """Where Shopify will fulfil a one-place order from."""
    [parent] = order["fulfillmentOrders"]["nodes"]
    name: str = parent["assignedLocation"]["location"]["name"]
    return name


def test_obeying_claims_at_one_location_and_commits() -> None:
    """available falls, committed rises, on_hand stays; Shopify takes the place that has enough."""
    shop = Shop()
    order = shop.ordered(shop.line("PAN-1", 7))
    assert location_of(order) == "West"
    assert shop.stock("PAN-1", "West") == (3, 7, 10)
    assert shop.stock("PAN-1", "East") == (5, 0, 5)


def test_bypass_is_the_default_and_holds_nothing() -> None:
    """An order without options leaves inventory untouched."""
    shop = Shop()
    shop.ordered(shop.line("PAN-1", 7), options={})
    assert shop.stock("PAN-1", "East") == (5, 0, 5)
    assert shop.stock("PAN-1", "West") == (10, 0, 10)


def test_obeying_is_all_or_nothing() -> None:
    """One short line refuses the order: nothing is stored, nothing claimed; 15 in two places are not 11 in one."""
    shop = Shop()
    payload = shop.create(shop.line("PAN-1-X", 1), shop.line("PAN-1", 11))
    assert codes(payload) == ["INVENTORY_CLAIM_FAILED"]
    assert payload["order"] is None
    assert shop.stock("PAN-1-X") == (3, 0, 3)
    assert shop.simulator.state()["orders"] == []


def test_the_same_variant_on_two_lines_is_claimed_together() -> None:
    """Two lines of two of three are four: refused."""
    shop = Shop()
    assert codes(shop.create(shop.line("PAN-1-X", 2), shop.line("PAN-1-X", 2))) == ["INVENTORY_CLAIM_FAILED"]
    shop.ordered(shop.line("PAN-1-X", 2), shop.line("PAN-1-X", 1))
    assert shop.stock("PAN-1-X") == (0, 3, 3)


def test_a_refused_claim_can_look_as_live_shops_show_it() -> None:
    """claim_refusal="invalid": the published code is not used."""
    shop = Shop(claim_refusal="invalid")
    [error] = shop.create(shop.line("PAN-1", 11))["userErrors"]
    assert error == {
        "code": "INVALID",
        "field": ["order", "lineItems"],
        "message": "Line items Unable to reserve inventory",
    }


def test_policy_continue_and_untracked_items() -> None:
    """CONTINUE sells below zero even when obeying; an untracked item claims nothing."""
    shop = Shop()
    shop.ordered(shop.line("POT-2", 4), shop.line("BOOK", 1000))
    assert shop.stock("POT-2") == (-3, 4, 1)
    assert shop.variants["BOOK"].inventory_item.levels == {}


def test_ignoring_policy_oversells_silently() -> None:
    """DENY does not stop DECREMENT_IGNORING_POLICY, and the state remembers how low it went."""
    shop = Shop()
    shop.ordered(shop.line("PAN-1-X", 5), options=IGNORING)
    assert shop.stock("PAN-1-X") == (-2, 5, 3)
    levels = {(each["sku"], each["location"]): each for each in shop.simulator.state()["levels"]}
    assert levels["PAN-1-X", "East"]["lowest_available"] == -2
    assert levels["PAN-1", "East"]["lowest_available"] == 5


def test_an_unknown_variant_is_told_in_three_sentences() -> None:
    """As live shops do; nothing is stored."""
    shop = Shop()
    payload = shop.create({"variantId": "gid://shopify/ProductVariant/1", "quantity": 1})
    assert [error["message"] for error in payload["userErrors"]] == [
        "Order Line items is invalid",
        "Line items Name can't be blank",
        "Line items Title can't be blank",
    ]
    assert shop.simulator.state()["orders"] == []


@pytest.mark.parametrize(
    ("order", "field", "message"),
    [
        ({"lineItems": []}, ["order", "lineItems"], "Line items must have at least one line item"),
        ({"lineItems": [{"title": "X", "quantity": 0}]}, ["order", "lineItems", "0", "quantity"], "greater than 0"),
        ({"sourceName": "pos"}, ["order", "sourceName"], "protected"),
        ({"tags": ["x" * 41]}, ["order", "tags", "0"], "too long"),
    ],
)
def test_orders_that_are_invalid(order: dict[str, Any], field: list[str], message: str) -> None:
    """INVALID, at the place that is wrong."""
    shop = Shop()
    payload = shop.payload(CREATE, order={"lineItems": [shop.line("PAN-1", 1)], **order}, options=OBEYING)
    [error] = payload["userErrors"]
    assert error["code"] == "INVALID"
    assert error["field"] == field
    assert message in error["message"]


def test_top_level_refusals() -> None:
    """A missing order and more than 250 tags are told outside of the payload."""
    shop = Shop()
    missing = shop.refused(CREATE)
    assert missing["extensions"]["code"] == "INVALID_VARIABLE"
    assert missing["extensions"]["problems"] == [{"path": [], "explanation": "Expected value to not be null"}]
    tags = [f"t{number}" for number in range(251)]
    many = shop.refused(CREATE, order={"lineItems": [shop.line("PAN-1", 1)], "tags": tags})
    assert many["extensions"]["code"] == "MAX_INPUT_SIZE_EXCEEDED"


def test_prices_come_from_the_price_set_and_taxes_from_rates() -> None:
    """A line costs its priceSet, rounded to cents, else the variant's price; amounts are written as Ruby writes them."""
    shop = Shop()
    price = {"shopMoney": {"amount": "3.335", "currencyCode": "USD"}}
    tax = {"title": "VAT", "rate": "0.2"}
    order = shop.ordered(shop.line("PAN-1", 3, priceSet=price, taxLines=[tax]), shop.line("BOOK", 1))
    prices = [line["originalUnitPriceSet"]["shopMoney"]["amount"] for line in order["lineItems"]["nodes"]]
    assert prices == ["3.34", "3.0"]
    assert order["taxLines"][0]["priceSet"]["shopMoney"]["amount"] == "2.0"
    assert order["totalPriceSet"]["shopMoney"]["amount"] == "15.02"
    both = shop.create(shop.line("PAN-1", 1, taxLines=[tax]), taxLines=[tax])
    assert codes(both) == ["INVALID"]
    without_rate = {"lineItems": [shop.line("PAN-1", 1, taxLines=[{"title": "VAT"}])]}
    assert shop.refused(CREATE, order=without_rate)["extensions"]["problems"][0]["path"][-1] == "rate"
    euros = {"shopMoney": {"amount": "1", "currencyCode": "EUR"}}
    assert codes(shop.create(shop.line("PAN-1", 1, priceSet=euros))) == ["INVALID"]


def test_what_an_app_writes_on_an_order_is_kept() -> None:
    """PO number, source identifier, tags (tidied), custom attributes; a future processedAt is clamped."""
    shop = Shop()
    order = shop.ordered(
        shop.line("PAN-1", 1, properties=[{"name": "asin", "value": "B0"}]),
        poNumber="PO1",
        sourceIdentifier="amzv:ACME:PO1",
        tags=["b", "A", "b "],
        processedAt="2030-01-01T00:00:00Z",
    )
    assert (order["poNumber"], order["sourceIdentifier"], order["tags"]) == ("PO1", "amzv:ACME:PO1", ["A", "b"])
    assert order["processedAt"] == "2026-11-23T10:00:00Z"
    assert order["lineItems"]["nodes"][0]["customAttributes"] == [{"key": "asin", "value": "B0"}]


def test_custom_id_is_found_at_once_and_may_be_given_twice() -> None:
    """The look-up needs a definition of type id and has no lag; Shopify is not known to refuse a second order."""
    shop = Shop()
    assert shop.refused(BY_CUSTOM_ID, value="PO1")["extensions"]["code"] == "NOT_FOUND"
    definition = shop.act(DEFINE, definition=DEFINITION)["createdDefinition"]
    assert definition["capabilities"]["uniqueValues"]["enabled"] is True
    assert codes(shop.payload(DEFINE, definition=DEFINITION)) == ["TAKEN"]
    assert shop.run(BY_CUSTOM_ID, value="PO1")["orderByIdentifier"] is None
    first = shop.ordered(shop.line("PAN-1", 1), metafields=custom_id("PO1"))
    assert shop.run(BY_CUSTOM_ID, value="PO1")["orderByIdentifier"]["id"] == first["id"]
    shop.ordered(shop.line("PAN-1", 1), metafields=custom_id("PO1"))
    assert shop.run(BY_CUSTOM_ID, value="PO1")["orderByIdentifier"]["id"] == first["id"]
    kind = shop.create(shop.line("PAN-1", 1), metafields=[{**custom_id("PO2")[0], "type": "number_integer"}])
    assert codes(kind) == ["INVALID"]


def test_a_kinder_shop_rejects_a_second_custom_id() -> None:
    """duplicate_custom_id="rejects"."""
    shop = Shop(duplicate_custom_id="rejects")
    shop.act(DEFINE, definition=DEFINITION)
    shop.ordered(shop.line("PAN-1", 1), metafields=custom_id("PO1"))
    again = shop.create(shop.line("PAN-1", 1), metafields=custom_id("PO1"))
    assert again["userErrors"][0]["message"] == "Value has already been taken."
    assert len(shop.simulator.state()["orders"]) == 1


def test_cancelling_is_a_job_and_restocks() -> None:
    """The reply comes first; the order is cancelled and its stock released when the job is done."""
    shop = Shop()
    order = shop.ordered(shop.line("PAN-1", 7))
    job = shop.act(CANCEL, id=order["id"], restock=True)["job"]
    assert job["done"] is False
    assert shop.stock("PAN-1", "West") == (3, 7, 10)
    assert shop.payload(CANCEL, id=order["id"], restock=True)["orderCancelUserErrors"][0]["code"] == "INVALID"
    shop.wait(2)
    assert shop.run("query Job($id: ID!) { job(id: $id) { done } }", id=job["id"])["job"]["done"] is True
    assert shop.stock("PAN-1", "West") == (10, 0, 10)
    after = shop.run(ORDER, id=order["id"])["order"]
    assert (after["cancelReason"], after["closed"], after["displayFulfillmentStatus"]) == (
        "INVENTORY",
        True,
        "RESTOCKED",
    )
    assert shop.payload(CANCEL, id=order["id"], restock=True)["orderCancelUserErrors"][0]["message"].endswith(
        "already been canceled"
    )
    assert shop.payload(BEGIN, id=order["id"])["userErrors"][0]["message"] == "The order cannot be edited."


def test_cancelling_without_restock_takes_the_units_away() -> None:
    """committed and on_hand fall, available stays."""
    shop = Shop()
    order = shop.ordered(shop.line("PAN-1", 7))
    shop.act(CANCEL, id=order["id"], restock=False)
    shop.wait(2)
    assert shop.stock("PAN-1", "West") == (3, 0, 3)


def test_bypassed_units_are_not_given_back() -> None:
    """What was never claimed is never restocked: cancelling cannot invent stock."""
    shop = Shop()
    order = shop.ordered(shop.line("PAN-1", 7), options={})
    shop.act(CANCEL, id=order["id"], restock=True)
    shop.wait(2)
    assert shop.stock("PAN-1") == (5, 0, 5)


def test_editing_moves_committed_with_the_quantities() -> None:
    """A line down with restock, a line added, a discount: nothing moves before the commit."""
    shop = Shop()
    order = shop.ordered(shop.line("PAN-1", 4))
    session = shop.act(BEGIN, id=order["id"])["calculatedOrder"]
    line = session["lineItems"]["nodes"][0]["id"]
    assert shop.act(SET_QUANTITY, id=session["id"], line=line, quantity=1, restock=True)["calculatedLineItem"] == {
        "quantity": 1
    }
    added = shop.act(ADD, id=session["id"], variant=shop.variants["PAN-1-X"].id, quantity=2)["calculatedLineItem"]
    assert added["originalUnitPriceSet"]["shopMoney"]["amount"] == "99.0"
    discount = {"fixedValue": {"amount": "90", "currencyCode": "USD"}}
    cut = shop.act(DISCOUNT, id=session["id"], line=added["id"], discount=discount)["calculatedLineItem"]
    assert cut["discountedUnitPriceSet"]["shopMoney"]["amount"] == "9.0"
    assert shop.stock("PAN-1") == (1, 4, 5)
    shop.act(COMMIT, id=session["id"])
    assert shop.stock("PAN-1") == (4, 1, 5)
    assert shop.stock("PAN-1-X") == (1, 2, 3)
    after = shop.run(ORDER, id=order["id"])["order"]
    assert after["edited"] is True
    assert after["currentTotalPriceSet"]["shopMoney"]["amount"] == "30.5"
    assert shop.payload(COMMIT, id=session["id"])["userErrors"][0]["field"] == ["id"]


def test_raising_a_quantity_claims_more() -> None:
    """An edit claims without asking the policy."""
    shop = Shop()
    order = shop.ordered(shop.line("PAN-1-X", 1))
    session = shop.act(BEGIN, id=order["id"])["calculatedOrder"]
    line = session["lineItems"]["nodes"][0]["id"]
    shop.act(SET_QUANTITY, id=session["id"], line=line, quantity=4)
    shop.act(COMMIT, id=session["id"])
    assert shop.stock("PAN-1-X") == (-1, 4, 3)


def test_moving_takes_the_claim_along() -> None:
    """The whole order, then a part of it; a place that does not stock the item is refused."""
    shop = Shop()
    order = shop.ordered(shop.line("PAN-1", 4))
    [parent] = order["fulfillmentOrders"]["nodes"]
    moved = shop.act(MOVE, id=parent["id"], place=shop.places["West"])
    assert moved["movedFulfillmentOrder"]["id"] == parent["id"]
    assert shop.stock("PAN-1", "East") == (5, 0, 5)
    assert shop.stock("PAN-1", "West") == (6, 4, 10)
    part = [{"id": parent["lineItems"]["nodes"][0]["id"], "quantity": 1}]
    split = shop.act(MOVE, id=parent["id"], place=shop.places["East"], lines=part)
    assert split["movedFulfillmentOrder"]["assignedLocation"]["location"]["name"] == "East"
    assert split["remainingFulfillmentOrder"]["id"] == parent["id"]
    assert (shop.stock("PAN-1", "East"), shop.stock("PAN-1", "West")) == ((4, 1, 5), (7, 3, 10))
    other = shop.ordered(shop.line("PAN-1-X", 1))["fulfillmentOrders"]["nodes"][0]
    refused = shop.payload(MOVE, id=other["id"], place=shop.places["West"])
    assert "stocked" in refused["userErrors"][0]["message"]


def test_fulfilling_lowers_committed_and_on_hand() -> None:
    """In parts; more than remains is refused; a fulfilled order cannot be cancelled."""
    shop = Shop()
    order = shop.ordered(shop.line("PAN-1", 4))
    [parent] = order["fulfillmentOrders"]["nodes"]
    rows = [{"id": parent["lineItems"]["nodes"][0]["id"], "quantity": 3}]
    given = {"lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": parent["id"], "fulfillmentOrderLineItems": rows}]}
    made = shop.act(FULFIL, fulfillment={**given, "trackingInfo": {"number": "1Z", "company": "UPS"}})
    assert made["fulfillment"]["totalQuantity"] == 3
    assert shop.stock("PAN-1") == (1, 1, 2)
    assert shop.payload(FULFIL, fulfillment=given)["userErrors"][0]["message"].startswith(
        "Invalid fulfillment order line item"
    )
    assert (
        "outstanding fulfillments"
        in shop.payload(CANCEL, id=order["id"], restock=True)["orderCancelUserErrors"][0]["message"]
    )
    rest = {"lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": parent["id"]}]}
    shop.act(FULFIL, fulfillment=rest)
    assert shop.stock("PAN-1") == (1, 0, 1)
    assert "status= closed" in shop.payload(FULFIL, fulfillment=rest)["userErrors"][0]["message"]
    assert shop.run(ORDER, id=order["id"])["order"]["displayFulfillmentStatus"] == "FULFILLED"


def test_updating_overwrites_lists_and_tags_are_added() -> None:
    """orderUpdate with an id alone does nothing and says so."""
    shop = Shop()
    order = shop.ordered(shop.line("PAN-1", 1), tags=["a", "b"])
    updated = shop.act(UPDATE, input={"id": order["id"], "tags": ["c"], "poNumber": "PO9"})["order"]
    assert (updated["tags"], updated["poNumber"]) == (["c"], "PO9")
    nothing = shop.payload(UPDATE, input={"id": order["id"]})
    assert nothing["userErrors"][0]["message"] == "No valid update parameters have been provided"
    add = 'mutation Tag($id: ID!) { tagsAdd(id: $id, tags: ["d", "C"]) { node { id } userErrors { field message } } }'
    shop.act(add, id=order["id"])
    assert shop.run(ORDER, id=order["id"])["order"]["tags"] == ["c", "d"]


def test_metafields_are_set_by_digest() -> None:
    """All or none; null says it must not exist; another's change makes the digest stale; a unique id is refused."""
    shop = Shop()
    text = """mutation Put($metafields: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $metafields) {
      metafields { key value compareDigest } userErrors { code field message } } }"""
    order, other = (shop.ordered(shop.line("BOOK", 1))["id"] for _ in range(2))
    field = {"ownerId": order, "namespace": "trueup", "key": "cost", "type": "number_decimal"}
    [made] = shop.act(text, metafields=[{**field, "value": "3.3333", "compareDigest": None}])["metafields"]
    assert codes(shop.payload(text, metafields=[{**field, "value": "4", "compareDigest": None}])) == ["STALE_OBJECT"]
    shop.act(text, metafields=[{**field, "value": "5", "compareDigest": made["compareDigest"]}])
    good, bad = {**field, "value": "6"}, {**field, "key": "other", "value": "six"}
    assert codes(shop.payload(text, metafields=[good, bad])) == ["INVALID_VALUE"]
    assert shop.run(ORDER, id=order)["order"]["metafields"]["nodes"][0]["value"] == "5"
    assert codes(shop.payload(text, metafields=[good] * 26)) == ["LESS_THAN_OR_EQUAL_TO"]
    shop.act(DEFINE, definition=DEFINITION)
    shop.act(text, metafields=[{"ownerId": order, "namespace": "trueup", "key": "po", "value": "PO1"}])
    assert codes(
        shop.payload(text, metafields=[{"ownerId": other, "namespace": "trueup", "key": "po", "value": "PO1"}])
    ) == ["TAKEN"]


def test_total_inventory_of_a_product_lags() -> None:
    """Variant and levels are right at once, the product's total only later."""
    shop = Shop()
    text = "query Product($id: ID!) { product(id: $id) { totalInventory variants(first: 1) { nodes { inventoryQuantity } } } }"
    product = shop.variants["PAN-1"].product.id
    shop.ordered(shop.line("PAN-1", 2))
    found = shop.run(text, id=product)["product"]
    assert (found["totalInventory"], found["variants"]["nodes"][0]["inventoryQuantity"]) == (18, 13)
    shop.wait(60)
    assert shop.run(text, id=product)["product"]["totalInventory"] == 16


def test_companies_need_a_shop_with_them() -> None:
    """companyLocationId on plus; elsewhere ACCESS_DENIED."""
    plus, standard = Shop(plan="plus"), Shop()
    branch = plus.simulator.add_company_location("Amazon", "LEX1").id
    plus.ordered(plus.line("PAN-1", 1), companyLocationId=branch)
    assert plus.simulator.state()["orders"][0]["company_location"] == branch
    other = standard.simulator.add_company_location("Amazon", "LEX1").id
    order = {"lineItems": [standard.line("PAN-1", 1)], "companyLocationId": other}
    assert standard.refused(CREATE, order=order)["extensions"]["code"] == "ACCESS_DENIED"


def test_old_orders_need_their_own_scope() -> None:
    """After 60 days an order is gone for a token without read_all_orders, and still there for one with it."""
    shop = Shop()
    order = shop.ordered(shop.line("PAN-1", 1))
    shop.simulator.set_clock(NOW.replace(year=2027))
    shop.token = shop.simulator.issue_token("trueup-app")
    assert shop.run(ORDER, id=order["id"])["order"] is None
    shop.simulator.add_app("archive", "s", "read_orders read_all_orders read_merchant_managed_fulfillment_orders")
    shop.token = shop.simulator.issue_token("archive")
    assert shop.run(ORDER, id=order["id"])["order"]["name"] == "#1001"
