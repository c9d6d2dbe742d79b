"""Cases taken together: how many a filter has, what is at risk in them by currency, and what they allow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from trueup.base.clock import write_instant
from trueup.base.money import Money
from trueup.storage.cases import cases
from trueup.storage.views.case_queue import CaseFilter, cases_of
from trueup.storage.views.paging import count_up_to


@dataclass(frozen=True, slots=True)
class Summed:
    """How many cases a filter has, whether there are more than were counted, and what is at risk in them per currency."""

    count: int
    more: bool
    money: tuple[Money, ...]


def sum_cases(connection: sa.Connection, wanted: CaseFilter, now: datetime) -> Summed:
    """All cases of a filter together. Those that are resolved are counted up to 10,000, and nothing is at risk in them."""
    if wanted.tab == "resolved":
        return Summed(*count_up_to(connection, cases_of(wanted, now, cases.c.id)), ())
    inner = cases_of(wanted, now, cases.c.risk_currency, cases.c.risk_minor).subquery()
    rows = connection.execute(
        sa.select(inner.c.risk_currency, sa.func.count(), sa.func.sum(inner.c.risk_minor)).group_by(
            inner.c.risk_currency
        )
    ).all()
    money = _by_size(Money(int(minor), currency) for currency, _, minor in rows if currency)
    return Summed(sum(count for _, count, _ in rows), False, money)


def count_cases(connection: sa.Connection, wanted: CaseFilter, now: datetime, most: int) -> tuple[int, bool]:
    """How many cases a filter has, counted up to `most`, and whether there are more."""
    return count_up_to(connection, cases_of(wanted, now, cases.c.id), most)


def count_resolutions(connection: sa.Connection, ids: Sequence[int]) -> dict[str, int]:
    """How many of these cases allow each resolution."""
    rows = connection.execute(_ALLOWED, {"ids": list(ids)})
    return {row.resolution: int(row.allowed) for row in rows}


_ALLOWED = sa.text(
    "SELECT r AS resolution, count(*) AS allowed FROM trueup.cases, jsonb_array_elements_text(resolutions) AS r"
    " WHERE id = ANY(:ids) AND state = 'open' GROUP BY r"
)


def money_of(connection: sa.Connection, ids: Sequence[int]) -> tuple[Money, ...]:
    """What is, or was, at risk in these cases, per currency, the most first."""
    among = cases.c.id == sa.func.any(sa.cast(list(ids), ARRAY(sa.BigInteger)))
    query = sa.select(cases.c.risk_currency, sa.func.sum(cases.c.risk_minor)).where(
        among, cases.c.risk_currency.is_not(None)
    )
    rows = connection.execute(query.group_by(cases.c.risk_currency)).all()
    return _by_size(Money(int(minor), currency) for currency, minor in rows)


def _by_size(amounts: Iterable[Money]) -> tuple[Money, ...]:
    return tuple(sorted(amounts, key=lambda each: (-each.minor, each.currency)))


def group_cases(connection: sa.Connection, wanted: CaseFilter, now: datetime) -> list[dict[str, Any]]:
    """Cases by their kind: how many, the money, the nearest deadline. The largest group first."""
    columns = (cases.c.kind, cases.c.risk_currency, cases.c.risk_minor, cases.c.deadline)
    inner = cases_of(wanted, now, *columns).subquery()
    query = (
        sa.select(
            inner.c.kind,
            inner.c.risk_currency,
            sa.func.count().label("count"),
            sa.func.sum(inner.c.risk_minor).label("minor"),
            sa.func.min(inner.c.deadline).label("deadline"),
        )
        .group_by(inner.c.kind, inner.c.risk_currency)
        .order_by(sa.func.count().desc(), inner.c.kind)
    )
    return [
        {
            "kind": row.kind,
            "count": row.count,
            "money": str(Money(int(row.minor), row.risk_currency)) if row.risk_currency else None,
            "deadline": write_instant(row.deadline) if row.deadline else None,
        }
        for row in connection.execute(query)
    ]
