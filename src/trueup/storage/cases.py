"""Cases in the database: one open case per kind and subject, and everything that happened to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert

from trueup.base.errors import Conflict, NotFound
from trueup.base.money import Money
from trueup.domain.case_causes import cause_of
from trueup.domain.cases import Case, CaseDraft, CaseState, Resolution
from trueup.storage.case_course import EARLIER, on_update
from trueup.storage.case_merges import release
from trueup.storage.schema import metadata

_COUNTED = "coalesce(counted_at, opened_at)"
_STANDS = sa.text("state = 'open' AND merged_into IS NULL")
cases = sa.Table(
    "cases",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("order_id", sa.BigInteger, sa.ForeignKey("orders.id")),
    sa.Column("sequence", sa.Integer),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("expected", sa.Text, nullable=False),
    sa.Column("found", sa.Text, nullable=False),
    sa.Column("risk_minor", sa.BigInteger),
    sa.Column("risk_currency", sa.CHAR(3)),
    sa.Column("deadline", sa.TIMESTAMP(timezone=True)),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("resolutions", JSONB, nullable=False),
    sa.Column("evidence", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("opened_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("resolved_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("resolution", sa.Text, nullable=False),
    sa.Column("resolved_by", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("things", sa.Integer, nullable=False),
    sa.Column("known_minor", sa.BigInteger),
    sa.Column("known_things", sa.Integer, nullable=False),
    sa.Column("taken_up_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("escalated_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("escalated_to", sa.Text, nullable=False, server_default=""),
    sa.Column("escalated_why", sa.Text, nullable=False, server_default=""),
    sa.Column("came_back_from", sa.BigInteger),
    sa.Column("merged_into", sa.BigInteger, sa.ForeignKey("cases.id")),
    sa.Column("counted_at", sa.TIMESTAMP(timezone=True)),
    sa.Column(
        "urgency", sa.BigInteger, sa.Computed(f"trueup.urgency(risk_minor, deadline, {_COUNTED})", persisted=True)
    ),
    sa.Column(
        "urgency_until",
        sa.TIMESTAMP(timezone=True),
        sa.Computed(f"trueup.urgency_until(deadline, {_COUNTED})", persisted=True),
    ),
    sa.CheckConstraint("merged_into <> id", name="merged_into_another"),
    sa.CheckConstraint("(risk_minor IS NULL) = (risk_currency IS NULL)", name="risk_whole"),
    sa.CheckConstraint("(state = 'resolved') = (resolved_at IS NOT NULL)", name="resolved_when"),
    sa.Index("uq_cases_open", "kind", "subject", unique=True, postgresql_where=sa.text("state = 'open'")),
    sa.Index("ix_cases_about", "kind", "subject"),
    sa.Index("ix_cases_order", "order_id"),
    sa.Index("ix_cases_deadline", "state", "deadline"),
    sa.Index(
        "ix_cases_open",
        "kind",
        postgresql_include=[
            *("id", "owner", "risk_minor", "risk_currency", "deadline", "opened_at", "order_id"),
            *("cause", "things", "taken_up_at", "escalated_at", "came_back_from", "merged_into"),
        ],
        postgresql_where=sa.text("state = 'open'"),
    ),
    sa.Index("ix_cases_merged_into", "merged_into", postgresql_where=sa.text("merged_into IS NOT NULL")),
    sa.Index("ix_cases_opened_at", "opened_at"),
    sa.Index("ix_cases_resolved_at", "resolved_at", postgresql_where=sa.text("resolved_at IS NOT NULL")),
    sa.Index("ix_cases_escalated_at", "escalated_at", postgresql_where=sa.text("escalated_at IS NOT NULL")),
    sa.Index(
        "ix_cases_escalated_to", "escalated_to", postgresql_where=sa.text("escalated_to <> '' AND state = 'open'")
    ),
    sa.Index("ix_cases_by_people", "id", postgresql_where=sa.text("state = 'resolved' AND resolved_by <> 'trueup'")),
    sa.Index("ix_cases_urgency", "urgency", "id", postgresql_where=_STANDS),
    sa.Index(
        "ix_cases_due",
        sa.text("coalesce(deadline, '9999-12-31 00:00:00+00'::timestamp with time zone)"),
        "id",
        postgresql_where=_STANDS,
    ),
    sa.Index("ix_cases_money", sa.text("abs(coalesce(risk_minor, 0))"), "id", postgresql_where=_STANDS),
    sa.Index("ix_cases_age", "opened_at", "id", postgresql_where=_STANDS),
    sa.Index("ix_cases_cause", "kind", "cause", "urgency", "id", postgresql_where=_STANDS),
    sa.Index("ix_cases_owner", "owner", postgresql_where=_STANDS),
    sa.Index("ix_cases_of_causes", "kind", "cause", "id"),
    sa.Index(
        "ix_cases_urgency_until",
        "urgency_until",
        postgresql_where=sa.text("state = 'open' AND urgency_until IS NOT NULL"),
    ),
    sa.Index("ix_cases_evidence", "evidence", postgresql_where=sa.text("evidence <> ''")),
)
IS_OPEN = sa.and_(cases.c.state == sa.literal_column("'open'"), cases.c.merged_into.is_(None))
"""Open, and standing for itself: what is merged into another case is counted there. Said as a constant: with a parameter the
database could not know that the index of open cases has them all."""


_ON_UPDATE = on_update("cases")


def open_case(
    connection: sa.Connection,
    draft: CaseDraft,
    now: datetime,
    *,
    order_id: int | None = None,
    sequence: int | None = None,
) -> int:
    """Open it, or bring the open one of that kind and subject up to date. Returns its id."""
    values: dict[str, Any] = {
        "title": draft.title,
        "expected": draft.expected,
        "found": draft.found,
        "risk_minor": draft.money_at_risk.minor if draft.money_at_risk else None,
        "risk_currency": draft.money_at_risk.currency if draft.money_at_risk else None,
        "deadline": draft.deadline,
        "owner": draft.owner,
        "resolutions": [resolution.value for resolution in draft.resolutions],
        "evidence": draft.evidence,
        "cause": cause_of(draft),
        "things": draft.things,
        "counted_at": now,
    }
    fresh = {
        "kind": draft.kind,
        "subject": draft.subject,
        "order_id": order_id,
        "sequence": sequence,
        "state": CaseState.OPEN.value,
        "opened_at": now,
        "resolution": "",
        "resolved_by": "",
        "note": "",
        "known_minor": values["risk_minor"],
        "known_things": draft.things,
        "came_back_from": sa.text(EARLIER.format(kind=":of_kind", subject=":of_subject")).bindparams(
            of_kind=draft.kind, of_subject=draft.subject
        ),
    }
    course = {column: sa.text(becomes).bindparams(now=now) for column, becomes in _ON_UPDATE.items()}
    number: int = connection.execute(
        insert(cases)
        .values(**values, **fresh)
        .on_conflict_do_update(
            index_elements=["kind", "subject"], index_where=sa.text("state = 'open'"), set_={**values, **course}
        )
        .returning(cases.c.id)
    ).scalar_one()
    return number


def resolve_case(
    connection: sa.Connection, case_id: int, resolution: str, *, by: str, note: str, now: datetime
) -> Case:
    """Close it. Raises NotFound, Conflict when it is resolved already."""
    done = connection.execute(
        sa.update(cases)
        .where(cases.c.id == case_id, cases.c.state == CaseState.OPEN.value)
        .values(state=CaseState.RESOLVED.value, resolved_at=now, resolution=resolution, resolved_by=by, note=note)
        .returning(cases.c.id)
    ).first()
    case = load_case(connection, case_id)
    if done is None:
        raise Conflict(
            f"Case {case_id} was resolved on {case.resolved_at:%Y-%m-%d} by {case.resolved_by}; nothing was changed."
        )
    release(connection, [case_id])
    return case


def reopen_case(connection: sa.Connection, case_id: int, now: datetime) -> None:
    """It is open again as it was, counted as of now. Raises Conflict when one of its kind and subject was opened meanwhile."""
    case = load_case(connection, case_id, lock=True)
    if (newer := find_open(connection, case.draft.kind, case.draft.subject)) and newer != [case_id]:
        raise Conflict(f"Case {case_id} came back meanwhile, as case {newer[0]}; nothing was changed.")
    values: dict[str, Any] = {"state": CaseState.OPEN.value, "resolved_at": None, "counted_at": now}
    values |= {"resolution": "", "resolved_by": "", "note": ""}
    connection.execute(sa.update(cases).where(cases.c.id == case_id).values(values))


def note_resolution(
    connection: sa.Connection, case_id: int, resolution: str, *, by: str, note: str, now: datetime
) -> None:
    """A person's decision made the cause go away: the case is resolved by them, whether or not it was closed on the way."""
    connection.execute(
        sa.update(cases)
        .where(cases.c.id == case_id)
        .values(
            state=CaseState.RESOLVED.value,
            resolved_at=sa.func.coalesce(cases.c.resolved_at, now),
            resolution=resolution,
            resolved_by=by,
            note=note,
        )
    )
    release(connection, [case_id])


def close_vanished(
    connection: sa.Connection,
    order_id: int,
    kinds: Collection[str] | None,
    still: Collection[tuple[str, int | None]],
    *,
    why: str,
    now: datetime,
) -> int:
    """Resolve an order's open cases whose cause is gone: all of `kinds` (None: every `held.` kind) that are not in `still`."""
    query = sa.select(cases.c.id, cases.c.kind, cases.c.sequence).where(
        cases.c.order_id == order_id, cases.c.state == CaseState.OPEN.value
    )
    query = query.where(cases.c.kind.like("held.%") if kinds is None else cases.c.kind.in_(list(kinds)))
    gone = [row.id for row in connection.execute(query) if (row.kind, row.sequence) not in still]
    for case_id in gone:
        resolve_case(connection, case_id, "cause-gone", by="trueup", note=why, now=now)
    return len(gone)


def orders_with_open(connection: sa.Connection, prefix: str) -> list[int]:
    """The orders with an open case whose kind begins so."""
    query = sa.select(cases.c.order_id).where(
        cases.c.state == CaseState.OPEN.value,
        cases.c.kind.startswith(prefix, autoescape=True),
        cases.c.order_id.is_not(None),
    )
    return list(connection.execute(query.distinct().order_by(cases.c.order_id)).scalars())


def orders_of_cause(connection: sa.Connection, kind: str, cause: str) -> list[int]:
    """The orders with an open case of that kind and cause."""
    query = sa.select(cases.c.order_id).where(_of_cause(kind, cause), cases.c.order_id.is_not(None))
    return list(connection.execute(query.distinct().order_by(cases.c.order_id)).scalars())


def count_of_cause(connection: sa.Connection, kind: str, cause: str) -> int:
    """How many cases of that kind and cause are open."""
    query = sa.select(sa.func.count()).select_from(cases).where(_of_cause(kind, cause))
    return int(connection.execute(query).scalar_one())


def _of_cause(kind: str, cause: str) -> sa.ColumnElement[bool]:
    return sa.and_(cases.c.state == sa.literal_column("'open'"), cases.c.kind == kind, cases.c.cause == cause)


def open_subjects(connection: sa.Connection, kind: str) -> set[str]:
    """What the open cases of a kind are about."""
    query = sa.select(cases.c.subject).where(cases.c.kind == kind, cases.c.state == CaseState.OPEN.value)
    return set(connection.execute(query).scalars())


def close_subject(connection: sa.Connection, subject: str, *, why: str, now: datetime) -> None:
    """Resolve every open case about a subject, because its cause is gone."""
    _close(connection, cases.c.subject == subject, why, now)


def close_line_cases(
    connection: sa.Connection, order_id: int, sequences: Collection[int], *, why: str, now: datetime
) -> None:
    """Resolve every open case about these lines of an order: their terms are others now, and are looked at anew."""
    _close(connection, sa.and_(cases.c.order_id == order_id, cases.c.sequence.in_(list(sequences))), why, now)


def _close(connection: sa.Connection, which: sa.ColumnElement[bool], why: str, now: datetime) -> None:
    query = sa.select(cases.c.id).where(which, cases.c.state == CaseState.OPEN.value)
    for case_id in connection.execute(query).scalars().all():
        resolve_case(connection, case_id, "cause-gone", by="trueup", note=why, now=now)


_OPEN = sa.select(cases.c.id, cases.c.kind).where(
    cases.c.kind == sa.func.any(sa.bindparam("kinds", type_=sa.ARRAY(sa.Text))),
    cases.c.subject == sa.bindparam("of_subject"),
    cases.c.state == sa.literal_column(f"'{CaseState.OPEN.value}'"),  # written out, for the index of open cases
)


def newest_resolution(connection: sa.Connection, kind: str, subject: str) -> str | None:
    """How the newest case of that kind and subject was resolved: empty while it is open, None when there never was one."""
    query = sa.select(cases.c.resolution).where(cases.c.kind == kind, cases.c.subject == subject)
    found: str | None = connection.execute(query.order_by(cases.c.id.desc()).limit(1)).scalar()
    return found


def find_open(connection: sa.Connection, kind: str, subject: str) -> list[int]:
    """The open case of that kind and subject: its id, or nothing."""
    return [row.id for row in connection.execute(_OPEN, {"kinds": [kind], "of_subject": subject})]


def close_case(connection: sa.Connection, kind: str, subject: str, *, why: str, now: datetime) -> None:
    """Resolve the open case of that kind and subject, if there is one, because its cause is gone."""
    close_cases(connection, {kind: why}, subject, now)


def close_cases(connection: sa.Connection, whys: Mapping[str, str], subject: str, now: datetime) -> None:
    """Resolve a subject's open cases of these kinds, because their cause is gone; `whys` says of each kind why."""
    found = connection.execute(_OPEN, {"kinds": list(whys), "of_subject": subject}).all()
    for case_id, kind in found:
        resolve_case(connection, case_id, "cause-gone", by="trueup", note=whys[kind], now=now)


def load_case(connection: sa.Connection, case_id: int, *, lock: bool = False) -> Case:
    """Raises NotFound."""
    query = sa.select(cases).where(cases.c.id == case_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound(f"Case {case_id}: no such case.")
    return case_of(row)


def load_case_line(connection: sa.Connection, case_id: int) -> tuple[int | None, int | None]:
    """The order and line a case is about."""
    row = connection.execute(sa.select(cases.c.order_id, cases.c.sequence).where(cases.c.id == case_id)).one()
    return row.order_id, row.sequence


def case_of(row: Any) -> Case:
    """A row as a case."""
    risk = Money(row["risk_minor"], row["risk_currency"]) if row["risk_minor"] is not None else None
    draft = CaseDraft(
        kind=row["kind"],
        subject=row["subject"],
        title=row["title"],
        expected=row["expected"],
        found=row["found"],
        money_at_risk=risk,
        deadline=row["deadline"],
        owner=row["owner"],
        resolutions=tuple(Resolution(name) for name in row["resolutions"]),
        evidence=row["evidence"],
        cause=row["cause"],
        things=row["things"],
    )
    return Case(
        id=row["id"],
        draft=draft,
        state=CaseState(row["state"]),
        opened_at=row["opened_at"],
        resolved_at=row["resolved_at"],
        resolution=row["resolution"],
        resolved_by=row["resolved_by"],
        note=row["note"],
    )
