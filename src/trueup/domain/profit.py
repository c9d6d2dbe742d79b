"""Profit: what is left of what was invoiced, by SKU and by channel, once every deduction is given to the SKUs it is about.

A channel is a vendor code of a partner. Nothing is lost or made: what is allocated sums to what was deducted, to the cent. The
rule of an allocation is the first that can be followed:

1. *lines of its invoice*: the deduction names an invoice of ours with lines; they share it by their amounts.
2. *net receipts of its vendor code*: the SKUs of the channel share it by what was invoiced in the period less what came back.
3. *net receipts of the partner*: where the payment names no vendor code, or one that billed nothing.
4. *not allocated*: nothing was invoiced in the period that could carry it; it stands alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from trueup.base.money import Money, UnitPrice
from trueup.domain.chart import Chart, Purpose
from trueup.domain.journal import AccountType

NO_SKU = ""
"""What belongs to no SKU: freight and rounding on an invoice, a deduction that nothing could carry."""


class Part(StrEnum):
    """What of the margin a share is."""

    DISCOUNTS = "discounts"
    RETURNS = "returns"
    DEDUCTIONS = "deductions"
    OTHER = "other"
    """Bank fees, exchange, rounding."""


class Rule(StrEnum):
    """Why a share is borne by a SKU."""

    LINES = "lines of its invoice"
    VENDOR_CODE = "net receipts of its vendor code"
    PARTNER = "net receipts of the partner"
    ALONE = "not allocated"


@dataclass(frozen=True, slots=True)
class Sold:
    """What was invoiced of a SKU to a vendor code in the period, without tax: `minor` and `units`."""

    partner: str
    payee: str
    sku: str
    currency: str
    minor: int
    units: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What was deducted and is a cost of the period, positive; `invoice` with its lines by SKU where it is about one.

    `weights`: what each SKU of that invoice bears of it, empty where it names none or one without lines.
    """

    partner: str
    payee: str
    part: Part
    currency: str
    minor: int
    weights: tuple[tuple[str, int], ...] = ()

    @property
    def weighs(self) -> bool:
        """Whether the lines of its invoice bear it."""
        return sum(weight for _, weight in self.weights) > 0


@dataclass(slots=True)
class _Bearing:
    """A SKU of a channel while it is added up."""

    gross: int = 0
    units: int = 0
    parts: dict[Part, int] = field(default_factory=dict)
    rules: dict[Rule, int] = field(default_factory=dict)

    def bear(self, part: Part, rule: Rule, minor: int) -> None:
        self.parts[part] = self.parts.get(part, 0) + minor
        self.rules[rule] = self.rules.get(rule, 0) + minor


@dataclass(frozen=True, slots=True)
class Margin:
    """What is left of a SKU (or of a channel, then `sku` is ""): minor units of one currency, what reduces it positive.

    `rules`: by which rules how much was allocated. `cost`: of the units sold, None where it is not known of all of them.
    """

    partner: str
    payee: str
    sku: str
    currency: str
    units: int
    gross: int
    discounts: int
    returns: int
    deductions: int
    other: int
    cost: int | None
    rules: tuple[tuple[Rule, int], ...]

    @property
    def net(self) -> int:
        """What is left before the cost of goods."""
        return self.gross - self.discounts - self.returns - self.deductions - self.other

    @property
    def margin(self) -> int | None:
        """What is left after it; None without a cost."""
        return None if self.cost is None else self.net - self.cost


Key: TypeAlias = "tuple[str, str, str, str]"
"""Partner, payee, SKU, currency."""


def parts_of(chart: Chart) -> dict[str, Part]:
    """Which accounts reduce the margin, and as what: all of profit and loss but revenue."""
    named = {
        chart.code(Purpose.DISCOUNTS): Part.DISCOUNTS,
        chart.code(Purpose.RETURNS): Part.RETURNS,
        **{chart.code(purpose): Part.OTHER for purpose in (Purpose.BANK_FEES, Purpose.FX, Purpose.ROUNDING)},
    }
    results = (AccountType.INCOME, AccountType.EXPENSE)
    codes = [account.code for account in chart.accounts if account.type in results]
    return {code: named.get(code, Part.DEDUCTIONS) for code in codes if code != chart.code(Purpose.REVENUE)}


def allocate(sold: Iterable[Sold], taken: Iterable[Taken], costs: Mapping[str, UnitPrice]) -> tuple[Margin, ...]:
    """Every SKU of every channel with what it bears. Sums over all equal the sums of what came in, to the cent."""
    bearing, shared = _by_invoice(sold, taken)
    receipts = _net_receipts(bearing)
    for (partner, payee, part, currency), minor in sorted(shared.items()):
        rule, weights = _carriers((partner, payee, NO_SKU, currency), receipts)
        _share(bearing, part, rule, Money(minor, currency), weights)
    return tuple(_margin(key, row, costs) for key, row in sorted(bearing.items()))


def carriers_of(sold: Iterable[Sold], taken: Iterable[Taken]) -> Callable[[Taken], tuple[Rule, Mapping[Key, int]]]:
    """Who bears what is taken, by which rule and by what weights, as `allocate` shares it; for any of `taken`."""
    receipts = _net_receipts(_by_invoice(sold, taken)[0])

    def carriers(cost: Taken) -> tuple[Rule, Mapping[Key, int]]:
        if own := _own(cost):
            return Rule.LINES, own
        return _carriers((cost.partner, cost.payee, NO_SKU, cost.currency), receipts)

    return carriers


def by_sku(margins: Iterable[Margin]) -> tuple[Margin, ...]:
    """One row a SKU and currency, whatever the channel."""
    return _merged(margins, lambda each: ("", "", each.sku, each.currency))


def by_channel(margins: Iterable[Margin]) -> tuple[Margin, ...]:
    """One row a channel and currency, whatever the SKU."""
    return _merged(margins, lambda each: (each.partner, each.payee, NO_SKU, each.currency))


def _by_invoice(
    sold: Iterable[Sold], taken: Iterable[Taken]
) -> tuple[defaultdict[Key, _Bearing], dict[tuple[str, str, Part, str], int]]:
    """What was sold, bearing what is taken of its invoices; and what is left to be borne by receipts."""
    bearing: defaultdict[Key, _Bearing] = defaultdict(_Bearing)
    for each in sold:
        row = bearing[each.partner, each.payee, each.sku, each.currency]
        row.gross += each.minor
        row.units += each.units
    shared: defaultdict[tuple[str, str, Part, str], int] = defaultdict(int)
    for cost in taken:
        if own := _own(cost):
            _share(bearing, cost.part, Rule.LINES, Money(cost.minor, cost.currency), own)
        else:
            shared[cost.partner, cost.payee, cost.part, cost.currency] += cost.minor
    return bearing, shared


def _own(cost: Taken) -> dict[Key, int]:
    """The SKUs of its invoice and what each bears; nothing where it is about no invoice, or one whose lines weigh nothing."""
    if not cost.weighs:
        return {}
    return {(cost.partner, cost.payee, sku, cost.currency): weight for sku, weight in cost.weights}


def _share(
    bearing: defaultdict[Key, _Bearing], part: Part, rule: Rule, amount: Money, weights: Mapping[Key, int]
) -> None:
    keys = sorted(weights)
    shares = amount.allocate([weights[key] for key in keys])
    for key, share in zip(keys, shares, strict=True):
        if share:
            bearing[key].bear(part, rule, share.minor)


def _net_receipts(bearing: Mapping[Key, _Bearing]) -> dict[Key, int]:
    """What was invoiced of each SKU less what of it came back; what is not above nothing carries nothing."""
    net = {key: row.gross - row.parts.get(Part.RETURNS, 0) for key, row in bearing.items() if key[2] != NO_SKU}
    return {key: minor for key, minor in net.items() if minor > 0}


def _carriers(wanted: Key, receipts: Mapping[Key, int]) -> tuple[Rule, dict[Key, int]]:
    partner, payee, _, currency = wanted
    of_partner = {key: minor for key, minor in receipts.items() if (key[0], key[3]) == (partner, currency)}
    of_code = {key: minor for key, minor in of_partner.items() if key[1] == payee}
    if of_code:
        return Rule.VENDOR_CODE, of_code
    if of_partner:
        return Rule.PARTNER, of_partner
    return Rule.ALONE, {wanted: 1}


def _margin(key: Key, row: _Bearing, costs: Mapping[str, UnitPrice]) -> Margin:
    cost = costs.get(key[2])
    known = cost is not None and cost.currency == key[3]
    if key[2] == NO_SKU or not row.units:
        of_goods: int | None = 0
    else:
        of_goods = cost.times(row.units).minor if cost is not None and known else None
    rules = tuple((rule, row.rules[rule]) for rule in Rule if row.rules.get(rule))
    parts = [row.parts.get(part, 0) for part in (Part.DISCOUNTS, Part.RETURNS, Part.DEDUCTIONS, Part.OTHER)]
    return Margin(*key, row.units, row.gross, parts[0], parts[1], parts[2], parts[3], of_goods, rules)


def _merged(margins: Iterable[Margin], key_of: Callable[[Margin], Key]) -> tuple[Margin, ...]:
    groups: defaultdict[Key, list[Margin]] = defaultdict(list)
    for each in margins:
        groups[key_of(each)].append(each)
    return tuple(_sum(key, rows) for key, rows in sorted(groups.items()))


def _sum(key: Key, rows: Sequence[Margin]) -> Margin:
    rules = tuple((rule, sum(minor for each in rows for name, minor in each.rules if name is rule)) for rule in Rule)
    costs = [each.cost for each in rows]
    return Margin(
        *key,
        units=sum(each.units for each in rows),
        gross=sum(each.gross for each in rows),
        discounts=sum(each.discounts for each in rows),
        returns=sum(each.returns for each in rows),
        deductions=sum(each.deductions for each in rows),
        other=sum(each.other for each in rows),
        cost=None if None in costs else sum(cost for cost in costs if cost is not None),
        rules=tuple((rule, minor) for rule, minor in rules if minor),
    )


@dataclass(frozen=True, slots=True)
class Cause:
    """Why what is left differs between two periods: `part` of a row (its channel or SKU), and by how much that raised the net."""

    partner: str
    payee: str
    sku: str
    currency: str
    part: str
    minor: int


def causes(before: Iterable[Margin], after: Iterable[Margin]) -> tuple[Cause, ...]:
    """Every part of every row that differs, the largest first; in each currency they come to the difference of what is left."""
    found: defaultdict[tuple[str, str, str, str, str], int] = defaultdict(int)
    for sign, margins in ((-1, before), (1, after)):
        for each in margins:
            key = (each.partner, each.payee, each.sku, each.currency)
            found[(*key, "gross")] += sign * each.gross
            for part in Part:
                found[(*key, part.value)] -= sign * getattr(each, part.value)
    every = [Cause(*key, minor) for key, minor in found.items() if minor]
    return tuple(sorted(every, key=lambda each: (-abs(each.minor), each.part, each.partner, each.payee, each.sku)))
