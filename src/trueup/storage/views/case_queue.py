"""The queue of cases: filtered, sorted and paged by key, each with who works on it and until when it is put aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from trueup.base.clock import write_instant
from trueup.base.errors import Invalid
from trueup.base.money import Money
from trueup.storage.acts import proposals
from trueup.storage.case_talk import case_assignments, case_comments, case_snoozes
from trueup.storage.cases import IS_OPEN, case_of, cases
from trueup.storage.orders import orders
from trueup.storage.views.cases import case_json
from trueup.storage.views.paging import Order, Paged, count_up_to, fetch_page
from trueup.storage.views.ranges import Ranges

TABS = ("open", "waiting", "snoozed", "resolved")
SORTS = ("urgency", "deadline", "money", "age")
_NEVER = datetime(9999, 12, 31)  # noqa: DTZ001 - a sort key, compared in the database's UTC
_NO_DEADLINE_HOURS = 720
_NEW = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases: a tab of TABS, a kind or its beginning (several with commas between), an owner, a partner, who works on it,
    words of it, before when they are due, what is at risk in them and on which days they are due."""

    tab: str = "open"
    kind: str = ""
    owner: str = ""
    partner: str = ""
    person: str = ""
    words: str = ""
    due_before: datetime | None = None
    ranges: Ranges = field(default_factory=Ranges)


def page_cases(
    connection: sa.Connection, wanted: CaseFilter, now: datetime, *, sort: str = "", at: str = "", limit: int = 50
) -> Paged:
    """Cases of a filter, in an order of SORTS: the first is money at risk by the hours that are left. Raises Invalid.

    Which ones is asked of the index alone; only those of the page are then read whole.
    """
    order = _order(sort or ("age-back" if wanted.tab == "resolved" else SORTS[0]), now)
    paged = fetch_page(connection, _query(wanted, now, cases.c.id), order, at, limit)
    ids = [row["id"] for row in paged.rows]
    whole = {row["id"]: row for row in list_cases_by_id(connection, ids, now)} if ids else {}
    return Paged([whole[each] for each in ids], paged.before, paged.after)


@dataclass(frozen=True, slots=True)
class Summed:
    """How many cases a filter has, whether there are more than were counted, and what is at risk in them per currency."""

    count: int
    more: bool
    money: tuple[Money, ...]


def sum_cases(connection: sa.Connection, wanted: CaseFilter, now: datetime) -> Summed:
    """All cases of a filter together. Those that are resolved are counted up to 10,000, and nothing is at risk in them."""
    if wanted.tab == "resolved":
        return Summed(*count_up_to(connection, _query(wanted, now, cases.c.id)), ())
    inner = _query(wanted, now, cases.c.risk_currency, cases.c.risk_minor).subquery()
    rows = connection.execute(
        sa.select(inner.c.risk_currency, sa.func.count(), sa.func.sum(inner.c.risk_minor)).group_by(
            inner.c.risk_currency
        )
    ).all()
    money = [Money(int(minor), currency) for currency, _, minor in rows if currency]
    return Summed(
        sum(count for _, count, _ in rows), False, tuple(sorted(money, key=lambda each: (-each.minor, each.currency)))
    )


def list_case_ids(connection: sa.Connection, wanted: CaseFilter, now: datetime, limit: int = 5000) -> list[int]:
    """The ids of all cases of a filter, the oldest first."""
    query = _query(wanted, now, cases.c.id).order_by(cases.c.id).limit(limit)
    return list(connection.execute(query).scalars())


def list_cases_by_id(connection: sa.Connection, ids: Sequence[int], now: datetime) -> list[dict[str, Any]]:
    """These cases, the oldest first."""
    query = _joined(now).where(cases.c.id == sa.func.any(sa.cast(list(ids), ARRAY(sa.BigInteger)))).order_by(cases.c.id)
    return [row_json(row, now) for row in connection.execute(query).mappings()]


def count_resolutions(connection: sa.Connection, ids: Sequence[int]) -> dict[str, int]:
    """How many of these cases allow each resolution."""
    rows = connection.execute(_ALLOWED, {"ids": list(ids)})
    return {row.resolution: int(row.allowed) for row in rows}


_ALLOWED = sa.text(
    "SELECT r AS resolution, count(*) AS allowed FROM trueup.cases, jsonb_array_elements_text(resolutions) AS r"
    " WHERE id = ANY(:ids) AND state = 'open' GROUP BY r"
)


def closed_since(connection: sa.Connection, at: datetime) -> dict[int, str]:
    """The cases that were resolved at that instant or later: their titles by number."""
    query = sa.select(cases.c.id, cases.c.title).where(cases.c.resolved_at >= at).order_by(cases.c.id)
    return {row.id: row.title for row in connection.execute(query)}


def count_tabs(connection: sa.Connection, now: datetime) -> dict[str, int]:
    """How many cases stand in each tab; those resolved are not counted."""
    row = connection.execute(
        sa.select(
            *(sa.func.count().filter(_in_tab(tab, now)).label(tab) for tab in TABS[:-1]),
        )
        .select_from(cases)
        .outerjoin(case_snoozes, case_snoozes.c.case_id == cases.c.id)
        .where(IS_OPEN)
    ).one()
    return dict(row._mapping)


def group_cases(connection: sa.Connection, wanted: CaseFilter, now: datetime) -> list[dict[str, Any]]:
    """Cases by their kind: how many, the money, the nearest deadline. The largest group first."""
    columns = (cases.c.kind, cases.c.risk_currency, cases.c.risk_minor, cases.c.deadline)
    inner = _query(wanted, now, *columns).subquery()
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


def list_filters(connection: sa.Connection) -> dict[str, list[str]]:
    """What the open cases can be filtered by: kinds, owners, partners."""
    found = {}
    for name, column in (("kind", cases.c.kind), ("owner", cases.c.owner)):
        query = sa.select(column).where(IS_OPEN).distinct().order_by(column)
        found[name] = list(connection.execute(query).scalars())
    query = sa.select(orders.c.partner).join(cases, cases.c.order_id == orders.c.id).where(IS_OPEN)
    found["partner"] = sorted(connection.execute(query.distinct()).scalars())
    return found


def list_comments(connection: sa.Connection, case_id: int) -> list[dict[str, Any]]:
    """What people said about a case, the oldest first."""
    query = sa.select(case_comments).where(case_comments.c.case_id == case_id).order_by(case_comments.c.id)
    return [
        {
            "id": row.id,
            "at": write_instant(row.at),
            "actor": row.actor,
            "text": row.text,
            "withdrawn_at": write_instant(row.withdrawn_at) if row.withdrawn_at else None,
        }
        for row in connection.execute(query)
    ]


def show_queued(connection: sa.Connection, case_id: int, now: datetime) -> dict[str, Any] | None:
    """One case as the queue has it, whatever tab it is in."""
    row = connection.execute(_joined(now).where(cases.c.id == case_id)).mappings().first()
    return row_json(row, now) if row else None


def _joined(now: datetime) -> sa.Select[Any]:
    earlier = cases.alias("earlier")
    came_back = sa.exists().where(
        earlier.c.kind == cases.c.kind,
        earlier.c.subject == cases.c.subject,
        earlier.c.state == "resolved",
        earlier.c.id < cases.c.id,
    )
    waiting = sa.select(proposals.c.id).where(_proposed()).limit(1).scalar_subquery()
    return (
        sa.select(
            cases,
            case_assignments.c.person,
            sa.case((_is_snoozed(now), case_snoozes.c.until)).label("snoozed_until"),
            case_snoozes.c.reason.label("snooze_reason"),
            orders.c.partner.label("order_partner"),
            orders.c.number.label("order_number"),
            came_back.label("came_back"),
            waiting.label("proposal"),
        )
        .select_from(cases)
        .outerjoin(case_assignments, case_assignments.c.case_id == cases.c.id)
        .outerjoin(case_snoozes, case_snoozes.c.case_id == cases.c.id)
        .outerjoin(orders, orders.c.id == cases.c.order_id)
    )


def _query(wanted: CaseFilter, now: datetime, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """These columns of the cases of a filter, joined with no more than the filter asks of."""
    if wanted.tab not in TABS:
        raise Invalid(f"View {wanted.tab!r}: expected one of {', '.join(TABS)}.")
    tables = cases.outerjoin(case_snoozes, case_snoozes.c.case_id == cases.c.id)
    if wanted.person:
        tables = tables.join(case_assignments, case_assignments.c.case_id == cases.c.id)
    if wanted.partner or wanted.words:
        tables = tables.outerjoin(orders, orders.c.id == cases.c.order_id)
    return sa.select(*columns).select_from(tables).where(_in_tab(wanted.tab, now), *_conditions(wanted))


def _conditions(wanted: CaseFilter) -> Iterator[sa.ColumnElement[bool]]:
    if wanted.kind:
        begins = [each for each in wanted.kind.split(",") if each]
        yield sa.or_(*(cases.c.kind.startswith(each, autoescape=True) for each in begins))
    if wanted.owner:
        yield cases.c.owner == wanted.owner
    if wanted.partner:
        yield orders.c.partner == wanted.partner
    if wanted.person:
        yield case_assignments.c.person == wanted.person
    if wanted.due_before:
        yield cases.c.deadline < wanted.due_before
    yield from wanted.ranges.amounts(cases.c.risk_minor, cases.c.risk_currency)
    yield from wanted.ranges.days(cases.c.deadline)
    if wanted.words:
        text = sa.func.concat_ws(" ", cases.c.title, cases.c.subject, cases.c.found, cases.c.expected, orders.c.number)
        yield text.icontains(wanted.words, autoescape=True)


def _in_tab(tab: str, now: datetime) -> sa.ColumnElement[bool]:
    waits = sa.exists().where(_proposed())
    match tab:
        case "resolved":
            return cases.c.state == "resolved"
        case "waiting":
            return sa.and_(IS_OPEN, waits)
        case "snoozed":
            return sa.and_(IS_OPEN, _is_snoozed(now))
        case _:
            return sa.and_(IS_OPEN, sa.not_(_is_snoozed(now)), sa.not_(waits))


def _is_snoozed(now: datetime) -> sa.ColumnElement[bool]:
    """Put aside, not yet due, and no worse than it was then."""
    worse = sa.func.coalesce(cases.c.risk_minor, 0) > sa.func.coalesce(case_snoozes.c.risk_minor, 0)
    return sa.and_(sa.func.coalesce(case_snoozes.c.until > now, False), sa.not_(worse))


def _proposed() -> sa.ColumnElement[bool]:
    return sa.and_(
        proposals.c.act == "case.resolve",
        proposals.c.subject == sa.literal("case ") + sa.cast(cases.c.id, sa.Text),
        proposals.c.approved_by.is_(None),
    )


def _order(sort: str, now: datetime) -> Order:
    match sort:
        case "urgency":
            # Of the hour, so that rows keep their places while someone turns pages.
            hour = now.replace(minute=0, second=0, microsecond=0)
            left = sa.cast(sa.func.ceil(sa.extract("epoch", cases.c.deadline - hour) / 3600), sa.BigInteger)
            hours = sa.func.greatest(sa.func.coalesce(left, _NO_DEADLINE_HOURS), 1)
            risk = sa.func.abs(sa.func.coalesce(cases.c.risk_minor, 0))
            urgency = sa.cast(sa.func.floor(sa.cast(risk, sa.Numeric) / hours), sa.BigInteger)
            return Order((urgency, cases.c.id), descending=True)
        case "deadline":
            never = sa.literal(_NEVER, sa.TIMESTAMP()).op("AT TIME ZONE")("UTC").cast(sa.TIMESTAMP(timezone=True))
            return Order((sa.func.coalesce(cases.c.deadline, never, type_=sa.TIMESTAMP(timezone=True)), cases.c.id))
        case "money":
            return Order(
                (sa.func.abs(sa.func.coalesce(cases.c.risk_minor, 0), type_=sa.BigInteger), cases.c.id), descending=True
            )
        case "age":
            return Order((cases.c.opened_at, cases.c.id))
        case "age-back":
            return Order((cases.c.id,), descending=True)
    raise Invalid(f"Sort {sort!r}: expected one of {', '.join(SORTS)}.")


def row_json(row: Mapping[Any, Any], now: datetime) -> dict[str, Any]:
    """A row of the queue as plain JSON."""
    return {
        **case_json(case_of(row), row),
        "person": row["person"],
        "snoozed_until": write_instant(row["snoozed_until"]) if row["snoozed_until"] else None,
        "snooze_reason": row["snooze_reason"] if row["snoozed_until"] else None,
        "order": f"{row['order_partner']}/{row['order_number']}" if row["order_number"] else None,
        "proposal": row["proposal"],
        "standing": _standing(row, now),
    }


def _standing(row: Mapping[Any, Any], now: datetime) -> str:
    """New, ongoing, late, back (it was resolved once), waiting for a second person, snoozed, or resolved."""
    if row["state"] == "resolved":
        return "resolved"
    if row["proposal"]:
        return "waiting"
    if row["snoozed_until"]:
        return "snoozed"
    if row["deadline"] and row["deadline"] < now:
        return "late"
    if row["came_back"]:
        return "back"
    return "new" if now - row["opened_at"] < _NEW else "ongoing"
