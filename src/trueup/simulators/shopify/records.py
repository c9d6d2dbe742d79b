"""What a shop keeps: plain mutable records, named as Shopify names them. No rules here: those live with what changes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

ON_HAND_PARTS = ("available", "committed", "reserved", "damaged", "quality_control", "safety_stock")
QUANTITY_NAMES = (*ON_HAND_PARTS, "incoming", "on_hand")


@dataclass(slots=True, eq=False)
class Record:
    """Anything with a global id. `type_name` is its GraphQL type."""

    type_name: ClassVar[str] = "Node"
    id: str
    created_at: datetime
    updated_at: datetime

    @property
    def legacy_resource_id(self) -> int:
        """The number at the end of the global id."""
        return int(self.id.rsplit("/", 1)[1].split("?")[0])


@dataclass(slots=True, eq=False)
class Metafield(Record):
    """A typed value under namespace and key, on an owner."""

    type_name = "Metafield"
    owner: Owner
    namespace: str
    key: str
    type: str
    value: str


@dataclass(slots=True, eq=False)
class Owner(Record):
    """What can have metafields."""

    metafields: dict[tuple[str, str], Metafield] = field(default_factory=dict, kw_only=True)


@dataclass(slots=True, eq=False)
class MetafieldDefinition(Record):
    """The declared type of a namespace and key on one kind of owner; `id` types hold unique values."""

    type_name = "MetafieldDefinition"
    owner_type: str
    namespace: str
    key: str
    name: str
    type: str
    description: str | None = None
    unique: bool = False
    pinned_position: int | None = None
    admin_access: str | None = None


@dataclass(slots=True, eq=False)
class Location(Record):
    """A place that holds stock."""

    type_name = "Location"
    name: str
    country_code: str = "US"
    is_active: bool = True
    fulfills_online_orders: bool = True


@dataclass(slots=True, eq=False)
class Product(Owner):
    """What is sold, in variants. `total_inventory` lags behind the levels, as Shopify's does."""

    type_name = "Product"
    title: str
    handle: str
    vendor: str = ""
    product_type: str = ""
    status: str = "ACTIVE"
    tags: list[str] = field(default_factory=list)
    variants: list[Variant] = field(default_factory=list)
    total_inventory: int = 0
    total_due: datetime | None = None


@dataclass(slots=True, eq=False)
class Variant(Owner):
    """One buyable form of a product. Its id says nothing about its inventory item's."""

    type_name = "ProductVariant"
    product: Product
    title: str
    price: Decimal
    inventory_item: InventoryItem
    barcode: str | None = None
    compare_at_price: Decimal | None = None
    inventory_policy: str = "DENY"
    taxable: bool = True
    position: int = 1
    requires_components: bool = False

    @property
    def sku(self) -> str | None:
        """The SKU lives on the inventory item."""
        return self.inventory_item.sku


@dataclass(slots=True, eq=False)
class InventoryItem(Record):
    """What is counted. `tracked` off means that nobody counts it and orders claim nothing."""

    type_name = "InventoryItem"
    sku: str | None
    tracked: bool = True
    cost: Decimal | None = None
    requires_shipping: bool = True
    variant: Variant | None = None
    levels: dict[str, InventoryLevel] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class InventoryLevel(Record):
    """The counts of one item at one location, by state; on_hand is kept beside its parts so that the sum can be checked."""

    type_name = "InventoryLevel"
    item: InventoryItem
    location: Location
    is_active: bool = True
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(QUANTITY_NAMES, 0))
    lowest_available: int = 0


@dataclass(frozen=True, slots=True)
class Price:
    """An amount in the shop's currency and in the customer's."""

    shop: Decimal
    presentment: Decimal

    def __add__(self, other: Price) -> Price:
        return Price(self.shop + other.shop, self.presentment + other.presentment)

    def __sub__(self, other: Price) -> Price:
        return Price(self.shop - other.shop, self.presentment - other.presentment)

    def __mul__(self, count: int) -> Price:
        return Price(self.shop * count, self.presentment * count)


NOTHING = Price(Decimal(0), Decimal(0))


@dataclass(slots=True, eq=False)
class LineItem(Record):
    """A line of an order. `quantity` is as ordered, `current_quantity` after edits and cancellation."""

    type_name = "LineItem"
    order: Order
    variant: Variant | None
    title: str
    sku: str | None
    quantity: int
    current_quantity: int
    unit_price: Price
    unit_discount: Price = NOTHING
    variant_title: str | None = None
    vendor: str | None = None
    custom_attributes: list[dict[str, str]] = field(default_factory=list)
    tax_lines: list[dict[str, Any]] = field(default_factory=list)
    taxable: bool = True
    requires_shipping: bool = False
    is_gift_card: bool = False
    fulfilled: int = 0


@dataclass(slots=True, eq=False)
class FulfillmentOrderLine(Record):
    """What of a line is to leave one location. `claimed` of its remaining units are committed in that location's stock."""

    type_name = "FulfillmentOrderLineItem"
    fulfillment_order: FulfillmentOrder
    line_item: LineItem
    total_quantity: int
    remaining_quantity: int
    claimed: int = 0


@dataclass(slots=True, eq=False)
class FulfillmentOrder(Record):
    """The part of an order that one location is to fulfil."""

    type_name = "FulfillmentOrder"
    order: Order
    location: Location
    status: str = "OPEN"
    lines: list[FulfillmentOrderLine] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Fulfillment(Record):
    """Goods that left."""

    type_name = "Fulfillment"
    order: Order
    fulfillment_order: FulfillmentOrder
    location: Location
    lines: list[FulfillmentLine] = field(default_factory=list)
    tracking: list[dict[str, str | None]] = field(default_factory=list)
    status: str = "SUCCESS"


@dataclass(slots=True, eq=False)
class FulfillmentLine(Record):
    """How many units of a line left."""

    type_name = "FulfillmentLineItem"
    line_item: LineItem
    quantity: int


@dataclass(slots=True, eq=False)
class Order(Owner):
    """An order, made by a shopper or by an app."""

    type_name = "Order"
    number: int
    name: str
    currency_code: str
    presentment_currency_code: str
    processed_at: datetime
    line_items: list[LineItem] = field(default_factory=list)
    fulfillment_orders: list[FulfillmentOrder] = field(default_factory=list)
    fulfillments: list[Fulfillment] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    custom_attributes: list[dict[str, str]] = field(default_factory=list)
    tax_lines: list[dict[str, Any]] = field(default_factory=list)
    shipping: Price = NOTHING
    note: str | None = None
    email: str | None = None
    phone: str | None = None
    po_number: str | None = None
    source_identifier: str | None = None
    source_name: str | None = None
    company_location: CompanyLocation | None = None
    shipping_address: dict[str, Any] | None = None
    billing_address: dict[str, Any] | None = None
    display_financial_status: str = "PENDING"
    inventory_behaviour: str = "BYPASS"
    taxes_included: bool = False
    test: bool = False
    edited: bool = False
    restocked: bool = False
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    staff_note: str | None = None
    cancelling: bool = False
    closed_at: datetime | None = None
    app_id: str | None = None
    original_total: Price = NOTHING


@dataclass(slots=True, eq=False)
class Company(Record):
    """A business customer."""

    type_name = "Company"
    name: str
    external_id: str | None = None


@dataclass(slots=True, eq=False)
class CompanyLocation(Record):
    """A branch of a business customer: what an order is placed for."""

    type_name = "CompanyLocation"
    name: str
    company: Company
    currency: str
    external_id: str | None = None


@dataclass(slots=True, eq=False)
class Job(Record):
    """Something Shopify does after it answered, due at `due`."""

    type_name = "Job"
    due: datetime
    done: bool = False


@dataclass(slots=True, eq=False)
class AdjustmentGroup(Record):
    """The inventory changes of one mutation."""

    type_name = "InventoryAdjustmentGroup"
    reason: str
    reference_document_uri: str | None
    changes: list[dict[str, Any]]
    app: App | None = None


@dataclass(slots=True, eq=False)
class App(Record):
    """An app installed in the shop. `secret` signs its webhooks and is never shown."""

    type_name = "App"
    client_id: str
    secret: str = field(repr=False)
    scopes: frozenset[str]
    title: str = "Trueup"


@dataclass(slots=True, eq=False)
class WebhookSubscription(Record):
    """Where an app wants to hear of a topic. `from_config`: declared in the app's configuration, never deleted for failing."""

    type_name = "WebhookSubscription"
    app: App
    topic: str
    uri: str
    format: str = "JSON"
    include_fields: list[str] = field(default_factory=list)
    name: str | None = None
    from_config: bool = False
    failures: int = 0
