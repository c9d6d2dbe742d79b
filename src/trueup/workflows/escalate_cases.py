"""Escalate cases: what nobody took goes to whom was agreed, in time; the rules for that, tried on the past month before they hold.

Told is whom it goes to on their Today, and everybody by "Since you were here": no message leaves the house.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict, Invalid, NotFound
from trueup.domain.cases import Role
from trueup.domain.escalation import Escalation, EscalationRule, check_rules, escalation_of
from trueup.storage import acts, escalations
from trueup.storage.escalations import EscalationVersion, PastCase
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import ACTOR, Tx

MAY = "escalation.change"
HISTORY = timedelta(days=30)
LONGEST_REASON = 500
SUBJECT = "escalation rules"
ROLES = tuple(role.value for role in Role if role is not Role.AUDITOR)


def escalate_unowned(tx: Tx) -> list[int]:
    """Every case whose time came goes to whom its rule says, once until somebody takes it up. Done twice, it is done once."""
    rules = escalations.rules_now(tx.connection)
    if not rules:
        return []
    waiting = ((case, escalation_of(rules, case)) for case in escalations.list_unowned(tx.connection, tx.now))
    due = [(case, each) for case, each in waiting if each is not None and each.at <= tx.now]
    gone = set(escalations.escalate(tx.connection, due, tx.now))
    for _, each in due:
        if each.case in gone:
            after = {"to": each.to, "because": each.why}
            acts.append_act(
                tx.connection, tx.now, acts.Act(ACTOR, "", "case.escalated", f"case {each.case}", None, after)
            )
    return sorted(gone)


@dataclass(frozen=True, slots=True)
class RulesOfEscalation:
    """What is wanted: the rules, why, and the newest version that was seen (None: any; 0: none)."""

    rules: Sequence[EscalationRule]
    reason: str
    seen: int | None = None


def change_rules(
    tx: Tx, wanted: RulesOfEscalation, person: Person, people: Collection[str], undoes: int | None = None
) -> EscalationVersion:
    """Have other rules hold from now on. `people`: whom a case may go to beside roles.

    Raises Refused for a role, Invalid for rules that cannot be or no reason, Conflict where nothing would change or somebody
    changed them since they were seen.
    """
    demand_role(person, MAY)
    if not wanted.reason.strip() or len(wanted.reason) > LONGEST_REASON:
        raise Invalid(f"Escalation: say why it is changed, in at most {LONGEST_REASON} characters.")
    rules = check_rules(wanted.rules)
    if strange := sorted({each.to for each in rules} - {*ROLES, *people}):
        raise Invalid(
            f"Escalation to {', '.join(strange)}: expected a role ({', '.join(ROLES)}) or a person of this installation."
        )
    escalations.lock_rules(tx.connection)
    newest = next(iter(escalations.list_versions(tx.connection, 1)), None)
    if newest is not None and wanted.seen is not None and wanted.seen != newest.id:
        raise Conflict(
            f"The rules of escalation were changed meanwhile, by {newest.decided_by} at {write_instant(newest.decided_at)}:"
            f" “{newest.reason}”. Look again."
        )
    before = newest.rules if newest else ()
    if before == rules:
        raise Conflict("The rules of escalation are so already; nothing would change.")
    version = escalations.append_version(
        tx.connection, EscalationVersion(0, rules, wanted.reason.strip(), person.name, tx.now, undoes)
    )
    after = {"version": version.id, "rules": [str(each) for each in rules], "reason": version.reason}
    deed = Deed("escalation.changed", SUBJECT, {"rules": [str(each) for each in before]}, after)
    record_deed(tx.connection, tx.now, person, deed)
    return version


def undo_rules(tx: Tx, number: int, person: Person, people: Collection[str]) -> EscalationVersion:
    """The rules before the newest version hold again. Raises as `change_rules`, NotFound, Conflict where it is not the newest."""
    versions = escalations.list_versions(tx.connection, 2)
    if not versions or versions[0].id < number:
        raise NotFound(f"Escalation version {number}: no such version.")
    if versions[0].id != number:
        raise Conflict(
            f"The rules of escalation were changed since, by version {versions[0].id}; take that back first."
        )
    former = versions[1].rules if len(versions) > 1 else ()
    return change_rules(tx, RulesOfEscalation(former, f"takes back version {number}", number), person, people, number)


@dataclass(frozen=True, slots=True)
class Gone:
    """A case of the past that would have gone: which, when, to whom and why."""

    case: PastCase
    escalation: Escalation


@dataclass(frozen=True, slots=True)
class ExampleRun:
    """What rules would have done since `since`: of so many cases, those that would have gone, the newest first."""

    since: datetime
    cases: int
    gone: tuple[Gone, ...]

    def by_day(self) -> list[tuple[date, int]]:
        """How many a day (UTC), every day of the time, the oldest first."""
        counted = Counter(each.escalation.at.date() for each in self.gone)
        days = (max(counted, default=self.since.date()) - self.since.date()).days
        last = max(days, HISTORY.days)
        return [(day, counted[day]) for day in (self.since.date() + timedelta(days=n) for n in range(last + 1))]

    def by_target(self) -> list[tuple[str, int]]:
        """How many to whom, the most first."""
        return Counter(each.escalation.to for each in self.gone).most_common()


def try_rules(tx: Tx, rules: Sequence[EscalationRule]) -> ExampleRun:
    """Play rules over the cases of the last 30 days: each as long as nobody had it. Raises Invalid for rules that cannot be."""
    checked, since = check_rules(rules), tx.now - HISTORY
    past = escalations.list_past(tx.connection, since)
    found = []
    for each in past:
        escalation = escalation_of(checked, each.unowned)
        if escalation is not None and since < escalation.at <= (each.ended_at or tx.now):
            found.append(Gone(each, escalation))
    return ExampleRun(since, len(past), tuple(sorted(found, key=lambda each: each.escalation.at, reverse=True)))


def rule_json(rule: EscalationRule) -> dict[str, Any]:
    """One rule as plain JSON; hours as numbers of minutes."""
    minutes = [None if each is None else round(each.total_seconds() / 60) for each in (rule.unowned, rule.left)]
    return {
        "kind": rule.kind,
        "unowned_minutes": minutes[0],
        "left_minutes": minutes[1],
        "to": rule.to,
        "words": str(rule),
    }


def rules_in_force(connection: sa.Connection) -> list[dict[str, Any]]:
    """The rules that hold, as plain JSON."""
    return [rule_json(each) for each in escalations.rules_now(connection)]


def load_decided(connection: sa.Connection, limit: int = 100) -> list[EscalationVersion]:
    """The newest versions; the first holds."""
    return escalations.list_versions(connection, limit)


def list_decided(connection: sa.Connection, limit: int = 100) -> list[dict[str, Any]]:
    """The newest versions as plain JSON; the first holds."""
    return [version_json(each) for each in escalations.list_versions(connection, limit)]


def version_json(version: EscalationVersion) -> dict[str, Any]:
    """One version as plain JSON."""
    return {
        "version": version.id,
        "rules": [rule_json(each) for each in version.rules],
        "reason": version.reason,
        "decided_by": version.decided_by,
        "decided_at": write_instant(version.decided_at),
        "undoes": version.undoes,
    }


def run_json(run: ExampleRun, most: int = 100) -> dict[str, Any]:
    """An example run as plain JSON."""
    return {
        "since": write_instant(run.since),
        "cases": run.cases,
        "escalated": len(run.gone),
        "by_day": [{"day": day.isoformat(), "count": count} for day, count in run.by_day()],
        "by_target": [{"to": to, "count": count} for to, count in run.by_target()],
        "examples": [
            {
                "case": each.case.unowned.id,
                "kind": each.case.unowned.kind,
                "title": each.case.title,
                "at": write_instant(each.escalation.at),
                "to": each.escalation.to,
                "why": each.escalation.why,
            }
            for each in run.gone[:most]
        ],
    }
