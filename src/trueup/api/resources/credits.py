"""Credits for trade-ins with what is owed on each, and whether credits, items, deposits, the shop and the books agree."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.resources.trade_ins import Credit
from trueup.api.shapes import Instant, Key, Listed, Shape, Told
from trueup.storage.views import circular as unit_views
from trueup.storage.views.trade_ins import list_credits as load_rows
from trueup.workflows.prove_books import prove
from trueup.workflows.world import Tx

_MOST = 1000
PROOFS = ("credits", "deposits")


class OwedCredit(
    Credit,
    json_schema_extra={
        "examples": [
            {
                "trade_in": "T-1001",
                "days": 12,
                "instrument": "gift-card",
                "shop": "shop",
                "amount": {"amount": "80.00", "currency": "USD"},
                "owed": {"amount": "61.00", "currency": "USD"},
                "spent": {"amount": "19.00", "currency": "USD"},
                "expired": {"amount": "0.00", "currency": "USD"},
                "broken": {"amount": "0.00", "currency": "USD"},
                "shop_shows": {"amount": "61.00", "currency": "USD"},
                "state": "issued",
                "ends_in": "7f2k",
                "owed_on": "2026-11-20",
                "expires_on": None,
                "issued_at": "2026-11-20T09:00:00Z",
                "seen_at": "2026-11-23T08:00:00Z",
                "usable": True,
            }
        ]
    },
):
    """A credit by its trade-in, and how many days it has been owed."""

    trade_in: str
    days: int


class ReturnOrder(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "programme": "supercycle",
                "id": 5,
                "status": "open",
                "lines": 2,
                "awaiting": 1,
                "received": 1,
                "missing": 0,
                "cycles": [77],
                "requested_at": "2026-11-20T09:00:00Z",
                "seen_at": "2026-11-23T08:00:00Z",
            }
        ]
    },
):
    """A return of a customer, and what became of its lines."""

    programme: str
    id: int
    status: str
    lines: int
    awaiting: int
    received: int
    missing: int
    cycles: list[int]
    requested_at: Instant | None
    seen_at: Instant


class Reconciled(Shape, json_schema_extra={"examples": [{"open": 0, "dismissed": 0, "closed": 1}]}):
    """How many differences are open, were dismissed, and are gone. Each that is open is a case."""

    open: int
    dismissed: int
    closed: int


class CreditQuery(Told):
    """Which credits."""

    every: bool = False
    """Also those on which nothing is owed any more."""


class ReturnQuery(Told):
    """Which returns."""

    only_open: bool = True
    """Only those that are not over."""


def list_credits(call: Calling, asked: Annotated[CreditQuery, Query()]) -> Listed[OwedCredit]:
    """List credits for trade-ins, the oldest first: what is owed on each, what was spent, what the shop shows."""
    with call.look() as connection:
        rows = load_rows(connection, call.now.date(), every=asked.every)
    return Listed[OwedCredit](items=[OwedCredit.model_validate(row) for row in rows])


def list_returns(call: Calling, asked: Annotated[ReturnQuery, Query()]) -> Listed[ReturnOrder]:
    """List the newest returns of customers and what became of their lines."""
    with call.look() as connection:
        rows = unit_views.list_returns(connection, only_open=asked.only_open, limit=_MOST)
    return Listed[ReturnOrder](items=[ReturnOrder.model_validate(row) for row in rows])


def reconcile_credits(call: Calling, key: Key = None) -> Reconciled:
    """Hold credits, items, deposits, the shop and the books against each other now; what differs becomes a case."""

    def act(tx: Tx) -> Reconciled:
        counted = [prove(tx, name) for name in PROOFS]
        sums = {name: sum(each[name] for each in counted) for name in ("open", "dismissed", "closed")}
        return Reconciled.model_validate(sums)

    return call.once(act, key)


RESOURCE = Resource(
    "credits",
    "Circular",
    (
        Operation("/credits", list_credits),
        Operation("/credits/reconciliation", reconcile_credits, "proofs.ask", "POST"),
        Operation("/circular/returns", list_returns),
    ),
)
