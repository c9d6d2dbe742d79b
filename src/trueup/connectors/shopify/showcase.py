"""Amazon's numbers in a shop: metafields on variants and one metaobject a product, in the app's own namespace.

The namespace begins with `$app`: the definitions are the app's, merchants see the values and cannot change them. Every set compares
with the digest that was read (`compareDigest`), all rows or none; an upsert is by our handle, and its `values` replace an object
whole. Sources: Shopify's reference of metafieldsSet (25 rows, atomic, STALE_OBJECT), metafieldsDelete (it compares nothing) and
metaobjectUpsert; the guide on app-owned definitions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trueup.base.clock import Clock
from trueup.base.errors import ConfigurationError
from trueup.connectors.shopify.client import ShopifyClient, expecting
from trueup.connectors.shopify.operations import Operation
from trueup.connectors.shopify.refusals import user_error
from trueup.connectors.shopify.settings import ShopifySettings
from trueup.connectors.shopify.showcase_operations import (
    DEFINE_FIELD,
    DEFINE_OBJECT,
    FIELD_DEFINITIONS,
    FIELDS_A_WRITE,
    FIELDS_OF,
    OBJECT,
    OBJECT_DEFINITION,
    PRODUCTS_A_REQUEST,
    PUT_OBJECT,
    REMOVE_FIELDS,
    SET_FIELDS,
)
from trueup.domain.retail_numbers import FIELDS, NAMESPACE, RECORD_FIELDS, RECORD_TYPE
from trueup.remote.budget import Budget
from trueup.remote.http import HttpClient
from trueup.remote.observed import Observed
from trueup.remote.showcase import FieldWrite, ShownFields
from trueup.remote.stock import Written

_STALE, _TAKEN = "STALE_OBJECT", "TAKEN"
_TYPES = {each.key: each.type for each in FIELDS}
_READ_ONLY = {"admin": "MERCHANT_READ"}


class ShopifyShowcase:
    """Showcase of one shop. `http` goes to `settings.base_url`. Safe to share between threads."""

    most_fields = FIELDS_A_WRITE

    def __init__(self, settings: ShopifySettings, http: HttpClient, budget: Budget, clock: Clock) -> None:
        self._settings = settings
        self._client = ShopifyClient(settings, http, budget, clock)

    def __repr__(self) -> str:
        return f"ShopifyShowcase({self.name!r}, {self._settings.shop!r})"

    @property
    def name(self) -> str:
        """The name the shop has in the settings."""
        return self._settings.name

    def define(self) -> Observed[tuple[str, ...]]:
        """Declare every field and the object once; what is declared already must be of our types."""
        trail: list[bytes] = []
        made = [*self._define_fields(trail), *self._define_object(trail)]
        return Observed(tuple(made), b"\n".join(trail))

    def _define_fields(self, trail: list[bytes]) -> list[str]:
        found = self._types(FIELD_DEFINITIONS, trail)
        made = []
        for each in FIELDS:
            if each.key not in found:
                definition = {
                    "namespace": NAMESPACE,
                    "key": each.key,
                    "name": each.title,
                    "description": each.meaning,
                    "ownerType": "PRODUCTVARIANT",
                    "type": each.type,
                    "access": _READ_ONLY,
                    "pin": True,
                }
                if self._make(DEFINE_FIELD, definition, trail):
                    made.append(each.key)
                    continue
                found = self._types(FIELD_DEFINITIONS, trail)  # someone else was faster
            self._check(each.key, each.type, found.get(each.key))
        return made

    def _define_object(self, trail: list[bytes]) -> list[str]:
        found = self._object_types(trail)
        if found is None:
            fields = [
                {"key": each.key, "name": each.title, "description": each.meaning, "type": each.type}
                for each in RECORD_FIELDS
            ]
            definition = {
                "type": RECORD_TYPE,
                "name": "Amazon product",
                "description": "What Amazon reports of a product. Written by Trueup.",
                "displayNameKey": "title",
                "access": _READ_ONLY,
                "fieldDefinitions": fields,
            }
            if self._make(DEFINE_OBJECT, definition, trail):
                return [RECORD_TYPE]
            found = self._object_types(trail) or {}
        for each in RECORD_FIELDS:
            self._check(each.key, each.type, found.get(each.key))
        return []

    def _make(self, operation: Operation, definition: Mapping[str, Any], trail: list[bytes]) -> bool:
        """Declare one; False when somebody else has meanwhile. Raises Rejected."""
        answer = self._client.run(operation, definition=definition)
        trail.append(answer.evidence)
        with expecting(self._client, operation):
            problems = answer.root["userErrors"]
        if problems and not any(problem["code"] == _TAKEN for problem in problems):
            raise user_error(f"Shop {self.name}: {operation.name}", problems)
        return not problems

    def _types(self, operation: Operation, trail: list[bytes]) -> dict[str, str]:
        answer = self._client.run(operation, namespace=NAMESPACE)
        trail.append(answer.evidence)
        with expecting(self._client, operation):
            return {node["key"]: node["type"]["name"] for node in answer.root["nodes"]}

    def _object_types(self, trail: list[bytes]) -> dict[str, str] | None:
        answer = self._client.run(OBJECT_DEFINITION, type=RECORD_TYPE)
        trail.append(answer.evidence)
        with expecting(self._client, OBJECT_DEFINITION):
            if answer.root is None:
                return None
            return {each["key"]: each["type"]["name"] for each in answer.root["fieldDefinitions"]}

    def _check(self, key: str, wanted: str, found: str | None) -> None:
        if found != wanted:
            raise ConfigurationError(
                f"Shop {self.name}: the field {key} of the app's namespace amazon is defined as {found!r}, expected "
                f"{wanted!r}. Delete that definition in the shop's admin (Settings > Metafields and metaobjects)."
            )

    def read_fields(self, products: Sequence[str]) -> Observed[tuple[ShownFields, ...]]:
        """What variants show, with the digest of each value."""
        wanted = list(dict.fromkeys(products))
        shown: list[ShownFields] = []
        trail: list[bytes] = []
        for start in range(0, len(wanted), PRODUCTS_A_REQUEST):
            answer = self._client.run(FIELDS_OF, ids=wanted[start : start + PRODUCTS_A_REQUEST], namespace=NAMESPACE)
            trail.append(answer.evidence)
            with expecting(self._client, FIELDS_OF):
                for node in answer.data["nodes"]:
                    if node and FIELDS[0].key in node:
                        rows = [node[each.key] for each in FIELDS if node[each.key] is not None]
                        values = {each["key"]: each["value"] for each in rows}
                        marks = {each["key"]: each["compareDigest"] for each in rows}
                        shown.append(ShownFields(node["id"], values, marks))
        return Observed(tuple(shown), b"\n".join(trail))

    def set_fields(self, writes: Sequence[FieldWrite]) -> Written:
        """metafieldsSet: all rows or none."""
        rows = [
            {
                "ownerId": each.product,
                "namespace": NAMESPACE,
                "key": each.key,
                "type": _TYPES[each.key],
                "value": each.value,
                "compareDigest": each.mark,
            }
            for each in writes
        ]
        answer = self._client.run(SET_FIELDS, rows=rows)
        stale: dict[int, None] = {}
        refused: dict[int, str] = {}
        with expecting(self._client, SET_FIELDS):
            for problem in answer.root["userErrors"]:
                row = next((int(part) for part in problem["field"] or () if str(part).isdecimal()), None)
                if row is None:
                    raise user_error(f"Shop {self.name}: {SET_FIELDS.name}", answer.root["userErrors"])
                if problem["code"] == _STALE:
                    stale[row] = None
                else:
                    refused[row] = f"{problem['code']}: {problem['message']}"
        return Written(answer.evidence, tuple(stale), refused)

    def remove_fields(self, fields: Sequence[tuple[str, str]]) -> Observed[int]:
        """metafieldsDelete: how many were there."""
        rows = [{"ownerId": product, "namespace": NAMESPACE, "key": key} for product, key in fields]
        answer = self._client.apply(REMOVE_FIELDS, rows=rows)
        with expecting(self._client, REMOVE_FIELDS):
            return Observed(sum(each is not None for each in answer.root["deletedMetafields"]), answer.evidence)

    def read_object(self, handle: str) -> Observed[Mapping[str, str] | None]:
        """metaobjectByHandle."""
        answer = self._client.run(OBJECT, handle={"type": RECORD_TYPE, "handle": handle})
        with expecting(self._client, OBJECT):
            return Observed(_values(answer.root) if answer.root else None, answer.evidence)

    def put_object(self, handle: str, values: Mapping[str, str]) -> Observed[Mapping[str, str]]:
        """metaobjectUpsert by `values`: what is left out is cleared."""
        place = {"type": RECORD_TYPE, "handle": handle}
        answer = self._client.apply(PUT_OBJECT, handle=place, values=dict(values))
        with expecting(self._client, PUT_OBJECT):
            return Observed(_values(answer.root["metaobject"]), answer.evidence)


def _values(node: Mapping[str, Any]) -> dict[str, str]:
    return {each["key"]: each["value"] for each in node["fields"] if each["value"] is not None}
