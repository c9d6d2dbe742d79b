"""Cases by cause: one row for what one act mends, with how many cases it has, of how many things, and the money per currency.

They are read in the order of the queue, each at its most urgent case, and only those of a page are then read whole; decision 0033.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.expression import ColumnCollection

from trueup.base.clock import write_instant
from trueup.base.errors import NotFound
from trueup.base.money import Money
from trueup.domain.cases import CaseStanding
from trueup.storage.bulk import among_pairs, given_rows
from trueup.storage.cases import cases
from trueup.storage.views.case_queue import CaseFilter, cases_of
from trueup.storage.views.case_standing import standing_of
from trueup.storage.views.paging import Order, Paged, fetch_page, read_place

_WORST = (CaseStanding.ESCALATING, CaseStanding.REGRESSED, CaseStanding.NEW)
"""Of a cause is said what the worst of its cases is."""


@dataclass(frozen=True, slots=True)
class SummedCauses:
    """Of all that a filter has: how many causes, how many cases, and what is at risk per currency."""

    causes: int
    cases: int
    money: tuple[Money, ...]


def page_causes(
    connection: sa.Connection, wanted: CaseFilter, now: datetime, *, at: str = "", limit: int = 50
) -> Paged:
    """Causes of the cases of a filter, from what presses most: each stands where its most urgent case does, or of resolved ones its
    newest. Raises Invalid for a place in another list.

    What was opened after the first page was read moves no cause past the reader: the place says which case was the newest then.
    """
    sort = ("id",) if wanted.tab == "resolved" else ("urgency", "id")
    newest = read_place(at, _order(cases.c, sort, 0))[-1] if at else connection.execute(_NEWEST).scalar_one()
    columns = (cases.c.kind, cases.c.cause, cases.c.urgency, cases.c.id)
    of_then = cases_of(wanted, now, *columns).where(cases.c.id <= newest)
    walked = connection.execute(_WALKED if wanted.tab == "resolved" else _WALKED_OPEN, {"most": _FEW + 1}).all()
    query, head = _first_of_each(of_then, sort) if len(walked) > _FEW else _of_each(of_then, sort, walked)
    found = fetch_page(connection, query, _order(head, sort, newest), at, limit)
    keys = [(row["kind"], row["cause"]) for row in found.rows]
    whole = _load_causes(connection, wanted, now, keys) if keys else {}
    return Paged([whole[key] for key in keys], found.before, found.after)


_FEW = 1_000
"""So many causes are each asked for their first case; where there are more, cases are read in their order until enough are the
first of their cause. Both give the same, and neither looks at all cases."""
_NEWEST = sa.select(sa.func.coalesce(sa.func.max(cases.c.id), 0))
_Head = tuple[sa.Select[Any], ColumnCollection[str, Any]]
"""A query of causes, and the columns of the case at which each stands."""


def _walk(which: str) -> sa.TextClause:
    """From cause to cause by the index, however many cases each has."""
    return sa.text(
        f"WITH RECURSIVE w AS ((SELECT kind, cause FROM trueup.cases WHERE {which} ORDER BY kind, cause LIMIT 1) UNION ALL"
        " SELECT n.kind, n.cause FROM w CROSS JOIN LATERAL (SELECT c.kind, c.cause FROM trueup.cases c"
        f" WHERE {which} AND (c.kind, c.cause) > (w.kind, w.cause) ORDER BY c.kind, c.cause LIMIT 1) n)"
        " SELECT kind, cause FROM w LIMIT :most"
    )


_WALKED, _WALKED_OPEN = _walk("true"), _walk("state = 'open' AND merged_into IS NULL")


def _order(head: ColumnCollection[str, Any], sort: Sequence[str], newest: int) -> Order:
    return Order((*(head[name] for name in sort), sa.literal(newest, sa.BigInteger)), descending=True)


def _of_each(of_then: sa.Select[Any], sort: Sequence[str], causes: Sequence[sa.Row[Any]]) -> _Head:
    kinds, names = [row.kind for row in causes], [row.cause for row in causes]
    given = given_rows({"kind": (sa.Text, kinds), "cause": (sa.Text, names)})
    mine = of_then.where(cases.c.kind == given.c.kind, cases.c.cause == given.c.cause)
    head = mine.order_by(*(cases.c[name].desc() for name in sort)).limit(1).lateral("head")
    return sa.select(head.c.kind, head.c.cause).select_from(given.join(head, sa.true())), head.c


def _first_of_each(of_then: sa.Select[Any], sort: Sequence[str]) -> _Head:
    head, other = of_then.subquery("head"), of_then.subquery("other")
    mine, others = (sa.tuple_(*(of.c[name] for name in sort)) for of in (head, other))
    before = sa.exists().where(other.c.kind == head.c.kind, other.c.cause == head.c.cause, others > mine)
    return sa.select(head.c.kind, head.c.cause).where(sa.not_(before)), head.c


def sum_causes(connection: sa.Connection, wanted: CaseFilter, now: datetime) -> SummedCauses:
    """All of a filter together."""
    columns = (cases.c.kind, cases.c.cause, cases.c.risk_currency, cases.c.risk_minor)
    each = cases_of(wanted, now, *columns).subquery()
    grouped = (
        sa.select(
            each.c.kind,
            each.c.cause,
            each.c.risk_currency,
            sa.func.count().label("cases"),
            sa.func.sum(each.c.risk_minor).label("minor"),
        )
        .group_by(each.c.kind, each.c.cause, each.c.risk_currency)
        .cte("grouped")
    )
    one_each = sa.select(grouped.c.kind, grouped.c.cause).distinct().subquery()
    by_currency = sa.select(grouped.c.risk_currency, sa.func.sum(grouped.c.cases).label("cases"))
    by_currency = by_currency.add_columns(sa.func.sum(grouped.c.minor).label("minor"))
    counted = sa.select(sa.func.count()).select_from(one_each).scalar_subquery().label("causes")
    rows = connection.execute(by_currency.add_columns(counted).group_by(grouped.c.risk_currency)).all()
    sums = {row.risk_currency: row.minor for row in rows if row.risk_currency is not None}
    return SummedCauses(rows[0].causes if rows else 0, sum(int(row.cases) for row in rows), _money(sums))


def load_cause(connection: sa.Connection, wanted: CaseFilter, now: datetime) -> dict[str, Any]:
    """One cause, whose kind and name the filter says. Raises NotFound when it has no case there."""
    found = _load_causes(connection, wanted, now, [(wanted.kind, wanted.cause)])
    if not found:
        raise NotFound(
            f"No case of {wanted.kind} is caused by {wanted.cause!r} there; it may have been mended meanwhile."
        )
    return found[wanted.kind, wanted.cause]


def _load_causes(
    connection: sa.Connection, wanted: CaseFilter, now: datetime, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], dict[str, Any]]:
    """These causes, each with all of its cases in the filter."""
    query = _of_cause(_by_currency(wanted, now, keys).cte("by_currency"))
    return {(row["kind"], row["cause"]): _row_json(row) for row in connection.execute(query).mappings()}


def _by_currency(wanted: CaseFilter, now: datetime, keys: Sequence[tuple[str, str]]) -> sa.Select[Any]:
    """The cases of these causes by cause and currency."""
    columns = (cases.c.kind, cases.c.cause, cases.c.risk_currency, cases.c.risk_minor, cases.c.things, cases.c.deadline)
    among = among_pairs(cases.c.kind, cases.c.cause, keys)
    each = (
        cases_of(wanted, now, *columns, cases.c.opened_at, standing_of(now).label("standing")).where(among).subquery()
    )
    return sa.select(
        each.c.kind,
        each.c.cause,
        each.c.risk_currency,
        sa.func.count().label("cases"),
        sa.func.sum(each.c.things).label("things"),
        sa.func.sum(each.c.risk_minor).label("minor"),
        sa.func.min(each.c.deadline).label("deadline"),
        sa.func.min(each.c.opened_at).label("since"),
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
