"""The GraphQL documents of exports, and the queries that exports run. See `operations` for how costs are counted."""

from __future__ import annotations

import json

from trueup.connectors.shopify.operations import VARIANT_FIELDS, Operation
from trueup.remote.exports import Exported

EXPORT_STOCK = """query TrueupStock {
  inventoryItems {
    edges {
      node {
        id sku tracked
        inventoryLevels {
          edges {
            node {
              id location { id }
              quantities(
                names: ["available", "committed", "damaged", "incoming", "on_hand", "quality_control", "reserved", "safety_stock"]
              ) {
                name quantity
              }
            }
          }
        }
      }
    }
  }
}"""
"""What is exported of stock: two connections, one within the other."""


def exported_query(of: Exported, pack_metafield: tuple[str, str]) -> str:
    """The query of an export. It takes no variables: the metafield that says a pack stands in it."""
    if of is Exported.STOCK:
        return EXPORT_STOCK
    namespace, key = map(json.dumps, pack_metafield)
    fields = VARIANT_FIELDS.replace("$packNamespace", namespace).replace("$packKey", key)
    return f"query TrueupProducts {{ productVariants {{ edges {{ node {{ {fields} }} }} }} }}"


_SCOPES = ("read_inventory", "read_products", "read_locations")
_FIELDS = "id type status errorCode createdAt objectCount query url partialDataUrl"

EXPORTS = Operation(
    f"""query Exports {{
  bulkOperations(first: 25, sortKey: CREATED_AT, reverse: true) {{ nodes {{ {_FIELDS} }} }}
}}""",
    (),
    2 + 25 + 1,
)

SHOW_EXPORT = Operation(f"query Export($id: ID!) {{ bulkOperation(id: $id) {{ {_FIELDS} }} }}", (), 1)

START_EXPORT = Operation(
    f"""mutation StartExport($query: String!) {{
  bulkOperationRunQuery(query: $query) {{ bulkOperation {{ {_FIELDS} }} userErrors {{ code field message }} }}
}}""",
    _SCOPES,
    10 + 2,
)

EXPORT_OPERATIONS = (EXPORTS, SHOW_EXPORT, START_EXPORT)
