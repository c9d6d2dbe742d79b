"""Try a rule on history: what it would change, in lines and money, before it is turned on. Nothing is changed.

History is read a span of payments at a time, so that a million lines need no more memory than a thousand, and whoever waits is
told how far it is: by a callback, or, where a worker does it, by the page of the job.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from trueup.base.money import Money
from trueup.domain.deduction import stems
from trueup.domain.deduction_rules import DeductionRule, NewType, rivals_of
from trueup.domain.grammar import Grammar
from trueup.domain.rule_trials import LineJudged, RuleTrial, add_up, judge, read_lines, sum_up
from trueup.storage import invoices
from trueup.storage.deduction_rules import SavedRule
from trueup.storage.views.rule_history import PastLine, Span, count_lines, list_spans, load_history
from trueup.workflows.grammar_of import RulesNow

EVER = date(1, 1, 1)

Effect = tuple[str, str, str]
"""One effect of a trial: what lines are before and after, in its words, and their currency."""


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


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a trial. `earlier`: of the version that this one would replace."""

    span: Span
    earlier: bool = False


@dataclass(frozen=True, slots=True)
class PartTried:
    """What came of a part: as in `Tried`, of its payments alone."""

    whole: RuleTrial
    own: RuleTrial
    answered: int
    earlier: bool = False


class Changed:
    """The first lines that a rule would change: so many of those that it would get wrong, and so many of all others.

    `effect`: of that one alone; None for all.
    """

    def __init__(self, limit: int, effect: Effect | None = None) -> None:
        self._limit, self._effect = limit, effect
        self._wrong, self._others = list[tuple[PastLine, LineJudged]](), list[tuple[PastLine, LineJudged]]()

    @property
    def is_full(self) -> bool:
        """Whether what comes later is not listed. What a rule gets wrong may come late, and stands before all else."""
        return len(self._wrong if self._effect is None else self._wrong + self._others) >= self._limit

    def add(self, past: Sequence[PastLine], judged: Sequence[LineJudged]) -> None:
        """Take of these lines, judged in this order, what is wanted."""
        places = {id(each.historic): each for each in past}
        for each in judged:
            told = each.before, each.after, each.historic.currency
            if each.before != each.after and self._effect in (None, told):
                (self._wrong if each.is_wrong else self._others).append((places[id(each.historic)], each))
        for kept in (self._wrong, self._others):
            kept.sort(key=lambda each: each[0].remittance)
            del kept[self._limit :]

    def listed(self) -> list[tuple[PastLine, LineJudged]]:
        """So many in all, what it would get wrong first."""
        return [*self._wrong, *self._others][: self._limit]


def try_saved(
    connection: sa.Connection,
    rules: RulesNow,
    saved: SavedRule,
    since: date | None = None,
    told: Callable[[int], None] | None = None,
) -> Tried:
    """Try a version. The grammar it is tried against has all other rules in force, and no version of its own.

    `told` is called as history is read, with how many lines more; those of all parts of the plan in the end.
    """
    found = []
    for part in plan_trial(connection, rules, saved, since):
        found.append(try_part(connection, rules, saved, since, part))
        if told is not None:
            told(part.span.lines)
    return put_together(connection, rules, saved, since, found)


def plan_trial(connection: sa.Connection, rules: RulesNow, saved: SavedRule, since: date | None) -> list[Part]:
    """The parts that a trial has, the version's own first."""
    parts = [Part(span) for span in list_spans(connection, _widest(saved.rule, since))]
    before = _replaced(rules, saved)
    if before is not None:
        parts += [Part(span, True) for span in list_spans(connection, _always(before, since))]
    return parts


def try_part(connection: sa.Connection, rules: RulesNow, saved: SavedRule, since: date | None, part: Part) -> PartTried:
    """Try one part of a trial."""
    if part.earlier:
        before = _replaced(rules, saved)
        assert before is not None, f"{saved.rule.name} replaces no version that is in force"
        (whole,), _ = _try_span(connection, rules, _always(before, since), (_always(before, since),), part.span)
        return PartTried(whole, whole, 0, earlier=True)
    asked = _always(saved.rule, since), saved.rule
    (whole, own), answered = _try_span(connection, rules, _widest(saved.rule, since), asked, part.span)
    return PartTried(whole, own, answered)


def put_together(
    connection: sa.Connection, rules: RulesNow, saved: SavedRule, since: date | None, found: Sequence[PartTried]
) -> Tried:
    """The trial whose parts these are."""
    now = [each for each in found if not each.earlier]
    whole = _whole(connection, rules, _always(saved.rule, since), [each.whole for each in now])
    own = _whole(connection, rules, saved.rule, [each.own for each in now])
    before, replaced = _replaced(rules, saved), None
    if before is not None:
        replaced = _whole(connection, rules, _always(before, since), [each.whole for each in found if each.earlier])
    return Tried(saved, since or EVER, whole, own, sum(each.answered for each in now), replaced)


def try_on(
    connection: sa.Connection, rules: RulesNow, rule: DeductionRule, changed: Changed | None = None
) -> tuple[RuleTrial, int]:
    """What a rule would change of the payments it covers; and how many lines it reads that are answered otherwise.

    `changed` keeps the lines, of the same scan.
    """
    trials, answered = [], 0
    for span in list_spans(connection, rule):
        (trial,), stay = _try_span(connection, rules, rule, (rule,), span, changed)
        trials.append(trial)
        answered += stay
    return _whole(connection, rules, rule, trials), answered


def _always(rule: DeductionRule, since: date | None) -> DeductionRule:
    return replace(rule, valid_from=since or EVER, valid_to=None)


def _widest(rule: DeductionRule, since: date | None) -> DeductionRule:
    """For all days that are asked for, and for its own."""
    return replace(rule, valid_from=min(rule.valid_from, since or EVER), valid_to=None)


def _replaced(rules: RulesNow, saved: SavedRule) -> DeductionRule | None:
    before = [each for each in rules.saved if each.rule.id == saved.rule.id and each.rule.version < saved.rule.version]
    return before[-1].rule if before else None


def _try_span(
    connection: sa.Connection,
    rules: RulesNow,
    widest: DeductionRule,
    asked: Sequence[DeductionRule],
    span: Span,
    changed: Changed | None = None,
) -> tuple[list[RuleTrial], int]:
    """The trials of these rules, which differ in their days alone, over one span of payments; and how many lines are answered."""
    past = load_history(connection, widest, span)
    answered = sum(each.answered and asked[0].covers(each.historic.payee, each.historic.paid_on) for each in past)
    trials = [[sum_up(rule, ())] for rule in asked]
    for group in _groups(rules, widest, past):
        rule = _named(widest, group.grammar)
        judged = _judge(connection, rule, group)
        if changed is not None:
            changed.add(group.lines, judged)
        rivals = rivals_of(rule, group.grammar)
        for so_far, each_rule in zip(trials, asked, strict=True):
            trial = sum_up(each_rule, judged)
            if any(each_rule.covers(each.historic.payee, each.historic.paid_on) for each in group.lines):
                trial = replace(trial, conflicts=tuple(sorted({*trial.conflicts, *rivals})))
            so_far.append(trial)
    return [add_up(*each) for each in trials], answered


@dataclass(frozen=True, slots=True)
class _Group:
    """Lines of one partner and currency that one grammar reads: the invoices that they may name are looked up together."""

    partner: str
    currency: str
    grammar: Grammar
    lines: list[PastLine]


def _groups(rules: RulesNow, rule: DeductionRule, past: Sequence[PastLine]) -> list[_Group]:
    """Lines by what judges them, but for those that are answered. The grammar is that of the payment, without the rule."""
    groups: dict[tuple[str, str, int], _Group] = {}
    grammars: dict[tuple[str, date], Grammar] = {}
    for each in past:
        if each.answered:
            continue
        told = each.historic
        paid = told.payee, told.paid_on
        grammar = grammars.get(paid)
        if grammar is None:
            grammar = grammars[paid] = rules.grammar(*paid, without=rule.id)
        key = each.partner, told.currency, id(grammar)
        groups.setdefault(key, _Group(each.partner, told.currency, grammar, [])).lines.append(each)
    return list(groups.values())


def list_changed(
    connection: sa.Connection, rules: RulesNow, rule: DeductionRule, effect: Effect | None, limit: int
) -> list[tuple[PastLine, LineJudged]]:
    """The first lines of history that a rule would change, as though it had always been in force; those of one effect, or all,
    what it would get wrong first. What a person or reconciliation said a line is stays, and is not among them."""
    always, changed = _always(rule, None), Changed(limit, effect)
    for span in list_spans(connection, always):
        _try_span(connection, rules, always, (always,), span, changed)
        if changed.is_full:
            break
    return changed.listed()


def _judge(connection: sa.Connection, rule: DeductionRule, group: _Group) -> list[LineJudged]:
    """The lines of a group that the rule reads, judged with the invoices that they may name."""
    read = list(read_lines(rule, (each.historic for each in group.lines), group.grammar))
    wanted = {stem for each in read for stem in stems(each.sightings)}
    found = invoices.find_invoices(connection, group.partner, wanted)
    known = {reference: row for reference, row in found.items() if row[2] == group.currency}
    return [judge(each, rule, known) for each in read]


def _whole(connection: sa.Connection, rules: RulesNow, rule: DeductionRule, trials: Sequence[RuleTrial]) -> RuleTrial:
    """Trials of spans as one, with what the rule rivals by its form alone, and of how many lines in all."""
    trial = add_up(sum_up(rule, ()), *trials)
    conflicts = {*trial.conflicts, *rivals_of(_named(rule, rules.built_in), rules.built_in)}
    looked_at = count_lines(connection, rule.valid_from)
    return replace(trial, looked_at=looked_at, conflicts=tuple(sorted(conflicts)))


def _named(rule: DeductionRule, grammar: Grammar) -> DeductionRule:
    """A rule by a new type that another rule in force has brought already names it."""
    if isinstance(rule.type, NewType) and rule.type.code in grammar.types:
        return replace(rule, type=rule.type.code)
    return rule


def money_of(trial: RuleTrial) -> tuple[Money, ...]:
    """What all effects move, by currency."""
    sums: defaultdict[str, int] = defaultdict(int)
    for each in trial.effects:
        sums[each.money.currency] += each.money.minor
    return tuple(Money(minor, currency) for currency, minor in sorted(sums.items()))


def tried_json(tried: Tried) -> dict[str, Any]:
    """All that came of a trial as JSON: on all history, in its own days, and of the version that it would replace."""
    return {
        "history": trial_json(tried.whole),
        "own_days": trial_json(tried.own),
        "replaced": trial_json(tried.replaced) if tried.replaced else None,
        "answered_otherwise": tried.answered,
    }


def trial_json(trial: RuleTrial) -> dict[str, Any]:
    """A trial as JSON: what it looked at and read, each effect with its money as text, and the types it rivals with."""
    return {
        "lines_looked_at": trial.looked_at,
        "lines_read": trial.seen,
        "effects": [
            {
                "before": each.before,
                "after": each.after,
                "lines": each.lines,
                "money": str(each.money),
                "example": each.example,
                "wrong": each.is_wrong,
            }
            for each in trial.effects
        ],
        "conflicts": list(trial.conflicts),
    }
