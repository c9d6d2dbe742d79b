"""How things went, to be drawn: open invoices by age, what payments settled by month, what was deducted, what stock troubled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from trueup.base.money import Money

AGES = ("Not due", "1 to 30 days", "31 to 60 days", "61 to 90 days", "Over 90 days")
"""How long an open invoice is past the day it is due; past that of its issue where no day is agreed."""
AGE_DAYS: tuple[tuple[int | None, int | None], ...] = ((None, 0), (1, 30), (31, 60), (61, 90), (91, None))
"""From how many to how many days that is, for each of AGES."""
_AGEING = sa.text(
    "SELECT o.currency, CASE WHEN late <= 0 THEN 0 WHEN late <= 30 THEN 1 WHEN late <= 60 THEN 2 WHEN late <= 90 THEN 3 ELSE 4 END"
    " AS age, count(*) AS invoices, sum(o.minor) AS minor FROM trueup.open_invoices o JOIN (SELECT id,"
    " :today - coalesce(due_on, issued_on) AS late FROM trueup.invoices) AS i ON i.id = o.invoice_id GROUP BY 1, 2 ORDER BY 1, 2"
)
_BOOKED = sa.text(
    "SELECT CAST(date_trunc('month', e.day) AS date) AS month, s.account, s.type, sum(s.minor) AS minor"
    " FROM trueup.journal_entries e JOIN trueup.journal_sums s ON s.entry_id = e.id"
    " WHERE e.day >= :since AND e.kind IN ('remittance', 'correction') AND s.currency = :currency GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)
_TROUBLES = sa.text(
    "SELECT CAST(date_trunc('week', opened_at AT TIME ZONE 'UTC') AS date) AS week, kind, count(*) AS cases"
    " FROM trueup.cases WHERE opened_at >= :since AND kind LIKE 'stock.%' GROUP BY 1, 2 ORDER BY 1, 2"
)


@dataclass(frozen=True, slots=True)
class Aged:
    """Open invoices of an age (its place in AGES): how many, and what is open of them."""

    age: int
    invoices: int
    open: Money


@dataclass(frozen=True, slots=True)
class Booked:
    """What payments of a month booked to an account as a type; debits are positive."""

    month: date
    account: str
    type: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Troubled:
    """How many cases about stock were opened in the week that began on that day."""

    week: date
    kind: str
    cases: int


def load_ageing(connection: sa.Connection, today: date) -> list[Aged]:
    """All open invoices by currency and age."""
    rows = connection.execute(_AGEING, {"today": today})
    return [Aged(row.age, row.invoices, Money(int(row.minor), row.currency)) for row in rows]


def load_booked(connection: sa.Connection, since: date, currency: str) -> list[Booked]:
    """What payments booked since a day, by month, account and type."""
    rows = connection.execute(_BOOKED, {"since": since, "currency": currency})
    return [Booked(row.month, row.account, row.type, Money(int(row.minor), currency)) for row in rows]


def load_troubles(connection: sa.Connection, since: datetime) -> Sequence[Troubled]:
    """Cases about stock that were opened since a moment: drift, counts that were refused or came late, and their like."""
    return [Troubled(row.week, row.kind, row.cases) for row in connection.execute(_TROUBLES, {"since": since})]
