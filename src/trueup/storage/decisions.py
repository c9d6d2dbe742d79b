"""Decisions in the database: the answer to each line of an order as it stands, each with the hash of what it was decided on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from trueup.domain.acknowledgements import Answer, Before, LineDecision
from trueup.domain.cases import Resolution
from trueup.storage.json_values import from_json, to_json
from trueup.storage.schema import metadata

decision_numbers = sa.Sequence("decision_number", metadata=metadata)
decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("order_id", sa.BigInteger, sa.ForeignKey("orders.id"), primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("line_digest", sa.CHAR(64), nullable=False),
    sa.Column("body", JSONB, nullable=False),
    sa.Column("current", sa.Boolean, nullable=False),
    sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("evidence", sa.CHAR(64), nullable=False),
    sa.Index("ix_decisions_evidence", "evidence"),
    sa.Index("uq_decisions_current", "order_id", "sequence", unique=True, postgresql_where=sa.text('"current"')),
)
lifted_holds = sa.Table(
    "lifted_holds",
    metadata,
    sa.Column("order_id", sa.BigInteger, sa.ForeignKey("orders.id"), primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("line_digest", sa.CHAR(64), primary_key=True),
    sa.Column("rule", sa.Text, primary_key=True),
    sa.Column("resolution", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
)
answers = sa.Table(
    "answers",
    metadata,
    sa.Column("order_id", sa.BigInteger, sa.ForeignKey("orders.id"), primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("answered", JSONB, nullable=False),
    sa.Column("first_at", sa.TIMESTAMP(timezone=True), nullable=False),
)


@dataclass(frozen=True, slots=True)
class SavedDecision:
    """A line's decision and the digest of the line's terms it was made for."""

    number: int
    revision: int
    line_digest: str
    decision: LineDecision
    decided_at: datetime
    evidence: str


def next_decision_number(connection: sa.Connection) -> int:
    """A new number, shared by all lines decided together."""
    return connection.execute(sa.select(decision_numbers.next_value())).scalar_one()


def save_decision(connection: sa.Connection, order_id: int, saved: SavedDecision, actor: str) -> None:
    """The line's decision from now on; earlier ones stay, no longer current."""
    save_decisions(connection, order_id, [saved], actor)


def save_decisions(connection: sa.Connection, order_id: int, made: Sequence[SavedDecision], actor: str) -> None:
    """The lines' decisions from now on; earlier ones stay, no longer current."""
    if not made:
        return
    sequences = [saved.decision.sequence for saved in made]
    earlier = sa.and_(decisions.c.order_id == order_id, decisions.c.sequence.in_(sequences), decisions.c.current)
    connection.execute(sa.update(decisions).where(earlier).values(current=False))
    rows = [
        {
            "order_id": order_id,
            "sequence": saved.decision.sequence,
            "number": saved.number,
            "revision": saved.revision,
            "line_digest": saved.line_digest,
            "body": to_json(saved.decision),
            "current": True,
            "decided_at": saved.decided_at,
            "actor": actor,
            "evidence": saved.evidence,
        }
        for saved in made
    ]
    connection.execute(sa.insert(decisions), rows)


def drop_decision(connection: sa.Connection, order_id: int, sequence: int) -> None:
    """The line is undecided again."""
    connection.execute(
        sa.update(decisions)
        .where(decisions.c.order_id == order_id, decisions.c.sequence == sequence, decisions.c.current)
        .values(current=False)
    )


def load_decisions(connection: sa.Connection, order_id: int) -> dict[int, SavedDecision]:
    """The current decision of each decided line."""
    rows = connection.execute(
        sa.select(decisions).where(decisions.c.order_id == order_id, decisions.c.current)
    ).mappings()
    return {row["sequence"]: _saved(row) for row in rows}


def list_decisions(connection: sa.Connection, order_id: int) -> list[SavedDecision]:
    """Every decision ever made about an order, oldest first."""
    rows = connection.execute(
        sa.select(decisions).where(decisions.c.order_id == order_id).order_by(decisions.c.number, decisions.c.sequence)
    ).mappings()
    return [_saved(row) for row in rows]


@dataclass(frozen=True, slots=True)
class LiftedHold:
    """What a person decided about a line that a rule held. It holds for these terms of the line alone."""

    sequence: int
    line_digest: str
    rule: str
    resolution: Resolution
    actor: str


def lift_hold(connection: sa.Connection, order_id: int, lifted: LiftedHold, now: datetime) -> None:
    """The rule holds the line no longer; deciding again replaces what was decided."""
    decided = {"resolution": lifted.resolution.value, "actor": lifted.actor, "at": now}
    connection.execute(
        insert(lifted_holds)
        .values(
            order_id=order_id,
            sequence=lifted.sequence,
            line_digest=lifted.line_digest,
            rule=lifted.rule,
            **decided,
        )
        .on_conflict_do_update(index_elements=["order_id", "sequence", "line_digest", "rule"], set_=decided)
    )


def load_lifted(connection: sa.Connection, order_id: int) -> dict[tuple[int, str], dict[str, tuple[Resolution, str]]]:
    """By (line, digest of its terms): rule -> (what was decided, by whom)."""
    found: dict[tuple[int, str], dict[str, tuple[Resolution, str]]] = {}
    for row in connection.execute(sa.select(lifted_holds).where(lifted_holds.c.order_id == order_id)).mappings():
        of_line = found.setdefault((row["sequence"], row["line_digest"]), {})
        of_line[row["rule"]] = (Resolution(row["resolution"]), row["actor"])
    return found


def save_answers(connection: sa.Connection, order_id: int, sent: tuple[LineDecision, ...], now: datetime) -> None:
    """What went out for each line: Amazon never reopens a rejected one, so it must be remembered for ever."""
    if not sent:
        return
    statement = insert(answers)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["order_id", "sequence"], set_={"answered": statement.excluded.answered}
        ),
        [
            {
                "order_id": order_id,
                "sequence": decision.sequence,
                "answered": to_json(_before(decision)),
                "first_at": now,
            }
            for decision in sent
        ],
    )


def _before(decision: LineDecision) -> Before:
    ordered = sum(part.quantity.amount for part in decision.parts)
    return Before(frozenset(part.answer for part in decision.parts), ordered, decision.quantity(Answer.REJECTED))


def load_answers(connection: sa.Connection, order_id: int) -> tuple[dict[int, Before], datetime | None]:
    """What was last answered to each line, and when the order was first answered at all."""
    rows = connection.execute(sa.select(answers).where(answers.c.order_id == order_id)).mappings().all()
    first = min((row["first_at"] for row in rows), default=None)
    return {row["sequence"]: from_json(row["answered"], Before) for row in rows}, first


def _saved(row: sa.RowMapping) -> SavedDecision:
    return SavedDecision(
        number=row["number"],
        revision=row["revision"],
        line_digest=row["line_digest"],
        decision=from_json(row["body"], LineDecision),
        decided_at=row["decided_at"],
        evidence=row["evidence"],
    )
