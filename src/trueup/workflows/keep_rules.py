"""Keep rules: finance proposes how lines of a form are read, a second person approves it, and what waits is booked again.

A rule in force is never edited: it gets a new version, or is retired from a day on. What other rules and types have posted
stays as it is, so that the order in which rules and payments came makes no difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import date

from trueup.base.clock import write_instant
from trueup.base.errors import Conflict, Refused
from trueup.base.money import Money
from trueup.domain.deduction import sight_by
from trueup.domain.deduction_rules import DeductionRule, NewType, approve, compile_rule
from trueup.domain.rule_trials import AMBIGUOUS, RuleEffect, RuleTrial, code_of
from trueup.domain.settlement import Suspended
from trueup.storage import deduction_rules as storage
from trueup.storage import suspense
from trueup.storage.acts import hold_subject, say_who
from trueup.storage.deduction_rules import APPROVED, PROPOSED, SavedRule
from trueup.storage.views.rule_history import PastLine, load_waiting
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.booking import book_payments
from trueup.workflows.draft_rules import WantedRule, draft_rule
from trueup.workflows.grammar_of import RulesNow
from trueup.workflows.resolve_case import Person
from trueup.workflows.settle_remittance import RECONCILE_AFTER
from trueup.workflows.try_rules import Tried, plan_trial, try_on, try_saved
from trueup.workflows.world import Tx


@dataclass(frozen=True, slots=True)
class Booked:
    """What came of a change of rules: the rule, how many payments were booked anew, and what left suspense, by currency."""

    saved: SavedRule
    payments: int
    lines: int
    amounts: tuple[Money, ...]


def propose_rule(tx: Tx, wanted: WantedRule, person: Person) -> SavedRule:
    """Write a rule down for a second person to review. It does nothing until then.

    A version that waits is edited by another that takes its place: whoever was about to approve it is refused.

    Raises Refused (role; a type, purpose or account that cannot be), Conflict (a version waits already), Invalid, NotFound.
    """
    hold_subject(tx.connection, f"rule {wanted.replaces}" if wanted.replaces else "new rules")
    saved = draft_rule(tx, wanted, person, kept=True)
    _demand_new(tx, saved)
    rule = saved.rule
    if wanted.instead_of:
        edited = storage.load_versions(tx.connection, rule.id)[-1]
        storage.append_review(
            tx.connection, edited, False, person.name, (f"edited: see version {rule.version}", tx.now)
        )
    storage.append_rule(tx.connection, saved)
    after = {
        "pattern": f"{rule.field.value} {rule.form.value} {rule.pattern}",
        "type": code_of(rule),
        "note": wanted.note,
    }
    record_deed(tx.connection, tx.now, person, Deed("rule.proposed", f"rule {rule.name}", after=after))
    return saved


def _demand_new(tx: Tx, saved: SavedRule) -> None:
    """Raises Conflict where another rule that says the same waits for its review."""
    said = _meaning(saved)
    for other in storage.load_rules(tx.connection):
        if other.state == PROPOSED and other.rule.id != saved.rule.id and _meaning(other) == said:
            raise Conflict(
                f"Rule {other.rule.name} says the same and waits for its review: {other.rule.proposed_by} proposed it at "
                f"{write_instant(other.proposed_at)}. Nothing was proposed."
            )


def _meaning(saved: SavedRule) -> tuple[object, ...]:
    """What lines a rule reads, as what."""
    rule = saved.rule
    named = (rule.field, rule.form, rule.pattern, rule.direction, rule.payee, code_of(rule), saved.account)
    return (*named, rule.valid_from, rule.valid_to)


def try_rule(tx: Tx, rule_id: str, since: date | None = None, told: Callable[[int], None] | None = None) -> Tried:
    """Try the newest version of a rule on all history since a day; `told` how far it is: lines of how many.

    Raises NotFound, Invalid.
    """
    newest = storage.load_versions(tx.connection, rule_id)[-1]
    return try_saved(tx.connection, tx.resources.books.grammars.now(tx.connection), newest, since, told)


def count_trial(tx: Tx, rule_id: str, since: date | None = None) -> int:
    """How many lines `try_rule` will read. Raises NotFound."""
    newest = storage.load_versions(tx.connection, rule_id)[-1]
    rules = tx.resources.books.grammars.now(tx.connection)
    return sum(part.span.lines for part in plan_trial(tx.connection, rules, newest, since))


def approve_rule(tx: Tx, rule_id: str, person: Person, note: str = "", seen: int | None = None) -> Booked:
    """The second person: the version that waits is in force, and what waited for it in suspense is booked again.

    `seen`: the version that they looked at; another one waits when it was edited meanwhile, and that they have not seen.

    Raises NotFound, Refused: a role, the proposer, or a rule that would change what is posted or make lines ambiguous;
    Conflict when none waits.
    """
    demand_role(person, "rules.approve")
    waiting = _waiting_version(tx, rule_id)
    if seen is not None and seen != waiting.rule.version:
        raise Conflict(
            f"Rule {rule_id} was edited meanwhile: you looked at version {seen}, and version {waiting.rule.version} waits now. "
            "Look at what changed and approve that."
        )
    approved = approve(waiting.rule, person.name)
    rules = tx.resources.books.grammars.now(tx.connection)
    _check_harmless(waiting, try_on(tx.connection, rules, approved)[0])
    storage.append_review(tx.connection, waiting, True, person.name, (note, tx.now))
    earlier = [each.rule.name for each in rules.saved if each.rule.id == approved.id]
    posted = storage.payments_posted_by(tx.connection, earlier, approved.valid_from) if earlier else []
    lines = _waiting_for(tx, rules, approved)
    saved = replace(
        waiting, rule=approved, state=APPROVED, reviewed_by=person.name, reviewed_at=tx.now, review_note=note
    )
    booked = _book(tx, saved, {each.remittance for each in lines} | set(posted), person)
    after = {"payments": booked.payments, "lines": booked.lines, "note": note}
    record_deed(tx.connection, tx.now, person, Deed("rule.approved", f"rule {approved.name}", after=after))
    for partner in sorted({each.partner for each in lines}):
        # A batch that was under way meanwhile did not know the rule; what it left waiting is looked at again.
        tx.at(tx.now + RECONCILE_AFTER, "reconcile_remittances", f"reconcile:{partner}:{approved.name}", partner)
    return booked


def reject_rule(tx: Tx, rule_id: str, person: Person, note: str) -> SavedRule:
    """Turn a proposal down, or take one's own back. Raises NotFound, Conflict when none waits, Refused."""
    demand_role(person, "rules.propose")
    waiting = _waiting_version(tx, rule_id)
    storage.append_review(tx.connection, waiting, False, person.name, (note, tx.now))
    record_deed(tx.connection, tx.now, person, Deed("rule.rejected", f"rule {waiting.rule.name}", after={"note": note}))
    return replace(waiting, state=storage.REJECTED, reviewed_by=person.name, review_note=note)


def retire_rule(tx: Tx, rule_id: str, day: date | None, person: Person, note: str) -> Booked:
    """Payments made on that day or later (None: today) are read without it; what it has posted of them is taken back.

    Raises NotFound, Refused, Conflict when no version is in force.
    """
    demand_role(person, "rules.approve")
    hold_subject(tx.connection, f"rule {rule_id}")
    first = day or tx.now.date()
    versions = [each for each in storage.load_versions(tx.connection, rule_id) if each.state == APPROVED]
    if not versions:
        who = say_who(tx.connection, f"rule {rule_id}", "rule.retired")
        raise Conflict(
            f"Rule {rule_id} has no version in force{f', it was retired{who}' if who else ''}; nothing was changed."
        )
    for each in versions:
        storage.append_retirement(tx.connection, each, first, person.name, (note, tx.now))
    posted = storage.payments_posted_by(tx.connection, [each.rule.name for each in versions], first)
    newest = replace(versions[-1], state=storage.RETIRED, retired_from=first, retired_by=person.name)
    booked = _book(tx, newest, posted, person)
    after = {"from": first.isoformat(), "payments": booked.payments, "note": note}
    record_deed(tx.connection, tx.now, person, Deed("rule.retired", f"rule {newest.rule.id}", after=after))
    return booked


def _waiting_version(tx: Tx, rule_id: str) -> SavedRule:
    hold_subject(tx.connection, f"rule {rule_id}")
    newest = storage.load_versions(tx.connection, rule_id)[-1]
    if newest.state != PROPOSED:
        by = say_who(tx.connection, f"rule {newest.rule.name}", "rule.approved", "rule.rejected")
        raise Conflict(f"Rule {newest.rule.name} is {newest.state}{by}; nothing waits for a review.")
    return newest


def _waiting_for(tx: Tx, rules: RulesNow, rule: DeductionRule) -> list[PastLine]:
    """The lines in suspense that the rule reads."""
    named = (
        replace(rule, type=rule.type.code) if isinstance(rule.type, NewType) and rule.type.code in rules.types else rule
    )
    type_ = compile_rule(named, rules.types)
    found = []
    for each in load_waiting(tx.connection, rule):
        line = each.historic.line
        seen = sight_by(type_, line, line.settled)
        if seen and not seen[0].misfit:
            found.append(each)
    return found


def _check_harmless(saved: SavedRule, trial: RuleTrial) -> None:
    """What is posted stays posted, and nothing becomes ambiguous by a rule: it is narrowed, or dated later."""
    rivals = [each for each in trial.effects if each.after.startswith(AMBIGUOUS)]
    if rivals:
        raise Refused(
            f"Deduction rule {saved.rule.name} is in conflict: {_told(rivals[0])}. Reject it and propose a narrower one, or "
            f"one that begins later (--from)."
        )
    changed = [each for each in trial.effects if each.is_wrong]
    if changed:
        raise Refused(
            f"Deduction rule {saved.rule.name} would change what is posted: {_told(changed[0])}. What is posted stays: reject "
            f"it and propose one that begins after those payments (--from), or a narrower one."
        )


def _told(each: RuleEffect) -> str:
    lines = "1 line" if each.lines == 1 else f"{each.lines} lines"
    return f"{lines} of {each.money} (such as {each.example}) that are {each.before} would be {each.after}"


def _book(tx: Tx, saved: SavedRule, numbers: Collection[int], person: Person) -> Booked:
    """Book payments again, in their order, and tell what left suspense."""
    before = _in_suspense(tx, numbers)
    count = book_payments(tx, numbers, person.name)
    after = _in_suspense(tx, numbers)
    left: defaultdict[str, int] = defaultdict(int)
    for key in before.keys() - after.keys():
        left[before[key].currency] += before[key].minor
    amounts = tuple(Money(minor, currency) for currency, minor in sorted(left.items()))
    return Booked(saved, count, len(before.keys() - after.keys()), amounts)


def _in_suspense(tx: Tx, numbers: Collection[int]) -> dict[tuple[int, int], Suspended]:
    found = suspense.suspended_of(tx.connection, numbers)
    return {(number, each.line): each for number, waiting in found.items() for each in waiting}
