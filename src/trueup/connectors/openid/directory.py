"""What a provider says of itself (OpenID Connect Discovery 1.0), and the keys that it signs with (RFC 7517).

Both are kept for an hour. A token under a key that is not among those kept has them fetched again, so that a provider may change
its keys at any time; but not more often than once a minute, for anyone can invent names of keys.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar, Unpack
from urllib.parse import parse_qsl, urlsplit

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from trueup.base.clock import Clock
from trueup.base.errors import ConfigurationError, ContractChanged
from trueup.connectors.openid.settings import OpenIdSettings
from trueup.remote.http import HttpClient, Parts, Reply, checked_address

T = TypeVar("T")
KEPT_SECONDS = 3600.0
KEYS_PAUSE_SECONDS = 60.0
TIMEOUT_SECONDS = 6.0
"""Somebody sits before a browser and waits."""
_LARGEST_BYTES = 512 * 1024
_WELL_KNOWN = "/.well-known/openid-configuration"


class Metadata(msgspec.Struct, frozen=True):
    """The part of a provider's document that is used here; what it leaves out is as the specification says."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    id_token_signing_alg_values_supported: tuple[str, ...] = ("RS256",)
    code_challenge_methods_supported: tuple[str, ...] = ()
    authorization_response_iss_parameter_supported: bool = False


class Directory:
    """A provider's document and keys. Safe to share between threads; `close` it."""

    def __init__(
        self, settings: OpenIdSettings, clock: Clock, *, on_effect: Callable[[str], None] | None = None
    ) -> None:
        self._settings, self._clock, self._on_effect = settings, clock, on_effect
        checked_address(settings.name, settings.issuer)
        self._clients: dict[str, HttpClient] = {}
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._lock = threading.RLock()

    def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            client.close()

    def ask(self, url: str, **parts: Unpack[Parts]) -> Reply:
        """One request to an address that the provider named: a POST when it writes. Raises RemoteError, ConfigurationError."""
        found = urlsplit(url)
        asked: Parts = {"params": dict(parse_qsl(found.query)) or None, "largest_reply_bytes": _LARGEST_BYTES, **parts}
        client = self._client(f"{found.scheme}://{found.netloc}")
        return client.send("POST" if parts["writes"] else "GET", found.path or "/", **asked)

    def fetch_document(self) -> Reply:
        """The provider's document as it comes now."""
        return self.ask(self._settings.issuer.rstrip("/") + _WELL_KNOWN, writes=False)

    def metadata(self) -> Metadata:
        """What the provider says of itself. Raises RemoteError, ContractChanged for the document of another issuer."""
        with self._lock:
            now = self._clock.monotonic_seconds()
            if self._metadata is None or now - self._metadata[0] > KEPT_SECONDS:
                self._metadata = (now, self.read_document(self.fetch_document()))
            return self._metadata[1]

    def read_document(self, reply: Reply) -> Metadata:
        """The document's meaning. Raises ContractChanged."""
        found = read_as(reply, Metadata, f"{self._settings.name}: its document {_WELL_KNOWN}")
        if found.issuer != self._settings.issuer:
            raise ContractChanged(
                f"{self._settings.name}: the settings say issuer {self._settings.issuer!r}, its document says "
                f"{found.issuer!r}; both must be the same, letter by letter. Correct `issuer` in [sign_in]."
            )
        for url in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri, found.userinfo_endpoint):
            if url:
                _checked(self._settings.name, url)
        return found

    def keys(self, key_id: str | None) -> KeySet:
        """The keys, with the one of that name where the provider has it. Raises RemoteError, ContractChanged."""
        with self._lock:
            now = self._clock.monotonic_seconds()
            kept = self._keys
            age = now - kept[0] if kept else KEPT_SECONDS
            unknown = kept is not None and key_id not in {key.kid for key in kept[1].keys}
            if kept is None or age >= KEPT_SECONDS or (unknown and age >= KEYS_PAUSE_SECONDS):
                kept = self._keys = (now, self._fetch_keys())
            return kept[1]

    def _fetch_keys(self) -> KeySet:
        reply = self.ask(self.metadata().jwks_uri, writes=False)
        what = f"{self._settings.name}: its keys"
        try:
            return KeySet.import_key_set(read_as(reply, dict, what))  # type: ignore[arg-type]
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise ContractChanged(
                f"{what} cannot be read ({type(error).__name__}); expected a set as in RFC 7517."
            ) from None

    def _client(self, origin: str) -> HttpClient:
        with self._lock:
            if origin not in self._clients:
                self._clients[origin] = HttpClient(
                    self._settings.name, origin, timeout_seconds=TIMEOUT_SECONDS, on_effect=self._on_effect
                )
            return self._clients[origin]


def read_as(reply: Reply, shape: type[T], what: str) -> T:
    """A body of JSON as one of our shapes. Raises ContractChanged."""
    try:
        return msgspec.json.decode(reply.content, type=shape)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise ContractChanged(f"{what} is not as OpenID Connect says: {error}.") from None


def _checked(name: str, url: str) -> None:
    """Raises ContractChanged for an address that secrets must not go to."""
    parts = urlsplit(url)
    try:
        checked_address(name, f"{parts.scheme}://{parts.netloc}")
    except ConfigurationError as error:
        raise ContractChanged(f"{name}: its document names an address that is not asked: {error}") from None
