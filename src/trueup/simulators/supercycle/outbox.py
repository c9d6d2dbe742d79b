"""What Supercycle sends: writes to the shop and Flow's requests, later than they were caused, repeated when refused.

Nothing waits for them: they are sent by a background thread, or by `deliver_due` when that is off.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Any

import httpx2

from trueup.simulators.serving import LOCAL_ONLY
from trueup.simulators.supercycle.world import World

ATTEMPTS = 5
_RETRY_SECONDS = 30.0
_TIMEOUT = httpx2.Timeout(5.0, connect=1.0)
_KEPT = 20_000
_POLL_SECONDS = 0.05

Act = Callable[[httpx2.Client], None]


@dataclass(slots=True)
class Sending:
    """One thing to send. `act` raises httpx2.HTTPError when it did not go through."""

    kind: str
    subject: str
    act: Act
    queued_at: datetime
    attempts: int = 0
    status: str = "pending"
    done_at: datetime | None = None


class Outbox:
    """Sendings in the order they are due."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._due: list[tuple[datetime, int, Sending]] = []
        self._sequence = 0
        self._sending = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._client = httpx2.Client(timeout=_TIMEOUT, trust_env=False, verify=LOCAL_ONLY)
        self.sendings: deque[Sending] = deque(maxlen=_KEPT)

    def queue(self, kind: str, subject: str, act: Act, seconds: float = 0.0) -> Sending:
        """Send something once simulated time has moved on by `seconds`."""
        sending = Sending(kind, subject, act, self._world.now())
        self.sendings.append(sending)
        self._put(sending, seconds)
        return sending

    def _put(self, sending: Sending, seconds: float) -> None:
        self._sequence += 1
        heappush(self._due, (self._world.now() + timedelta(seconds=seconds), self._sequence, sending))
        if self._world.settings.deliver_in_background and self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._deliver_forever, name="supercycle-outbox", daemon=True)
            self._thread.start()
        self._wake.set()

    def next_due(self) -> datetime | None:
        """When the next sending is due."""
        with self._world.lock:
            return self._due[0][0] if self._due else None

    def deliver_due(self) -> int:
        """Send everything that is due by now; returns how many sendings were tried."""
        tried = 0
        with self._sending:
            while (sending := self._take()) is not None:
                tried += 1
                try:
                    sending.act(self._client)
                except httpx2.HTTPError as error:
                    self._failed(sending, error)
                else:
                    with self._world.lock:
                        sending.attempts += 1
                        sending.status, sending.done_at = "sent", self._world.now()
        return tried

    def _take(self) -> Sending | None:
        with self._world.lock:
            if self._due and self._due[0][0] <= self._world.now():
                return heappop(self._due)[2]
            return None

    def _failed(self, sending: Sending, error: httpx2.HTTPError) -> None:
        with self._world.lock:
            sending.attempts += 1
            if sending.attempts < ATTEMPTS:
                self._put(sending, _RETRY_SECONDS * 2 ** (sending.attempts - 1))
            else:
                sending.status = f"failed: {error}"

    def listing(self) -> list[dict[str, Any]]:
        """What was sent, for the control plane."""
        return [
            {
                "kind": each.kind,
                "subject": each.subject,
                "queued_at": each.queued_at,
                "attempts": each.attempts,
                "status": each.status,
                "done_at": each.done_at,
            }
            for each in self.sendings
        ]

    def wake(self) -> None:
        """The clock moved: look again."""
        self._wake.set()

    def close(self) -> None:
        """Stop the background thread."""
        self._closed = True
        self._wake.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=10)
        self._client.close()

    def _deliver_forever(self) -> None:
        while not self._closed:
            self._wake.clear()
            self.deliver_due()
            self._wake.wait(_POLL_SECONDS if self.next_due() is not None else None)
