"""Answers in the database: what a program was told under a key of its own, for as long as it may ask again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from trueup.storage.schema import metadata

api_answers = sa.Table(
    "api_answers",
    metadata,
    sa.Column("token", sa.BigInteger, sa.ForeignKey("access_tokens.id"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("request", sa.CHAR(64), nullable=False),
    sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("body", JSONB),
    sa.Index("ix_api_answers_at", "at"),
)
KEPT = timedelta(days=7)
"""How long the same answer is given."""


@dataclass(frozen=True, slots=True)
class AskedUnder:
    """A request under a key: by which token, under which key, and the hash of all that it asks."""

    token: int
    key: str
    request: str


def begin_answer(connection: sa.Connection, asked: AskedUnder, now: datetime) -> bool:
    """Whether it is asked for the first time. Who asks at the same time waits here until this transaction ends."""
    connection.execute(sa.delete(api_answers).where(api_answers.c.at < now - KEPT))
    values = {"token": asked.token, "key": asked.key, "request": asked.request, "at": now}
    new = insert(api_answers).values(values).on_conflict_do_nothing().returning(api_answers.c.key)
    return connection.execute(new).first() is not None


def save_answer(connection: sa.Connection, asked: AskedUnder, body: dict[str, Any]) -> None:
    """What was answered, in the transaction that did it."""
    connection.execute(sa.update(api_answers).where(_here(asked)).values(body=body))


def load_answer(connection: sa.Connection, asked: AskedUnder) -> tuple[str, dict[str, Any]]:
    """The hash of what was asked under the key, and what was answered."""
    query = sa.select(api_answers.c.request, api_answers.c.body).where(_here(asked))
    row = connection.execute(query).one()
    return row.request, row.body


def _here(asked: AskedUnder) -> sa.ColumnElement[bool]:
    return sa.and_(api_answers.c.token == asked.token, api_answers.c.key == asked.key)
