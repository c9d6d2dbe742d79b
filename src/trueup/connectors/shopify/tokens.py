"""The access token of an app in a shop: asked for by client credentials, kept for its day, renewed before it ends."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta

from trueup.base.clock import Clock
from trueup.base.errors import ContractChanged, Rejected, Unauthorized
from trueup.base.secret import Secret
from trueup.connectors.shopify.settings import ShopifySettings
from trueup.remote.access import Credential
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
        self._ends_at: datetime | None = None

    def token(self) -> Secret:
        """A token that is good for minutes at least. Raises Unauthorized, RemoteError."""
        if self._settings.access_token is not None:
            return self._settings.access_token
        with self._lock:
            if self._token is None or self._until is None or self._clock.now() >= self._until:
                self._token, lifetime = self._ask()
                self._ends_at = self._clock.now() + lifetime
                self._until = self._ends_at - min(RENEWED_BEFORE, lifetime / 2)
            return self._token

    def discard(self, refused: Secret) -> bool:
        """Shopify refused this token: forget it, unless another thread has renewed it. Whether a new one can be had."""
        if self._settings.access_token is not None:
            return False
        with self._lock:
            if self._token is refused:
                self._token = None
        return True

    def credentials(self) -> list[Credential]:
        """By what this shop is come in to. A token of a custom app says by its beginning what it is."""
        settings, found = self._settings, []
        if settings.access_token is not None:
            found.append(_custom_token(settings.access_token))
        if settings.client_secret is not None:
            how = "Shopify tells no end: it holds until it is rotated (Dev Dashboard > the app > Settings)"
            found.append(Credential.untold("client secret", settings.client_secret, how))
            if self._ends_at is not None and self._token is not None:
                told = (
                    "Shopify says so with each (client credentials, an offline token); a new one is fetched by itself"
                )
                found.append(Credential("access token", "", self._ends_at, told, renewed=True))
        if settings.webhook_secret is not None:
            how = "Shopify tells no end: it holds until it is rotated; a webhook it did not sign is refused"
            found.append(Credential.untold("webhook secret", settings.webhook_secret, how))
        return found

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


_OFFLINE, _ONLINE = "shpat_", ("shpua_", "shpoa_")
"""How an offline token of an app begins, and one that acts for a person (the second is seen, not documented)."""


def _custom_token(token: Secret) -> Credential:
    text = token.reveal()
    if text.startswith(_OFFLINE):
        how = "an offline token of a custom app, which Shopify exempts from expiring; it holds until the app is uninstalled"
        return Credential("access token", token.kept, None, how, forever=True)
    if text.startswith(_ONLINE):
        how = "an online token: it ends with the session of the person it acts for, and creates no orders; use an offline one"
        return Credential("access token", token.kept, None, how)
    return Credential("access token", token.kept, None, "its beginning is none that Shopify gives to tokens of apps")


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
