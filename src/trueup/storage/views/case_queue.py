"""The queue of cases: filtered, sorted and paged by key, each with who works on it and until when it is put aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from trueup.base.clock import read_instant, write_instant
from trueup.base.errors import Invalid
from trueup.base.money import Money
from trueup.domain.cases import CaseStanding, ResolvedBy
from trueup.storage.acts import proposals
from trueup.storage.case_talk import case_assignments, case_comments, case_snoozes
from trueup.storage.cases import IS_OPEN, case_of, cases
from trueup.storage.orders import orders
from trueup.storage.views.case_orders import order_of
from trueup.storage.views.case_standing import is_snoozed, standing_of, why_back
from trueup.storage.views.cases import case_json
from trueup.storage.views.distinct import list_distinct
from trueup.storage.views.growing import Growing, GrowingRows
from trueup.storage.views.order_pages import list_partners
from trueup.storage.views.paging import Paged, fetch_page
from trueup.storage.views.ranges import Ranges

TABS = ("open", "waiting", "snoozed", "resolved")
_WALKED = 1000
MERGED = CaseStanding.MERGED.value
CLOSED_BY = (ResolvedBy.PEOPLE.value, ResolvedBy.ITSELF.value, MERGED)


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases: a tab of TABS, a kind or its beginning (several with commas between), an owner, a partner, who works on it,
    words of it, before when they are due, what is at risk in them and on which days they are due; their cause, where they
    stand (one of `CaseStanding`), and what resolved them (`ResolvedBy`, or "merged": nothing, another case stands for them); not
    those that a person works on; since when they were resolved, or have been open or worse, and since when they are open; to whom
    they went because nobody had them (several with commas between); and the connection that they are about."""

    tab: str = "open"
    kind: str = ""
    owner: str = ""
    partner: str = ""
    person: str = ""
    words: str = ""
    due_before: datetime | None = None
    ranges: Ranges = field(default_factory=Ranges)
    cause: str = ""
    standing: str = ""
    resolved_by: str = ""
    not_of: str = ""
    since: datetime | None = None
    escalated_to: str = ""
    opened_since: datetime | None = None
    about: str = ""


def page_cases(
    connection: sa.Connection, wanted: CaseFilter, now: datetime, *, sort: str = "", at: str = "", limit: int = 50
) -> Paged:
    """Cases of a filter, in an order of `case_orders.SORTS`: not said, money at risk by the hours that are left, or the
    newest of those resolved. Raises Invalid.

    Which ones is asked of the index alone; only those of the page are then read whole.
    """
    order = order_of(sort, wanted.tab)
    paged = fetch_page(connection, cases_of(wanted, now, cases.c.id), order, at, limit)
    ids = [row["id"] for row in paged.rows]
    whole = {row["id"]: row for row in list_cases_by_id(connection, ids, now)} if ids else {}
    return Paged([whole[each] for each in ids], paged.before, paged.after)


def growing_cases(wanted: CaseFilter, now: datetime) -> Growing:
    """The same as a list that grows by what is opened. Raises Invalid.

    That of resolved ones grows by what is resolved; that of those that wait for a second person, by what is proposed, of any age.
    """
    if wanted.tab == "waiting":
        asked = proposals.alias("asked")
        rows = cases_of(wanted, now, cases.c.id).join(asked, _proposed(asked))
        return GrowingRows(rows, asked.c.id, asked.c.approved_by.is_(None))
    number = cases.c.resolved_at if wanted.tab == "resolved" else cases.c.id
    return GrowingRows(cases_of(wanted, now, cases.c.id), number)


def list_case_ids(connection: sa.Connection, wanted: CaseFilter, now: datetime, limit: int = 5000) -> list[int]:
    """The ids of all cases of a filter, the oldest first."""
    query = cases_of(wanted, now, cases.c.id).order_by(cases.c.id).limit(limit)
    return list(connection.execute(query).scalars())


def walk_cases(connection: sa.Connection, wanted: CaseFilter, now: datetime) -> Iterator[dict[str, Any]]:
    """All cases of a filter, the oldest first, a thousand at a time."""
    ids, last = cases_of(wanted, now, cases.c.id).order_by(cases.c.id).limit(_WALKED), 0
    while found := connection.execute(ids.where(cases.c.id > last)).scalars().all():
        yield from list_cases_by_id(connection, found, now)
        last = found[-1]


def list_cases_by_id(connection: sa.Connection, ids: Sequence[int], now: datetime) -> list[dict[str, Any]]:
    """These cases, the oldest first."""
    query = _joined(now).where(cases.c.id == sa.func.any(sa.cast(list(ids), ARRAY(sa.BigInteger)))).order_by(cases.c.id)
    return [row_json(row, now) for row in connection.execute(query).mappings()]


def closed_since(connection: sa.Connection, at: datetime) -> dict[int, str]:
    """The cases that were resolved at that instant or later: their titles by number."""
    query = sa.select(cases.c.id, cases.c.title).where(cases.c.resolved_at >= at).order_by(cases.c.id)
    return {row.id: row.title for row in connection.execute(query)}


def opened_after(connection: sa.Connection, case_id: int) -> dict[int, str]:
    """The open cases that were opened after one: their titles by number."""
    query = sa.select(cases.c.id, cases.c.title).where(IS_OPEN, cases.c.id > case_id).order_by(cases.c.id)
    return {row.id: row.title for row in connection.execute(query)}


def count_tabs(connection: sa.Connection, now: datetime) -> dict[str, int]:
    """How many cases stand in each tab; those resolved are not counted. Only those that somebody put aside or proposed something
    about are looked at one by one: they are few, and every page asks."""
    whole = int(connection.execute(sa.select(sa.func.count()).select_from(cases).where(IS_OPEN)).scalar_one())
    aside = sa.select(case_snoozes.c.case_id)
    waits = sa.exists().where(_proposed())
    marked = (
        sa.select(is_snoozed(now).label("snoozed"), waits.label("waiting"))
        .select_from(cases.outerjoin(case_snoozes, case_snoozes.c.case_id == cases.c.id))
        .where(IS_OPEN, cases.c.id.in_(aside.union_all(_PROPOSED_CASES)))
    )
    rows = connection.execute(marked).all()
    snoozed, waiting = sum(row.snoozed for row in rows), sum(row.waiting for row in rows)
    return {"open": whole - sum(row.snoozed or row.waiting for row in rows), "waiting": waiting, "snoozed": snoozed}


_PROPOSED_CASES = sa.select(sa.cast(sa.func.substr(proposals.c.subject, len("case ") + 1), sa.BigInteger)).where(
    proposals.c.act == "case.resolve", proposals.c.approved_by.is_(None)
)


def list_filters(connection: sa.Connection) -> dict[str, list[str]]:
    """What the open cases can be filtered by: their kinds and owners, and the partners that orders came from."""
    return {
        "kind": list_distinct(connection, cases.c.kind, IS_OPEN),
        "owner": list_distinct(connection, cases.c.owner, IS_OPEN),
        "partner": list_partners(connection),
    }


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


def list_merged(connection: sa.Connection, case_id: int, now: datetime) -> list[dict[str, Any]]:
    """The cases that a case stands for, or stood for when they were resolved, the oldest first."""
    query = _joined(now).where(cases.c.merged_into == case_id).order_by(cases.c.id)
    return [row_json(row, now) for row in connection.execute(query).mappings()]


def list_like(
    connection: sa.Connection, case: Mapping[str, Any], now: datetime, limit: int = 10
) -> list[dict[str, Any]]:
    """Cases that a case may be a duplicate of: of the same order, or of the same cause; what is due no later, the oldest first."""
    same = cases.c.cause == case["cause"] if case["cause"] != case["subject"].partition(" ")[0] else sa.false()
    if case["order_id"] is not None:
        same = sa.or_(same, cases.c.order_id == case["order_id"])
    query = _joined(now).where(IS_OPEN, cases.c.id != case["id"], same)
    if case["deadline"]:
        query = query.where(cases.c.deadline <= read_instant(case["deadline"]))
    found = connection.execute(query.order_by(cases.c.id).limit(limit)).mappings()
    return [row_json(row, now) for row in found]


def _joined(now: datetime) -> sa.Select[Any]:
    waiting = sa.select(proposals.c.id).where(_proposed()).limit(1).scalar_subquery()
    return (
        sa.select(
            cases,
            case_assignments.c.person,
            sa.case((is_snoozed(now), case_snoozes.c.until)).label("snoozed_until"),
            case_snoozes.c.reason.label("snooze_reason"),
            why_back(now).label("back_early"),
            orders.c.partner.label("order_partner"),
            orders.c.number.label("order_number"),
            standing_of(now).label("standing"),
            waiting.label("proposal"),
        )
        .select_from(cases)
        .outerjoin(case_assignments, case_assignments.c.case_id == cases.c.id)
        .outerjoin(case_snoozes, case_snoozes.c.case_id == cases.c.id)
        .outerjoin(orders, orders.c.id == cases.c.order_id)
    )


def cases_of(wanted: CaseFilter, now: datetime, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """These columns of the cases of a filter, joined with no more than the filter asks of."""
    if wanted.tab not in TABS:
        raise Invalid(f"View {wanted.tab!r}: expected one of {', '.join(TABS)}.")
    tables = cases.outerjoin(case_snoozes, case_snoozes.c.case_id == cases.c.id)
    if wanted.person:
        tables = tables.join(case_assignments, case_assignments.c.case_id == cases.c.id)
    if wanted.partner or wanted.words:
        tables = tables.outerjoin(orders, orders.c.id == cases.c.order_id)
    found = sa.select(*columns).select_from(tables).where(_in_tab(wanted.tab, now), *_conditions(wanted))
    return found.where(standing_of(now) == wanted.standing) if wanted.standing else found


def _conditions(wanted: CaseFilter) -> Iterator[sa.ColumnElement[bool]]:
    if wanted.kind:
        begins = [each for each in wanted.kind.split(",") if each]
        yield sa.or_(sa.false(), *(cases.c.kind.startswith(each, autoescape=True) for each in begins))
    if wanted.cause:
        yield cases.c.cause == wanted.cause
    if wanted.resolved_by:
        yield _closed_by(wanted.resolved_by)
    if wanted.owner:
        yield cases.c.owner == wanted.owner
    if wanted.partner:
        yield orders.c.partner == wanted.partner
    if wanted.since and wanted.tab == "resolved":
        yield cases.c.resolved_at > wanted.since
    elif wanted.since:
        yield sa.func.coalesce(cases.c.escalated_at, cases.c.opened_at) > wanted.since
    if wanted.opened_since:
        yield cases.c.opened_at > wanted.opened_since
    if wanted.not_of:
        mine = case_assignments.alias("mine")
        yield sa.not_(sa.exists().where(mine.c.case_id == cases.c.id, mine.c.person == wanted.not_of))
    if wanted.person:
        yield case_assignments.c.person == wanted.person
    if wanted.escalated_to:
        yield cases.c.escalated_to.in_([each for each in wanted.escalated_to.split(",") if each])
    if wanted.about:
        reads = cases.c.subject.startswith(f"source {wanted.about} ", autoescape=True)
        yield sa.or_(reads, cases.c.subject == f"connection {wanted.about}")
    if wanted.due_before:
        yield cases.c.deadline < wanted.due_before
    yield from wanted.ranges.amounts(cases.c.risk_minor, cases.c.risk_currency)
    yield from wanted.ranges.days(cases.c.deadline)
    if wanted.words:
        text = sa.func.concat_ws(" ", cases.c.title, cases.c.subject, cases.c.found, cases.c.expected, orders.c.number)
        yield text.icontains(wanted.words, autoescape=True)


def _closed_by(what: str) -> sa.ColumnElement[bool]:
    match what:
        case "people":
            return sa.and_(cases.c.state == "resolved", cases.c.resolved_by != sa.literal_column("'trueup'"))
        case "itself":
            return sa.and_(cases.c.state == "resolved", cases.c.resolved_by == sa.literal_column("'trueup'"))
        case "merged":
            return cases.c.merged_into.is_not(None)
    raise Invalid(f"Resolved by {what!r}: expected one of {', '.join(CLOSED_BY)}.")


def _in_tab(tab: str, now: datetime) -> sa.ColumnElement[bool]:
    waits = sa.exists().where(_proposed())
    match tab:
        case "resolved":
            return sa.or_(cases.c.state == "resolved", cases.c.merged_into.is_not(None))
        case "waiting":
            return sa.and_(IS_OPEN, waits)
        case "snoozed":
            return sa.and_(IS_OPEN, is_snoozed(now))
        case _:
            return sa.and_(IS_OPEN, sa.not_(is_snoozed(now)), sa.not_(waits))


def _proposed(asked: sa.FromClause = proposals) -> sa.ColumnElement[bool]:
    return sa.and_(
        asked.c.act == "case.resolve",
        asked.c.subject == sa.literal("case ") + sa.cast(cases.c.id, sa.Text),
        asked.c.approved_by.is_(None),
    )


def row_json(row: Mapping[Any, Any], now: datetime) -> dict[str, Any]:
    """A row of the queue as plain JSON."""
    currency = row["risk_currency"]
    known = Money(row["known_minor"], currency) if currency and row["known_minor"] is not None else None
    return {
        **case_json(case_of(row), row),
        "person": row["person"],
        "snoozed_until": write_instant(row["snoozed_until"]) if row["snoozed_until"] else None,
        "snooze_reason": row["snooze_reason"] if row["snoozed_until"] or row["back_early"] else None,
        "back_early": row["back_early"],
        "order": f"{row['order_partner']}/{row['order_number']}" if row["order_number"] else None,
        "proposal": row["proposal"],
        "standing": row["standing"],
        "cause": row["cause"],
        "things": row["things"],
        "known_money": str(known) if known else None,
        "known_things": row["known_things"],
        "known_at": write_instant(row["taken_up_at"]) if row["taken_up_at"] else None,
        "escalated_to": row["escalated_to"] or None,
        "escalated_why": row["escalated_why"] or None,
        "escalated_at": write_instant(row["escalated_at"]) if row["escalated_at"] else None,
        "came_back_from": row["came_back_from"],
        "merged_into": row["merged_into"],
        "is_late": row["state"] == "open" and row["deadline"] is not None and row["deadline"] < now,
    }
