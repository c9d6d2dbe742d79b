"""The shop on HTTP: token endpoint, GraphQL endpoint, control plane."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trueup.simulators.serving import Receive, Scope, Send, lose_reply, read_body
from trueup.simulators.shopify import bulk_operations, control
from trueup.simulators.shopify.access import INVALID_TOKEN, served_version
from trueup.simulators.shopify.engine import Reply, json_reply

if TYPE_CHECKING:
    from trueup.simulators.shopify.simulator import ShopifySimulator

_LARGEST_BODY_BYTES = 10 * 1024 * 1024
_LARGEST_CONTROL_BYTES = 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class ShopServer:
    """The ASGI application in front of a simulator."""

    def __init__(self, simulator: ShopifySimulator) -> None:
        self._simulator = simulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        if scope["type"] != "http":
            return
        is_control = scope["path"].startswith(control.PREFIX)
        body = await read_body(receive, _LARGEST_CONTROL_BYTES if is_control else _LARGEST_BODY_BYTES)
        if body is None:
            reply = json_reply(413, {"errors": "Payload Too Large"})
        else:
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
            reply = self.answer(Request(scope["method"], scope["path"], headers, body))
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
        """The reply to a request."""
        if request.path.startswith(control.PREFIX):
            return control.answer(self._simulator, request.method, request.path, request.body)
        if request.path.startswith(bulk_operations.PREFIX):
            return self._file(request)
        if request.path == "/admin/oauth/access_token" and request.method == "POST":
            return self._simulator.answer_token(request.headers.get("content-type", ""), request.body)
        match request.path.strip("/").split("/"):
            case ["admin", "api", asked, "graphql.json"]:
                return self._graphql(request, asked)
            case ["admin", "api", "graphql.json"]:
                return self._graphql(request, "2026-01")
        return json_reply(404, {"errors": "Not Found"})

    def _file(self, request: Request) -> Reply:
        """The result of a bulk operation: its address is the permission."""
        with self._simulator.world.lock:
            found = bulk_operations.result_of(self._simulator.world, request.path.removeprefix(bulk_operations.PREFIX))
        if found is None or request.method != "GET":
            return Reply(403, b"<Error><Code>AccessDenied</Code></Error>", {"content-type": "application/xml"})
        return Reply(200, found, {"content-type": "application/jsonl"})

    def _graphql(self, request: Request, asked: str) -> Reply:
        self._simulator.world.origin = f"http://{request.headers.get('host', 'localhost')}"
        version = served_version(asked)
        if version is None:
            return json_reply(404, {"errors": "Not Found"})
        if request.method != "POST":
            return json_reply(405, {"errors": "Method Not Allowed"})
        reply = self._simulator.answer_graphql(request.headers.get("x-shopify-access-token"), request.body)
        reply.headers["x-shopify-api-version"] = version
        return reply


def unauthorized() -> Reply:
    """What a token that is wrong or has expired is told."""
    return json_reply(401, {"errors": INVALID_TOKEN})
