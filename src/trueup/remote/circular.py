"""Capabilities of a circular system: items, cycles, returns, timelines, blocked dates. Connectors implement them.

Every answer is a value and the raw reply that says so. One record that cannot be read does not take the others with it: it
is a finding of its batch, as is a word or field that nobody documented. Nothing here says what is available: that sum is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeVar, runtime_checkable

from trueup.domain.circular import (
    BlockedDate,
    Condition,
    Cycle,
    Item,
    ItemChange,
    NewItem,
    ReturnOrder,
    Timeline,
)
from trueup.remote.observed import Observed

T = TypeVar("T")


class Weight(StrEnum):
    """LEFT_OUT: a record could not be read and is not among the values. ODD: it is, with something nobody documented."""

    LEFT_OUT = "left out"
    ODD = "odd"


@dataclass(frozen=True, slots=True)
class RecordFinding:
    """Something about a record of a reply. `path` is its place in the evidence, such as `data[3].visibility`."""

    weight: Weight
    path: str
    words: str

    def __str__(self) -> str:
        return f"{self.path} {self.words}"


@dataclass(frozen=True, slots=True)
class Batch(Generic[T]):
    """Records of one page, what is odd about them, and the cursor of the next page (None: the last)."""

    values: tuple[T, ...]
    findings: tuple[RecordFinding, ...] = ()
    next_page: str | None = None


@dataclass(frozen=True, slots=True)
class ItemQuery:
    """Which items are asked for: those of a serial, of a SKU, or of one visibility; without any, all."""

    serial: str | None = None
    sku: str | None = None
    visibility: str | None = None


@dataclass(frozen=True, slots=True)
class CycleQuery:
    """Which cycles are asked for. `updated_from`, `updated_before` bound their last change; the rest narrows."""

    updated_from: datetime | None = None
    updated_before: datetime | None = None
    item: int | None = None
    order: str | None = None
    variant: str | None = None


@runtime_checkable
class ItemSource(Protocol):
    """Every physical unit. There is no telling which of them changed: they are read whole, page by page."""

    @property
    def name(self) -> str: ...

    def fetch_items(self, query: ItemQuery, page: str | None) -> Observed[Batch[Item]]:
        """One page in a fixed order. Raises RemoteError."""
        ...

    def fetch_item(self, item_id: int) -> Observed[Item]:
        """Raises NotFound, RemoteError."""
        ...


@runtime_checkable
class ItemSink(Protocol):
    """Takes items. It has no key of its own, so the serial is one: `find_by_serial` comes before every creation.

    An interrupted creation (`maybe_applied`) is looked up by serial before anything is repeated. A change is absolute.
    """

    @property
    def name(self) -> str: ...

    def find_by_serial(self, serial: str) -> Observed[Item | None]:
        """The one item of that serial, None when there is none. Raises Conflict when several bear it, RemoteError."""
        ...

    def create_item(self, item: NewItem) -> Observed[Item]:
        """The product must have been imported there. Raises RemoteError."""
        ...

    def change_item(self, item_id: int, change: ItemChange) -> Observed[Item]:
        """Raises NotFound, RemoteError."""
        ...


@runtime_checkable
class CycleSource(Protocol):
    """Rentals and resales, by when they last changed."""

    @property
    def name(self) -> str: ...

    def fetch_cycles(self, query: CycleQuery, page: str | None) -> Observed[Batch[Cycle]]:
        """One page. Raises RemoteError."""
        ...

    def fetch_cycle(self, cycle_id: int) -> Observed[Cycle]:
        """Raises NotFound, RemoteError."""
        ...


@runtime_checkable
class CycleSink(Protocol):
    """Gives a cycle another item, which changes neither the order nor its price."""

    @property
    def name(self) -> str: ...

    def assign_item(self, cycle_id: int, item_id: int) -> Observed[Cycle]:
        """Absolute, so it may be said twice. Raises NotFound, RemoteError."""
        ...


@runtime_checkable
class ReturnSource(Protocol):
    """Returns, read whole."""

    @property
    def name(self) -> str: ...

    def fetch_returns(self, page: str | None) -> Observed[Batch[ReturnOrder]]:
        """One page. Raises RemoteError."""
        ...

    def fetch_return(self, return_id: int) -> Observed[ReturnOrder]:
        """Raises NotFound, RemoteError."""
        ...


@runtime_checkable
class TimelineSource(Protocol):
    """What the system itself reckons to be free of a variant. Slow (ten a minute): a witness for a few, no source of stock."""

    @property
    def name(self) -> str: ...

    def fetch_timeline(self, variant: str, location: str | None = None) -> Observed[Timeline]:
        """Raises NotFound, RemoteError."""
        ...


@runtime_checkable
class BlockedDateSource(Protocol):
    """Days on which something is not given away."""

    @property
    def name(self) -> str: ...

    def fetch_blocked_dates(self, page: str | None) -> Observed[Batch[BlockedDate]]:
        """One page. Raises RemoteError."""
        ...


@runtime_checkable
class BlockedDateSink(Protocol):
    """Blocks days for good: what is blocked cannot be freed again through the API. Never for what may end early."""

    @property
    def name(self) -> str: ...

    def find_blocked_date(self, wanted: BlockedDate) -> Observed[BlockedDate | None]:
        """One with the same resource and days, whatever its id. Raises RemoteError."""
        ...

    def block_dates(self, wanted: BlockedDate) -> Observed[BlockedDate]:
        """Its id is given by the system. Raises RemoteError."""
        ...


class CircularSystem(
    ItemSource,
    ItemSink,
    CycleSource,
    CycleSink,
    ReturnSource,
    TimelineSource,
    BlockedDateSource,
    BlockedDateSink,
    Protocol,
):
    """Every capability together."""


@dataclass(frozen=True, slots=True)
class CircularConnection:
    """All that one circular system can do for us, by capability. One connector may be all of them."""

    items: ItemSource
    item_sink: ItemSink
    cycles: CycleSource
    cycle_sink: CycleSink
    returns: ReturnSource
    timelines: TimelineSource
    blocked_dates: BlockedDateSource
    blocked_date_sink: BlockedDateSink

    @classmethod
    def of_one(cls, system: CircularSystem) -> CircularConnection:
        """Of one connector that has every capability."""
        return cls(system, system, system, system, system, system, system, system)


def conditions_of(items: Sequence[Item]) -> tuple[Condition, ...]:
    """The conditions that items were seen with, one of each id: there is no list of them to ask for."""
    found = {item.condition.id: item.condition for item in items if item.condition is not None}
    return tuple(found[key] for key in sorted(found))
