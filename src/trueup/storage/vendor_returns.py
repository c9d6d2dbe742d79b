"""Vendor returns in the database: a row for each unit that came back from a buyer and what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict
from trueup.base.money import Money
from trueup.domain.circular import Visibility
from trueup.domain.vendor_returns import ReturnedState, ReturnedUnit
from trueup.storage.schema import metadata

vendor_returns = sa.Table(
    "vendor_returns",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("order_id", sa.BigInteger, sa.ForeignKey("orders.id"), nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("sku", sa.Text, nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("serial", sa.Text, nullable=False),
    sa.Column("become", sa.Text, nullable=False),
    sa.Column("cost_minor", sa.BigInteger),
    sa.Column("currency", sa.Text),
    sa.Column("condition", sa.BigInteger),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("item", sa.BigInteger),
    sa.Column("recorded_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("recorded_by", sa.Text, nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.UniqueConstraint("programme", "serial"),
    sa.Index("ix_vendor_returns_order", "order_id", "sequence"),
    sa.Index("ix_vendor_returns_item", "programme", "item"),
)


def append_returns(
    connection: sa.Connection, units: Iterable[ReturnedUnit], *, by: str, evidence: str, now: datetime
) -> list[int]:
    """Record units; their ids, in order. Raises Conflict for a serial that came back before."""
    found: list[int] = []
    for unit in units:
        here = vendor_returns.c
        known = sa.select(here.recorded_by, here.recorded_at).where(
            here.programme == unit.programme, here.serial == unit.serial
        )
        if (told := connection.execute(known).first()) is not None:
            raise Conflict(
                f"Serial {unit.serial} came back to {unit.programme} before, as {told.recorded_by} said at "
                f"{write_instant(told.recorded_at)}; each unit needs one of its own."
            )
        row = {
            "order_id": unit.order_id,
            "sequence": unit.sequence,
            "sku": unit.sku,
            "programme": unit.programme,
            "serial": unit.serial,
            "become": unit.become.value,
            "cost_minor": unit.cost.minor if unit.cost else None,
            "currency": unit.cost.currency if unit.cost else None,
            "condition": unit.condition,
            "state": unit.state.value,
            "recorded_at": now,
            "changed_at": now,
            "recorded_by": by,
            "evidence": evidence,
            "tries": 0,
        }
        found.append(
            connection.execute(sa.insert(vendor_returns).values(**row).returning(vendor_returns.c.id)).scalar_one()
        )
    return found


def load_order_returns(connection: sa.Connection, order_id: int, *, lock: bool = False) -> list[ReturnedUnit]:
    """What came back of an order, by line."""
    query = sa.select(vendor_returns).where(vendor_returns.c.order_id == order_id)
    query = query.order_by(vendor_returns.c.sequence, vendor_returns.c.id)
    return [_unit_of(row) for row in connection.execute(query.with_for_update() if lock else query).mappings()]


def who_returned(connection: sa.Connection, order_id: int, sku: str) -> tuple[str, datetime]:
    """Who said last what came back of a product of an order, and when; there is some."""
    here = vendor_returns.c
    query = sa.select(here.recorded_by, here.recorded_at).where(here.order_id == order_id, here.sku == sku)
    row = connection.execute(query.order_by(here.id.desc()).limit(1)).one()
    return row.recorded_by, row.recorded_at


def load_return(connection: sa.Connection, unit_id: int) -> ReturnedUnit:
    """One unit, locked."""
    query = sa.select(vendor_returns).where(vendor_returns.c.id == unit_id).with_for_update()
    return _unit_of(connection.execute(query).mappings().one())


def move_return(
    connection: sa.Connection,
    unit_id: int,
    state: ReturnedState,
    now: datetime,
    *,
    item: int | None = None,
    evidence: str = "",
) -> None:
    """It is that far now."""
    facts: dict[str, Any] = {"state": state.value, "changed_at": now}
    if item is not None:
        facts |= {"item": item, "evidence": evidence}
    connection.execute(sa.update(vendor_returns).where(vendor_returns.c.id == unit_id).values(**facts))


def count_try(connection: sa.Connection, unit_id: int) -> int:
    """One more attempt; how many there were."""
    query = sa.update(vendor_returns).where(vendor_returns.c.id == unit_id).values(tries=vendor_returns.c.tries + 1)
    return int(connection.execute(query.returning(vendor_returns.c.tries)).scalar_one())


def load_serials(connection: sa.Connection, programme: str) -> set[str]:
    """The serials of every unit that came back into a programme."""
    query = sa.select(vendor_returns.c.serial).where(vendor_returns.c.programme == programme)
    return set(connection.execute(query).scalars())


def find_origin(connection: sa.Connection, programme: str, item: int) -> dict[str, Any] | None:
    """The order line that an item came back from, and when that was recorded; None for other items."""
    query = sa.select(vendor_returns).where(vendor_returns.c.programme == programme, vendor_returns.c.item == item)
    row = connection.execute(query).mappings().first()
    return dict(row) if row is not None else None


def _unit_of(row: Any) -> ReturnedUnit:
    return ReturnedUnit(
        id=row["id"],
        order_id=row["order_id"],
        sequence=row["sequence"],
        sku=row["sku"],
        programme=row["programme"],
        serial=row["serial"],
        become=Visibility(row["become"]),
        cost=Money(row["cost_minor"], row["currency"]) if row["cost_minor"] is not None else None,
        condition=row["condition"],
        state=ReturnedState(row["state"]),
        item=row["item"],
    )
