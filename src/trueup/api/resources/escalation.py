"""Escalation: to whom cases go that nobody takes, trying rules on the past month, and changing them in versions."""

from __future__ import annotations

from datetime import date, timedelta

from pydantic import Field

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import DryRun, Instant, Key, Line, Listed, Name, Number, Shape, Text, Told
from trueup.domain.escalation import MOST_RULES, EscalationRule
from trueup.workflows.escalate_cases import (
    LONGEST_REASON,
    MAY,
    RulesOfEscalation,
    change_rules,
    list_decided,
    rules_in_force,
    run_json,
    try_rules,
    undo_rules,
    version_json,
)
from trueup.workflows.people import all_people
from trueup.workflows.world import Tx

_TOLD = {"kind": "held.", "unowned_minutes": 240, "left_minutes": 120, "to": "operations"}
_RULE = {
    **_TOLD,
    "words": "held. to operations after 4 h without an owner or 2 h before the deadline",
}
_MOST_MINUTES = 90 * 24 * 60


class EscalationRuleShape(Shape, json_schema_extra={"examples": [_RULE]}):
    """Cases whose kind begins so, "" for all others: to whom they go when nobody has them so long, or so long before they
    are due."""

    kind: str
    unowned_minutes: int | None
    left_minutes: int | None
    to: str
    words: str


class EscalationVersionShape(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "version": 3,
                "rules": [_RULE],
                "reason": "weekends",
                "decided_by": "Olga",
                "decided_at": "2026-11-23T09:00:00Z",
                "undoes": None,
            }
        ]
    },
):
    """All rules as somebody decided them; never edited."""

    version: int
    rules: list[EscalationRuleShape]
    reason: str
    decided_by: str
    decided_at: Instant
    undoes: int | None


class EscalationDay(Shape):
    """How many cases on a day (UTC)."""

    day: date
    count: int


class EscalationTarget(Shape):
    """How many cases to whom."""

    to: str
    count: int


class EscalatedExample(Shape):
    """A case that would have gone."""

    case: int
    kind: str
    title: str
    at: Instant
    to: str
    why: str


class ExampleRunShape(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "since": "2026-10-24T09:00:00Z",
                "cases": 41,
                "escalated": 1,
                "by_day": [{"day": "2026-11-22", "count": 1}],
                "by_target": [{"to": "operations", "count": 1}],
                "examples": [
                    {
                        "case": 7,
                        "kind": "held.cost-differs",
                        "title": "Cost differs",
                        "at": "2026-11-22T14:02:00Z",
                        "to": "operations",
                        "why": "it was due in 2 h and nobody took it",
                    }
                ],
            }
        ]
    },
):
    """What rules would have done over the cases of the last 30 days."""

    since: Instant
    cases: int
    escalated: int
    by_day: list[EscalationDay]
    by_target: list[EscalationTarget]
    examples: list[EscalatedExample]
    """A hundred at most, the newest first."""


class ToldRule(Told, json_schema_extra={"examples": [_TOLD]}):
    """One rule; one of the two times at least."""

    kind: Name = ""
    """The kind of cases or its beginning; "" for every other."""
    unowned_minutes: int | None = Field(None, ge=1, le=_MOST_MINUTES)
    left_minutes: int | None = Field(None, ge=1, le=_MOST_MINUTES)
    to: Line
    """A role, or a person by name."""


class TryingRules(Told, json_schema_extra={"examples": [{"rules": [_TOLD]}]}):
    """The rules to play."""

    rules: list[ToldRule] = Field(max_length=MOST_RULES)


class ChangingRules(TryingRules, json_schema_extra={"examples": [{"rules": [_TOLD], "reason": "weekends"}]}):
    """All rules that are to hold from now on, and why."""

    reason: Text = Field(min_length=1, max_length=LONGEST_REASON)
    seen: int | None = Field(None, ge=0)
    """The newest version that the caller knows of; another one since is refused."""


def list_escalation_rules(call: Calling) -> Listed[EscalationRuleShape]:
    """List the rules that hold."""
    with call.look() as connection:
        rows = rules_in_force(connection)
    return Listed[EscalationRuleShape](items=[EscalationRuleShape.model_validate(row) for row in rows])


def list_escalation_versions(call: Calling) -> Listed[EscalationVersionShape]:
    """List what was decided about escalation, the newest first."""
    with call.look() as connection:
        rows = list_decided(connection)
    return Listed[EscalationVersionShape](items=[EscalationVersionShape.model_validate(row) for row in rows])


def try_escalation_rules(call: Calling, told: TryingRules) -> ExampleRunShape:
    """Play rules over the cases of the last 30 days. Nothing is kept."""
    run = call.act(try_rules, _meant(told), dry_run=True)
    return ExampleRunShape.model_validate(run_json(run))


def change_escalation_rules(
    call: Calling, told: ChangingRules, dry_run: DryRun = False, key: Key = None
) -> EscalationVersionShape:
    """Have these rules hold from now on, instead of all that held."""
    wanted = RulesOfEscalation(_meant(told), told.reason, told.seen)

    def act(tx: Tx) -> EscalationVersionShape:
        people = set(all_people(tx.connection, call.desk.settings.people))
        return EscalationVersionShape.model_validate(version_json(change_rules(tx, wanted, call.person, people)))

    return call.once(act, key, dry_run=dry_run)


def undo_escalation_rules(
    call: Calling, version: Number, dry_run: DryRun = False, key: Key = None
) -> EscalationVersionShape:
    """Take the newest version back: the rules before it hold again."""

    def act(tx: Tx) -> EscalationVersionShape:
        people = set(all_people(tx.connection, call.desk.settings.people))
        return EscalationVersionShape.model_validate(version_json(undo_rules(tx, version, call.person, people)))

    return call.once(act, key, dry_run=dry_run)


def _meant(told: TryingRules) -> list[EscalationRule]:
    return [
        EscalationRule(each.kind, _span(each.unowned_minutes), _span(each.left_minutes), each.to) for each in told.rules
    ]


def _span(minutes: int | None) -> timedelta | None:
    return None if minutes is None else timedelta(minutes=minutes)


RESOURCE = Resource(
    "escalation",
    "Escalation",
    (
        Operation("/escalation-rules", list_escalation_rules),
        Operation("/escalation-rules", change_escalation_rules, MAY, "POST"),
        Operation("/escalation-rules/trial", try_escalation_rules, method="POST"),
        Operation("/escalation-rules/versions", list_escalation_versions),
        Operation("/escalation-rules/versions/{version}/undoing", undo_escalation_rules, MAY, "POST"),
    ),
)
