"""Replies and refusals of the Amazon simulator: status, body and headers as the published model declares them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

RATE_HEADER_STATUSES = frozenset({200, 201, 202, 400, 404})
"""Amazon removed x-amzn-RateLimit-Limit from all other replies in November 2024: a 429 does not say the limit."""


@dataclass(slots=True)
class Reply:
    """What goes over the wire, and how: `wait_seconds` before it is sent, `lost` when the connection is cut instead."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    purchase_orders: Sequence[str] = ()
    wait_seconds: float = 0.0
    lost: bool = False
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Problem:
    """One element of Amazon's error list."""

    code: str
    message: str
    details: str = ""


class Refusal(Exception):
    """A request that is answered with an error list."""

    def __init__(self, status: int, code: str, message: str, details: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.problem = Problem(code, message, details)


def payload(status: int, content: Any, purchase_orders: Sequence[str] = ()) -> Reply:
    """A good reply: the retail APIs wrap everything in `payload`."""
    return Reply(status, msgspec.json.encode({"payload": content}), purchase_orders=purchase_orders)


def errors(refusal: Refusal) -> Reply:
    """An error reply."""
    return Reply(refusal.status, msgspec.json.encode({"errors": [refusal.problem]}))


def plain(status: int, content: Any) -> Reply:
    """A reply that is not wrapped: the token endpoint and the control plane."""
    return Reply(status, msgspec.json.encode(content))


def invalid_input(message: str, details: str = "") -> Refusal:
    """400 for a value that the operation does not take."""
    return Refusal(400, "InvalidInput", message, details)


def invalid_request() -> Refusal:
    """400 for a value that cannot be read at all, with the words of Amazon's sandbox."""
    return Refusal(400, "InvalidRequest", "The request is invalid.")


def not_found(what: str) -> Refusal:
    """404 for what does not exist, or belongs to another vendor group: the two are not told apart."""
    return Refusal(404, "ResourceNotFound", f"{what} was not found.")


def unauthorized(details: str) -> Refusal:
    """403: no token, an expired or unknown one, or a role that is missing."""
    return Refusal(403, "Unauthorized", "Access to requested resource is denied.", details)


def quota_exceeded() -> Refusal:
    """429, word for word; there is no Retry-After."""
    return Refusal(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")
