"""Vendor reports in the database: each that was or is to be asked for, how far it is, and what came of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from trueup.base.errors import NotFound
from trueup.domain.report_plans import Planned
from trueup.domain.vendor_reports import Question, ReportKind, Scope
from trueup.storage.schema import metadata

vendor_reports = sa.Table(
    "vendor_reports",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("edition", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("view", sa.Text, nullable=False),
    sa.Column("program", sa.Text, nullable=False),
    sa.Column("begins", sa.TIMESTAMP(timezone=True)),
    sa.Column("ends", sa.TIMESTAMP(timezone=True)),
    sa.Column("asked_by", sa.Text, nullable=False),
    sa.Column("planned_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("moved_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("run", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("looks", sa.Integer, nullable=False),
    sa.Column("reference", sa.Text),
    sa.Column("others", ARRAY(sa.Text), nullable=False),
    sa.Column("made_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("digest", sa.Text),
    sa.Column("products", sa.Integer),
    sa.Column("words", sa.Text, nullable=False),
    sa.UniqueConstraint("source", "question", "edition"),
    sa.Index("ix_vendor_reports_state", "source", "state"),
)


class ReportState(StrEnum):
    """PLANNED: to be asked for. ASKED: Amazon makes it. KEPT: its figures are here. EMPTY: there was nothing to say."""

    PLANNED = "planned"
    ASKED = "asked"
    KEPT = "kept"
    EMPTY = "empty"
    FAILED = "failed"


SETTLED = (ReportState.KEPT, ReportState.EMPTY, ReportState.FAILED)


@dataclass(frozen=True, slots=True)
class SavedReport:
    """A report as it stands. `run` numbers its runs, `attempts` how often it was asked for, `looks` how often looked at since.

    `others` are references of reports that were taken for it and are not.
    """

    id: int
    source: str
    question: Question
    edition: str
    asked_by: str
    planned_at: datetime
    state: ReportState
    moved_at: datetime
    run: int
    attempts: int
    looks: int
    reference: str | None
    others: tuple[str, ...]
    made_at: datetime | None
    digest: str | None
    words: str


def plan_report(connection: sa.Connection, source: str, planned: Planned, asked_by: str, now: datetime) -> int | None:
    """Write down that a report is to be asked for; its id, None when that was planned before."""
    scope = planned.question.scope
    values: dict[str, Any] = {
        "source": source,
        "question": planned.question.words,
        "edition": planned.edition,
        "kind": scope.kind.value,
        "view": scope.view,
        "program": scope.program,
        "begins": planned.question.start,
        "ends": planned.question.end,
        "asked_by": asked_by,
        "planned_at": now,
        "moved_at": now,
        "state": ReportState.PLANNED.value,
        "run": 0,
        "attempts": 0,
        "looks": 0,
        "others": [],
        "words": "",
    }
    statement = insert(vendor_reports).values(**values).on_conflict_do_nothing().returning(vendor_reports.c.id)
    found: int | None = connection.execute(statement).scalar()
    return found


def load_report(connection: sa.Connection, report_id: int, *, lock: bool = False) -> SavedReport:
    """One report. Raises NotFound."""
    query = sa.select(vendor_reports).where(vendor_reports.c.id == report_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound(f"No report {report_id} was ever asked for.")
    return _read(row)


def move_report(connection: sa.Connection, report_id: int, now: datetime, **changes: Any) -> None:
    """Write what changed of a report."""
    values = {name: value.value if isinstance(value, ReportState) else value for name, value in changes.items()}
    connection.execute(sa.update(vendor_reports).where(vendor_reports.c.id == report_id).values(moved_at=now, **values))


def next_run(connection: sa.Connection, report_id: int) -> str:
    """The id of its next run."""
    statement = sa.update(vendor_reports).where(vendor_reports.c.id == report_id).values(run=vendor_reports.c.run + 1)
    number = connection.execute(statement.returning(vendor_reports.c.run)).scalar_one()
    return f"{run_stem(report_id)}{number}"


def run_stem(report_id: int) -> str:
    """How the ids of its runs begin."""
    return f"report:{report_id}:"


def load_unsettled(connection: sa.Connection, source: str) -> list[SavedReport]:
    """Those of a source that are under way, the oldest first."""
    states = [ReportState.PLANNED.value, ReportState.ASKED.value]
    query = sa.select(vendor_reports).where(vendor_reports.c.source == source, vendor_reports.c.state.in_(states))
    return [_read(row) for row in connection.execute(query.order_by(vendor_reports.c.id))]


def load_known(connection: sa.Connection, source: str, scope: Scope, since: datetime) -> set[datetime]:
    """The beginnings of days, or hours, that some report was about; since then."""
    states = [ReportState.KEPT.value, ReportState.EMPTY.value]
    query = sa.select(vendor_reports.c.begins, vendor_reports.c.ends).where(
        *_of(source, scope), vendor_reports.c.state.in_(states), vendor_reports.c.ends > since
    )
    step = timedelta(hours=1) if scope.kind.by_hour else timedelta(days=1)
    found: set[datetime] = set()
    for begins, ends in connection.execute(query):
        moment = begins
        while moment < ends:
            found.add(moment)
            moment += step
    return found


def known_references(connection: sa.Connection, source: str) -> set[str]:
    """References of reports that are known already, each as what it is."""
    mine = sa.and_(vendor_reports.c.source == source, vendor_reports.c.reference.is_not(None))
    return set(connection.execute(sa.select(vendor_reports.c.reference).where(mine)).scalars())


def _of(source: str, scope: Scope) -> Collection[sa.ColumnElement[bool]]:
    columns = vendor_reports.c
    return (
        columns.source == source,
        columns.kind == scope.kind.value,
        columns.view == scope.view,
        columns.program == scope.program,
    )


def _read(row: sa.Row[Any]) -> SavedReport:
    question = Question(Scope(ReportKind(row.kind), row.view, row.program), row.begins, row.ends)
    return SavedReport(
        id=row.id,
        source=row.source,
        question=question,
        edition=row.edition,
        asked_by=row.asked_by,
        planned_at=row.planned_at,
        state=ReportState(row.state),
        moved_at=row.moved_at,
        run=row.run,
        attempts=row.attempts,
        looks=row.looks,
        reference=row.reference,
        others=tuple(row.others),
        made_at=row.made_at,
        digest=row.digest,
        words=row.words,
    )
