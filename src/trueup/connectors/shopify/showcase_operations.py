"""The GraphQL documents by which Amazon's numbers are shown on products, and what they may cost. See `operations`."""

from __future__ import annotations

from trueup.connectors.shopify.operations import Operation
from trueup.domain.retail_numbers import FIELDS

PRODUCTS_A_REQUEST = 50
FIELDS_A_WRITE = 25
"""Shopify sets at most 25 metafields at once."""
_WRITE = 10 + 2
_READ_SHARE = 0.5

FIELD_DEFINITIONS = Operation(
    """query FieldDefinitions($namespace: String!) {
  metafieldDefinitions(ownerType: PRODUCTVARIANT, namespace: $namespace, first: 50) {
    nodes { key type { name } }
  }
}""",
    ("read_products",),
    2 + 50 * 2,
    share=_READ_SHARE,
)

DEFINE_FIELD = Operation(
    """mutation DefineField($definition: MetafieldDefinitionInput!) {
  metafieldDefinitionCreate(definition: $definition) {
    createdDefinition { id pinnedPosition } userErrors { code field message }
  }
}""",
    ("write_products",),
    _WRITE,
)

OBJECT_DEFINITION = Operation(
    """query ObjectDefinition($type: String!) {
  metaobjectDefinitionByType(type: $type) { id fieldDefinitions { key type { name } } }
}""",
    ("read_metaobject_definitions",),
    1 + 40 * 2,
    share=_READ_SHARE,
)

DEFINE_OBJECT = Operation(
    """mutation DefineObject($definition: MetaobjectDefinitionCreateInput!) {
  metaobjectDefinitionCreate(definition: $definition) {
    metaobjectDefinition { id } userErrors { code field message }
  }
}""",
    ("write_metaobject_definitions",),
    _WRITE,
)

_EACH_FIELD = "\n      ".join(
    f'{each.key}: metafield(namespace: $namespace, key: "{each.key}") {{ key value compareDigest }}' for each in FIELDS
)
FIELDS_OF = Operation(
    f"""query FieldsOf($ids: [ID!]!, $namespace: String!) {{
  nodes(ids: $ids) {{
    ... on ProductVariant {{
      id
      {_EACH_FIELD}
    }}
  }}
}}""",
    ("read_products",),
    0,
    "ids",
    1 + len(FIELDS),
    share=_READ_SHARE,
)
"""By name, for a page of fields would cost more."""

SET_FIELDS = Operation(
    """mutation SetFields($rows: [MetafieldsSetInput!]!) {
  metafieldsSet(metafields: $rows) { metafields { id } userErrors { code field message } }
}""",
    ("write_products",),
    _WRITE,
    "rows",
    1,
    share=_READ_SHARE,
)

REMOVE_FIELDS = Operation(
    """mutation RemoveFields($rows: [MetafieldIdentifierInput!]!) {
  metafieldsDelete(metafields: $rows) { deletedMetafields { key ownerId } userErrors { field message } }
}""",
    ("write_products",),
    _WRITE,
    "rows",
    3,
    share=_READ_SHARE,
)

OBJECT = Operation(
    """query Object($handle: MetaobjectHandleInput!) {
  metaobjectByHandle(handle: $handle) { id fields { key value } }
}""",
    ("read_metaobjects",),
    1 + 40,
    share=_READ_SHARE,
)

PUT_OBJECT = Operation(
    """mutation PutObject($handle: MetaobjectHandleInput!, $values: JSON!) {
  metaobjectUpsert(handle: $handle, values: $values) {
    metaobject { id fields { key value } } userErrors { code field message }
  }
}""",
    ("write_metaobjects",),
    _WRITE + 40,
    share=_READ_SHARE,
)

SHOWCASE_OPERATIONS = (
    FIELD_DEFINITIONS,
    DEFINE_FIELD,
    OBJECT_DEFINITION,
    DEFINE_OBJECT,
    FIELDS_OF,
    SET_FIELDS,
    REMOVE_FIELDS,
    OBJECT,
    PUT_OBJECT,
)
