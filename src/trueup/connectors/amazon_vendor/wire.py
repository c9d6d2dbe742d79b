"""The wire of one connection to Amazon: its two addresses, its access tokens, and the calls that spend its budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trueup.base.clock import Clock
from trueup.connectors.amazon_vendor.calls import Calls
from trueup.connectors.amazon_vendor.settings import AmazonVendorSettings
from trueup.connectors.amazon_vendor.tokens import AccessTokens
from trueup.remote.access import Credential
from trueup.remote.budget import Budget
from trueup.remote.gate import Gate
from trueup.remote.http import HttpClient, Transport


@dataclass(frozen=True, slots=True)
class Wire:
    """What carries requests, and who is told of each effect: HttpClient's own, for tests that stand between."""

    transport: Transport | None = None
    on_effect: Callable[[str], None] | None = None


NETWORK = Wire()


class Wired:
    """A connection of one vendor group: `name` is its own in messages, logs and pauses. Safe to share between threads."""

    def __init__(self, name: str, settings: AmazonVendorSettings, budget: Budget, clock: Clock, wire: Wire) -> None:
        self.settings = settings
        self._name, self._clock, self._wire = name, clock, wire
        self._api = self._client(name, settings.address)
        self._sign_in = self._client(f"{name} sign-in", settings.token_address[0])
        self._tokens = AccessTokens(settings, self._sign_in, clock)
        self._calls = Calls(settings, self._api, self._tokens, budget, clock)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._name!r}, {self.settings.address!r})"

    @property
    def name(self) -> str:
        """The connection's name."""
        return self._name

    def credentials(self) -> Sequence[Credential]:
        """By what it is let in; asks nobody."""
        return self._tokens.credentials()

    def close(self) -> None:
        """Close every connection."""
        self._api.close()
        self._sign_in.close()

    def guard(self, gate: Gate) -> None:
        """Ask `gate` before anything leaves, signing in included."""
        self._api.guard(gate)
        self._sign_in.guard(gate)

    def _client(self, name: str, address: str) -> HttpClient:
        return HttpClient(
            name,
            address,
            timeout_seconds=self.settings.timeout_seconds,
            transport=self._wire.transport,
            on_effect=self._wire.on_effect,
        )
