"""Metafields and their definitions: types and values checked, custom ids found at once, compare-and-set by digest."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from trueup.simulators.shopify.records import App, Metafield, MetafieldDefinition, Owner
from trueup.simulators.shopify.world import World

OWNER_TYPES = {"Order": "ORDER", "Product": "PRODUCT", "ProductVariant": "PRODUCTVARIANT"}
WRITE_SCOPES = {"ORDER": "write_orders", "PRODUCT": "write_products", "PRODUCTVARIANT": "write_products"}
MOST_AT_ONCE = 25
MOST_PINNED = 20

_SIMPLE_TYPES: dict[str, str] = {  # type -> what a value must match
    "single_line_text_field": r"[^\n\r]*",
    "multi_line_text_field": r"(?s).*",
    "number_integer": r"-?\d{1,19}",
    "number_decimal": r"-?\d{1,13}(\.\d{1,9})?",
    "boolean": r"true|false",
    "date": r"\d{4}-\d\d-\d\d",
    "date_time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?",
    "id": r"[^\n\r]{1,255}",
    "url": r"(https?|mailto|sms|tel):\S+",
    "color": r"#[0-9a-fA-F]{6}",
    "product_reference": r"gid://shopify/Product/\d+",
    "variant_reference": r"gid://shopify/ProductVariant/\d+",
}
_JSON_TYPES = {"json", "money", "weight", "dimension", "volume", "rating", "rich_text_field", "link"}
TYPES = frozenset(_SIMPLE_TYPES) | _JSON_TYPES | {f"list.{name}" for name in _SIMPLE_TYPES if name != "id"}


def namespace_of(app: App, namespace: str | None) -> str:
    """The stored namespace: absent and `$app` mean the app's own."""
    own = f"app--{app.legacy_resource_id}"
    if not namespace or namespace == "$app":
        return own
    return f"{own}--{namespace[5:]}" if namespace.startswith("$app:") else namespace


def digest_of(metafield: Metafield) -> str:
    """What compareDigest compares."""
    return hashlib.sha256(f"{metafield.type}:{metafield.value}".encode()).hexdigest()


def json_value(metafield: Metafield) -> Any:
    """The value as JSON: text types as a string, the others parsed."""
    if metafield.type in ("number_integer", "boolean") or metafield.type.startswith("list."):
        return json.loads(metafield.value)
    return json.loads(metafield.value) if metafield.type in _JSON_TYPES else metafield.value


def value_problem(kind: str, value: str) -> str | None:
    """What is wrong with a value of a type, in words; None when nothing is."""
    if kind in _SIMPLE_TYPES:
        return None if re.fullmatch(_SIMPLE_TYPES[kind], value) else f"Value is invalid for type {kind}."
    try:
        parsed = json.loads(value)
    except ValueError:
        return f"Value is invalid JSON: expected type {kind}."
    if kind.startswith("list.") and not isinstance(parsed, list):
        return "Value must be an array."
    return None


def put(world: World, owner: Owner, place: tuple[str, str], kind: str, value: str) -> Metafield:
    """Store a checked value at (namespace, key) of an owner."""
    now = world.now()
    found = owner.metafields.get(place)
    if found is None:
        found = Metafield(world.new_id("Metafield"), now, now, owner, *place, kind, value)
        owner.metafields[place] = world.add(found)
    else:
        _forget_custom_id(world, found)
        found.type, found.value, found.updated_at = kind, value, now
    if kind == "id":
        world.by_custom_id[_custom_id(found)].append(owner)
    return found


def _custom_id(metafield: Metafield) -> tuple[str, str, str, str]:
    owner_type = OWNER_TYPES[metafield.owner.type_name]
    return owner_type, metafield.namespace, metafield.key, metafield.value


def _forget_custom_id(world: World, metafield: Metafield) -> None:
    if metafield.type == "id":
        world.by_custom_id[_custom_id(metafield)].remove(metafield.owner)


def holders(world: World, owner_type: str, place: tuple[str, str], value: str) -> list[Owner]:
    """Who holds a custom id. The look-up is immediate: no index stands between."""
    found = world.by_custom_id.get((owner_type, *place, value), [])
    return [owner for owner in found if isinstance(owner, Owner)]


def input_problem(
    world: World, app: App, owner_type: str, given: Mapping[str, Any], owner: Owner | None
) -> tuple[str, str, str] | None:
    """What is wrong with one metafield to be written: (field, code, message). `owner` is None for one not yet made."""
    key, value = given.get("key") or "", given.get("value")
    place = (namespace_of(app, given.get("namespace")), key)
    if not re.fullmatch(r"[a-zA-Z0-9_-]{2,64}", key):
        return "key", "INVALID", "Key must be 2 to 64 letters, digits, hyphens or underscores."
    if value is None or value == "":
        return "value", "BLANK", "Value can't be blank."
    kind = kind_of(world, owner_type, place, given, owner)
    definition = world.definitions.get((owner_type, *place))
    if not kind:
        return "type", "BLANK", "Type can't be blank."
    if kind not in TYPES or (kind == "id" and definition is None):
        return "type", "INCLUSION", f"Type must be one of the known types, found {kind}."
    if definition and kind != definition.type:
        return "type", "INVALID_TYPE", f"Type must be consistent with the definition's type: {definition.type}."
    problem = value_problem(kind, value)
    if problem:
        return "value", "INVALID_VALUE", problem
    taken = kind == "id" and any(holder is not owner for holder in holders(world, owner_type, place, value))
    if taken and (owner is not None or world.settings.duplicate_custom_id == "rejects"):
        return "value", "TAKEN", "Value has already been taken."
    return None


def kind_of(
    world: World, owner_type: str, place: tuple[str, str], given: Mapping[str, Any], owner: Owner | None
) -> str:
    """The type a value gets: as given, else the definition's, else that of the value already there."""
    definition = world.definitions.get((owner_type, *place))
    there = owner.metafields.get(place) if owner else None
    return given.get("type") or (definition.type if definition else there.type if there else "")


def put_all(world: World, app: App, owner: Owner, given: Iterable[Mapping[str, Any]]) -> list[Metafield]:
    """Store checked inputs on one owner."""
    owner_type = OWNER_TYPES[owner.type_name]
    stored = []
    for item in given:
        place = (namespace_of(app, item.get("namespace")), item["key"])
        kind = kind_of(world, owner_type, place, item, owner)
        stored.append(put(world, owner, place, kind, item["value"]))
    return stored


def definition_problem(world: World, app: App, given: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """What is wrong with a definition to be made: (field, code, message)."""
    namespace, key = namespace_of(app, given.get("namespace")), given["key"]
    if not re.fullmatch(r"[a-zA-Z0-9_-]+", namespace):
        return "namespace", "INVALID_CHARACTER", "Namespace contains one or more invalid characters."
    if len(namespace) < 3:
        return "namespace", "TOO_SHORT", "Namespace is too short (minimum is 3 characters)"
    if not re.fullmatch(r"[a-zA-Z0-9_-]+", key):
        return "key", "INVALID_CHARACTER", "Key contains one or more invalid characters."
    if not 2 <= len(key) <= 64:
        return "key", "TOO_SHORT" if len(key) < 2 else "TOO_LONG", "Key must be 2 to 64 characters."
    if not given["name"].strip():
        return "name", "BLANK", "Name can't be blank."
    if given["type"] not in TYPES:
        return "type", "INCLUSION", f"Type name {given['type']} is not a valid type."
    if (given["ownerType"], namespace, key) in world.definitions:
        return (
            "key",
            "TAKEN",
            f"Key is in use for {given['ownerType'].title()} metafields on the '{namespace}' namespace.",
        )
    if (given.get("access") or {}).get("admin") and not namespace.startswith("app--"):
        message = "Admin access can only be specified on metafield definitions that have an app-reserved namespace."
        return "access", "ADMIN_ACCESS_INPUT_NOT_ALLOWED", message
    if given.get("pin") and len(pinned(world, given["ownerType"])) >= MOST_PINNED:
        return "pin", "PINNED_LIMIT_REACHED", f"Limit of {MOST_PINNED} pinned definitions."
    unique = ((given.get("capabilities") or {}).get("uniqueValues") or {}).get("enabled")
    if given["type"] == "id" and unique is False:
        message = "The capability unique values is required for definitions of type id."
        return "capabilities", "CAPABILITY_REQUIRED_BUT_DISABLED", message
    return None


def pinned(world: World, owner_type: str) -> list[MetafieldDefinition]:
    """The definitions of an owner type that are pinned."""
    found = (each for each in world.definitions.values() if each.owner_type == owner_type)
    return [each for each in found if each.pinned_position is not None]


def define(world: World, app: App, given: Mapping[str, Any]) -> MetafieldDefinition:
    """Make a checked definition. The type `id` always has unique values."""
    now = world.now()
    place = (given["ownerType"], namespace_of(app, given.get("namespace")), given["key"])
    unique = ((given.get("capabilities") or {}).get("uniqueValues") or {}).get("enabled", False)
    definition = MetafieldDefinition(
        world.new_id("MetafieldDefinition"), now, now, *place, given["name"], given["type"], given.get("description")
    )
    definition.unique = bool(unique) or given["type"] == "id"
    definition.admin_access = (given.get("access") or {}).get("admin") or "PUBLIC_READ_WRITE"
    if given.get("pin"):
        definition.pinned_position = 1 + len(pinned(world, given["ownerType"]))
    world.definitions[place] = world.add(definition)
    return definition
