"""Goods that came back from a buyer: each unit, and the item of a circular programme that it became; said here by a program."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query
from pydantic import Field

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import LARGEST_ID, DryRun, Hash, Instant, Key, Line, Page, Paging, Price, Shape, Told
from trueup.domain.circular import Visibility
from trueup.domain.vendor_returns import Returned, ReturnedState
from trueup.storage.views import vendor_returns as views
from trueup.storage.views.orders import find_order
from trueup.workflows.take_back_goods import take_back
from trueup.workflows.world import Tx

_MOST_EACHES = 10_000


class ReturnedUnit(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "id": 3,
                "order": "amazon-us/2JK3S9VC",
                "line": 1,
                "sku": "TENT-2",
                "programme": "supercycle",
                "serial": "TN-0101",
                "become": "unavailable",
                "cost": {"amount": "210.00", "currency": "USD"},
                "state": "made",
                "item": 412,
                "recorded_at": "2026-11-23T09:12:00Z",
                "recorded_by": "Olga",
                "evidence": "0f" * 32,
            }
        ]
    },
):
    """One each that came back. `item`: what it became in the programme, once it was seen there."""

    id: int
    order: str
    line: int
    sku: str
    programme: str
    serial: str
    become: Visibility
    """What its item is from the start, by the agreement."""
    cost: Price | None
    """What the buyer had agreed to pay."""
    state: ReturnedState
    item: int | None
    recorded_at: Instant
    recorded_by: str
    evidence: Hash


class TakingBack(
    Told,
    json_schema_extra={"examples": [{"sku": "TENT-2", "eaches": 3, "serials": ["TN-0101"], "condition": None}]},
):
    """What came back of an order. Units without a serial get one of the order's number."""

    sku: Line
    eaches: int = Field(ge=1, le=_MOST_EACHES)
    serials: list[Line] = Field(default=[], max_length=_MOST_EACHES)
    condition: int | None = Field(default=None, ge=1, le=LARGEST_ID)
    """The programme's number of a condition that all of them are in; not looked at yet, when it is not said."""
    programme: Line | None = None
    """The one that takes them, where the order's shop has several."""
    before: int = Field(default=0, ge=0, le=_MOST_EACHES)
    """How many of the product came back of the order before, as the caller knows: units without a serial are the next ones.
    When others were told meanwhile, it is a conflict that says by whom."""


class TakenBack(
    Shape,
    json_schema_extra={
        "examples": [{"programme": "supercycle", "serials": ["TN-0101"], "become": "unavailable", "dry_run": False}]
    },
):
    """What is made of it. The items are made by a run: `/orders/.../returned-goods` tells when each was seen."""

    programme: str
    serials: list[str]
    become: Visibility
    dry_run: bool


OrderKey = Annotated[str, Path(max_length=210, description="The purchase order, as partner/number.")]


def list_returned(call: Calling, order: OrderKey, asked: Annotated[Paging, Query()]) -> Page[ReturnedUnit]:
    """List what came back of an order, the newest first, with the item that became of each unit."""
    with call.look() as connection:
        order_id = find_order(connection, order)
        paged = views.page_returned(connection, asked.at, order_id=order_id, limit=asked.limit)
        return call.page(ReturnedUnit, paged.rows, paged.after)


def list_every_returned(call: Calling, asked: Annotated[Paging, Query()]) -> Page[ReturnedUnit]:
    """List what came back of every order, the newest first."""
    with call.look() as connection:
        paged = views.page_returned(connection, asked.at, limit=asked.limit)
        return call.page(ReturnedUnit, paged.rows, paged.after)


def take_back_goods(
    call: Calling, order: OrderKey, told: TakingBack, dry_run: DryRun = False, key: Key = None
) -> TakenBack:
    """Say what came back of an order: each unit becomes an item of the programme, as the agreement says.

    Never more than the buyer was promised. It cannot be undone: an item that was told by mistake is retired in the programme.
    """
    with call.look() as connection:
        order_id = find_order(connection, order)
    returned = Returned(told.sku, told.eaches, tuple(told.serials), told.condition, told.programme or "", told.before)

    def act(tx: Tx) -> TakenBack:
        done = take_back(tx, order_id, returned, call.person)
        return TakenBack(programme=done.programme, serials=list(done.serials), become=done.become, dry_run=dry_run)

    return call.once(act, key, dry_run=dry_run)


RESOURCE = Resource(
    "returned-goods",
    "Circular",
    (
        Operation("/circular/returned-goods", list_every_returned),
        Operation("/orders/{order:path}/returned-goods", list_returned),
        Operation("/orders/{order:path}/returned-goods", take_back_goods, "goods.take-back", "POST", 201),
    ),
)
