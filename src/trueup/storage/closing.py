"""Closed months in the database: closing takes the journal alone, and its rows never change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.errors import Conflict
from trueup.domain.closing import Month
from trueup.storage.acts import proposals
from trueup.storage.journal import CLOSING_LOCK, closed_months

ACT = "month.close"


@dataclass(frozen=True, slots=True)
class Closing:
    """A month that is closed: by whom, approved by whom, when, and the hash of its pack."""

    month: Month
    closed_by: str
    approved_by: str
    closed_at: datetime
    evidence: str


def take_books(connection: sa.Connection) -> None:
    """Nobody posts or takes invoices in until the transaction ends, and what began before has been committed.

    The table first: who takes in invoices holds it when posting them.
    """
    connection.execute(sa.text("LOCK TABLE trueup.invoices IN SHARE MODE"))
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": CLOSING_LOCK})


def load_closing(connection: sa.Connection, month: Month) -> Closing | None:
    """How a month was closed, or None while it is open."""
    row = connection.execute(sa.select(closed_months).where(closed_months.c.month == month.first)).one_or_none()
    return _closing(row) if row is not None else None


def list_closings(connection: sa.Connection) -> list[Closing]:
    """Every closed month, the latest first."""
    return [
        _closing(row) for row in connection.execute(sa.select(closed_months).order_by(closed_months.c.month.desc()))
    ]


def find_first(connection: sa.Connection, month: Month) -> Month | None:
    """The first month that is closed here: the first that was, or else that of the first entry, if it is before this month."""
    first: date | None = connection.execute(_FIRST, {"start": month.first}).scalar()
    return Month.of(first) if first is not None else None


def find_open_before(connection: sa.Connection, month: Month) -> Month | None:
    """The earliest month before it that is not closed, counted from the first closed one, or else from the first entry."""
    first = find_first(connection, month)
    if first is None:
        return None
    done = set(connection.execute(sa.select(closed_months.c.month)).scalars())
    each = first
    while each < month:
        if each.first not in done:
            return each
        each = each.next
    return None


_FIRST = sa.text(
    "SELECT coalesce((SELECT min(month) FROM trueup.closed_months),"
    " (SELECT min(day) FROM trueup.journal_entries WHERE day < :start))"
)


def append_closing(connection: sa.Connection, closing: Closing) -> None:
    """The month is closed. Raises Conflict when it is already; the database refuses one person for both names."""
    known = load_closing(connection, closing.month)
    if known is not None:
        raise Conflict(f"The month {closing.month} was closed by {known.closed_by} and {known.approved_by} already.")
    connection.execute(
        sa.insert(closed_months).values(
            month=closing.month.first,
            closed_by=closing.closed_by,
            approved_by=closing.approved_by,
            closed_at=closing.closed_at,
            evidence=closing.evidence,
        )
    )


def find_proposal(connection: sa.Connection, month: Month) -> dict[str, Any] | None:
    """The proposal to close a month that waits for its second person."""
    row = (
        connection.execute(
            sa.select(proposals).where(
                proposals.c.act == ACT, proposals.c.subject == f"month {month}", proposals.c.approved_by.is_(None)
            )
        )
        .mappings()
        .one_or_none()
    )
    return dict(row) if row is not None else None


def _closing(row: sa.Row[Any]) -> Closing:
    return Closing(Month(row.month), row.closed_by, row.approved_by, row.closed_at, row.evidence)
