"""What people do about a case before it is resolved: comments, who works on it, and until when it is put aside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from trueup.base.errors import Conflict, NotFound, Refused
from trueup.storage.acts import say_who
from trueup.storage.schema import metadata

case_comments = sa.Table(
    "case_comments",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("case_id", sa.BigInteger, sa.ForeignKey("cases.id"), nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("withdrawn_at", sa.TIMESTAMP(timezone=True)),
    sa.Index("ix_case_comments_case", "case_id", "id"),
)
case_assignments = sa.Table(
    "case_assignments",
    metadata,
    sa.Column("case_id", sa.BigInteger, sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Index("ix_case_assignments_person", "person"),
)
case_snoozes = sa.Table(
    "case_snoozes",
    metadata,
    sa.Column("case_id", sa.BigInteger, sa.ForeignKey("cases.id"), primary_key=True),
    sa.Column("until", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("risk_minor", sa.BigInteger),
)
"""`risk_minor`: the money at risk when it was put aside; a case that got worse comes back by itself."""


@dataclass(frozen=True, slots=True)
class Snooze:
    """Until when a case is put aside, and why."""

    until: datetime
    reason: str


def add_comment(connection: sa.Connection, case_id: int, actor: str, text: str, now: datetime) -> int:
    """Keep a comment; its id."""
    statement = sa.insert(case_comments).values(case_id=case_id, actor=actor, at=now, text=text)
    number: int = connection.execute(statement.returning(case_comments.c.id)).scalar_one()
    return number


def withdraw_comment(connection: sa.Connection, case_id: int, comment_id: int, by: str, now: datetime) -> str:
    """Whoever said it takes it back; what it was. Raises NotFound, Conflict when it is withdrawn, Refused for somebody else's."""
    query = sa.select(case_comments).where(case_comments.c.id == comment_id, case_comments.c.case_id == case_id)
    row = connection.execute(query.with_for_update()).first()
    if row is None:
        raise NotFound(f"Case {case_id} has no comment {comment_id}.")
    if row.actor != by:
        raise Refused(f"Comment {comment_id} is {row.actor}'s: only who said it takes it back.")
    if row.withdrawn_at is not None:
        raise Conflict(f"Comment {comment_id} was withdrawn already; nothing was changed.")
    statement = sa.update(case_comments).where(case_comments.c.id == comment_id).values(withdrawn_at=now)
    connection.execute(statement)
    return str(row.text)


def assign(connection: sa.Connection, case_id: int, person: str | None, now: datetime) -> str | None:
    """Who works on it from now on (None: nobody); returns who did before."""
    query = sa.select(case_assignments.c.person).where(case_assignments.c.case_id == case_id)
    before: str | None = connection.execute(query).scalar()
    if person is None:
        connection.execute(sa.delete(case_assignments).where(case_assignments.c.case_id == case_id))
    else:
        values = {"person": person, "at": now}
        statement = insert(case_assignments).values(case_id=case_id, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["case_id"], set_=values))
    return before


def snooze(
    connection: sa.Connection, case_id: int, wanted: Snooze, by: tuple[str, int | None], now: datetime
) -> Snooze | None:
    """Put it aside; returns until when and why it was before. `by`: who, and the money at risk meanwhile."""
    kept = sa.select(case_snoozes.c.until, case_snoozes.c.reason)
    row = connection.execute(kept.where(case_snoozes.c.case_id == case_id, case_snoozes.c.until > now)).first()
    values = {"until": wanted.until, "reason": wanted.reason, "actor": by[0], "at": now, "risk_minor": by[1]}
    statement = insert(case_snoozes).values(case_id=case_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["case_id"], set_=values))
    return Snooze(row.until, row.reason) if row else None


def load_snooze(connection: sa.Connection, case_id: int) -> Snooze | None:
    """Until when a case is put aside, and why; None where it is not."""
    row = connection.execute(
        sa.select(case_snoozes.c.until, case_snoozes.c.reason).where(case_snoozes.c.case_id == case_id)
    ).first()
    return Snooze(row.until, row.reason) if row else None


def wake(connection: sa.Connection, case_id: int) -> Snooze:
    """Take it up again; until when it was put aside, and why. Raises Conflict when it is not."""
    query = sa.delete(case_snoozes).where(case_snoozes.c.case_id == case_id)
    row = connection.execute(query.returning(case_snoozes.c.until, case_snoozes.c.reason)).first()
    if row is None:
        who = say_who(connection, f"case {case_id}", "case.woken")
        raise Conflict(
            f"Case {case_id} is not put aside{f': it was taken up{who}' if who else ''}; nothing was changed."
        )
    return Snooze(row.until, row.reason)
