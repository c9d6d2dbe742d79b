"""Open items and residue lines: what could be settled, what still looks for its item, and how either is looked up.

An index is built once and asked often; it holds values, and decides nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from typing import TypeVar

from trueup.base.errors import Invalid
from trueup.domain.invoices import normal_reference
from trueup.domain.remittances import RemittanceLine

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_ORDER_QUALIFIERS = ("PO", "AN", "PURCHASE_ORDER", "PURCHASE_ORDER_IDS", "ON")
"""Under which names sources give purchase orders: X12 element 128 PO and AN, EDIFACT RFF ON, the APIs."""
_ORDER = re.compile(r"[0-9A-Z]{6,12}")


class ItemKind(StrEnum):
    """What is open: a bill of ours (or a credit note), a claim of Amazon's, an order nobody billed yet, a debit balance."""

    INVOICE = "invoice"
    CLAIM = "claim"
    ORDER = "order"
    BALANCE = "balance"


@dataclass(frozen=True, slots=True)
class OpenItem:
    """Something a line of a remittance can settle.

    `open`: minor units, signed as Amazon would pay them: an invoice is positive; a claim already deducted is positive, for it
    may be given back; a credit note, a claim announced but not yet deducted and a debit balance are negative. `about`: the
    invoice that a credit note or a claim is about. Raises Invalid when nothing is open.
    """

    key: str
    kind: ItemKind
    reference: str
    open: int
    day: date | None = None
    purchase_order: str = ""
    payee: str = ""
    about: str = ""

    def __post_init__(self) -> None:
        if not self.key or not self.open:
            raise Invalid(f"Open item {self.key!r} ({self.reference}): expected a key and an amount that is not zero.")

    @property
    def called(self) -> str:
        """How people call it: "invoice INV-1", "credit note CN-4"."""
        kind = "credit note" if self.kind is ItemKind.INVOICE and self.open < 0 else self.kind.value
        return f"debit balance {self.reference}" if self.kind is ItemKind.BALANCE else f"{kind} {self.reference}"


@dataclass(frozen=True, slots=True)
class ResidueLine:
    """A line that is left of a remittance after those that name their item exactly.

    `settled`: minor units, signed as Amazon has them. `day`: the invoice date on the line; `paid_on`: that of the payment.
    `purchase_orders`: the orders it names, from its description `PO/FC/...` and its references.
    """

    number: int
    reference: str
    settled: int
    day: date | None = None
    description: str = ""
    references: Mapping[str, str] = field(default_factory=dict)
    purchase_orders: tuple[str, ...] = ()
    payee: str = ""
    paid_on: date | None = None

    @classmethod
    def of(cls, line: RemittanceLine, *, payee: str = "", paid_on: date | None = None) -> ResidueLine:
        """The residue line of a remittance's line."""
        orders = purchase_orders_of(line.description, line.references)
        return cls(
            line.number,
            line.reference,
            line.settled,
            line.invoice_day,
            line.description,
            line.references,
            orders,
            payee,
            paid_on,
        )


def purchase_orders_of(description: str, references: Mapping[str, str]) -> tuple[str, ...]:
    """The purchase orders that a line names, in its own order, each once.

    Source: descriptions of the portal export and the advice are `PO/FC/...`; what stands before the first slash counts when
    it looks like an order of Amazon's (capital letters and digits with at least one digit, 6 to 12 of them).
    """
    texts = [references[name] for name in _ORDER_QUALIFIERS if name in references]
    head, slash, _ = description.partition("/")
    found = [word for text in texts for word in re.split(r"[\s,;]+", text.upper()) if word]
    if slash and _ORDER.fullmatch(head.strip().upper()) and any(each.isdigit() for each in head):
        found.append(head.strip().upper())
    return tuple(dict.fromkeys(found))


def _group(values: Iterable[V], names: Callable[[V], Iterable[K]]) -> dict[K, tuple[V, ...]]:
    groups: defaultdict[K, list[V]] = defaultdict(list)
    for value in values:
        for name in names(value):
            groups[name].append(value)
    return {name: tuple(group) for name, group in groups.items()}


class Lines:
    """Residue lines by number, reference and purchase order. Raises Invalid when a number stands there twice."""

    def __init__(self, lines: Iterable[ResidueLine]) -> None:
        self._lines = tuple(sorted(lines, key=lambda line: line.number))
        self._by_number = {line.number: line for line in self._lines}
        if len(self._by_number) != len(self._lines):
            raise Invalid("Residue lines: a number stands there twice; each line of a remittance has its own.")

    def __iter__(self) -> Iterator[ResidueLine]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, number: int) -> ResidueLine:
        return self._by_number[number]

    def __contains__(self, number: int) -> bool:
        return number in self._by_number

    @cached_property
    def by_reference(self) -> dict[str, tuple[ResidueLine, ...]]:
        """Lines by their normalised reference; lines without one are left out."""
        return _group(self._lines, lambda line: filter(None, (normal_reference(line.reference),)))

    @cached_property
    def by_purchase_order(self) -> dict[str, tuple[ResidueLine, ...]]:
        """Lines by each order they name."""
        return _group(self._lines, lambda line: line.purchase_orders)

    @cached_property
    def by_payee(self) -> dict[str, Lines]:
        """The same lines apart by payee."""
        return {payee: Lines(group) for payee, group in _group(self._lines, lambda line: (line.payee,)).items()}


class Items:
    """Open items by key, reference, amount, purchase order and day. Raises Invalid when a key stands there twice."""

    def __init__(self, items: Iterable[OpenItem]) -> None:
        self._items = tuple(sorted(items, key=lambda item: item.key))
        self._by_key = {item.key: item for item in self._items}
        self._payees: dict[str, Items] = {}
        if len(self._by_key) != len(self._items):
            raise Invalid("Open items: a key stands there twice; an item is open once.")

    def __iter__(self) -> Iterator[OpenItem]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, key: str) -> OpenItem:
        return self._by_key[key]

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    def of_payee(self, payee: str) -> Items:
        """What this payee's lines can settle: its own items and those of no stated payee; all where `payee` is ""."""
        if not payee or self._stated <= {"", payee}:
            return self
        if payee not in self._payees:
            self._payees[payee] = Items(item for item in self._items if item.payee in ("", payee))
        return self._payees[payee]

    @cached_property
    def _stated(self) -> frozenset[str]:
        return frozenset(item.payee for item in self._items)

    @cached_property
    def by_reference(self) -> dict[str, tuple[OpenItem, ...]]:
        """Items by normalised reference."""
        return _group(self._items, lambda item: filter(None, (normal_reference(item.reference),)))

    @cached_property
    def by_bare_reference(self) -> dict[str, tuple[OpenItem, ...]]:
        """Items by normalised reference without leading zeros."""
        bare: defaultdict[str, list[OpenItem]] = defaultdict(list)
        for name, group in self.by_reference.items():
            bare[name.lstrip("0")] += group
        return {name: tuple(group) for name, group in bare.items() if name}

    @cached_property
    def by_about(self) -> dict[str, tuple[OpenItem, ...]]:
        """Credit notes and claims by the normalised reference of the invoice they are about."""
        return _group(filter(lambda item: item.about, self._items), lambda item: (normal_reference(item.about),))

    @cached_property
    def by_amount(self) -> dict[int, tuple[OpenItem, ...]]:
        """Items by their whole open amount."""
        return _group(self._items, lambda item: (item.open,))

    def nearest(self, amount: int, day: date | None, most: int) -> tuple[OpenItem, ...]:
        """At most so many items with this open amount, those nearest to `day`, in the order of their days; undated ones last."""
        group, days = self._dated.get(amount, ((), []))
        if len(group) <= most:
            return group
        low = high = bisect_left(days, day) if day else 0
        while high - low < min(most, len(days)):
            is_earlier = high == len(days) or (low > 0 and day is not None and day - days[low - 1] <= days[high] - day)
            low, high = (low - 1, high) if is_earlier else (low, high + 1)
        return group[low:high] + group[len(days) : len(days) + most - (high - low)]

    @cached_property
    def _dated(self) -> dict[int, tuple[tuple[OpenItem, ...], list[date]]]:
        """By amount: the items in the order of their days, and those days; undated items stand behind."""
        found: dict[int, tuple[tuple[OpenItem, ...], list[date]]] = {}
        for amount, group in self.by_amount.items():
            ordered = sorted(group, key=lambda item: (item.day is None, item.day or date.min, item.key))
            found[amount] = tuple(ordered), [item.day for item in ordered if item.day]
        return found

    @cached_property
    def by_purchase_order(self) -> dict[str, tuple[OpenItem, ...]]:
        """Items by order, upper case."""
        return _group(self._items, lambda item: filter(None, (item.purchase_order.upper(),)))

    @cached_property
    def by_day(self) -> dict[date, tuple[OpenItem, ...]]:
        """Items by their day; those without one are left out."""
        return _group(self._items, lambda item: (item.day,) if item.day else ())

    @cached_property
    def negative(self) -> tuple[OpenItem, ...]:
        """Credit notes, debit balances, announced claims."""
        return tuple(item for item in self._items if item.open < 0)

    @cached_property
    def _amounts(self) -> dict[date | None, list[int]]:
        days = _group(self._items, lambda item: (item.day,))
        amounts: dict[date | None, list[int]] = {
            day: sorted(item.open for item in group) for day, group in days.items()
        }
        return amounts

    def amounts_between(self, low: int, high: int, days: tuple[date, date]) -> list[int]:
        """Open amounts from `low` to `high`, of items of those days (both included) and of those without a day."""
        found: list[int] = []
        for day in (None, *(days[0] + timedelta(days=each) for each in range((days[1] - days[0]).days + 1))):
            amounts = self._amounts.get(day)
            if amounts:
                found += amounts[bisect_left(amounts, low) : bisect_right(amounts, high)]
        return found
