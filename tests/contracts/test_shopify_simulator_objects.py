"""Metaobjects and metafields of an app before the Shopify simulator: what is refused, by which code, and that none of it stays."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.shopify_shop import Shop

DEFINE = """mutation Define($definition: MetaobjectDefinitionCreateInput!) {
  metaobjectDefinitionCreate(definition: $definition) {
    metaobjectDefinition { type } userErrors { code field message }
  }
}"""
PUT = """mutation Put($handle: MetaobjectHandleInput!, $metaobject: MetaobjectUpsertInput, $values: JSON) {
  metaobjectUpsert(handle: $handle, metaobject: $metaobject, values: $values) {
    metaobject { handle fields { key value } } userErrors { code field message elementKey }
  }
}"""
SET = """mutation Set($rows: [MetafieldsSetInput!]!) {
  metafieldsSet(metafields: $rows) { metafields { key } userErrors { code field message } }
}"""
DELETE = """mutation Delete($rows: [MetafieldIdentifierInput!]!) {
  metafieldsDelete(metafields: $rows) { deletedMetafields { ownerId namespace key } userErrors { field message } }
}"""
TYPE = "$app:amazon_product"
FIELDS = [
    {"key": "title", "name": "Title", "type": "single_line_text_field", "required": True},
    {"key": "units", "name": "Units", "type": "number_integer"},
    {"key": "day", "name": "Day", "type": "date"},
    {"key": "variant", "name": "Variant", "type": "variant_reference"},
]


def _definition(**changes: Any) -> dict[str, Any]:
    return {"type": TYPE, "name": "Amazon product", "displayNameKey": "title", "fieldDefinitions": FIELDS, **changes}


@pytest.fixture
def shop() -> Shop:
    """A shop whose app declared its object."""
    found = Shop(rate_limit=False)
    found.act(DEFINE, definition=_definition())
    return found


def _put(shop: Shop, handle: str = "lamp", kind: str = TYPE, **fields: str) -> dict[str, Any]:
    rows = [{"key": key, "value": value} for key, value in fields.items()]
    return shop.payload(PUT, handle={"type": kind, "handle": handle}, metaobject={"fields": rows})


def _codes(payload: dict[str, Any]) -> list[str]:
    return [problem["code"] for problem in payload["userErrors"]]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "TAKEN"),
        ({"type": "$app:a!"}, "INVALID"),
        ({"type": "plain_type", "access": {"admin": "MERCHANT_READ"}}, "ADMIN_ACCESS_INPUT_NOT_ALLOWED"),
        ({"type": "$app:other", "displayNameKey": "missing"}, "UNDEFINED_OBJECT_FIELD"),
        ({"type": "$app:other", "fieldDefinitions": [*FIELDS, FIELDS[1]]}, "OBJECT_FIELD_TAKEN"),
        ({"type": "$app:other", "fieldDefinitions": [{"key": "title", "type": "no_such_type"}]}, "INCLUSION"),
    ],
)
def test_a_definition_that_is_refused_is_not_made(shop: Shop, changes: dict[str, Any], code: str) -> None:
    """Each refusal has the code that the published schema has for it."""
    payload = shop.payload(DEFINE, definition=_definition(**changes))
    assert _codes(payload) == [code] and payload["metaobjectDefinition"] is None
    assert len(shop.simulator.world.drawer.definitions) == 1


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"title": "Lamp", "colour": "red"}, "UNDEFINED_OBJECT_FIELD"),
        ({"title": "Lamp", "units": "a few"}, "INVALID_VALUE"),
        ({"title": "Lamp", "day": "yesterday"}, "INVALID_VALUE"),
        ({"title": "Lamp", "variant": "gid://shopify/ProductVariant/1"}, "INVALID_VALUE"),
        ({"units": "4"}, "OBJECT_FIELD_REQUIRED"),
    ],
)
def test_an_object_that_is_refused_is_not_made(shop: Shop, fields: dict[str, str], code: str) -> None:
    """Whole or not at all."""
    assert _codes(_put(shop, **fields)) == [code]
    assert shop.simulator.world.drawer.objects == {}


def test_a_handle_and_a_type_are_checked_and_one_way_of_values_is_given(shop: Shop) -> None:
    """A handle is plain; an object needs its definition; fields and values at once are too many, neither too few."""
    assert _codes(_put(shop, "la mp", title="Lamp")) == ["INVALID"]
    assert _codes(_put(shop, kind="$app:unknown", title="Lamp")) == ["UNDEFINED_OBJECT_TYPE"]
    handle = {"type": TYPE, "handle": "lamp"}
    assert _codes(shop.payload(PUT, handle=handle)) == ["INVALID"]
    both = {"metaobject": {"fields": [{"key": "title", "value": "Lamp"}]}, "values": {"title": "Lamp"}}
    assert _codes(shop.payload(PUT, handle=handle, **both)) == ["INVALID"]


def test_fields_change_what_they_name_and_values_replace_the_whole(shop: Shop) -> None:
    """What `values` leave out is cleared, a required field among them is refused."""
    handle = {"type": TYPE, "handle": "lamp"}
    _put(shop, title="Lamp", units="4", day="2026-11-20")
    _put(shop, units="5")
    [held] = shop.simulator.world.drawer.objects.values()
    assert held.stored == {"title": "Lamp", "units": "5", "day": "2026-11-20"}
    shop.act(PUT, handle=handle, values={"title": "Lamp", "units": 6})
    assert held.stored == {"title": "Lamp", "units": "6"}
    assert _codes(shop.payload(PUT, handle=handle, values={"units": "7"})) == ["OBJECT_FIELD_REQUIRED"]
    assert held.stored == {"title": "Lamp", "units": "6"}


def test_metafields_are_deleted_by_name_and_what_is_not_there_is_null(shop: Shop) -> None:
    """It compares nothing; an owner that is unknown is no error; 26 at once are."""
    variant = shop.variants["PAN-1"].id
    row = {"ownerId": variant, "namespace": "$app:amazon", "key": "units", "type": "number_integer", "value": "4"}
    shop.act(SET, rows=[row])
    named = {name: row[name] for name in ("ownerId", "namespace", "key")}
    gone = {**named, "ownerId": "gid://shopify/ProductVariant/1"}
    first, second, third = shop.act(DELETE, rows=[named, {**named, "key": "other"}, gone])["deletedMetafields"]
    assert (first["ownerId"], first["key"], second, third) == (variant, "units", None, None)
    assert shop.act(DELETE, rows=[named])["deletedMetafields"] == [None]
    assert "limit of 25" in shop.payload(DELETE, rows=[named] * 26)["userErrors"][0]["message"]
