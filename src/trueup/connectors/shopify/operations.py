"""Every GraphQL document that is sent to Shopify, what it may cost, and which access scopes it demands.

Costs are Shopify's documented rule, rounded up: an object 1, a page 2 and its nodes, a mutation 10, scalars nothing; a list
that is no page 1, each object asked for by its id as much as one; no document may ask for more than 1000. The page sizes below
keep all of them under that. Tests validate each document against the published schema and hold each cost against what a shop
says it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NAMESPACE = "trueup"
ORDER_KEY = "purchase_order"
"""Order metafield of type `id`: our key of the order, unique in the shop, looked up without a search index."""
COSTS_KEY = "exact_costs"
"""Order metafield: what each line's price stands for, exactly."""

VARIANTS_A_PAGE = 100
LEVELS_A_REQUEST = 250
STAGED_LINES_A_PAGE = 100
_ORDER_LINES = 25
_ORDER_PLACES = 3

_MUTATION = 10


@dataclass(frozen=True, slots=True)
class Operation:
    """One document. `scopes` are those it cannot do without; `counted` names the list variable that `cost_each` is for.

    `share` is how much of the shop's budget it may use up: what can wait leaves the rest to what cannot.
    """

    text: str
    scopes: tuple[str, ...]
    cost: int
    counted: str = ""
    cost_each: int = 0
    share: float = 1.0

    @property
    def writes(self) -> bool:
        """Whether it changes something there."""
        return self.text.startswith("mutation")

    @property
    def name(self) -> str:
        """The operation's name."""
        return re.split(r"[\s({]", self.text, maxsplit=2)[1]

    def size(self, variables: Mapping[str, Any]) -> int:
        """How many things the request asks about."""
        return len(variables[self.counted]) if self.counted else 1

    def estimated_cost(self, variables: Mapping[str, Any]) -> int:
        """The most it may ask for."""
        return self.cost + self.cost_each * self.size(variables)


_SHOWN_LINE = """fragment ShownLine on LineItem {
  id sku currentQuantity variant { id } customAttributes { key value }
  discountedUnitPriceSet { shopMoney { amount currencyCode } }
}"""
_SHOWN_LINE_COST = 5

_PLACE_LINE = "fragment PlaceLine on FulfillmentOrderLineItem { remainingQuantity lineItem { id } }"

_PLACE = f"""fragment Place on FulfillmentOrder {{
  id status assignedLocation {{ location {{ id }} }}
  lineItems(first: {_ORDER_LINES}) {{ nodes {{ ...PlaceLine }} pageInfo {{ hasNextPage endCursor }} }}
}}
{_PLACE_LINE}"""
_PLACE_COST = 3 + 2 + 2 * _ORDER_LINES + 1

_SHOWN = f"""fragment Shown on Order {{
  id name cancelledAt updatedAt
  key: metafield(namespace: "{NAMESPACE}", key: "{ORDER_KEY}") {{ value }}
  costs: metafield(namespace: "{NAMESPACE}", key: "{COSTS_KEY}") {{ value }}
  lineItems(first: {_ORDER_LINES}) {{ nodes {{ ...ShownLine }} pageInfo {{ hasNextPage endCursor }} }}
  fulfillmentOrders(first: {_ORDER_PLACES}) {{ nodes {{ ...Place }} pageInfo {{ hasNextPage endCursor }} }}
}}
{_SHOWN_LINE}
{_PLACE}"""
_SHOWN_COST = 3 + 2 + _SHOWN_LINE_COST * _ORDER_LINES + 1 + 2 + _PLACE_COST * _ORDER_PLACES + 1

_STAGED = """fragment Staged on CalculatedLineItem {
  id quantity variant { id }
  originalUnitPriceSet { shopMoney { amount currencyCode } }
  discountedUnitPriceSet { shopMoney { amount currencyCode } }
}"""
_STAGED_COST = 6

_READ_ORDER = ("read_orders", "read_products", "read_merchant_managed_fulfillment_orders", "read_locations")
_EDIT = ("write_order_edits", "read_products")

INSTALLATION = Operation(
    """query Installation {
  shop { name myshopifyDomain currencyCode plan { publicDisplayName } }
  publicApiVersions { handle supported displayName }
  currentAppInstallation { accessScopes { handle } }
}""",
    (),
    10,
)

LOCATIONS = Operation(
    """query Locations($after: String) {
  locations(first: 100, after: $after, includeInactive: true) {
    nodes { id name isActive fulfillsOnlineOrders } pageInfo { hasNextPage endCursor }
  }
}""",
    ("read_locations",),
    103,
)

COMPANY_LOCATION = Operation(
    "query CompanyLocation($id: ID!) { companyLocation(id: $id) { id name company { name } } }", ("read_companies",), 2
)

VARIANT_FIELDS = """id sku title barcode
      inventoryItem { id tracked }
      pack: metafield(namespace: $packNamespace, key: $packKey) { value }
      product { id title status circular: metafield(namespace: "supercycle", key: "supercycle_enabled") { value } }"""
VARIANTS = Operation(
    f"""query Variants($after: String, $query: String, $packNamespace: String!, $packKey: String!) {{
  productVariants(first: {VARIANTS_A_PAGE}, after: $after, query: $query, sortKey: ID) {{
    nodes {{
      {VARIANT_FIELDS}
    }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}""",
    ("read_products", "read_inventory"),
    3 + 5 * VARIANTS_A_PAGE,
)

LEVELS = Operation(
    """query Levels($ids: [ID!]!, $location: ID!) {
  location(id: $location) { id isActive }
  nodes(ids: $ids) {
    ... on InventoryItem {
      id sku tracked
      inventoryLevel(locationId: $location) {
        quantities(
          names: ["available", "committed", "damaged", "incoming", "on_hand", "quality_control", "reserved", "safety_stock"]
        ) {
          name quantity
        }
      }
    }
  }
}""",
    ("read_inventory", "read_locations"),
    1,
    "ids",
    3,
)

DEFINITIONS = Operation(
    f"""query Definitions {{
  metafieldDefinitions(first: 1, ownerType: ORDER, namespace: "{NAMESPACE}", key: "{ORDER_KEY}") {{
    nodes {{ id type {{ name }} capabilities {{ uniqueValues {{ enabled }} }} }}
  }}
}}""",
    ("read_orders",),
    8,
)

DEFINE = Operation(
    """mutation Define($definition: MetafieldDefinitionInput!) {
  metafieldDefinitionCreate(definition: $definition) { createdDefinition { id } userErrors { code field message } }
}""",
    ("write_orders",),
    _MUTATION + 2,
)

ORDER_BY_KEY = Operation(
    f"""query OrderByKey($value: String!) {{
  orderByIdentifier(identifier: {{customId: {{namespace: "{NAMESPACE}", key: "{ORDER_KEY}", value: $value}}}}) {{ ...Shown }}
}}
{_SHOWN}""",
    _READ_ORDER,
    _SHOWN_COST,
)

ORDER = Operation(
    f"query Order($id: ID!) {{ order(id: $id) {{ ...Shown }} }}\n{_SHOWN}",
    _READ_ORDER,
    _SHOWN_COST,
)

ORDER_LINES = Operation(
    f"""query OrderLines($id: ID!, $after: String) {{
  order(id: $id) {{ lineItems(first: 100, after: $after) {{ nodes {{ ...ShownLine }} pageInfo {{ hasNextPage endCursor }} }} }}
}}
{_SHOWN_LINE}""",
    ("read_orders", "read_products"),
    4 + 100 * _SHOWN_LINE_COST,
)

ORDER_PLACES = Operation(
    f"""query OrderPlaces($id: ID!, $after: String) {{
  order(id: $id) {{
    fulfillmentOrders(first: 10, after: $after) {{ nodes {{ ...Place }} pageInfo {{ hasNextPage endCursor }} }}
  }}
}}
{_PLACE}""",
    _READ_ORDER,
    4 + 10 * _PLACE_COST,
)

PLACE_LINES = Operation(
    f"""query PlaceLines($id: ID!, $after: String) {{
  fulfillmentOrder(id: $id) {{
    lineItems(first: 200, after: $after) {{ nodes {{ ...PlaceLine }} pageInfo {{ hasNextPage endCursor }} }}
  }}
}}
{_PLACE_LINE}""",
    ("read_orders", "read_merchant_managed_fulfillment_orders"),
    4 + 2 * 200,
)

CREATE = Operation(
    f"""mutation OrderCreate($order: OrderCreateOrderInput!, $options: OrderCreateOptionsInput!) {{
  orderCreate(order: $order, options: $options) {{ order {{ ...Shown }} userErrors {{ code field message }} }}
}}
{_SHOWN}""",
    ("write_orders", *_READ_ORDER),
    _MUTATION + 1 + _SHOWN_COST,
)

SET_METAFIELDS = Operation(
    """mutation SetMetafields($metafields: [MetafieldsSetInput!]!) {
  metafieldsSet(metafields: $metafields) { metafields { id } userErrors { code field message } }
}""",
    ("write_orders",),
    _MUTATION + 2,
)

EDIT_BEGIN = Operation(
    f"""mutation EditBegin($id: ID!) {{
  orderEditBegin(id: $id) {{
    calculatedOrder {{
      id
      lineItems(first: {STAGED_LINES_A_PAGE}) {{ nodes {{ ...Staged }} pageInfo {{ hasNextPage endCursor }} }}
    }}
    userErrors {{ field message }}
  }}
}}
{_STAGED}""",
    _EDIT,
    _MUTATION + 4 + _STAGED_COST * STAGED_LINES_A_PAGE,
)

EDIT_LINES = Operation(
    f"""query EditLines($id: ID!, $after: String) {{
  node(id: $id) {{
    ... on CalculatedOrder {{
      lineItems(first: {STAGED_LINES_A_PAGE}, after: $after) {{ nodes {{ ...Staged }} pageInfo {{ hasNextPage endCursor }} }}
    }}
  }}
}}
{_STAGED}""",
    ("read_order_edits", "read_products"),
    4 + _STAGED_COST * STAGED_LINES_A_PAGE,
)

EDIT_QUANTITY = Operation(
    f"""mutation EditQuantity($id: ID!, $line: ID!, $quantity: Int!) {{
  orderEditSetQuantity(id: $id, lineItemId: $line, quantity: $quantity, restock: true) {{
    calculatedLineItem {{ ...Staged }} userErrors {{ field message }}
  }}
}}
{_STAGED}""",
    _EDIT,
    _MUTATION + 1 + _STAGED_COST,
)

EDIT_ADD = Operation(
    f"""mutation EditAdd($id: ID!, $variant: ID!, $quantity: Int!, $location: ID!) {{
  orderEditAddVariant(id: $id, variantId: $variant, quantity: $quantity, locationId: $location, allowDuplicates: true) {{
    calculatedLineItem {{ ...Staged }} userErrors {{ field message }}
  }}
}}
{_STAGED}""",
    (*_EDIT, "read_locations"),
    _MUTATION + 1 + _STAGED_COST,
)

EDIT_DISCOUNT = Operation(
    f"""mutation EditDiscount($id: ID!, $line: ID!, $discount: OrderEditAppliedDiscountInput!) {{
  orderEditAddLineItemDiscount(id: $id, lineItemId: $line, discount: $discount) {{
    calculatedLineItem {{ ...Staged }} userErrors {{ field message }}
  }}
}}
{_STAGED}""",
    _EDIT,
    _MUTATION + 1 + _STAGED_COST,
)

EDIT_COMMIT = Operation(
    f"""mutation EditCommit($id: ID!, $note: String) {{
  orderEditCommit(id: $id, notifyCustomer: false, staffNote: $note) {{ order {{ ...Shown }} userErrors {{ field message }} }}
}}
{_SHOWN}""",
    ("write_order_edits", *_READ_ORDER),
    _MUTATION + 1 + _SHOWN_COST,
)

CANCEL = Operation(
    """mutation OrderCancel($id: ID!, $note: String) {
  orderCancel(orderId: $id, reason: OTHER, restock: true, notifyCustomer: false, staffNote: $note) {
    job { id done } orderCancelUserErrors { code field message }
  }
}""",
    ("write_orders",),
    _MUTATION + 2,
)

JOB = Operation("query Job($id: ID!) { job(id: $id) { id done } }", (), 1)

MOVE = Operation(
    """mutation Move($id: ID!, $location: ID!) {
  fulfillmentOrderMove(id: $id, newLocationId: $location) {
    movedFulfillmentOrder { id } userErrors { code field message }
  }
}""",
    ("write_merchant_managed_fulfillment_orders", "read_locations"),
    _MUTATION + 2,
)

OPERATIONS = (
    INSTALLATION,
    LOCATIONS,
    COMPANY_LOCATION,
    VARIANTS,
    LEVELS,
    DEFINITIONS,
    DEFINE,
    ORDER_BY_KEY,
    ORDER,
    ORDER_LINES,
    ORDER_PLACES,
    PLACE_LINES,
    CREATE,
    SET_METAFIELDS,
    EDIT_BEGIN,
    EDIT_LINES,
    EDIT_QUANTITY,
    EDIT_ADD,
    EDIT_DISCOUNT,
    EDIT_COMMIT,
    CANCEL,
    JOB,
    MOVE,
)
