"""Forms that were sent: who clicks twice has the answer of the first click, and what it asks for is done once.

That it is done once says the database; the answer itself is held here for a minute, for no table may have what a page shows once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from trueup.base.ids import digest_of

FIELD = "form_key"
"""The field by which a rendering of a page is told from another."""
DRAWN = (FIELD, "csrf", "seen_act")
"""What says of which drawing of a page a form is, and nothing of what it asks for."""
_HELD_SECONDS = 60.0
_WAIT_SECONDS = 15.0
_MOST = 500


Answer = tuple[int, list[tuple[bytes, bytes]], bytes, str]
"""Its status, headers and body, and the nonce of its scripts."""


@dataclass(slots=True)
class _Held:
    """An answer that is awaited, or was given, since an instant of the clock."""

    since: float
    given: threading.Event = field(default_factory=threading.Event)
    answer: Answer | None = None


class SentForms:
    """The latest answers, by the keys of their forms. `clock`: seconds, of any beginning."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[str, _Held] = {}

    def expect(self, key: str) -> bool:
        """An answer will be given under this key. Whether it is the first one: no other is awaited or held."""
        self.forget_old()
        with self._lock:
            if key in self._held:
                return False
            for name in list(self._held)[: max(0, len(self._held) - _MOST)]:
                self._held.pop(name).given.set()
            self._held[key] = _Held(self._clock())
            return True

    def keep(self, key: str, response: Response, nonce: str) -> None:
        """It was given, and is held from now on."""
        with self._lock:
            held = self._held.get(key)
        if held is not None:
            held.since = self._clock()
            _give(held, response, nonce)

    def drop(self, key: str, response: Response | None = None, nonce: str = "") -> None:
        """What was sent was refused: who waits for the answer has it, and nobody else."""
        with self._lock:
            held = self._held.pop(key, None)
        if held is not None:
            _give(held, response, nonce)

    def again(self, key: str) -> tuple[Response, str] | None:
        """The answer and its nonce, once it is given; None where another process gave it, or it is too long ago."""
        self.forget_old()
        with self._lock:
            held = self._held.get(key)
        if held is None or not held.given.wait(_WAIT_SECONDS) or held.answer is None:
            return None
        status, headers, body, nonce = held.answer
        response = Response(body, status)
        response.raw_headers = list(headers)
        return response, nonce

    def forget_old(self) -> None:
        """What was given a minute ago is held no more: it may show what is shown once. Asked at every visit."""
        if not self._held:
            return
        with self._lock:
            now = self._clock()
            for name in [name for name, each in self._held.items() if now - each.since > _HELD_SECONDS]:
                self._held.pop(name).given.set()


def _give(held: _Held, response: Response | None, nonce: str) -> None:
    if response is not None:
        held.answer = (response.status_code, list(response.raw_headers), bytes(response.body), nonce)
    held.given.set()


def key_of(address: str, form: FormData, session: str) -> str:
    """The key of a form as it was sent: of its rendering, its address, its session and all that stands in it; "" where it has none.

    Something else typed into the same rendering is another act; in which order fields are sent says nothing.
    """
    rendering = form.get(FIELD)
    if not isinstance(rendering, str) or not rendering:
        return ""
    parts = [rendering, session, address]
    for name, value in sorted((name, _said(value)) for name, value in form.multi_items() if name not in DRAWN):
        parts += [name, value]
    return digest_of("\x00".join(f"{len(each)}:{each}" for each in parts).encode())


def _said(value: UploadFile | str) -> str:
    if isinstance(value, str):
        return value
    at = value.file.tell()
    value.file.seek(0)
    content = value.file.read()
    value.file.seek(at)
    return f"{value.filename}\n{digest_of(content)}"
