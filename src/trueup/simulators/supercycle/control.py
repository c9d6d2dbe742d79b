"""The control plane under /_simulator: what tests, the demo and the auditor use. No client of the API ever sees it.

| request | body | answer |
|---|---|---|
| GET clock | | {"now", "next_event"} |
| POST clock | {"now": iso}, or null to follow the source again | the same |
| POST keys | {"name", "token"} | {} |
| POST shop | {"url", "client_id", "client_secret"} | {}: Supercycle becomes an app of that shop |
| POST offers, POST products | a list of catalogue.ShopProduct: to be imported, or imported now | {} |
| POST locations | {"shopify_id", "name"} | {} |
| POST workflows | a flow.Workflow | {} |
| POST items | {"shopify_variant_id", "quantity"?, "visibility"?} | {"items": [ids]} |
| POST rentals | {"shopify_variant_id", "start"?, "end"?, "method_type"?} | the cycle |
| POST rentals/{id}/{fulfil, return, receive, convert, cancel, reallocate} | | the cycle |
| POST rentals/{id}/item | {"item"} | the cycle |
| POST items/{id}/restock | | the item |
| POST items/{id}/grade | {"condition_id"} | the item |
| POST items/{id}/visibility | {"visibility"} | the item |
| POST deliver | | {"tried"}: send what is due |
| GET faults | | {"active", "struck"} |
| POST faults | a Fault, a list of them, or {"clear": true or a kind} | the same |
| GET state | | everything |
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec

from trueup.base.clock import read_instant
from trueup.base.errors import Invalid, NotFound, TrueupError
from trueup.simulators.supercycle import shapes
from trueup.simulators.supercycle.flow import Workflow
from trueup.simulators.supercycle.replies import Reply, json_reply

if TYPE_CHECKING:
    from trueup.simulators.supercycle.simulator import SupercycleSimulator

PREFIX = "/_simulator/"
Given = dict[str, Any]


class _Rental(msgspec.Struct, forbid_unknown_fields=True):
    shopify_variant_id: int
    start: date | None = None
    end: date | None = None
    method_type: str = "calendar"


def answer(simulator: SupercycleSimulator, method: str, path: str, body: bytes) -> Reply:
    """The reply to a request of the control plane; an error is {"error": sentence}."""
    try:
        words = [unquote(word) for word in path.removeprefix(PREFIX).strip("/").split("/")]
        content = _content(body)
        if method == "GET" and len(words) == 1 and words[0] in _READS:
            return json_reply(200, _READS[words[0]](simulator))
        if method == "POST" and len(words) == 1 and words[0] in _WRITES:
            return json_reply(200, _WRITES[words[0]](simulator, content) or {})
        if method == "POST" and len(words) == 3 and (words[0], words[2]) in _BY_HAND and words[1].isdecimal():
            return json_reply(200, _by_hand(simulator, (words[0], words[2]), int(words[1]), content))
        raise NotFound(f"The control plane has no {method} {path}.")
    except TrueupError as error:
        return json_reply(error.http_status, {"error": str(error)})
    except (TypeError, msgspec.ValidationError) as error:
        return json_reply(422, {"error": f"The body does not fit {path}: {error}."})


def _content(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body) if body.strip() else None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"The body is not JSON: {error}.") from error


def _by_hand(simulator: SupercycleSimulator, what: tuple[str, str], number: int, content: Any) -> Given:
    _BY_HAND[what](simulator, number, **(content or {}))
    with simulator.world.lock:
        record = simulator.item(number) if what[0] == "items" else simulator.rental(number)
        return shapes.render(simulator.world, record)


def _clock(simulator: SupercycleSimulator) -> Given:
    return {"now": simulator.now(), "next_event": simulator.next_event()}


def _set_clock(simulator: SupercycleSimulator, content: Any) -> Given:
    moment = content.get("now") if isinstance(content, dict) else 0
    if moment is not None and not isinstance(moment, str):
        raise Invalid(f"Clock {moment!r}: expected ISO 8601 text, or null to follow the source of time.")
    simulator.set_clock(None if moment is None else read_instant(moment))
    return _clock(simulator)


def _place(simulator: SupercycleSimulator, content: Any) -> Given:
    given = msgspec.convert(content, _Rental)
    rental = simulator.place_rental(given.shopify_variant_id, given.start, given.end, given.method_type)
    return shapes.render(simulator.world, rental)


def _faults(simulator: SupercycleSimulator) -> Given:
    return {"active": simulator.faults.listing(), "struck": dict(simulator.faults.struck)}


def _change_faults(simulator: SupercycleSimulator, content: Any) -> Given:
    if isinstance(content, dict) and "clear" in content:
        simulator.clear_faults(None if content["clear"] is True else str(content["clear"]))
    else:
        for given in content if isinstance(content, list) else [content]:
            simulator.add_fault(**given)
    return _faults(simulator)


def state(simulator: SupercycleSimulator) -> Given:
    """Everything an auditor needs, in camelCase whatever the account's spelling; never a key."""
    with simulator.world.lock:
        simulator.world.settle()
        world = simulator.world
        return {
            "now": world.now(),
            "items": [shapes.item_shape(world, item) for item in world.items.values()],
            "rentals": [shapes.rental_shape(world, rental) for rental in world.rentals.values()],
            "returns": [shapes.return_shape(world, order) for order in world.returns.values()],
            "blockedDates": [shapes.block_shape(block) for block in world.blocks.values()],
            "conditions": [shapes.condition_shape(condition) for condition in world.conditions.values()],
            "products": [
                {
                    "id": product.id,
                    "shopifyProductId": product.shopify_id,
                    "title": product.title,
                    "variants": [
                        {"id": each.id, "shopifyVariantId": each.shopify_id, "sku": each.sku}
                        for each in product.variants
                    ],
                    "methods": {name: shapes.method_shape(method) for name, method in product.methods.items()},
                }
                for product in world.products.values()
            ],
            "requests": list(simulator.journal),
            "totals": dict(simulator.totals),
            "sendings": simulator.outbox.listing(),
            "faults": _faults(simulator),
        }


_READS: dict[str, Callable[[SupercycleSimulator], Any]] = {"clock": _clock, "faults": _faults, "state": state}
_WRITES: dict[str, Callable[[SupercycleSimulator, Any], Any]] = {
    "clock": _set_clock,
    "keys": lambda simulator, content: simulator.add_key(**content),
    "shop": lambda simulator, content: simulator.connect_shop(**content),
    "offers": lambda simulator, content: simulator.offer(content),
    "products": lambda simulator, content: simulator.import_now(content) and {},
    "locations": lambda simulator, content: simulator.add_location(**content),
    "workflows": lambda simulator, content: simulator.add_workflow(Workflow(**content)),
    "items": lambda simulator, content: {"items": [item.id for item in simulator.add_items(**content)]},
    "rentals": _place,
    "deliver": lambda simulator, _: {"tried": simulator.deliver_due()},
    "faults": _change_faults,
}
_BY_HAND: dict[tuple[str, str], Callable[..., Any]] = {
    ("rentals", "fulfil"): lambda simulator, number: simulator.fulfil(number),
    ("rentals", "return"): lambda simulator, number: simulator.request_return(number),
    ("rentals", "receive"): lambda simulator, number: simulator.receive(number),
    ("rentals", "convert"): lambda simulator, number: simulator.convert(number),
    ("rentals", "cancel"): lambda simulator, number: simulator.cancel(number),
    ("rentals", "reallocate"): lambda simulator, number: simulator.reallocate(number),
    ("rentals", "item"): lambda simulator, number, item: simulator.change_item(number, item),
    ("items", "restock"): lambda simulator, number: simulator.restock(number),
    ("items", "grade"): lambda simulator, number, condition_id: simulator.grade(number, condition_id),
    ("items", "visibility"): lambda simulator, number, visibility: simulator.set_visibility(number, visibility),
}
