"""The access token of an app in a shop: asked for by client credentials, kept for its day, renewed before it ends."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta

from trueup.base.clock import Clock
from trueup.base.errors import ContractChanged, Rejected, Unauthorized
from trueup.base.secret import Secret
from trueup.connectors.shopify.settings import ShopifySettings
from trueup.remote.http import HttpClient, Problem, Reply

TOKEN_PATH = "/admin/oauth/access_token"
RENEWED_BEFORE = timedelta(minutes=5)


class AccessTokens:
    """One token at a time for all threads. A token of a custom app never changes and is never asked for."""

    def __init__(self, settings: ShopifySettings, http: HttpClient, clock: Clock) -> None:
        self._settings, self._http, self._clock = settings, http, clock
        self._lock = threading.Lock()
        self._token = settings.access_token
        self._until: datetime | None = None

    def token(self) -> Secret:
        """A token that is good for minutes at least. Raises Unauthorized, RemoteError."""
        if self._settings.access_token is not None:
            return self._settings.access_token
        with self._lock:
            if self._token is None or self._until is None or self._clock.now() >= self._until:
                self._token, lifetime = self._ask()
                self._until = self._clock.now() + lifetime - min(RENEWED_BEFORE, lifetime / 2)
            return self._token

    def discard(self, refused: Secret) -> bool:
        """Shopify refused this token: forget it, unless another thread has renewed it. Whether a new one can be had."""
        if self._settings.access_token is not None:
            return False
        with self._lock:
            if self._token is refused:
                self._token = None
        return True

    def _ask(self) -> tuple[Secret, timedelta]:
        """Client credentials grant: a form in, a token of 24 hours out. Asking twice is harmless."""
        secret = self._settings.client_secret
        assert secret is not None, "settings hold client_id and client_secret, or access_token"
        form: dict[str, str | Secret] = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client_id,
            "client_secret": secret,
        }
        try:
            reply = self._http.send("POST", TOKEN_PATH, writes=False, form=form, explain=_explain)
        except (Rejected, Unauthorized) as error:
            raise Unauthorized(
                f"{error} Shopify gave no token for app {self._settings.client_id} in {self._settings.shop}. Check the client id "
                f"and secret (Dev Dashboard > the app > Settings; a rotated secret must be changed here too), that the app "
                f"is installed in this shop, and that app and shop belong to one organisation."
            ) from None
        granted = _read_grant(reply.content)
        if granted is None:
            raise ContractChanged(
                f"{self._settings.shop}: the token reply is not JSON with access_token and expires_in, as documented for the "
                f"client credentials grant."
            )
        return granted


def _explain(reply: Reply) -> Problem | None:
    try:
        body = json.loads(reply.content)
        return Problem(str(body["error"]), str(body.get("error_description", "")))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _read_grant(content: bytes) -> tuple[Secret, timedelta] | None:
    try:
        body = json.loads(content)
        token, seconds = body["access_token"], body["expires_in"]
        if isinstance(token, str) and token and isinstance(seconds, int) and seconds > 0:
            return Secret(token), timedelta(seconds=seconds)
    except (ValueError, KeyError, TypeError):
        pass
    return None
