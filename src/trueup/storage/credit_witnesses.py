"""What the shop says of customers' store credit as a whole, in the database: the other witness of credits."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from trueup.base.money import Money
from trueup.storage.schema import metadata

store_credit_accounts = sa.Table(
    "store_credit_accounts",
    metadata,
    sa.Column("shop", sa.Text, primary_key=True),
    sa.Column("customer", sa.Text, primary_key=True),
    sa.Column("currency", sa.CHAR(3), primary_key=True),
    sa.Column("minor", sa.BigInteger, nullable=False),
    sa.Column("seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
)
"""What customers with credits of ours have of store credit as a whole, as the shop said last."""


def save_account(connection: sa.Connection, shop: str, customer: str, balance: Money, now: datetime) -> None:
    """What a customer has of store credit now."""
    values = {"shop": shop, "customer": customer, "currency": balance.currency, "minor": balance.minor, "seen_at": now}
    fresh = {"minor": balance.minor, "seen_at": now}
    statement = insert(store_credit_accounts).values(**values)
    connection.execute(statement.on_conflict_do_update(index_elements=["shop", "customer", "currency"], set_=fresh))
