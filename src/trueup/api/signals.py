"""`/webhooks/flow/{name}`: an early signal from an automation, such as Shopify Flow's "Send HTTP request", by a shared secret.

It says that a connection has news. What it carries is kept and not believed: the connection's own poll comes sooner.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from uuid import uuid4

from fastapi import Request, Response

from trueup.api.replies import TOO_LARGE, read_body, refuse
from trueup.base.clock import Clock
from trueup.base.errors import NotFound, TrueupError, Unauthorized
from trueup.base.secret import Secret
from trueup.formats.requests import KeptRequest
from trueup.remote.hints import Hint
from trueup.settings.model import SignalSettings
from trueup.workflows.take_in_hints import ArrivedHint

_SCHEME = "bearer "


class Signals:
    """Takes the signals of the settings. `keep` is called in a thread."""

    def __init__(self, signals: Sequence[SignalSettings], keep: Callable[[ArrivedHint], object], clock: Clock) -> None:
        self._signals = {each.name: each for each in signals}
        self._keep, self._clock = keep, clock

    async def receive(self, name: str, request: Request) -> Response:
        """202 once it is kept."""
        path = request.url.path
        body = await read_body(request)
        if body is None:
            return TOO_LARGE
        try:
            signal = self._signals.get(name)
            if signal is None:
                raise NotFound(f"No signal {name!r} is set up; known are {', '.join(self._signals) or 'none'}.")
            if not _knows(request.headers.get("authorization", ""), signal.secret):
                raise Unauthorized(f"Signal {name}: its bearer token is not the secret of the settings.")
            hint = Hint(uuid4().hex, "", f"signal/{name}", None)
            arrived = ArrivedHint(signal.about, hint, KeptRequest(path, (), body), self._clock.now())
            await asyncio.to_thread(self._keep, arrived)
        except TrueupError as error:
            return refuse(error, path)
        return Response(status_code=202)


def _knows(said: str, secret: Secret) -> bool:
    scheme, given = said[: len(_SCHEME)].lower(), said[len(_SCHEME) :]
    return scheme == _SCHEME and Secret(given) == secret
