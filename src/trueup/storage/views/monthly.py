"""A month of all business in figures: what Amazon paid, what the shops sold, what was credited for trade-ins, what is owed by age.

Each figure comes from where it is known: remittances and the journal for what is booked, the shops' own orders for what was sold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from trueup.domain.chart import Chart, Purpose
from trueup.domain.closing import Month
from trueup.domain.shop_sales import HiddenProducts, SalesSum, sum_sales
from trueup.storage.shop_sales import load_sales

AGES = (30, 90, 180, 365)
"""Up to so many days old; older ones are the last class."""


@dataclass(frozen=True, slots=True)
class Roll:
    """A liability over a month, in minor units: opening + added - used - ended = closing."""

    currency: str
    opening: int = 0
    added: int = 0
    used: int = 0
    ended: int = 0

    @property
    def closing(self) -> int:
        """What is owed at its end."""
        return self.opening + self.added - self.used - self.ended


@dataclass(frozen=True, slots=True)
class Aged:
    """What is owed on credits or deposits at the end of a month, by how old it is in days: the last class is of all older."""

    currency: str
    classes: tuple[int, ...]

    @property
    def total(self) -> int:
        """All of it."""
        return sum(self.classes)


@dataclass(frozen=True, slots=True)
class MonthOfAll:
    """One month, by currency. `wholesale`: what Amazon paid, in how many payments, and `wholesale_booked`: what of it came on the
    account of cash; `sales`: the shops'; `credits`, `deposits`: what is owed by the books, and its age."""

    month: Month
    wholesale: dict[str, tuple[int, int]] = field(default_factory=dict)
    sales: tuple[SalesSum, ...] = ()
    credits: tuple[Roll, ...] = ()
    deposits: tuple[Roll, ...] = ()
    aged_credits: tuple[Aged, ...] = ()
    aged_deposits: tuple[Aged, ...] = ()
    wholesale_booked: dict[str, int] = field(default_factory=dict)


def load_month(connection: sa.Connection, month: Month, chart: Chart, hidden: HiddenProducts) -> MonthOfAll:
    """The figures of a month."""
    days = {"first": month.first, "last": month.last}
    sales = sum_sales(
        (sale for _, sale in load_sales(connection, month.first, month.last)), hidden, month.first, month.last
    )
    paid = {row.currency: (int(row.minor), int(row.payments)) for row in connection.execute(_PAID, days)}
    cash = {**days, "account": chart.code(Purpose.CASH)}
    booked = {row.currency: int(row.minor) for row in connection.execute(_CASH, cash)}
    return MonthOfAll(
        month,
        paid,
        tuple(sales),
        _roll(connection, chart.code(Purpose.CREDITS), month, chart.code(Purpose.BREAKAGE)),
        _roll(connection, chart.code(Purpose.DEPOSITS), month, ""),
        _aged(connection.execute(_AGED_CREDITS, {"account": chart.code(Purpose.CREDITS), "last": month.last})),
        _aged(connection.execute(_AGED_DEPOSITS, {"account": chart.code(Purpose.DEPOSITS), "last": month.last})),
        booked,
    )


def _roll(connection: sa.Connection, account: str, month: Month, ending: str) -> tuple[Roll, ...]:
    values = {"account": account, "first": month.first, "last": month.last, "ending": ending}
    return tuple(
        Roll(row.currency, int(row.opening), int(row.added), int(row.used), int(row.ended))
        for row in connection.execute(_ROLL, values)
    )


def _aged(rows: Any) -> tuple[Aged, ...]:
    found: dict[str, list[int]] = {}
    for row in rows:
        classes = found.setdefault(row.currency, [0] * (len(AGES) + 1))
        classes[age_class(int(row.days))] += int(row.minor)
    return tuple(Aged(currency, tuple(classes)) for currency, classes in sorted(found.items()))


def age_class(days: int) -> int:
    """Which class of AGES something so old is in."""
    return next((at for at, most in enumerate(AGES) if days <= most), len(AGES))


@dataclass(frozen=True, slots=True)
class Tie:
    """Two figures from two places that must be the same, in minor units."""

    what: str
    currency: str
    one: int
    other: int

    @property
    def holds(self) -> bool:
        """Whether they are."""
        return self.one == self.other


def ties_of(month: MonthOfAll) -> list[Tie]:
    """What must add up in a month, each with both of its figures."""
    ties = [
        Tie(
            "Amazon's payments, and what of them came on the books",
            currency,
            minor,
            month.wholesale_booked.get(currency, 0),
        )
        for currency, (minor, _) in sorted(month.wholesale.items())
    ]
    for each in month.sales:
        ties.append(Tie("sold less given back, and paid with what is open", each.currency, each.due, _settled(each)))
    for name, rolls, aged in (
        ("credits", month.credits, month.aged_credits),
        ("deposits", month.deposits, month.aged_deposits),
    ):
        by_age = {each.currency: each.total for each in aged}
        for roll in rolls:
            words = f"{name} owed at the end, and the same by age"
            ties.append(Tie(words, roll.currency, roll.closing, by_age.get(roll.currency, 0)))
    return ties


def _settled(sales: SalesSum) -> int:
    return sum(sales.paid.values()) + sales.unpaid


_PAID = sa.text(
    "SELECT currency, sum(amount_minor) AS minor, count(*) AS payments FROM trueup.remittances"
    " WHERE paid_on BETWEEN :first AND :last AND posting = 'posted' GROUP BY 1 ORDER BY 1"
)
_CASH = sa.text(
    "SELECT s.currency, sum(s.minor) AS minor FROM trueup.journal_sums s JOIN trueup.journal_entries e ON e.id = s.entry_id"
    " JOIN trueup.remittances r ON r.id = e.remittance_id"
    " WHERE s.account = :account AND r.paid_on BETWEEN :first AND :last GROUP BY 1 HAVING sum(s.minor) <> 0 ORDER BY 1"
)
_ROLL = sa.text(
    "WITH moved AS (SELECT l.currency, l.minor, e.day, EXISTS (SELECT 1 FROM trueup.journal_lines o"
    " WHERE o.entry_id = l.entry_id AND o.account = :ending) AS ends FROM trueup.journal_lines l"
    " JOIN trueup.journal_entries e ON e.id = l.entry_id WHERE l.account = :account AND e.day <= :last)"
    " SELECT currency, coalesce(sum(-minor) FILTER (WHERE day < :first), 0) AS opening,"
    " coalesce(sum(-minor) FILTER (WHERE day >= :first AND minor < 0), 0) AS added,"
    " coalesce(sum(minor) FILTER (WHERE day >= :first AND minor > 0 AND NOT ends), 0) AS used,"
    " coalesce(sum(minor) FILTER (WHERE day >= :first AND minor > 0 AND ends), 0) AS ended"
    " FROM moved GROUP BY currency ORDER BY currency"
)
_AGED_CREDITS = sa.text(
    "SELECT l.currency, CAST(:last AS date) - c.owed_on AS days, sum(-l.minor) AS minor FROM trueup.journal_lines l"
    " JOIN trueup.journal_entries e ON e.id = l.entry_id JOIN trueup.trade_ins t ON t.key = l.reference"
    " JOIN trueup.credits c ON c.trade_in_id = t.id WHERE l.account = :account AND e.day <= :last"
    " GROUP BY 1, 2, t.id HAVING sum(l.minor) <> 0"
)
_AGED_DEPOSITS = sa.text(
    "SELECT l.currency, CAST(:last AS date) - min(d.left_on) AS days, sum(-l.minor) AS minor FROM trueup.journal_lines l"
    " JOIN trueup.journal_entries e ON e.id = l.entry_id JOIN (SELECT name, min(left_on) AS left_on FROM trueup.deposits"
    " GROUP BY name) d ON d.name = l.reference WHERE l.account = :account AND e.day <= :last"
    " GROUP BY l.currency, l.reference HAVING sum(l.minor) <> 0"
)
