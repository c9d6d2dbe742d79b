"""Lines that wait in suspense, of all payments: as rows of a sheet in which a person says what they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.domain.closing import Month
from trueup.storage.bulk import among_pairs
from trueup.storage.cases import IS_OPEN, cases
from trueup.storage.remittances import remittance_lines, remittances
from trueup.storage.suspense import suspense
from trueup.storage.views.growing import Growing, GrowingRows
from trueup.storage.views.paging import MANY, Order, Paged, count_up_to, fetch_page, walk_pages

ROWS = 100


@dataclass(frozen=True, slots=True)
class WaitingFilter:
    """Which lines: of a partner, of a kind of case, with words in their reference; "" asks nothing. `month`: paid in it, in a
    `currency`."""

    partner: str = ""
    kind: str = ""
    words: str = ""
    payment: int | None = None
    month: Month | None = None
    currency: str = ""


def page_waiting(connection: sa.Connection, wanted: WaitingFilter, at: str = "", limit: int = ROWS) -> Paged:
    """Lines that wait, the newest payment first. Raises Invalid for a place that is none.

    Which ones is asked of them alone; only those of the page are then read with their payments, documents and cases.
    """
    places = sa.select(suspense.c.remittance_id, suspense.c.line).where(*_conditions(wanted))
    order = Order((suspense.c.remittance_id, suspense.c.line), descending=True)
    paged = fetch_page(connection, places, order, at, limit)
    keys = [(row["remittance_id"], row["line"]) for row in paged.rows]
    if not keys:
        return paged
    query = _told().where(among_pairs(suspense.c.remittance_id, suspense.c.line, keys)).order_by(*_NEWEST)
    return Paged([_row(row) for row in connection.execute(query).mappings()], paged.before, paged.after)


def growing_waiting(wanted: WaitingFilter) -> Growing:
    """The same as a list that grows by payments, each of whose lines that wait is counted."""
    return GrowingRows(sa.select(suspense.c.remittance_id).where(*_conditions(wanted)), suspense.c.remittance_id)


def walk_waiting(connection: sa.Connection, wanted: WaitingFilter) -> Iterator[Mapping[str, Any]]:
    """All of them in that order, a thousand at a time."""
    return walk_pages(lambda at: page_waiting(connection, wanted, at, MANY))


def count_waiting(connection: sa.Connection, wanted: WaitingFilter, most: int) -> tuple[int, bool]:
    """How many there are, counted up to `most`, and whether there are more."""
    return count_up_to(connection, sa.select(suspense.c.line).where(*_conditions(wanted)), most)


@dataclass(frozen=True, slots=True)
class Waits:
    """What lines that wait come to in one currency: how many, and their amounts without their signs: what was taken and what was
    given do not explain each other."""

    lines: int
    amount: Money


def sum_waiting(connection: sa.Connection, wanted: WaitingFilter) -> list[Waits]:
    """What all lines of a filter come to, a sum a currency."""
    waits = suspense.c
    query = sa.select(
        waits.currency, sa.func.count().label("lines"), sa.func.sum(sa.func.abs(waits.minor)).label("minor")
    )
    rows = connection.execute(query.where(*_conditions(wanted)).group_by(waits.currency).order_by(waits.currency))
    return [Waits(row.lines, Money(int(row.minor), row.currency)) for row in rows]


_NEWEST = (suspense.c.remittance_id.desc(), suspense.c.line.desc())


def _told() -> sa.Select[Any]:
    waits, told, line = suspense.c, remittances.c, remittance_lines.c
    of_line = sa.and_(line.remittance_id == waits.remittance_id, line.source == told.source, line.number == waits.line)
    of_case = sa.and_(cases.c.kind == waits.kind, cases.c.subject == waits.subject, IS_OPEN)
    return sa.select(
        *(waits.remittance_id, waits.line, waits.partner, waits.kind, waits.reference, waits.why, waits.minor),
        *(waits.currency, told.payment, told.paid_on, line.description, cases.c.id.label("case")),
    ).select_from(
        suspense.join(remittances, told.id == waits.remittance_id)
        .outerjoin(remittance_lines, of_line)
        .outerjoin(cases, of_case)
    )


def _conditions(wanted: WaitingFilter) -> Iterator[sa.ColumnElement[bool]]:
    waits = suspense.c
    if wanted.partner:
        yield waits.partner == wanted.partner
    if wanted.kind:
        yield waits.kind == wanted.kind
    if wanted.words:
        yield waits.reference.icontains(wanted.words, autoescape=True)
    if wanted.payment is not None:
        yield waits.remittance_id == wanted.payment
    if wanted.currency:
        yield waits.currency == wanted.currency
    if wanted.month is not None:
        paid = remittances.alias("paid").c
        yield sa.exists().where(
            paid.id == waits.remittance_id, paid.paid_on.between(wanted.month.first, wanted.month.last)
        )


def _row(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        "remittance": row["remittance_id"],
        "line": row["line"],
        "partner": row["partner"],
        "payment": row["payment"],
        "paid_on": row["paid_on"].isoformat(),
        "kind": row["kind"],
        "reference": row["reference"],
        "description": row["description"] or "",
        "why": row["why"],
        "case": row["case"],
        "amount": str(Money(row["minor"], row["currency"])),
    }
