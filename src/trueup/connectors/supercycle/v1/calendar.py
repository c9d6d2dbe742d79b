"""Availability timelines and blocked dates of v1. The misspelling in `uncommitedInventoryCount` is Supercycle's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from trueup.connectors.supercycle.v1.items import global_id
from trueup.connectors.supercycle.v1.record import Record
from trueup.domain.circular import BlockedDate, BlockedResource, Timeline


def read_timeline(record: Record, variant: str) -> Timeline:
    """What is taken of a variant on each day. Days or counts that are none are left out, and noted."""
    taken = record.record("occupancy")
    days = list(_days(taken)) if taken else []
    uncommitted = record.whole("uncommitedInventoryCount")
    corrected = record.whole("uncommittedInventoryCount")
    return Timeline(
        variant=variant,
        occupancy=tuple(sorted(days)),
        inventory_count=record.whole("inventoryCount"),
        uncommitted_count=uncommitted if uncommitted is not None else corrected,
        future_count=record.whole("futureAvailabilityInventoryCount"),
    )


def read_blocked_date(record: Record) -> BlockedDate:
    """A blocked stretch of days. Raises Unfit without an id or a resource."""
    number, resource_id = record.needed("id"), record.needed("resourceId")
    resource = record.record("resource")
    record.passed_over("createdAt")
    return BlockedDate(
        id=number,
        resource=record.needed_word("resourceType", BlockedResource),
        resource_id=resource_id,
        first_day=record.day("from"),
        last_day=record.day("to"),
        variant=global_id("ProductVariant", resource.whole("shopifyVariantId")) if resource else None,
        product=global_id("Product", resource.whole("shopifyProductId")) if resource else None,
        description=record.text("description"),
        updated_at=record.instant("updatedAt"),
        unread=record.unread(),
    )


def blocking(wanted: BlockedDate) -> dict[str, Any]:
    """The body that blocks days. An open end is left out."""
    body: dict[str, Any] = {"resourceType": str(wanted.resource), "resourceId": wanted.resource_id}
    if wanted.first_day is not None:
        body["from"] = wanted.first_day.isoformat()
    if wanted.last_day is not None:
        body["to"] = wanted.last_day.isoformat()
    if wanted.description:
        body["description"] = wanted.description
    return body


def _days(taken: Record) -> Iterator[tuple[date, int]]:
    for name in taken.names():
        day, count = _day(name), taken.whole(name)
        if day is not None and count is not None:
            yield day, count


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
