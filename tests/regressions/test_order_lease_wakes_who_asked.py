"""Two runs about one order: whoever asks while the other ends is either given the order or called afterwards."""

from __future__ import annotations

import threading
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import ManualClock
from trueup.storage import order_runs, orders
from trueup.storage.database import Database


def test_asking_for_an_order_as_its_holder_ends_is_never_forgotten(database: Database, clock: ManualClock) -> None:
    """Between looking and leaving word, the holder may end: then nobody would have come back for the new revision."""
    with database.transaction() as connection:
        values = dict.fromkeys(("ordered_at", "first_seen_at"), clock.now())
        fixed = {"partner": "p", "number": "PO1", "vendor_code": "V", "state": "new", "revision": 1, "runs": 0}
        row = {**fixed, **values, "history": False, "again": False, "busy_run": "holder"}
        order_id = connection.execute(sa.insert(orders.orders).values(row).returning(orders.orders.c.id)).scalar_one()
    called: list[bool] = []

    def end() -> None:
        with database.transaction() as connection:
            called.append(order_runs.give_back_lease(connection, order_id, "holder"))

    ending = threading.Thread(target=end)

    def after_first(*_: Any) -> None:
        if ending.ident is None:
            ending.start()
            ending.join(timeout=1)

    with database.transaction() as connection:
        sa.event.listen(connection, "after_cursor_execute", after_first)
        taken = order_runs.take_lease(connection, order_id, "asker")
    ending.join()
    assert taken or called == [True]
