"""Supercycle on HTTP: the Admin API v1, the address for the shop's webhooks, and the control plane."""

from __future__ import annotations

import asyncio
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from trueup.simulators.serving import Receive, Scope, Send, lose_reply, read_body
from trueup.simulators.supercycle import catalogue, control, cycle_writes, item_writes, queries, shapes
from trueup.simulators.supercycle.bodies import (
    BlockCreate,
    ItemCreate,
    ItemUpdate,
    MethodOption,
    MethodUpdate,
    ProductsImport,
    RentalUpdate,
    ReturnCreate,
    ReturnUpdate,
)  # fmt: skip
from trueup.simulators.supercycle.bodies import (
    read_body as read_as,
)
from trueup.simulators.supercycle.records import Rental
from trueup.simulators.supercycle.replies import Refusal, Reply, json_reply, refused

if TYPE_CHECKING:
    from trueup.simulators.supercycle.simulator import SupercycleSimulator

BASE = "/api/v1"
WEBHOOKS = "/webhooks/shopify"
_LARGEST_BODY_BYTES = 5 * 1024 * 1024

_LISTS = frozenset({"items", "rentals", "return_orders", "blocked_dates"})


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


class SupercycleServer:
    """The ASGI application in front of a simulator."""

    def __init__(self, simulator: SupercycleSimulator) -> None:
        self._simulator = simulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        if scope["type"] != "http":
            return
        body = await read_body(receive, _LARGEST_BODY_BYTES)
        if body is None:
            reply = refused(Refusal(413, "Payload Too Large"), as_text=True)
        else:
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
            query = scope["query_string"].decode("latin-1")
            reply = self.answer(Request(scope["method"], scope["path"], query, headers, body))
        if reply.wait_seconds:
            await asyncio.sleep(reply.wait_seconds)
        if reply.lost:
            await lose_reply(scope, send)
            return
        given = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
        given.append((b"content-length", str(len(reply.body)).encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": given})
        await send({"type": "http.response.body", "body": reply.body})

    def answer(self, request: Request) -> Reply:
        """The reply to a request; those of the API are entered in the journal."""
        simulator = self._simulator
        if request.path.startswith(control.PREFIX):
            return control.answer(simulator, request.method, request.path, request.body)
        with simulator.world.lock:
            simulator.world.settle()
            if request.path == WEBHOOKS and request.method == "POST":
                return self._hear(request)
            operation = operation_of(request)
            try:
                reply = self._lie_first(operation) or self._perform(request, operation)
            except Refusal as refusal:
                reply = refused(refusal, as_text=simulator.settings.error_body == "text")
                if refusal.status == 429 and simulator.settings.retry_after:
                    reply.headers["retry-after"] = refusal.errors[-1]
            self._lie_last(operation, reply)
            simulator.enter(operation, reply.status, lost=reply.lost)
            return reply

    def _hear(self, request: Request) -> Reply:
        headers, link = request.headers, self._simulator.shop
        if not link.signed(request.body, headers.get("x-shopify-hmac-sha256")):
            return json_reply(401, {"errors": ["Unauthorized"]})
        link.hear_shop(headers.get("x-shopify-topic", ""), headers.get("x-shopify-webhook-id", ""), request.body)
        return json_reply(200, {})

    def _admit(self, request: Request, operation: str) -> None:
        """A known key that has requests left. Raises Refusal."""
        simulator = self._simulator
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        known = [name for name, key in simulator.keys.items() if hmac.compare_digest(key, token)]
        if scheme != "Bearer" or not known or simulator.faults.strike("token_refused", [operation]):
            raise Refusal(401, "Unauthorized")
        if simulator.faults.strike("too_many_requests", [operation]):
            raise Refusal(429, "Rate limit exceeded", "60")
        if simulator.settings.rate_limit:
            seconds, timelines = simulator.rate_seconds(), operation == "GET /availability_timelines"
            wait = simulator.budgets.spend(known[0], seconds, timelines=timelines)
            if wait is not None:
                raise Refusal(429, "Rate limit exceeded", str(int(wait) + 1))

    def _perform(self, request: Request, operation: str) -> Reply:
        self._admit(request, operation)
        words = request.path.removeprefix(BASE).strip("/").split("/")
        if not request.path.startswith(BASE + "/") or operation not in (*_READS, *_WRITES):
            raise Refusal(404, f"No route matches {request.method} {request.path}")
        if operation in _READS:
            content = _READS[operation](self._simulator, words, request)
        else:
            content = _WRITES[operation](self._simulator, words, request.body)
        return json_reply(200, shapes.spelled(content, self._simulator.settings.spelling))

    def _lie_first(self, operation: str) -> Reply | None:
        fault = self._simulator.faults.strike("server_error", [operation])
        if fault is None:
            return None
        status = fault.status or 500
        return refused(Refusal(status, "Internal Server Error"), as_text=True)

    def _lie_last(self, operation: str, reply: Reply) -> None:
        """The request has been carried out, its reply suffers."""
        strike = self._simulator.faults.strike
        if reply.status >= 300:
            return
        if (slow := strike("slow", [operation])) is not None:
            reply.wait_seconds = slow.seconds
        if strike("malformed_json", [operation]) is not None:
            reply.body = reply.body[: len(reply.body) // 2]
        if (lost := strike("applied_but_timed_out", [operation])) is not None:
            if lost.mode == "504":
                gone = refused(Refusal(504, "Gateway Timeout"), as_text=True)
                reply.status, reply.body, reply.headers = gone.status, gone.body, gone.headers
            else:
                reply.lost, reply.wait_seconds = True, lost.seconds if lost.mode == "hang" else 0.0


def operation_of(request: Request) -> str:
    """The route, such as "GET /items/{id}"."""
    path = re.sub(r"/\d+(?=/|$)", "/{id}", request.path.removeprefix(BASE))
    return f"{request.method} {path}"


def _list(simulator: SupercycleSimulator, words: list[str], request: Request) -> Any:
    operation = operation_of(request)
    query = queries.read_query(parse_qsl(request.query, keep_blank_values=True))
    if simulator.faults.strike("empty_page", [operation]):
        return {"data": [], "nextPage": query.texts.get("page") or queries.beginning(simulator.settings.newest_first)}
    stale = simulator.faults.strike("stale_page", [operation])
    at = simulator.world.now() - timedelta(seconds=stale.seconds) if stale else None
    return queries.listed(simulator.world, query, at, words[0])


def _one(simulator: SupercycleSimulator, words: list[str], request: Request) -> Any:
    record = queries.one(simulator.world, words[0], words[1])
    if isinstance(record, Rental):
        return shapes.rental_shape(simulator.world, record, whole=True)
    return shapes.render(simulator.world, record)


def _timeline(simulator: SupercycleSimulator, words: list[str], request: Request) -> Any:
    query = queries.read_query(parse_qsl(request.query, keep_blank_values=True))
    return queries.timeline(simulator.world, query)


def _import(simulator: SupercycleSimulator, words: list[str], body: bytes) -> Any:
    given = read_as(body, ProductsImport, simulator.settings.spelling)
    for shopify_id in given.shopify_product_ids:
        simulator.shop.start_import(shopify_id)
    return {"data": [{"shopifyProductId": each, "status": "queued"} for each in given.shopify_product_ids]}


def _update(kind: str, shape: type[Any], act: Callable[..., Any]) -> _Write:
    def perform(simulator: SupercycleSimulator, words: list[str], body: bytes) -> Any:
        record = queries.one(simulator.world, kind, words[1])
        return act(simulator.world, record, read_as(body, shape, simulator.settings.spelling))

    return perform


def _create(shape: type[Any], act: Callable[..., Any]) -> _Write:
    def perform(simulator: SupercycleSimulator, words: list[str], body: bytes) -> Any:
        return act(simulator.world, read_as(body, shape, simulator.settings.spelling))

    return perform


def _create_returns(simulator: SupercycleSimulator, words: list[str], body: bytes) -> Any:
    """The one write whose refusal has a documented shape, with status 200."""
    try:
        return cycle_writes.create_returns(simulator.world, read_as(body, ReturnCreate, simulator.settings.spelling))
    except Refusal:
        return {"errors": ["Invalid request body"], "returnOrders": []}


def _method(name: str, *, whole: bool) -> _Write:
    def perform(simulator: SupercycleSimulator, words: list[str], body: bytes) -> Any:
        world, spelling = simulator.world, simulator.settings.spelling
        if whole:
            return catalogue.write_method(world, words[1], name, read_as(body, MethodUpdate, spelling))
        return catalogue.add_option(world, words[1], name, read_as(body, MethodOption, spelling))

    return perform


_Read = Callable[["SupercycleSimulator", list[str], Request], Any]
_Write = Callable[["SupercycleSimulator", list[str], bytes], Any]

_READS: dict[str, _Read] = {
    **{f"GET /{name}": _list for name in sorted(_LISTS)},
    **{f"GET /{name}/{{id}}": _one for name in sorted(_LISTS)},
    "GET /availability_timelines": _timeline,
}
_WRITES: dict[str, _Write] = {
    "POST /items": _create(ItemCreate, item_writes.create_items),
    "PUT /items/{id}": _update("items", ItemUpdate, item_writes.update_item),
    "PUT /rentals/{id}": _update("rentals", RentalUpdate, cycle_writes.update_rental),
    "POST /return_orders": _create_returns,
    "PUT /return_orders/{id}": _update("return_orders", ReturnUpdate, cycle_writes.update_return),
    "POST /blocked_dates": _create(BlockCreate, item_writes.create_block),
    "POST /products": _import,
    "POST /products/{id}/subscription_method": _method("subscription", whole=True),
    "POST /products/{id}/subscription_method/options": _method("subscription", whole=False),
    "POST /products/{id}/resale_method/options": _method("resale", whole=False),
}
OPERATIONS = (*_READS, *_WRITES)
