"""From order to cash: how much stands at each stage now, by currency. Every sum is over what is open, never over all history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trueup.base.money import Money, UnitPrice
from trueup.storage.orders import orders
from trueup.storage.views.orders import STAGES, orders_query

RECENT = timedelta(days=30)
"""What was paid and what reached the bank is not open: of them the last days are summed."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How many things stand at a stage, and their money, the largest currency first."""

    count: int
    money: tuple[Money, ...]


def load_standings(connection: sa.Connection, now: datetime, case_costs: Sequence[str]) -> dict[str, Standing]:
    """Each stage by its name. `case_costs`: the vendor codes (partner/code) whose cost is agreed per case, not per each."""
    found = {name: _of_orders(connection, name, case_costs) for name in STAGES}
    since = {"since": (now - RECENT).date()}
    for name, query in _OPEN.items():
        found[name] = _standing(connection.execute(query, since if ":since" in query.text else {}).mappings().all())
    return found


def _of_orders(connection: sa.Connection, stage: str, case_costs: Sequence[str]) -> Standing:
    ids = connection.execute(orders_query(standing=stage).with_only_columns(orders.c.id)).scalars().all()
    query = _OF_ORDERS[stage]
    values = {"ids": list(ids), "case_costs": list(case_costs)} if "case_costs" in query.text else {"ids": list(ids)}
    return Standing(len(ids), _standing(connection.execute(query, values).mappings().all()).money)


def _standing(rows: Sequence[Mapping[Any, Any]]) -> Standing:
    money = sorted((each for row in rows if (each := _money(row))), key=lambda each: -abs(each.minor))
    return Standing(sum(row["count"] for row in rows), tuple(money))


def _money(row: Mapping[Any, Any]) -> Money | None:
    if not row["currency"] or row["amount"] is None:
        return None
    if row["in_minor"]:
        found = Money(int(row["amount"]), row["currency"])
    else:
        found = UnitPrice.of(row["amount"], row["currency"]).rounded()
    return found if found.minor else None


# What an order is worth: a case's cost is for the case only where the agreement says so.
_EACHES = (
    "CASE WHEN line -> 'ordered' ->> 'unit' = 'case' AND NOT o.partner || '/' || o.vendor_code = ANY(CAST(:case_costs AS text[]))"
    " THEN coalesce((line -> 'ordered' ->> 'unit_size')::numeric, 1) ELSE 1 END"
)
_WORTH = (
    "SELECT line -> 'net_cost' ->> 'currency' AS currency, count(DISTINCT o.id) AS count, false AS in_minor,"
    f" sum((line -> 'ordered' ->> 'amount')::numeric * (line -> 'net_cost' ->> 'value')::numeric * {_EACHES}) AS amount"
    " FROM trueup.orders o JOIN trueup.order_revisions r ON r.order_id = o.id AND r.revision = o.revision,"
    " jsonb_array_elements(r.body -> 'lines') AS line WHERE o.id = ANY(:ids)"
    " AND (line -> 'ordered' ->> 'amount')::numeric > 0 GROUP BY 1"
)
_ANSWERED = (
    "SELECT risk_currency AS currency, count(*), true AS in_minor, sum(risk_minor) AS amount FROM (SELECT DISTINCT ON (order_id)"
    " risk_currency, risk_minor FROM trueup.deliveries WHERE order_id = ANY(:ids) AND state <> 'superseded'"
    " ORDER BY order_id, id DESC) AS newest GROUP BY 1"
)
_OF_ORDERS: Mapping[str, sa.TextClause] = {
    "to-answer": sa.text(_WORTH),
    "to-prove": sa.text(_ANSWERED),
    "to-invoice": sa.text(_ANSWERED),
}
_OPEN: Mapping[str, sa.TextClause] = {
    "invoiced": sa.text(
        "SELECT currency, count(*), true AS in_minor, sum(minor) AS amount FROM trueup.open_invoices WHERE minor > 0 GROUP BY 1"
    ),
    "claimed": sa.text(
        "SELECT currency, count(*), true AS in_minor, sum(taken_minor - given_minor - lost_minor) AS amount FROM trueup.claims"
        " WHERE taken_minor <> given_minor + lost_minor GROUP BY 1"
    ),
    "paid": sa.text(
        "SELECT currency, count(*), true AS in_minor, sum(amount_minor) AS amount FROM trueup.remittances"
        " WHERE posting = 'posted' AND paid_on > :since GROUP BY 1"
    ),
    "banked": sa.text(
        "SELECT r.currency, count(*), true AS in_minor, sum(r.amount_minor) AS amount FROM trueup.bank_ties t"
        " CROSS JOIN LATERAL unnest(t.payments) AS name JOIN trueup.remittances r"
        " ON r.partner = split_part(name, '/', 1) AND r.payment = substr(name, length(r.partner) + 2)"
        " WHERE r.paid_on > :since GROUP BY 1"
    ),
}
