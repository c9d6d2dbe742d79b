"""One GraphQL request to one shop: paced by cost, answered or refused. It repeats no write; a refused token is renewed once.

A request is paid for beforehand from the shared budget with what it may cost, and every reply corrects the budget by what
Shopify says is left. The plan's rate is not configured: the first reply tells it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trueup.base.clock import Clock
from trueup.base.errors import (
    ContractChanged,
    DocumentError,
    Rejected,
    RemoteError,
    Throttled,
    Unauthorized,
)
from trueup.base.secret import Secret
from trueup.connectors.shopify.operations import Operation
from trueup.connectors.shopify.refusals import refusal, user_error
from trueup.connectors.shopify.scopes import WHERE_TO_GRANT
from trueup.connectors.shopify.settings import ShopifySettings
from trueup.connectors.shopify.tokens import AccessTokens
from trueup.remote import budget as budgets
from trueup.remote.access import Credential
from trueup.remote.budget import Budget, spend
from trueup.remote.http import HttpClient, Problem, Reply

ORDER_LIMIT_SECONDS = 60.0  # development and trial shops take five orders a minute, and answer HTTP 429 to the sixth
ROUNDING_POINTS = 1.0  # paid on top: the shop's bucket and ours round differently, and a hair too little is refused
_ORDER_LIMIT_WORDS = "order api rate limit"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered: the value of its first root field, all of `data`, and the bytes as evidence."""

    root: Any
    data: Mapping[str, Any]
    evidence: bytes


@dataclass(frozen=True, slots=True)
class Bucket:
    """How much cost a shop's plan allows. The standard plan's until a reply says otherwise."""

    rate_per_second: float = 100.0
    burst: float = 2000.0


class ShopifyClient:
    """Sends operations to one shop. Safe to share between threads."""

    def __init__(self, settings: ShopifySettings, http: HttpClient, budget: Budget, clock: Clock) -> None:
        self.settings, self.clock = settings, clock
        self._http, self._budget = http, budget
        self._tokens = AccessTokens(settings, http, clock)
        self._bucket = Bucket()
        self._known_costs: dict[tuple[str, int], float] = {}
        self.served_version = settings.api_version

    def credentials(self) -> list[Credential]:
        """By what it is let in; asks nobody."""
        return self._tokens.credentials()

    def run(self, operation: Operation, **variables: Any) -> Answer:
        """Send one operation. Raises RemoteError; `maybe_applied` when it writes and its reply was lost or unreadable."""
        what = f"Shop {self.settings.name}: {operation.name}"
        if operation.writes and self.served_version != self.settings.api_version:
            raise ContractChanged(
                f"{what}: not sent. Shopify answers with API version {self.served_version} instead of "
                f"{self.settings.api_version}, which has ended. Update Trueup, or set api_version to a version it still serves."
            )
        size = operation.size(variables)
        cost = self._known_costs.get((operation.name, size), operation.estimated_cost(variables))
        self._pay(cost + ROUNDING_POINTS, operation.share)
        content = json.dumps(
            {"query": operation.text, "operationName": operation.name, "variables": variables}
        ).encode()
        reply = self._send(operation, content, what)
        body = _read_json(reply.content)
        if body is None:
            raise ContractChanged(
                f"{what}: the reply is not a JSON object ({len(reply.content)} bytes){_doubt(operation)}.",
                maybe_applied=operation.writes,
            )
        self.served_version = reply.headers.get("x-shopify-api-version", self.served_version)
        wait = self._learn(operation, size, body)
        if body.get("errors"):
            raise self._refusal(what, body, wait, operation)
        data = body.get("data")
        if not isinstance(data, dict) or not data:
            raise ContractChanged(
                f"{what}: the reply has neither data nor errors{_doubt(operation)}.", maybe_applied=operation.writes
            )
        return Answer(next(iter(data.values())), data, reply.content)

    def apply(self, operation: Operation, **variables: Any) -> Answer:
        """Send a mutation whose payload has `userErrors`. Raises Rejected when it has some."""
        answer = self.run(operation, **variables)
        with expecting(self, operation):
            problems = answer.root["userErrors"]
        if problems:
            raise user_error(f"Shop {self.settings.name}: {operation.name}", problems)
        return answer

    def _pay(self, cost: float, share: float) -> None:
        # A bucket that is taken to hold less is waited for until it is that much fuller: the difference stays in it.
        bucket, name = self._bucket, self.settings.budget_name
        wanted = budgets.Bucket(name, bucket.rate_per_second, bucket.burst * share)
        spend(self._budget, self.clock, wanted, min(cost, wanted.burst))

    def _send(self, operation: Operation, content: bytes, what: str) -> Reply:
        token = self._tokens.token()
        reply = self._post(operation, content, token, what)
        if reply.status == 401 and self._tokens.discard(token):
            # Refused before anything was read, so that even a write may go again with a token that is good.
            reply = self._post(operation, content, self._tokens.token(), what)
        if reply.status == 401:
            raise Unauthorized(
                f"{what}: Shopify does not know this access token. Was the app uninstalled, or its token revoked? Install it "
                f"anew in the shop's admin (Settings > Apps) and give Trueup the app's present credentials."
            )
        if reply.status == 404:
            raise Rejected(
                f"{what}: {self._http.base_url} has no shop, or no API version {self.settings.api_version}. Correct the "
                f"shop's domain or api_version in the settings.",
                code="404",
            )
        return reply

    def _post(self, operation: Operation, content: bytes, token: Secret, what: str) -> Reply:
        headers: dict[str, str | Secret] = {
            "content-type": "application/json",
            "accept": "application/json",
            "x-shopify-access-token": token,
        }
        path = f"/admin/api/{self.settings.api_version}/graphql.json"
        try:
            return self._http.send(
                "POST",
                path,
                writes=operation.writes,
                headers=headers,
                content=content,
                accept=(401, 404),
                explain=_explain,
            )
        except Throttled as error:
            if _ORDER_LIMIT_WORDS in str(error).lower():
                raise Throttled(
                    f"{what}: a development or trial shop takes five orders a minute; a paid plan has no such limit.",
                    retry_after_seconds=max(error.retry_after_seconds, ORDER_LIMIT_SECONDS),
                ) from None
            self._budget.penalize(self.settings.budget_name, error.retry_after_seconds)
            raise
        except Unauthorized as error:
            raise Unauthorized(f"{error} {WHERE_TO_GRANT}.") from None

    def _learn(self, operation: Operation, size: int, body: Mapping[str, Any]) -> float:
        """Correct budget and costs from `extensions.cost`; how long to wait before the same could be paid for."""
        try:
            cost = body["extensions"]["cost"]
            status = cost["throttleStatus"]
            requested, left = float(cost["requestedQueryCost"]), float(status["currentlyAvailable"])
            bucket = Bucket(float(status["restoreRate"]), float(status["maximumAvailable"]))
        except (KeyError, TypeError, ValueError):
            return 1.0
        if bucket.rate_per_second <= 0 or bucket.burst <= 0:
            return 1.0
        self._bucket = bucket
        self._known_costs[operation.name, size] = max(1.0, requested)
        self._budget.observe(self.settings.budget_name, left, bucket.rate_per_second, bucket.burst)
        # Throttled although enough is left: others spent it and it is there again, or the count lags.
        return max(0.0, (requested - left) / bucket.rate_per_second) or 1.0

    def _refusal(self, what: str, body: Mapping[str, Any], wait_seconds: float, operation: Operation) -> RemoteError:
        error = refusal(what, body["errors"], wait_seconds, writes=operation.writes)
        if isinstance(error, Throttled):
            self._budget.penalize(self.settings.budget_name, wait_seconds)
        return error


@contextmanager
def expecting(client: ShopifyClient, operation: Operation) -> Iterator[None]:
    """Around the reading of a reply: what the published schema does not allow becomes ContractChanged."""
    try:
        yield
    except (KeyError, TypeError, IndexError, AttributeError, ValueError, DocumentError) as error:
        raise ContractChanged(
            f"Shop {client.settings.name}: {operation.name}: the reply is not as the published schema says "
            f"({type(error).__name__}: {error}){_doubt(operation)}.",
            maybe_applied=operation.writes,
        ) from error


def _doubt(operation: Operation) -> str:
    return "; it may have been applied: ask before repeating it" if operation.writes else ""


def _read_json(content: bytes) -> dict[str, Any] | None:
    try:
        body = json.loads(content, parse_float=Decimal)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _explain(reply: Reply) -> Problem | None:
    body = _read_json(reply.content)
    errors = body.get("errors") if body else None
    if errors is None:
        return None
    if isinstance(errors, list):
        errors = "; ".join(
            str(error.get("message", error)) if isinstance(error, dict) else str(error) for error in errors
        )
    return Problem("", str(errors)[:500])
