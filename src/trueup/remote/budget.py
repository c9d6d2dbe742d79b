"""Rate budgets: what a remote system lets us spend, shared by all workers. This is the contract; the durable engine keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from trueup.base.clock import Clock


class Budget(Protocol):
    """Token buckets by name. Cost is in the remote's own unit: requests, or GraphQL cost points."""

    def take(self, name: str, cost: float, rate_per_second: float, burst: float) -> float:
        """Reserve `cost`; returns how many seconds the caller must wait before it may spend it."""
        ...

    def observe(self, name: str, available: float, rate_per_second: float, burst: float) -> None:
        """The remote said what is left: correct the bucket downwards."""
        ...

    def penalize(self, name: str, seconds: float) -> None:
        """The remote refused: nobody spends for so long."""
        ...


class Unlimited:
    """No budget at all: for tests of what is not about rates, and simulators that do not limit."""

    def take(self, name: str, cost: float, rate_per_second: float, burst: float) -> float:
        return 0.0

    def observe(self, name: str, available: float, rate_per_second: float, burst: float) -> None:
        return None

    def penalize(self, name: str, seconds: float) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Bucket:
    """A token bucket by name: how fast it fills, and how much it holds."""

    name: str
    rate_per_second: float
    burst: float


def spend(budget: Budget, clock: Clock, bucket: Bucket, cost: float) -> float:
    """Take from the budget and wait as long as it says. Returns the seconds waited."""
    wait = budget.take(bucket.name, cost, bucket.rate_per_second, bucket.burst)
    if wait > 0:
        clock.sleep(wait)
    return wait
