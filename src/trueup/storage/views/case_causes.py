"""Cases by cause: one row for what one act mends, with how many cases it has, of how many things, and the money per currency.

One query groups all of a filter and is paged by key, from what presses most: a cause stands where its most urgent case does.
"""

from __future__ import annotations

from collections.abc import Mapping
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


def page_causes(
    connection: sa.Connection, wanted: CaseFilter, now: datetime, *, at: str = "", limit: int = 50
) -> Paged:
    """Causes of the cases of a filter. Raises Invalid for a place in another list."""
    of_cause = _grouped(wanted, now).subquery()
    order = Order((of_cause.c.urgency, of_cause.c.kind, of_cause.c.cause), descending=True)
    paged = fetch_page(connection, sa.select(of_cause), order, at, limit)
    return Paged([_row_json(row) for row in paged.rows], paged.before, paged.after)


def load_cause(connection: sa.Connection, wanted: CaseFilter, now: datetime) -> dict[str, Any]:
    """One cause, whose kind and name the filter says. Raises NotFound when it has no case there."""
    of_cause = _grouped(wanted, now).subquery()
    query = sa.select(of_cause).where(of_cause.c.kind == wanted.kind, of_cause.c.cause == wanted.cause)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(
            f"No case of {wanted.kind} is caused by {wanted.cause!r} there; it may have been mended meanwhile."
        )
    return _row_json(row)


def count_causes(connection: sa.Connection, wanted: CaseFilter, now: datetime) -> int:
    """How many causes the cases of a filter have."""
    inner = cases_of(wanted, now, cases.c.kind, cases.c.cause).distinct().subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(inner)).scalar_one())


def _grouped(wanted: CaseFilter, now: datetime) -> sa.Select[Any]:
    """Cases by cause and currency first, and those by cause: amounts of two currencies are never added."""
    stands = standing_of(now)
    columns = (cases.c.kind, cases.c.cause, cases.c.risk_currency, cases.c.risk_minor, cases.c.things, cases.c.deadline)
    each = cases_of(
        wanted, now, *columns, cases.c.opened_at, urgency_of(now).label("urgency"), stands.label("standing")
    ).subquery()
    worst = [sa.func.count().filter(each.c.standing == word.value).label(word.value) for word in _WORST]
    by_currency = (
        sa.select(
            each.c.kind,
            each.c.cause,
            each.c.risk_currency,
            sa.func.count().label("cases"),
            sa.func.sum(each.c.things).label("things"),
            sa.func.sum(each.c.risk_minor).label("minor"),
            sa.func.min(each.c.deadline).label("deadline"),
            sa.func.min(each.c.opened_at).label("since"),
            sa.func.max(each.c.urgency).label("urgency"),
            *worst,
        )
        .group_by(each.c.kind, each.c.cause, each.c.risk_currency)
        .subquery()
    )
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


def _row_json(row: Mapping[Any, Any]) -> dict[str, Any]:
    money = [Money(int(minor), currency) for currency, minor in (row["money"] or {}).items()]
    return {
        "kind": row["kind"],
        "cause": row["cause"],
        "cases": int(row["cases"]),
        "things": int(row["things"]),
        "money": [str(each) for each in sorted(money, key=lambda each: (-abs(each.minor), each.currency))],
        "deadline": write_instant(row["deadline"]) if row["deadline"] else None,
        "since": write_instant(row["since"]),
        "standing": next((word.value for word in _WORST if row[word.value]), CaseStanding.ONGOING.value),
    }
