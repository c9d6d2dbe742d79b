"""One request to Supercycle: paid for from the shared budgets, with the key, and its errors in our words. It repeats no write.

Supercycle counts 120 requests a minute for a key, and of those 10 for availability timelines. How its minute begins is not
documented, so ours never holds more than that in any sixty seconds: what may be spent at once and what flows in within a
minute add up to less. Sweeps have a smaller purse of their own inside it, so that a scan of all items leaves room for what
is urgent. Source: Supercycle's API reference, rate limits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import msgspec

from trueup.base.clock import Clock
from trueup.base.errors import Throttled, Unauthorized
from trueup.base.secret import Secret
from trueup.connectors.supercycle.settings import SupercycleSettings
from trueup.remote.budget import Bucket, Budget, spend
from trueup.remote.http import HttpClient, Problem, Reply

LEAST_PAUSE_SECONDS = 10.0  # after a 429: no header is documented that says how long
_LONGEST_WORDS = 500
_WHERE_KEYS_ARE = "Look at the key in Supercycle (Settings), and store it anew where the settings say."


class Purse(Enum):
    """What a request is paid from: name, rate a minute, and how many at once. All are paid from EVERYTHING too."""

    EVERYTHING = ("requests", 100, 20)
    SWEEPS = ("sweeps", 60, 10)
    TIMELINES = ("timelines", 8, 2)


@dataclass(frozen=True, slots=True)
class Call:
    """A request. `path` is below the API's root. `content` is the JSON of a write, None for a read."""

    method: str
    path: str
    params: Mapping[str, str] | None = None
    content: Mapping[str, Any] | None = None
    purse: Purse = Purse.EVERYTHING

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Calls:
    """Makes calls with one key. Safe to share between threads."""

    def __init__(self, settings: SupercycleSettings, http: HttpClient, budget: Budget, clock: Clock) -> None:
        self.settings = settings
        self._http, self._budget, self._clock = http, budget, clock

    def make(self, call: Call) -> Reply:
        """Raises RemoteError or NotFound; `maybe_applied` when a write's reply was lost."""
        for purse in dict.fromkeys((call.purse, Purse.EVERYTHING)):
            self._pay(purse)
        headers: dict[str, str | Secret] = {
            "authorization": Secret(f"Bearer {self.settings.key.reveal()}"),
            "accept": "application/json",
        }
        content = None
        if call.content is not None:
            headers["content-type"] = "application/json"
            content = json.dumps(call.content).encode()
        try:
            return self._http.send(
                call.method,
                call.path,
                writes=call.content is not None,
                params=call.params,
                headers=headers,
                content=content,
                explain=explain,
            )
        except Throttled as error:
            pause = max(LEAST_PAUSE_SECONDS, error.retry_after_seconds)
            for purse in dict.fromkeys((call.purse, Purse.EVERYTHING)):
                self._budget.penalize(self._bucket(purse).name, pause)
            raise Throttled(str(error), retry_after_seconds=pause) from None
        except Unauthorized as error:
            raise Unauthorized(f"{error} {_WHERE_KEYS_ARE}") from None

    def _pay(self, purse: Purse) -> None:
        spend(self._budget, self._clock, self._bucket(purse), 1)

    def _bucket(self, purse: Purse) -> Bucket:
        name, a_minute, burst = purse.value
        return Bucket(f"supercycle/{self.settings.name}/{name}", a_minute / 60, burst)


def explain(reply: Reply) -> Problem | None:
    """The words of an error body. Only one shape is documented (`errors`, a list of texts); others are read where they fit."""
    try:
        body = msgspec.json.decode(reply.content)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _bare(reply.content)
    if not isinstance(body, dict):
        return None
    found = body.get("errors", body.get("error", body.get("message")))
    texts = [_words(each) for each in (found if isinstance(found, list) else [found]) if each]
    return Problem("", "; ".join(texts)[:_LONGEST_WORDS]) if texts else None


def _bare(content: bytes) -> Problem | None:
    """A short sentence that is no JSON; a page for a browser is none."""
    text = content.decode("utf-8", "replace").strip()
    return Problem("", text) if text.isprintable() and 0 < len(text) <= _LONGEST_WORDS and text[0] != "<" else None


def _words(found: Any) -> str:
    if isinstance(found, dict):
        return str(found.get("message", found.get("detail", "an error without words")))
    return str(found)
