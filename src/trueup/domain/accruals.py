"""Accruals: what the terms let us expect Amazon to charge of a month's net receipts, beside what it charged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from trueup.base.errors import ConfigurationError
from trueup.base.money import Money
from trueup.domain.closing import Accrual, Deducted, Settled
from trueup.domain.terms import Basis, Charge, Term, judge

RETURNS = ("return",)
"""Types that take goods back: net receipts are what was settled less these."""


def accrue(
    terms: Sequence[Term], deducted: Iterable[Deducted], settled: Iterable[Settled], last: date, known_on: date
) -> tuple[Accrual, ...]:
    """Each kind that was charged or has a term on net receipts, by currency. The rule: net receipts are the invoices that
    payments of the month settled, less what was returned in them, for that is what Amazon bills agreements of."""
    kinds = {term.kind for term in terms if term.basis is Basis.NET_RECEIPTS}
    charged: defaultdict[tuple[str, str], int] = defaultdict(int)
    receipts: defaultdict[str, int] = defaultdict(int)
    for paid in settled:
        receipts[paid.currency] += paid.minor
    for each in deducted:
        if each.type in RETURNS:
            receipts[each.currency] -= each.net
        if each.type in kinds:
            charged[each.type, each.currency] += each.net
    found = []
    for kind, currency in sorted({(kind, currency) for kind in kinds for currency in receipts} | charged.keys()):
        base = max(receipts[currency], 0)
        charge = Charge(kind, "", last, Money(charged[kind, currency], currency), Money(base, currency))
        expected, why = _expected(charge, terms, known_on)
        found.append(Accrual(kind, currency, base, expected, charged[kind, currency], f"{kind}: {why}"))
    return tuple(found)


def _expected(charge: Charge, terms: Sequence[Term], known_on: date) -> tuple[int | None, str]:
    """What was due and the comparison in words; terms that contradict each other say nothing, and that is said."""
    try:
        result = judge(charge, terms, known_on, Money.zero(charge.charged.currency))
    except ConfigurationError as error:
        return None, str(error)
    return (result.expected.minor if result.expected is not None else None), result.why
