"""One call of an operation: budget, access token, one fresh token after a 403, and errors that say what to do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from urllib.parse import quote

from trueup import __version__
from trueup.base.clock import Clock
from trueup.base.errors import Throttled, Unauthorized
from trueup.connectors.amazon_vendor.operations import Operation
from trueup.connectors.amazon_vendor.settings import AmazonVendorSettings
from trueup.connectors.amazon_vendor.tokens import AccessToken, AccessTokens
from trueup.remote.budget import Bucket, Budget, spend
from trueup.remote.http import HttpClient, Problem, Reply, Text

_USER_AGENT = f"Trueup/{__version__} (Language=Python)"
_LONGEST_WORDS = 500


@dataclass(frozen=True, slots=True)
class Call:
    """An operation with what it is asked. `identifier` fills the path."""

    operation: Operation
    params: Mapping[str, str] | None = None
    identifier: str = ""
    content: bytes | None = None

    @property
    def path(self) -> str:
        """The path with the identifier escaped: it must not lead elsewhere."""
        return self.operation.path.format(quote(self.identifier, safe=""))


class Calls:
    """Makes calls for one vendor group. Safe to share between threads."""

    def __init__(
        self, settings: AmazonVendorSettings, client: HttpClient, tokens: AccessTokens, budget: Budget, clock: Clock
    ) -> None:
        self._settings = settings
        self._client = client
        self._tokens = tokens
        self._budget = budget
        self._clock = clock

    def make(self, call: Call) -> Reply:
        """Raises RemoteError or NotFound, with Amazon's code, words and request id."""
        token, fresh = self._tokens.current()
        if not fresh:
            try:
                return self._send(call, token)
            except Unauthorized:
                self._tokens.forget(token)  # it may have run out early: clocks differ
            token, _ = self._tokens.current()
        refused = ""
        try:
            return self._send(call, token)
        except Unauthorized as error:
            self._tokens.forget(token)
            refused = str(error)
        raise Unauthorized(f"{refused} {remedy(call.operation)}")

    def _send(self, call: Call, token: AccessToken) -> Reply:
        operation = call.operation
        bucket = f"amazon-vendor/{self._settings.client_id}/{self._settings.name}/{operation.name}"
        spend(self._budget, self._clock, Bucket(bucket, operation.rate_per_second, operation.burst), 1)
        headers: dict[str, Text] = {
            "x-amz-access-token": token.secret,
            "x-amz-date": self._clock.now().astimezone(UTC).strftime("%Y%m%dT%H%M%SZ"),
            "user-agent": _USER_AGENT,
            "accept": "application/json",
        }
        if call.content is not None:
            headers["content-type"] = "application/json"
        try:
            return self._client.send(
                operation.method,
                call.path,
                params=call.params,
                headers=headers,
                content=call.content,
                explain=explain,
                writes=operation.writes,
            )
        except Throttled as error:
            self._budget.penalize(bucket, error.retry_after_seconds)
            raise


def explain(reply: Reply) -> Problem | None:
    """Amazon's first error of a body `{"errors": [{code, message, details}]}`; how many more there are is said too."""
    try:
        body = json.loads(reply.content)
    except (ValueError, RecursionError):
        return None
    errors = body.get("errors") if isinstance(body, dict) else None
    found = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    if not found:
        return None
    words = " ".join(text for text in (_text(found[0], "message"), _text(found[0], "details")) if text)
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return Problem(_text(found[0], "code"), words[:_LONGEST_WORDS] + more)


def remedy(operation: Operation) -> str:
    """What to do when Amazon refuses an operation to a fresh token."""
    return (
        f"{operation.name} needs the role {operation.roles}. Look, in this order: the role is in the developer profile and "
        f"ticked on the application (Vendor Central, Integration, API Integration, Edit app); the application was authorised "
        f"again after the role was added (Authorize; store the new refresh token); the grant was not revoked."
    )


def _text(error: dict[str, Any], name: str) -> str:
    value = error.get(name)
    return value.strip() if isinstance(value, str) else ""
