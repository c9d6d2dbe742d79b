"""Jobs in the database: long work that a person asked for, how far it is, and what came of it. Its result stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from trueup.base.errors import NotFound
from trueup.storage.schema import metadata

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("args", JSONB, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("done", sa.BigInteger, nullable=False),
    sa.Column("total", sa.BigInteger),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("result", JSONB, nullable=False),
    sa.Column("asked_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("began_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("ended_at", sa.TIMESTAMP(timezone=True)),
    sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name="state"),
    sa.CheckConstraint("(state IN ('done', 'failed', 'cancelled')) = (ended_at IS NOT NULL)", name="ended_when"),
    sa.Index("ix_jobs_actor", "actor", "id"),
)
ENDED = ("done", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of long work. `done` of `total` units are done; None: not counted yet. `result`: what came of it, by name."""

    id: int
    kind: str
    title: str
    args: Mapping[str, Any]
    actor: str
    state: str
    done: int
    total: int | None
    unit: str
    words: str
    result: Mapping[str, Any]
    asked_at: datetime
    began_at: datetime | None
    ended_at: datetime | None


def add_job(
    connection: sa.Connection, kind: str, title: str, args: Mapping[str, Any], actor: str, now: datetime
) -> int:
    """Ask for it. Returns its id."""
    values = {"kind": kind, "title": title, "args": dict(args), "actor": actor, "state": "waiting", "done": 0}
    rest = {"unit": "", "words": "", "result": {}, "asked_at": now}
    return int(connection.execute(sa.insert(jobs).values(**values, **rest).returning(jobs.c.id)).scalar_one())


def load_job(connection: sa.Connection, job_id: int, *, lock: bool = False) -> Job:
    """`lock`: nobody else changes it until this transaction ends. Raises NotFound."""
    query = sa.select(jobs).where(jobs.c.id == job_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound(f"Job {job_id}: there is none of that number.")
    return _job(row)


def list_jobs(connection: sa.Connection, limit: int = 20, *, without: str = "") -> list[Job]:
    """The newest, without a kind; what was asked and what came of each is left away, for it may be long."""
    short = [each for each in jobs.c if each.name not in ("args", "result")]
    nothing = [sa.literal({}, JSONB).label(name) for name in ("args", "result")]
    query = sa.select(*short, *nothing).where(jobs.c.kind != without).order_by(jobs.c.id.desc()).limit(limit)
    return [Job(**row) for row in connection.execute(query).mappings()]


def begin_job(connection: sa.Connection, job_id: int, total: int, unit: str, now: datetime) -> None:
    """It is under way, and so much is to be done."""
    values = {"state": "running", "total": total, "unit": unit, "began_at": sa.func.coalesce(jobs.c.began_at, now)}
    connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(**values))


def note_args(connection: sa.Connection, job_id: int, args: Mapping[str, Any]) -> None:
    """What is asked for, once a file that was handed in is read."""
    connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(args=dict(args)))


def advance_job(connection: sa.Connection, job_id: int, by: int) -> None:
    """So much more of it is done."""
    connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(done=jobs.c.done + by))


def set_done(connection: sa.Connection, job_id: int, done: int) -> bool:
    """So much of it is done in all; False when it has ended, and then nothing is changed."""
    going = sa.update(jobs).where(jobs.c.id == job_id, jobs.c.state.not_in(ENDED)).values(done=done)
    return connection.execute(going).rowcount > 0


def is_there(connection: sa.Connection, job_id: int) -> bool:
    """Whether others see it: not before the transaction that asks for it has ended."""
    return bool(connection.execute(sa.select(sa.exists().where(jobs.c.id == job_id))).scalar_one())


def note_result(connection: sa.Connection, job_id: int, result: Mapping[str, Any]) -> None:
    """What came of it so far."""
    connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(result=dict(result)))


def end_job(connection: sa.Connection, job_id: int, words: str, result: Mapping[str, Any], now: datetime) -> None:
    """It is done."""
    values = {"state": "done", "words": words, "result": dict(result), "ended_at": now}
    connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(**values))


def fail_job(connection: sa.Connection, job_id: int, words: str, now: datetime) -> None:
    """It could not be done; the words say why."""
    values = {"state": "failed", "words": words, "ended_at": now}
    connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(**values))


def cancel_job(connection: sa.Connection, job_id: int, words: str, now: datetime) -> None:
    """It was called off; the words say by whom, and what stays."""
    values = {"state": "cancelled", "words": words, "ended_at": now}
    connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(**values))


def _job(row: Mapping[Any, Any]) -> Job:
    return Job(**{column.name: row[column.name] for column in jobs.c})
