"""`@idempotent(key:)`: a repeat within 24 hours returns the first result; the same key for other input is refused.

How long keys are kept is reported as 24 hours by a secondary source; afterwards the same key acts again, so a caller must
not rely on it then. A first result with errors is repeated with its errors: a new attempt needs a new key.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from trueup.simulators.shopify.errors import refusal, user_error
from trueup.simulators.shopify.records import App
from trueup.simulators.shopify.world import World

RETENTION = timedelta(hours=24)
_MESSAGES = {
    "IDEMPOTENCY_KEY_PARAMETER_MISMATCH": "The same idempotency key cannot be used with different operation parameters.",
    "IDEMPOTENCY_CONCURRENT_REQUEST": "This request is currently in progress, please try again.",
    "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED": "The previous attempt with this idempotency key failed, please use a new key.",
}
Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Kept:
    fingerprint: bytes
    payload: Payload
    until: datetime


class IdempotentResults:
    """Results by app and key."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()

    def run(
        self, app: App, key: str | None, operation: str, arguments: Mapping[str, Any], act: Callable[[], Payload]
    ) -> Payload:
        """The kept result of the key, or that of `act`. Raises BAD_REQUEST without a key."""
        if key is None:
            text = "The @idempotent directive is required for this mutation but was not provided."
            raise refusal(text, "BAD_REQUEST")
        if not key.strip():
            raise refusal("The @idempotent directive's key must not be blank.", "BAD_REQUEST")
        self._forget_old()
        fingerprint = operation.encode() + msgspec.json.encode(arguments)
        kept = self._kept.get((app.id, key))
        if kept is not None:
            same = kept.fingerprint == fingerprint
            return kept.payload if same else failure("IDEMPOTENCY_KEY_PARAMETER_MISMATCH")
        payload = act()
        self._kept[(app.id, key)] = _Kept(fingerprint, payload, self._world.now() + RETENTION)
        return payload

    def _forget_old(self) -> None:
        now = self._world.now()
        while self._kept and next(iter(self._kept.values())).until <= now:
            self._kept.popitem(last=False)


def failure(code: str) -> Payload:
    """A payload that says only what is wrong with the key."""
    return {"userErrors": [user_error(None, _MESSAGES[code], code)]}
