"""Metaobjects: a definition made once, then objects of it written by their handle, each field checked against its type.

Sources: Shopify's reference of metaobjectDefinitionCreate and metaobjectUpsert, and of the types of metafields. A handle is
letters, digits and hyphens, in lower case whatever was sent; a reference must exist; a field that is not sent keeps its value,
unless `values` are: they replace the object whole.
"""

from __future__ import annotations

import json
import re
from typing import Any

from trueup.simulators.shopify.assembly import Resolver
from trueup.simulators.shopify.calls import Call, Payload
from trueup.simulators.shopify.errors import user_error
from trueup.simulators.shopify.metafields import TYPES, namespace_of, value_problem
from trueup.simulators.shopify.object_records import Metaobject, MetaobjectDefinition, MetaobjectField

Given = dict[str, Any]
LONGEST_HANDLE, MOST_FIELDS = 255, 40
_KEY = r"[a-zA-Z0-9_-]{2,64}"
_NAMESPACE_OF_APP = "$app:"


def define(call: Call, definition: Given) -> Payload:
    """metaobjectDefinitionCreate."""
    kind = namespace_of(call.token.app, definition["type"])
    found = _definition_problem(call, kind, definition)
    if found is not None:
        place, code, message = found
        return {"userErrors": [_problem(["definition", *place], message, code)]}
    world, now = call.world, call.world.now()
    fields = {
        each["key"]: MetaobjectField(
            each["key"], each.get("name") or each["key"], each["type"], bool(each["required"]), each.get("description")
        )
        for each in definition.get("fieldDefinitions") or ()
    }
    made = MetaobjectDefinition(
        world.new_id("MetaobjectDefinition"), now, now, kind, definition.get("name") or kind, fields
    )
    made.display_name_key, made.description = definition.get("displayNameKey"), definition.get("description")
    world.drawer.definitions[kind] = world.add(made)
    return {"metaobjectDefinition": made, "userErrors": []}


def _definition_problem(call: Call, kind: str, given: Given) -> tuple[list[Any], str, str] | None:
    if not re.fullmatch(r"[a-zA-Z0-9_-]{3,255}", kind):
        return ["type"], "INVALID", "Type contains one or more invalid characters."
    if kind in call.world.drawer.definitions:
        return ["type"], "TAKEN", "Type has already been taken"
    if (given.get("access") or {}).get("admin") and not given["type"].startswith(_NAMESPACE_OF_APP):
        message = "Admin access can only be specified on metaobject definitions that have an app-reserved type."
        return ["access", "admin"], "ADMIN_ACCESS_INPUT_NOT_ALLOWED", message
    rows = given.get("fieldDefinitions") or []
    if len(rows) > MOST_FIELDS:
        return ["fieldDefinitions"], "INPUT_LIMIT_EXCEEDED", f"Maximum {MOST_FIELDS} fields allowed."
    keys = [each["key"] for each in rows]
    for index, each in enumerate(rows):
        if not re.fullmatch(_KEY, each["key"]):
            return ["fieldDefinitions", index, "key"], "INVALID", "Key contains one or more invalid characters."
        if keys.count(each["key"]) > 1:
            return ["fieldDefinitions", index, "key"], "OBJECT_FIELD_TAKEN", "Field key has already been taken."
        if each["type"] not in TYPES or each["type"] == "id":
            return ["fieldDefinitions", index, "type"], "INCLUSION", f"Type {each['type']} is not a valid type."
    shown = given.get("displayNameKey")
    if shown is not None and shown not in keys:
        return ["displayNameKey"], "UNDEFINED_OBJECT_FIELD", f'Field definition "{shown}" does not exist'
    return None


def upsert(call: Call, handle: Given, metaobject: Given | None = None, values: Any = None) -> Payload:
    """metaobjectUpsert: made or changed, whole or not at all; fields that are not named stay, or go where `values` are given."""
    if (metaobject is None) == (values is None):
        message = "Exactly one of metaobject and values must be given."
        return {"userErrors": [_problem(["metaobject"], message, "INVALID")]}
    drawer = call.world.drawer
    definition = drawer.definitions.get(namespace_of(call.token.app, handle["type"]))
    if definition is None:
        message = f'No metaobject definition exists for type "{handle["type"]}"'
        return {"userErrors": [_problem(["handle", "type"], message, "UNDEFINED_OBJECT_TYPE")]}
    name = handle["handle"].lower()
    if not re.fullmatch(r"[a-z0-9-]+", name) or len(name) > LONGEST_HANDLE:
        return {"userErrors": [_problem(["handle", "handle"], "Handle is invalid.", "INVALID")]}
    rows = values_of(values) if metaobject is None else list(metaobject.get("fields") or ())
    there = drawer.objects.get((definition.type, name))
    problems = list(_field_problems(call, definition, rows, there if metaobject is not None else None))
    if problems:
        return {"userErrors": problems}
    world, now = call.world, call.world.now()
    if there is None:
        there = world.add(Metaobject(world.new_id("Metaobject"), now, now, definition, name))
        drawer.objects[definition.type, name] = there
    if metaobject is None:
        there.stored.clear()
    for each in rows:
        there.stored[each["key"]] = each["value"]
    there.updated_at = now
    return {"metaobject": there, "userErrors": []}


def values_of(values: Any) -> list[Given]:
    """Fields given as one JSON object."""
    pairs = values.items() if isinstance(values, dict) else ()
    return [{"key": key, "value": value if isinstance(value, str) else json.dumps(value)} for key, value in pairs]


def _field_problems(call: Call, definition: MetaobjectDefinition, rows: list[Given], there: Metaobject | None) -> Any:
    keys = [each["key"] for each in rows]
    for index, each in enumerate(rows):
        key, value = each["key"], each["value"]
        place = ["metaobject", "fields", index]
        declared = definition.fields.get(key)
        if declared is None:
            message = f'Field definition "{key}" does not exist'
            yield {**_problem(place, message, "UNDEFINED_OBJECT_FIELD"), "elementKey": key}
        elif keys.count(key) > 1:
            message = f'Field "{key}" duplicates other inputs'
            yield {**_problem(place, message, "DUPLICATE_FIELD_INPUT"), "elementKey": key}
        elif value and (wrong := value_problem(declared.type, value)):
            yield {**_problem(place, wrong, "INVALID_VALUE"), "elementKey": key}
        elif value and declared.type.endswith("_reference") and value not in call.world.by_id:
            yield {**_problem(place, "Value require that you select a resource.", "INVALID_VALUE"), "elementKey": key}
    held = (there.stored if there is not None else {}) | {each["key"]: each["value"] for each in rows}
    for key, declared in definition.fields.items():
        if declared.required and not held.get(key):
            message = f"{declared.name} can't be blank"
            yield {**_problem(["metaobject"], message, "OBJECT_FIELD_REQUIRED"), "elementKey": key}


def _problem(place: list[Any], message: str, code: str) -> dict[str, Any]:
    return {**user_error(place, message, code), "elementIndex": None, "elementKey": None}


def by_type(call: Call, type: str) -> MetaobjectDefinition | None:
    """metaobjectDefinitionByType."""
    return call.world.drawer.definitions.get(namespace_of(call.token.app, type))


def by_handle(call: Call, handle: Given) -> Metaobject | None:
    """metaobjectByHandle."""
    kind = namespace_of(call.token.app, handle["type"])
    return call.world.drawer.objects.get((kind, handle["handle"].lower()))


def _shown(found: Metaobject, key: str) -> dict[str, Any]:
    declared = found.definition.fields[key]
    value = found.stored.get(key) or None
    return {"key": key, "type": declared.type, "value": value, "jsonValue": _parsed(declared.type, value)}


def _parsed(kind: str, value: str | None) -> Any:
    plain = value is None or not (kind in ("number_integer", "boolean", "json") or kind.startswith("list."))
    return value if plain else json.loads(value or "null")


def _display_name(found: Metaobject) -> str:
    return found.stored.get(found.definition.display_name_key or "") or found.handle


OBJECTS: dict[str, dict[str, Resolver]] = {
    "MetaobjectDefinition": {
        "fieldDefinitions": lambda found, info: list(found.fields.values()),
        "metaobjectsCount": lambda found, info: sum(
            each.definition is found for each in info.context.world.drawer.objects.values()
        ),
    },
    "MetaobjectFieldDefinition": {
        "type": lambda found, info: {"name": found.type, "category": found.type.split("_")[0].upper()},
    },
    "Metaobject": {
        "displayName": lambda found, info: _display_name(found),
        "fields": lambda found, info: [_shown(found, key) for key in found.definition.fields],
        "field": lambda found, info, key: _shown(found, key) if key in found.definition.fields else None,
        "values": lambda found, info: {key: _shown(found, key)["jsonValue"] for key in found.definition.fields},
    },
}
