"""Trade-ins: items that customers give back, what they were quoted and graded, and the credit that is owed for each."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import Day, Instant, Listed, Page, Paging, Price, Shape, id_at
from trueup.storage.views import trade_ins as views

_EXAMPLE = {
    "id": 3,
    "key": "T-1001",
    "state": "graded",
    "origin": "told",
    "sku": "TENT-2",
    "serial": "TN-0042",
    "customer": "7001",
    "quoted": {"amount": "80.00", "currency": "USD"},
    "grade": "good",
    "value": {"amount": "72.00", "currency": "USD"},
    "item": 412,
    "item_cost": None,
    "recorded_on": "2026-11-20",
    "why": "90 % of the quote for good",
    "credit": None,
}


class Credit(Shape):
    """What is owed for a trade-in. Of a gift card's code there are the last characters, never more."""

    instrument: str
    shop: str
    amount: Price
    owed: Price
    spent: Price
    expired: Price
    broken: Price
    shop_shows: Price | None
    state: str
    ends_in: str | None
    owed_on: Day
    expires_on: Day | None
    issued_at: Instant | None
    seen_at: Instant | None
    usable: bool | None


class TradeIn(Shape, json_schema_extra={"examples": [_EXAMPLE]}):
    """A trade-in with its credit."""

    id: int
    key: str
    state: str
    origin: str
    sku: str
    serial: str
    customer: str | None
    quoted: Price
    grade: str | None
    value: Price | None
    item: int | None
    item_cost: Price | None
    recorded_on: Day
    why: str | None
    credit: Credit | None


class Done(Shape):
    """What someone did."""

    at: Instant
    by: str
    act: str
    after: Any


class WholeTradeIn(TradeIn, json_schema_extra={"examples": [{**_EXAMPLE, "evidence": "0f" * 32, "acts": []}]}):
    """A trade-in with what people did, the newest first."""

    evidence: str
    acts: list[Done]


# A limit would be told before the method is: `GET .../release` is not allowed, however long the key.
TradeInKey = Annotated[str, Path(description="The trade-in's key.")]


class TradeInQuery(Paging):
    """Which trade-ins."""

    only_open: bool = False
    """Only those whose item is not released or refused yet."""
    step: views.CreditStep | None = None
    """Only those whose credit has come that far: promised, inspected, paid by the shop's own word, booked."""


class CreditStep(
    Shape,
    json_schema_extra={
        "examples": [{"step": "paid", "count": 2, "amounts": [{"amount": "140.00", "currency": "USD"}]}]
    },
):
    """How many trade-ins have come that far, those that came further among them, and the money of each there, a sum a currency."""

    step: views.CreditStep
    count: int
    amounts: list[Price]


def list_trade_ins(call: Calling, asked: Annotated[TradeInQuery, Query()]) -> Page[TradeIn]:
    """List trade-ins with their credits, the newest first."""
    with call.look() as connection:
        before = id_at(asked.at)
        wanted = views.TradeInFilter(only_open=asked.only_open, step=asked.step)
        rows = views.page_trade_ins(connection, wanted, before=before, limit=asked.limit + 1)
        return call.page_by(TradeIn, rows, asked.limit, "id")


def list_credit_steps(call: Calling) -> Listed[CreditStep]:
    """List how far the credits for trade-ins have come, from the promise to the books."""
    with call.look() as connection:
        found = views.count_steps(connection)
    rows = [
        {"step": each.step, "count": each.count, "amounts": [str(money) for money in each.amounts]} for each in found
    ]
    return Listed[CreditStep](items=[CreditStep.model_validate(row) for row in rows])


def get_trade_in(call: Calling, key: TradeInKey) -> WholeTradeIn:
    """Show one trade-in with its credit and what people did."""
    with call.look() as connection:
        return WholeTradeIn.model_validate(views.show_trade_in(connection, key))


RESOURCE = Resource(
    "trade-ins",
    "Trade-ins",
    (
        Operation("/trade-ins", list_trade_ins),
        Operation("/credit-steps", list_credit_steps),
        Operation("/trade-ins/{key:path}", get_trade_in),
    ),
)
