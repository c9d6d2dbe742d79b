"""Acts on stock: declare what was counted, and have a connection read now."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from pydantic import Field

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import DryRun, Hash, Key, Line, Shape, Told
from trueup.base.errors import Invalid
from trueup.formats.stock_counts import Count, write_stock_counts
from trueup.workflows.declare_stock import declare_stock
from trueup.workflows.import_products import archive_upload
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
                "dry_run": False,
            }
        ]
    },
):
    """What was declared, and the document that is its evidence."""

    counts: list[CountTaken]
    evidence: Hash
    dry_run: bool


class Asked(Shape, json_schema_extra={"examples": [{"connection": "shop", "rounds": 2}]}):
    """How many rounds of a connection come at once."""

    connection: str
    rounds: int


def declare_counts(call: Calling, told: Declaring, dry_run: DryRun = False, key: Key = None) -> Declared:
    """Declare what was counted of products that no shop counts.

    Whole or not at all: the counts are archived as a table, and a row that nothing would ever look at refuses them all.
    """
    content = write_stock_counts([Count(each.sku, each.location, each.on_hand) for each in told.counts])

    def act(tx: Tx) -> Declared:
        archive_upload(tx, content, KIND, "counts by the API", call.person)
        done = declare_stock(tx, content, call.person)
        if not done.taken:
            raise Invalid("No count was taken: " + "; ".join(str(finding) for finding in done.findings[:20]))
        rows = [CountTaken.model_validate(row) for row in done.counts]
        return Declared(counts=rows, evidence=done.digest, dry_run=dry_run)

    return call.once(act, key, dry_run=dry_run)


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
        Operation("/connections/{connection}/reading", ask_connection, "connections.pause", "POST", 202),
    ),
)
