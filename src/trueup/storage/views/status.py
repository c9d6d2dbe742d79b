"""The installation at a glance: orders by where they stand, open cases with their money, deliveries owed, sources."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.money import Money
from trueup.domain.deliveries import DeliveryState
from trueup.storage import sources
from trueup.storage.cases import IS_OPEN, cases
from trueup.storage.deliveries import deliveries, load_delivery
from trueup.storage.orders import orders
from trueup.storage.stock import reservations
from trueup.storage.views.orders import delivery_json

_OPEN = [
    state.value
    for state in (DeliveryState.PREPARED, DeliveryState.SENT, DeliveryState.RECEIVED, DeliveryState.UNANSWERED)
]


def show_status(connection: sa.Connection) -> dict[str, Any]:
    """Counts and sums; money per currency is never added across."""
    counted = connection.execute(
        sa.select(deliveries.c.kind, deliveries.c.state, sa.func.count()).group_by(
            deliveries.c.kind, deliveries.c.state
        )
    ).all()
    at_risk = connection.execute(
        sa.select(cases.c.risk_currency, sa.func.sum(cases.c.risk_minor), sa.func.count())
        .where(IS_OPEN)
        .group_by(cases.c.risk_currency)
    ).all()
    kinds = connection.execute(
        sa.select(cases.c.kind, sa.func.count()).where(IS_OPEN).group_by(cases.c.kind).order_by(cases.c.kind)
    ).all()
    held = connection.execute(
        sa.select(
            sa.func.coalesce(sa.func.sum(reservations.c.eaches), 0),
            sa.func.coalesce(sa.func.sum(reservations.c.claimed_eaches), 0),
        )
    ).one()
    return {
        "orders": connection.execute(sa.select(sa.func.count()).select_from(orders)).scalar_one(),
        "history_orders": connection.execute(sa.select(sa.func.count()).where(orders.c.history)).scalar_one(),
        "deliveries": {f"{kind} {state}": count for kind, state, count in counted},
        "open_cases": {row.kind: row[1] for row in kinds},
        "money_at_risk": [str(Money(int(total), currency)) for currency, total, _ in at_risk if currency],
        "cases_without_money": sum(count for currency, _, count in at_risk if not currency),
        "reserved_eaches": int(held[0]),
        "claimed_eaches": int(held[1]),
        "sources": list_sources(connection),
    }


def list_sources(connection: sa.Connection) -> list[dict[str, Any]]:
    """What is read from other systems, how far, and how well that goes."""
    return [
        {
            "name": row["name"],
            "query": row["query"],
            "covered_until": write_instant(row["covered_until"]) if row["covered_until"] else None,
            "last_success_at": write_instant(row["last_success_at"]) if row["last_success_at"] else None,
            "failures_in_a_row": row["failures"],
            "last_error": row["last_error"],
            "documents": row["documents"],
        }
        for row in sources.list_sources(connection)
    ]


def list_deliveries(
    connection: sa.Connection,
    *,
    state: str | None = None,
    only_open: bool = False,
    before: int | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Deliveries, the newest first."""
    query = sa.select(deliveries.c.id).order_by(deliveries.c.id.desc()).limit(limit)
    if state:
        query = query.where(deliveries.c.state == state)
    if only_open:
        query = query.where(deliveries.c.state.in_(_OPEN))
    if before is not None:
        query = query.where(deliveries.c.id < before)
    return [delivery_json(load_delivery(connection, found)) for found in connection.execute(query).scalars()]
