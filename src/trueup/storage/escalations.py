"""Escalations in the database: the rules in versions, only ever added; which cases nobody has, and to whom one went and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from trueup.domain.escalation import Escalation, EscalationRule, Unowned
from trueup.storage.schema import metadata

escalation_versions = sa.Table(
    "escalation_versions",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("rules", JSONB, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("undoes", sa.BigInteger),
    sa.ForeignKeyConstraint(["undoes"], ["trueup.escalation_versions.id"]),
)


@dataclass(frozen=True, slots=True)
class EscalationVersion:
    """The rules as somebody decided them: all of them, why, by whom and when, and which version that takes back."""

    id: int
    rules: tuple[EscalationRule, ...]
    reason: str
    decided_by: str
    decided_at: datetime
    undoes: int | None = None


def append_version(connection: sa.Connection, version: EscalationVersion) -> EscalationVersion:
    """Add a version; returns it under its number."""
    values = {
        "rules": [_rule_json(each) for each in version.rules],
        "reason": version.reason,
        "decided_by": version.decided_by,
        "decided_at": version.decided_at,
        "undoes": version.undoes,
    }
    statement = sa.insert(escalation_versions).values(**values).returning(escalation_versions)
    return _version(connection.execute(statement).mappings().one())


def lock_rules(connection: sa.Connection) -> None:
    """Whoever changes the rules is alone while doing so."""
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('trueup escalation rules'))"))


def list_versions(connection: sa.Connection, limit: int = 100) -> list[EscalationVersion]:
    """The newest versions; the first holds."""
    query = sa.select(escalation_versions).order_by(escalation_versions.c.id.desc()).limit(limit)
    return [_version(row) for row in connection.execute(query).mappings()]


def rules_now(connection: sa.Connection) -> tuple[EscalationRule, ...]:
    """The rules that hold; none where nobody decided any."""
    newest = list_versions(connection, 1)
    return newest[0].rules if newest else ()


def _version(row: Mapping[Any, Any]) -> EscalationVersion:
    rules = tuple(
        EscalationRule(each["kind"], _span(each["unowned_minutes"]), _span(each["left_minutes"]), each["to"])
        for each in row["rules"]
    )
    return EscalationVersion(row["id"], rules, row["reason"], row["decided_by"], row["decided_at"], row["undoes"])


def _rule_json(rule: EscalationRule) -> dict[str, Any]:
    return {
        "kind": rule.kind,
        "unowned_minutes": _minutes(rule.unowned),
        "left_minutes": _minutes(rule.left),
        "to": rule.to,
    }


def _minutes(span: timedelta | None) -> int | None:
    return None if span is None else round(span.total_seconds() / 60)


def _span(minutes: int | None) -> timedelta | None:
    return None if minutes is None else timedelta(minutes=minutes)


def list_unowned(connection: sa.Connection, now: datetime) -> list[Unowned]:
    """The open cases that nobody has, that are not put aside, wait for no second person and went to nobody yet."""
    return [
        Unowned(row.id, row.kind, row.since, row.deadline, row.taken_up_at)
        for row in connection.execute(_UNOWNED, {"now": now})
    ]


_UNOWNED = sa.text("""
SELECT c.id, c.kind, c.deadline, c.taken_up_at, greatest(coalesce(c.taken_up_at, c.opened_at),
    (SELECT s.until FROM trueup.case_snoozes s WHERE s.case_id = c.id),
    (SELECT max(a.at) FROM trueup.acts a WHERE a.subject = 'case ' || c.id
        AND a.act IN ('case.assigned', 'case.woken', 'case.unmerged'))) AS since FROM trueup.cases c
WHERE c.state = 'open' AND c.merged_into IS NULL AND c.escalated_to = ''
    AND NOT EXISTS (SELECT FROM trueup.case_assignments a WHERE a.case_id = c.id)
    AND NOT EXISTS (SELECT FROM trueup.case_snoozes s WHERE s.case_id = c.id AND s.until > :now)
    AND NOT EXISTS (SELECT FROM trueup.proposals p WHERE p.act = 'case.resolve' AND p.subject = 'case ' || c.id
        AND p.approved_by IS NULL)
ORDER BY c.id
""")


def escalate(connection: sa.Connection, found: Iterable[tuple[Unowned, Escalation]], now: datetime) -> list[int]:
    """Have cases go to whom they go, each once until somebody takes it up; the ids of those that went now.

    One that somebody took up, or merged, since it was seen to be nobody's does not go.
    """
    gone = []
    for case, each in found:
        values = {"case": each.case, "to": each.to, "why": each.why, "now": now, "seen": case.taken_up_at}
        gone += list(connection.execute(_ESCALATE, values).scalars())
    return gone


_ESCALATE = sa.text(
    "UPDATE trueup.cases SET escalated_at = :now, escalated_to = :to, escalated_why = :why"
    " WHERE id = :case AND state = 'open' AND escalated_to = '' AND merged_into IS NULL"
    " AND taken_up_at IS NOT DISTINCT FROM CAST(:seen AS timestamptz) RETURNING id"
)


@dataclass(frozen=True, slots=True)
class PastCase:
    """A case of the past: until when nobody had it, which was when somebody took it up, or it was resolved; None: still nobody."""

    unowned: Unowned
    title: str
    ended_at: datetime | None


def list_past(connection: sa.Connection, since: datetime) -> list[PastCase]:
    """The cases that were open at any time since an instant, the newest first."""
    return [
        PastCase(Unowned(row.id, row.kind, row.opened_at, row.deadline), row.title, row.ended_at)
        for row in connection.execute(_PAST, {"since": since})
    ]


_PAST = sa.text("""
SELECT c.id, c.kind, c.title, c.opened_at, c.deadline, least(c.resolved_at, t.at) AS ended_at FROM trueup.cases c
    LEFT JOIN LATERAL (SELECT min(a.at) AS at FROM trueup.acts a WHERE a.subject = 'case ' || c.id
        AND a.act IN ('case.assigned', 'case.snoozed', 'case.merged', 'case.proposed')) t ON true
WHERE c.opened_at > :since OR c.resolved_at > :since OR c.state = 'open' ORDER BY c.id DESC LIMIT 20000
""")
