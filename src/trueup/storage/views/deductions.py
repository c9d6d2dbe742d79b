"""Deductions to look at: every claim of which something is open, whether it can be disputed or not, and what they come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trueup.base.errors import NotFound
from trueup.base.money import Money
from trueup.storage.claims import TOLD, claims, load_claim
from trueup.storage.invoices import invoices
from trueup.storage.views.growing import Growing, GrowingRows
from trueup.storage.views.paging import MANY, ROWS, Order, Paged, count_up_to, fetch_page, walk_pages
from trueup.storage.views.recovery import list_given_up, load_slices

_HELD = claims.c.taken_minor - claims.c.given_minor - claims.c.lost_minor
_IS_OPEN = sa.text("trueup.claims.taken_minor <> trueup.claims.given_minor + trueup.claims.lost_minor")
"""As the index of them says it."""


@dataclass(frozen=True, slots=True)
class DeductionFilter:
    """Which deductions; "" asks nothing."""

    partner: str = ""
    currency: str = ""
    type: str = ""


def page_deductions(connection: sa.Connection, wanted: DeductionFilter, at: str, limit: int = ROWS) -> Paged:
    """A row a claim, by partner, the oldest first. Raises Invalid for a place that is none."""
    query = (
        sa.select(*TOLD, invoices.c.number.label("invoice"))
        .select_from(claims.outerjoin(invoices, invoices.c.id == claims.c.invoice_id))
        .where(*_narrowed(wanted))
    )
    paged = fetch_page(connection, query, Order((claims.c.partner, claims.c.first_on, claims.c.id)), at, limit)
    return Paged([_row(row) for row in paged.rows], paged.before, paged.after)


def count_deductions(connection: sa.Connection, wanted: DeductionFilter, most: int) -> tuple[int, bool]:
    """How many claims a filter has, counted up to `most`, and whether there are more."""
    return count_up_to(connection, sa.select(claims.c.id).where(*_narrowed(wanted)), most)


def walk_deductions(connection: sa.Connection, wanted: DeductionFilter) -> Iterator[Mapping[str, Any]]:
    """All of them, a thousand at a time."""
    return walk_pages(lambda at: page_deductions(connection, wanted, at, MANY))


def growing_deductions(wanted: DeductionFilter) -> Growing:
    """The same as a list that grows."""
    return GrowingRows(sa.select(claims.c.id).where(*_narrowed(wanted)), claims.c.id)


def sum_deductions(connection: sa.Connection, wanted: DeductionFilter) -> list[dict[str, Any]]:
    """What all of them come to, by currency: how many, taken, given back, given up, and held."""
    sums = [sa.func.sum(column).label(name) for name, column in _AMOUNTS.items()]
    query = sa.select(claims.c.currency, sa.func.count().label("count"), *sums).where(*_narrowed(wanted))
    rows = connection.execute(query.group_by(claims.c.currency).order_by(claims.c.currency)).mappings()
    return [
        {
            "currency": row["currency"],
            "count": row["count"],
            **{name: Money(int(row[name]), row["currency"]) for name in _AMOUNTS},
        }
        for row in rows
    ]


def show_deduction(connection: sa.Connection, claim_id: int) -> dict[str, Any]:
    """One claim: what was taken, given back and given up, with each line of a payment and each entry that did. Raises NotFound."""
    balance = load_claim(connection, claim_id)
    if balance is None:
        raise NotFound(
            f"Deduction {claim_id}: no such claim; the list of deductions has those of which something is open."
        )
    currency = balance.currency
    return {
        "id": balance.id,
        "partner": balance.partner,
        "claim": balance.claim,
        "type": balance.type,
        "first_on": balance.first_on,
        **{name: Money(getattr(balance, name), currency) for name in ("taken", "given", "lost")},
        "held": Money(balance.open, currency),
        "slices": [(each, Money(each.minor, currency)) for each in load_slices(connection, balance)],
        "given_up": [(each, Money(each.minor, currency)) for each in list_given_up(connection, balance)],
    }


_AMOUNTS: dict[str, sa.ColumnElement[Any]] = {
    "taken": claims.c.taken_minor,
    "given": claims.c.given_minor,
    "lost": claims.c.lost_minor,
    "held": _HELD,
}


def _narrowed(wanted: DeductionFilter) -> list[Any]:
    told = {claims.c.partner: wanted.partner, claims.c.currency: wanted.currency, claims.c.type: wanted.type}
    return [_IS_OPEN, *(column == value for column, value in told.items() if value)]


def _row(row: Any) -> dict[str, Any]:
    amounts = {name: row[f"{name}_minor"] for name in ("taken", "given", "lost")}
    amounts["held"] = amounts["taken"] - amounts["given"] - amounts["lost"]
    return {
        "id": row["id"],
        "partner": row["partner"],
        "claim": row["claim"],
        "currency": row["currency"],
        "type": row["type"],
        "invoice": row["invoice"],
        "since": row["first_on"].isoformat(),
        **{name: str(Money(minor, row["currency"])) for name, minor in amounts.items()},
    }
