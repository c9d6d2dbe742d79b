"""Try terms: what charges of the past months would have been called under other rates, and by how much. Nothing is kept.

Each charge is judged twice as a check judges it: by the terms without the change, and by those with it, both as they are known on
the day on which all of it counts. What comes out alike is not told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from trueup.base.errors import Invalid
from trueup.base.money import Money
from trueup.domain.term_changes import TermChange
from trueup.domain.terms import Verdict
from trueup.storage import charges
from trueup.storage.charges import Judged
from trueup.storage.terms import SavedTerm, load_terms
from trueup.workflows.check_charges import bench_for, load_charges
from trueup.workflows.keep_terms import Sheet, propose_change
from trueup.workflows.resolve_case import Person
from trueup.workflows.try_agreements import MONTHS
from trueup.workflows.versions import look_with_trial
from trueup.workflows.world import Tx

MOST_PAYMENTS = 500
"""So many of the newest payments are looked at."""
_MONTH = timedelta(days=30)
WORDS = {
    Verdict.OVERCHARGE: "too much",
    Verdict.UNDERCHARGE: "too little",
    Verdict.AS_AGREED: "as agreed",
    Verdict.UNRATED: "not to be told",
}
"""What a charge is called, in words."""


@dataclass(frozen=True, slots=True)
class TriedCharge:
    """A charge that would have been judged otherwise: as it is now, and as it would be."""

    before: Judged
    after: Judged

    @property
    def charged(self) -> Money:
        """What was taken."""
        return Money(self.before.taken.minor, self.before.taken.currency)

    @property
    def effect(self) -> tuple[str, str, str]:
        """Of which sort it is: what it is called now, what it would be, and the currency."""
        return self.before.verdict, self.after.verdict, self.before.taken.currency

    def above(self, judged: Judged) -> Money | None:
        """By how much it is above what was expected, below zero for too little; None where that cannot be told."""
        expected = judged.expected
        return None if expected is None else Money(self.before.taken.minor - expected, self.before.taken.currency)


@dataclass(frozen=True, slots=True)
class TermEffect:
    """Charges of one sort in one currency: called `before` now, `after` with the change; what was taken, and what of it would be
    above what is expected now and then (None where that cannot be told)."""

    before: Verdict
    after: Verdict
    charged: Money
    above_before: Money | None
    above_after: Money | None
    moved: tuple[TriedCharge, ...]


@dataclass(frozen=True, slots=True)
class TermTrial:
    """What a change would have come to from a day to an instant: of so many payments with so many charges of those kinds;
    `left_out`: older payments not looked at. `overcharged`: by currency, what would be called too much now, and then."""

    since: date
    until: datetime
    payments: int
    charges: int
    left_out: int
    effects: tuple[TermEffect, ...]
    overcharged: tuple[tuple[Money, Money], ...]

    def lines(self, before: str, after: str, currency: str) -> tuple[TriedCharge, ...]:
        """The charges of one effect; all that move, where none is named."""
        named = [
            each
            for each in self.effects
            if (each.before, each.after, each.charged.currency) == (before, after, currency)
        ]
        return tuple(line for each in (named if before else self.effects) for line in each.moved)


def try_sheet(tx: Tx, sheet: Sheet, months: int, until: datetime | None = None) -> TermTrial:
    """Look at the charges of the last months with the change and without it. Raises Invalid for another span.

    `until`: no payment that came in later is looked at (None: all that are there).
    """
    if months not in MONTHS:
        raise Invalid(f"{months} months: expected one of {', '.join(str(each) for each in MONTHS)}.")
    until = until or tx.now
    since = (until - months * _MONTH).date()
    ids, left_out = charges.payments_since(tx.connection, since, until, MOST_PAYMENTS)
    kinds = {kind for kind, _ in sheet.scopes}
    taken = [each for each in load_charges(tx, ids) if each.kind in kinds]
    saved = load_terms(tx.connection)
    with_it = [each for each in saved if each not in sheet.removed] + [
        SavedTerm(0, term, sheet.proposed_by, tx.now, sheet.change.evidence) for term in sheet.added
    ]
    benches = [bench_for(tx, taken, terms, sheet.known_on) for terms in (saved, with_it)]
    judged = [TriedCharge(benches[0].judge(each), benches[1].judge(each)) for each in taken]
    return TermTrial(since, until, len(ids), len(judged), left_out, _effects(judged), _overcharged(judged))


def try_change(tx: Tx, change: TermChange, person: Person, months: int) -> tuple[Sheet, TermTrial]:
    """Propose a change and look at it, in a transaction that is rolled back. Raises as `propose_change`."""
    sheet = propose_change(tx, change, person)
    return sheet, try_sheet(tx, sheet, months)


def look_tried(sheet: Sheet, trial: TermTrial, months: int) -> str:
    """The look of whom both were shown: a proposal, and which charges of so many months it would call otherwise."""
    effects = [{**each, "lines": sorted(each["lines"], key=str)} for each in trial_json(trial, None)["effects"]]
    return look_with_trial(sheet.look, months, trial.until, effects)


def _effects(judged: Iterable[TriedCharge]) -> tuple[TermEffect, ...]:
    groups: defaultdict[tuple[str, str, str], list[TriedCharge]] = defaultdict(list)
    for each in judged:
        if (each.before.verdict, each.before.expected) != (each.after.verdict, each.after.expected):
            groups[each.effect].append(each)
    order = list(Verdict)
    keys = sorted(groups, key=lambda key: (-_RANK[Verdict(key[1])], order.index(Verdict(key[0])), key[2]))
    return tuple(_effect(key, groups[key]) for key in keys)


_RANK = {Verdict.OVERCHARGE: 3, Verdict.UNDERCHARGE: 2, Verdict.AS_AGREED: 1, Verdict.UNRATED: 0}


def _effect(key: tuple[str, str, str], found: list[TriedCharge]) -> TermEffect:
    before, after, currency = key

    def total(each: Iterable[Money | None]) -> Money | None:
        known = [money for money in each if money is not None]
        return sum(known, Money.zero(currency)) if known else None

    charged = sum((each.charged for each in found), Money.zero(currency))
    return TermEffect(
        Verdict(before),
        Verdict(after),
        charged,
        total(each.above(each.before) for each in found),
        total(each.above(each.after) for each in found),
        tuple(sorted(found, key=lambda each: (-abs(each.before.taken.minor), each.before.taken.remittance))),
    )


def _overcharged(judged: Iterable[TriedCharge]) -> tuple[tuple[Money, Money], ...]:
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for each in judged:
        for when, one in (("now", each.before), ("then", each.after)):
            above = each.above(one)
            sums[each.charged.currency][when] += above.minor if above and one.verdict == Verdict.OVERCHARGE else 0
    return tuple(
        (Money(total["now"], currency), Money(total["then"], currency)) for currency, total in sorted(sums.items())
    )


def trial_json(trial: TermTrial, most: int | None = 100) -> dict[str, Any]:
    """What a change would have come to, with so many lines of each sort at most (None: all)."""
    return {
        "since": trial.since.isoformat(),
        "payments": trial.payments,
        "charges": trial.charges,
        "payments_left_out": trial.left_out,
        "overcharged": [{"now": str(now), "then": str(then)} for now, then in trial.overcharged],
        "effects": [
            {
                "before": each.before.value,
                "after": each.after.value,
                "count": len(each.moved),
                "charged": str(each.charged),
                "above_before": _text(each.above_before),
                "above_after": _text(each.above_after),
                "lines": [line_json(line) for line in each.moved[:most]],
            }
            for each in trial.effects
        ],
    }


def line_json(line: TriedCharge) -> dict[str, Any]:
    """A charge that would be judged otherwise, as plain JSON. `line` below zero: what was carved out of the line that it names."""
    taken = line.before.taken
    return {
        "remittance": taken.remittance,
        "partner": taken.partner,
        "payment": taken.payment,
        # What was carved out of a line is booked under a number below zero that holds the line's.
        "line": taken.line if taken.line > 0 else (-taken.line - 1) // 100,
        "kind": taken.kind,
        "reference": taken.reference,
        "paid_on": taken.paid_on.isoformat(),
        "charged": str(line.charged),
        "before": line.before.verdict,
        "above_before": _text(line.above(line.before)),
        "why_before": line.before.why,
        "after": line.after.verdict,
        "above_after": _text(line.above(line.after)),
        "why_after": line.after.why,
    }


def _text(money: Money | None) -> str | None:
    return str(money) if money is not None else None
