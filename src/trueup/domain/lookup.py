"""Lookup: which open items a payment's residue can have to do with at all, so that storage need not give all there are.

What a lookup leaves out changes no match, no contest and no score.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from trueup.domain.evidence import names_itself, window
from trueup.domain.invoices import normal_reference
from trueup.domain.likeness import SHORTEST
from trueup.domain.open_items import Lines, OpenItem, ResidueLine
from trueup.domain.words import names_in


@dataclass(frozen=True, slots=True)
class Lookup:
    """What to ask storage for: items that fit any one of these, all items with a negative amount, and all without a day.

    `amounts`: open amounts in minor units. `names`: normalised references. `bare_names`: the same without leading zeros.
    `abouts`: normalised numbers of invoices that claims and credit notes are about. `purchase_orders`: upper case. `days`: first
    and last day of windows.
    """

    amounts: frozenset[int]
    names: frozenset[str]
    bare_names: frozenset[str]
    abouts: frozenset[str]
    purchase_orders: frozenset[str]
    days: tuple[tuple[date, date], ...]

    def wants(self, item: OpenItem) -> bool:
        """Whether it must be loaded."""
        name = normal_reference(item.reference)
        return (
            item.open < 0
            or item.day is None
            or item.open in self.amounts
            or name in self.names
            or name.lstrip("0") in self.bare_names
            or normal_reference(item.about) in self.abouts
            or item.purchase_order.upper() in self.purchase_orders
            or any(first <= item.day <= last for first, last in self.days)
        )


def lookup(residue: Iterable[ResidueLine], balances: Iterable[int] = ()) -> Lookup:
    """What these lines can have to do with. `balances`: open debit balances of the payee, in minor units, negative."""
    lines = Lines(residue)
    groups = [group for group in lines.by_reference.values() if len(group) > 1]
    amounts = {line.settled for line in lines} | {sum(line.settled for line in group) for group in groups}
    amounts |= {line.settled - balance for balance in balances for line in lines}
    written = {normal_reference(line.reference) for line in lines} - {""}
    said = {name for line in lines for name in names_in(line)}
    beginnings = {name[:length] for name in written for length in range(SHORTEST, len(name) + 1)}
    dated = [line for line in lines if not names_itself(line)] + [line for group in groups for line in group]
    return Lookup(
        frozenset(amounts - {0}),
        frozenset(written | said),
        frozenset({name.lstrip("0") for name in written} - {""}),
        frozenset(written | said | beginnings),
        frozenset(order for line in lines for order in line.purchase_orders),
        _merged(sorted({window(line.day) for line in dated if line.day})),
    )


def _merged(windows: list[tuple[date, date]]) -> tuple[tuple[date, date], ...]:
    """Overlapping windows as one, so that a query has few of them."""
    merged: list[tuple[date, date]] = []
    for first, last in windows:
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], last)
        else:
            merged.append((first, last))
    return tuple(merged)
