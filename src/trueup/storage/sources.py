"""Sources in the database: how far each one has been read, when it last worked, and what it said when it did not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from trueup.storage.schema import metadata

sources = sa.Table(
    "sources",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("query", sa.Text, primary_key=True),
    sa.Column("covered_until", sa.TIMESTAMP(timezone=True)),
    sa.Column("round", sa.BigInteger, nullable=False),
    sa.Column("last_started_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("last_success_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_error", sa.Text, nullable=False),
    sa.Column("documents", sa.BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True)
class SourceState:
    """Where a source stands. `round` numbers its polls, so that each is one run and only one."""

    name: str
    query: str
    covered_until: datetime | None
    round: int
    last_started_at: datetime | None
    last_success_at: datetime | None
    failures: int
    last_error: str


def load_source(connection: sa.Connection, name: str, query: str) -> SourceState:
    """Its state, made on first sight."""
    connection.execute(
        insert(sources)
        .values(name=name, query=query, round=0, failures=0, last_error="", documents=0)
        .on_conflict_do_nothing()
    )
    row = (
        connection.execute(sa.select(sources).where(sources.c.name == name, sources.c.query == query).with_for_update())
        .mappings()
        .one()
    )
    columns = ("covered_until", "round", "last_started_at", "last_success_at", "failures", "last_error")
    return SourceState(name, query, *(row[column] for column in columns))


def start_round(connection: sa.Connection, name: str, query: str, now: datetime) -> int:
    """Number the next poll."""
    number: int = connection.execute(
        sa.update(sources)
        .where(sources.c.name == name, sources.c.query == query)
        .values(round=sources.c.round + 1, last_started_at=now)
        .returning(sources.c.round)
    ).scalar_one()
    return number


def find_round(connection: sa.Connection, name: str, query: str) -> int:
    """The number of the newest round of a source that was set; 0 for none."""
    found = sa.select(sources.c.round).where(sources.c.name == name, sources.c.query == query)
    return int(connection.execute(found).scalar() or 0)


def is_newest_round(connection: sa.Connection, name: str, query: str, run_id: str) -> bool:
    """Whether no later round was set while the run went on, whose id ends in its round's number. Only then may it set the
    next: else a worker that starts in the middle of a round would leave two chains of them."""
    return run_id.rpartition(":")[2] == str(load_source(connection, name, query).round)


def note_success(
    connection: sa.Connection, name: str, query: str, *, covered_until: datetime | None, documents: int, now: datetime
) -> None:
    """It answered, and so much is covered."""
    values: dict[str, Any] = {
        "last_success_at": now,
        "failures": 0,
        "last_error": "",
        "documents": sources.c.documents + documents,
    }
    if covered_until is not None:
        values["covered_until"] = covered_until
    connection.execute(sa.update(sources).where(sources.c.name == name, sources.c.query == query).values(**values))


def note_failure(connection: sa.Connection, name: str, query: str, error: str, *, counts: bool = True) -> int:
    """It did not. Returns how often in a row; what does not count is noted, and adds nothing to what failed before it."""
    often = sources.c.failures + 1 if counts else sa.func.greatest(sources.c.failures, 1)
    number: int = connection.execute(
        sa.update(sources)
        .where(sources.c.name == name, sources.c.query == query)
        .values(failures=often, last_error=error)
        .returning(sources.c.failures)
    ).scalar_one()
    return number


def note_answer(connection: sa.Connection, name: str, query: str) -> None:
    """It answers again: what failed before counts no more. Nothing is said of how far it was read."""
    which = sa.and_(sources.c.name == name, sources.c.query == query, sources.c.failures > 0)
    connection.execute(sa.update(sources).where(which).values(failures=0, last_error=""))


def set_covered(connection: sa.Connection, name: str, query: str, until: datetime) -> None:
    """Read again from there: the next window begins at it."""
    which = sa.and_(sources.c.name == name, sources.c.query == query)
    connection.execute(sa.update(sources).where(which).values(covered_until=until))


def list_sources(connection: sa.Connection) -> list[dict[str, Any]]:
    """All sources as they stand."""
    return [
        dict(row) for row in connection.execute(sa.select(sources).order_by(sources.c.name, sources.c.query)).mappings()
    ]
