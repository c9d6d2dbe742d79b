"""The GraphQL documents by which stock is read and written, with what they may cost. See `operations` for how costs are counted."""

from __future__ import annotations

from trueup.connectors.shopify.operations import Operation

ITEMS_A_REQUEST = 250
ROWS_A_WRITE = 250
"""Shopify takes input lists of 250, and so many items of three points each are under the thousand that one query may cost."""
_WRITE = 10 + 2

STOCK = Operation(
    """query Stock($ids: [ID!]!, $location: ID!) {
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
    share=0.5,
)

SET_COUNTS = Operation(
    """mutation SetCounts($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id } userErrors { code field message }
  }
}""",
    ("write_inventory",),
    _WRITE,
)

MOVE_HOLDS = Operation(
    """mutation MoveHolds($input: InventoryMoveQuantitiesInput!, $key: String!) {
  inventoryMoveQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id } userErrors { code field message }
  }
}""",
    ("write_inventory",),
    _WRITE,
)

STOCK_OPERATIONS = (STOCK, SET_COUNTS, MOVE_HOLDS)
