"""The account's whole state: records by id, the clock, ids from the seed, what is due, and earlier versions for stale pages."""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from heapq import heappop, heappush
from typing import Any
from zoneinfo import ZoneInfo

from trueup.simulators.clock import SimulatorClock
from trueup.simulators.supercycle.records import (
    BlockedDates,
    Condition,
    Customer,
    Item,
    Location,
    Product,
    Rental,
    ReturnOrder,
    TimelineEvent,
    Variant,
)
from trueup.simulators.supercycle.settings import SupercycleSettings

Kept = Item | Rental | ReturnOrder | BlockedDates
_KEPT_VERSIONS = 8

# Four severities, with the names that the options of a resale are shown with; the API's own keys are not published.
_CONDITIONS = (
    ("Unused", "new", "success"),
    ("Used", "good", "info"),
    ("Damaged (Repairable)", "fair", "warning"),
    ("Damaged (Unrepairable)", "poor", "critical"),
)


class World:
    """One account. Every access from outside holds `lock`."""

    def __init__(self, seed: int, clock: SimulatorClock, settings: SupercycleSettings) -> None:
        self.lock = threading.RLock()
        self.chance = random.Random(f"supercycle {seed}")
        self.clock, self.settings = clock, settings
        self.zone = ZoneInfo(settings.time_zone)
        self.items: dict[int, Item] = {}
        self.rentals: dict[int, Rental] = {}
        self.returns: dict[int, ReturnOrder] = {}
        self.blocks: dict[int, BlockedDates] = {}
        self.conditions: dict[int, Condition] = {}
        self.locations: dict[int, Location] = {}
        self.products: dict[int, Product] = {}
        self.variants: dict[int, Variant] = {}
        self.customers: dict[int, Customer] = {}
        self.render: Callable[[Kept], dict[str, Any]] = lambda record: {}
        self.changed: list[Callable[[Kept], None]] = []
        self._versions: dict[tuple[str, int], deque[tuple[datetime, dict[str, Any]]]] = {}
        self._numbers: dict[str, int] = {}
        self._sequences: dict[str, int] = {}
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._sequence = 0
        for title, key, tone in _CONDITIONS:
            self.add_condition(title, key, tone)

    def now(self) -> datetime:
        """The account's time, in UTC."""
        return self.clock.now()

    def today(self) -> date:
        """The date in the store's own time zone."""
        return self.now().astimezone(self.zone).date()

    def instant_of(self, day: date, *, end: bool = False) -> datetime:
        """The first moment of a day of the store; the last one of it, to the second, for an `end`."""
        moment = datetime.combine(day, time(23, 59, 59) if end else time(), tzinfo=self.zone)
        return moment.astimezone(ZoneInfo("UTC"))

    def new_id(self, kind: str) -> int:
        """A fresh number. Each kind counts from its own seeded start, with gaps: ids tell nothing but order."""
        number = self._numbers.get(kind) or self.chance.randrange(10_000, 900_000)
        self._numbers[kind] = number + self.chance.randrange(1, 9)
        return number

    def next_number(self, kind: str) -> int:
        """The number that people see: 1, 2, 3."""
        self._sequences[kind] = self._sequences.get(kind, 0) + 1
        return self._sequences[kind]

    def add_condition(self, title: str, severity_key: str, severity_tone: str) -> Condition:
        """A grade that items can have."""
        made = Condition(self.new_id("Condition"), self.now(), title, severity_key, severity_tone)
        self.conditions[made.id] = made
        return made

    def add_location(self, shopify_id: int, name: str) -> Location:
        """Make a Shopify location known."""
        return self.locations.setdefault(shopify_id, Location(shopify_id, name))

    def tell(self, record: Item | Rental | ReturnOrder, event_type: str, author: str, **metadata: Any) -> None:
        """Enter something on a record's timeline."""
        kind = type(record).__name__
        number = self.new_id("TimelineEvent")
        event = TimelineEvent(number, record.id, kind, event_type, metadata, self.now(), author)
        record.timeline.append(event)

    def touch(self, record: Kept) -> None:
        """The record changed now: its time moves (where it has one), its version is kept, listeners hear of it."""
        if not isinstance(record, Item):
            record.updated_at = self.now()
        versions = self._versions.setdefault((type(record).__name__, record.id), deque(maxlen=_KEPT_VERSIONS))
        versions.append((self.now(), self.render(record)))
        for listener in self.changed:
            listener(record)

    def version(self, record: Kept, at: datetime) -> dict[str, Any] | None:
        """The record as it was shown at a moment; None when it was not there yet."""
        found: dict[str, Any] | None = None
        for moment, shown in self._versions.get((type(record).__name__, record.id), ()):
            if moment <= at:
                found = shown
        return found

    def rentals_of(self, item: Item) -> Iterator[Rental]:
        """Cycles that hold an item and are not over."""
        for rental in item.cycles:
            if rental.cancelled_at is None and rental.restocked_at is None:
                yield rental

    def later(self, seconds: float, act: Callable[[], None]) -> datetime:
        """Do `act` once simulated time has moved on by `seconds`; returns when that is."""
        due = self.now() + timedelta(seconds=seconds)
        self._sequence += 1
        heappush(self._due, (due, self._sequence, act))
        return due

    def settle(self) -> None:
        """Do everything that is due by now."""
        now = self.now()
        while self._due and self._due[0][0] <= now:
            heappop(self._due)[2]()

    def next_due(self) -> datetime | None:
        """When the next thing is due."""
        return self._due[0][0] if self._due else None
