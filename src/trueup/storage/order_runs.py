"""Runs about purchase orders: each has a number of its own, and one alone works on an order at a time."""

from __future__ import annotations

import sqlalchemy as sa

from trueup.storage.orders import orders


def next_run(connection: sa.Connection, order_id: int) -> int:
    """The number of the next run about this order: run ids are never used twice."""
    number: int = connection.execute(
        sa.update(orders).where(orders.c.id == order_id).values(runs=orders.c.runs + 1).returning(orders.c.runs)
    ).scalar_one()
    return number


def count_runs(connection: sa.Connection, order_id: int) -> int:
    """How many runs were started about this order so far."""
    number: int = connection.execute(sa.select(orders.c.runs).where(orders.c.id == order_id)).scalar_one()
    return number


def take_lease(connection: sa.Connection, order_id: int, run_id: str, *, note: bool = True) -> bool:
    """Whether this run alone works on the order now. If not, and `note`, whoever does will start another when it ends.

    One statement: between looking and leaving word, whoever works could end without having seen the word.
    """
    free = sa.or_(orders.c.busy_run.is_(None), orders.c.busy_run == run_id)
    holder = connection.execute(
        sa.update(orders)
        .where(orders.c.id == order_id)
        .values(
            busy_run=sa.case((free, run_id), else_=orders.c.busy_run),
            again=sa.case((free, orders.c.again), else_=sa.or_(orders.c.again, sa.literal(note))),
        )
        .returning(orders.c.busy_run)
    ).scalar()
    return holder == run_id


def give_back_lease(connection: sa.Connection, order_id: int, run_id: str) -> bool:
    """Let others work on the order. Returns whether someone asked meanwhile and must be started now."""
    row = connection.execute(
        sa.select(orders.c.busy_run, orders.c.again).where(orders.c.id == order_id).with_for_update()
    ).one()
    if row.busy_run != run_id:
        return False
    connection.execute(sa.update(orders).where(orders.c.id == order_id).values(busy_run=None, again=False))
    return bool(row.again)


def free_orders(connection: sa.Connection, run_id: str) -> list[int]:
    """A run stopped in the middle: its order may be worked on. Returns it where someone asked meanwhile and must be started."""
    held = connection.execute(
        sa.select(orders.c.id, orders.c.again).where(orders.c.busy_run == run_id).with_for_update()
    ).all()
    connection.execute(sa.update(orders).where(orders.c.busy_run == run_id).values(busy_run=None, again=False))
    return [row.id for row in held if row.again]
