"""Past lines that a rule would be about: those that read like a line that waits, and those that a trial counts, one by one.

Nothing is changed. What a rule would make of a line is judged as a trial judges it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from trueup.base.errors import NotFound
from trueup.base.money import Money
from trueup.domain.chart import Purpose
from trueup.domain.deduction import Family
from trueup.domain.deduction_rules import DeductionRule, NewType, RuleForm
from trueup.domain.rule_trials import LineJudged
from trueup.storage.deduction_rules import load_versions
from trueup.storage.views.rule_history import PastLine, name_payments
from trueup.workflows.draft_rules import SINCE_EVER, LineForm, WantedRule, draft_rule, form_of_case
from trueup.workflows.resolve_case import Person
from trueup.workflows.try_rules import Changed, Effect, list_changed, try_on
from trueup.workflows.world import Tx

MOST = 200
"""So many lines are listed; a trial counts them all."""
_WHATEVER = NewType("what-it-is", "What it is", Family.OTHER, Purpose.FEES, "Only to be tried: no type is chosen yet.")


@dataclass(frozen=True, slots=True)
class PastLines:
    """How past lines read like those of a case: so many `read`, of which `explained` wait and would be, and `wrong` are posted as
    something else, which a rule of that form would get wrong. `answered`: a person or reconciliation said what they are, which
    stands above every rule. `moved`: the money of those that would be explained."""

    form: LineForm
    read: int
    explained: int
    wrong: int
    answered: int
    moved: tuple[Money, ...]


def count_past(tx: Tx, case_id: int) -> PastLines:
    """The past lines that a rule by the form of a case's lines would read, whatever it says they are. Raises NotFound, Refused."""
    return _count(tx, form_of_case(tx, case_id), None)


def look_past(tx: Tx, case_id: int, limit: int = MOST) -> tuple[PastLines, list[dict[str, Any]]]:
    """The same, with the lines: each with what it is now; what a rule would get wrong first. Raises as `count_past`."""
    changed = Changed(limit)
    counted = _count(tx, form_of_case(tx, case_id), changed)
    return counted, _as_json(tx.connection, changed.listed())


def _count(tx: Tx, form: LineForm, changed: Changed | None) -> PastLines:
    trial, answered = try_on(tx.connection, tx.resources.books.grammars.now(tx.connection), _rule_of(form), changed)
    explained = [each for each in trial.effects if not each.is_wrong]
    sums: dict[str, int] = {}
    for each in explained:
        sums[each.money.currency] = sums.get(each.money.currency, 0) + each.money.minor
    return PastLines(
        form,
        trial.seen,
        sum(each.lines for each in explained),
        sum(each.lines for each in trial.effects if each.is_wrong),
        answered,
        tuple(Money(minor, currency) for currency, minor in sorted(sums.items())),
    )


def list_of_trial(
    tx: Tx, rule_id: str, effect: Effect | None, version: int | None = None, limit: int = MOST
) -> list[dict[str, Any]]:
    """The lines that a version of a rule, or its newest, would change; of one effect of its trial, or all.

    Raises NotFound, Invalid.
    """
    versions = load_versions(tx.connection, rule_id)
    found = [each.rule for each in versions if version in (None, each.rule.version)]
    if not found:
        raise NotFound(f"Rule {rule_id}: it has no version {version}; the newest is {versions[-1].rule.version}.")
    return _told(tx, found[-1], effect, limit)


def list_of_draft(
    tx: Tx, wanted: WantedRule, person: Person, effect: Effect | None, limit: int = MOST
) -> list[dict[str, Any]]:
    """The same of what is not kept yet. Raises as `draft_rule`."""
    return _told(tx, draft_rule(tx, wanted, person).rule, effect, limit)


def _rule_of(form: LineForm) -> DeductionRule:
    """A rule that reads lines of a form, by a type that nothing else is."""
    return DeductionRule(
        id="rule-0",
        version=1,
        field=form.field,
        form=RuleForm.SHAPE,
        pattern=form.pattern,
        direction=form.direction,
        type=_WHATEVER,
        valid_from=SINCE_EVER,
        proposed_by="nobody",
    )


def _told(tx: Tx, rule: DeductionRule, effect: Effect | None, limit: int) -> list[dict[str, Any]]:
    rules = tx.resources.books.grammars.now(tx.connection)
    found = list_changed(tx.connection, rules, rule, effect, limit)
    return _as_json(tx.connection, found)


def _as_json(connection: sa.Connection, found: list[tuple[PastLine, LineJudged]]) -> list[dict[str, Any]]:
    names = name_payments(connection, {each.remittance for each, _ in found})
    return [
        {
            "remittance": each.remittance,
            "partner": each.partner,
            "payment": names[each.remittance],
            "paid_on": each.historic.paid_on.isoformat(),
            "line": each.historic.line.number,
            "reference": each.historic.line.reference or each.historic.line.description or each.historic.line.kind,
            "amount": str(Money(each.historic.line.settled or 0, each.historic.currency)),
            "before": judged.before,
            "after": judged.after if not judged.after.endswith(_WHATEVER.code) else "",
            "wrong": judged.is_wrong,
        }
        for each, judged in found
    ]
