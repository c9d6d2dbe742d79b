"""Forms that were sent: who clicks twice has the answer of the first click, and what it asks for is done once.

That it is done once says the database; the answer itself is held here for a minute, for no table may have what a page shows once.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from trueup.base.ids import digest_of

FIELD = "form_key"
"""The field by which a rendering of a page is told from another."""
_HELD_SECONDS = 60.0
_WAIT_SECONDS = 15.0
_MOST = 500


@dataclass(slots=True)
class _Held:
    """An answer that is awaited, or was given: its status, headers and body, and the nonce of its scripts."""

    since: float
    given: threading.Event = field(default_factory=threading.Event)
    answer: tuple[int, list[tuple[bytes, bytes]], bytes, str] | None = None


class SentForms:
    """The latest answers, by the keys of their forms."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[str, _Held] = {}

    def expect(self, key: str) -> None:
        """An answer will be given under this key."""
        with self._lock:
            now = time.monotonic()
            if key not in self._held:
                old = [name for name, each in self._held.items() if now - each.since > _HELD_SECONDS]
                for name in old or list(self._held)[: max(0, len(self._held) - _MOST)]:
                    self._held.pop(name).given.set()
                self._held[key] = _Held(now)

    def keep(self, key: str, response: Response, nonce: str) -> None:
        """It was given."""
        with self._lock:
            held = self._held.get(key)
        if held is not None:
            held.answer = (response.status_code, list(response.raw_headers), bytes(response.body), nonce)
            held.given.set()

    def drop(self, key: str) -> None:
        """None is: what was sent was refused."""
        with self._lock:
            held = self._held.pop(key, None)
        if held is not None:
            held.given.set()

    def again(self, key: str) -> tuple[Response, str] | None:
        """The answer and its nonce, once it is given; None where another process gave it, or it is too long ago."""
        with self._lock:
            held = self._held.get(key)
        if held is None or not held.given.wait(_WAIT_SECONDS) or held.answer is None:
            return None
        status, headers, body, nonce = held.answer
        response = Response(body, status)
        response.raw_headers = list(headers)
        return response, nonce


def key_of(address: str, form: FormData, session: str) -> str:
    """The key of a form as it was sent: of its rendering, its address, its session and all that stands in it; "" where it has none.

    Something else typed into the same rendering is another act.
    """
    rendering = form.get(FIELD)
    if not isinstance(rendering, str) or not rendering:
        return ""
    parts = [rendering, session, address]
    for name, value in form.multi_items():
        if name not in (FIELD, "csrf"):
            parts += [name, _said(value)]
    return digest_of("\x00".join(f"{len(each)}:{each}" for each in parts).encode())


def _said(value: UploadFile | str) -> str:
    if isinstance(value, str):
        return value
    at = value.file.tell()
    value.file.seek(0)
    content = value.file.read()
    value.file.seek(at)
    return f"{value.filename}\n{digest_of(content)}"
