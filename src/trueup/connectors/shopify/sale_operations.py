"""The GraphQL documents that read orders as sales: those that changed, ten a page, and one whole where it does not fit there.

Each exists twice: who may not see customers is not asked for them, and reads all the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

from trueup.connectors.shopify.operations import NAMESPACE, ORDER_KEY, Operation

SALES_A_PAGE = 10
MORE_LINES = 100
SHARE = 0.75
"""What is written to the shop, and asked by a person, does not wait for a long list of sales."""
_READ = ("read_orders", "read_products", "read_inventory", "read_locations")


@dataclass(frozen=True, slots=True)
class Room:
    """How much of an order a document has room for: lines, payments, parcels and refunds with so many lines each."""

    lines: int
    payments: int
    parcels: int
    lines_a_parcel: int
    refunds: int
    lines_a_refund: int

    @property
    def cost(self) -> int:
        """The most that one order may cost: an object 1, a page 2 and its nodes."""
        parcels = 1 + self.parcels * (3 + 2 * self.lines_a_parcel)
        refunds = 1 + self.refunds * (2 + 5 * self.lines_a_refund)
        return 4 + 1 + (2 + 7 * self.lines) + (1 + 2 * self.payments) + parcels + refunds


LITTLE = Room(lines=4, payments=3, parcels=2, lines_a_parcel=4, refunds=2, lines_a_refund=2)
"""What nearly every order of a shop fits in. A list that is full may be longer."""
WHOLE = Room(lines=40, payments=50, parcels=8, lines_a_parcel=10, refunds=6, lines_a_refund=10)
_LINE = """id sku quantity unfulfilledQuantity isGiftCard product { id } customAttributes { key value }
        variant { inventoryItem { id } } discountedTotalSet { shopMoney { amount currencyCode } }"""
_GONE = "quantity lineItem { id }"


def _order(room: Room, customer: str) -> str:
    return f"""id name createdAt updatedAt cancelledAt tags currencyCode {customer}
    key: metafield(namespace: "{NAMESPACE}", key: "{ORDER_KEY}") {{ value }}
    totalPriceSet {{ shopMoney {{ amount currencyCode }} }}
    lineItems(first: {room.lines}) {{ nodes {{ {_LINE} }} pageInfo {{ hasNextPage endCursor }} }}
    transactions(first: {room.payments}) {{
      id kind status gateway processedAt amountSet {{ shopMoney {{ amount currencyCode }} }}
    }}
    fulfillments(first: {room.parcels}) {{
      id status createdAt updatedAt location {{ id }}
      fulfillmentLineItems(first: {room.lines_a_parcel}) {{
        nodes {{ id {_GONE} }} pageInfo {{ hasNextPage endCursor }}
      }}
    }}
    refunds(first: {room.refunds}) {{
      id processedAt
      refundLineItems(first: {room.lines_a_refund}) {{
        nodes {{
          id {_GONE} restockType restocked location {{ id }} subtotalSet {{ shopMoney {{ amount currencyCode }} }}
        }}
        pageInfo {{ hasNextPage }}
      }}
    }}"""


@dataclass(frozen=True, slots=True)
class Reading:
    """The documents of one way to read sales."""

    changed: Operation
    one: Operation


def _reading(word: str, customer: str, scopes: tuple[str, ...]) -> Reading:
    changed = f"""query Changed{word}($query: String!, $after: String) {{
  orders(first: {SALES_A_PAGE}, after: $after, query: $query, sortKey: UPDATED_AT) {{
    nodes {{ {_order(LITTLE, customer)} }} pageInfo {{ hasNextPage endCursor }}
  }}
}}"""
    one = f"query {word}($id: ID!) {{ order(id: $id) {{ {_order(WHOLE, customer)} }} }}"
    return Reading(
        Operation(changed, scopes, 2 + SALES_A_PAGE * LITTLE.cost, share=SHARE),
        Operation(one, scopes, WHOLE.cost, share=SHARE),
    )


WITH_CUSTOMERS = _reading("Sale", "customer { id }", (*_READ, "read_customers"))
WITHOUT_CUSTOMERS = _reading("Parcel", "", _READ)
SALE_LINES = Operation(
    f"""query SaleLines($id: ID!, $after: String) {{
  order(id: $id) {{
    lineItems(first: {MORE_LINES}, after: $after) {{ nodes {{ {_LINE} }} pageInfo {{ hasNextPage endCursor }} }}
  }}
}}""",
    _READ,
    3 + 7 * MORE_LINES,
    share=SHARE,
)
PARCEL_LINES = Operation(
    f"""query ParcelLines($id: ID!, $after: String) {{
  fulfillment(id: $id) {{
    fulfillmentLineItems(first: {MORE_LINES}, after: $after) {{
      nodes {{ id {_GONE} }} pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}""",
    _READ,
    3 + 2 * MORE_LINES,
    share=SHARE,
)
SALE_OPERATIONS = (
    WITH_CUSTOMERS.changed,
    WITH_CUSTOMERS.one,
    WITHOUT_CUSTOMERS.changed,
    WITHOUT_CUSTOMERS.one,
    SALE_LINES,
    PARCEL_LINES,
)
