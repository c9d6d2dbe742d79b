"""What an import of remittances leaves behind: the cases opened since it began, and what of its payments waits."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from trueup.base.money import Money


def last_case(connection: sa.Connection) -> int:
    """The id of the newest case there is, 0 without any: what is above it later was opened since."""
    return int(connection.execute(sa.text("SELECT coalesce(max(id), 0) FROM trueup.cases")).scalar_one())


def cases_since(connection: sa.Connection, last: int) -> list[dict[str, Any]]:
    """The cases above an id that are open: how many of each kind, and the money at risk in them."""
    rows = connection.execute(_SINCE, {"last": last})
    return [
        {
            "kind": row.kind,
            "cases": row.cases,
            "at_risk": str(Money(int(row.minor), row.currency)) if row.currency else None,
        }
        for row in rows
    ]


_SINCE = sa.text(
    "SELECT kind, risk_currency AS currency, count(*) AS cases, sum(risk_minor) AS minor FROM trueup.cases"
    " WHERE id > :last AND state = 'open' GROUP BY kind, risk_currency ORDER BY kind, risk_currency"
)


def waiting_of(connection: sa.Connection, partner: str, payments: Collection[str]) -> list[dict[str, Any]]:
    """What waits of these payments, by kind of case and currency: lines, cases, and their sum as Amazon pays."""
    rows = connection.execute(_WAITING, {"partner": partner, "payments": list(payments)})
    return [
        {"kind": row.kind, "lines": row.lines, "cases": row.cases, "amount": str(Money(int(row.minor), row.currency))}
        for row in rows
    ]


_WAITING = sa.text(
    "SELECT s.kind, s.currency, count(*) AS lines, count(DISTINCT s.subject) AS cases, sum(s.minor) AS minor"
    " FROM trueup.remittances r JOIN trueup.suspense s ON s.remittance_id = r.id"
    " WHERE r.partner = :partner AND r.payment = ANY(:payments) GROUP BY s.kind, s.currency ORDER BY s.kind, s.currency"
)
