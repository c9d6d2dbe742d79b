"""Acts on stock: declare what was counted, and have a connection read now."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import Field

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import AskedInstant, DryRun, Hash, Instant, Key, Line, Price, Shape, Told
from trueup.base.clock import write_instant
from trueup.base.errors import Invalid
from trueup.formats.stock_counts import Count, write_stock_counts
from trueup.workflows import adjust_stock as adjust_workflow
from trueup.workflows.adjust_stock import Adjustment, Made, adjust_stock, undo_adjustment
from trueup.workflows.import_products import archive_upload
from trueup.workflows.limit_counts import declare_within
from trueup.workflows.pause_connection import ask_now
from trueup.workflows.take_in_counts import KIND
from trueup.workflows.world import Tx

_MOST_EACHES = 1_000_000_000


class Counted(Told):
    """Eaches of a product that lie at a location, those held for orders among them."""

    sku: Line
    location: Line
    on_hand: int = Field(ge=0, le=_MOST_EACHES)


class Declaring(
    Told, json_schema_extra={"examples": [{"counts": [{"sku": "VASE-1", "location": "main", "on_hand": 48}]}]}
):
    """What was counted. All of it is taken, or nothing."""

    counts: list[Counted] = Field(min_length=1, max_length=5000)


class CountTaken(Shape):
    """A count, and the one before it."""

    sku: str
    location: str
    before: int | None
    on_hand: int


class Declared(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "counts": [{"sku": "VASE-1", "location": "main", "before": 40, "on_hand": 48}],
                "evidence": "0f" * 32,
                "proposal": None,
                "dry_run": False,
            }
        ]
    },
):
    """What was declared, and the document that is its evidence."""

    counts: list[CountTaken]
    evidence: Hash
    proposal: int | None
    """With a number nothing is declared yet: together the counts are above the limit, and a second person approves that."""
    dry_run: bool


class Adjusting(
    Told,
    json_schema_extra={
        "examples": [{"sku": "VASE-1", "location": "main", "on_hand": 48, "reason": "recount", "seen": None}]
    },
):
    """What a person says lies there: so many eaches (`on_hand`), or so many more or fewer than now (`change`); and why."""

    sku: Line
    location: Line
    on_hand: int | None = Field(None, ge=0, le=_MOST_EACHES)
    change: int | None = Field(None, ge=-_MOST_EACHES, le=_MOST_EACHES)
    reason: Line
    seen: AskedInstant | None = None
    """When the count was declared that the caller saw last; another one since is refused. Null: any."""


class TakingBack(
    Told, json_schema_extra={"examples": [{"sku": "VASE-1", "location": "main", "at": "2026-11-23T09:00:00Z"}]}
):
    """The count that is taken back: of what, where, and when it was declared."""

    sku: Line
    location: Line
    at: AskedInstant


class Adjusted(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "words": "VASE-1 at main: 50 → 48 on hand",
                "before": 50,
                "on_hand": 48,
                "value": {"amount": "20.00", "currency": "USD"},
                "proposal": None,
                "at": "2026-11-23T09:00:00Z",
                "dry_run": False,
            }
        ]
    },
):
    """What came of it. `value`: what the difference is worth by the agreed cost; above the limit it is only proposed."""

    words: str
    before: int | None
    on_hand: int
    value: Price | None
    proposal: int | None
    at: Instant | None
    """When it was declared, by which it is taken back."""
    dry_run: bool


class Asked(Shape, json_schema_extra={"examples": [{"connection": "shop", "rounds": 2}]}):
    """How many rounds of a connection come at once."""

    connection: str
    rounds: int


def declare_counts(call: Calling, told: Declaring, dry_run: DryRun = False, key: Key = None) -> Declared:
    """Declare what was counted of products that no shop counts.

    Whole or not at all: the counts are archived as a table, and a row that nothing would ever look at refuses them all. Above the
    limit of two persons, by what all of them change together at the agreed costs, they are proposed, and declared when a second
    person approves.
    """
    limit = call.desk.settings.two_persons_above
    content = write_stock_counts([Count(each.sku, each.location, each.on_hand) for each in told.counts])

    def act(tx: Tx) -> Declared:
        archive_upload(tx, content, KIND, "counts by the API", call.person)
        done, proposal = declare_within(tx, content, call.person, limit)
        if done.errors:
            raise Invalid("No count was taken: " + "; ".join(str(finding) for finding in done.findings[:20]))
        rows = [CountTaken.model_validate(row) for row in done.counts]
        return Declared(counts=rows, evidence=done.digest, proposal=proposal, dry_run=dry_run)

    return call.once(act, key, dry_run=dry_run)


def adjust_count(call: Calling, told: Adjusting, dry_run: DryRun = False, key: Key = None) -> Adjusted:
    """Say what lies of a product that no shop counts, or by how much that changed.

    A change is meant of the last count and what moved since. Above the limit of two persons it is proposed, and done when a second
    person approves.
    """
    seen = None if told.seen is None else write_instant(told.seen)
    wanted = Adjustment(told.sku, told.location, told.reason, told.on_hand, told.change, seen)
    limit = call.desk.settings.two_persons_above

    def act(tx: Tx) -> Adjusted:
        return _adjusted(adjust_stock(tx, wanted, call.person, limit), dry_run)

    return call.once(act, key, dry_run=dry_run)


def take_count_back(call: Calling, told: TakingBack, dry_run: DryRun = False, key: Key = None) -> Adjusted:
    """Take an adjustment back, while no other count stands over it: what it changed is changed the other way."""
    limit = call.desk.settings.two_persons_above
    made = Made(told.sku, told.location, write_instant(told.at))

    def act(tx: Tx) -> Adjusted:
        return _adjusted(undo_adjustment(tx, made, call.person, limit), dry_run)

    return call.once(act, key, dry_run=dry_run)


def _adjusted(done: adjust_workflow.Adjusted, dry_run: bool) -> Adjusted:
    value = str(done.value) if done.value is not None else None
    told = {"before": done.before, "on_hand": done.on_hand, "value": value, "proposal": done.proposal}
    return Adjusted.model_validate({**told, "words": str(done), "at": done.at or None, "dry_run": dry_run})


def ask_connection(
    call: Calling,
    connection: Annotated[str, Path(max_length=200, description="Its name, as `/api/v1/connections` tells it.")],
    key: Key = None,
) -> Asked:
    """Have a connection read now: its polls and sweeps come at once.

    Answered as soon as that is noted; `/api/v1/connections` shows when it was read. A connection that is paused is refused.
    """

    def act(tx: Tx) -> Asked:
        return Asked(connection=connection, rounds=ask_now(tx, connection, call.person))

    return call.once(act, key)


RESOURCE = Resource(
    "stock-acts",
    "Stock",
    (
        Operation("/stock-counts", declare_counts, "stock.declare", "POST"),
        Operation("/stock-adjustments", adjust_count, "stock.declare", "POST"),
        Operation("/stock-adjustments/undoing", take_count_back, "stock.declare", "POST"),
        Operation("/connections/{connection}/reading", ask_connection, "connections.pause", "POST", 202),
    ),
)
