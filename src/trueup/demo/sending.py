"""The engine and the simulators that send by themselves: webhooks and late writes are part of what happens at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from trueup.durable.run_list import Standing
from trueup.durable.simulated import SimulatedEngine


class Sender(Protocol):
    """A simulator's sendings: none is made before it is due."""

    def deliver_due(self) -> int:
        """Send what is due by now; how many were tried."""

    def next_due(self) -> datetime | None:
        """When the next is due."""


@dataclass(frozen=True, slots=True)
class Joined:
    """An engine that is not at rest before everything due was sent, and what came of that was done."""

    engine: SimulatedEngine
    senders: Sequence[Sender]

    def settle(self) -> None:
        """Nothing more happens at this moment."""
        self.engine.settle()
        while sum(sender.deliver_due() for sender in self.senders):
            self.engine.settle()

    def standing(self) -> Standing:
        """How the engine stands."""
        return self.engine.standing()

    def next_sending(self) -> datetime | None:
        """When something is sent next."""
        return min((due for sender in self.senders if (due := sender.next_due())), default=None)
