"""Order editing in Shopify: where raised quantities come from, and what a line under edit shows."""

from __future__ import annotations

from tests.contracts.shopify_shop import Shop
from tests.contracts.test_shopify_simulator_orders import ADD, BEGIN, COMMIT, SET_QUANTITY, location_of


def test_raising_a_quantity_claims_where_the_editor_says() -> None:
    """`locationId` names the place; one that does not exist is refused."""
    shop = Shop()
    order = shop.ordered(shop.line("PAN-1", 4))
    assert location_of(order) == "East"
    session = shop.act(BEGIN, id=order["id"])["calculatedOrder"]
    line = session["lineItems"]["nodes"][0]["id"]
    query = SET_QUANTITY.replace("$restock: Boolean", "$place: ID").replace("restock: $restock", "locationId: $place")
    refused = shop.payload(query, id=session["id"], line=line, quantity=6, place="gid://shopify/Location/999999")
    assert [error["field"] for error in refused["userErrors"]] == [["locationId"]]
    shop.act(query, id=session["id"], line=line, quantity=6, place=shop.places["West"])
    shop.act(COMMIT, id=session["id"])
    assert (shop.stock("PAN-1", "East"), shop.stock("PAN-1", "West")) == ((1, 4, 5), (8, 2, 10))


def test_a_line_under_edit_shows_the_attributes_of_its_line() -> None:
    """What orderCreate was given; an added line has none."""
    shop = Shop()
    line = {**shop.line("PAN-1", 4), "properties": [{"name": "line", "value": "7"}]}
    order = shop.ordered(line)
    begin = BEGIN.replace("id sku quantity", "sku customAttributes { key value }")
    session = shop.act(begin, id=order["id"])["calculatedOrder"]
    assert session["lineItems"]["nodes"] == [{"sku": "PAN-1", "customAttributes": [{"key": "line", "value": "7"}]}]
    add = ADD.replace("calculatedLineItem { id quantity", "calculatedLineItem { customAttributes { key } quantity")
    added = shop.act(add, id=session["id"], variant=shop.variants["PAN-1-X"].id, quantity=1)["calculatedLineItem"]
    assert added["customAttributes"] == []
