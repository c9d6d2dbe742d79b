"""Sales of a shop as the books see them: what was sold, as what, and how it was paid. Retail, circular, deposit, or wholesale.

A deposit is a liability until it is given back, a membership is circular revenue, and neither of their products is stock: both are
products of Supercycle's in the shop's catalogue, and the settings name them. Source: Supercycle's documentation of deposits
(a hidden product, a variant an amount) and of memberships (plans are products it makes).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from trueup.base.money import Money

CARD_REFUND_LIMIT = timedelta(days=120)
"""Within about so many days a deposit can be refunded to the card (Supercycle's documentation of deposits); later by other ways."""


class SaleKind(StrEnum):
    """What a line of an order is to the books."""

    RETAIL = "retail"
    CIRCULAR = "circular"
    MEMBERSHIP = "membership"
    DEPOSIT = "deposit"
    GIFT_CARD = "gift-card"
    """A gift card that was sold: money for a liability of the shop's own, no revenue yet."""
    WHOLESALE = "wholesale"
    """An order that holds stock for a purchase order: paid by remittance, never in the shop."""


class PaidBy(StrEnum):
    """With what an order was paid."""

    MONEY = "money"
    GIFT_CARD = "gift-card"
    STORE_CREDIT = "store-credit"


@dataclass(frozen=True, slots=True)
class SaleLine:
    """A line: `amount` is what it costs as a whole after discounts. `method`: how Supercycle gives it away, "" for a plain sale.

    `item` is the shop's id of what it counts. `unsaid`: units that were taken off before they left (an edit, a cancellation), and
    of which the shop does not say whether they lie there to be sold again.
    """

    id: str
    product: str | None
    sku: str
    quantity: int
    amount: Money
    method: str = ""
    gift_card: bool = False
    item: str = ""
    unsaid: int = 0


@dataclass(frozen=True, slots=True)
class Parcel:
    """Goods of an order that left one place: by the parcel's own lines the order's line and how many. `location` is our name of it,
    "" where the shop does not say. `cancelled_at`: since then they lie there again, because they did not leave."""

    id: str
    at: datetime
    location: str
    eaches: dict[str, tuple[str, int]]
    cancelled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PutBack:
    """Goods that had left, came back, and were put on a shelf to be sold again."""

    id: str
    line: str
    eaches: int
    location: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SalePayment:
    """Money that came (positive) or went back (negative)."""

    id: str
    at: datetime
    amount: Money
    by: PaidBy


@dataclass(frozen=True, slots=True)
class RefundedLine:
    """What was given back for a line, and when."""

    line: str
    at: datetime
    amount: Money


@dataclass(frozen=True, slots=True)
class ShopSale:
    """An order of the shop. `total`: all its lines with shipping and tax, as it was placed. `ours`: the key of the purchase order
    that it holds stock for, "" for a sale."""

    id: str
    name: str
    placed_at: datetime
    updated_at: datetime
    total: Money
    lines: tuple[SaleLine, ...]
    payments: tuple[SalePayment, ...] = ()
    refunds: tuple[RefundedLine, ...] = ()
    customer: str = ""
    tags: tuple[str, ...] = ()
    cancelled: bool = False
    ours: str = ""
    parcels: tuple[Parcel, ...] = ()
    put_back: tuple[PutBack, ...] = ()
    cancelled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HiddenProducts:
    """Products of Supercycle's in the shop that are no goods: the shop's ids of the deposit's and of membership plans."""

    deposits: frozenset[str] = frozenset()
    memberships: frozenset[str] = frozenset()

    @classmethod
    def of(cls, deposits: Iterable[str], memberships: Iterable[str]) -> HiddenProducts:
        """Of lists as the settings have them."""
        return cls(frozenset(deposits), frozenset(memberships))

    @property
    def every(self) -> frozenset[str]:
        """All of them: none is of the catalogue, none has stock."""
        return self.deposits | self.memberships


def earned_by(sale: ShopSale, line_id: str) -> Money | None:
    """What one unit of a line brought: its share of the line's amount, less what was given back; None where there is no such line.

    A cancelled order brings what was not given back of what was paid, which is nothing where nobody paid.
    """
    line = next((each for each in sale.lines if each.id == line_id), None)
    if line is None or line.quantity < 1:
        return None
    currency = line.amount.currency
    back = sum(each.amount.minor for each in sale.refunds if each.line == line_id)
    left = 0 if sale.cancelled and not sale.payments else line.amount.minor - back
    return Money(left // line.quantity, currency)


_RECURRING = "recurring order"
"""Supercycle tags the orders of later charges of a rental `Recurring order #N`; their lines carry no method."""


def kind_of(sale: ShopSale, line: SaleLine, hidden: HiddenProducts) -> SaleKind:
    """What a line is to the books."""
    if sale.ours:
        return SaleKind.WHOLESALE
    if line.product in hidden.deposits:
        return SaleKind.DEPOSIT
    if line.product in hidden.memberships:
        return SaleKind.MEMBERSHIP
    if line.gift_card:
        return SaleKind.GIFT_CARD
    recurring = any(tag.lower().startswith(_RECURRING) for tag in sale.tags)
    return SaleKind.CIRCULAR if line.method or recurring else SaleKind.RETAIL


@dataclass(frozen=True, slots=True)
class Deposit:
    """A deposit a customer left: one line of one order. `held` is what of it was not given back."""

    sale: str
    name: str
    line: str
    customer: str
    left_on: date
    amount: Money
    given_back: Money

    @property
    def held(self) -> Money:
        """What we still owe."""
        return self.amount - self.given_back

    def past_card_refund(self, today: date) -> bool:
        """Whether what is held can no longer be refunded to the card."""
        return bool(self.held) and today - self.left_on > CARD_REFUND_LIMIT


def deposits_of(sale: ShopSale, hidden: HiddenProducts) -> tuple[Deposit, ...]:
    """The deposits of an order that was paid. A cancelled one was given back as far as its refunds say."""
    paid = sum(each.amount.minor for each in sale.payments if each.amount.minor > 0)
    if not paid:
        return ()
    back: defaultdict[str, int] = defaultdict(int)
    for refund in sale.refunds:
        back[refund.line] += refund.amount.minor
    return tuple(
        Deposit(
            sale.id,
            sale.name,
            line.id,
            sale.customer,
            sale.placed_at.date(),
            line.amount,
            Money(back[line.id], line.amount.currency),
        )
        for line in sale.lines
        if kind_of(sale, line, hidden) is SaleKind.DEPOSIT and line.amount
    )


@dataclass(frozen=True, slots=True)
class SalesSum:
    """Sales of a period in one currency: by what was sold and what else orders cost, and by what was paid. They add up:

    sold + shipping and tax - refunded = paid + unpaid.
    """

    currency: str
    sold: Mapping[SaleKind, int] = field(default_factory=dict)
    refunded: Mapping[SaleKind, int] = field(default_factory=dict)
    charges: int = 0
    paid: Mapping[PaidBy, int] = field(default_factory=dict)
    orders: int = 0

    @property
    def due(self) -> int:
        """What customers owed for these orders."""
        return sum(self.sold.values()) + self.charges - sum(self.refunded.values())

    @property
    def unpaid(self) -> int:
        """What of it was not paid in the period; negative where more was."""
        return self.due - sum(self.paid.values())


def sum_sales(sales: Iterable[ShopSale], hidden: HiddenProducts, first: date, last: date) -> list[SalesSum]:
    """The sums of a period, both days included, by currency: what was placed in it, given back in it, and paid in it. Orders for
    purchase orders are left out: they are paid by remittance."""
    sums: dict[str, _Running] = {}
    for sale in sales:
        if sale.ours:
            continue
        _add(sums.setdefault(sale.total.currency, _Running()), sale, hidden, (first, last))
    return [
        SalesSum(currency, dict(found.sold), dict(found.refunded), found.charges, dict(found.paid), found.orders)
        for currency, found in sorted(sums.items())
        if found.orders or found.paid or found.refunded
    ]


@dataclass(slots=True)
class _Running:
    sold: defaultdict[SaleKind, int] = field(default_factory=lambda: defaultdict(int))
    refunded: defaultdict[SaleKind, int] = field(default_factory=lambda: defaultdict(int))
    paid: defaultdict[PaidBy, int] = field(default_factory=lambda: defaultdict(int))
    charges: int = 0
    orders: int = 0


def _add(into: _Running, sale: ShopSale, hidden: HiddenProducts, days: tuple[date, date]) -> None:
    first, last = days
    kinds = {line.id: kind_of(sale, line, hidden) for line in sale.lines}
    if first <= sale.placed_at.date() <= last:
        into.orders += 1
        for line in sale.lines:
            into.sold[kinds[line.id]] += line.amount.minor
        into.charges += sale.total.minor - sum(line.amount.minor for line in sale.lines)
    for refund in sale.refunds:
        if first <= refund.at.date() <= last:
            into.refunded[kinds.get(refund.line, SaleKind.RETAIL)] += refund.amount.minor
    for payment in sale.payments:
        if first <= payment.at.date() <= last:
            into.paid[payment.by] += payment.amount.minor


def of_catalogue(products: Iterable[str | None], hidden: HiddenProducts) -> Collection[str]:
    """Of these product ids those that are goods."""
    return [each for each in products if each is not None and each not in hidden.every]
