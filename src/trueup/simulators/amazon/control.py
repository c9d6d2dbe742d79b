"""The control plane under /_simulator: what tests, the demo and the auditor use. No vendor ever sees it.

| request | body | answer |
|---|---|---|
| GET clock | | {"now", "next_event"} |
| POST clock | {"now": iso}, or null to follow the source again | the same |
| POST vendor_groups | {"refresh_token", "client_id", "client_secret", "vendor_codes", "roles"?} | {"vendor_group"} |
| POST orders | one order, or {"orders": [...], "irregular"?, "vendor_group"?} | {"added": [numbers]} |
| GET orders/{number} | | the order's state |
| POST orders/{number}/change | an `OrderChange`: lines, add, shipWindow, deliveryWindow, shipToParty, cancel | the same |
| POST orders/{number}/close | | the order's state |
| POST orders/{number}/receive | {"1": pieces, ...} | the order's state |
| POST remittances | a list of payments as `add_remittances` takes them | {"added": [ids]} |
| POST invoices | a list of invoices as `add_invoices` takes them | {"added": [ids]} |
| POST retail | a list of facts as `add_retail` takes them | {"added": how many} |
| POST warehouses | a list of warehouses as `add_warehouses` takes them | {"added": [codes]} |
| GET warehouses | | what Amazon believes lies in each, and every update |
| GET reports | | every report: what was asked, when it is made, what came of it |
| GET faults | | {"active", "told"} |
| POST faults | a Fault, a list of them, or {"clear": true or a kind} | the same |
| GET effects | | what was submitted, applied and failed per order, without the full state |
| GET state | ?purchase_order=... (any number of times) &requests_after=number | everything, or of these orders |
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

import msgspec

from trueup.base.clock import read_instant
from trueup.base.errors import Invalid, NotFound, TrueupError
from trueup.simulators.amazon.faults import FaultKind
from trueup.simulators.amazon.operations import Transaction
from trueup.simulators.amazon.orders import Line, PurchaseOrder
from trueup.simulators.amazon.replies import Reply, plain
from trueup.simulators.amazon.status import confirmed
from trueup.simulators.amazon.warehouses import warehouses_state

if TYPE_CHECKING:
    from trueup.simulators.amazon.simulator import AmazonSimulator

PREFIX = "/_simulator/"


def answer(simulator: AmazonSimulator, method: str, path: str, query: bytes, body: bytes | None) -> Reply:
    """The reply to a request of the control plane; an error is {"error": sentence}."""
    try:
        words = [unquote(word) for word in path.removeprefix(PREFIX).strip("/").split("/")]
        wanted = parse_qs(query.decode("latin-1"))
        if method == "POST" and words in (["remittances"], ["invoices"], ["retail"]):
            return plain(201, {"added": _add_documents(simulator, words[0], body)})
        content = _read(body)
        match (method, *words):
            case ("GET", "clock"):
                return plain(200, _clock(simulator))
            case ("POST", "clock"):
                return plain(200, _set_clock(simulator, content))
            case ("POST", "vendor_groups"):
                return plain(201, {"vendor_group": _add_vendor_group(simulator, content)})
            case ("POST", "orders"):
                return plain(201, {"added": _add_orders(simulator, content)})
            case ("GET", "orders", number):
                simulator.now()
                return plain(200, order_state(simulator.order(number)))
            case ("POST", "orders", number, action) if action in _ACTIONS:
                _ACTIONS[action](simulator, number, content)
                return plain(200, order_state(simulator.order(number)))
            case ("POST", "warehouses"):
                return plain(201, {"added": simulator.add_warehouses(content)})
            case ("GET", "warehouses"):
                return plain(200, warehouses_state(simulator))
            case ("GET", "reports"):
                return plain(200, list(simulator.reports.reports.values()))
            case ("GET", "faults"):
                return plain(200, _faults(simulator))
            case ("POST", "faults"):
                return plain(200, _change_faults(simulator, content))
            case ("GET", "effects"):
                return plain(200, effects(simulator))
            case ("GET", "state"):
                after = wanted.get("requests_after", ["0"])[-1]
                if not (after.isascii() and after.isdecimal()):
                    raise Invalid(f"requests_after {after!r}: expected the number of a request.")
                return plain(200, state(simulator, wanted.get("purchase_order"), int(after)))
        raise NotFound(f"The control plane has no {method} {path}.")
    except TrueupError as error:
        return plain(error.http_status, {"error": str(error)})


def state(
    simulator: AmazonSimulator, purchase_orders: Collection[str] | None = None, requests_after: int = 0
) -> dict[str, Any]:
    """Everything the simulator holds, of all orders or some, with the requests after a number; never a secret or a token."""
    now = simulator.now()
    orders = list(simulator.book.orders.values())
    transactions = list(simulator.transactions.values())
    if purchase_orders is not None:
        wanted = set(purchase_orders)
        orders = [order for order in orders if order.number in wanted]
        transactions = [each for each in transactions if not wanted.isdisjoint(each.purchase_orders)]
    return {
        "now": now,
        "vendor_groups": [
            {"name": group.name, "vendor_codes": group.vendor_codes, "roles": sorted(group.roles)}
            for group in simulator.access.groups.values()
        ],
        "orders": [order_state(order) for order in orders],
        "transactions": [_transaction_state(each) for each in transactions],
        "requests": [each for each in simulator.journal.requests if each.number > requests_after],
        "requests_seen": simulator.journal.seen,
        "totals": simulator.journal.totals_by_operation(),
        "faults": _faults(simulator),
    }


def effects(simulator: AmazonSimulator) -> dict[str, Any]:
    """Counters for an auditor: acknowledgements taken in, applied and failed, by order, and replies by operation."""
    simulator.now()
    counters = {name: Counter[str]() for name in ("submitted", "applied", "failed")}
    for transaction in simulator.transactions.values():
        for number in transaction.purchase_orders:
            counters["submitted"][number] += 1
            if transaction.settled_at is not None:
                counters["failed" if transaction.errors else "applied"][number] += 1
    return {**counters, "totals": simulator.journal.totals_by_operation()}


def order_state(order: PurchaseOrder) -> dict[str, Any]:
    """One order with the full history of each line."""
    return {
        "purchase_order": order.number,
        "vendor_group": order.vendor_group,
        "vendor_code": order.vendor_code,
        "state": order.state,
        "created_at": order.created_at,
        "changed_at": order.changed_at,
        "updated_at": order.updated_at,
        "irregular": order.irregular,
        "ship_window": order.document.order_details.ship_window,
        "delivery_window": order.document.order_details.delivery_window,
        "lines": [_line_state(line) for line in order.lines.values()],
    }


def _line_state(line: Line) -> dict[str, Any]:
    seen = confirmed(line)
    return {
        "item_sequence_number": line.item.item_sequence_number,
        "amazon_product_identifier": line.item.amazon_product_identifier,
        "vendor_product_identifier": line.item.vendor_product_identifier,
        "ordered": line.ordered,
        "unit": line.item.ordered_quantity.unit_of_measure,
        "unit_size": line.item.ordered_quantity.unit_size,
        "net_cost": line.item.net_cost,
        "changes": line.history,
        "confirmation_status": seen.status,
        "accepted": 0 if line.current is None else line.current.accepted,
        "backordered": 0 if line.current is None else line.current.backordered,
        "rejected": 0 if line.current is None else line.current.rejected,
        "received": line.received,
        "answered": line.answered,
        "late": any(each.late for each in line.acknowledgements),
        "acknowledgements": line.acknowledgements,
    }


def _transaction_state(transaction: Transaction) -> dict[str, Any]:
    return {
        "transaction_id": transaction.transaction_id,
        "vendor_group": transaction.vendor_group,
        "status": transaction.status,
        "arrived_at": transaction.arrived_at,
        "due_at": transaction.due_at,
        "settled_at": transaction.settled_at,
        "applied": transaction.settled_at is not None and not transaction.errors,
        "purchase_orders": transaction.purchase_orders,
        "errors": transaction.errors,
        "submitted": msgspec.Raw(transaction.body),
    }


def _read(body: bytes | None) -> Any:
    if body is None:
        raise Invalid("The body is larger than the control plane takes.")
    try:
        return msgspec.json.decode(body) if body.strip() else None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"The body is not JSON: {error}.") from error


def _object(content: Any, expected: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise Invalid(f"The body is {type(content).__name__}: expected an object with {expected}.")
    return content


def _clock(simulator: AmazonSimulator) -> dict[str, Any]:
    return {"now": simulator.now(), "next_event": simulator.next_event()}


def _set_clock(simulator: AmazonSimulator, content: Any) -> dict[str, Any]:
    moment = _object(content, "now").get("now")
    if moment is not None and not isinstance(moment, str):
        raise Invalid(f"Clock {moment!r}: expected ISO 8601 text, or null to follow the source of time.")
    simulator.set_clock(None if moment is None else read_instant(moment))
    return _clock(simulator)


def _add_vendor_group(simulator: AmazonSimulator, content: Any) -> str:
    fields = {"refresh_token", "client_id", "client_secret", "vendor_codes"}
    given = _object(content, ", ".join(sorted(fields)))
    if not fields <= given.keys() <= fields | {"roles"}:
        raise Invalid(f"Vendor group: expected {', '.join(sorted(fields))} and perhaps roles.")
    return simulator.add_vendor_group(**given)


def _add_orders(simulator: AmazonSimulator, content: Any) -> list[str]:
    given = _object(content, "an order, or orders")
    orders = given.get("orders", given)
    group = given.get("vendor_group")
    for order in orders if isinstance(orders, list) and group is not None else ():
        party = order.get("orderDetails", {}).get("sellingParty", {}).get("partyId", "")
        if simulator.access.group_of(party).name != group:
            raise Invalid(f"Vendor code {party!r} does not belong to vendor group {group}.")
    return simulator.add_orders(orders, irregular=given.get("irregular") is True)


def _add_documents(simulator: AmazonSimulator, kind: str, body: bytes | None) -> list[str] | int:
    """Read from the bytes, for an amount that has been a float is no amount any more."""
    content = b"" if body is None else body
    if kind == "retail":
        return simulator.add_retail(content)
    return simulator.add_remittances(content) if kind == "remittances" else simulator.add_invoices(content)


def _receive(simulator: AmazonSimulator, number: str, content: Any) -> None:
    pieces = _object(content, "pieces by itemSequenceNumber")
    if not all(type(amount) is int for amount in pieces.values()):
        raise Invalid(f"Order {number}: pieces received must be whole numbers.")
    simulator.receive(number, pieces)


_ACTIONS: dict[str, Callable[[AmazonSimulator, str, Any], None]] = {
    "change": lambda simulator, number, content: simulator.change_order(number, _object(content, "a change")),
    "close": lambda simulator, number, _: simulator.close_order(number),
    "receive": _receive,
}


def _faults(simulator: AmazonSimulator) -> dict[str, Any]:
    return {"active": simulator.faults.active, "told": simulator.faults.told}


def _change_faults(simulator: AmazonSimulator, content: Any) -> dict[str, Any]:
    if isinstance(content, dict) and "clear" in content:
        kind = content["clear"]
        if kind is not True and kind not in list(FaultKind):
            raise Invalid(f"Fault kind {kind!r}: expected true or one of {', '.join(FaultKind)}.")
        simulator.faults.clear(None if kind is True else FaultKind(kind))
    else:
        for fault in content if isinstance(content, list) else [content]:
            simulator.add_fault(_object(fault, "a kind"))
    return _faults(simulator)
