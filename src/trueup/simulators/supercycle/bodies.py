"""What the API takes: the bodies of its writes. A key that is not here is ignored, as the wrong spelling of one is."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from trueup.simulators.supercycle import shapes
from trueup.simulators.supercycle.replies import Refusal
from trueup.simulators.supercycle.settings import LARGEST_QUANTITY, Spelling

B = TypeVar("B")

Visibility = Literal["available", "unavailable", "sold", "retired"]
Cents = Annotated[int, msgspec.Meta(ge=0)]
Application = Literal["all", "selected", "none"]


class _Body(msgspec.Struct, rename="camel"):
    """Keys are camelCase."""


class ItemCreate(_Body):
    """POST /items. Source: create-an-item; the key of the cost is inferred from the response."""

    shopify_variant_id: int
    visibility: Visibility
    quantity: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_QUANTITY)] | None = None
    serials: list[str] = []
    condition_id: int | None = None
    location_shopify_id: int | None = None
    pick_location: str | None = None
    acquisition_cost_cents: Cents | None = None


class ItemUpdate(_Body):
    """PUT /items/{itemId}. Source: update-an-item."""

    serial: str | UnsetType | None = UNSET
    shopify_variant_id: int | UnsetType = UNSET
    status: Literal["processed", "unprocessed"] | UnsetType = UNSET
    visibility: Visibility | UnsetType = UNSET
    condition_id: int | UnsetType | None = UNSET
    location_shopify_id: int | UnsetType | None = UNSET
    pick_location: str | UnsetType | None = UNSET
    acquisition_cost_cents: Cents | UnsetType | None = UNSET


class Change(_Body):
    """A date that was and that is to be. Inferred: `after` is the new one; `before` is not compared."""

    before: str | None = None
    after: str | None = None


class TagChange(_Body):
    """A tag to add, or with _destroy to remove."""

    title: str | None = None
    id: int | None = None
    destroy: bool = msgspec.field(default=False, name="_destroy")


class RentalUpdate(_Body):
    """PUT /rentals/{rentalId}. Source: update-a-rental; the name of the last field is a guess."""

    fulfill_at: datetime | UnsetType | None = UNSET
    fulfilled_at: datetime | UnsetType | None = UNSET
    item_id: int | UnsetType = UNSET
    minimum_rental_end: datetime | UnsetType | None = UNSET
    packing_status: Literal["pending", "printed", "packed"] | UnsetType = UNSET
    receive_at: datetime | UnsetType | None = UNSET
    received_at: datetime | UnsetType | None = UNSET
    rental_end: Change | UnsetType = UNSET
    rental_start: Change | UnsetType = UNSET
    tags_attributes: list[TagChange] = []
    reallocate_other_rentals: bool = False


class ReturnEntry(_Body):
    """One cycle to be returned."""

    rental_id: int | None = None
    status: str | None = None


class ReturnMethod(_Body):
    """How it comes back: a label with tracking, or a collection."""

    tracking_url: str | None = None
    address_shopify_id: int | None = None
    collection_date: date | None = None


class ReturnCreate(_Body):
    """POST /return_orders. Source: create-a-return."""

    data: list[ReturnEntry] = []
    return_method_attributes: ReturnMethod | None = None
    quantity: int | None = None
    serials: list[str] = []
    visibility: Visibility | None = None


class LineUpdate(_Body):
    """One line of a return."""

    id: int
    status: str


class ReturnUpdate(_Body):
    """PUT /return_orders/{returnOrderId}. Source: update-a-return."""

    status: str | None = None
    return_lines: list[LineUpdate] = []


class ProductsImport(_Body):
    """POST /products: "imports Shopify products by list". The key of the list is not published."""

    shopify_product_ids: list[int]


class MethodOption(_Body, omit_defaults=True):
    """An option of a method. Source: create-subscription-method-option."""

    id: int | None = None
    name: str = ""
    recurring_price_cents: Cents | None = None
    checkout_price_cents: Cents | None = None
    price_cents: Cents | None = None
    billing_interval: (
        Annotated[str, msgspec.Meta(pattern=r"^\d+\.(second|minute|hour|day|week|month|year)$")] | None
    ) = None
    minimum_term: Annotated[str, msgspec.Meta(pattern=r"^\d+\.(second|minute|hour|day|week|month|year)$")] | None = None
    deposit_variant_shopify_id: int | None = None
    variant_application_type: Application = "all"
    market_application_type: Application = "all"
    condition_application_type: Application = "all"
    variant_application_shopify_ids: list[int] = []
    market_application_shopify_ids: list[int] = []
    condition_application_ids: list[int] = []
    destroy: bool = msgspec.field(default=False, name="_destroy")


class MethodUpdate(_Body):
    """POST /products/{productId}/subscription_method. Source: create-or-update-subscription-method."""

    status: Literal["enabled", "disabled"] = "enabled"
    options_attributes: list[MethodOption] = []


class BlockCreate(_Body):
    """POST /blocked_dates. Source: create-a-blocked-date."""

    resource_type: Literal["Item", "Shopify::Variant", "Shopify::Product"]
    resource_id: int
    start: date | None = msgspec.field(default=None, name="from")
    end: date | None = msgspec.field(default=None, name="to")
    description: str | None = None


def read_body(body: bytes, kind: type[B], spelling: Spelling) -> B:
    """A body as its shape. Raises Refusal: 400 for what is no JSON, 422 for what does not fit."""
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal(400, "Invalid request body") from error
    try:
        return msgspec.convert(content if spelling == "camel" else _camel_keys(content), kind)
    except msgspec.ValidationError as error:
        raise Refusal(422, f"Invalid request body: {error}") from error


def _camel_keys(content: Any) -> Any:
    if isinstance(content, dict):
        return {shapes.camel(key): _camel_keys(value) for key, value in content.items()}
    return [_camel_keys(each) for each in content] if isinstance(content, list) else content
