"""Try a rule on history: what it would change, in lines and money, before it is turned on. Nothing is changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.domain.deduction import stems
from trueup.domain.deduction_rules import DeductionRule, NewType, RuleEffect, RuleTrial, rivals_of, try_rule
from trueup.domain.grammar import Grammar
from trueup.storage import invoices
from trueup.storage.deduction_rules import SavedRule
from trueup.storage.views.rule_history import PastLine, count_lines, load_history
from trueup.workflows.grammar_of import RulesNow

EVER = date(1, 1, 1)
_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule tried on all history since a day, as though it had been in force, and in its own days alone.

    `answered`: lines it reads that stay what a person or reconciliation said they are. `replaced`: the same history with the
    version in force that this one would replace; None without one.
    """

    saved: SavedRule
    since: date
    whole: RuleTrial
    own: RuleTrial
    answered: int
    replaced: RuleTrial | None = None


def try_saved(connection: sa.Connection, rules: RulesNow, saved: SavedRule, since: date | None = None) -> Tried:
    """Try a version. The grammar it is tried against has all other rules in force, and no version of its own."""
    first = since or EVER
    always = replace(saved.rule, valid_from=first, valid_to=None)
    whole, answered = try_on(connection, rules, always)
    own, _ = try_on(connection, rules, saved.rule)
    before = [each for each in rules.saved if each.rule.id == saved.rule.id and each.rule.version < saved.rule.version]
    replaced = (
        try_on(connection, rules, replace(before[-1].rule, valid_from=first, valid_to=None))[0] if before else None
    )
    return Tried(saved, first, whole, own, answered, replaced)


def try_on(connection: sa.Connection, rules: RulesNow, rule: DeductionRule) -> tuple[RuleTrial, int]:
    """What a rule would change of the payments it covers; and how many lines it reads that are answered otherwise."""
    answered, trials = 0, []
    for batch in _batches(load_history(connection, rule)):
        free = [each for each in batch if not each.answered]
        answered += len(batch) - len(free)
        trials += list(_trials(connection, rules, rule, free))
    of_form = rivals_of(_named(rule, rules.built_in), rules.built_in)
    return _sum(rule, count_lines(connection, rule.valid_from), trials, of_form), answered


def _batches(lines: Iterator[PastLine]) -> Iterator[list[PastLine]]:
    while batch := list(islice(lines, _AT_ONCE)):
        yield batch


def _trials(
    connection: sa.Connection, rules: RulesNow, rule: DeductionRule, batch: Sequence[PastLine]
) -> Iterator[RuleTrial]:
    """One trial for the lines of each partner and currency that one grammar reads."""
    groups: defaultdict[tuple[str, str, int], list[PastLine]] = defaultdict(list)
    grammars: dict[int, Grammar] = {}
    for each in batch:
        told = each.historic
        grammar = rules.grammar(told.payee, told.paid_on, without=rule.id)
        grammars[id(grammar)] = grammar
        groups[each.partner, told.currency, id(grammar)].append(each)
    for (partner, currency, which), lines in groups.items():
        grammar = grammars[which]
        wanted = {stem for each in lines for stem in stems(grammar.sight(each.historic.line))}
        found = invoices.find_invoices(connection, partner, wanted)
        known = {reference: row for reference, row in found.items() if row[2] == currency}
        yield try_rule(_named(rule, grammar), [each.historic for each in lines], grammar, known)


def _named(rule: DeductionRule, grammar: Grammar) -> DeductionRule:
    """A rule by a new type that another rule in force has brought already names it."""
    if isinstance(rule.type, NewType) and rule.type.code in grammar.types:
        return replace(rule, type=rule.type.code)
    return rule


def _sum(rule: DeductionRule, looked_at: int, trials: Iterable[RuleTrial], of_form: Iterable[str]) -> RuleTrial:
    effects: dict[tuple[str, str, str], RuleEffect] = {}
    seen, conflicts = 0, set(of_form)
    for trial in trials:
        seen += trial.seen
        conflicts |= set(trial.conflicts)
        for each in trial.effects:
            key = each.before, each.after, each.money.currency
            so_far = effects.get(key)
            if so_far is not None:
                money = so_far.money + each.money
                effects[key] = replace(so_far, lines=so_far.lines + each.lines, money=money)
            else:
                effects[key] = each
    return RuleTrial(rule, looked_at, seen, tuple(effects[key] for key in sorted(effects)), tuple(sorted(conflicts)))


def money_of(trial: RuleTrial) -> tuple[Money, ...]:
    """What all effects move, by currency."""
    sums: defaultdict[str, int] = defaultdict(int)
    for each in trial.effects:
        sums[each.money.currency] += each.money.minor
    return tuple(Money(minor, currency) for currency, minor in sorted(sums.items()))
