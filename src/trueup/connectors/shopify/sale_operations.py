"""The GraphQL documents that read orders as sales: which changed, and each whole with what was paid and given back."""

from __future__ import annotations

from trueup.connectors.shopify.operations import NAMESPACE, ORDER_KEY, Operation

SALES_A_PAGE = 50
LINES_A_SALE = 100
PAYMENTS_A_SALE = 50
REFUNDS_A_SALE = 5
LINES_A_REFUND = 10
_READ = ("read_orders", "read_products", "read_customers")

CHANGED_SALES = Operation(
    f"""query ChangedSales($query: String!, $after: String) {{
  orders(first: {SALES_A_PAGE}, after: $after, query: $query, sortKey: UPDATED_AT) {{
    nodes {{ id updatedAt }} pageInfo {{ hasNextPage endCursor }}
  }}
}}""",
    ("read_orders",),
    3 + 2 * SALES_A_PAGE,
)

SALE = Operation(
    f"""query Sale($id: ID!) {{
  order(id: $id) {{
    id name createdAt updatedAt cancelledAt tags currencyCode customer {{ id }}
    key: metafield(namespace: "{NAMESPACE}", key: "{ORDER_KEY}") {{ value }}
    totalPriceSet {{ shopMoney {{ amount currencyCode }} }}
    lineItems(first: {LINES_A_SALE}) {{
      nodes {{
        id sku quantity isGiftCard product {{ id }} customAttributes {{ key value }}
        discountedTotalSet {{ shopMoney {{ amount currencyCode }} }}
      }}
      pageInfo {{ hasNextPage }}
    }}
    transactions(first: {PAYMENTS_A_SALE}) {{
      id kind status gateway processedAt amountSet {{ shopMoney {{ amount currencyCode }} }}
    }}
    refunds(first: {REFUNDS_A_SALE}) {{
      id processedAt
      refundLineItems(first: {LINES_A_REFUND}) {{
        nodes {{ lineItem {{ id }} subtotalSet {{ shopMoney {{ amount currencyCode }} }} }}
        pageInfo {{ hasNextPage }}
      }}
    }}
  }}
}}""",
    _READ,
    6 + 3 + 5 * LINES_A_SALE + 3 * PAYMENTS_A_SALE + REFUNDS_A_SALE * (4 + 4 * LINES_A_REFUND),
)

SALE_OPERATIONS = (CHANGED_SALES, SALE)
