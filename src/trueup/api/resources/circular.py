"""The circular programme: items one by one with the lane they are in, and the cycles that take them out and back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import LARGEST_ID, Day, Hash, Instant, Listed, Name, Number, Page, Paging, Price, Shape
from trueup.base.errors import Invalid
from trueup.domain.circular_stages import STAGES, Stage
from trueup.domain.circular_units import Lane
from trueup.storage.views import circular as views
from trueup.storage.views import circular_lanes as lanes

_MOST = 1000

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
    "stage": "sellable",
    "stage_words": "sellable",
    "waits_for": "free to be taken",
    "due": None,
    "clashes": False,
    "brought": {"amount": "95.00", "currency": "USD"},
    "result": {"amount": "15.00", "currency": "USD"},
}


class Unit(Shape):
    """What is said of any item. `lane`: where it is in its life."""

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


class Item(Unit, json_schema_extra={"examples": [_ITEM]}):
    """One item, and whose work it is."""

    stage: Stage
    stage_words: str
    waits_for: str
    due: Instant | None
    """When it is to be back from whoever has it."""
    clashes: bool
    """Whether two have a claim on it that cannot both be kept."""
    brought: Price | None
    """What its cycles brought by the shop's own orders, what was given back taken off."""
    result: Price | None
    """What it brought beyond its cost, where both are known."""


class InStage(Shape, json_schema_extra={"examples": [{"stage": "due-back", "stage_words": "due back", "count": 3}]}):
    """How many items are in a stage."""

    stage: Stage
    stage_words: str
    count: int


class Interval(Shape):
    """Who has the item when. `what`: a cycle, a purchase order's claim, or blocked days."""

    what: str
    label: str
    begins: Instant | None
    ends: Instant | None
    clashes: bool


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


_WHOLE = {name: _ITEM[name] for name in Unit.model_fields} | {
    "earned": {"amount": "95.00", "currency": "USD"},
    "cycles": [],
    "blocked": [],
    "intervals": [],
    "clashes": [],
    "claims": [],
    "changes": [],
}


class WholeItem(Unit, json_schema_extra={"examples": [_WHOLE]}):
    """An item with its cycles, blocked days, claims, who has it when from now on, what clashes, and what changed."""

    earned: Price | None
    """What its cycles brought."""
    intervals: list[Interval]
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

    stage: Stage | None = None
    """In this stage."""
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
        wanted = lanes.Asked(asked.stage, asked.lane, asked.sku or None)
        rows = lanes.list_units(connection, call.now, wanted, page)
        return call.page_by(Item, rows, asked.limit, "programme", "id")


def get_item(
    call: Calling,
    programme: Annotated[str, Path(max_length=100, description="The programme it is in.")],
    item: Number,
) -> WholeItem:
    """Show one item: its cycles, who has it when, and what clashes."""
    with call.look() as connection:
        shown = views.show_item(connection, f"{programme}/{item}", call.now)
        unit = views.find_unit(connection, f"{programme}/{item}")
    intervals = [_cycle(each) for each in lanes.intervals_of(unit, call.now)]
    blocked = [{**each, "first_day": each["from"], "last_day": each["to"]} for each in shown["blocked"]]
    cycles = [_cycle(each) for each in shown["cycles"]]
    return WholeItem.model_validate({**shown, "cycles": cycles, "blocked": blocked, "intervals": intervals})


def list_cycles(call: Calling, asked: Annotated[CycleQuery, Query()]) -> Page[Cycle]:
    """List cycles by programme and number, with what is overdue and for how long."""
    with call.look() as connection:
        page = (_place(asked.at), asked.limit + 1)
        rows = views.page_cycles(connection, call.now, only_open=asked.only_open, page=page)
        return call.page_by(Cycle, [_cycle(row) for row in rows], asked.limit, "programme", "id")


def list_overdue(call: Calling) -> Listed[Cycle]:
    """List cycles whose item should be back and is not, the most valuable first: 1,000 at most."""
    with call.look() as connection:
        rows = views.list_cycles(connection, call.now, overdue=True, limit=_MOST)
    return Listed[Cycle](items=[Cycle.model_validate(_cycle(row)) for row in rows])


def list_stages(call: Calling) -> Listed[InStage]:
    """List the stages between which items are carried, with how many are in each."""
    with call.look() as connection:
        counts = lanes.count_stages(connection, call.now)
    rows = [{"stage": stage, "stage_words": STAGES[stage], "count": count} for stage, count in counts.items()]
    return Listed[InStage](items=[InStage.model_validate(row) for row in rows])


RESOURCE = Resource(
    "circular",
    "Circular",
    (
        Operation("/circular/items", list_items),
        Operation("/circular/items/{programme}/{item}", get_item),
        Operation("/circular/cycles", list_cycles),
        Operation("/circular/overdue", list_overdue),
        Operation("/circular/stages", list_stages),
    ),
)
