"""Deliveries to look at: what went out, whether it is proven to be held, and what it answers line by line."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from trueup.base.errors import Invalid
from trueup.domain.deliveries import DeliveryState
from trueup.storage.deliveries import load_answer, load_delivery
from trueup.storage.orders import orders
from trueup.storage.views.orders import decision_json, delivery_json
from trueup.storage.views.status import list_deliveries as rows_of

STATES = tuple(state.value for state in DeliveryState)


def list_deliveries(
    connection: sa.Connection,
    *,
    state: str | None = None,
    only_open: bool = False,
    before: int | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Deliveries, the newest first, each with its order by its name. Raises Invalid for a state that there is not."""
    if state is not None and state not in STATES:
        raise Invalid(f"--state {state}: expected one of {', '.join(STATES)}.")
    rows = rows_of(connection, state=state, only_open=only_open, before=before, limit=limit)
    named = _names(connection, {row["order_id"] for row in rows})
    return [{**row, "order": named.get(row["order_id"])} for row in rows]


def show_delivery(connection: sa.Connection, delivery_id: int) -> dict[str, Any]:
    """One delivery with what it answers. Raises NotFound."""
    shown = delivery_json(load_delivery(connection, delivery_id))
    answer = [{"sequence": line.sequence, **decision_json(line)} for line in load_answer(connection, delivery_id)]
    named = _names(connection, {shown["order_id"]})
    return {**shown, "order": named.get(shown["order_id"]), "answer": answer}


def _names(connection: sa.Connection, order_ids: set[int | None]) -> dict[int | None, str]:
    query = sa.select(orders.c.id, orders.c.partner, orders.c.number).where(
        orders.c.id.in_([found for found in order_ids if found is not None])
    )
    return {row.id: f"{row.partner}/{row.number}" for row in connection.execute(query)}
