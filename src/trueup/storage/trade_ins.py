"""Trade-ins and their credits in the database. A trade-in is recorded once under its key; its credit is prepared once.

Of a gift card's code only its fingerprint and its last characters are kept: the code itself is made again from its key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from trueup.base.errors import NotFound
from trueup.base.money import Money
from trueup.domain.credits import Instrument
from trueup.domain.trade_ins import CreditState, Origin, Standing, TradeIn, TradeInState
from trueup.storage.schema import metadata

trade_ins = sa.Table(
    "trade_ins",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("system", sa.Text, nullable=False),
    sa.Column("sku", sa.Text, nullable=False),
    sa.Column("serial", sa.Text, nullable=False),
    sa.Column("customer", sa.Text, nullable=False),
    sa.Column("quoted_minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.CHAR(3), nullable=False),
    sa.Column("recorded_on", sa.Date, nullable=False),
    sa.Column("recorded_by", sa.Text, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("item_id", sa.BigInteger),
    sa.Column("cost_minor", sa.BigInteger),
    sa.Column("grade", sa.Text, nullable=False),
    sa.Column("value_minor", sa.BigInteger),
    sa.Column("graded_on", sa.Date),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("release", sa.Boolean, nullable=False),
    sa.Column("condition_set", sa.Boolean, nullable=False),
    sa.Column("withdrawn", sa.Boolean, nullable=False),
    sa.Column("runs", sa.Integer, nullable=False),
    sa.Column("leased_by", sa.Text, nullable=False),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.Column("changed_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.CheckConstraint("(value_minor IS NULL) OR (graded_on IS NOT NULL)", name="graded_when"),
    sa.CheckConstraint("quoted_minor > 0", name="of_something"),
    sa.Index("uq_trade_ins_key", "key", unique=True),
    sa.Index("uq_trade_ins_serial", "system", "serial", unique=True),
    sa.Index("ix_trade_ins_item", "system", "item_id"),
    sa.Index("ix_trade_ins_open", "id", postgresql_where=sa.text("state NOT IN ('released', 'refused')")),
)
credits = sa.Table(
    "credits",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("trade_in_id", sa.BigInteger, sa.ForeignKey("trade_ins.id"), nullable=False, unique=True),
    sa.Column("instrument", sa.Text, nullable=False),
    sa.Column("shop", sa.Text, nullable=False),
    sa.Column("customer", sa.Text, nullable=False),
    sa.Column("minor", sa.BigInteger, nullable=False),
    sa.Column("currency", sa.CHAR(3), nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("owed_on", sa.Date, nullable=False),
    sa.Column("expires_on", sa.Date),
    sa.Column("fingerprint", sa.CHAR(64)),
    sa.Column("last_characters", sa.Text, nullable=False),
    sa.Column("remote_id", sa.Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("issued_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("shown_minor", sa.BigInteger),
    sa.Column("spent_minor", sa.BigInteger, nullable=False),
    sa.Column("expired_minor", sa.BigInteger, nullable=False),
    sa.Column("broken_minor", sa.BigInteger, nullable=False),
    sa.Column("usable", sa.Boolean, nullable=False),
    sa.Column("seen_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.CheckConstraint("minor > 0", name="of_something"),
    sa.CheckConstraint("spent_minor >= 0 AND expired_minor >= 0 AND broken_minor >= 0", name="moved_forward"),
    sa.CheckConstraint("spent_minor + broken_minor <= minor", name="moved_within"),
    sa.Index("uq_credits_remote", "shop", "remote_id", unique=True, postgresql_where=sa.text("remote_id <> ''")),
)
credit_attempts = sa.Table(
    "credit_attempts",
    metadata,
    sa.Column("credit_id", sa.BigInteger, sa.ForeignKey("credits.id"), primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True),
    sa.Column("begun_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("before_minor", sa.BigInteger),
)
"""A send that was begun. `before_minor`: what the customer had of store credit just before."""


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit as it stands. `remote_id`: the shop's id of the gift card, or of the store-credit movement.

    `spent`, `expired`, `broken`: what customers paid with it, what the shop let expire, what finance decided is owed no more;
    in minor units. `shown`: what the shop said at `seen_at` is left of it, None where it was not asked yet.
    """

    id: int
    trade_in: int
    instrument: Instrument
    shop: str
    customer: str
    amount: Money
    state: CreditState
    owed_on: date
    expires_on: date | None
    fingerprint: str
    last_characters: str
    remote_id: str
    attempt: int
    issued_at: datetime | None = None
    shown: int | None = None
    spent: int = 0
    expired: int = 0
    broken: int = 0
    usable: bool = True
    seen_at: datetime | None = None

    @property
    def owed(self) -> Money:
        """What we still owe on it by our books."""
        return Money(self.amount.minor - self.spent - self.broken, self.amount.currency)


@dataclass(frozen=True, slots=True)
class SavedTradeIn:
    """A trade-in with its row's id, its credit where one is owed, and how far its item is."""

    id: int
    system: str
    trade_in: TradeIn
    standing: Standing
    credit: Credit | None
    cost: Money | None
    runs: int
    evidence: str


def append_trade_in(
    connection: sa.Connection, system: str, told: TradeIn, by: str, evidence: str, now: datetime
) -> int | None:
    """Record it; returns its id, or None when its key, or its serial in the system, is there already."""
    values = {
        "key": told.key,
        "system": system,
        "sku": told.sku,
        "serial": told.serial,
        "customer": told.customer,
        "quoted_minor": told.quoted.minor,
        "currency": told.quoted.currency,
        "recorded_on": told.recorded_on,
        "recorded_by": by,
        "origin": told.origin.value,
        "state": told.state.value,
        "item_id": told.item,
        "grade": told.grade,
        "value_minor": told.value.minor if told.value else None,
        "graded_on": told.graded_on,
        "why": told.why,
        "release": False,
        "condition_set": False,
        "withdrawn": False,
        "runs": 0,
        "leased_by": "",
        "evidence": evidence,
        "changed_at": now,
    }
    statement = insert(trade_ins).values(**values).on_conflict_do_nothing().returning(trade_ins.c.id)
    found: int | None = connection.execute(statement).scalar()
    return found


def find_trade_in(connection: sa.Connection, key: str, *, lock: bool = False) -> SavedTradeIn:
    """By its key. Raises NotFound."""
    return _one(connection, trade_ins.c.key == key, f"trade-in {key!r}", lock=lock)


def load_trade_in(connection: sa.Connection, trade_in_id: int, *, lock: bool = False) -> SavedTradeIn:
    """By its id. Raises NotFound."""
    return _one(connection, trade_ins.c.id == trade_in_id, f"trade-in {trade_in_id}", lock=lock)


def find_by_serial(connection: sa.Connection, system: str, serial: str) -> SavedTradeIn | None:
    """The trade-in whose item has that serial, if there is one."""
    try:
        which = sa.and_(trade_ins.c.system == system, trade_ins.c.serial == serial)
        return _one(connection, which, serial, lock=False)
    except NotFound:
        return None


def list_trade_ins(
    connection: sa.Connection,
    *conditions: sa.ColumnElement[bool],
    only_open: bool = False,
    words: str = "",
    before: int | None = None,
    limit: int = 1000,
) -> list[SavedTradeIn]:
    """The newest first, from before one (by id); `words`: those that bear them in key, serial or SKU."""
    query = wanted_trade_ins(*conditions, only_open=only_open, words=words).order_by(trade_ins.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(trade_ins.c.id < before)
    return [_saved(row) for row in connection.execute(query).mappings()]


def wanted_trade_ins(*conditions: sa.ColumnElement[bool], only_open: bool = False, words: str = "") -> sa.Select[Any]:
    """The same as a query, with the credit of each."""
    query = _JOINED.where(*conditions)
    if words:
        named = (trade_ins.c.key, trade_ins.c.serial, trade_ins.c.sku)
        query = query.where(sa.or_(*(column.icontains(words, autoescape=True) for column in named)))
    if only_open:
        query = query.where(trade_ins.c.state.not_in(("released", "refused")))
    return query


def load_credits(connection: sa.Connection, state: CreditState | None = None) -> list[SavedTradeIn]:
    """Every trade-in with a credit, of one state or all, the oldest first."""
    query = _JOINED.where(credits.c.id.is_not(None)).order_by(credits.c.id)
    if state is not None:
        query = query.where(credits.c.state == state.value)
    return [_saved(row) for row in connection.execute(query).mappings()]


_COLUMNS = [column.label(f"credit_{column.name}") for column in credits.c]
_JOINED = sa.select(trade_ins, *_COLUMNS).select_from(
    trade_ins.outerjoin(credits, credits.c.trade_in_id == trade_ins.c.id)
)


def _one(connection: sa.Connection, which: sa.ColumnElement[bool], what: str, *, lock: bool) -> SavedTradeIn:
    if lock:
        # Before it is read: whoever waited here would see the credit as it was before the wait.
        connection.execute(sa.select(trade_ins.c.id).where(which).with_for_update())
    row = connection.execute(_JOINED.where(which)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"No {what} is known; `trueup trade-ins list` shows them.")
    return _saved(row)


def save_trade_in(
    connection: sa.Connection, saved: SavedTradeIn, changed: TradeIn, now: datetime, **facts: Any
) -> None:
    """Bring a trade-in to what it is now; `facts` are further columns."""
    values = {
        "state": changed.state.value,
        "customer": changed.customer,
        "item_id": changed.item,
        "grade": changed.grade,
        "value_minor": changed.value.minor if changed.value else None,
        "graded_on": changed.graded_on,
        "why": changed.why,
        "changed_at": now,
        **facts,
    }
    connection.execute(sa.update(trade_ins).where(trade_ins.c.id == saved.id).values(**values))


def next_run(connection: sa.Connection, trade_in_id: int) -> int:
    """The number of its next run."""
    statement = sa.update(trade_ins).where(trade_ins.c.id == trade_in_id).values(runs=trade_ins.c.runs + 1)
    return int(connection.execute(statement.returning(trade_ins.c.runs)).scalar_one())


def take_lease(connection: sa.Connection, trade_in_id: int, run_id: str) -> bool:
    """Whether the trade-in is this run's to work on: of two runs one does it all, for it looks again after each act."""
    free = trade_ins.c.leased_by.in_(("", run_id))
    statement = sa.update(trade_ins).where(trade_ins.c.id == trade_in_id, free).values(leased_by=run_id)
    return connection.execute(statement.returning(trade_ins.c.id)).first() is not None


def free_lease(connection: sa.Connection, run_id: str) -> list[int]:
    """The run is over, whatever came of it. Returns the trade-ins that it held."""
    statement = sa.update(trade_ins).where(trade_ins.c.leased_by == run_id).values(leased_by="")
    return list(connection.execute(statement.returning(trade_ins.c.id)).scalars())


def prepare_credit(connection: sa.Connection, credit: Credit, evidence: str) -> int:
    """The one credit of a trade-in; the table refuses a second."""
    values = {
        "trade_in_id": credit.trade_in,
        "instrument": credit.instrument.value,
        "shop": credit.shop,
        "customer": credit.customer,
        "minor": credit.amount.minor,
        "currency": credit.amount.currency,
        "state": credit.state.value,
        "owed_on": credit.owed_on,
        "expires_on": credit.expires_on,
        "fingerprint": credit.fingerprint or None,
        "last_characters": credit.last_characters,
        "remote_id": credit.remote_id,
        "attempt": credit.attempt,
        "spent_minor": 0,
        "expired_minor": 0,
        "broken_minor": 0,
        "usable": True,
        "evidence": evidence,
    }
    return int(connection.execute(sa.insert(credits).values(**values).returning(credits.c.id)).scalar_one())


def move_credit(connection: sa.Connection, credit_id: int, **facts: Any) -> None:
    """What is known of a credit now: state, remote_id, issued_at, what was spent ..."""
    plain = {name: value.value if isinstance(value, CreditState) else value for name, value in facts.items()}
    connection.execute(sa.update(credits).where(credits.c.id == credit_id).values(**plain))


def begin_attempt(connection: sa.Connection, credit: Credit, now: datetime, before: Money | None = None) -> bool:
    """Whether this attempt begins for the first time. False: it may have reached the shop already."""
    statement = insert(credit_attempts).values(
        credit_id=credit.id,
        attempt=credit.attempt,
        begun_at=now,
        before_minor=before.minor if before is not None else None,
    )
    done = connection.execute(statement.on_conflict_do_nothing().returning(credit_attempts.c.attempt)).first()
    return done is not None


def load_attempts(connection: sa.Connection, credit_id: int) -> Sequence[sa.Row[Any]]:
    """Every send of a credit that was begun, the newest first."""
    query = sa.select(credit_attempts).where(credit_attempts.c.credit_id == credit_id)
    return connection.execute(query.order_by(credit_attempts.c.attempt.desc())).all()


def _saved(row: Any) -> SavedTradeIn:
    currency = row["currency"]
    trade_in = TradeIn(
        key=row["key"],
        sku=row["sku"],
        serial=row["serial"],
        quoted=Money(row["quoted_minor"], currency),
        recorded_on=row["recorded_on"],
        customer=row["customer"],
        origin=Origin(row["origin"]),
        state=TradeInState(row["state"]),
        item=row["item_id"],
        grade=row["grade"],
        value=Money(row["value_minor"], currency) if row["value_minor"] is not None else None,
        graded_on=row["graded_on"],
        why=row["why"],
    )
    credit = _credit(row) if row["credit_id"] is not None else None
    standing = Standing(
        trade_in, credit.state if credit else None, row["condition_set"], row["release"], row["withdrawn"]
    )
    cost = Money(row["cost_minor"], currency) if row["cost_minor"] is not None else None
    return SavedTradeIn(row["id"], row["system"], trade_in, standing, credit, cost, row["runs"], row["evidence"])


def _credit(row: Any) -> Credit:
    return Credit(
        id=row["credit_id"],
        trade_in=row["credit_trade_in_id"],
        instrument=Instrument(row["credit_instrument"]),
        shop=row["credit_shop"],
        customer=row["credit_customer"],
        amount=Money(row["credit_minor"], row["credit_currency"]),
        state=CreditState(row["credit_state"]),
        owed_on=row["credit_owed_on"],
        expires_on=row["credit_expires_on"],
        fingerprint=row["credit_fingerprint"] or "",
        last_characters=row["credit_last_characters"],
        remote_id=row["credit_remote_id"],
        attempt=row["credit_attempt"],
        issued_at=row["credit_issued_at"],
        shown=row["credit_shown_minor"],
        spent=row["credit_spent_minor"],
        expired=row["credit_expired_minor"],
        broken=row["credit_broken_minor"],
        usable=row["credit_usable"],
        seen_at=row["credit_seen_at"],
    )
