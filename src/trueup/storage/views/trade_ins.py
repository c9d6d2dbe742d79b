"""Trade-ins and credits as people see them: rows, and one with its whole story."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.errors import Invalid
from trueup.base.money import Money
from trueup.domain.trade_ins import CreditState, TradeInState
from trueup.storage import acts, trade_ins
from trueup.storage.journal import journal_entries
from trueup.storage.trade_ins import Credit, SavedTradeIn
from trueup.storage.views.growing import Growing, GrowingRows


class CreditStep(StrEnum):
    """How far a trade-in's credit has come. Each has all that came so far, those that came further among them."""

    PROMISED = "promised"
    """Quoted, and not refused."""
    INSPECTED = "inspected"
    """Graded, so that a credit is owed."""
    PAID = "paid"
    """Given, by the shop's own word."""
    BOOKED = "booked"
    """On the books as owed."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How many trade-ins have come to a step, and the money of each at that step, a sum a currency."""

    step: CreditStep
    count: int
    amounts: tuple[Money, ...]


_T, _C = trade_ins.trade_ins.c, trade_ins.credits.c
_REACHED: dict[CreditStep, sa.ColumnElement[bool]] = {
    CreditStep.PROMISED: _T.state != TradeInState.REFUSED.value,
    CreditStep.INSPECTED: _T.value_minor.is_not(None),
    CreditStep.PAID: sa.and_(_C.id.is_not(None), _C.state == CreditState.ISSUED.value),
    CreditStep.BOOKED: sa.exists().where(journal_entries.c.key == "trade-in " + _T.key + " accepted"),
}


def step_named(text: str) -> CreditStep | None:
    """A step by its name, None for "". Raises Invalid."""
    if not text:
        return None
    try:
        return CreditStep(text)
    except ValueError:
        raise Invalid(f"Step {text!r}: expected one of {', '.join(CreditStep)}.") from None


def count_steps(connection: sa.Connection) -> list[Reached]:
    """The way of credits from the promise to the books: a step's rows are those of `page_trade_ins` with that step."""
    joined = trade_ins.trade_ins.outerjoin(trade_ins.credits, _C.trade_in_id == _T.id)
    found = []
    for step, reached in _REACHED.items():
        amount = _T.quoted_minor if step is CreditStep.PROMISED else _C.minor
        query = sa.select(_T.currency, sa.func.count().label("rows"), sa.func.sum(amount).label("minor"))
        rows = connection.execute(query.select_from(joined).where(reached).group_by(_T.currency)).all()
        amounts = tuple(Money(int(row.minor), row.currency) for row in sorted(rows, key=lambda row: row.currency))
        found.append(Reached(step, sum(row.rows for row in rows), amounts))
    return found


def list_trade_ins(connection: sa.Connection, *, only_open: bool, limit: int) -> list[dict[str, Any]]:
    """The newest first."""
    return [row_of(each) for each in trade_ins.list_trade_ins(connection, only_open=only_open, limit=limit)]


@dataclass(frozen=True, slots=True)
class TradeInFilter:
    """Which trade-ins: whose item is not done with; that bear `words` in key, serial or SKU; whose credit came that far."""

    only_open: bool = False
    words: str = ""
    step: CreditStep | None = None


def page_trade_ins(
    connection: sa.Connection, wanted: TradeInFilter, *, before: int | None, limit: int
) -> list[dict[str, Any]]:
    """The newest first, from before one by its id, each with its credit."""
    conditions = [] if wanted.step is None else [_REACHED[wanted.step]]
    found = trade_ins.list_trade_ins(
        connection, *conditions, only_open=wanted.only_open, words=wanted.words, before=before, limit=limit
    )
    return [
        {**row_of(each), "id": each.id, "credit": credit_row(each, each.credit) if each.credit else None}
        for each in found
    ]


def growing_trade_ins(wanted: TradeInFilter) -> Growing:
    """The same as a list that grows."""
    conditions = [] if wanted.step is None else [_REACHED[wanted.step]]
    query = trade_ins.wanted_trade_ins(*conditions, only_open=wanted.only_open, words=wanted.words)
    return GrowingRows(query, _T.id)


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


def growing_credits() -> Growing:
    """Credits as a list that grows: a new one is owed."""
    return GrowingRows(sa.select(_C.id), _C.id)


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
