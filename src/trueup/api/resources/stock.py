"""Stock: what each channel may sell of a product with the sum that says so, and where a channel shows something else."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Query

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import Hash, Instant, Listed, Name, Page, Paging, Shape
from trueup.storage.views import stock as views
from trueup.storage.views.channels import page_channel_stock
from trueup.workflows.explain_stock import explain_stock, list_promises
from trueup.workflows.sweep_progress import list_sweeps, sweep_json

_NUMBER = {"channel": "shop shop", "location": "main", "eaches": 14, "as_of": "2026-11-23T08:59:00Z"}


class ChannelNumber(Shape, json_schema_extra={"examples": [_NUMBER]}):
    """What a channel may sell now. `eaches` is null where nobody counts the product there: nothing is promised then."""

    channel: str
    location: str
    eaches: int | None
    as_of: Instant | None
    """As old is the oldest count in it."""


class Product(
    Shape,
    json_schema_extra={
        "examples": [{"sku": "LAMP-1", "title": "Lamp", "counted_by": "shop", "circular": False, "channels": [_NUMBER]}]
    },
):  # fmt: skip
    """A product and what each channel may sell of it."""

    sku: str
    title: str
    counted_by: str
    """Who counts it: `shop`, `declared`, `items` (one by one), or `unknown`."""
    channels: list[ChannelNumber]


class Term(Shape):
    """One term of the sum. `eaches` is what it adds, negative where it takes away."""

    term: str
    words: str
    eaches: int
    source: str
    as_of: Instant | None
    evidence: Hash | None


class Availability(Shape):
    """What a channel may sell, with the terms that make it: they add up to `eaches`, which is never below zero."""

    channel: str
    location: str
    eaches: int
    sum: str
    """The sum in words."""
    as_of: Instant | None
    incoming: int
    terms: list[Term]


class Level(Shape):
    """What a source says of a product at a location."""

    location: str
    counted_by: str
    source: str
    on_hand: int | None
    committed: int | None
    available: int | None
    tracked: bool | None
    observed_at: Instant
    unchanged_since: Instant
    evidence: Hash | None


class Held(Shape):
    """What an order line holds."""

    location: str
    order: str
    line: int
    eaches: int
    claimed_eaches: int
    reserved_at: Instant
    claimed_at: Instant | None


class Told(Shape):
    """What a buyer was told that it may sell or order, and its own word on that."""

    partner: str
    vendor_code: str
    warehouse: str
    told: int
    told_at: Instant
    delivery: str
    """The key of the delivery that told it last."""
    state: str
    accepted: int | None
    """What the buyer accepted last; null: nobody knows."""
    accepted_at: Instant | None
    differs_since: Instant | None
    """From when on it has held another number than ours."""
    refused: str | None


class Unit(Shape):
    """One item of a circular programme, and whether wholesale may have it now."""

    unit: str
    condition: str | None
    free: bool
    why: str
    until: Instant | None


_TERM = {
    "term": "counted",
    "words": "counted",
    "eaches": 16,
    "source": "shop",
    "as_of": "2026-11-23T08:59:00Z",
    "evidence": "0f" * 32,
}


class WholeProduct(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "sku": "LAMP-1",
                "title": "Lamp",
                "counted_by": "shop",
                "rule": "The shop tracks it, so the shop counts it.",
                "case_size": 6,
                "channels": [
                    {
                        **_NUMBER,
                        "sum": "14 eaches: 16 counted, 2 held",
                        "incoming": 0,
                        "terms": [_TERM, {**_TERM, "term": "held", "words": "held for orders", "eaches": -2}],
                    }
                ],
                "levels": [],
                "held": [],
                "told": [],
                "units": [],
                "free_with_reallocation": 0,
            }
        ]
    },
):
    """A product with the sum of every channel, the levels it rests on, and what is held."""

    sku: str
    title: str
    counted_by: str
    rule: str
    """Why that source counts."""
    case_size: int | None
    """How many eaches its case holds; null where it is only sold by the each."""
    channels: list[Availability]
    levels: list[Level]
    held: list[Held]
    told: list[Told]
    units: list[Unit]
    free_with_reallocation: int


class ChannelStock(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "sku": "LAMP-1",
                "location": "main",
                "channel": "shop",
                "published": 14,
                "should_show": 14,
                "on_hand": 16,
                "held": 0,
                "reserved": 0,
                "available": 16,
                "committed": 0,
                "why": None,
                "drift": 2,
                "drifts": True,
                "accepted_at": "2026-11-23T08:00:00Z",
                "shown_at": "2026-11-23T08:59:00Z",
                "changed_since": None,
                "last_movement": "2 sold on 2026-11-23 08:12 UTC by #1042 parcel 7719",
                "last_evidence": "0f" * 32,
            }
        ]
    },
):
    """What a channel was told of a product at a place, and what it shows, in eaches. Null is not known."""

    sku: str
    location: str
    channel: str
    published: int | None
    should_show: int | None
    """By all that is known, where it shows another number and that is told of."""
    on_hand: int | None
    held: int | None
    reserved: int | None
    available: int | None
    committed: int | None
    why: str | None
    drift: int | None
    """By how much it shows more than it should (negative: fewer), or holds less for us."""
    drifts: bool
    accepted_at: Instant | None
    shown_at: Instant | None
    """When it was read back last."""
    changed_since: Instant | None
    last_movement: str | None
    """What its orders moved last."""
    last_evidence: str | None
    """Since when it waits for another number."""


class Comparison(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "channel": "shop",
                "run_id": "stock-sweep:shop:12",
                "state": "running",
                "done": 1240,
                "total": 3100,
                "left_seconds": 120,
                "moved_at": "2026-11-23T08:59:00Z",
                "out": {"as they should be": 1238},
                "held": {"not counted there": 2},
                "words": "Under way: 1,240 of 3,100 numbers, about 2 min. 1,238 as they should be; held: 2 not counted there.",
            }
        ]
    },
):
    """The newest comparison of every number that is published to a channel with ours."""

    channel: str
    run_id: str
    state: Literal["running", "stopped", "done"]
    done: int
    """So many numbers are compared."""
    total: int
    left_seconds: int | None
    """About how long it takes yet; null where nothing says."""
    moved_at: Instant | None
    """When it got on last."""
    out: dict[str, int]
    """What became of how many."""
    held: dict[str, int]
    """How many wait, and why."""
    words: str


Sku = Annotated[str, Path(max_length=200, description="The product's SKU.")]


class ProductQuery(Paging):
    """Which products."""

    words: Name = ""
    """With these words in SKU or title."""
    counted_by: Literal["shop", "declared", "items", "unknown"] | None = None
    """Counted by this."""


class ChannelQuery(Paging):
    """Which products in channels."""

    channel: Name = ""
    """Of this channel."""
    drifting: bool = True
    """Only where it shows something else than it was told."""


def list_stock(call: Calling, asked: Annotated[ProductQuery, Query()]) -> Page[Product]:
    """List products by SKU with what each channel may sell."""
    with call.look() as connection:
        paged = views.page_products(connection, asked.words, asked.counted_by or "", asked.at, asked.limit)
        numbers = list_promises(connection, call.desk.world, [row["sku"] for row in paged.rows], call.now)
        return call.page(Product, [{**row, "channels": numbers[row["sku"]]} for row in paged.rows], paged.after)


def get_stock(call: Calling, sku: Sku) -> WholeProduct:
    """Show what may be sold of one product, and the sum that says so."""
    with call.look() as connection:
        return WholeProduct.model_validate(explain_stock(connection, call.desk.world, sku, call.now))


def list_channel_stock(call: Calling, asked: Annotated[ChannelQuery, Query()]) -> Page[ChannelStock]:
    """List what channels show of each product, and where that drifts from what they were told."""
    with call.look() as connection:
        paged = page_channel_stock(
            connection,
            channel=asked.channel,
            which="drifting" if asked.drifting else "all",
            at=asked.at,
            limit=asked.limit,
        )
        return call.page(ChannelStock, paged.rows, paged.after)


def list_comparisons(call: Calling) -> Listed[Comparison]:
    """List how far the comparison of each channel's stock with ours is, or what the last one came to.

    A channel that was never compared is not there.
    """
    with call.look() as connection:
        found = [sweep_json(each) for each in list_sweeps(connection, call.desk.world)]
        return Listed[Comparison](items=[Comparison.model_validate(each) for each in found])


RESOURCE = Resource(
    "stock",
    "Stock",
    (
        Operation("/stock", list_stock),
        Operation("/stock/{sku:path}", get_stock),
        Operation("/channels/stock", list_channel_stock),
        Operation("/channels/comparisons", list_comparisons),
    ),
)
