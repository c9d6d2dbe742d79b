"""Keep rules: finance proposes how lines of a form are read, a second person approves it, and what waits is booked again.

A rule in force is never edited: it gets a new version, or is retired from a day on. What other rules and types have posted
stays as it is, so that the order in which rules and payments came makes no difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import date

from trueup.base.errors import Conflict, Refused
from trueup.base.money import Money
from trueup.domain.chart import Purpose
from trueup.domain.deduction import DeductionType, Direction, sight_by
from trueup.domain.deduction_rules import (
    DeductionRule,
    NewType,
    RuleField,
    RuleForm,
    approve,
    compile_rule,
    shape_of,
)
from trueup.domain.rule_trials import RuleEffect, RuleTrial
from trueup.domain.settlement import CLAIMED, UNRECOGNISED, Suspended
from trueup.storage import cases, remittances, suspense
from trueup.storage import deduction_rules as storage
from trueup.storage.deduction_rules import APPROVED, PROPOSED, SavedRule
from trueup.storage.views.rule_history import PastLine, load_waiting
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.booking import book_payments
from trueup.workflows.grammar_of import RulesNow
from trueup.workflows.resolve_case import Person
from trueup.workflows.settle_remittance import RECONCILE_AFTER
from trueup.workflows.try_rules import Tried, plan_trial, try_on, try_saved
from trueup.workflows.world import Tx

SINCE_EVER = date(2000, 1, 1)
"""From when a rule holds that nobody dates: history that is imported later is then read as what came before."""
_NOT_POSTED = ("unrecognised", "ambiguous")


@dataclass(frozen=True, slots=True)
class WantedRule:
    """A rule as someone wants it. `direction` None: as its type goes. `valid_from` None: for every payment, whenever it was made.

    `replaces`: the id of the rule that this is a new version of, "" for a new one. `case`: the case it follows from.
    """

    field: RuleField
    form: RuleForm
    pattern: str
    type: str | NewType
    direction: Direction | None = None
    payee: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    account: str = ""
    note: str = ""
    replaces: str = ""
    case: int | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """What came of a change of rules: the rule, how many payments were booked anew, and what left suspense, by currency."""

    saved: SavedRule
    payments: int
    lines: int
    amounts: tuple[Money, ...]


def propose_rule(tx: Tx, wanted: WantedRule, person: Person) -> SavedRule:
    """Write a rule down for a second person to review. It does nothing until then.

    Raises Refused (role; a type, purpose or account that cannot be), Conflict (a version waits already), Invalid, NotFound.
    """
    demand_role(person, "rules.propose")
    rules = tx.resources.books.grammars.now(tx.connection)
    kind, type_ = _type(rules, wanted.type)
    _check_account(tx, wanted, type_)
    number, version = _place(tx, wanted)
    rule = DeductionRule(
        id=storage.id_of(number),
        version=version,
        field=wanted.field,
        form=wanted.form,
        pattern=wanted.pattern,
        direction=wanted.direction or type_.direction,
        type=kind,
        valid_from=wanted.valid_from or SINCE_EVER,
        proposed_by=person.name,
        payee=wanted.payee,
        valid_to=wanted.valid_to,
    )
    saved = SavedRule(rule, wanted.account, wanted.note, wanted.case, tx.now, PROPOSED)
    storage.append_rule(tx.connection, saved)
    after = {"pattern": f"{rule.field.value} {rule.form.value} {rule.pattern}", "type": type_.code, "note": wanted.note}
    record_deed(tx.connection, tx.now, person, Deed("rule.proposed", f"rule {rule.name}", after=after))
    return saved


def rule_of_case(tx: Tx, case_id: int, type_code: str, account: str, note: str) -> WantedRule:
    """The rule that would have answered a case of lines that no type reads: their form, their sign, and the type chosen.

    Asked for before the case is answered. Raises Refused for another kind of case, or lines without any text.
    """
    case = cases.load_case(tx.connection, case_id)
    waiting = suspense.waiting_lines(tx.connection, case.draft.kind, case.draft.subject)
    lines = [(number, each) for number, each in waiting if each.line > 0]
    if case.draft.kind != UNRECOGNISED or not lines:
        raise Refused(
            f"Case {case_id} ({case.draft.kind}): a rule can be proposed from lines that no type reads; "
            f"leave --propose-rule away, or write one with `trueup rules propose`."
        )
    number, first = lines[0]
    line = next(
        each
        for each in remittances.load_remittance(tx.connection, number).remittance.lines
        if each.number == first.line
    )
    field, text = next(
        ((field, text) for field, text in _texts(line.reference, line.kind, line.description) if text),
        (RuleField.REFERENCE, ""),
    )
    return WantedRule(
        field=field,
        form=RuleForm.SHAPE,
        pattern=shape_of(text),
        type=type_code,
        direction=Direction.GIVES if first.minor > 0 else Direction.TAKES,
        account=_own_account(tx, type_code, account),
        note=note,
        case=case_id,
    )


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


def approve_rule(tx: Tx, rule_id: str, person: Person, note: str = "") -> Booked:
    """The second person: the version that waits is in force, and what waited for it in suspense is booked again.

    Raises NotFound, Refused: a role, the proposer, or a rule that would change what is posted or make lines ambiguous;
    Conflict when none waits.
    """
    demand_role(person, "rules.approve")
    waiting = _waiting_version(tx, rule_id)
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
    first = day or tx.now.date()
    versions = [each for each in storage.load_versions(tx.connection, rule_id) if each.state == APPROVED]
    if not versions:
        raise Conflict(f"Rule {rule_id} has no version in force; nothing was changed.")
    for each in versions:
        storage.append_retirement(tx.connection, each, first, person.name, (note, tx.now))
    posted = storage.payments_posted_by(tx.connection, [each.rule.name for each in versions], first)
    newest = replace(versions[-1], state=storage.RETIRED, retired_from=first, retired_by=person.name)
    booked = _book(tx, newest, posted, person)
    after = {"from": first.isoformat(), "payments": booked.payments, "note": note}
    record_deed(tx.connection, tx.now, person, Deed("rule.retired", f"rule {newest.rule.id}", after=after))
    return booked


def _texts(reference: str, kind: str, description: str) -> tuple[tuple[RuleField, str], ...]:
    """What a line is grouped by, in the order in which a case of unrecognised lines looks at it."""
    return (RuleField.REFERENCE, reference), (RuleField.KIND, kind), (RuleField.DESCRIPTION, description)


def _type(rules: RulesNow, wanted: str | NewType) -> tuple[str | NewType, DeductionType]:
    """The type as a rule keeps it, and what it is: built in, brought by another rule, or new."""
    if isinstance(wanted, NewType):
        if wanted.code in rules.types:
            raise Refused(f"Type {wanted.code!r} is there already; name it with --type instead of defining it anew.")
        return wanted, _as_type(wanted)
    if wanted not in rules.types:
        known = ", ".join(sorted(rules.types))
        raise Refused(
            f"{wanted!r} is no deduction type; expected one of {known}; or define it (--label and --purpose)."
        )
    brought = next(
        (
            each.rule.type
            for each in rules.saved
            if isinstance(each.rule.type, NewType) and each.rule.type.code == wanted
        ),
        None,
    )
    return brought or wanted, rules.types[wanted]


def _as_type(new: NewType) -> DeductionType:
    if new.purpose in (*_NOT_FOR_LINES, *CLAIMED):
        raise Refused(f"Type {new.code!r}: purpose {new.purpose.value} is not for a type of your own; choose another.")
    return DeductionType(new.code, new.label, new.family, new.purpose, new.treatment, lambda _: ())


_NOT_FOR_LINES = (Purpose.SUSPENSE, Purpose.CASH, Purpose.CLEARING, Purpose.CONVERSION, Purpose.RECEIVABLE)


def _check_account(tx: Tx, wanted: WantedRule, type_: DeductionType) -> None:
    if not wanted.account:
        return
    chart = tx.resources.books.chart
    if chart.account(wanted.account) is None:
        raise Refused(f"Account {wanted.account!r} is not in the chart; see `trueup journal accounts`.")
    if wanted.account in {chart.code(purpose) for purpose in _NOT_FOR_LINES}:
        raise Refused(f"Account {wanted.account} is not where an explained line can go; choose another.")
    if type_.disputable or type_.purpose in CLAIMED:
        own = chart.code_of_type(type_.code, type_.purpose)
        raise Refused(
            f"Lines of type {type_.code} can be disputed: they stand on account {own} until that is settled, not on "
            f"{wanted.account}. Leave the account away, choose another type, or give the type that account in the chart."
        )


def _own_account(tx: Tx, type_code: str, account: str) -> str:
    """The account a rule needs beside its type's: none where it is the same."""
    type_ = tx.resources.books.grammars.now(tx.connection).types.get(type_code)
    usual = tx.resources.books.chart.code_of_type(type_.code, type_.purpose) if type_ else ""
    return "" if account == usual else account


def _place(tx: Tx, wanted: WantedRule) -> tuple[int, int]:
    """The number and version of what is proposed."""
    if not wanted.replaces:
        return storage.next_number(tx.connection), 1
    newest = storage.load_versions(tx.connection, wanted.replaces)[-1]
    if newest.state == PROPOSED:
        raise Conflict(f"Rule {newest.rule.name} waits for its review; approve or reject it first.")
    return newest.number, newest.rule.version + 1


def _waiting_version(tx: Tx, rule_id: str) -> SavedRule:
    newest = storage.load_versions(tx.connection, rule_id)[-1]
    if newest.state != PROPOSED:
        by = f" by {newest.reviewed_by}" if newest.reviewed_by else ""
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
    rivals = [each for each in trial.effects if each.after.startswith("ambiguous")]
    if rivals:
        raise Refused(
            f"Deduction rule {saved.rule.name} is in conflict: {_told(rivals[0])}. Reject it and propose a narrower one, or "
            f"one that begins later (--from)."
        )
    changed = [each for each in trial.effects if not each.before.startswith(_NOT_POSTED)]
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
