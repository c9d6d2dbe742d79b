"""Cells of profit: which lines of the journal one is made of, and what of each it bears, to the cent.

What is taken is shared among SKUs as a whole, not line by line, so that the last cent falls once. A line's share is therefore
what the cell bears of all lines up to it, less what it bore of those before: the shares of a line over all cells come to the
line, and those of a cell over all lines come to the cell.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from trueup.base.money import Money
from trueup.domain.profit import Key, Margin, Rule, Sold, Taken, carriers_of

PARTS = ("gross", "discounts", "returns", "deductions", "other", "net")
"""The columns of profit. Gross is what was invoiced, net what is left of it; the others are costs, and positive."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Rows of profit in one currency: of a channel (partner, vendor code) and a SKU where they are said, else of all.

    A `sku` of `profit.NO_SKU` is said: what belongs to none.
    """

    currency: str
    channel: tuple[str, str] | None = None
    sku: str | None = None

    def holds(self, key: Key) -> bool:
        """Whether a row of profit is in it."""
        partner, payee, sku, currency = key
        return currency == self.currency and self.channel in (None, (partner, payee)) and self.sku in (None, sku)

    @property
    def name(self) -> str:
        """What people call it."""
        if self.channel is not None:
            return f"{self.channel[0]}/{self.channel[1] or '(no vendor code)'}"
        return "all" if self.sku is None else self.sku or "(no SKU)"

    def amount(self, margins: Iterable[Margin], part: str) -> Money:
        """What profit says it comes to."""
        mine = (each for each in margins if self.holds((each.partner, each.payee, each.sku, each.currency)))
        return Money(sum(getattr(each, part) for each in mine), self.currency)


@dataclass(frozen=True, slots=True)
class Booked:
    """A line of the journal that reduces what is left: what it takes, the id of the invoice it is about, and where it stands."""

    taken: Taken
    invoice: int | None
    day: date
    entry: int
    number: int


@dataclass(frozen=True, slots=True)
class Share:
    """What a cell bears of a line, by which rule: minor units, a cost positive."""

    booked: Booked
    rule: Rule
    minor: int


def shares_of(cell: Cell, sold: Iterable[Sold], booked: Iterable[Booked]) -> Iterator[Share]:
    """Every line that a cell bears something of. `booked`: all of the period, in the order of the journal."""
    groups: defaultdict[object, list[Booked]] = defaultdict(list)
    for each in booked:
        groups[_group(each)].append(each)
    whole = {group: _whole(rows) for group, rows in groups.items()}
    carriers = carriers_of(sold, whole.values())
    for group, rows in groups.items():
        rule, weights = carriers(whole[group])
        yield from _shares(cell, rows, rule, weights)


def _group(each: Booked) -> object:
    """Lines that are shared as one: all of an invoice whose lines bear it, else all of a channel."""
    taken = each.taken
    about = (each.invoice, taken.weights) if taken.weighs else None
    return taken.partner, taken.payee, taken.part, taken.currency, about


def _whole(rows: Sequence[Booked]) -> Taken:
    first = rows[0].taken
    minor = sum(each.taken.minor for each in rows)
    return replace(first, minor=minor, weights=first.weights if first.weighs else ())


def _shares(cell: Cell, rows: Sequence[Booked], rule: Rule, weights: Mapping[Key, int]) -> Iterator[Share]:
    keys = sorted(weights)
    mine = [place for place, key in enumerate(keys) if cell.holds(key)]
    if not mine:
        return
    every, of_all = [weights[key] for key in keys], len(mine) == len(keys)
    so_far, borne = 0, 0
    for each in rows:
        so_far += each.taken.minor
        if of_all:
            now = so_far
        else:
            shares = Money(so_far, cell.currency).allocate(every)
            now = sum(shares[place].minor for place in mine)
        if now != borne:
            yield Share(each, rule, now - borne)
        borne = now
