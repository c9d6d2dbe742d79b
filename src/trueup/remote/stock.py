"""Stock of a channel: how it is read, and how counts and holds are written. Every write has a key and compares before it sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from trueup.domain.publishing import CountWrite, HoldMove, ShownStock
from trueup.remote.observed import Observed


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a write. It is done whole or not at all: with anything in `stale` or `refused`, nothing of it was.

    Both speak of rows by their place in the request: `stale` are those whose number is no longer the expected one, `refused`
    what the channel says against others.
    """

    evidence: bytes
    stale: tuple[int, ...] = ()
    refused: Mapping[int, str] = field(default_factory=dict)

    @property
    def accepted(self) -> bool:
        """Whether it was done."""
        return not self.stale and not self.refused


@runtime_checkable
class StockReader(Protocol):
    """What a channel holds, asked for by its own ids of items."""

    @property
    def name(self) -> str: ...

    def read_stock(self, items: Sequence[str], location: str) -> Observed[tuple[ShownStock, ...]]:
        """One for each item that exists, zeros where it is not stocked at the location. Raises RemoteError,
        ConfigurationError for a location the channel does not have."""
        ...


@runtime_checkable
class StockSink(Protocol):
    """Takes counts and holds. The same key with the same rows is done once, for as long as `remembers_seconds` says."""

    @property
    def name(self) -> str: ...
    @property
    def most_rows(self) -> int:
        """How many rows one write may have."""
        ...

    @property
    def remembers_seconds(self) -> int:
        """How long a key is known there; afterwards the same write would be done again."""
        ...

    def set_counts(self, key: str, writes: Sequence[CountWrite]) -> Written:
        """Set each on_hand where it is still the expected one. Raises RemoteError; `maybe_applied` when the reply was lost."""
        ...

    def move_holds(self, key: str, moves: Sequence[HoldMove]) -> Written:
        """Move eaches between available and reserved. Raises as `set_counts`."""
        ...
