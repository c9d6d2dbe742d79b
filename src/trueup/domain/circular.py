"""Circular goods: items that exist once each, the cycles they go through, their returns and blocked days.

These are Supercycle's facts in our words, never ours to decide: what it says is kept as it was said. Words of closed sets
that we do not know yet (a new API is announced) survive as `Unknown`, verbatim, and every decision has to say what it makes
of them. What is personal (names, addresses) is left in the archived replies; customers are ids here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeAlias, TypeVar

from trueup.base.errors import Invalid
from trueup.base.money import Money

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A word of a closed set that is not among those documented, exactly as it came."""

    word: str

    def __str__(self) -> str:
        return self.word


def known(words: type[E], text: str) -> E | Unknown:
    """The member of a closed set that a text is, or the text as Unknown. Never raises."""
    try:
        return words(text)
    except ValueError:
        return Unknown(text)


class Visibility(StrEnum):
    """Whether customers can have an item. Alone AVAILABLE offers it; the console of Supercycle says Draft for UNAVAILABLE."""

    AVAILABLE = "available"
    UNAVAILABLE = "unavailable"
    SOLD = "sold"
    RETIRED = "retired"


class Readiness(StrEnum):
    """Whether an item lies ready in the warehouse: Supercycle's `status`. It does not change what Supercycle offers."""

    PROCESSED = "processed"
    UNPROCESSED = "unprocessed"


class Method(StrEnum):
    """How a cycle gives an item away. A resale never brings it back."""

    CALENDAR = "calendar"
    SUBSCRIPTION = "subscription"
    MEMBERSHIP = "membership"
    RESALE = "resale"


class CycleStatus(StrEnum):
    """Where a cycle stands as a whole."""

    SCHEDULED = "scheduled"
    UNFULFILLED = "unfulfilled"
    FULFILLED = "fulfilled"
    UNRECEIVED = "unreceived"
    RECEIVED = "received"
    CANCELLED = "cancelled"


class Progress(StrEnum):
    """How far one half of a cycle is: its dispatch, or its way back. DUE is what the Sidekick tools call it when it is time."""

    PENDING = "pending"
    SCHEDULED = "scheduled"
    DUE = "due"
    IN_PROGRESS = "in_progress"
    OVERDUE = "overdue"
    COMPLETE = "complete"


class ReturnStatus(StrEnum):
    """Where a return stands."""

    REQUESTED = "requested"
    EXPECTED = "expected"
    RECEIVED = "received"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class ReturnLineStatus(StrEnum):
    """What became of one item of a return."""

    AWAITING = "awaiting"
    RECEIVED = "received"
    MISSING = "missing"


class BlockedResource(StrEnum):
    """What a blocked date is laid on."""

    ITEM = "Item"
    VARIANT = "Shopify::Variant"
    PRODUCT = "Shopify::Product"


AnyVisibility: TypeAlias = Visibility | Unknown
AnyReadiness: TypeAlias = Readiness | Unknown
AnyMethod: TypeAlias = Method | Unknown
AnyCycleStatus: TypeAlias = CycleStatus | Unknown
AnyProgress: TypeAlias = Progress | Unknown
AnyReturnStatus: TypeAlias = ReturnStatus | Unknown
AnyReturnLineStatus: TypeAlias = ReturnLineStatus | Unknown
AnyBlockedResource: TypeAlias = BlockedResource | Unknown
Unread: TypeAlias = tuple[tuple[str, str], ...]
"""Fields that we have no meaning for: each one's name and its JSON, as they came, in the order of their names."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time from `start` up to, not including, `end`. None is open: for ever before, for ever after."""

    start: datetime | None = None
    end: datetime | None = None

    def __post_init__(self) -> None:
        if self.start is not None and self.end is not None and self.end < self.start:
            raise Invalid(f"Window from {self.start} to {self.end}: ends before it begins.")

    def overlaps(self, other: Window) -> bool:
        """Whether some instant lies in both."""
        begins_before = other.end is None or self.start is None or self.start < other.end
        ends_after = self.end is None or other.start is None or other.start < self.end
        return begins_before and ends_after and not (self.is_empty or other.is_empty)

    def holds(self, moment: datetime) -> bool:
        """Whether the instant lies in it."""
        return (self.start is None or self.start <= moment) and (self.end is None or moment < self.end)

    @property
    def is_empty(self) -> bool:
        """Whether no instant lies in it."""
        return self.start is not None and self.start == self.end

    def __str__(self) -> str:
        start = f"{self.start:%Y-%m-%d %H:%M}" if self.start else "ever"
        return f"{start} to {f'{self.end:%Y-%m-%d %H:%M}' if self.end else 'open'}"


@dataclass(frozen=True, slots=True)
class Condition:
    """A grade a merchant made. It is internal and does not change what Supercycle offers. `severity` is one of its four keys."""

    id: int
    title: str
    severity: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One physical unit. `variant`, `product` and `location` are the shop's ids, as `Product.shop_variant` has them.

    `active_cycle` is the cycle that has it now. Which item a future cycle will have may still change ("re-allocation"), so
    nothing is keyed on that. `acquisition_cost` is what was paid for it: the credit, where it was traded in.
    """

    id: int
    visibility: AnyVisibility
    readiness: AnyReadiness
    variant: str | None = None
    product: str | None = None
    title: str = ""
    serial: str | None = None
    sequential_id: int | None = None
    condition: Condition | None = None
    location: str | None = None
    pick_location: str | None = None
    tags: tuple[str, ...] = ()
    active_cycle: int | None = None
    active_return: int | None = None
    acquisition_cost: Money | None = None
    created_at: datetime | None = None
    unread: Unread = ()

    @property
    def label(self) -> str:
        """How people speak of it."""
        name = f"item {self.id}"
        return f"{name} (serial {self.serial})" if self.serial else name


@dataclass(frozen=True, slots=True)
class Cycle:
    """One giving-away of one item: a rental with its way back, or a resale. `rental_start` and `rental_end` are what the customer
    booked; the other times frame them with what logistics needs, as planned and as it happened.

    `item` may be of another product than the order line: staff can swap it. `order`, `order_line` are the shop's ids.
    """

    id: int
    method: AnyMethod
    status: AnyCycleStatus
    item: int | None = None
    order: str | None = None
    order_line: str | None = None
    order_name: str = ""
    fulfillment: AnyProgress | None = None
    receival: AnyProgress | None = None
    fulfill_at: datetime | None = None
    fulfilled_at: datetime | None = None
    rental_start: datetime | None = None
    rental_end: datetime | None = None
    minimum_end: datetime | None = None
    receive_at: datetime | None = None
    received_at: datetime | None = None
    restock_by: datetime | None = None
    restocked_at: datetime | None = None
    return_order: int | None = None
    customer: str | None = None
    sequential_id: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    unread: Unread = ()

    @property
    def is_out(self) -> bool:
        """Whether the goods have left and are not back."""
        return (
            self.fulfilled_at is not None
            and self.received_at is None
            and self.restocked_at is None
            and self.status is not CycleStatus.CANCELLED
        )

    def is_overdue(self, now: datetime) -> bool:
        """Whether a rental that is out should have come back."""
        due = self.receive_at or self.rental_end
        return self.is_out and self.method is not Method.RESALE and due is not None and due < now

    def occupies(self, now: datetime) -> Window | None:
        """When the item is not free because of this cycle, as far as can be known now; None when it never is (any more).

        It begins with the dispatch and ends with the restocking, which frees the item at once, whatever was planned. What is
        out past its time has no end: a promise of return is no return. A resale has none either, nor a subscription that
        nobody ended. A status that we do not know is taken for one that needs the item.
        Source: Supercycle's documentation of reservation periods: "unavailable until the earlier of its end or restock".
        """
        if self.status is CycleStatus.CANCELLED:
            return None
        started = [moment for moment in (self.fulfill_at, self.fulfilled_at, self.rental_start) if moment is not None]
        start = min(started) if started else self.created_at
        if self.restocked_at is not None:
            return Window(start, self.restocked_at) if start is None or start < self.restocked_at else None
        if self.method is Method.RESALE:
            return Window(start)
        planned = [moment for moment in (self.rental_end, self.receive_at, self.restock_by) if moment is not None]
        end = max(planned) if planned else None
        if end is not None and ((self.is_out and end <= now) or (start is not None and end < start)):
            end = None
        return Window(start, end)


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """One item on its way back."""

    id: int
    status: AnyReturnLineStatus
    cycle: int | None = None
    item: int | None = None
    condition: Condition | None = None
    requested_at: datetime | None = None
    restocked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReturnOrder:
    """A return of one or many cycles, outside of the shop's own returns. Its credit status is of membership credits alone."""

    id: int
    status: AnyReturnStatus
    lines: tuple[ReturnLine, ...] = ()
    receival: str = ""
    credit_status: str = ""
    customer: str | None = None
    requested_at: datetime | None = None
    created_at: datetime | None = None
    sequential_id: int | None = None
    tags: tuple[str, ...] = ()
    unread: Unread = ()


@dataclass(frozen=True, slots=True)
class BlockedDate:
    """Days on which a resource is not given away, both inclusive; None is open. Supercycle's API cannot take one back."""

    id: int
    resource: AnyBlockedResource
    resource_id: int
    first_day: date | None = None
    last_day: date | None = None
    variant: str | None = None
    product: str | None = None
    description: str = ""
    updated_at: datetime | None = None
    unread: Unread = ()

    def concerns(self, item: Item) -> bool:
        """Whether it is laid on the item, its variant or its product; one of a kind that we do not know is on none."""
        match self.resource:
            case BlockedResource.ITEM:
                return self.resource_id == item.id
            case BlockedResource.VARIANT:
                return self.variant is not None and self.variant == item.variant
            case BlockedResource.PRODUCT:
                return self.product is not None and self.product == item.product
            case Unknown():
                return False

    @property
    def window(self) -> Window:
        """Its days from midnight to midnight, in UTC: the zone of the programme's store may lie some hours off."""
        start = datetime.combine(self.first_day, time(), UTC) if self.first_day is not None else None
        end = datetime.combine(self.last_day + timedelta(days=1), time(), UTC) if self.last_day is not None else None
        return Window(start, end)

    def covers(self, day: date) -> bool:
        """Whether the day is blocked."""
        return (self.first_day is None or self.first_day <= day) and (self.last_day is None or day <= self.last_day)


@dataclass(frozen=True, slots=True)
class Timeline:
    """How many items of a variant are taken on each day, and the counts beside it, as Supercycle reckons them."""

    variant: str
    occupancy: tuple[tuple[date, int], ...]
    inventory_count: int | None
    uncommitted_count: int | None
    future_count: int | None = None


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item to be created. The serial is its key: it is looked up before the item is made."""

    variant: str
    serial: str
    visibility: Visibility
    condition_id: int | None = None
    location: str | None = None
    pick_location: str | None = None
    acquisition_cost: Money | None = None

    def __post_init__(self) -> None:
        if not self.serial.strip():
            raise Invalid(f"New item of {self.variant}: no serial; without one nobody could tell whether it was made.")


@dataclass(frozen=True, slots=True)
class ItemChange:
    """What an item is to become; None leaves a thing as it is. All of it is absolute, so it may be said twice."""

    visibility: Visibility | None = None
    readiness: Readiness | None = None
    condition_id: int | None = None
    serial: str | None = None
    location: str | None = None
    pick_location: str | None = None

    def is_done(self, item: Item) -> bool:
        """Whether the item is that way already."""
        condition = item.condition.id if item.condition else None
        pairs = (
            (self.visibility, item.visibility),
            (self.readiness, item.readiness),
            (self.condition_id, condition),
            (self.serial, item.serial),
            (self.location, item.location),
            (self.pick_location, item.pick_location),
        )
        return all(wanted is None or wanted == found for wanted, found in pairs)
