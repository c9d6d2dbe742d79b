"""The inventory mutations, with the rules that the schema cannot say: all or nothing, compare-and-set, ledger documents."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from trueup.simulators.shopify import stock
from trueup.simulators.shopify.calls import Call, Payload
from trueup.simulators.shopify.errors import check_list_size, refusal, user_error
from trueup.simulators.shopify.records import AdjustmentGroup, InventoryItem, InventoryLevel, Location

LARGEST_QUANTITY = 10**9
SETTABLE = ("available", "on_hand")
ADJUSTABLE = ("available", "damaged", "incoming", "quality_control", "reserved", "safety_stock")
REASONS = (
    "correction cycle_count_available damaged movement_canceled movement_created movement_received movement_updated "
    "other promotion quality_control received reservation_created reservation_deleted reservation_updated restock "
    "safety_stock shrinkage"
).split()

Problem = dict[str, Any]
Where = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One count of one level to be changed."""

    level: InventoryLevel
    name: str
    delta: int
    document: str | None = None


def set_quantities(call: Call, input: dict[str, Any]) -> Payload:
    """inventorySetQuantities: absolute counts of available or on_hand; whichever is set, the other moves along."""
    rows = input["quantities"]
    check_list_size("quantities", rows)
    _demand_compare("InventoryQuantityInput", rows)
    name = input["name"]
    problems = _header_problems(input)
    if name not in SETTABLE:
        text = "The quantity name must be either 'available' or 'on_hand'."
        problems.append(user_error(["input", "name"], text, "INVALID_NAME"))
    pairs = Counter((row["inventoryItemId"], row["locationId"]) for row in rows)
    changes = []
    for index, row in enumerate(rows):
        where: Where = ("input", "quantities", index)
        problems += _set_problems(row, name, where)
        if pairs[row["inventoryItemId"], row["locationId"]] > 1:
            text = "The combination of inventoryItemId and locationId must be unique."
            code = "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"
            problems.append(user_error([*where, "locationId"], text, code))
        level, found = _level(call, row, where)
        problems += found
        if level is not None and name in SETTABLE:
            problems += _stale(level, name, row, where)
            changes.append(Change(level, name, row["quantity"] - level.counts[name]))
    return {"userErrors": problems} if problems else _apply(call, input, changes)


def _set_problems(row: dict[str, Any], name: str, where: Where) -> list[Problem]:
    field = [*where, "quantity"]
    if row["quantity"] > LARGEST_QUANTITY:
        return [user_error(field, "The quantity can't be higher than 1,000,000,000.", "INVALID_QUANTITY_TOO_HIGH")]
    if row["quantity"] < -LARGEST_QUANTITY:
        return [user_error(field, "The quantity can't be lower than -1,000,000,000.", "INVALID_QUANTITY_TOO_LOW")]
    if name == "on_hand" and row["quantity"] < 0:
        return [user_error(field, "The quantity can't be negative.", "INVALID_QUANTITY_NEGATIVE")]
    return []


def adjust_quantities(call: Call, input: dict[str, Any]) -> Payload:
    """inventoryAdjustQuantities: deltas to one state. `on_hand` and `committed` cannot be adjusted."""
    rows = input["changes"]
    check_list_size("changes", rows)
    _demand_compare("InventoryChangeInput", rows)
    name = input["name"]
    problems = _header_problems(input)
    if name not in ADJUSTABLE:
        problems.append(_bad_name(["input", "name"]))
    documents = {row["ledgerDocumentUri"] for row in rows if row.get("ledgerDocumentUri")}
    if len(documents) > 1:
        text = "All changes must have the same ledger document URI or, in the case of adjusting available, none."
        problems.append(user_error(["input", "changes"], text, "MAX_ONE_LEDGER_DOCUMENT"))
    changes = []
    for index, row in enumerate(rows):
        where: Where = ("input", "changes", index)
        problems += _document_problems(name, row.get("ledgerDocumentUri"), where)
        level, found = _level(call, row, where)
        problems += found
        if level is not None and name in ADJUSTABLE:
            problems += _stale(level, name, row, where)
            problems += _range_problems(level.counts[name] + row["delta"], [*where, "delta"])
            changes.append(Change(level, name, row["delta"], row.get("ledgerDocumentUri")))
    return {"userErrors": problems} if problems else _apply(call, input, changes)


def move_quantities(call: Call, input: dict[str, Any]) -> Payload:
    """inventoryMoveQuantities: units from one state to another at one location.

    Taking more than there is goes below zero, as available may (accepted to -1,000,000,000): whether Shopify refuses it for
    other states is not documented, so a caller must compare (`changeFromQuantity`) rather than rely on a refusal.
    """
    rows = input["changes"]
    check_list_size("changes", rows)
    ends = [(row, end, index) for index, row in enumerate(rows) for end in ("from", "to")]
    _demand_compare("InventoryMoveQuantityTerminalInput", [row[end] for row, end, _ in ends])
    problems = _header_problems(input)
    documents = {row[end]["ledgerDocumentUri"] for row, end, _ in ends if row[end].get("ledgerDocumentUri")}
    if len(documents) > 2:
        text = "All changes must have no more than 2 distinct ledger document URIs."
        problems.append(user_error(["input", "changes"], text, "MAXIMUM_LEDGER_DOCUMENT_URIS"))
    changes = []
    for row, end, index in ends:
        terminal = row[end]
        where: Where = ("input", "changes", index, end)
        if end == "from":
            problems += _move_problems(row, ("input", "changes", index))
        if terminal["name"] not in ADJUSTABLE:
            problems.append(_bad_name([*where, "name"]))
            continue
        problems += _document_problems(terminal["name"], terminal.get("ledgerDocumentUri"), where)
        level, found = _level(call, {"inventoryItemId": row["inventoryItemId"], **terminal}, where)
        problems += found
        if level is not None:
            problems += _stale(level, terminal["name"], terminal, where)
            delta = -row["quantity"] if end == "from" else row["quantity"]
            changes.append(Change(level, terminal["name"], delta, terminal.get("ledgerDocumentUri")))
    return {"userErrors": problems} if problems else _apply(call, input, changes)


def _move_problems(row: dict[str, Any], where: Where) -> list[Problem]:
    problems = []
    if row["quantity"] < 0:
        text = "The quantity can't be negative."
        problems.append(user_error([*where, "quantity"], text, "INVALID_QUANTITY_NEGATIVE"))
    if row["quantity"] > LARGEST_QUANTITY:
        text = "The quantity can't be higher than 1,000,000,000."
        problems.append(user_error([*where, "quantity"], text, "INVALID_QUANTITY_TOO_HIGH"))
    if row["from"]["locationId"] != row["to"]["locationId"]:
        text = "The quantities can't be moved between different locations."
        problems.append(user_error(where, text, "DIFFERENT_LOCATIONS"))
    if row["from"]["name"] == row["to"]["name"]:
        text = "The quantity names for each change can't be the same."
        problems.append(user_error(where, text, "SAME_QUANTITY_NAME"))
    return problems


def activate(call: Call, inventoryItemId: str, locationId: str, **given: Any) -> Payload:  # noqa: N803
    """inventoryActivate: stock an item at a location. An active level keeps its counts (since 2026-04)."""
    item, place = call.world.find(InventoryItem, inventoryItemId), call.world.find(Location, locationId)
    if item is None or place is None:
        field = "inventoryItemId" if item is None else "locationId"
        thing = "inventory item" if item is None else "location"
        return {"userErrors": [user_error([field], f"The {thing} couldn't be found.")]}
    available, on_hand = given.get("available"), given.get("onHand")
    if available is not None and on_hand is not None:
        return {"userErrors": [user_error(["available"], "Not allowed to set both available and on_hand.")]}
    there = item.levels.get(place.id)
    if there is not None and there.is_active:
        if available is not None or on_hand is not None:
            text = "Not allowed to set available quantity when the item is already active at the location."
            return {"userErrors": [user_error(["available"], text)]}
        return {"inventoryLevel": there, "userErrors": []}
    level = call.world.level(item, place)
    level.is_active = True
    count = available if available is not None else on_hand
    if count:
        stock.shift(call.world, level, {"available": count, "on_hand": count})
    return {"inventoryLevel": level, "userErrors": []}


def update_item(call: Call, id: str, input: dict[str, Any]) -> Payload:
    """inventoryItemUpdate: cost (in the shop's currency), SKU, tracked."""
    item = call.world.find(InventoryItem, id)
    if item is None:
        return {"userErrors": [user_error(["id"], "The product couldn't be updated because it does not exist.")]}
    problem = item_problem(input)
    if problem:
        return {"userErrors": [user_error(["input", problem[0]], problem[1])]}
    write_item(call, item, input)
    return {"inventoryItem": item, "userErrors": []}


def item_problem(given: dict[str, Any]) -> tuple[str, str] | None:
    """What is wrong with the input of an inventory item: (field, message)."""
    cost = given.get("cost")
    if cost is not None and not 0 <= cost <= LARGEST_QUANTITY:
        return "cost", "Cost must be greater than or equal to 0"
    if given.get("sku") and len(given["sku"]) > 255:
        return "sku", "SKU is too long (maximum is 255 characters)"
    return None


def write_item(call: Call, item: InventoryItem, given: dict[str, Any]) -> None:
    """Store a checked input: what is absent stays, null clears."""
    if "cost" in given:
        item.cost = given["cost"]
    if "sku" in given:
        call.world.set_sku(item, given["sku"])
    if given.get("tracked") is not None:
        stock.track(call.world, item, tracked=given["tracked"])
    if given.get("requiresShipping") is not None:
        item.requires_shipping = given["requiresShipping"]
    item.updated_at = call.world.now()


def _demand_compare(type_name: str, rows: Iterable[dict[str, Any]]) -> None:
    """The field is nullable in the schema and yet must be sent: null says that nothing is to be compared."""
    if any("changeFromQuantity" not in row for row in rows):
        text = f"{type_name} must include the following argument: changeFromQuantity."
        raise refusal(text, "INVALID_FIELD_ARGUMENTS")


def _header_problems(input: dict[str, Any]) -> list[Problem]:
    problems = []
    if input["reason"] not in REASONS:
        text = f"The specified reason is invalid. Valid values are: {', '.join(REASONS)}."
        problems.append(user_error(["input", "reason"], text, "INVALID_REASON"))
    uri = input.get("referenceDocumentUri")
    if uri is not None and not _is_uri(uri):
        text = "The specified reference document is not a valid URI."
        problems.append(user_error(["input", "referenceDocumentUri"], text, "INVALID_REFERENCE_DOCUMENT"))
    return problems


def _is_uri(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:\S+", text) is not None


def _bad_name(field: Sequence[str | int]) -> Problem:
    text = f"The specified quantity name is invalid. Valid values are: {', '.join(ADJUSTABLE)}."
    return user_error(field, text, "INVALID_QUANTITY_NAME")


def _document_problems(name: str, uri: str | None, where: Where) -> list[Problem]:
    """Every state but available is kept by a document outside, named by its URI."""
    field = [*where, "ledgerDocumentUri"]
    if name == "available":
        text = "A ledger document URI is not allowed when adjusting available."
        return [user_error(field, text, "INVALID_AVAILABLE_DOCUMENT")] if uri else []
    if not uri:
        text = "A ledger document URI is required except when adjusting available."
        return [user_error(field, text, "INVALID_QUANTITY_DOCUMENT")]
    if uri.startswith("gid://shopify/"):
        return [
            user_error(field, "Internal (gid://shopify/) ledger documents are not allowed.", "INTERNAL_LEDGER_DOCUMENT")
        ]
    if not _is_uri(uri):
        return [user_error(field, "The specified ledger document is not a valid URI.", "INVALID_LEDGER_DOCUMENT")]
    return []


def _range_problems(quantity: int, field: Sequence[str | int]) -> list[Problem]:
    if quantity > LARGEST_QUANTITY:
        return [user_error(field, "The quantity can't be higher than 1,000,000,000.", "INVALID_QUANTITY_TOO_HIGH")]
    if quantity < -LARGEST_QUANTITY:
        return [user_error(field, "The quantity can't be lower than -1,000,000,000.", "INVALID_QUANTITY_TOO_LOW")]
    return []


def _level(call: Call, row: dict[str, Any], where: Where) -> tuple[InventoryLevel | None, list[Problem]]:
    item = call.world.find(InventoryItem, row["inventoryItemId"])
    place = call.world.find(Location, row["locationId"])
    if item is None:
        text = "The specified inventory item could not be found."
        return None, [user_error([*where, "inventoryItemId"], text, "INVALID_INVENTORY_ITEM")]
    if place is None:
        text = "The specified location could not be found."
        return None, [user_error([*where, "locationId"], text, "INVALID_LOCATION")]
    if item.variant and item.variant.requires_components:
        text = "The specified inventory item is not allowed to be adjusted via API."
        return None, [user_error([*where, "inventoryItemId"], text, "NON_MUTABLE_INVENTORY_ITEM")]
    return call.world.level(item, place), []


def _stale(level: InventoryLevel, name: str, row: dict[str, Any], where: Where) -> list[Problem]:
    expected = row["changeFromQuantity"]
    if expected is None or expected == level.counts[name]:
        return []
    text = "The changeFromQuantity argument no longer matches the persisted quantity."
    return [user_error([*where, "changeFromQuantity"], text, "CHANGE_FROM_QUANTITY_STALE")]


def _apply(call: Call, input: dict[str, Any], changes: Sequence[Change]) -> Payload:
    """Do checked changes. Whatever changes a part of on_hand changes on_hand in a second row; nothing changed is no group."""
    rows: list[dict[str, Any]] = []
    totals: dict[InventoryLevel, dict[str, int]] = {}
    for change in changes:
        deltas = totals.setdefault(change.level, {})
        for name in (change.name,) if change.name == "incoming" else dict.fromkeys((change.name, "on_hand")):
            deltas[name] = deltas.get(name, 0) + change.delta
        if change.name == "on_hand":
            deltas["available"] = deltas.get("available", 0) + change.delta
        elif change.delta:
            rows.append(_row(change.level, change.name, change.delta, change.document))
    for level, deltas in totals.items():
        if input.get("name") == "on_hand" and deltas["available"]:
            rows.append(_row(level, "available", deltas["available"], None))
        if deltas.get("on_hand"):
            rows.append(_row(level, "on_hand", deltas["on_hand"], None))
        if any(deltas.values()):
            stock.shift(call.world, level, deltas)
    if not rows:
        return {"inventoryAdjustmentGroup": None, "userErrors": []}
    world, now = call.world, call.world.now()
    gid = world.new_id("InventoryAdjustmentGroup")
    group = AdjustmentGroup(gid, now, now, input["reason"], input.get("referenceDocumentUri"), rows, call.token.app)
    return {"inventoryAdjustmentGroup": world.add(group), "userErrors": []}


def _row(level: InventoryLevel, name: str, delta: int, document: str | None) -> dict[str, Any]:
    """A change as it is reported; quantityAfterChange is null in live answers."""
    return {
        "name": name,
        "delta": delta,
        "quantityAfterChange": None,
        "ledgerDocumentUri": document,
        "item": level.item,
        "location": level.location,
    }
