"""The routes as one application. It keeps what arrives and starts work; workers do the work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from trueup import __version__
from trueup.api.intake import Intake
from trueup.api.shopify import ShopifyWebhooks
from trueup.api.signals import Signals
from trueup.base.errors import TrueupError
from trueup.settings.model import SignalSettings
from trueup.workflows.take_in_hints import ArrivedHint, take_in_hints, take_in_signal
from trueup.workflows.watch import every_rounds
from trueup.workflows.world import World

CALLED = ("/webhooks/", "/health")
"""Where other systems call."""
ASKED = ("/api/", "/metrics")
"""Where programs ask and act; every other address is the console's."""


def beside(console: ASGIApp, api: ASGIApp, resources: ASGIApp) -> ASGIApp:
    """All as one web application, each with its own protection: who calls brings a signature, who asks a token, who looks a
    session."""

    async def web(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        chosen = api if path.startswith(CALLED) else resources if path.startswith(ASKED) else console
        await chosen(scope, receive, send)

    return web


def build_api(world: World, act: Callable[..., object], signals: Sequence[SignalSettings] = ()) -> FastAPI:
    """Events, signals and health of an opened installation. `act(fn, *args)` calls `fn(tx, *args)` in one transaction."""

    def keep(arrived: Sequence[ArrivedHint]) -> None:
        act(take_in_hints, arrived)

    def keep_signal(arrived: ArrivedHint) -> None:
        act(take_in_signal, arrived, every_rounds(world))

    async def health() -> Response:
        """200 while the database answers; for load balancers, so it says no more than that."""
        try:
            await asyncio.to_thread(world.database.check)
        except TrueupError:
            return JSONResponse({"status": "the database does not answer", "version": __version__}, 503)
        return JSONResponse({"status": "well", "version": __version__})

    api = FastAPI(title="Trueup", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    webhooks = ShopifyWebhooks(world.connections, Intake(keep), world.clock)
    calls = Signals(signals, keep_signal, world.clock)
    api.add_api_route("/webhooks/shopify/{shop}", webhooks.receive, methods=["POST"])
    api.add_api_route("/webhooks/flow/{name}", calls.receive, methods=["POST"])
    api.add_api_route("/health", health, methods=["GET"])
    return api
