"""A circular programme for the connector's tests: Supercycle's simulator on a real socket, one clock for both sides."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from trueup.base.clock import ManualClock
from trueup.base.secret import Secret
from trueup.connectors.supercycle import SupercycleSettings, SupercycleV1
from trueup.remote.budget import Budget, Unlimited
from trueup.remote.http import HttpClient
from trueup.simulators.serving import Receive, Scope, Send, Serving, serve
from trueup.simulators.supercycle import SupercycleSimulator

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
KEY = "sc_live_hidden"
BIKE, TENT = 9001, 9002
VARIANT = f"gid://shopify/ProductVariant/{BIKE}"
PRODUCTS: list[dict[str, Any]] = [
    {"id": 7001, "title": "Cargo bike", "variants": [{"id": BIKE, "sku": "BIKE-1"}, {"id": TENT, "sku": "TENT-1"}]}
]


class _Stage:
    """One server for all tests; each brings its own simulator."""

    simulator: SupercycleSimulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.simulator.app(scope, receive, send)


@cache
def _stage() -> tuple[_Stage, Serving]:
    stage = _Stage()
    return stage, serve(stage)


@dataclass
class Purse:
    """A budget that takes time from the test's clock and remembers what was spent and where it was told to stop."""

    clock: ManualClock
    levels: dict[str, tuple[float, datetime]] = field(default_factory=dict)
    penalties: dict[str, float] = field(default_factory=dict)

    def take(self, name: str, cost: float, rate_per_second: float, burst: float) -> float:
        now = self.clock.now()
        left, at = self.levels.get(name, (burst, now))
        left = min(burst, left + (now - at).total_seconds() * rate_per_second) - cost
        self.levels[name] = (left, now)
        return max(0.0, -left / rate_per_second)

    def observe(self, name: str, available: float, rate_per_second: float, burst: float) -> None:
        return None

    def penalize(self, name: str, seconds: float) -> None:
        self.penalties[name] = seconds


@dataclass
class Circle:
    """Both sides of the connection."""

    simulator: SupercycleSimulator
    system: SupercycleV1
    clock: ManualClock
    http: HttpClient

    def items(self, count: int, **given: Any) -> list[int]:
        """Staff enter items; returns their ids."""
        return [item.id for item in self.simulator.add_items(BIKE, count, **given)]

    def rent(self, first: int, last: int) -> int:
        """A customer books a bike, from so many days on to so many; returns the cycle's id."""
        start, end = ((self.clock.now() + timedelta(days=days)).date() for days in (first, last))
        return self.simulator.place_rental(BIKE, start, end).id


def open_circle(*, budget: Budget | None = None, clock: ManualClock | None = None, **choices: Any) -> Circle:
    """A simulator with one imported product, whose clock is ours, and the connector before it."""
    clock = clock or ManualClock(NOW)
    choices.setdefault("rate_limit", False)
    simulator = SupercycleSimulator(7, now=clock.now, deliver_in_background=False, **choices)
    simulator.add_key("trueup", KEY)
    simulator.import_now(PRODUCTS)
    stage, serving = _stage()
    stage.simulator = simulator
    settings = SupercycleSettings("supercycle", Secret(KEY), "USD", "America/New_York", endpoint=serving.url)
    http = HttpClient("supercycle", serving.url, timeout_seconds=2)
    return Circle(simulator, SupercycleV1(settings, http, budget or Unlimited(), clock), clock, http)
