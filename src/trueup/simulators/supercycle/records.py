"""What Supercycle keeps: items, cycles, returns, blocks, imported products. State only; rules are in lifecycle and allocation."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any


@dataclass(slots=True, eq=False)
class Condition:
    """A grade that the merchant named, under one of four severities. It does not touch availability."""

    id: int
    created_at: datetime
    title: str
    severity_key: str
    severity_tone: str


@dataclass(slots=True, eq=False)
class Location:
    """A Shopify location that was added in Supercycle too."""

    shopify_id: int
    name: str


@dataclass(slots=True, eq=False)
class Variant:
    """A Shopify variant that Supercycle knows, since its product was imported."""

    id: int
    shopify_id: int
    inventory_item_id: int | None
    title: str | None
    sku: str | None
    product: Product
    items: list[Item] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Product:
    """An imported product."""

    id: int
    shopify_id: int
    title: str
    variants: list[Variant] = field(default_factory=list)
    restock_days: int | None = None
    methods: dict[str, Method] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Method:
    """A way a product may be had, with its options as they were written."""

    id: int
    created_at: datetime
    updated_at: datetime
    status: str = "enabled"
    options: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class TimelineEvent:
    """What happened to an item, a cycle or a return, as the admin shows it."""

    id: int
    eventable_id: int
    eventable_type: str
    event_type: str
    metadata: dict[str, Any]
    created_at: datetime
    author: str


@dataclass(slots=True, eq=False)
class Item:
    """One physical unit. It has no time of change that the API tells."""

    id: int
    created_at: datetime
    variant: Variant
    sequential_id: int
    serial: str | None = None
    status: str = "processed"
    visibility: str = "available"
    condition: Condition | None = None
    location: Location | None = None
    pick_location: str | None = None
    acquisition_cost_cents: int | None = None
    active_rental_id: int | None = None
    active_return_id: int | None = None
    cycles: list[Rental] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    custom_fields: list[dict[str, Any]] = field(default_factory=list)
    timeline: list[TimelineEvent] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Customer:
    """Whose cycle it is."""

    id: int
    created_at: datetime
    shopify_id: int | None
    email: str
    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True)
class OrderLine:
    """The Shopify order line that a cycle came from."""

    order_id: int | None = None
    line_id: int | None = None
    order_name: str | None = None


@dataclass(slots=True, eq=False)
class Rental:
    """A cycle: one unit for one customer, for a time or (resale) for good. `item` may change, even to another product's."""

    id: int
    created_at: datetime
    updated_at: datetime
    sequential_id: int
    method_type: str
    variant: Variant
    customer: Customer
    line: OrderLine
    rental_start: date
    rental_end: date | None
    item: Item | None = None
    condition_ids: tuple[int, ...] = ()
    location_id: int | None = None
    packing_status: str = "pending"
    fulfill_at: date | None = None
    fulfilled_at: datetime | None = None
    minimum_rental_end: date | None = None
    receive_at: date | None = None
    received_at: datetime | None = None
    restock_by: date | None = None
    restocked_at: datetime | None = None
    cancelled_at: datetime | None = None
    purchased_at: datetime | None = None
    return_order: ReturnOrder | None = None
    told_status: str = ""
    tags: list[dict[str, Any]] = field(default_factory=list)
    timeline: list[TimelineEvent] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class ReturnLine:
    """One cycle that comes back."""

    id: int
    created_at: datetime
    item: Item
    rental: Rental | None
    requested_at: datetime
    status: str = "awaiting"
    restocked_at: datetime | None = None


@dataclass(slots=True, eq=False)
class ReturnOrder:
    """A return: it may hold cycles of several orders."""

    id: int
    created_at: datetime
    updated_at: datetime
    sequential_id: int
    customer: Customer | None
    requested_at: datetime
    method: dict[str, Any] | None = None
    cancelled: bool = False
    lines: list[ReturnLine] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    timeline: list[TimelineEvent] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class BlockedDates:
    """A time in which an item, a variant or a product is not to be had; both ends inclusive, None is open. It is never deleted."""

    id: int
    created_at: datetime
    updated_at: datetime
    resource_type: str
    resource: Item | Variant | Product
    start: date | None
    end: date | None
    description: str | None = None


NO_ORDER = OrderLine()
"""Of a cycle that came from no Shopify order."""
