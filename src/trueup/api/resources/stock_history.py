"""How a number of stock came, and what other buffers would have come to on the same history."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import Query
from pydantic import Field

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.resources.stock import Sku
from trueup.api.shapes import Hash, Instant, Listed, Name, Shape, Told
from trueup.base.clock import write_instant
from trueup.base.errors import Invalid, NotFound
from trueup.domain import stock_ahead
from trueup.domain.channels import Channel
from trueup.domain.stock_ahead import Forward
from trueup.domain.stock_policy import Outcome as Replayed
from trueup.storage.views.stock import list_places
from trueup.workflows.explain_stock import PolicyRequest, explain_stock, load_known, replay_policy, stock_history
from trueup.workflows.look_ahead import look_ahead
from trueup.workflows.promises import all_channels

_MOST = 1000


class CountedState(Shape, json_schema_extra={"examples": [{"state": "damaged", "eaches": 2, "change": 2}]}):
    """What of goods a shop counts in a state of its own, and by how much more or fewer than when it counted last."""

    state: str
    """`available`, `committed`, `reserved`, `damaged`, `quality_control`, `safety_stock`, or `incoming`, which is not on hand."""
    eaches: int
    change: int | None
    """Null where it counts that state for the first time."""


class HistoryLine(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "at": "2026-11-23T08:59:00Z",
                "location": "main",
                "what": "counted",
                "eaches": -2,
                "on_hand": 48,
                "held": 6,
                "unexplained": -2,
                "source": "warehouse",
                "reference": "",
                "order": None,
                "line": None,
                "said_by": "upload by Elke: count of VASE-1: recount",
                "free": 42,
                "states": [],
                "evidence": "0f" * 32,
            }
        ]
    },
):
    """Something that moved or was counted, with the balance after it. `unexplained`: what a count found beyond all that moved."""

    at: Instant
    location: str
    what: str
    eaches: int | None
    on_hand: int | None
    held: int | None
    unexplained: int | None
    source: str
    reference: str
    order: str | None
    """The purchase order that held or let go of it, and its line."""
    line: int | None
    said_by: str
    """Who handed a count in, and as what; "" where a system told it."""
    free: int | None
    """On hand less held, after it."""
    states: list[CountedState]
    """Of a count of the shop, what of it is in which state; none for what moved, and for other sources."""
    evidence: Hash | None


class Outcome(Shape):
    """What a buffer and an interval of writing would have come to, in eaches and calls."""

    interval_seconds: int
    buffer: int
    sold: int
    oversold: int
    lost: int
    calls: int


class Policy(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "channel": "shop shop",
                "location": "main",
                "delay_seconds": 30,
                "buffer_in_force": 2,
                "computed_buffer": 1,
                "best": {"interval_seconds": 0, "buffer": 1, "sold": 40, "oversold": 0, "lost": 1, "calls": 44},
                "choices": [],
            }
        ]
    },
):
    """A product's own history replayed in a channel whose counts are so late."""

    channel: str
    location: str
    delay_seconds: int
    buffer_in_force: int
    computed_buffer: int
    best: Outcome
    choices: list[Outcome]


class HistoryQuery(Told):
    """Which part of the history."""

    location: Name = ""
    """At this location; at all, when it is not said."""
    limit: int = Field(100, ge=1, le=_MOST)
    """The newest so many lines."""


class PolicyQuery(Told):
    """What to replay."""

    channel: Name = ""
    """The channel, as `/stock/...` names it; a shop, when it is not said."""
    location: Name = ""
    """At this location."""
    days: int = Field(90, ge=1, le=3650)
    """So many days back."""
    delay_seconds: int | None = Field(None, ge=0, le=10_000_000)
    """How late counts are; as measured, when it is not said."""


def list_stock_history(call: Calling, sku: Sku, asked: Annotated[HistoryQuery, Query()]) -> Listed[HistoryLine]:
    """List what moved and was counted of a product, the newest last, with the balance after each line."""
    with call.look() as connection:
        load_known(connection, sku)
        places = [asked.location] if asked.location else list_places(connection, sku)
        rows = [row for place in places for row in stock_history(connection, sku, place, None)]
    rows.sort(key=lambda row: (row["at"], row["location"]))
    return Listed[HistoryLine](items=[HistoryLine.model_validate(row) for row in rows[-asked.limit :]])


def get_stock_policy(call: Calling, sku: Sku, asked: Annotated[PolicyQuery, Query()]) -> Policy:
    """Replay a product's history against buffers and intervals: what each would have oversold, lost and written."""
    delay = None if asked.delay_seconds is None else timedelta(seconds=asked.delay_seconds)
    with call.look() as connection:
        chosen = _channel(all_channels(call.desk.world, call.now), asked)
        policy = replay_policy(
            connection, PolicyRequest(sku, chosen, call.now - timedelta(days=asked.days), delay), call.now
        )
    return Policy(
        channel=chosen.name,
        location=chosen.location,
        delay_seconds=int(policy.delay.total_seconds()),
        buffer_in_force=policy.now,
        computed_buffer=policy.computed.eaches,
        best=_outcome(policy.best),
        choices=[_outcome(each) for each in policy.outcomes],
    )


class Change(Shape):
    """A change that is expected, and what would be left after it; null: nobody said when it comes."""

    by: Instant | None
    what: str
    reference: str
    eaches: int
    left: int | None
    late: bool


class Use(Shape):
    """So many eaches that a demand uses. `late`: they come after it is to leave, or nobody said when."""

    by: Instant | None
    what: str
    reference: str
    eaches: int
    late: bool


class Supply(Shape):
    """Goods that lie there or are to come, and who uses them."""

    by: Instant | None
    what: str
    eaches: int
    unused: int
    late: bool
    uses: list[Use]


class Ahead(
    Shape,
    json_schema_extra={
        "examples": [
            {"location": "main", "source": "shop", "on_hand": 48, "changes": [], "supplies": [], "uncovered": []}
        ]
    },
):
    """What is ahead at a place: every change with what would be left, each supply against its demands, what nothing covers."""

    location: str
    source: str
    on_hand: int
    changes: list[Change]
    supplies: list[Supply]
    uncovered: list[Use]


def list_stock_ahead(call: Calling, sku: Sku) -> Listed[Ahead]:
    """List what is to leave and to come of a product, place by place, and which supply covers which demand."""
    with call.look() as connection:
        places = look_ahead(explain_stock(connection, call.desk.world, sku, call.now), call.now)
    return Listed[Ahead](items=[_place(each) for each in places])


def _place(told: dict[str, Any]) -> Ahead:
    pairs: Forward = told["pairs"]
    changes = [{**_said(each.ahead), "left": each.left, "late": each.late} for each in told["rows"]]
    supplies = [
        {**_said(each.ahead), "unused": each.free, "late": each.late, "uses": [_use(use) for use in each.uses]}
        for each in pairs.supplies
    ]
    uncovered = [_use(use) for use in pairs.uncovered]
    more = {"changes": changes, "supplies": supplies, "uncovered": uncovered}
    return Ahead.model_validate({name: told[name] for name in ("location", "source", "on_hand")} | more)


def _use(use: stock_ahead.Use) -> dict[str, Any]:
    return {**_said(use.demand), "eaches": use.eaches, "late": use.late}


def _said(ahead: stock_ahead.Ahead) -> dict[str, Any]:
    by = write_instant(ahead.at) if ahead.at is not None else None
    return {"by": by, "what": ahead.what, "reference": ahead.reference, "eaches": ahead.eaches}


def _channel(channels: list[Channel], asked: PolicyQuery) -> Channel:
    fits = [
        each
        for each in channels
        if (each.name == asked.channel if asked.channel else each.name.startswith("shop "))
        and asked.location in ("", each.location)
    ]
    if len(fits) > 1:
        places = ", ".join(f"{each.name} at {each.location}" for each in fits)
        raise Invalid(f"Several channels would do: {places}. Say which by `channel` and `location`.")
    if not fits:
        raise NotFound(f"No channel {asked.channel or 'of a shop'} at {asked.location or 'any location'}.")
    return fits[0]


def _outcome(found: Replayed) -> Outcome:
    numbers = {name: getattr(found, name) for name in ("sold", "oversold", "lost", "calls")}
    seconds = int(found.choice.interval.total_seconds())
    return Outcome.model_validate({"interval_seconds": seconds, "buffer": found.choice.buffer, **numbers})


RESOURCE = Resource(
    "stock-history",
    "Stock",
    (
        Operation("/stock-history/{sku:path}", list_stock_history),
        Operation("/stock-ahead/{sku:path}", list_stock_ahead),
        Operation("/stock-policy/{sku:path}", get_stock_policy),
    ),
)
