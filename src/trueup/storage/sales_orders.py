"""Sales orders in the database: what each purchase order became in the shop, as last read back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from trueup.domain.orders import OrderState
from trueup.domain.sales_orders import ShownOrder
from trueup.storage.json_values import from_json, to_json
from trueup.storage.orders import orders
from trueup.storage.schema import metadata

sales_orders = sa.Table(
    "sales_orders",
    metadata,
    sa.Column("order_id", sa.BigInteger, sa.ForeignKey("orders.id"), primary_key=True),
    sa.Column("shop", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("remote_id", sa.Text, nullable=False),
    sa.Column("remote_name", sa.Text, nullable=False),
    sa.Column("shown", JSONB, nullable=False),
    sa.Column("agrees", sa.Boolean, nullable=False),
    sa.Column("wanted", sa.CHAR(64), nullable=False),
    sa.Column("proof", sa.Text, nullable=False),
    sa.Column("read_back_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.UniqueConstraint("shop", "key"),
    sa.Index("ix_sales_orders_remote", "shop", "remote_id"),
    sa.Index("ix_sales_orders_evidence", "evidence"),
)


@dataclass(frozen=True, slots=True)
class SavedSalesOrder:
    """The shop's order. `wanted` is the hash of what it was asked to hold; `proof` says in words what was seen to have risen."""

    shop: str
    shown: ShownOrder
    agrees: bool
    wanted: str
    proof: str
    read_back_at: datetime
    evidence: str


def save_sales_order(connection: sa.Connection, order_id: int, key: str, saved: SavedSalesOrder) -> None:
    """What the shop showed last."""
    values = {
        "shop": saved.shop,
        "key": key,
        "remote_id": saved.shown.id,
        "remote_name": saved.shown.name,
        "shown": to_json(saved.shown),
        "agrees": saved.agrees,
        "wanted": saved.wanted,
        "proof": saved.proof,
        "read_back_at": saved.read_back_at,
        "evidence": saved.evidence,
    }
    connection.execute(
        insert(sales_orders)
        .values(order_id=order_id, **values)
        .on_conflict_do_update(index_elements=["order_id"], set_=values)
    )


def load_sales_order(connection: sa.Connection, order_id: int) -> SavedSalesOrder | None:
    """The shop's order of a purchase order, if there ever was one."""
    row = connection.execute(sa.select(sales_orders).where(sales_orders.c.order_id == order_id)).mappings().first()
    if row is None:
        return None
    shown = from_json(row["shown"], ShownOrder)
    return SavedSalesOrder(
        row["shop"], shown, row["agrees"], row["wanted"], row["proof"], row["read_back_at"], row["evidence"]
    )


def doubt_orders(connection: sa.Connection, shop: str, remote_ids: Iterable[str]) -> list[int]:
    """Somebody says that these orders of the shop have changed: what was read of them holds no more until they are read again.

    Returns the purchase orders that they stand for; those of others are not ours, and of closed ones nothing is owed.
    """
    wanted = sorted(set(remote_ids))
    if not wanted:
        return []
    doubted = (
        sa.update(sales_orders)
        .where(
            sales_orders.c.shop == shop,
            sales_orders.c.remote_id.in_(wanted),
            sales_orders.c.order_id == orders.c.id,
            orders.c.state != OrderState.CLOSED.value,
        )
        .values(agrees=False)
    )
    return sorted(connection.execute(doubted.returning(sales_orders.c.order_id)).scalars())


def forget_wanted(connection: sa.Connection, order_id: int) -> None:
    """A person wants the shop brought to what was asked for, whatever it shows now."""
    connection.execute(sa.update(sales_orders).where(sales_orders.c.order_id == order_id).values(wanted=""))
