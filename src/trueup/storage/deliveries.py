"""Deliveries in the database: each outgoing document, its state, its attempts, and the proof of its landing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from trueup.base.errors import NotFound
from trueup.base.ids import Digest
from trueup.base.money import Money
from trueup.domain.acknowledgements import LineDecision
from trueup.domain.deliveries import Delivery, DeliveryState, move
from trueup.storage.json_values import from_json, to_json
from trueup.storage.schema import metadata

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("order_id", sa.BigInteger, sa.ForeignKey("orders.id")),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("digest", sa.CHAR(64), nullable=False),
    sa.Column("due_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("prepared_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("sent_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("receipt", sa.Text, nullable=False),
    sa.Column("proof", sa.Text, nullable=False),
    sa.Column("proved_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("control", sa.Text),
    sa.Column("unheld", JSONB, nullable=False),
    sa.Column("answer", JSONB, nullable=False),
    sa.Column("risk_minor", sa.BigInteger),
    sa.Column("risk_currency", sa.CHAR(3)),
    sa.CheckConstraint("(risk_minor IS NULL) = (risk_currency IS NULL)", name="risk_whole"),
    sa.Index("ix_deliveries_order", "order_id", "id"),
    sa.Index("ix_deliveries_open", "state", "due_at"),
    sa.Index("ix_deliveries_control", "channel", "control"),
    sa.Index("ix_deliveries_digest", "digest"),
)
attempts = sa.Table(
    "delivery_attempts",
    metadata,
    sa.Column("delivery_id", sa.BigInteger, sa.ForeignKey("deliveries.id"), primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True),
    sa.Column("begun_at", sa.TIMESTAMP(timezone=True), nullable=False),
)
control_numbers = sa.Table(
    "control_numbers",
    metadata,
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("last", sa.BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A document to be delivered. `control` is the EDI group control number that a 997 will name; None on an API."""

    key: str
    kind: str
    order_id: int | None
    revision: int
    channel: str
    digest: Digest
    due_at: datetime
    risk: Money | None = None
    control: str | None = None
    answer: tuple[LineDecision, ...] = ()


def prepare_delivery(connection: sa.Connection, new: NewDelivery, now: datetime) -> Delivery:
    """Save it as prepared; the same key again gives the one that is there."""
    connection.execute(
        insert(deliveries)
        .values(
            key=new.key,
            kind=new.kind,
            order_id=new.order_id,
            revision=new.revision,
            channel=new.channel,
            state=DeliveryState.PREPARED.value,
            digest=new.digest,
            due_at=new.due_at,
            prepared_at=now,
            attempt=0,
            receipt="",
            proof="",
            control=new.control,
            unheld=[],
            answer=to_json(new.answer),
            risk_minor=new.risk.minor if new.risk else None,
            risk_currency=new.risk.currency if new.risk else None,
        )
        .on_conflict_do_nothing(index_elements=["key"])
    )
    row = connection.execute(sa.select(deliveries).where(deliveries.c.key == new.key)).mappings().one()
    return _delivery(row)


def load_delivery(connection: sa.Connection, delivery_id: int, *, lock: bool = False) -> Delivery:
    """Raises NotFound."""
    query = sa.select(deliveries).where(deliveries.c.id == delivery_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound(f"Delivery {delivery_id}: no such delivery.")
    return _delivery(row)


def find_delivery(connection: sa.Connection, key: str) -> Delivery | None:
    """The delivery with that natural key, if there is one."""
    row = connection.execute(sa.select(deliveries).where(deliveries.c.key == key)).mappings().first()
    return _delivery(row) if row else None


def load_answer(connection: sa.Connection, delivery_id: int) -> tuple[LineDecision, ...]:
    """What a delivery answers, line by line, as it was when it was prepared."""
    body = connection.execute(sa.select(deliveries.c.answer).where(deliveries.c.id == delivery_id)).scalar_one()
    return tuple(from_json(line, LineDecision) for line in body)


def load_order_deliveries(connection: sa.Connection, order_id: int, kind: str = "acknowledgement") -> list[Delivery]:
    """An order's deliveries of a kind, oldest first."""
    rows = connection.execute(
        sa.select(deliveries)
        .where(deliveries.c.order_id == order_id, deliveries.c.kind == kind)
        .order_by(deliveries.c.id)
    ).mappings()
    return [_delivery(row) for row in rows]


def was_answered(connection: sa.Connection, order_id: int) -> bool:
    """Whether an answer to the order left and may stand at the buyer, or was proven once."""
    left = (DeliveryState.SENT, DeliveryState.RECEIVED, DeliveryState.ACCEPTED)
    found = load_order_deliveries(connection, order_id)
    return any(each.state in left or (each.proved_at and each.state is DeliveryState.SUPERSEDED) for each in found)


def find_by_control(connection: sa.Connection, channel: str, control: str) -> Delivery | None:
    """The delivery whose group control number a functional acknowledgement names."""
    row = (
        connection.execute(
            sa.select(deliveries)
            .where(deliveries.c.channel == channel, deliveries.c.control == control)
            .order_by(deliveries.c.id.desc())
            .limit(1)
        )
        .mappings()
        .first()
    )
    return _delivery(row) if row else None


def move_delivery(
    connection: sa.Connection, delivery: Delivery, to: DeliveryState, now: datetime, **facts: Any
) -> Delivery:
    """Bring it to another state with what is known now (receipt, proof). Raises Conflict where its life has no such step."""
    move(delivery.state, to, delivery.key)
    values: dict[str, Any] = {"state": to.value, **facts}
    if to in (DeliveryState.ACCEPTED, DeliveryState.REJECTED):
        values["proved_at"] = now
    moved = sa.update(deliveries).where(deliveries.c.id == delivery.id).values(**values).returning(deliveries)
    return _delivery(connection.execute(moved).mappings().one())


def next_attempt(connection: sa.Connection, delivery: Delivery) -> int:
    """The number of the next send."""
    number = delivery.attempt + 1
    connection.execute(sa.update(deliveries).where(deliveries.c.id == delivery.id).values(attempt=number))
    return number


def begin_attempt(connection: sa.Connection, delivery_id: int, attempt: int, now: datetime) -> bool:
    """Whether this is the first time that this attempt begins. False: it may have reached the other side already."""
    return (
        connection.execute(
            insert(attempts)
            .values(delivery_id=delivery_id, attempt=attempt, begun_at=now)
            .on_conflict_do_nothing()
            .returning(attempts.c.attempt)
        ).first()
        is not None
    )


def begun_at(connection: sa.Connection, delivery: Delivery) -> datetime | None:
    """When its newest attempt began: from then on it may have reached the other side."""
    found: datetime | None = connection.execute(
        sa.select(attempts.c.begun_at).where(
            attempts.c.delivery_id == delivery.id, attempts.c.attempt == delivery.attempt
        )
    ).scalar()
    return found


def supersede_older(connection: sa.Connection, order_id: int, newest: int | None, now: datetime) -> list[int]:
    """A newer answer replaces every other: Amazon holds the last one per line. Returns the ids of those replaced.

    With `newest` None nothing is owed any more: only answers that are not proven to stand there are given up.
    """
    replaced = []
    for delivery in load_order_deliveries(connection, order_id):
        proven = delivery.state is DeliveryState.ACCEPTED and newest is None
        gives_way = not proven and delivery.state is not DeliveryState.SUPERSEDED
        if delivery.id != newest and gives_way:
            move_delivery(connection, delivery, DeliveryState.SUPERSEDED, now)
            replaced.append(delivery.id)
    return replaced


def next_control_number(connection: sa.Connection, channel: str, kind: str) -> int:
    """Gapless per channel and kind: the number is taken in the transaction that uses it."""
    statement = insert(control_numbers).values(channel=channel, kind=kind, last=1)
    number: int = connection.execute(
        statement.on_conflict_do_update(
            index_elements=["channel", "kind"], set_={"last": control_numbers.c.last + 1}
        ).returning(control_numbers.c.last)
    ).scalar_one()
    return number


def _delivery(row: Any) -> Delivery:
    return Delivery(
        id=row["id"],
        key=row["key"],
        kind=row["kind"],
        order_id=row["order_id"],
        revision=row["revision"],
        channel=row["channel"],
        state=DeliveryState(row["state"]),
        digest=Digest(row["digest"]),
        due_at=row["due_at"],
        prepared_at=row["prepared_at"],
        attempt=row["attempt"],
        sent_at=row["sent_at"],
        receipt=row["receipt"],
        proof=row["proof"],
        proved_at=row["proved_at"],
        unheld=tuple(row["unheld"]),
        risk=Money(row["risk_minor"], row["risk_currency"]) if row["risk_minor"] is not None else None,
    )
