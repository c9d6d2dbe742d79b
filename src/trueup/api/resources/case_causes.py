"""Causes of cases: one row for what one act mends; mended here, with every case that it closes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.resources.cases import CaseFiltering, filter_of
from trueup.api.shapes import DryRun, Instant, Key, Line, Page, Price, Shape, Told
from trueup.domain.cases import CaseStanding
from trueup.storage.views.case_causes import page_causes
from trueup.workflows.mend_cause import Cause, Mended, mend_connection, mend_item
from trueup.workflows.world import Tx

_EXAMPLE = {
    "kind": "held.cost-differs",
    "cause": "item LAMP-1",
    "cases": 31,
    "things": 31,
    "money": [{"amount": "812.40", "currency": "USD"}],
    "deadline": "2026-11-24T06:00:00Z",
    "since": "2026-11-09T09:01:00Z",
    "standing": "escalating",
}


class CaseCause(Shape, json_schema_extra={"examples": [_EXAMPLE]}):
    """What made cases of one kind: one act mends all of them."""

    kind: str
    cause: str
    """A thing and its name: `item LAMP-1`, `connection shop`, `reason 42 of amazon-us`."""
    cases: int
    things: int
    """Of how many they tell together: lines in suspense, for example."""
    money: list[Price]
    """What is at risk, per currency."""
    deadline: Instant | None
    """When the first of them is due."""
    since: Instant
    standing: CaseStanding
    """The worst of them."""


class Mending(Told, json_schema_extra={"examples": [{"kind": "acknowledgement.paused", "cause": "connection shop"}]}):
    """The cause that is to be taken away, as `/case-causes` names it."""

    kind: Line
    cause: Line


class MendingItem(
    Mending,
    json_schema_extra={
        "examples": [
            {
                "kind": "held.cost-differs",
                "cause": "item LAMP-1",
                "sku": "LAMP-1",
                "vendor_code": "NORDA",
                "cost": "26.50",
                "currency": "USD",
            }
        ]
    },
):
    """A row of the item master that takes the cause away. What is not said stays as it is."""

    sku: Line
    title: Line | None = None
    case_size: Annotated[str, Field(max_length=12, pattern=r"^\d*$")] | None = None
    vendor_code: Line | None = None
    asin: Line | None = None
    vendor_product_id: Line | None = None
    cost: Line | None = None
    currency: Line | None = None
    declared_source: Line | None = None


class ClosedCase(Shape, json_schema_extra={"examples": [{"case": 2, "title": "Cost differs on PO000002 line 1"}]}):
    """A case that is closed, or opened, with it."""

    case: int
    title: str


class CauseMended(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "kind": "held.cost-differs",
                "cause": "item LAMP-1",
                "closed": [{"case": 2, "title": "Cost differs on PO000002 line 1"}],
                "money": [{"amount": "318.00", "currency": "USD"}],
                "left": 0,
                "opened": [],
                "unseen": 0,
                "dry_run": False,
            }
        ]
    },
):
    """What came of it, or would."""

    kind: str
    cause: str
    closed: list[ClosedCase]
    money: list[Price]
    """What was at risk in those, per currency."""
    left: int
    """Cases of the cause that stay open: something else differs there."""
    opened: list[ClosedCase]
    """What the same lines wait for next."""
    unseen: int
    """Orders that a worker looks at in the same way, at once."""
    dry_run: bool


def list_causes(call: Calling, asked: Annotated[CaseFiltering, Query()]) -> Page[CaseCause]:
    """List the causes of cases, from what presses most: a cause stands where its most urgent case does."""
    with call.look() as connection:
        paged = page_causes(connection, filter_of(asked), call.now, at=asked.at, limit=asked.limit)
        return call.page(CaseCause, paged.rows, paged.after)


def mend_by_item(call: Calling, told: MendingItem, dry_run: DryRun = False, key: Key = None) -> CauseMended:
    """Take one row into the item master, and close every case that it mends.

    With `dry_run` all of it is done and rolled back: `closed` says which cases it would close.
    """
    row = {name: value for name, value in told.model_dump(exclude={"kind", "cause"}).items() if value}

    def act(tx: Tx) -> CauseMended:
        cause = Cause(told.kind, told.cause)
        return _told(cause, mend_item(tx, cause, row, call.person), dry_run)

    return call.once(act, key, dry_run=dry_run)


def mend_by_resuming(call: Calling, told: Mending, dry_run: DryRun = False, key: Key = None) -> CauseMended:
    """Have a connection that rests go on, and close every case about that."""

    def act(tx: Tx) -> CauseMended:
        cause = Cause(told.kind, told.cause)
        return _told(cause, mend_connection(tx, cause, call.person), dry_run)

    return call.once(act, key, dry_run=dry_run)


def _told(cause: Cause, mended: Mended, dry_run: bool) -> CauseMended:
    told: dict[str, Any] = {
        "kind": cause.kind,
        "cause": cause.name,
        "closed": [{"case": number, "title": title} for number, title in mended.closed],
        "money": [str(each) for each in mended.money],
        "left": mended.left,
        "opened": [{"case": number, "title": title} for number, title in mended.opened],
        "unseen": mended.unseen,
        "dry_run": dry_run,
    }
    return CauseMended.model_validate(told)


RESOURCE = Resource(
    "case-causes",
    "Cases",
    (
        Operation("/case-causes", list_causes),
        Operation("/case-causes/item", mend_by_item, "products.import", "POST"),
        Operation("/case-causes/resume", mend_by_resuming, "connections.pause", "POST"),
    ),
)
