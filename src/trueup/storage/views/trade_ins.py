"""Trade-ins and credits as people see them: rows, and one with its whole story."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.money import Money
from trueup.storage import acts, trade_ins
from trueup.storage.trade_ins import Credit, SavedTradeIn


def list_trade_ins(connection: sa.Connection, *, only_open: bool, limit: int) -> list[dict[str, Any]]:
    """The newest first."""
    return [row_of(each) for each in trade_ins.list_trade_ins(connection, only_open=only_open, limit=limit)]


def page_trade_ins(
    connection: sa.Connection, *, only_open: bool, before: int | None, limit: int, words: str = ""
) -> list[dict[str, Any]]:
    """The newest first, from before one by its id, each with its credit; `words`: in key, serial or SKU."""
    found = trade_ins.list_trade_ins(connection, only_open=only_open, words=words, before=before, limit=limit)
    return [
        {**row_of(each), "id": each.id, "credit": credit_row(each, each.credit) if each.credit else None}
        for each in found
    ]


def show_trade_in(connection: sa.Connection, key: str) -> dict[str, Any]:
    """One with its credit and what people did. Raises NotFound."""
    saved = trade_ins.find_trade_in(connection, key)
    history = [
        {"at": write_instant(row["at"]), "by": row["actor"], "act": row["act"], "after": row["after"]}
        for row in acts.list_acts(connection, f"trade-in {key}")
    ]
    credit = credit_row(saved, saved.credit) if saved.credit else None
    return {**row_of(saved), "id": saved.id, "credit": credit, "evidence": saved.evidence, "acts": history}


def find_key_of(connection: sa.Connection, programme: str, item: int) -> str | None:
    """The trade-in that an item was made for; None for other items."""
    table = trade_ins.trade_ins.c
    query = sa.select(table.key).where(table.system == programme, table.item_id == item)
    found: str | None = connection.execute(query).scalar()
    return found


def list_credits(connection: sa.Connection, today: date, *, every: bool = False) -> list[dict[str, Any]]:
    """Credits that are owed, or all that ever were, the oldest first, with how long each has been owed."""
    return [
        {**credit_row(saved, saved.credit), "days": (today - saved.credit.owed_on).days}
        for saved in trade_ins.load_credits(connection)
        if saved.credit is not None and (every or saved.credit.owed)
    ]


def row_of(saved: SavedTradeIn) -> dict[str, Any]:
    """A trade-in in one row."""
    trade_in, credit = saved.trade_in, saved.credit
    return {
        "key": trade_in.key,
        "state": trade_in.state.value,
        "origin": trade_in.origin.value,
        "sku": trade_in.sku,
        "serial": trade_in.serial,
        "customer": trade_in.customer or None,
        "quoted": str(trade_in.quoted),
        "grade": trade_in.grade or None,
        "value": str(trade_in.value) if trade_in.value else None,
        "item": trade_in.item,
        "item_cost": str(saved.cost) if saved.cost else None,
        "credit_state": credit.state.value if credit else None,
        "recorded_on": trade_in.recorded_on.isoformat(),
        "why": trade_in.why or None,
    }


def credit_row(saved: SavedTradeIn, credit: Credit) -> dict[str, Any]:
    """A credit in one row. Of a code only the last characters."""
    currency = credit.amount.currency
    minor = {"spent": credit.spent, "expired": credit.expired, "broken": credit.broken}
    return {
        "trade_in": saved.trade_in.key,
        "instrument": credit.instrument.value,
        "shop": credit.shop,
        "customer": credit.customer or None,
        "amount": str(credit.amount),
        "owed": str(credit.owed),
        **{name: str(Money(value, currency)) for name, value in minor.items()},
        "shop_shows": str(Money(credit.shown, currency)) if credit.shown is not None else None,
        "state": credit.state.value,
        "ends_in": credit.last_characters or None,
        "owed_on": credit.owed_on.isoformat(),
        "expires_on": credit.expires_on.isoformat() if credit.expires_on else None,
        "issued_at": write_instant(credit.issued_at) if credit.issued_at else None,
        "seen_at": write_instant(credit.seen_at) if credit.seen_at else None,
        "usable": credit.usable,
        "shop_id": credit.remote_id or None,
    }
