"""What is read: lists with keyset pages and filters, single records, availability timelines.

Query parameters that are not known are ignored without a word, as are filters whose name no page gives. An inferred wire
form of a date filter is `updated[gte]=...`. `withActiveRental` true leaves the items with one; false filters nothing.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from trueup.base.clock import read_instant
from trueup.base.errors import Invalid
from trueup.simulators.supercycle import allocation, shapes
from trueup.simulators.supercycle.records import BlockedDates, Item, Rental, ReturnOrder
from trueup.simulators.supercycle.replies import Refusal
from trueup.simulators.supercycle.settings import LARGEST_PAGE, PAGE_SIZE
from trueup.simulators.supercycle.world import Kept, World

_COMPARE: dict[str, Callable[[datetime, datetime], bool]] = {
    "gt": lambda value, bound: value > bound,
    "gte": lambda value, bound: value >= bound,
    "lt": lambda value, bound: value < bound,
    "lte": lambda value, bound: value <= bound,
}
_TIMELINE_DAYS = 365


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of a request: texts by name in camelCase, and dates by name and comparison."""

    texts: dict[str, str] = field(default_factory=dict)
    dates: dict[str, dict[str, datetime]] = field(default_factory=dict)

    def number(self, name: str) -> int | None:
        """A whole number. Raises Refusal for anything else."""
        text = self.texts.get(name)
        if text is None:
            return None
        if not text.isascii() or not text.isdecimal():
            raise Refusal(422, f"{name} {text!r} is not an integer")
        return int(text)

    def flag(self, name: str) -> bool:
        """A boolean, false when it was not sent. Raises Refusal."""
        text = self.texts.get(name, "false")
        if text not in ("true", "false"):
            raise Refusal(422, f"{name} {text!r} is not a boolean")
        return text == "true"

    def day(self, name: str) -> date | None:
        """A date. Raises Refusal."""
        text = self.texts.get(name)
        try:
            return None if text is None else date.fromisoformat(text)
        except ValueError as error:
            raise Refusal(422, f"{name} {text!r} is not a date") from error

    def within(self, name: str, value: str | None) -> bool:
        """Whether an instant as it is shown passes the date filter of that name."""
        bounds = self.dates.get(name)
        if not bounds:
            return True
        return value is not None and all(_COMPARE[how](read_instant(value), bound) for how, bound in bounds.items())


def read_query(pairs: Iterable[tuple[str, str]]) -> Query:
    """The parameters as they arrived. Raises Refusal for a date that is none."""
    query = Query()
    for name, value in pairs:
        found = re.fullmatch(r"(\w+)\[(gt|gte|lt|lte)\]", name)
        if found is None:
            query.texts[shapes.camel(name)] = value
            continue
        try:
            query.dates.setdefault(shapes.camel(found[1]), {})[found[2]] = read_instant(value)
        except Invalid as error:
            raise Refusal(422, f"{name} {value!r} is not an ISO 8601 date") from error
    return query


def page_of(world: World, query: Query, records: Sequence[Kept], sort_field: str = "") -> tuple[list[Kept], str | None]:
    """One page of records and the cursor of the next, which a full page always has: the one after may be empty."""
    limit = query.number("limit") if "limit" in query.texts else PAGE_SIZE
    if limit is None or not 1 <= limit <= LARGEST_PAGE:
        raise Refusal(422, f"limit must be between 1 and {LARGEST_PAGE}")

    def key(record: Kept) -> tuple[str, int]:
        updated = getattr(record, sort_field) if sort_field else None
        return (updated.isoformat() if updated else "", record.id)

    newest_first = world.settings.newest_first
    ordered = sorted(records, key=key, reverse=newest_first)
    if "page" in query.texts:
        start = _read_cursor(query.texts["page"])
        ordered = [each for each in ordered if (key(each) < start if newest_first else key(each) > start)]
    shown = ordered[:limit]
    return shown, cursor_of(key(shown[-1])) if len(shown) == limit else None


def cursor_of(key: tuple[str, int]) -> str:
    """The cursor that leads behind a record."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def _read_cursor(text: str) -> tuple[str, int]:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=tuple[str, int])
    except (msgspec.DecodeError, msgspec.ValidationError, binascii.Error, ValueError) as error:
        raise Refusal(422, "page is not a cursor") from error


def listed(world: World, query: Query, at: datetime | None, kind: str) -> dict[str, Any]:
    """A page of a list, as things stood at a moment (None: now): a stale page shows old versions."""
    records, keeps, sort_field = _LISTS[kind]
    shown: dict[int, dict[str, Any]] = {}
    for record in records(world):
        version = shapes.render(world, record) if at is None else world.version(record, at)
        if version is not None and keeps(query, record, version):
            shown[record.id] = version
    there = [record for record in records(world) if record.id in shown]
    page, cursor = page_of(world, query, there, sort_field if query.dates.get("updated") else "")
    return {"data": [shown[record.id] for record in page], "nextPage": cursor}


def _text_in(wanted: str | None, *texts: str | None) -> bool:
    return wanted is None or any(wanted.casefold() in text.casefold() for text in texts if text)


def _keeps_item(query: Query, item: Kept, shown: Mapping[str, Any]) -> bool:
    assert isinstance(item, Item)
    texts = query.texts
    return (
        texts.get("sku") in (None, item.variant.sku)
        and texts.get("serial") in (None, shown["serial"])
        and texts.get("visibility") in (None, shown["visibility"])
        and _text_in(
            texts.get("search"), shown["productTitle"], shown["variantTitle"], shown["serial"], item.variant.sku
        )
        and (not query.flag("withActiveRental") or shown["activeRentalId"] is not None)
    )


def _keeps_rental(query: Query, rental: Kept, shown: Mapping[str, Any]) -> bool:
    assert isinstance(rental, Rental)
    variant = rental.item.variant if rental.item else rental.variant
    return (
        query.number("shopifyOrderId") in (None, shown["shopifyOrderId"])
        and query.number("itemId") in (None, shown["itemId"])
        and query.number("shopifyVariantId") in (None, variant.shopify_id)
        and _text_in(query.texts.get("search"), shown["shopifyOrderName"])
        and not (query.flag("unfulfilled") and shown["status"] not in ("scheduled", "unfulfilled"))
        and not (query.flag("excludeCancelled") and shown["status"] == "cancelled")
        and query.within("created", shown["createdAt"])
        and query.within("rentalStart", shown["rentalStart"])
        and query.within("updated", shown["updatedAt"])
    )


def _keeps_return(query: Query, order: Kept, shown: Mapping[str, Any]) -> bool:
    return True


def _keeps_block(query: Query, block: Kept, shown: Mapping[str, Any]) -> bool:
    assert isinstance(block, BlockedDates)
    kinds = query.texts.get("resourceType")
    active_from, active_to = query.day("activeFrom"), query.day("activeTo")
    resource = shown["resource"]
    return (
        (kinds is None or shown["resourceType"] in kinds.split(","))
        and query.number("itemId") in (None, block.resource.id if isinstance(block.resource, Item) else 0)
        and query.number("shopifyVariantId") in (None, resource["shopifyVariantId"])
        and query.number("shopifyProductId") in (None, resource["shopifyProductId"])
        and (active_from is None or block.end is None or block.end >= active_from)
        and (active_to is None or block.start is None or block.start <= active_to)
        and _text_in(query.texts.get("search"), resource["title"], shown["description"])
        and query.within("created", shown["createdAt"])
        and query.within("updated", shown["updatedAt"])
    )


_Keeps = Callable[[Query, Kept, Mapping[str, Any]], bool]
_LISTS: dict[str, tuple[Callable[[World], list[Kept]], _Keeps, str]] = {
    "items": (lambda world: list(world.items.values()), _keeps_item, ""),
    "rentals": (lambda world: list(world.rentals.values()), _keeps_rental, "updated_at"),
    "return_orders": (lambda world: list(world.returns.values()), _keeps_return, ""),
    "blocked_dates": (lambda world: list(world.blocks.values()), _keeps_block, "updated_at"),
}


def one(world: World, kind: str, number: str) -> Item | Rental | ReturnOrder | BlockedDates:
    """A record by its id. Raises Refusal 404; people's numbers (SC-1042, #2001) are not ids."""
    shelves: dict[str, Mapping[int, Kept]] = {
        "items": world.items,
        "rentals": world.rentals,
        "return_orders": world.returns,
        "blocked_dates": world.blocks,
    }
    found = shelves[kind].get(int(number)) if number.isascii() and number.isdecimal() else None
    if found is None:
        raise Refusal(404, f"{kind} {number} not found")
    return found


def timeline(world: World, query: Query) -> dict[str, Any]:
    """The next year of a variant, day by day. Source: variant-availability-timeline. Raises Refusal."""
    variant = world.variants.get(query.number("variantShopifyId") or 0)
    if variant is None:
        raise Refusal(
            422 if "variantShopifyId" not in query.texts else 404, "variant_shopify_id is not a known variant"
        )
    if query.texts.get("deliveryMethodType", "shipping") not in ("shipping", "pick_up"):
        raise Refusal(422, "delivery_method_type must be shipping or pick_up")
    place = query.number("locationId")
    items = [
        item
        for item in variant.items
        if item.visibility == "available" and (place is None or (item.location and item.location.shopify_id == place))
    ]
    today = world.today()
    occupied = [_occupied_days(world, item, today) for item in items]
    total, future, uncommitted = allocation.counts(world, variant)
    occupancy = {}
    for offset in range(_TIMELINE_DAYS):
        taken = sum(offset in days for days in occupied)
        day = (today + timedelta(days=offset)).isoformat()
        occupancy[day] = taken if world.settings.occupancy == "occupied" else len(items) - taken
    return {
        "occupancy": occupancy,
        "inventoryCount": total,
        "futureAvailabilityInventoryCount": future,
        "uncommitedInventoryCount": uncommitted,
    }


def _occupied_days(world: World, item: Item, today: date) -> set[int]:
    """Which of the next days an item is reserved or blocked, as offsets from today."""
    windows = [allocation.reservation_of(world, rental) for rental in world.rentals_of(item)]
    windows += [allocation.Window(block.start or date.min, block.end) for block in allocation.blocks_of(world, item)]
    taken: set[int] = set()
    for window in windows:
        if window is not None:
            first = max(0, (window.start - today).days)
            last = _TIMELINE_DAYS if window.end is None else (window.end - today).days
            taken.update(range(first, min(last, _TIMELINE_DAYS - 1) + 1))
    return taken


def beginning(newest_first: bool) -> str:
    """A cursor that leads to the first record: what a page without records gives."""
    return cursor_of(("\uffff", 0) if newest_first else ("", 0))
