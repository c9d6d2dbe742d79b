"""A rule tried on lines of past payments: what it would change, in counts and money, before it is turned on. Nothing is changed.

However many lines there are, nothing of them is kept but sums. A line is looked at once for every trial that asks of it: as
though the rule had always been in force, and in its own days alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from trueup.base.money import Money
from trueup.domain.deduction import Ambiguous, Classification, Recognised, Sightings, classify, sight_by
from trueup.domain.deduction_rules import DeductionRule, compile_rule, rivals_of
from trueup.domain.grammar import Grammar
from trueup.domain.remittances import RemittanceLine

AMBIGUOUS = "ambiguous"
_NOT_POSTED = ("unrecognised", AMBIGUOUS)


@dataclass(frozen=True, slots=True)
class HistoricLine:
    """A line of a past payment, with what a rule needs to know of the payment."""

    line: RemittanceLine
    currency: str
    payee: str
    paid_on: date


@dataclass(frozen=True, slots=True)
class RuleEffect:
    """What a rule would change: so many lines, moving `money` in sum, that are `before` and would be `after`."""

    before: str
    after: str
    lines: int
    money: Money
    example: str

    @property
    def is_wrong(self) -> bool:
        """Whether it would change what is posted, or have lines wait that did not: a rule with such an effect is not approved."""
        return _is_wrong(self.before, self.after)


def _is_wrong(before: str, after: str) -> bool:
    return not before.startswith(_NOT_POSTED) or after.startswith(AMBIGUOUS)


@dataclass(frozen=True, slots=True)
class RuleTrial:
    """A rule tried on history. `seen`: lines it reads, changed or not. `conflicts`: the types it would rival with, there and by
    form alone. A rule is ready when it has effects and no conflicts."""

    rule: DeductionRule
    looked_at: int
    seen: int
    effects: tuple[RuleEffect, ...]
    conflicts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LineRead:
    """A line that a rule reads: what all others see in it, and what the rule does."""

    historic: HistoricLine
    sightings: Sightings
    found: Sightings


@dataclass(frozen=True, slots=True)
class LineJudged:
    """What a line is without the rule and would be with it, in words; and the types that it would be ambiguous between."""

    historic: HistoricLine
    before: str
    after: str
    rivals: frozenset[str]

    @property
    def is_wrong(self) -> bool:
        """Whether the rule would change what is posted, or have the line wait that did not."""
        return self.before != self.after and _is_wrong(self.before, self.after)


def try_rule(
    rule: DeductionRule, lines: Iterable[HistoricLine], grammar: Grammar, known: Mapping[str, object]
) -> RuleTrial:
    """What the rule would change of these lines, in counts and money; nothing is changed.

    `grammar`: without the rule, and without the versions of it that it replaces.
    """
    every = list(lines)
    trial = sum_up(rule, [judge(each, rule, known) for each in read_lines(rule, every, grammar)])
    conflicts = {*trial.conflicts, *rivals_of(rule, grammar)}
    return replace(trial, looked_at=len(every), conflicts=tuple(sorted(conflicts)))


def read_lines(rule: DeductionRule, lines: Iterable[HistoricLine], grammar: Grammar) -> Iterator[LineRead]:
    """Of these lines those that the rule reads, with all that is seen in them."""
    added = compile_rule(rule, grammar.types)
    for each in lines:
        if rule.covers(each.payee, each.paid_on):
            line = each.line
            found = sight_by(added, line, line.settled or line.gross or 0)
            if found and not found[0].misfit:
                yield LineRead(each, grammar.sight(line), found)


def judge(read: LineRead, rule: DeductionRule, known: Mapping[str, object]) -> LineJudged:
    """What a line is, and would be. `known`: those of its stems that are invoices of ours."""
    line = read.historic.line
    before, after = classify(line, read.sightings, known), classify(line, (*read.sightings, *read.found), known)
    rivals = frozenset[str]()
    if isinstance(after, Ambiguous):
        rivals = frozenset(rival.type.code for rival in after.rivals) - {code_of(rule)}
    return LineJudged(read.historic, _said_of(before), _said_of(after), rivals)


def sum_up(rule: DeductionRule, judged: Iterable[LineJudged]) -> RuleTrial:
    """The trial of a rule over judged lines: those of payments that it covers. `looked_at` is left for who knows it."""
    seen = 0
    sums: defaultdict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    examples: dict[tuple[str, str, str], str] = {}
    conflicts: set[str] = set()
    for each in judged:
        historic = each.historic
        if not rule.covers(historic.payee, historic.paid_on):
            continue
        seen += 1
        conflicts |= each.rivals
        if each.before != each.after:
            line, key = historic.line, (each.before, each.after, historic.currency)
            sums[key][0] += 1
            sums[key][1] += line.settled
            examples.setdefault(key, line.reference or line.description or line.kind)
    effects = tuple(
        RuleEffect(key[0], key[1], count, Money(minor, key[2]), examples[key])
        for key, (count, minor) in sorted(sums.items())
    )
    return RuleTrial(rule, 0, seen, effects, tuple(sorted(conflicts)))


def add_up(first: RuleTrial, *rest: RuleTrial) -> RuleTrial:
    """Trials of one rule on different lines as one: the first example of each effect stands."""
    effects: dict[tuple[str, str, str], RuleEffect] = {}
    for trial in (first, *rest):
        for each in trial.effects:
            key = each.before, each.after, each.money.currency
            so_far = effects.get(key)
            if so_far is None:
                effects[key] = each
            else:
                effects[key] = replace(so_far, lines=so_far.lines + each.lines, money=so_far.money + each.money)
    every: Sequence[RuleTrial] = (first, *rest)
    conflicts = {name for trial in every for name in trial.conflicts}
    return replace(
        first,
        looked_at=sum(trial.looked_at for trial in every),
        seen=sum(trial.seen for trial in every),
        effects=tuple(effects[key] for key in sorted(effects)),
        conflicts=tuple(sorted(conflicts)),
    )


def code_of(rule: DeductionRule) -> str:
    """The code of the type that it is a rule for."""
    return rule.type if isinstance(rule.type, str) else rule.type.code


def _said_of(found: Classification) -> str:
    if isinstance(found, Recognised):
        return found.type.code
    if isinstance(found, Ambiguous):
        return f"{AMBIGUOUS}: " + " or ".join(sorted({rival.type.code for rival in found.rivals}))
    return "unrecognised"
