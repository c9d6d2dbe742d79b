"""The circular programme: items one by one with the lane they are in, and the cycles that take them out and back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import LARGEST_ID, Day, Hash, Instant, Name, Number, Page, Paging, Price, Shape
from trueup.base.errors import Invalid
from trueup.domain.circular_units import Lane
from trueup.storage.views import circular as views

_ITEM = {
    "programme": "supercycle",
    "id": 412,
    "serial": "TN-0042",
    "title": "Tent",
    "sku": "TENT-2",
    "lane": "free",
    "lane_words": "free",
    "visibility": "public",
    "readiness": "ready",
    "condition": "Good",
    "location": "main",
    "acquisition_cost": {"amount": "80.00", "currency": "USD"},
    "active_cycle": None,
    "seen_at": "2026-11-23T08:55:00Z",
}


class Item(Shape, json_schema_extra={"examples": [_ITEM]}):
    """One item. `lane`: where it is in its life."""

    programme: str
    id: int
    serial: str | None
    title: str
    sku: str | None
    lane: Lane
    lane_words: str
    visibility: str
    readiness: str
    condition: str | None
    location: str | None
    acquisition_cost: Price | None
    active_cycle: int | None
    seen_at: Instant | None


class Cycle(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "programme": "supercycle",
                "id": 77,
                "cycle": "rental 77",
                "method": "rental",
                "status": "active",
                "item": 412,
                "serial": "TN-0042",
                "title": "Tent",
                "order": "#1042",
                "begins": "2026-11-20T00:00:00Z",
                "ends": None,
                "due": "2026-11-27T00:00:00Z",
                "overdue_days": None,
                "value": {"amount": "80.00", "currency": "USD"},
                "seen_at": "2026-11-23T08:55:00Z",
                "evidence": "0f" * 32,
            }
        ]
    },
):
    """A rental, a subscription or a sale of one item, and when it has it."""

    programme: str
    id: int
    cycle: str
    method: str
    status: str
    item: int | None
    serial: str | None
    title: str
    order: str | None
    begins: Instant | None
    """From when the item is out, as far as is known."""
    ends: Instant | None
    due: Instant | None
    overdue_days: int | None
    value: Price | None
    """What the item cost."""
    seen_at: Instant
    evidence: Hash


class Blocked(Shape):
    """Days on which an item is not given out."""

    id: int
    first_day: Day | None
    last_day: Day | None
    description: str | None


class Claim(Shape):
    """A purchase order's claim on an item."""

    order: str
    line: int
    state: str
    why: str
    made_at: Instant
    changed_at: Instant
    evidence: Hash


class Change(Shape):
    """One thing that changed, the newest first."""

    at: Instant
    of: str
    what: str
    before: Any
    after: Any
    evidence: str


class WholeItem(
    Item,
    json_schema_extra={
        "examples": [{**_ITEM, "cycles": [], "blocked": [], "clashes": [], "claims": [], "changes": []}]
    },
):
    """An item with its cycles, blocked days, claims, what clashes, and what changed."""

    cycles: list[Cycle]
    blocked: list[Blocked]
    clashes: list[str]
    claims: list[Claim]
    changes: list[Change]


def _cycle(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "begins": row["from"], "ends": row["to"]}


def _place(at: str) -> tuple[str, int]:
    programme, _, number = at.rpartition("/")
    if at and not (number.isascii() and number.isdecimal() and int(number) <= LARGEST_ID):
        raise Invalid("`at` names a place in another list; leave it away to begin at the first page.")
    return (programme, int(number)) if at else ("", 0)


class ItemQuery(Paging):
    """Which items."""

    lane: Lane | None = None
    """In this lane."""
    sku: Name = ""
    """Of this product."""


class CycleQuery(Paging):
    """Which cycles."""

    only_open: bool = True
    """Only those that are not over."""


def list_items(call: Calling, asked: Annotated[ItemQuery, Query()]) -> Page[Item]:
    """List items by programme and number."""
    with call.look() as connection:
        page = (_place(asked.at), asked.limit + 1)
        rows = views.list_items(connection, call.now, lane=asked.lane, sku=asked.sku or None, page=page)
        return call.page_by(Item, rows, asked.limit, "programme", "id")


def get_item(
    call: Calling,
    programme: Annotated[str, Path(max_length=100, description="The programme it is in.")],
    item: Number,
) -> WholeItem:
    """Show one item: its cycles, who has it when, and what clashes."""
    with call.look() as connection:
        shown = views.show_item(connection, f"{programme}/{item}", call.now)
    blocked = [{**each, "first_day": each["from"], "last_day": each["to"]} for each in shown["blocked"]]
    cycles = [_cycle(each) for each in shown["cycles"]]
    return WholeItem.model_validate({**shown, "cycles": cycles, "blocked": blocked})


def list_cycles(call: Calling, asked: Annotated[CycleQuery, Query()]) -> Page[Cycle]:
    """List cycles by programme and number, with what is overdue and for how long."""
    with call.look() as connection:
        page = (_place(asked.at), asked.limit + 1)
        rows = views.page_cycles(connection, call.now, only_open=asked.only_open, page=page)
        return call.page_by(Cycle, [_cycle(row) for row in rows], asked.limit, "programme", "id")


RESOURCE = Resource(
    "circular",
    "Circular",
    (
        Operation("/circular/items", list_items),
        Operation("/circular/items/{programme}/{item}", get_item),
        Operation("/circular/cycles", list_cycles),
    ),
)
