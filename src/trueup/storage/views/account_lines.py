"""An account in a month: what it opened with, what moved it, what it closed with, and every line of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trueup.base.errors import NotFound
from trueup.domain.closing import Month
from trueup.storage.journal import journal_entries, journal_lines
from trueup.storage.views.paging import ROWS, Order, Paged, fetch_page

PARTS = ("moves", "debits", "credits", "opening", "closing")


@dataclass(frozen=True, slots=True)
class Rolled:
    """Minor units, debits positive; `credits` is positive and taken off. Each with the number of its lines."""

    account: str
    currency: str
    opening: int
    debits: int
    credits: int
    opening_lines: int
    debit_lines: int
    credit_lines: int

    def of(self, part: str) -> tuple[int, int]:
        """What a part comes to, and how many lines it has. Raises NotFound for a part that there is not."""
        moves, lines = self.debits - self.credits, self.debit_lines + self.credit_lines
        match part:
            case "opening":
                return self.opening, self.opening_lines
            case "debits":
                return self.debits, self.debit_lines
            case "credits":
                return -self.credits, self.credit_lines
            case "moves":
                return moves, lines
            case "closing":
                return self.opening + moves, self.opening_lines + lines
        raise NotFound(f"An account has no {part!r}; expected one of {', '.join(PARTS)}.")


def roll_account(connection: sa.Connection, month: Month, account: str, currency: str) -> Rolled:
    """How an account went through a month."""
    values = {"account": account, "currency": currency, "start": month.first, "last": month.last}
    row = connection.execute(_ROLLED, values).one()
    sums = (int(each or 0) for each in row)
    return Rolled(account, currency, *sums)


_ROLLED = sa.text(
    "SELECT sum(s.minor) FILTER (WHERE e.day < :start), sum(s.minor) FILTER (WHERE e.day >= :start AND s.minor > 0),"
    " -sum(s.minor) FILTER (WHERE e.day >= :start AND s.minor < 0), sum(s.lines) FILTER (WHERE e.day < :start),"
    " sum(s.lines) FILTER (WHERE e.day >= :start AND s.debit), sum(s.lines) FILTER (WHERE e.day >= :start AND NOT s.debit)"
    " FROM trueup.journal_sums s JOIN trueup.journal_entries e ON e.id = s.entry_id"
    " WHERE s.account = :account AND s.currency = :currency AND e.day <= :last"
)


def page_account(
    connection: sa.Connection, month: Month, rolled: Rolled, part: str, at: str, limit: int = ROWS
) -> Paged:
    """The lines of a part, the latest first: entry, day, kind, what, amount, and what it is about.

    Raises Invalid for a place that is none.
    """
    entry, line = journal_entries.c, journal_lines.c
    query = (
        sa.select(entry.id, entry.day, entry.kind, entry.narration, line.number, line.minor, line.reference, line.type)
        .join_from(journal_lines, journal_entries, line.entry_id == entry.id)
        .where(line.account == rolled.account, line.currency == rolled.currency, *_within(month, part))
    )
    order = Order((entry.day, entry.id, line.number), descending=True)
    return fetch_page(connection, query, order, at, limit)


def _within(month: Month, part: str) -> list[sa.ColumnElement[Any]]:
    day, minor = journal_entries.c.day, journal_lines.c.minor
    within = [day >= month.first, day <= month.last]
    match part:
        case "opening":
            return [day < month.first]
        case "closing":
            return [day <= month.last]
        case "debits":
            return [*within, minor > 0]
        case "credits":
            return [*within, minor < 0]
    return within
