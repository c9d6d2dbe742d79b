"""Items of v1: what is read of one, and what is sent to make or change one.

v1's `status` is the readiness in the warehouse. Shopify's ids are bare numbers there and global ids with us, so that they meet
those of the shop. `acquisitionCostCents` has no currency: it is the shop's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trueup.base.errors import Invalid
from trueup.base.money import Money
from trueup.connectors.supercycle.v1.record import Record
from trueup.domain.circular import Condition, Item, ItemChange, NewItem, Readiness, Visibility

_GLOBAL = "gid://shopify"
_ONLY_VARIANT = "Default Title"
"""Shopify's title for the one variant of a product without options: it says nothing."""
_PASSED_OVER = ("timelineEvents", "imageUrl", "customFields", "roiCents", "roi")


def read_item(record: Record, currency: str) -> Item:
    """An item. Raises Unfit without an id."""
    number = record.needed("id")
    names = (record.text("productTitle"), record.text("variantTitle"))
    cost = record.whole("acquisitionCostCents")
    place, older_place = record.record("location"), record.whole("locationShopifyId")
    location = place.whole("shopifyId") if place else older_place
    record.passed_over(*_PASSED_OVER)
    return Item(
        id=number,
        visibility=record.needed_word("visibility", Visibility),
        readiness=record.needed_word("status", Readiness),
        variant=global_id("ProductVariant", record.whole("shopifyVariantId")),
        product=global_id("Product", record.whole("shopifyProductId")),
        title=", ".join(name for name in names if name and name != _ONLY_VARIANT),
        serial=record.text("serial") or None,
        sequential_id=record.whole("sequentialId"),
        condition=read_condition(record),
        location=global_id("Location", location),
        pick_location=record.text("pickLocation") or None,
        tags=record.texts("tags"),
        active_cycle=record.whole("activeRentalId"),
        active_return=record.whole("activeReturnId"),
        acquisition_cost=Money(cost, currency) if cost is not None else None,
        created_at=record.instant("createdAt"),
        unread=record.unread(),
    )


def read_condition(record: Record) -> Condition | None:
    """The condition of a record, by its object or, in older replies, its id alone."""
    number = record.whole("conditionId")
    found = record.record("condition")
    inner = found.whole("id") if found else None
    if found is None or inner is None:
        return Condition(number, "") if number is not None else None
    return Condition(inner, found.text("title"), found.text("severityKey"))


def creation(item: NewItem) -> dict[str, Any]:
    """The body that makes one item."""
    body: dict[str, Any] = {
        "shopifyVariantId": bare_id(item.variant),
        "visibility": item.visibility.value,
        "quantity": 1,
        "serials": [item.serial],
        "conditionId": item.condition_id,
        "locationShopifyId": bare_id(item.location) if item.location else None,
        "pickLocation": item.pick_location,
        "acquisitionCostCents": item.acquisition_cost.minor if item.acquisition_cost else None,
    }
    return _said(body)


def alteration(change: ItemChange) -> dict[str, Any]:
    """The body that changes an item: only what is to be another."""
    body: dict[str, Any] = {
        "visibility": change.visibility.value if change.visibility else None,
        "status": change.readiness.value if change.readiness else None,
        "conditionId": change.condition_id,
        "serial": change.serial,
        "locationShopifyId": bare_id(change.location) if change.location else None,
        "pickLocation": change.pick_location,
    }
    return _said(body)


def global_id(kind: str, number: int | None) -> str | None:
    """Shopify's global id of a bare one."""
    return f"{_GLOBAL}/{kind}/{number}" if number is not None else None


def bare_id(identifier: str) -> int:
    """The number at the end of one of Shopify's ids. Raises Invalid when there is none."""
    number = identifier.rpartition("/")[2]
    if not number.isascii() or not number.isdigit():
        raise Invalid(f"Shopify id {identifier!r}: expected one that ends in a number, such as {_GLOBAL}/Product/1.")
    return int(number)


def _said(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}
