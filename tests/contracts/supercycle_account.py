"""An account before the Supercycle simulator: one imported product of two variants, a key, and the API over HTTP's shapes."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Unpack
from urllib.parse import urlencode

import msgspec

from trueup.simulators.supercycle import SupercycleSimulator
from trueup.simulators.supercycle.replies import Reply
from trueup.simulators.supercycle.server import Request
from trueup.simulators.supercycle.simulator import Choices

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
KEY = "sc_live_hidden"
JACKET, BOOT = 44100001, 44100002
PRODUCT = 88100001
PRODUCTS: list[dict[str, Any]] = [
    {
        "id": PRODUCT,
        "title": "Rain jacket",
        "variants": [
            {"id": JACKET, "sku": "JKT-M", "title": "M"},
            {"id": BOOT, "sku": "BOOT-42", "title": "42"},
        ],
    }
]
OTHER: dict[str, Any] = {"id": 88100002, "title": "Tent", "variants": [{"id": 44200001, "sku": "TENT-2"}]}


class Account:
    """A simulator with its time standing still, and whoever calls it."""

    def __init__(self, **choices: Unpack[Choices]) -> None:
        choices.setdefault("rate_limit", False)
        choices.setdefault("deliver_in_background", False)
        choices.setdefault("spelling", "camel")
        self.simulator = SupercycleSimulator(7, now=lambda: NOW, **choices)
        self.simulator.set_clock(NOW)
        self.simulator.add_key("trueup", KEY)
        self.simulator.import_now(PRODUCTS)
        self.key = KEY

    def send(self, method: str, path: str, body: Any = None, **query: Any) -> Reply:
        """One request, without a socket."""
        content = b"" if body is None else msgspec.json.encode(body)
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        return self.simulator.app.answer(Request(method, f"/api/v1{path}", urlencode(query), headers, content))

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """One request that must be answered well, and what it was answered."""
        reply = self.send(method, path, body, **query)
        assert reply.status == 200, (reply.status, reply.body)
        return msgspec.json.decode(reply.body)

    def all(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Every record of a list, page by page."""
        found: list[dict[str, Any]] = []
        page = self.ask("GET", path, **query)
        while True:
            found += page["data"]
            if page["nextPage"] is None:
                return found
            page = self.ask("GET", path, **{**query, "page": page["nextPage"]})

    def made(self, quantity: int = 1, variant: int = JACKET, **given: Any) -> list[dict[str, Any]]:
        """Items made by the API, available unless said otherwise."""
        body = {"shopifyVariantId": variant, "visibility": "available", "quantity": quantity, **given}
        items: list[dict[str, Any]] = self.ask("POST", "/items", body)
        return items

    def item(self, number: int) -> dict[str, Any]:
        """An item as the API shows it."""
        found: dict[str, Any] = self.ask("GET", f"/items/{number}")
        return found

    def cycle(self, number: int) -> dict[str, Any]:
        """A cycle as the API shows it."""
        found: dict[str, Any] = self.ask("GET", f"/rentals/{number}")
        return found

    def wait(self, **time: float) -> None:
        """Let time pass."""
        self.simulator.set_clock(self.simulator.now() + timedelta(**time))


def over_http(app: Any, scope: dict[str, Any], body: bytes = b"") -> list[dict[str, Any]]:
    """What an ASGI application sends for one request.

    The request runs on a thread of its own: a browser that other tests keep open leaves this one with a running loop.
    """
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(dict(message))

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, app(scope, receive, send)).result()
    return sent
