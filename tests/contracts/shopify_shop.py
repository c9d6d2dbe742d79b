"""A shop before the Shopify simulator: two locations, a few products, and an app whose every document is checked against the
complete published schema before it is sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Unpack
from uuid import uuid4

import msgspec
from graphql import parse, validate

from tests.contracts.published import shopify_schema
from trueup.simulators.shopify import ALL_SCOPES, ShopifySimulator
from trueup.simulators.shopify.settings import Plan
from trueup.simulators.shopify.simulator import ShopChoices

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
CLIENT_ID, CLIENT_SECRET = "trueup-app", "very-hidden"
OBEYING = {"inventoryBehaviour": "DECREMENT_OBEYING_POLICY"}
IGNORING = {"inventoryBehaviour": "DECREMENT_IGNORING_POLICY"}

PRODUCTS: list[dict[str, Any]] = [
    {
        "title": "Pan",
        "vendor": "Acme",
        "metafields": [{"namespace": "supercycle", "key": "supercycle_enabled", "type": "boolean", "value": "true"}],
        "variants": [
            {
                "sku": "PAN-1",
                "price": "12.50",
                "cost": "5.25",
                "barcode": "0012345678905",
                "metafields": [{"namespace": "custom", "key": "case_pack", "type": "number_integer", "value": "6"}],
                "levels": {"East": 5, "West": 10},
            },
            {"sku": "PAN-1-X", "price": "99.00", "levels": {"East": 3}},
        ],
    },
    {
        "title": "Pot",
        "variants": [{"sku": "POT-2", "price": "20", "inventoryPolicy": "CONTINUE", "levels": {"East": 1}}],
    },
    {"title": "Ebook", "variants": [{"sku": "BOOK", "price": "3", "tracked": False}]},
    {"title": "Set", "variants": [{"sku": "SET", "price": "30", "bundle": True, "levels": {"East": 2}}]},
]

CREATE = """
mutation Create($order: OrderCreateOrderInput!, $options: OrderCreateOptionsInput) {
  orderCreate(order: $order, options: $options) {
    order {
      id name number poNumber sourceIdentifier sourceName tags displayFinancialStatus processedAt
      totalPriceSet { shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }
      taxLines { title rate priceSet { shopMoney { amount } } }
      lineItems(first: 10) { nodes { id sku title quantity currentQuantity customAttributes { key value }
        originalUnitPriceSet { shopMoney { amount currencyCode } } } }
      fulfillmentOrders(first: 5) { nodes { id status assignedLocation { location { id name } }
        lineItems(first: 10) { nodes { id sku remainingQuantity totalQuantity } } } }
    }
    userErrors { code field message }
  }
}"""
LEVEL = """
query Level($item: ID!, $place: ID!) {
  inventoryItem(id: $item) { inventoryLevel(locationId: $place) { id isActive quantities(names:
    ["available", "on_hand", "committed", "reserved", "incoming", "safety_stock", "damaged", "quality_control"]
  ) { name quantity } } }
}"""
VARIANT = """
query Variant($query: String) {
  productVariants(first: 10, query: $query) { nodes { id sku barcode price inventoryQuantity inventoryPolicy
    product { id title totalInventory metafield(namespace: "supercycle", key: "supercycle_enabled") { value jsonValue } }
    metafield(namespace: "custom", key: "case_pack") { value type jsonValue }
    inventoryItem { id sku tracked unitCost { amount currencyCode } } } }
}"""
ORDER = """
query Order($id: ID!) {
  order(id: $id) {
    id name cancelledAt cancelReason closed edited tags note poNumber displayFulfillmentStatus displayFinancialStatus
    currentTotalPriceSet { shopMoney { amount } }
    lineItems(first: 10) { nodes { id sku quantity currentQuantity unfulfilledQuantity
      discountedUnitPriceSet { shopMoney { amount } } } }
    fulfillments(first: 5) { id totalQuantity location { name } trackingInfo { number } }
    fulfillmentOrders(first: 5) { nodes { id status assignedLocation { location { id name } }
      lineItems(first: 10) { nodes { id sku remainingQuantity totalQuantity } } } }
    metafields(first: 10) { nodes { namespace key type value compareDigest } }
  }
}"""
DEFINE = """
mutation Define($definition: MetafieldDefinitionInput!) {
  metafieldDefinitionCreate(definition: $definition) {
    createdDefinition { id namespace key type { name } capabilities { uniqueValues { enabled } } }
    userErrors { code field message }
  }
}"""
BY_CUSTOM_ID = """
query Find($value: String!) {
  orderByIdentifier(identifier: {customId: {namespace: "trueup", key: "po", value: $value}}) { id name }
}"""
SEARCH = """
query Search($query: String, $first: Int = 50, $after: String, $sort: OrderSortKeys, $reverse: Boolean) {
  orders(first: $first, after: $after, query: $query, sortKey: $sort, reverse: $reverse) {
    nodes { id name tags } pageInfo { hasNextPage endCursor }
  }
}"""


@cache
def _published_errors(text: str) -> tuple[str, ...]:
    return tuple(error.message for error in validate(shopify_schema(), parse(text)))


class Shop:
    """A simulator, its app, and the clock that stands still until moved."""

    def __init__(self, plan: Plan = "standard", **choices: Unpack[ShopChoices]) -> None:
        choices.setdefault("deliver_in_background", False)
        self.simulator = ShopifySimulator(7, plan=plan, **choices)
        self.simulator.set_clock(NOW)
        self.places = {name: self.simulator.add_location(name).id for name in ("East", "West")}
        self.simulator.add_products(PRODUCTS)
        self.simulator.add_app(CLIENT_ID, CLIENT_SECRET, ALL_SCOPES)
        self.token = self.simulator.issue_token(CLIENT_ID)
        self.variants = {each.sku: each for each in self.simulator.world.variants if each.sku}

    def send(self, text: str, *, published: bool = True, **variables: Any) -> dict[str, Any]:
        """The whole reply to a document, which must be valid by the published schema unless said otherwise."""
        assert not published or not _published_errors(text), _published_errors(text)
        body = msgspec.json.encode({"query": text, "variables": variables})
        reply = self.simulator.answer_graphql(self.token, body)
        assert reply.status == 200, reply
        answer: dict[str, Any] = msgspec.json.decode(reply.body)
        return answer

    def run(self, text: str, **variables: Any) -> dict[str, Any]:
        """The data of a reply without top-level errors."""
        answer = self.send(text, **variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def refused(self, text: str, **variables: Any) -> dict[str, Any]:
        """The one top-level error of a reply."""
        errors = self.send(text, **variables)["errors"]
        assert len(errors) == 1, errors
        error: dict[str, Any] = errors[0]
        return error

    def act(self, text: str, **variables: Any) -> dict[str, Any]:
        """The payload of a document's one mutation, which must succeed."""
        payload = self.payload(text, **variables)
        assert payload["userErrors"] == [], payload
        return payload

    def payload(self, text: str, **variables: Any) -> dict[str, Any]:
        """The payload of a document's one mutation."""
        [payload] = self.run(text, **variables).values()
        found: dict[str, Any] = payload
        return found

    def line(self, sku: str, quantity: int, **more: Any) -> dict[str, Any]:
        """A line of an order."""
        return {"variantId": self.variants[sku].id, "quantity": quantity, **more}

    def create(self, *lines: dict[str, Any], options: dict[str, Any] | None = None, **order: Any) -> dict[str, Any]:
        """The payload of orderCreate."""
        given = {"lineItems": list(lines), **order}
        return self.payload(CREATE, order=given, options=OBEYING if options is None else options)

    def ordered(self, *lines: dict[str, Any], options: dict[str, Any] | None = None, **order: Any) -> dict[str, Any]:
        """The order that orderCreate made."""
        payload = self.create(*lines, options=options, **order)
        assert payload["userErrors"] == [], payload
        made: dict[str, Any] = payload["order"]
        return made

    def counts(self, sku: str, place: str = "East") -> dict[str, int]:
        """The states of a SKU at a location."""
        item = self.variants[sku].inventory_item.id
        level = self.run(LEVEL, item=item, place=self.places[place])["inventoryItem"]["inventoryLevel"]
        return {each["name"]: each["quantity"] for each in level["quantities"]}

    def stock(self, sku: str, place: str = "East") -> tuple[int, int, int]:
        """(available, committed, on_hand)."""
        counts = self.counts(sku, place)
        return counts["available"], counts["committed"], counts["on_hand"]

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.simulator.set_clock(self.simulator.now() + timedelta(seconds=seconds))


def key() -> str:
    """A fresh idempotency key."""
    return str(uuid4())


def codes(payload: dict[str, Any]) -> list[str]:
    """The codes of a payload's errors."""
    return [error["code"] for error in payload["userErrors"]]
