"""The checklist of a close: each point a light, a sentence and its numbers. A red light stands against closing the month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from trueup.base.money import Money
from trueup.domain.closing import ClosePack, Item, shown, sums_of, unexplained

LONGEST_PROVISION_DAYS = 180
"""Provisions are recalculated and given back within weeks; one that is held for half a year is no provision any more."""
_MOST_NAMED = 5


class Light(StrEnum):
    """Green: proven. Yellow: someone should know. Red: it stands against closing."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the checklist: its name for machines, its light, a sentence, and the numbers behind it.

    `required`: while it is open the month is not locked. What is not required is good to know, and no figure depends on it.
    """

    name: str
    light: Light
    text: str
    detail: str = ""
    required: bool = True


def checklist(pack: ClosePack) -> tuple[Point, ...]:
    """Every point, in the order in which a controller asks."""
    return tuple(point(pack) for point in _POINTS)


def against_closing(points: Sequence[Point]) -> tuple[Point, ...]:
    """The red ones."""
    return tuple(point for point in points if point.light is Light.RED)


def _journal(pack: ClosePack) -> Point:
    sums: defaultdict[str, int] = defaultdict(int)
    for each in pack.figures.balances:
        sums[each.currency] += each.closing
    out = {currency: minor for currency, minor in sums.items() if minor}
    if out:
        return Point("journal", Light.RED, f"The journal does not balance: it is out by {sums_of(out.items())}.")
    return Point(
        "journal",
        Light.GREEN,
        "Debits equal credits in every currency.",
        ", ".join(sorted(sums)) or "nothing is posted",
    )


def _clearing(pack: ClosePack) -> Point:
    left = [
        (each.currency, each.closing)
        for each in pack.figures.balances
        if each.account == pack.setting.clearing and each.closing
    ]
    if left:
        text = f"Clearing {pack.setting.clearing} is not empty: {sums_of(left)}."
        return Point("clearing", Light.RED, text, "Lines that cancel each other must come to nothing there.")
    return Point("clearing", Light.GREEN, "Clearing is empty.")


def _suspense(pack: ClosePack) -> Point:
    waiting = pack.figures.waiting
    if not waiting:
        return Point("suspense", Light.GREEN, "Every cent is explained: suspense is empty.")
    oldest = "; ".join(
        f"{shown(Money(cents, currency))} wait, the oldest since {since}"
        for currency, (cents, since) in sorted(unexplained(waiting).items())
    )
    orphans = [each for each in waiting if each.case not in pack.observed.cases]
    if orphans:
        total = sums_of((each.currency, each.unexplained) for each in orphans)
        names = _named([each.case or "no case at all" for each in orphans])
        return Point("suspense", Light.RED, f"{total} in suspense have no open case.", names)
    cases = len({each.case for each in waiting})
    return Point("suspense", Light.YELLOW, f"Not every cent is explained: {_count(cases, 'open case')}.", oldest)


def _disputed(pack: ClosePack) -> Point:
    loose = [each for each in pack.figures.claims if not each.claim]
    apart = pack.observed.claims_apart
    if loose:
        total = sums_of((each.currency, each.minor) for each in loose)
        text = f"{total} on accounts of claims in dispute belong to no claim."
        return Point("disputed", Light.RED, text, "Say in a correction which claim they are, or what else.")
    if apart:
        text = f"Not what the journal says: {_count(len(apart), 'claim')}."
        return Point("disputed", Light.RED, text, _items(apart))
    total = sums_of((each.currency, each.closing) for each in pack.figures.disputed)
    claims = _count(len(pack.figures.claims), "open claim")
    return Point("disputed", Light.GREEN, f"Claims in dispute are the sum of their claims: {total}.", claims)


def _provisions(pack: ClosePack) -> Point:
    chains = pack.figures.open_provisions
    if not chains:
        return Point("provisions", Light.GREEN, "Every provision was given back to the cent.")
    total = sums_of((each.currency, each.minor) for each in chains)
    oldest = min(chains, key=lambda each: each.since)
    days = (pack.of.last - oldest.since).days
    detail = f"{_count(len(chains), 'provision')}, the oldest {oldest.claim or 'without a number'} for {days} days"
    light = Light.RED if days > LONGEST_PROVISION_DAYS else Light.YELLOW
    return Point("provisions", light, f"Provisions do not come to nothing: {total} open.", detail)


def _receivables(pack: ClosePack) -> Point:
    wrong = [each for each in pack.figures.receivables if each.rolled != each.closing]
    if wrong:
        named = _named(
            [
                f"{each.payee or each.partner}: {shown(Money(each.rolled, each.currency))} rolled forward, "
                f"{shown(Money(each.closing, each.currency))} open"
                for each in wrong
            ]
        )
        return Point("receivables", Light.RED, "Receivables do not roll forward to what is open.", named)
    total = sums_of((each.currency, each.closing) for each in pack.figures.receivables)
    return Point(
        "receivables", Light.GREEN, f"Opening, invoiced and settled come to what is open of each invoice: {total}."
    )


def _tie(pack: ClosePack) -> Point:
    hidden, other = pack.observed.hidden, pack.observed.not_tying
    if not hidden and not other:
        return Point("tie", Light.GREEN, "Every payment of the month is the sum of its lines.")
    parts = []
    if other:
        parts.append(f"Not the sum of its lines: {_count(_many(other), 'payment')}, {_total(other)}")
    if hidden:
        parts.append(f"Items hidden by Amazon: {_count(_many(hidden), 'payment')}, {_total(hidden)}")
    return Point("tie", Light.YELLOW, "; ".join(parts) + ".", _items((*other, *hidden)))


def _documents(pack: ClosePack) -> Point:
    unread = pack.observed.unread
    if unread:
        return Point("documents", Light.RED, f"Not read whole: {_count(_many(unread), 'document')}.", _items(unread))
    return Point("documents", Light.GREEN, "Every document was read whole.")


def _sources(pack: ClosePack) -> Point:
    differing = pack.observed.differing
    if differing:
        text = f"Told differently by two sources: {_count(_many(differing), 'payment')}, {_total(differing)}."
        return Point("sources", Light.YELLOW, text, _items(differing))
    return Point("sources", Light.GREEN, "No two sources of a payment differ.")


def _held(pack: ClosePack) -> Point:
    held = pack.observed.held
    if held:
        text = f"Held and not posted: {_count(_many(held), 'payment')}, {_total(held)}."
        return Point("held", Light.RED, text, _items(held))
    return Point("held", Light.GREEN, "No payment is held.")


def _bank(pack: ClosePack) -> Point:
    cases, untied = pack.observed.bank, pack.observed.untied
    if untied and not pack.observed.bank_statements:
        return Point("bank", Light.YELLOW, "No bank statement was taken in: that the money came is not proven.")
    if cases or untied:
        parts = []
        if untied:
            parts.append(f"Not tied to a bank line: {_count(_many(untied), 'payment')}, {_total(untied)}")
        if cases:
            parts.append(f"Payments and the bank do not agree: {_count(_many(cases), 'open case')}, {_total(cases)}")
        return Point("bank", Light.YELLOW, "; ".join(parts) + ".", _items((*cases, *untied)))
    return Point("bank", Light.GREEN, "Every payment of the month is a bank line of its amount.")


def _copies(pack: ClosePack) -> Point:
    lacking = pack.observed.without_copy
    if lacking:
        text = f"Without a copy of Amazon's invoice: {_count(_many(lacking), 'deduction')}, {_total(lacking)}."
        return Point("copies", Light.YELLOW, text, _items(lacking), required=False)
    return Point("copies", Light.GREEN, "A copy of every deduction's invoice is archived.", required=False)


def _accruals(pack: ClosePack) -> Point:
    rated = [(each, each.expected) for each in pack.accruals if each.expected is not None]
    unrated = [each for each in pack.accruals if each.expected is None]
    over = [each for each, expected in rated if each.charged > expected]
    if not rated:
        text = "No terms: what was charged for co-op and allowances was not compared."
        return Point("accruals", Light.YELLOW, text, required=False)
    if over:
        total = sums_of((each.currency, each.charged - expected) for each, expected in rated if each.charged > expected)
        names = _named([f"{each.payee or each.partner} {each.kind}: {each.words}" for each in over])
        text = f"Charged beyond what the month's receipts let expect: {total}."
        return Point("accruals", Light.YELLOW, text, names, required=False)
    if unrated:
        total = sums_of((each.currency, each.charged) for each in unrated)
        text = f"Charged without a rate in the terms: {total}."
        return Point("accruals", Light.YELLOW, text, "`trueup terms unrated`", required=False)
    text = "Co-op and allowances are within what the month's receipts let expect."
    return Point("accruals", Light.GREEN, text, required=False)


def _order(pack: ClosePack) -> Point:
    if pack.observed.earlier_open:
        text = f"{pack.observed.earlier_open} is not closed; months close in order."
        return Point("order", Light.RED, text, f"`trueup close {pack.observed.earlier_open}`")
    return Point("order", Light.GREEN, "Every month before it is closed.")


_POINTS: tuple[Callable[[ClosePack], Point], ...] = (
    _journal,
    _suspense,
    _disputed,
    _provisions,
    _receivables,
    _clearing,
    _tie,
    _documents,
    _held,
    _sources,
    _bank,
    _copies,
    _accruals,
    _order,
)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _many(items: Sequence[Item]) -> int:
    return sum(each.count for each in items)


def _total(items: Sequence[Item]) -> str:
    return sums_of((each.currency, abs(each.minor)) for each in items if each.currency)


def _items(items: Sequence[Item]) -> str:
    names = [f"{each.about}: {each.words}" if each.words else each.about for each in items]
    return _named(names, _many(items))


def _named(names: Sequence[str], count: int = 0) -> str:
    """The first ones, and how many of all are left out."""
    left = max(count, len(names)) - _MOST_NAMED
    return "; ".join(names[:_MOST_NAMED]) + (f"; and {left:,} more" if left > 0 else "")
