"""What the connector sends to Shopify, against what Shopify published, and the app configuration against both."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any

import pytest
from graphql import (
    FieldNode,
    GraphQLEnumType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    parse,
    validate,
    visit,
)

from tests.contracts.published import shopify_schema
from trueup.connectors.shopify.credit_operations import CREDIT_OPERATIONS
from trueup.connectors.shopify.export_operations import EXPORT_OPERATIONS
from trueup.connectors.shopify.operations import LEVELS_A_REQUEST, OPERATIONS, Operation
from trueup.connectors.shopify.sale_operations import SALE_OPERATIONS
from trueup.connectors.shopify.scopes import SCOPES
from trueup.connectors.shopify.settings import API_VERSION
from trueup.connectors.shopify.showcase_operations import PRODUCTS_A_REQUEST, SHOWCASE_OPERATIONS
from trueup.connectors.shopify.stock_operations import ITEMS_A_REQUEST, STOCK_OPERATIONS
from trueup.connectors.shopify.webhooks import TOPICS

# What Shopify's schema says each type and mutation demands (`offline_scopes` of the 2026-10 schema): any one is enough.
_FULFILLMENT = {"assigned", "merchant_managed", "third_party"}
DEMANDS: dict[str, set[str]] = {
    "Order": {"read_orders", "read_marketplace_orders", "read_quick_sale"},
    "LineItem": {"read_orders", "read_marketplace_orders"},
    "FulfillmentOrder": {f"read_{kind}_fulfillment_orders" for kind in _FULFILLMENT},
    "FulfillmentOrderLineItem": {f"read_{kind}_fulfillment_orders" for kind in _FULFILLMENT},
    "FulfillmentOrderAssignedLocation": {f"read_{kind}_fulfillment_orders" for kind in _FULFILLMENT},
    "InventoryItem": {"read_inventory", "read_products"},
    "InventoryLevel": {"read_inventory"},
    "inventorySetQuantities": {"write_inventory"},
    "inventoryMoveQuantities": {"write_inventory"},
    "InventoryQuantity": {"read_inventory"},
    "ProductVariant": {"read_products"},
    "Product": {"read_products"},
    "Location": {"read_locations", "read_inventory", "read_markets_home"},
    "CompanyLocation": {"read_customers", "read_companies"},
    "CalculatedOrder": {"read_order_edits"},
    "CalculatedLineItem": {"read_order_edits"},
    "orderCreate": {"write_orders"},
    "orderCancel": {"write_orders", "write_marketplace_orders"},
    "orderEditBegin": {"write_order_edits"},
    "orderEditAddVariant": {"write_order_edits"},
    "orderEditSetQuantity": {"write_order_edits"},
    "orderEditAddLineItemDiscount": {"write_order_edits"},
    "orderEditCommit": {"write_order_edits"},
    "fulfillmentOrderMove": {"write_merchant_managed_fulfillment_orders", "write_third_party_fulfillment_orders"},
    "metafieldDefinitionCreate": {"write_orders", "write_products"},
    "metafieldsSet": {"write_orders", "write_products"},
    "metafieldDefinitions": {"read_orders", "read_products"},
    "Metaobject": {"read_metaobjects"},
    "MetaobjectDefinition": {"read_metaobject_definitions"},
    "metaobjectUpsert": {"write_metaobjects"},
    "metaobjectDefinitionCreate": {"write_metaobject_definitions"},
    "Customer": {"read_customers"},
    "GiftCard": {"read_gift_cards"},
    "giftCardCreate": {"write_gift_cards"},
    "giftCardDeactivate": {"write_gift_cards"},
    "StoreCreditAccount": {"read_store_credit_accounts"},
    "StoreCreditAccountTransaction": {"read_store_credit_account_transactions"},
    "storeCreditAccountCredit": {"write_store_credit_account_transactions"},
}
DOCUMENTS = (
    *EXPORT_OPERATIONS,
    *SHOWCASE_OPERATIONS,
    *OPERATIONS,
    *STOCK_OPERATIONS,
    *CREDIT_OPERATIONS,
    *SALE_OPERATIONS,
)
LARGEST_QUERY_COST = 1000


def app_configuration() -> dict[str, Any]:
    """The app as the project ships it."""
    path = resources.files("trueup.connectors.shopify") / "app" / "shopify.app.toml"
    return tomllib.loads(path.read_text("utf-8"))


def has(granted: set[str] | tuple[str, ...], demanded: set[str]) -> bool:
    """Whether one of the demanded scopes is granted; a write scope brings its read scope."""
    return any(scope in granted or f"write_{scope.removeprefix('read_')}" in granted for scope in demanded)


@pytest.mark.parametrize("operation", DOCUMENTS, ids=lambda operation: operation.name)
def test_document_is_valid_in_the_published_schema(operation: Operation) -> None:
    """Each document that is sent validates against Shopify's complete schema."""
    assert validate(shopify_schema(), parse(operation.text)) == []


@pytest.mark.parametrize("operation", DOCUMENTS, ids=lambda operation: operation.name)
def test_document_demands_only_its_scopes(operation: Operation) -> None:
    """Everything a document touches is allowed by the scopes it states."""
    info = TypeInfo(shopify_schema())
    touched: set[str] = set()

    class Touched(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            kind = info.get_type()
            assert kind is not None
            touched.update((node.name.value, get_named_type(kind).name))

    visit(parse(operation.text), TypeInfoVisitor(info, Touched()))
    assert {name for name in touched if name in DEMANDS and not has(operation.scopes, DEMANDS[name])} == set()


def test_app_configuration_lists_every_scope_and_no_other() -> None:
    """The app configuration asks for exactly the scopes that operations need and that `trueup check` explains."""
    access = app_configuration()["access_scopes"]
    required, optional = set(access["scopes"].split(",")), set(access["optional_scopes"])
    assert required == {scope.handle for scope in SCOPES if not scope.optional}
    assert optional == {scope.handle for scope in SCOPES if scope.optional}
    needed = {scope for operation in DOCUMENTS for scope in operation.scopes}
    assert {scope for scope in needed if not has(required | optional, {scope})} == set()
    used = {scope for scope in required | optional if scope in needed or scope.replace("write_", "read_") in needed}
    assert used >= required


def test_app_configuration_names_topics_that_exist() -> None:
    """Webhooks are of the version we speak, and each topic is one of Shopify's."""
    webhooks = app_configuration()["webhooks"]
    topics = shopify_schema().type_map["WebhookSubscriptionTopic"]
    assert isinstance(topics, GraphQLEnumType)
    named = [topic for each in webhooks["subscriptions"] for topic in each["topics"]]
    assert [topic for topic in named if topic.upper().replace("/", "_") not in topics.values] == []
    assert webhooks["api_version"] == API_VERSION
    assert {topic.upper().replace("/", "_") for topic in named} == set(TOPICS)


def test_no_document_can_cost_too_much() -> None:
    """The largest request of each document stays below what Shopify runs at all."""
    sizes = {"Levels": LEVELS_A_REQUEST, "Stock": ITEMS_A_REQUEST, "FieldsOf": PRODUCTS_A_REQUEST}
    most = {
        operation.name: operation.estimated_cost({operation.counted: [""] * sizes.get(operation.name, 100)})
        for operation in DOCUMENTS
    }
    assert {name: cost for name, cost in most.items() if cost > LARGEST_QUERY_COST} == {}
