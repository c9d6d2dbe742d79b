"""Cases by cause: one row for what one act mends, with how many cases it has, of how many things, and the money per currency.

One query groups all of a filter and is paged by key, from what presses most: a cause stands where its most urgent case does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.errors import NotFound
from trueup.base.money import Money
from trueup.domain.cases import CaseStanding
from trueup.storage.cases import cases
from trueup.storage.views.case_queue import CaseFilter, cases_of, urgency_of
from trueup.storage.views.case_standing import standing_of
from trueup.storage.views.paging import Order, Paged, fetch_page

_WORST = (CaseStanding.ESCALATING, CaseStanding.REGRESSED, CaseStanding.NEW)
"""Of a cause is said what the worst of its cases is."""


@dataclass(frozen=True, slots=True)
class PagedCauses:
    """A page of causes; and of all that the filter has: how many causes, how many cases, and what is at risk per currency."""

    paged: Paged
    causes: int
    cases: int
    money: tuple[Money, ...]


def page_causes(
    connection: sa.Connection, wanted: CaseFilter, now: datetime, *, at: str = "", limit: int = 50
) -> PagedCauses:
    """Causes of the cases of a filter. Raises Invalid for a place in another list."""
    by_currency = _by_currency(wanted, now).cte("by_currency")
    of_cause = _of_cause(by_currency).cte("of_cause")
    sums = sa.select(by_currency.c.risk_currency, sa.func.sum(by_currency.c.minor).label("minor"))
    sums_of = sums.where(by_currency.c.risk_currency.is_not(None)).group_by(by_currency.c.risk_currency).subquery()
    query = sa.select(
        of_cause,
        sa.select(sa.func.count()).select_from(of_cause).scalar_subquery().label("all_causes"),
        sa.select(sa.func.sum(by_currency.c.cases)).scalar_subquery().label("all_cases"),
        sa.select(sa.func.jsonb_object_agg(sums_of.c.risk_currency, sums_of.c.minor))
        .scalar_subquery()
        .label("all_money"),
    )
    order = Order((of_cause.c.urgency, of_cause.c.kind, of_cause.c.cause), descending=True)
    found = fetch_page(connection, query, order, at, limit)
    paged = Paged([_row_json(row) for row in found.rows], found.before, found.after)
    if not found.rows:
        return PagedCauses(paged, 0, 0, ())
    first = found.rows[0]
    return PagedCauses(paged, int(first["all_causes"]), int(first["all_cases"]), _money(first["all_money"]))


def load_cause(connection: sa.Connection, wanted: CaseFilter, now: datetime) -> dict[str, Any]:
    """One cause, whose kind and name the filter says. Raises NotFound when it has no case there."""
    of_cause = _of_cause(_by_currency(wanted, now).cte("by_currency")).subquery()
    query = sa.select(of_cause).where(of_cause.c.kind == wanted.kind, of_cause.c.cause == wanted.cause)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(
            f"No case of {wanted.kind} is caused by {wanted.cause!r} there; it may have been mended meanwhile."
        )
    return _row_json(row)


def _by_currency(wanted: CaseFilter, now: datetime) -> sa.Select[Any]:
    """Cases by cause and currency."""
    columns = (cases.c.kind, cases.c.cause, cases.c.risk_currency, cases.c.risk_minor, cases.c.things, cases.c.deadline)
    stands, urgency = standing_of(now).label("standing"), urgency_of(now).label("urgency")
    each = cases_of(wanted, now, *columns, cases.c.opened_at, urgency, stands).subquery()
    return sa.select(
        each.c.kind,
        each.c.cause,
        each.c.risk_currency,
        sa.func.count().label("cases"),
        sa.func.sum(each.c.things).label("things"),
        sa.func.sum(each.c.risk_minor).label("minor"),
        sa.func.min(each.c.deadline).label("deadline"),
        sa.func.min(each.c.opened_at).label("since"),
        sa.func.max(each.c.urgency).label("urgency"),
        *(sa.func.count().filter(each.c.standing == word.value).label(word.value) for word in _WORST),
    ).group_by(each.c.kind, each.c.cause, each.c.risk_currency)


def _of_cause(by_currency: sa.CTE) -> sa.Select[Any]:
    """Those by cause: amounts of two currencies stand beside each other, and are never added."""
    money = sa.func.jsonb_object_agg(by_currency.c.risk_currency, by_currency.c.minor)
    return sa.select(
        by_currency.c.kind,
        by_currency.c.cause,
        sa.cast(sa.func.sum(by_currency.c.cases), sa.BigInteger).label("cases"),
        sa.cast(sa.func.sum(by_currency.c.things), sa.BigInteger).label("things"),
        money.filter(by_currency.c.risk_currency.is_not(None)).label("money"),
        sa.func.min(by_currency.c.deadline).label("deadline"),
        sa.func.min(by_currency.c.since).label("since"),
        sa.func.max(by_currency.c.urgency, type_=sa.BigInteger).label("urgency"),
        *(sa.func.sum(by_currency.c[word.value]).label(word.value) for word in _WORST),
    ).group_by(by_currency.c.kind, by_currency.c.cause)


def _money(sums: Mapping[str, Any] | None) -> tuple[Money, ...]:
    found = (Money(int(minor), currency) for currency, minor in (sums or {}).items())
    return tuple(sorted(found, key=lambda each: (-abs(each.minor), each.currency)))


def _row_json(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        "kind": row["kind"],
        "cause": row["cause"],
        "cases": int(row["cases"]),
        "things": int(row["things"]),
        "money": [str(each) for each in _money(row["money"])],
        "deadline": write_instant(row["deadline"]) if row["deadline"] else None,
        "since": write_instant(row["since"]),
        "standing": next((word.value for word in _WORST if row[word.value]), CaseStanding.ONGOING.value),
    }
