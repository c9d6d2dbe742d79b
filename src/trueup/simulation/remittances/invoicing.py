"""How the simulated vendor invoices: purchase orders in one to four invoices, numbered in order, some with awkward numbers."""

from __future__ import annotations

import heapq
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from trueup.simulation.remittances.causes import percent_of
from trueup.simulation.remittances.records import Invoice, Item, Market

NET_DAYS = 60
QUICK_DAYS = 30
LONGEST_DAYS = 68
"""After so many days even a late invoice is paid."""
_LETTERS = "ABCDEFGHJKLMNQRTUVWXYZ0123456789"
"""Without S and P, so that no order ends like a claim."""
_CENTRES = ("ONT8", "PHX7", "BNA3", "LEJ1", "BHX4", "BOM5", "YYZ4", "MDW2")
_AWKWARD_ENDS = ("SC", "R", "PC")
_PRODUCTS = 120
_REMEMBERED_ORDERS = 300
_SIZES = (1, 1, 1, 1, 2, 2, 3, 4)
MEAN_SIZE = Decimal(sum(_SIZES)) / len(_SIZES)


@dataclass(slots=True)
class Order:
    """A purchase order and its invoices. `kind`: what it was issued for (ordinary, twins, awkward, orphan)."""

    number: str
    invoices: list[Invoice]
    kind: str = "ordinary"

    @property
    def value(self) -> int:
        """What it comes to without tax."""
        return sum(invoice.net for invoice in self.invoices)


@dataclass(slots=True)
class Issuer:
    """Issues a market's invoices day by day and keeps what is waiting to be paid, by the day it will be."""

    market: Market
    chance: Random
    with_items: bool = True
    opens_on: date = date.min
    """What was paid before is no part of the history."""
    invoiced_net: Counter[date] = field(default_factory=Counter)
    """What was invoiced without tax in a week, by its Monday."""
    recent: deque[Order] = field(default_factory=lambda: deque(maxlen=_REMEMBERED_ORDERS))
    totals: set[int] = field(default_factory=set)
    """The totals of invoices, where lines that belong to none must differ from all."""
    twins: deque[Order] = field(default_factory=deque)
    """Orders whose two invoices nobody can tell apart; they wait for the line that is ambiguous."""
    _made: list[Invoice] = field(default_factory=list)
    _waiting: list[tuple[int, float, int, Order]] = field(default_factory=list)
    _due_on: Counter[int] = field(default_factory=Counter)
    _due_orders: int = 0
    _counted_to: int = date(2020, 1, 1).toordinal()
    _invoices: int = 0
    _orders: int = 0
    _entered: int = 0

    def issue(self, day: date, kind: str = "ordinary") -> None:
        """A purchase order billed on a day: one to four invoices, two where it is made to be awkward."""
        chance = self.chance
        quick = self.market.quick_pay and chance.random() < 0.5
        paid_on = day + timedelta(days=chance.randint(21, 27) if quick else chance.randint(58, LONGEST_DAYS))
        if paid_on < self.opens_on:
            return
        number, centre = self._order_number(), chance.choice(_CENTRES)
        size = chance.choice(_SIZES) if kind in ("ordinary", "orphan") else 2
        order = Order(number, [self._invoice(number, centre, day) for _ in range(size)], kind)
        first, last = order.invoices[0], order.invoices[-1]
        if kind == "twins":
            last.items, last.total, last.tax = first.items, first.total, first.tax
            self.twins.append(order)
        elif kind == "awkward":
            last.number = first.number + chance.choice(_AWKWARD_ENDS)
        if kind in ("ordinary", "awkward"):
            self.wait(order, paid_on)
            self.recent.append(order)
        self.invoiced_net[day - timedelta(days=day.weekday())] += order.value
        self._made += order.invoices
        if self.with_items:
            self.totals.update(invoice.total for invoice in order.invoices)

    def foreign(self, amount: int) -> int:
        """An amount near this one that is no invoice's total."""
        while abs(amount) in self.totals:
            amount += 1
        return amount

    def wait(self, order: Order, until: date) -> None:
        """Let an order wait to be paid until a day."""
        self._entered += 1
        if until.toordinal() <= self._counted_to:
            self._due_orders += 1
        else:
            self._due_on[until.toordinal()] += 1
        heapq.heappush(self._waiting, (until.toordinal(), self.chance.random(), self._entered, order))

    def due(self, day: date, most: int) -> list[Order]:
        """The orders that are paid on a day, of about so many invoices."""
        orders: list[Order] = []
        count = 0
        while self._waiting and self._waiting[0][0] <= day.toordinal() and count < most:
            order = heapq.heappop(self._waiting)[3]
            orders.append(order)
            self._due_orders -= 1
            count += len(order.invoices)
        return orders

    def ready(self, day: date, least: int) -> bool:
        """Whether at least so many orders are due on a day."""
        today = day.toordinal()
        while self._counted_to < today:
            self._counted_to += 1
            self._due_orders += self._due_on.pop(self._counted_to, 0)
        return self._due_orders >= least

    def take(self) -> list[Invoice]:
        """What was issued since the last time."""
        made, self._made = self._made, []
        return made

    def _order_number(self) -> str:
        self._orders += 1
        rest, text = self._orders * 7919 + 104_729, ""
        for _ in range(6):
            rest, place = divmod(rest, len(_LETTERS))
            text += _LETTERS[place]
        return self.chance.choice("456789") + self.market.prefix[1] + text

    def _invoice(self, order: str, centre: str, day: date) -> Invoice:
        self._invoices += 1
        number = f"{self.market.prefix}{day:%y}-{self._invoices:06d}"
        items: tuple[Item, ...] = ()
        if self.with_items:
            items = tuple(self._item() for _ in range(self.chance.randint(1, 4)))
            net = sum(item.amount for item in items)
        else:
            net = self.chance.randint(4_000, 250_000)
        tax = percent_of(net, Decimal(self.market.tax)) if self.market.tax else 0
        due = day + timedelta(days=NET_DAYS)
        return Invoice(number, self.market, order, centre, day, due, net + tax, tax, items)

    def _item(self) -> Item:
        product = self.chance.randrange(_PRODUCTS)
        price = 240 + product * 37 % 2_600
        return Item(f"RW-SIM-{product:03d}", f"B0SIM{product:05d}", self.chance.randint(2, 48), price)
