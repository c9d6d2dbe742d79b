"""Rest a delivery: a send that met a paused connection goes out when that goes on, and gives its order back till then."""

from __future__ import annotations

from datetime import timedelta

from trueup.storage import deliveries, order_runs
from trueup.workflows.taking_in import start_answering
from trueup.workflows.world import Tx


def rest_delivery(tx: Tx, delivery_id: int, order_id: int, run_id: str, pause_seconds: int) -> None:
    """Try it again after that; what comes due meanwhile is told by the pause."""
    delivery = deliveries.load_delivery(tx.connection, delivery_id, lock=True)
    attempt = deliveries.next_attempt(tx.connection, delivery)
    due = tx.now + timedelta(seconds=pause_seconds)
    tx.at(due, "resend", f"send:{delivery.id}:{attempt}", delivery.id, attempt, order_id)
    if order_runs.give_back_lease(tx.connection, order_id, run_id):
        start_answering(tx, order_id)
