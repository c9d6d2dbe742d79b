"""What orders are worth: nothing is zero, and what has no cost is counted, not left out in silence."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import sqlalchemy as sa

from tests.filled import fill
from trueup.base.money import Money
from trueup.storage.database import Database
from trueup.storage.views.money_stages import load_standings, load_worths

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def _line(ordered: int, cost: str | None) -> dict[str, object]:
    net = {"value": cost, "currency": "USD"} if cost is not None else None
    return {"ordered": {"amount": ordered, "unit": "each"}, "net_cost": net}


ORDERS = {
    1: [_line(2, "10.00"), _line(3, None)],
    2: [_line(1, None)],
    3: [_line(4, "0.00")],
    4: [_line(0, "5.00")],
}


def test_nothing_is_zero_and_a_line_without_a_cost_is_counted(database: Database) -> None:
    """Of each order, and in the sum of the stage; an order that says nothing of money says why."""
    with database.transaction() as connection:
        fill(connection, "orders", (1, 4), {"number": "'N' || n", "partner": "'p'", "state": "'open'", "revision": "1"})
        for order, lines in ORDERS.items():
            body = "'" + json.dumps({"lines": lines}).replace(":", "\\:") + "'"
            fill(connection, "order_revisions", (order, order), {"order_id": "n", "revision": "1", "body": body})
    with database.transaction() as connection:
        worths = load_worths(connection, [1, 2, 3, 4], [])
        assert [each.money for each in worths.values()] == [(Money(2000, "USD"),), (), (Money(0, "USD"),), ()]
        assert [each.costless for each in worths.values()] == [1, 1, 0, 0]
        assert [each.why for each in worths.values()] == [
            "1 of 2 of its lines have no cost",
            "none of its lines has a cost",
            "",
            "no line of it orders anything",
        ]
        fill(
            connection,
            "deliveries",
            (1, 1),
            {
                "order_id": "3",
                "kind": "'acknowledgement'",
                "state": "'accepted'",
                "risk_minor": "0",
                "risk_currency": "'USD'",
            },
        )
        assert load_worths(connection, [3], [])[3].money == (Money(0, "USD"),), (
            "what was declined is worth nothing, and said"
        )
        standing = load_standings(connection, NOW, [])["to-answer"]
        listed = connection.execute(sa.text("SELECT count(*) FROM trueup.orders")).scalar_one()
        assert standing.count <= listed
