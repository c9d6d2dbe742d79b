"""The control plane under /_simulator: what tests, the demo and the auditor use. No app ever sees it.

| request | body | answer |
|---|---|---|
| GET clock | | {"now", "next_event"} |
| POST clock | {"now": iso}, or null to follow the source again | the same |
| POST apps | {"client_id", "client_secret", "scopes"?} | {"app"} |
| POST locations | {"name", "country_code"?} | {"id"} |
| POST company_locations | {"company", "location", "external_id"?} | {"id"} |
| POST products | a product, or a list: see catalogue.SeedProduct | {"products": [ids]} |
| POST sale | {"sku", "quantity", "properties"?} | {"order"}, or 409 when the policy forbids it |
| POST orders/{number or name}/cancel | {"reason"?, "restock"?} | the order's state: the merchant did it by hand |
| POST orders/{number or name}/quantity | {"sku", "quantity"} | the same |
| POST orders/{number or name}/fulfil | {"most"?} | the same |
| POST orders/{number or name}/unfulfil | | the same: the last fulfilment was cancelled |
| POST orders/{number or name}/refund | {"lines": {id: units}, "gateway"?, "restock"?, "location"?} | {"refund"} |
| POST tracked | {"sku", "tracked"} | {}: the merchant turned counting on or off |
| POST status | {"sku", "status"} | {}: the merchant archived the product, made it a draft, or active again |
| POST deletion | {"sku"} | {}: the merchant deleted the product |
| POST count | {"sku", "location", "by"} | {}: staff changed the number at a location by hand |
| POST subscriptions | {"client_id", "topic", "uri", "include_fields"?} | {"id"}: as if by the app's configuration |
| POST deliver | | {"tried"}: send webhooks that are due |
| GET faults | | {"active", "struck"} |
| POST faults | a Fault, a list of them, or {"clear": true or a kind} | the same |
| GET state | | everything |
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec

from trueup.base.clock import read_instant
from trueup.base.errors import Invalid, NotFound, TrueupError
from trueup.simulators.shopify.engine import Reply, json_reply

if TYPE_CHECKING:
    from trueup.simulators.shopify.simulator import ShopifySimulator

PREFIX = "/_simulator/"
Given = dict[str, Any]


def answer(simulator: ShopifySimulator, method: str, path: str, body: bytes) -> Reply:
    """The reply to a request of the control plane; an error is {"error": sentence}."""
    try:
        words = [unquote(word) for word in path.removeprefix(PREFIX).strip("/").split("/")]
        content = _content(body)
        if method == "GET" and len(words) == 1 and words[0] in _READS:
            return json_reply(200, _READS[words[0]](simulator))
        if method == "POST" and len(words) == 1 and words[0] in _WRITES:
            return json_reply(200, _WRITES[words[0]](simulator, content))
        if method == "POST" and len(words) == 3 and words[0] == "orders" and words[2] in _BY_HAND:
            return json_reply(200, _BY_HAND[words[2]](simulator, words[1], _object(content or {})))
        raise NotFound(f"The control plane has no {method} {path}.")
    except TrueupError as error:
        return json_reply(error.http_status, {"error": str(error)})


def _content(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body) if body.strip() else None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"The body is not JSON: {error}.") from error


def _object(content: Any, needed: tuple[str, ...] = (), optional: tuple[str, ...] = ()) -> Given:
    if not isinstance(content, dict):
        raise Invalid(f"The body is {type(content).__name__}: expected an object.")
    missing = [name for name in needed if name not in content]
    unknown = [name for name in content if needed and name not in (*needed, *optional)]
    if missing or unknown:
        wanted = ", ".join((*needed, *(f"{name}?" for name in optional)))
        raise Invalid(f"The body has {', '.join(content) or 'nothing'}: expected {wanted}.")
    return content


def _clock(simulator: ShopifySimulator) -> Given:
    return {"now": simulator.now(), "next_event": simulator.next_event()}


def _set_clock(simulator: ShopifySimulator, content: Any) -> Given:
    moment = _object(content, ("now",))["now"]
    if moment is not None and not isinstance(moment, str):
        raise Invalid(f"Clock {moment!r}: expected ISO 8601 text, or null to follow the source of time.")
    simulator.set_clock(None if moment is None else read_instant(moment))
    return _clock(simulator)


def _add_app(simulator: ShopifySimulator, content: Any) -> Given:
    given = _object(content, ("client_id", "client_secret"), ("scopes",))
    return {"app": simulator.add_app(**given).id}


def _add_location(simulator: ShopifySimulator, content: Any) -> Given:
    return {"id": simulator.add_location(**_object(content, ("name",), ("country_code",))).id}


def _add_company(simulator: ShopifySimulator, content: Any) -> Given:
    given = _object(content, ("company", "location"), ("external_id",))
    return {"id": simulator.add_company_location(**given).id}


def _add_products(simulator: ShopifySimulator, content: Any) -> Given:
    given = content if isinstance(content, list) else [content]
    return {"products": [product.id for product in simulator.add_products(given)]}


def _sell(simulator: ShopifySimulator, content: Any) -> Given:
    return {"order": simulator.sell(**_object(content, ("sku", "quantity"), ("properties",))).name}


def _track(simulator: ShopifySimulator, content: Any) -> Given:
    simulator.track_by_hand(**_object(content, ("sku", "tracked")))
    return {}


def _count(simulator: ShopifySimulator, content: Any) -> Given:
    simulator.count_by_hand(**_object(content, ("sku", "location", "by")))
    return {}


def _set_status(simulator: ShopifySimulator, content: Any) -> Given:
    simulator.set_status_by_hand(**_object(content, ("sku", "status")))
    return {}


def _delete(simulator: ShopifySimulator, content: Any) -> Given:
    simulator.delete_by_hand(**_object(content, ("sku",)))
    return {}


def _subscribe(simulator: ShopifySimulator, content: Any) -> Given:
    given = _object(content, ("client_id", "topic", "uri"), ("include_fields",))
    return {"id": simulator.subscribe(**given).id}


def _faults(simulator: ShopifySimulator) -> Given:
    return {"active": simulator.faults.listing(), "struck": dict(simulator.faults.struck)}


def _change_faults(simulator: ShopifySimulator, content: Any) -> Given:
    if isinstance(content, dict) and "clear" in content:
        simulator.clear_faults(None if content["clear"] is True else str(content["clear"]))
        return _faults(simulator)
    for each in content if isinstance(content, list) else [content]:
        given = _object(each)
        try:
            simulator.add_fault(**given)
        except TypeError as error:
            raise Invalid(f"Fault {given}: {error}.") from error
    return _faults(simulator)


_READS: dict[str, Callable[[ShopifySimulator], Any]] = {
    "clock": _clock,
    "faults": _faults,
    "state": lambda simulator: simulator.state(),
}
_WRITES: dict[str, Callable[[ShopifySimulator, Any], Any]] = {
    "clock": _set_clock,
    "apps": _add_app,
    "locations": _add_location,
    "company_locations": _add_company,
    "products": _add_products,
    "sale": _sell,
    "tracked": _track,
    "count": _count,
    "status": _set_status,
    "deletion": _delete,
    "subscriptions": _subscribe,
    "deliver": lambda simulator, _: {"tried": simulator.deliver_due()},
    "faults": _change_faults,
}
_BY_HAND: dict[str, Callable[[ShopifySimulator, str, Given], Any]] = {
    "cancel": lambda simulator, order, given: simulator.cancel_by_hand(order, **given),
    "quantity": lambda simulator, order, given: simulator.edit_by_hand(order, given["sku"], given["quantity"]),
    "fulfil": lambda simulator, order, given: simulator.fulfil_by_hand(order, **given),
    "unfulfil": lambda simulator, order, given: simulator.unfulfil_by_hand(order),
    "refund": lambda simulator, order, given: {"refund": simulator.refund_by_hand(order, **given).id},
}
