"""Accruals: what the terms let us expect Amazon to charge of a month's net receipts, beside what it charged.

Net receipts are our invoices of the month without tax, credit notes deducted: what Amazon received we cannot know. The rate is
the one in force on the last day; a vendor code's own goes before its partner's, and that before the one of all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from trueup.base.errors import ConfigurationError
from trueup.base.money import Money
from trueup.domain.closing import Accrual
from trueup.domain.terms import Basis, Charge, Term, judge

_REVERSAL = "-reversal"


@dataclass(frozen=True, slots=True)
class Receipts:
    """What was invoiced to a vendor code in the month, without tax."""

    partner: str
    payee: str
    currency: str
    minor: int


@dataclass(frozen=True, slots=True)
class Charged:
    """What was charged to a vendor code in the month under one deduction type, less what was given back."""

    partner: str
    payee: str
    type: str
    currency: str
    minor: int


def accrue(
    terms: Sequence[Term], receipts: Iterable[Receipts], charged: Iterable[Charged], last: date, known_on: date
) -> tuple[Accrual, ...]:
    """Each kind that was charged, or that terms on net receipts let expect, by vendor code and currency. A reversal of a kind
    is of that kind. What has no rate has nothing expected, and its words say so."""
    of_receipts = [term for term in terms if term.basis is Basis.NET_RECEIPTS]
    kinds = {term.kind for term in of_receipts}
    base: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for each in receipts:
        base[each.partner, each.payee, each.currency] += each.minor
    sums: defaultdict[tuple[str, str, str, str], int] = defaultdict(int)
    for charge in charged:
        kind = charge.type.removesuffix(_REVERSAL)
        sums[charge.partner, charge.payee, charge.currency, kind] += charge.minor
    expected = {(*channel, kind) for channel in base for kind in kinds}
    found = []
    for partner, payee, currency, kind in sorted(expected | sums.keys()):
        net = max(base.get((partner, payee, currency), 0), 0)
        minor = sums.get((partner, payee, currency, kind), 0)
        money = Money(minor, currency), Money(net, currency)
        due, why = _due((partner, payee, kind), money, of_receipts, (last, known_on))
        if minor or due:
            found.append(Accrual(partner, payee, kind, currency, net, due, minor, why))
    return tuple(found)


def _due(
    of: tuple[str, str, str], money: tuple[Money, Money], terms: Sequence[Term], days: tuple[date, date]
) -> tuple[int | None, str]:
    """What was due and the comparison in words; terms that contradict each other say nothing, and that is said."""
    partner, payee, kind = of
    own = any(payee and term.kind == kind and term.marketplace == payee for term in terms)
    charged, net = money
    last, known_on = days
    charge = Charge(kind, payee if own else partner, last, charged, net)
    try:
        result = judge(charge, terms, known_on, Money.zero(charged.currency))
    except ConfigurationError as error:
        return None, str(error)
    return (result.expected.minor if result.expected is not None else None), result.why
