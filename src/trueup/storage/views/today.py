"""Today: what is owed first, how much of a month is explained, what happened since someone was here last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.storage.acts import acts
from trueup.storage.bank import covered_accounts
from trueup.storage.cases import IS_OPEN, cases
from trueup.storage.documents import documents
from trueup.storage.views.paging import count_up_to


@dataclass(frozen=True, slots=True)
class Deadline:
    """When something is due: a case (its number), or the answer to an order (partner/number)."""

    at: datetime
    case: int | None = None
    order: str = ""


def next_deadline(connection: sa.Connection, after: datetime) -> Deadline | None:
    """What is due first after a moment: of the open cases, and of the orders whose answer is not proven."""
    query = sa.select(cases.c.deadline, cases.c.id).where(IS_OPEN, cases.c.deadline >= after)
    case = connection.execute(query.order_by(cases.c.deadline, cases.c.id).limit(1)).first()
    order = connection.execute(_NEXT_ANSWER, {"after": after}).first()
    found = [Deadline(case.deadline, case=case.id)] if case else []
    if order:
        found.append(Deadline(order.answer_due_at, order=f"{order.partner}/{order.number}"))
    return min(found, key=lambda each: each.at, default=None)


_NEXT_ANSWER = sa.text(
    "SELECT o.partner, o.number, o.answer_due_at FROM trueup.orders o WHERE o.state <> 'closed' AND NOT o.history"
    " AND o.answer_due_at >= :after AND NOT EXISTS (SELECT FROM trueup.deliveries d WHERE d.order_id = o.id"
    " AND d.revision = o.revision AND d.kind = 'acknowledgement' AND d.state = 'accepted') ORDER BY o.answer_due_at, o.id LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Explained:
    """How much of a month's payments in one currency is explained: all of it, what waits in suspense, and the share in per mille,
    rounded down: nothing that waits is ever all."""

    month: date
    paid: Money
    waits: Money
    permille: int

    @property
    def percent(self) -> Decimal:
        """The share in per cent, with one place."""
        return Decimal(self.permille) / 10


def explained_in(connection: sa.Connection) -> list[Explained]:
    """Of the newest month with payments, each currency, the least explained first. Parts are summed without their signs: what is
    taken and what is given do not explain each other."""
    rows = connection.execute(_EXPLAINED)
    found = [
        Explained(
            row.month,
            Money(int(row.paid), row.currency),
            Money(int(row.waits), row.currency),
            1000 - -(-1000 * min(int(row.waits), int(row.paid)) // int(row.paid)),
        )
        for row in rows
        if row.paid
    ]
    return sorted(found, key=lambda each: (each.permille, each.paid.currency))


_EXPLAINED = sa.text(
    "WITH newest AS (SELECT date_trunc('month', max(paid_on))::date AS month FROM trueup.remittances),"
    " paid AS (SELECT r.id, r.currency, abs(r.amount_minor) AS minor, n.month FROM trueup.remittances r JOIN newest n"
    " ON r.paid_on >= n.month),"
    " waits AS (SELECT s.currency, sum(abs(s.minor)) AS minor FROM trueup.suspense s JOIN paid p ON p.id = s.remittance_id"
    " GROUP BY s.currency)"
    " SELECT p.month, p.currency, sum(p.minor) AS paid, coalesce(max(w.minor), 0) AS waits FROM paid p"
    " LEFT JOIN waits w ON w.currency = p.currency GROUP BY p.month, p.currency"
)


def bank_known_until(connection: sa.Connection) -> date | None:
    """Up to which day every account that is known at all is known; None without one."""
    days = [each.until for each in covered_accounts(connection)]
    return min(days, default=None)


def happened_since(connection: sa.Connection, since: datetime) -> dict[str, Any]:
    """Since a moment: how much arrived (up to 10,000, and whether more did), how many cases were opened, and how many were closed
    by themselves or by people. How many of them stand how now, their own lists say."""
    row = connection.execute(
        sa.select(
            sa.func.count().filter(cases.c.opened_at > since).label("opened"),
            sa.func.count()
            .filter(sa.and_(cases.c.resolved_at > since, cases.c.resolved_by == "trueup"))
            .label("by_itself"),
            sa.func.count()
            .filter(sa.and_(cases.c.resolved_at > since, cases.c.resolved_by != "trueup"))
            .label("by_people"),
        ).where(sa.or_(cases.c.opened_at > since, cases.c.resolved_at > since))
    ).one()
    arrived, more = count_up_to(connection, sa.select(documents.c.id).where(documents.c.received_at > since))
    return {**row._mapping, "arrived": arrived, "more_arrived": more}


def newest_case(connection: sa.Connection) -> int:
    """The id of the case that was opened last; 0 where there is none."""
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(cases.c.id), 0))).scalar_one())


def last_act_before(connection: sa.Connection, person: str, before: datetime) -> datetime | None:
    """When a person did something last, before a moment."""
    query = sa.select(sa.func.max(acts.c.at)).where(
        acts.c.actor == person, acts.c.actor != sa.literal_column("'trueup'"), acts.c.at < before
    )
    found: datetime | None = connection.execute(query).scalar()
    return found
