"""Login with Amazon: a refresh token becomes an access token of one hour, fetched once for all threads that wait for it."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from trueup.base.clock import Clock
from trueup.base.errors import ContractChanged, Rejected, Unauthorized
from trueup.base.secret import Secret
from trueup.connectors.amazon_vendor.settings import AmazonVendorSettings
from trueup.remote.access import Credential
from trueup.remote.http import HttpClient, Problem, Reply

_MARGIN_SECONDS = 120.0  # a token must outlive the request that carries it
_REMEDIES = {
    "invalid_grant": "the refresh token was revoked or belongs to another application: authorise the application again "
    "(Vendor Central, Integration, API Integration, Authorize) and store the new refresh token",
    "invalid_client": "client id and client secret do not belong together, or the secret ran out after 180 days: "
    "rotate it (Developer profile, the application, View LWA credentials) and store the new one",
    "unauthorized_client": "the application may not use this refresh token: authorise it for this vendor group",
}
SECRET_LIVES = timedelta(days=180)
"""How long a client secret is good for (Amazon's guide to rotating LWA credentials)."""
_ELSE = "check client id, client secret and refresh token of this connection"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """An access token, until when, on the clock that never jumps, it is used, and when it ends as Amazon says."""

    secret: Secret
    until_seconds: float
    ends_at: datetime


class AccessTokens:
    """The access token of one vendor group. Safe to share between threads."""

    def __init__(self, settings: AmazonVendorSettings, client: HttpClient, clock: Clock) -> None:
        self._settings = settings
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._token: AccessToken | None = None

    def current(self) -> tuple[AccessToken, bool]:
        """The token to use, and whether it was fetched just now. Raises Unauthorized with what to do, RemoteError."""
        with self._lock:
            if self._token is not None and self._clock.monotonic_seconds() < self._token.until_seconds:
                return self._token, False
            self._token = None
            self._token = self._fetch()
            return self._token, True

    def forget(self, token: AccessToken) -> None:
        """Amazon refused this token. Another thread's newer one stays."""
        with self._lock:
            if self._token is token:
                self._token = None

    def credentials(self) -> list[Credential]:
        """By what this vendor group is come in to. Only the end of an access token is ever told by Amazon."""
        settings, held = self._settings, self._token
        secret_ends = (
            "Amazon tells its end by mail and in Vendor Central alone (Integration, API Integration, View LWA credentials): "
            "180 days after it was made"
        )
        grant_ends = (
            "Amazon tells no end: it holds until the grant is revoked (Vendor Central, Integration, API Integration), also when "
            "the client secret is replaced"
        )
        found = [
            Credential.untold("client secret", settings.client_secret, secret_ends, SECRET_LIVES),
            Credential.untold("refresh token", settings.refresh_token, grant_ends),
        ]
        if held is not None:
            how = "Amazon says so with each; a new one is fetched by itself"
            found.append(Credential("access token", "", held.ends_at, how, renewed=True))
        return found

    def _fetch(self) -> AccessToken:
        settings = self._settings
        asked_at, now = self._clock.monotonic_seconds(), self._clock.now()
        problem: list[str] = []

        def explain(reply: Reply) -> Problem | None:
            problem.append(_error_code(reply.content))
            return Problem(problem[0], "")

        refused = ""
        try:
            reply = self._client.send(
                "POST",
                settings.token_address[1],
                form={
                    "grant_type": "refresh_token",
                    "refresh_token": settings.refresh_token,
                    "client_id": settings.client_id,
                    "client_secret": settings.client_secret,
                },
                explain=explain,
                writes=False,
            )
        except (Rejected, Unauthorized) as error:
            refused = str(error)
        if refused:
            remedy = _REMEDIES.get(problem[0] if problem else "", _ELSE)
            raise Unauthorized(f"{refused} Amazon gives no access token: {remedy}.")
        found = _token_of(reply.content)
        if found is None:
            raise ContractChanged(
                f"{settings.name}: the token endpoint answered {reply.status} without access_token and expires_in "
                f"(request id {reply.request_id or 'none'})."
            )
        secret, expires_in_seconds = found
        margin = min(_MARGIN_SECONDS, expires_in_seconds / 2)
        return AccessToken(secret, asked_at + expires_in_seconds - margin, now + timedelta(seconds=expires_in_seconds))


def _token_of(content: bytes) -> tuple[Secret, int] | None:
    """The token and its life in seconds. It never raises: a traceback from here could show the token."""
    try:
        reply = json.loads(content)
        token, life = reply["access_token"], reply.get("expires_in", 3600)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if not isinstance(token, str) or not token or type(life) is not int or life <= 0:
        return None
    return Secret(token), life


def _error_code(content: bytes) -> str:
    """The OAuth error code alone: its description could repeat what was sent."""
    try:
        code = json.loads(content)["error"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return code if isinstance(code, str) and code.replace("_", "").isalpha() and len(code) <= 40 else ""
