"""Requests a minute for each API key: 120 over all endpoints, and 10 of availability timelines. Time is passed in."""

from __future__ import annotations

from collections import deque
from typing import Literal

from trueup.simulators.supercycle.settings import REQUESTS_A_MINUTE, TIMELINES_A_MINUTE

_WINDOW_SECONDS = 60.0


class Budgets:
    """What each key has spent. In a sliding window no 60 seconds hold more than the limit; a fixed one begins each minute."""

    def __init__(self, window: Literal["sliding", "fixed"], *, refusals_count: bool) -> None:
        self._window, self._refusals_count = window, refusals_count
        self._spent: dict[tuple[str, bool], deque[float]] = {}

    def spend(self, key: str, now_seconds: float, *, timelines: bool) -> float | None:
        """Take one request. None when it may go ahead, else the seconds until one may."""
        limits = [(False, REQUESTS_A_MINUTE)] + ([(True, TIMELINES_A_MINUTE)] if timelines else [])
        waits = [self._wait(key, which, limit, now_seconds) for which, limit in limits]
        refused = max((wait for wait in waits if wait is not None), default=None)
        if refused is None or self._refusals_count:
            for which, limit in limits:
                self._spent.setdefault((key, which), deque(maxlen=limit)).append(now_seconds)
        return refused

    def _wait(self, key: str, which: bool, limit: int, now_seconds: float) -> float | None:
        spent = self._spent.setdefault((key, which), deque(maxlen=limit))
        fixed = self._window == "fixed"
        start = now_seconds - (now_seconds % _WINDOW_SECONDS if fixed else _WINDOW_SECONDS)
        # A clock may jump backwards: what was spent in its future is forgotten.
        while spent and (spent[0] < start or spent[0] > now_seconds or (not fixed and spent[0] == start)):
            spent.popleft()
        if len(spent) < limit:
            return None
        return start + _WINDOW_SECONDS - now_seconds if fixed else spent[0] - start
