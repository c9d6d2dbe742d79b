"""Lines that wait in suspense, of all payments: as rows of a sheet in which a person says what they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.storage.cases import IS_OPEN, cases
from trueup.storage.remittances import remittance_lines, remittances
from trueup.storage.suspense import suspense
from trueup.storage.views.paging import Order, Paged, fetch_page

ROWS = 100


@dataclass(frozen=True, slots=True)
class WaitingFilter:
    """Which lines: of a partner, of a kind of case, with words in their reference; "" asks nothing."""

    partner: str = ""
    kind: str = ""
    words: str = ""
    payment: int | None = None


def page_waiting(connection: sa.Connection, wanted: WaitingFilter, at: str = "", limit: int = ROWS) -> Paged:
    """Lines that wait, the newest payment first. Raises Invalid for a place that is none."""
    paged = fetch_page(
        connection,
        _query(wanted),
        Order((suspense.c.remittance_id, suspense.c.line), descending=True),
        at,
        limit,
    )
    return Paged([_row(row) for row in paged.rows], paged.before, paged.after)


def list_waiting(connection: sa.Connection, wanted: WaitingFilter, most: int) -> list[dict[str, Any]]:
    """The same, so many at most."""
    order = (suspense.c.remittance_id.desc(), suspense.c.line.desc())
    return [_row(row) for row in connection.execute(_query(wanted).order_by(*order).limit(most)).mappings()]


def _query(wanted: WaitingFilter) -> sa.Select[Any]:
    waits, told, line = suspense.c, remittances.c, remittance_lines.c
    of_line = sa.and_(line.remittance_id == waits.remittance_id, line.source == told.source, line.number == waits.line)
    of_case = sa.and_(cases.c.kind == waits.kind, cases.c.subject == waits.subject, IS_OPEN)
    query = sa.select(
        *(waits.remittance_id, waits.line, waits.partner, waits.kind, waits.reference, waits.why, waits.minor),
        *(waits.currency, told.payment, told.paid_on, line.description, cases.c.id.label("case")),
    ).select_from(
        suspense.join(remittances, told.id == waits.remittance_id)
        .outerjoin(remittance_lines, of_line)
        .outerjoin(cases, of_case)
    )
    if wanted.partner:
        query = query.where(waits.partner == wanted.partner)
    if wanted.kind:
        query = query.where(waits.kind == wanted.kind)
    if wanted.words:
        query = query.where(waits.reference.icontains(wanted.words, autoescape=True))
    if wanted.payment is not None:
        query = query.where(waits.remittance_id == wanted.payment)
    return query


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
