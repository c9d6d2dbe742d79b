"""Replies and refusals of Supercycle's API. Only POST /return_orders has a documented shape of errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

_WORDS = {401: "Unauthorized", 404: "Not Found", 422: "Unprocessable Content", 429: "Retry later", 500: "Server Error"}


@dataclass(slots=True)
class Reply:
    """What goes over the wire, and how: `wait_seconds` before it is sent, `lost` when the connection is cut instead."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    wait_seconds: float = 0.0
    lost: bool = False


class Refusal(Exception):
    """A request that is refused: a status, and sentences for whoever reads them."""

    def __init__(self, status: int, *errors: str) -> None:
        super().__init__("; ".join(errors))
        self.status = status
        self.errors: Sequence[str] = errors


def json_reply(status: int, content: Any) -> Reply:
    """A reply in JSON."""
    return Reply(status, msgspec.json.encode(content), {"content-type": "application/json; charset=utf-8"})


def refused(refusal: Refusal, *, as_text: bool) -> Reply:
    """A refusal on the wire: {"errors": [...]}, or the bare words of a web server."""
    if as_text:
        words = _WORDS.get(refusal.status, "Error")
        return Reply(refusal.status, f"{words}\n".encode(), {"content-type": "text/plain"})
    return json_reply(refusal.status, {"errors": list(refusal.errors)})
