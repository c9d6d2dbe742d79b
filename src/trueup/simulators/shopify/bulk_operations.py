"""Bulk operations: a query that is run in the background over everything, and its answer as a file of JSON lines.

Rules of Shopify's guide: at least one connection and five at most, two levels deep, no `node` or `nodes`; five operations of a
kind at once for an app in a shop since 2026-01. What a nested connection holds stands in lines of its own, with `__parentId`,
somewhere after its parent. The addresses of a result are good for seven days. What the guide leaves open is unkind here: the
first half of the objects is read when the operation begins and the rest when it ends, and what failed leaves a file in which the
last parents lack their children.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from graphql import GraphQLError, parse, validate

from trueup.simulators.shopify.access import demand
from trueup.simulators.shopify.bulk_reading import Export, broken_rule, read_lines
from trueup.simulators.shopify.bulk_records import BulkOperation
from trueup.simulators.shopify.calls import Call, Payload
from trueup.simulators.shopify.errors import user_error
from trueup.simulators.shopify.pages import page

MOST_AT_ONCE = 5
KEPT = timedelta(days=7)
PREFIX = "/_bulk/"
_UNDER_WAY = ("CREATED", "RUNNING", "CANCELING")
_ROOTS: dict[str, Callable[[Any], list[Any]]] = {
    "inventoryItems": lambda world: world.items,
    "productVariants": lambda world: world.variants,
    "products": lambda world: world.products,
}
_SCOPES = {
    "inventoryItems": ("read_inventory", "read_products"),
    "productVariants": ("read_products",),
    "products": ("read_products",),
}


def run_query(call: Call, query: str, groupObjects: bool = False) -> Payload:  # noqa: N803
    """bulkOperationRunQuery."""
    world = call.world
    mine = [each for each in operations_of(call) if each.status in _UNDER_WAY]
    if len(mine) >= MOST_AT_ONCE:
        listed = ", ".join(each.id for each in mine)
        words = f"A bulk query operation for this app and shop is already in progress: {listed}."
        return {"bulkOperation": None, "userErrors": [user_error(None, words, "OPERATION_IN_PROGRESS")]}
    export, wrong = _understood(call, query)
    if export is None:
        return {"bulkOperation": None, "userErrors": [user_error(["query"], wrong, "INVALID")]}
    now = world.now()
    made = world.add(BulkOperation(world.new_id("BulkOperation"), now, now, call.token.app, query))
    made.key = f"{world.chance.getrandbits(256):064x}"
    world.bulk_operations.append(made)
    halves = _Halves(export)
    seconds = world.settings.bulk_seconds + world.settings.bulk_seconds_a_thousand * len(_records(call, export)) / 1000
    world.later(0, lambda: _begin(call, made, halves))
    world.later(seconds, lambda: _end(call, made, halves))
    return {"bulkOperation": made, "userErrors": []}


def operations_of(call: Call) -> list[BulkOperation]:
    """Those of the app that asks."""
    return [each for each in call.world.bulk_operations if each.app is call.token.app]


def _understood(call: Call, query: str) -> tuple[Export | None, str]:
    schema = call.schema
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, f"Invalid bulk query: {error.message}"
    if errors := validate(schema, document):
        return None, f"Invalid bulk query: {errors[0].message}"
    broken, root = broken_rule(schema, document)
    if broken:
        return None, f"Invalid bulk query: {broken}"
    assert root is not None
    if root.name.value not in _ROOTS:
        return None, f"Invalid bulk query: this simulator exports {', '.join(_ROOTS)}."
    return Export(schema, root), ""


@dataclass(slots=True)
class _Halves:
    """What an operation reads when it begins, and what it leaves for its end."""

    export: Export
    first: list[bytes] = field(default_factory=list)
    rest: list[Any] = field(default_factory=list)


def _records(call: Call, export: Export) -> list[Any]:
    return _ROOTS[export.root.name.value](call.world)


def _begin(call: Call, made: BulkOperation, halves: _Halves) -> None:
    if made.status == "CREATED":
        made.status = "RUNNING"
        records = _records(call, halves.export)
        half = len(records) // 2
        halves.first, halves.rest = _read(call, made, halves.export, records[:half]), records[half:]


def _read(call: Call, made: BulkOperation, export: Export, records: list[Any]) -> list[bytes]:
    """The lines of records. One that the token may not see ends the operation."""
    try:
        demand(call.token, export.root.name.value, _SCOPES[export.root.name.value])
        return read_lines(call, export, records)
    except GraphQLError:
        made.error_code = "ACCESS_DENIED"
        return []


def _end(call: Call, made: BulkOperation, halves: _Halves) -> None:
    if made.status == "CANCELING":
        made.status = "CANCELED"
    if made.status == "RUNNING":
        failing = call.faults.strike("bulk_failed", ["bulkOperationRunQuery"])
        if failing is not None:
            made.error_code = failing.mode or "INTERNAL_SERVER_ERROR"
        lines = halves.first + ([] if made.error_code else _read(call, made, halves.export, halves.rest))
        made.status = "FAILED" if made.error_code else "COMPLETED"
        made.lines = lines[: len(lines) - len(lines) // 4] if made.error_code else lines
    made.completed_at = made.updated_at = call.world.now()
    made.object_count = len(made.lines)
    made.root_object_count = sum(1 for line in made.lines if b'"__parentId"' not in line)
    call.world.new_event()
    call.world.happen("BULK_OPERATIONS_FINISH", made)


def cancel(call: Call, id: str) -> Payload:
    """bulkOperationCancel: it ends when it would have ended, as cancelled."""
    found = call.world.find(BulkOperation, id)
    if found is None or found.app is not call.token.app:
        return {"bulkOperation": None, "userErrors": [user_error(["id"], "Bulk operation does not exist")]}
    if found.status not in _UNDER_WAY:
        words = "A bulk operation cannot be canceled when it is completed"
        return {"bulkOperation": found, "userErrors": [user_error(None, words)]}
    found.status = "CANCELING"
    return {"bulkOperation": found, "userErrors": []}


def list_operations(call: Call, **arguments: Any) -> Any:
    """bulkOperations, of both states and times."""
    return page(operations_of(call), arguments, lambda each: (each.created_at, each.legacy_resource_id))


def find_operation(call: Call, id: str) -> BulkOperation | None:
    """bulkOperation."""
    found = call.world.find(BulkOperation, id)
    return found if found is not None and found.app is call.token.app else None


def _address(made: BulkOperation, info: Any) -> str | None:
    world = info.context.world
    if not made.lines or world.now() >= _ends(made):
        return None
    return f"{world.origin}{PREFIX}{made.key}?Expires={int(_ends(made).timestamp())}"


def _ends(made: BulkOperation) -> Any:
    return (made.completed_at or made.created_at) + KEPT


def result_of(world: Any, key: str) -> bytes | None:
    """The file at an address; None when there is none, or not any more."""
    found = next((each for each in world.bulk_operations if each.key == key), None)
    if found is None or found.completed_at is None or world.now() >= _ends(found):
        return None
    return b"".join(line + b"\n" for line in found.lines)


OBJECTS: dict[str, dict[str, Callable[..., Any]]] = {
    "BulkOperation": {
        "type": lambda made, info: "QUERY",
        "fileSize": lambda made, info: sum(len(line) + 1 for line in made.lines) if made.completed_at else None,
        "url": lambda made, info: _address(made, info) if made.status == "COMPLETED" else None,
        "partialDataUrl": lambda made, info: _address(made, info) if made.status == "FAILED" else None,
    }
}


def payload_of_finish(made: BulkOperation, written: Callable[[Any], str]) -> dict[str, Any]:
    """bulk_operations/finish."""
    return {
        "admin_graphql_api_id": made.id,
        "completed_at": written(made.completed_at),
        "created_at": written(made.created_at),
        "error_code": made.error_code.lower() if made.error_code else None,
        "status": made.status.lower(),
        "type": "query",
    }
