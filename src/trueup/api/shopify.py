"""`/webhooks/shopify/{shop}`: a delivery is checked by its signature, kept with those beside it, and answered.

Nothing of it is looked up or fetched here: Shopify waits five seconds, and takes an answer for "it is kept".
"""

from __future__ import annotations

from fastapi import Request, Response

from trueup.api.intake import Intake
from trueup.api.replies import TOO_LARGE, read_body, refuse
from trueup.base.clock import Clock
from trueup.base.errors import NotFound, TrueupError
from trueup.formats.requests import KeptRequest
from trueup.remote.connections import Connections
from trueup.workflows.take_in_hints import ArrivedHint


class ShopifyWebhooks:
    """Takes the deliveries of every shop that calls us."""

    def __init__(self, connections: Connections, intake: Intake[ArrivedHint], clock: Clock) -> None:
        self._sources, self._intake, self._clock = connections.hint_sources, intake, clock

    async def receive(self, shop: str, request: Request) -> Response:
        """200 once it is kept, a double too."""
        path = request.url.path
        body = await read_body(request)
        if body is None:
            return TOO_LARGE
        try:
            source = self._sources.get(shop)
            if source is None:
                raise NotFound(f"No shop {shop!r} is set up to call; known are {', '.join(self._sources) or 'none'}.")
            hint = source.recognise_hint(request.headers, body)
            kept = KeptRequest(path, _headers(request), body)
            await self._intake.take(ArrivedHint(shop, hint, kept, self._clock.now()))
        except TrueupError as error:
            return refuse(error, path)
        return Response(status_code=200)


def _headers(request: Request) -> tuple[tuple[str, str], ...]:
    """What Shopify says about the delivery; nothing that proxies added."""
    return tuple((name, value) for name, value in request.headers.items() if name.startswith("x-shopify-"))
