"""Purchase orders in the database: one row an order, one an unchangeable revision, one a line of each revision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from trueup.base.errors import NotFound
from trueup.domain.deliveries import DeliveryState
from trueup.domain.orders import OrderChange, OrderState, PurchaseOrder, owed_from, revise, still_owed_from
from trueup.storage.deliveries import deliveries
from trueup.storage.json_values import from_json, to_json
from trueup.storage.schema import metadata

orders = sa.Table(
    "orders",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("partner", sa.Text, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("vendor_code", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("ordered_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("first_seen_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("answer_due_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("history", sa.Boolean, nullable=False),
    sa.Column("busy_run", sa.Text),
    sa.Column("again", sa.Boolean, nullable=False),
    sa.Column("runs", sa.Integer, nullable=False),
    sa.UniqueConstraint("partner", "number"),
    sa.Index("ix_orders_ordered_at", "ordered_at", "id"),
    sa.Index("ix_orders_due", sa.text("coalesce(answer_due_at, ordered_at)"), "id"),
    sa.Index("ix_orders_open", "id", postgresql_where=sa.text("state <> 'closed'")),
)
revisions = sa.Table(
    "order_revisions",
    metadata,
    sa.Column("order_id", sa.BigInteger, sa.ForeignKey("orders.id"), primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("terms_digest", sa.CHAR(64), nullable=False),
    sa.Column("body", JSONB, nullable=False),
    sa.Column("change", JSONB, nullable=False),
    sa.Column("route", sa.Text, nullable=False),
    sa.Column("due_from", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("received_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("envelope", JSONB, nullable=False),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.Index("ix_order_revisions_evidence", "evidence"),
)
order_lines = sa.Table(
    "order_lines",
    metadata,
    sa.Column("order_id", sa.BigInteger, sa.ForeignKey("orders.id"), primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("vendor_code", sa.Text, nullable=False),
    sa.Column("sku", sa.Text, nullable=False),
    sa.Column("eaches", sa.BigInteger, nullable=False),
    sa.Index("ix_order_lines_history", "vendor_code", "sku", sa.text("eaches DESC")),
)


@dataclass(frozen=True, slots=True)
class SavedOrder:
    """An order as it stands: its row, and the revision asked for."""

    id: int
    revision: int
    order: PurchaseOrder
    change: OrderChange
    due_from: datetime
    first_seen_at: datetime
    received_at: datetime
    envelope: dict[str, Any]
    evidence: str
    terms_digest: str
    history: bool
    """Answered before we came: kept for what it teaches, never answered by us."""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What became of an order that arrived. `revision` is new when `is_new`; `closed` when only now it became so."""

    order_id: int
    revision: int
    is_new: bool
    closed: bool


@dataclass(frozen=True, slots=True)
class Arrived:
    """How an order came: the hash of its document, what an answer needs of the envelopes, and the times these bear."""

    evidence: str
    received_at: datetime
    envelope: dict[str, Any]
    sent: tuple[datetime, ...] = ()


def take_in(connection: sa.Connection, order: PurchaseOrder, arrived: Arrived) -> TakenIn:
    """Save an order by number and revision: the same terms again change nothing, older terms seen again are told by their time.

    A revision that arrives late (its change time before the newest we hold) is kept out: pages come re-ordered.
    """
    row = _lock_order(connection, order, arrived)
    held = _latest(connection, row["id"]) if row["revision"] else None
    stale = held is not None and _changed(order) < _changed(held)
    closes = order.state is OrderState.CLOSED and row["state"] != OrderState.CLOSED.value
    if not stale and row["state"] != order.state.value:
        connection.execute(sa.update(orders).where(orders.c.id == row["id"]).values(state=order.state.value))
    digest = order.terms_digest()
    if stale or (held is not None and held.terms_digest() == digest):
        return TakenIn(row["id"], row["revision"], False, closes and not stale)
    number = row["revision"] + 1
    due_from = owed_from(order, arrived.sent, arrived.received_at)
    former = _unanswered_from(connection, row, held) if held else None
    every = tuple(line.sequence for line in order.lines)
    connection.execute(
        sa.insert(revisions).values(
            order_id=row["id"],
            revision=number,
            terms_digest=digest,
            body=to_json(order),
            change=to_json(revise(held, order) if held else OrderChange((), (), every)),
            route=order.route.value,
            due_from=still_owed_from(due_from, former) if former else due_from,
            received_at=arrived.received_at,
            envelope=arrived.envelope,
            evidence=arrived.evidence,
        )
    )
    connection.execute(sa.update(orders).where(orders.c.id == row["id"]).values(revision=number))
    return TakenIn(row["id"], number, True, closes)


def _lock_order(connection: sa.Connection, order: PurchaseOrder, arrived: Arrived) -> Any:
    """The order's own row, made on first sight, locked."""
    connection.execute(
        insert(orders)
        .values(
            partner=order.partner,
            number=order.number,
            vendor_code=order.vendor_code,
            state=order.state.value,
            revision=0,
            ordered_at=order.ordered_at,
            first_seen_at=arrived.received_at,
            history=False,
            again=False,
            runs=0,
        )
        .on_conflict_do_nothing(index_elements=["partner", "number"])
    )
    return (
        connection.execute(
            sa.select(orders)
            .where(orders.c.partner == order.partner, orders.c.number == order.number)
            .with_for_update()
        )
        .mappings()
        .one()
    )


def _unanswered_from(connection: sa.Connection, row: Any, held: PurchaseOrder) -> datetime | None:
    """From when an answer to the newest revision's terms is owed; None when it left, or when none is: nothing was ordered
    any more, the order was closed, or someone else answered it before we came."""
    owed = any(line.ordered.amount > 0 for line in held.lines)
    if row["history"] or row["state"] == OrderState.CLOSED.value or not owed:
        return None
    left = (DeliveryState.SENT.value, DeliveryState.RECEIVED.value, DeliveryState.ACCEPTED.value)
    newest = sa.and_(deliveries.c.order_id == row["id"], deliveries.c.revision == row["revision"])
    answered = connection.execute(sa.select(deliveries.c.id).where(newest, deliveries.c.state.in_(left)).limit(1))
    if answered.first() is not None:
        return None
    query = sa.select(revisions.c.due_from).where(
        revisions.c.order_id == row["id"], revisions.c.revision == row["revision"]
    )
    found: datetime = connection.execute(query).scalar_one()
    return found


def _changed(order: PurchaseOrder) -> datetime:
    return order.changed_at or order.ordered_at


def _latest(connection: sa.Connection, order_id: int) -> PurchaseOrder | None:
    body = connection.execute(
        sa.select(revisions.c.body)
        .where(revisions.c.order_id == order_id)
        .order_by(revisions.c.revision.desc())
        .limit(1)
    ).scalar()
    return from_json(body, PurchaseOrder) if body is not None else None


_LOCK = sa.select(orders.c.id).where(orders.c.id == sa.bindparam("wanted_order")).with_for_update()
_REVISION = sa.and_(
    revisions.c.order_id == orders.c.id,
    revisions.c.revision == sa.func.coalesce(sa.bindparam("wanted_revision", type_=sa.Integer), orders.c.revision),
)
_CURRENT = revisions.c.revision == orders.c.revision
_LOADED = (
    orders.c.number,
    orders.c.state,
    orders.c.revision.label("newest"),
    orders.c.first_seen_at,
    orders.c.history,
    *(column for column in revisions.c if column.name not in ("order_id", "route")),
)
_LOAD = (
    sa.select(*_LOADED)
    .select_from(orders.outerjoin(revisions, _REVISION))
    .where(orders.c.id == sa.bindparam("wanted_order"))
)


def load_order(
    connection: sa.Connection, order_id: int, revision: int | None = None, *, lock: bool = False
) -> SavedOrder:
    """An order at a revision (the newest by default). Raises NotFound."""
    if lock:  # a statement of its own: a revision that we waited for is visible to the next one alone
        connection.execute(_LOCK, {"wanted_order": order_id})
    row = connection.execute(_LOAD, {"wanted_order": order_id, "wanted_revision": revision}).mappings().first()
    if row is None:
        raise NotFound(f"Order {order_id}: no such order.")
    if row["body"] is None:
        wanted = revision or row["newest"]
        raise NotFound(f"Order {row['number']}: no revision {wanted}; the newest is {row['newest']}.")
    return _saved(order_id, row)


@dataclass(frozen=True, slots=True)
class Span:
    """What was placed or issued since an instant, and known here until another."""

    since: datetime
    until: datetime


def list_placed(
    connection: sa.Connection, partner: str, vendor_code: str, span: Span, *, limit: int
) -> list[SavedOrder]:
    """The newest orders of a vendor code that were placed in a span, each as it stands."""
    query = (
        sa.select(orders.c.id.label("placed"), *_LOADED)
        .select_from(orders.join(revisions, sa.and_(revisions.c.order_id == orders.c.id, _CURRENT)))
        .where(*_placed(partner, vendor_code, span))
        .order_by(orders.c.ordered_at.desc(), orders.c.id.desc())
        .limit(limit)
    )
    return [_saved(row["placed"], row) for row in connection.execute(query).mappings()]


def count_placed(connection: sa.Connection, partner: str, vendor_code: str, span: Span) -> int:
    """How many orders of a vendor code were placed in a span."""
    query = sa.select(sa.func.count()).where(*_placed(partner, vendor_code, span))
    return int(connection.execute(query).scalar_one())


def _placed(partner: str, vendor_code: str, span: Span) -> tuple[sa.ColumnElement[bool], ...]:
    table = orders.c
    whose = table.partner == partner, table.vendor_code == vendor_code
    return *whose, table.ordered_at >= span.since, table.first_seen_at <= span.until


def _saved(order_id: int, row: Any) -> SavedOrder:
    return SavedOrder(
        id=order_id,
        revision=row["revision"],
        order=from_json(row["body"] | {"state": row["state"]}, PurchaseOrder),
        change=from_json(row["change"], OrderChange),
        due_from=row["due_from"],
        first_seen_at=row["first_seen_at"],
        received_at=row["received_at"],
        envelope=row["envelope"],
        evidence=row["evidence"],
        terms_digest=row["terms_digest"],
        history=row["history"],
    )


def find_order(connection: sa.Connection, partner: str, number: str) -> int | None:
    """The id of an order by its natural key."""
    return connection.execute(
        sa.select(orders.c.id).where(orders.c.partner == partner, orders.c.number == number)
    ).scalar()


def find_order_by_number(connection: sa.Connection, number: str) -> list[int]:
    """Ids of every partner's order of that number: a number alone may be ambiguous."""
    return list(
        connection.execute(sa.select(orders.c.id).where(orders.c.number == number).order_by(orders.c.id)).scalars()
    )


def current_revision(connection: sa.Connection, order_id: int) -> int:
    """The newest revision's number."""
    number: int = connection.execute(sa.select(orders.c.revision).where(orders.c.id == order_id)).scalar_one()
    return number


def mark_history(connection: sa.Connection, order_id: int) -> None:
    """It was answered before we came."""
    connection.execute(sa.update(orders).where(orders.c.id == order_id).values(history=True))


def note_closed(connection: sa.Connection, order_id: int) -> bool:
    """The buyer shows it closed. Whether that is news."""
    news = sa.and_(orders.c.id == order_id, orders.c.state != OrderState.CLOSED.value)
    closed = sa.update(orders).where(news).values(state=OrderState.CLOSED.value)
    return connection.execute(closed).rowcount > 0


def set_answer_due(connection: sa.Connection, order_id: int, due_at: datetime) -> None:
    """When the newest revision must be answered."""
    connection.execute(sa.update(orders).where(orders.c.id == order_id).values(answer_due_at=due_at))


def save_line_units(
    connection: sa.Connection, order_id: int, vendor_code: str, lines: Iterable[tuple[int, str, int]]
) -> None:
    """Remember (sequence, sku, eaches) of an order's lines: the history by which a quantity is judged absurd."""
    values = [
        {"order_id": order_id, "sequence": sequence, "vendor_code": vendor_code, "sku": sku, "eaches": eaches}
        for sequence, sku, eaches in lines
    ]
    if not values:
        return
    statement = insert(order_lines)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["order_id", "sequence"],
            set_={"sku": statement.excluded.sku, "eaches": statement.excluded.eaches},
        ),
        values,
    )


def largest_before(connection: sa.Connection, vendor_code: str, skus: Iterable[str], order_id: int) -> dict[str, int]:
    """The largest line ever of each product for a vendor code, in eaches, this order's own left out."""
    # A name of its own: within the inner query `sku` would be the line's, and every product's lines would be looked at.
    wanted = sa.func.unnest(sa.cast(list(skus), sa.ARRAY(sa.Text))).column_valued("wanted_sku")
    largest = (
        sa.select(order_lines.c.eaches)
        .where(
            order_lines.c.vendor_code == vendor_code, order_lines.c.sku == wanted, order_lines.c.order_id != order_id
        )
        .order_by(order_lines.c.eaches.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = connection.execute(sa.select(wanted, largest)).all()
    return {sku: eaches for sku, eaches in rows if eaches is not None}
