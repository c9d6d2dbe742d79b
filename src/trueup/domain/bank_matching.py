"""Which bank line is which payment: tied exactly or not at all, and never on the amount alone.

Order of the evidence: the payment's number in the line; else amount, currency, payer and days together; else an exact sum of
parts. An explanation that is not the only one is a contest. Lines and payments may come in any order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import combinations
from typing import TypeVar

from trueup.base.errors import Invalid
from trueup.base.money import Money
from trueup.domain.bank import (
    BankContest,
    BankDifference,
    BankDiscrepancy,
    BankLine,
    BankMatching,
    BankRules,
    ExpectedPayment,
    Tied,
    TieRule,
)
from trueup.domain.invoices import normal_reference

T = TypeVar("T", ExpectedPayment, BankLine)
_SHORTEST_IN_TEXT = 6  # a shorter number stands in texts by chance; as a whole reference it is meant
_MOST_JOINED = 4
_MOST_CANDIDATES = 12  # among more, some sum fits by chance
_MOST_PARTS = 4
_BREAKS = re.compile(r"[^A-Z0-9_./*-]+")
_SIGNS = re.compile(r"[_./*-]+")
_Group = tuple[tuple[ExpectedPayment, ...], tuple[BankLine, ...]]
_Pair = tuple[ExpectedPayment, BankLine]


class _Matching:
    """The state of one matching: what is still free, and what was found."""

    def __init__(self, payments: Sequence[ExpectedPayment], lines: Sequence[BankLine], rules: BankRules) -> None:
        self.rules = rules
        self.payments = dict.fromkeys(payments)
        self.lines = dict.fromkeys(lines)
        self.ties: list[Tied] = []
        self.contests: list[BankContest] = []
        self.unequal: list[_Group] = []

    def take(self, group: _Group) -> None:
        for payment in group[0]:
            self.payments.pop(payment, None)
        for line in group[1]:
            self.lines.pop(line, None)

    def tie(self, group: _Group, rule: TieRule, why: str) -> None:
        self.take(group)
        self.ties.append(Tied(group[0], group[1], rule, why))

    def contest(self, group: _Group, rule: TieRule, why: str) -> None:
        self.take(group)
        self.contests.append(BankContest(group[0], group[1], rule, why))

    def likely(self) -> list[BankLine]:
        """Free lines of a payer that looks right."""
        return [line for line in self.lines if self.rules.could_pay(line)]


def match_bank(payments: Iterable[ExpectedPayment], lines: Iterable[BankLine], rules: BankRules) -> BankMatching:
    """Tie payments to bank lines, exactly and only where there is one way. The order of the input does not matter.

    Give it what is open on both sides: tied lines and payments stay tied. Raises Invalid when one payment or one line is
    given twice with different content.
    """
    expected = [payment for payment in _once(payments, _identity) if payment.amount]  # a zero payment moves no money
    found = _Matching(expected, _once(lines, _key), rules)
    _tie_by_number(found)
    _tie_by_amount(found)
    _tie_by_parts(found)
    ties = tuple(sorted(found.ties, key=_place))
    contests = tuple(sorted(found.contests, key=_place))
    return BankMatching(ties, contests, tuple(_discrepancies(found)))


def _tie_by_number(found: _Matching) -> None:
    """A line that names a payment is about it. The sums decide whether it is all of it."""
    for linked in _linked(_naming(found.payments, found.lines)):
        group = _group(linked)
        chosen = _exact_payments(linked)
        if chosen is None:
            found.take(group)
            found.unequal.append(group)
        else:
            words = " and ".join(payment.number for payment in chosen[0])
            found.tie(chosen, TieRule.NUMBER, f"the bank's reference or text names {words}, and the sums are equal")


def named_with(
    payment: ExpectedPayment, payments: Iterable[ExpectedPayment], lines: Iterable[BankLine]
) -> tuple[tuple[ExpectedPayment, ...], tuple[BankLine, ...]]:
    """The lines that name a payment, and all that hangs together with it by such names; nothing where no line names it."""
    linked = _linked(_naming(_once((payment, *payments), _identity), _once(lines, _key)))
    about = next((pairs for pairs in linked if any(each == payment for each, _ in pairs)), None)
    return _group(about) if about is not None else ((), ())


def _naming(payments: Iterable[ExpectedPayment], lines: Iterable[BankLine]) -> list[_Pair]:
    """Each payment with each line that names its number."""
    numbers: dict[str, list[ExpectedPayment]] = {}
    for payment in payments:
        numbers.setdefault(normal_reference(payment.number), []).append(payment)
    return [(payment, line) for line in lines for name in _names(line) for payment in numbers.get(name, ())]


def _tie_by_amount(found: _Matching) -> None:
    """Amount, currency, payer and days together, where there is one way to pair all that fit each other."""
    by_amount: dict[Money, list[BankLine]] = {}
    for line in found.likely():
        by_amount.setdefault(line.amount, []).append(line)
    fits = [
        (payment, line)
        for payment in found.payments
        for line in by_amount.get(payment.amount, ())
        if found.rules.in_time(payment, line)
    ]
    for linked in _linked(fits):
        group, pairs = _group(linked), _only_pairing(linked)
        if not pairs:
            words = f"{len(group[0])} payments and {len(group[1])} bank lines of {group[0][0].amount} fit each other"
            found.contest(group, TieRule.AMOUNT, f"{words} in more than one way; say which is which")
        for payment, line in pairs:
            days = max(0, (line.booked_on - payment.paid_on).days)
            alone = "the only line" if len(pairs) == 1 else f"one of {len(pairs)} lines, paired in the only way,"
            words = f"{alone} of {payment.amount} from this payer, {days} days after the payment"
            found.tie(((payment,), (line,)), TieRule.AMOUNT, words)


def _tie_by_parts(found: _Matching) -> None:
    """Exact sums: a payment in two or three credits, several payments in one, the rest of a payment whose number is known."""
    ways = _explanations(found)
    for several in _overlapping(ways):
        group = _group([(payment, line) for way in several for payment in way[0] for line in way[1]])
        found.unequal = [one for one in found.unequal if not set(one[0]) & set(group[0])]
        words = f"{_told(several[0][0])} = {_told(several[0][1])}"
        if len(several) == 1:
            found.tie(group, TieRule.PARTS, f"the only exact sum: {words}")
        else:
            found.contest(group, TieRule.PARTS, f"{len(several)} exact sums fit, one of them {words}; say which")


def _explanations(found: _Matching) -> list[_Group]:
    in_time, payments, lines = found.rules.in_time, tuple(found.payments), found.likely()
    lines_on = _by_day(lines, lambda line: {line.booked_on, line.value_on})
    payments_on = _by_day(payments, lambda payment: {payment.paid_on})
    span = range(found.rules.days + 1)

    def near(payment: ExpectedPayment) -> list[BankLine]:
        days = (payment.paid_on + timedelta(days=count) for count in span)
        return sorted({line for day in days for line in lines_on.get(day, ()) if in_time(payment, line)}, key=_key)

    def before(line: BankLine) -> list[ExpectedPayment]:
        days = {day - timedelta(days=count) for count in span for day in (line.booked_on, line.value_on)}
        return sorted({payment for day in days for payment in payments_on.get(day, ())}, key=_identity)

    ways: list[_Group] = [
        ((each,), some) for each in payments for some in _summing(near(each), each.amount, range(2, _MOST_PARTS))
    ]
    ways += [
        (some, (each,)) for each in lines for some in _summing(before(each), each.amount, range(2, _MOST_PARTS + 1))
    ]
    for named, arrived in found.unequal:
        lacks = _difference(named, arrived)
        if lacks is not None:
            late = sorted({line for payment in named for line in near(payment)}, key=_key)
            ways += [(named, (*arrived, *some)) for some in _summing(late, lacks, range(1, 3))]
            joint = sorted({payment for line in arrived for payment in before(line)}, key=_identity)
            ways += [((*named, *some), arrived) for some in _summing(joint, -lacks, range(1, 3))]
    return ways


def _discrepancies(found: _Matching) -> Iterator[BankDiscrepancy]:
    rules = found.rules
    for payments, lines in sorted(found.unequal, key=lambda group: _identity(group[0][0])):
        lacks = _difference(payments, lines)
        money = -lacks if lacks is not None else payments[0].amount
        words = f"announced {_told(payments)}, received {_told(lines)}"
        if lacks is not None:
            words += f" ({abs(lacks)} too {'little' if lacks.minor > 0 else 'much'})"
        yield BankDiscrepancy(BankDifference.OTHER_AMOUNT, payments, lines, money, words)
    for payment in found.payments:
        if rules.as_of - payment.paid_on > timedelta(days=rules.days):
            words = f"{payment}, is not in the bank by {rules.as_of.isoformat()}, more than {rules.days} days later"
            yield BankDiscrepancy(BankDifference.NOT_RECEIVED, (payment,), (), -payment.amount, words)
    for line in found.likely():
        if line.amount.minor > 0:
            said = f"{line.amount} from {line.payer or line.text[:40]!r} booked on {line.booked_on.isoformat()}"
            words = f"{said}: no remittance announces it"
            yield BankDiscrepancy(BankDifference.NOT_ANNOUNCED, (), (line,), line.amount, words)


def _once(things: Iterable[T], identity: Callable[[T], Hashable]) -> list[T]:
    """Each thing once, in the order of its identity."""
    known: dict[Hashable, T] = {}
    for thing in things:
        if known.setdefault(identity(thing), thing) != thing:
            raise Invalid(f"Given twice with different content: {known[identity(thing)]} and {thing}; which is it?")
    return [known[name] for name in sorted(known)]  # type: ignore[type-var]


def _identity(payment: ExpectedPayment) -> tuple[str, str]:
    return payment.partner, payment.number


def _key(line: BankLine) -> str:
    return line.key


def _names(line: BankLine) -> set[str]:
    """Everything in a line that could be a payment's number, as it is compared."""
    names = {normal_reference(reference) for reference in line.references}
    for said in (*line.references, line.text.replace("\n", ""), line.text):
        for chunk in _BREAKS.split(said.upper()):
            parts = [part for part in _SIGNS.split(chunk) if part]
            runs = {run for part in parts for run in re.findall(r"[0-9]+", part)}
            runs |= {
                "".join(parts[start:end])
                for start in range(len(parts))
                for end in range(start + 1, min(start + _MOST_JOINED, len(parts)) + 1)
            }
            names |= {run for run in runs if len(run) >= _SHORTEST_IN_TEXT and any(sign.isdigit() for sign in run)}
    return names


def _linked(pairs: Sequence[_Pair]) -> list[list[_Pair]]:
    """Pairs that hang together by a payment or a line, in the order of their first."""
    above: dict[ExpectedPayment | BankLine, ExpectedPayment | BankLine] = {}

    def top(each: ExpectedPayment | BankLine) -> ExpectedPayment | BankLine:
        while above.setdefault(each, each) is not each:
            above[each] = above[above[each]]
            each = above[each]
        return each

    for payment, line in pairs:
        above[top(payment)] = top(line)
    found: dict[ExpectedPayment | BankLine, list[_Pair]] = {}
    for pair in dict.fromkeys(pairs):
        found.setdefault(top(pair[0]), []).append(pair)
    return list(found.values())


def _overlapping(ways: Sequence[_Group]) -> list[list[_Group]]:
    """Explanations that claim a payment or a line in common, together."""
    pairs = [(way[0][0], line) for way in ways for line in way[1]]
    pairs += [(payment, way[1][0]) for way in ways for payment in way[0]]
    sets = [{payment for payment, _ in linked} for linked in _linked(pairs)]
    return [[way for way in dict.fromkeys(ways) if way[0][0] in payments] for payments in sets]


def _group(pairs: Iterable[_Pair]) -> _Group:
    payments, lines = zip(*pairs, strict=True)
    return tuple(sorted(set(payments), key=_identity)), tuple(sorted(set(lines), key=_key))


def _exact_payments(pairs: Sequence[_Pair]) -> _Group | None:
    """All of them when the sums are equal; else the one choice of payments that makes them so and leaves no line unnamed."""
    payments, lines = _group(pairs)
    if _difference(payments, lines) == Money.zero(lines[0].amount.currency):
        return payments, lines
    received = _sum(lines)
    if received is None:
        return None
    names: dict[ExpectedPayment, set[BankLine]] = {}
    for payment, line in pairs:
        names.setdefault(payment, set()).add(line)
    exact = [
        some
        for some in _summing(payments, received, range(1, len(payments)))
        if len(set().union(*(names[payment] for payment in some))) == len(lines)
    ]
    return (exact[0], lines) if len(exact) == 1 else None


def _only_pairing(pairs: Sequence[_Pair]) -> list[_Pair]:
    """The one way to pair all payments with all lines; none when there are several, or one side is longer.

    A graph has a single perfect matching only if someone has a single partner left at every step.
    """
    left, chosen = list(pairs), list[_Pair]()
    while left:
        counts: dict[ExpectedPayment | BankLine, int] = {}
        for pair in left:
            for each in pair:
                counts[each] = counts.get(each, 0) + 1
        forced = next((pair for pair in left if 1 in (counts[pair[0]], counts[pair[1]])), None)
        if forced is None:
            return []
        chosen.append(forced)
        left = [pair for pair in left if pair[0] != forced[0] and pair[1] != forced[1]]
    payments, lines = _group(pairs)
    return chosen if len(chosen) == len(payments) == len(lines) else []


def _summing(things: Sequence[T], total: Money, sizes: Iterable[int]) -> list[tuple[T, ...]]:
    """The choices of so many things that come to exactly this total; none where there are too many to be sure."""
    same = [thing for thing in things if thing.amount.currency == total.currency]
    if len(same) > _MOST_CANDIDATES or not total:
        return []
    return [
        some
        for size in sizes
        for some in combinations(same, size)
        if sum(thing.amount.minor for thing in some) == total.minor
    ]


def _sum(things: Sequence[ExpectedPayment] | Sequence[BankLine]) -> Money | None:
    """Their sum; None where there are two currencies."""
    currencies = {thing.amount.currency for thing in things}
    return Money(sum(thing.amount.minor for thing in things), currencies.pop()) if len(currencies) == 1 else None


def _difference(payments: Sequence[ExpectedPayment], lines: Sequence[BankLine]) -> Money | None:
    """How much less came in than was announced; None where they are of different currencies."""
    announced, received = _sum(payments), _sum(lines)
    if announced is None or received is None or announced.currency != received.currency:
        return None
    return announced - received


def _by_day(things: Iterable[T], days: Callable[[T], Iterable[date]]) -> dict[date, list[T]]:
    found: dict[date, list[T]] = {}
    for thing in things:
        for day in days(thing):
            found.setdefault(day, []).append(thing)
    return found


def _told(things: Sequence[ExpectedPayment] | Sequence[BankLine]) -> str:
    return " + ".join(str(thing.amount) for thing in things)


def _place(found: Tied | BankContest) -> tuple[str, str]:
    return _identity(found.payments[0])
