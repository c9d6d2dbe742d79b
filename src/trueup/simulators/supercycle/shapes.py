"""The contract in one place: how items, cycles, returns, blocks and timelines look on the wire, in each spelling.

Nothing is published but pages; each shape names its page. What no page tells is said beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from trueup.simulators.supercycle.records import (
    BlockedDates,
    Condition,
    Customer,
    Item,
    Method,
    Product,
    Rental,
    ReturnLine,
    ReturnOrder,
    TimelineEvent,
    Variant,
)
from trueup.simulators.supercycle.settings import Spelling
from trueup.simulators.supercycle.status import (
    API_RETURN,
    fulfillment_of,
    receival_of,
    received_part,
    return_status_of,
    status_of,
)
from trueup.simulators.supercycle.world import Kept, World

Shape = dict[str, Any]

_ON_OLDER_PAGES: dict[str, str] = {
    "locationShopifyId": "location_shopify_id",
    "timelineEvents": "timeline_events",
    "returnLines": "return_lines",
}
"""Keys that the older pages write in snake_case inside otherwise camelCase bodies."""

VERBATIM = frozenset({"metadata", "occupancy"})
"""Objects whose keys are data, not names."""


def instant(moment: datetime | None) -> str | None:
    """A date-time as the API writes it: UTC with milliseconds."""
    if moment is None:
        return None
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def spelled(content: Any, spelling: Spelling) -> Any:
    """Content whose keys are camelCase, in the spelling that is asked for."""
    if isinstance(content, Mapping):
        made: Shape = {}
        for key, value in content.items():
            name = _spell(key, spelling)
            made[name] = value if key in VERBATIM else spelled(value, spelling)
        return made
    if isinstance(content, list):
        return [spelled(each, spelling) for each in content]
    return content


def _spell(name: str, spelling: Spelling) -> str:
    match spelling:
        case "camel":
            return name
        case "mixed":
            return _ON_OLDER_PAGES.get(name, name)
        case "snake":
            return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def camel(name: str) -> str:
    """A key of a request's body or query as the simulator knows it."""
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest) if rest and head else name


def render(world: World, record: Kept) -> Shape:
    """A record as lists show it, in camelCase."""
    match record:
        case Item():
            return item_shape(world, record)
        case Rental():
            return rental_shape(world, record)
        case ReturnOrder():
            return return_shape(world, record)
        case BlockedDates():
            return block_shape(record)


def _event_shape(event: TimelineEvent) -> Shape:
    return {
        "id": event.id,
        "eventableId": event.eventable_id,
        "eventableType": event.eventable_type,
        "eventType": event.event_type,
        "metadata": event.metadata,
        "createdAt": instant(event.created_at),
        "updatedAt": instant(event.created_at),
        "author": event.author,
    }


def condition_shape(condition: Condition) -> Shape:
    """The condition inside an item. Source: retrieve-an-item."""
    return {
        "id": condition.id,
        "createdAt": instant(condition.created_at),
        "severityKey": condition.severity_key,
        "severityTone": condition.severity_tone,
        "title": condition.title,
    }


def item_shape(world: World, item: Item) -> Shape:
    """Source: retrieve-an-item and update-an-item, newest versions. Of the location the older pages show the id alone.

    The name of the field of lifecycle revenue less cost is not published: returnOnInvestmentCents is a guess.
    """
    shape: Shape = {
        "id": item.id,
        "createdAt": instant(item.created_at),
        "activeRentalId": item.active_rental_id,
        "activeReturnId": item.active_return_id,
        "productTitle": item.variant.product.title,
        "variantTitle": item.variant.title,
        "serial": item.serial,
        "sequentialId": item.sequential_id,
        "shopifyProductId": item.variant.product.shopify_id,
        "shopifyVariantId": item.variant.shopify_id,
        "status": item.status,
        "visibility": item.visibility,
        "condition": condition_shape(item.condition) if item.condition else None,
        "conditionId": item.condition.id if item.condition else None,
        "imageUrl": None,
        "pickLocation": item.pick_location,
        "tags": list(item.tags),
        "timelineEvents": [_event_shape(event) for event in item.timeline],
        "customFields": [dict(each) for each in item.custom_fields],
        "acquisitionCostCents": item.acquisition_cost_cents,
        "returnOnInvestmentCents": None if item.acquisition_cost_cents is None else -item.acquisition_cost_cents,
    }
    if world.settings.spelling == "mixed":
        shape["locationShopifyId"] = item.location.shopify_id if item.location else None
    else:
        place = item.location
        shape["location"] = {"shopifyId": place.shopify_id, "name": place.name} if place else None
    if world.settings.extra_fields:
        shape["attestationState"] = "none"
    return shape


def customer_shape(customer: Customer) -> Shape:
    """Source: list-all-rentals."""
    names = {"firstName": customer.first_name, "lastName": customer.last_name}
    address = {
        "customerId": customer.id,
        "default": True,
        **names,
        **dict.fromkeys(("company", "address1", "address2", "city", "province", "country", "zip", "phone")),
        "name": f"{customer.first_name} {customer.last_name}",
        **dict.fromkeys(("provinceCode", "countryCode", "countryName")),
    }
    return {
        "id": customer.id,
        "createdAt": instant(customer.created_at),
        "shopifyId": customer.shopify_id,
        "email": customer.email,
        **names,
        "defaultAddress": address,
    }


def rental_shape(world: World, rental: Rental, *, whole: bool = False) -> Shape:
    """Source: list-all-rentals; `whole`, with the item, retrieve-a-rental and update-a-rental.

    rentalStart and the dates after it are days of the store: they are written as the instant at which such a day begins,
    rentalEnd and minimumRentalEnd as the last second of theirs. No page shows their form.
    """
    today = world.today()

    def begins(day: date | None) -> str | None:
        return instant(world.instant_of(day)) if day else None

    def ends(day: date | None) -> str | None:
        return instant(world.instant_of(day, end=True)) if day else None

    shape: Shape = {
        "id": rental.id,
        "createdAt": instant(rental.created_at),
        "updatedAt": instant(rental.updated_at),
        "customer": customer_shape(rental.customer),
        "itemId": rental.item.id if rental.item else None,
        "packingStatus": rental.packing_status,
        "shopifyOrderId": rental.line.order_id,
        "shopifyOrderLineId": rental.line.line_id,
        "shopifyOrderName": rental.line.order_name,
        "methodType": rental.method_type,
        "fulfillAt": begins(rental.fulfill_at),
        "fulfilledAt": instant(rental.fulfilled_at),
        "minimumRentalEnd": ends(rental.minimum_rental_end),
        "originRentalIntentToken": None,
        "receiveAt": begins(rental.receive_at),
        "receivedAt": instant(rental.received_at),
        "rentalStart": begins(rental.rental_start),
        "rentalEnd": ends(rental.rental_end),
        "restockBy": begins(rental.restock_by),
        "restockedAt": instant(rental.restocked_at),
        "sequentialId": rental.sequential_id,
        "status": status_of(rental, today),
        "fulfillmentStatus": fulfillment_of(rental, today),
        "receivalStatus": receival_of(rental, today),
        "returnOrderId": rental.return_order.id if rental.return_order else None,
        "timelineEvents": [_event_shape(event) for event in rental.timeline],
    }
    if whole:
        shape["item"] = item_shape(world, rental.item) if rental.item else None
    if world.settings.extra_fields:
        shape["riskScore"] = None
    return shape


def _return_line_shape(world: World, line: ReturnLine) -> Shape:
    return {
        "id": line.id,
        "createdAt": instant(line.created_at),
        "rentalId": line.rental.id if line.rental else None,
        "status": line.status,
        "condition": condition_shape(line.item.condition) if line.item.condition else None,
        "item": item_shape(world, line.item),
        "requestedAt": instant(line.requested_at),
        "restockedAt": instant(line.restocked_at),
    }


def return_shape(world: World, order: ReturnOrder) -> Shape:
    """Source: list-all-returns and retrieve-a-return. It has no updatedAt, and the credit is of memberships alone."""
    shape: Shape = {
        "id": order.id,
        "createdAt": instant(order.created_at),
        "creditStatus": "uncredited",
        "receivalStatus": API_RETURN[received_part(order)],
        "customer": customer_shape(order.customer) if order.customer else None,
        "returnLines": [_return_line_shape(world, line) for line in order.lines],
        "requestedAt": instant(order.requested_at),
        "sequentialId": order.sequential_id,
        "status": return_status_of(order),
        "returnMethod": dict(order.method) if order.method else None,
        "timelineEvents": [_event_shape(event) for event in order.timeline],
        "tags": list(order.tags),
    }
    if world.settings.extra_fields:
        shape["carrierHint"] = None
    return shape


def block_shape(block: BlockedDates) -> Shape:
    """Source: list-blocked-dates. Both dates are inclusive days; null is open."""
    resource = block.resource
    variant = resource.variant if isinstance(resource, Item) else resource if isinstance(resource, Variant) else None
    product = resource if isinstance(resource, Product) else variant.product if variant else None
    assert product is not None
    return {
        "id": block.id,
        "from": block.start.isoformat() if block.start else None,
        "to": block.end.isoformat() if block.end else None,
        "resourceType": block.resource_type,
        "resourceId": resource.id,
        "createdAt": instant(block.created_at),
        "updatedAt": instant(block.updated_at),
        "resource": {
            "id": resource.id,
            "title": product.title,
            "formattedId": f"#{resource.sequential_id}" if isinstance(resource, Item) else str(resource.id),
            "imageUrl": None,
            "shopifyVariantId": variant.shopify_id if variant else None,
            "shopifyProductId": product.shopify_id,
        },
        "description": block.description,
    }


def method_shape(method: Method) -> Shape:
    """Source: create-or-update-subscription-method."""
    return {
        "id": method.id,
        "status": method.status,
        "createdAt": instant(method.created_at),
        "updatedAt": instant(method.updated_at),
        "options": [dict(option) for option in method.options],
    }
