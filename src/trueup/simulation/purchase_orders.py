"""The purchase orders of the simulated world: ordinary ones, and one for each thing that can be wrong with an order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from trueup.simulation.catalogue import ANNEX, SET_ASIDE, TERMS, WAREHOUSE, Product
from trueup.simulation.happenings import Act, Happening, Line, Order, amazon_line, instant

ORDERS = 60
ABSURD_FLOOR_EACHES = 5_000
"""Above so many eaches an order of a product never ordered before is absurd; the demo's agreements say so."""
_BY_CODE = {terms.vendor_code: terms for terms in TERMS}
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(slots=True)
class Casting:
    """The plan as it is written: orders, what happens, and what must come of it."""

    chance: Random
    start: datetime
    products: list[Product]
    orders: list[Order] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    cases: list[dict[str, Any]] = field(default_factory=list)
    """Cases that must be opened: kind, order, line."""
    decisions: list[dict[str, Any]] = field(default_factory=list)
    """What a person will decide: kind, order, resolution, note."""
    races: list[dict[str, Any]] = field(default_factory=list)

    def at(self, day: int, hour: int) -> datetime:
        """A time of a day of the plan, early or late in the hour by chance: each instant that differs costs a jump."""
        return self.start + timedelta(days=day, hours=hour - self.start.hour, minutes=self.chance.choice((10, 40)))

    def keep(self, scenario: str, pack: int = 1) -> Product:
        """A product set aside for a scenario, with a pack of at least that size."""
        free = [product for product in self.products if product.kept_for == SET_ASIDE and product.pack >= pack]
        chosen = self.chance.choice(free)
        chosen.kept_for = scenario
        return chosen

    def order(self, scenario: str, code: str, placed_at: datetime) -> Order:
        """A new order without lines."""
        terms = _BY_CODE[code]
        number = "".join(self.chance.choice(_LETTERS) for _ in range(7)) + str(len(self.orders) % 10)
        opens = (placed_at + timedelta(days=1)).replace(hour=0, minute=0)
        window = (opens, opens + timedelta(days=8))
        order = Order(number, terms.partner, code, terms.currency, terms.route, placed_at, scenario, window)
        self.orders.append(order)
        self.happenings.append(Happening(placed_at, Act.ORDER, {"number": number}))
        return order

    def line(self, order: Order, product: Product, packs: int, **changes: Any) -> Line:
        """A further line: so many whole packs, in cases or in eaches as that buyer orders them."""
        terms = _BY_CODE[order.vendor_code]
        cost = product.costs[order.vendor_code]
        cases = product.pack > 1 and (terms.cost_basis == "case" or self.chance.random() < 0.4)
        line = Line(
            sequence=len(order.lines) + 1,
            asin=product.asin,
            sku=product.sku,
            amount=packs if cases else packs * product.pack,
            unit="Cases" if cases else "Eaches",
            unit_size=product.pack if cases else 1,
            net_cost=cost,
        )
        for name, value in changes.items():
            setattr(line, name, value)
        order.lines.append(line)
        return line

    def ordinary(self, order: Order, lines: int) -> None:
        """Lines that nothing is wrong with."""
        free = [product for product in self.products if not product.kept_for]
        for product in self.chance.sample(free, lines):
            self.line(order, product, self.chance.randrange(1, 5))

    def expect(self, kind: str, order: Order, line: Line | None = None) -> None:
        """Such a case must be opened about the order."""
        self.cases.append({"kind": kind, "order": order.number, "line": line.sequence if line else None})

    def decide(self, kind: str, order: Order, resolution: str, note: str) -> None:
        """A person will decide it so."""
        self.decisions.append({"kind": kind, "order": order.number, "resolution": resolution, "note": note})

    def change(self, order: Order, hours: int, change: dict[str, Any]) -> None:
        """Amazon changes it so many hours after it was placed."""
        details = {"number": order.number, "change": change}
        self.happenings.append(Happening(order.placed_at + timedelta(hours=hours), Act.CHANGE, details))

    def lie(self, order: Order, kind: str, operation: str = "submitAcknowledgement", **more: Any) -> None:
        """Amazon lies about this order."""
        fault = {"kind": kind, "operation": operation, "purchase_order": order.number, **more}
        self.happenings.append(Happening(order.placed_at, Act.AMAZON_FAULT, {"fault": fault}))


def cast_held_orders(cast: Casting) -> None:
    """One order for each rule that holds a line; some are decided by a person, others left to the agreement's fallback."""
    _product_unknown(cast, "held, decided", 0, 8)
    _product_unknown(cast, "held, fallback", 1, 8)
    for scenario, code, day, hour, twist in _TWISTS:
        order = cast.order(f"held: {scenario}", code, cast.at(day, hour))
        cast.ordinary(order, cast.chance.randrange(1, 3))
        line = cast.line(order, cast.keep(scenario, 4), 3)
        twist(cast, order, line)
        cast.expect(f"held.{scenario}", order, line)
    closed = cast.order("held: order-closed", "RIVR1", cast.start + timedelta(hours=3, minutes=5))
    cast.ordinary(closed, 2)
    cast.happenings.append(Happening(closed.placed_at + timedelta(minutes=12), Act.CLOSE, {"number": closed.number}))
    cast.expect("held.order-closed", closed, closed.lines[0])


def _product_unknown(cast: Casting, scenario: str, day: int, hour: int) -> None:
    order = cast.order(f"{scenario}: product-unknown", "RIVR1" if day == 0 else "RIVR2", cast.at(day, hour))
    cast.ordinary(order, 2)
    line = cast.line(order, cast.keep(scenario, 4), 1, asin=f"B0ZZZZZ{day}9X", sku=None)
    cast.expect("held.product-unknown", order, line)
    if day == 0:
        cast.decide("held.product-unknown", order, "reject", "Not ours: the buyer means another vendor's product.")


def _window_past(cast: Casting, order: Order, line: Line) -> None:
    order.window = (order.placed_at - timedelta(days=9), order.placed_at - timedelta(days=1))


def _negative(cast: Casting, order: Order, line: Line) -> None:
    line.amount = -line.amount


def _case_size(cast: Casting, order: Order, line: Line) -> None:
    line.unit, line.amount, line.unit_size = "Cases", 2, _product(cast, line).pack - 1


def _broken_pack(cast: Casting, order: Order, line: Line) -> None:
    line.unit, line.unit_size, line.amount = "Eaches", 1, _product(cast, line).pack * 2 + 1
    cast.decide("held.not-whole-packs", order, "backorder", "We break no cases; the rest comes with the next delivery.")


def _by_weight(cast: Casting, order: Order, line: Line) -> None:
    """The agreed number for a piece, said to be for a kilogram."""
    line.priced_by = "KILOGRAMS"


def _cost_accepted(cast: Casting, order: Order, line: Line) -> None:
    line.net_cost -= Decimal("0.05")
    cast.decide("held.cost-differs", order, "accept-as-ordered", "Agreed by phone for this promotion.")


def _cost_rejected(cast: Casting, order: Order, line: Line) -> None:
    line.net_cost -= Decimal("1.00")
    line.backorder = False


def _cost_speechless(cast: Casting, order: Order, line: Line) -> None:
    line.net_cost -= Decimal("0.10")
    line.backorder = False
    cast.expect("acknowledgement.impossible", order, line)


def _absurd(cast: Casting, order: Order, line: Line) -> None:
    pack = _product(cast, line).pack
    line.amount = (ABSURD_FLOOR_EACHES * 4 // pack) * (1 if line.unit == "Cases" else pack)
    cast.decide("held.quantity-absurd", order, "reject", "A slipped digit; the buyer confirmed it.")


def _untracked(cast: Casting, order: Order, line: Line) -> None:
    _product(cast, line).tracked = False


def _taken_over(cast: Casting, order: Order, line: Line) -> None:
    _product(cast, line).circular = True


def _product(cast: Casting, line: Line) -> Product:
    return next(product for product in cast.products if product.sku == line.sku)


Twist = Callable[[Casting, Order, Line], None]
_TWISTS: tuple[tuple[str, str, int, int, Twist], ...] = (
    ("window-past", "RIVDE", 0, 9, _window_past),
    ("quantity-negative", "RIVR1", 0, 10, _negative),
    ("case-size-differs", "RIVR1", 0, 11, _case_size),
    ("not-whole-packs", "RIVDE", 0, 12, _broken_pack),
    ("cost-differs", "RIVR1", 0, 13, _cost_accepted),
    ("cost-differs", "RIVR2", 1, 9, _cost_rejected),
    ("cost-differs", "RIVDE", 1, 10, _cost_speechless),
    ("cost-differs", "RIVED", 1, 10, _cost_accepted),
    ("priced-by-weight", "RIVR2", 1, 10, _by_weight),
    ("quantity-absurd", "RIVR1", 1, 11, _absurd),
    ("stock-uncounted", "RIVR1", 1, 12, _untracked),
    ("stock-uncounted", "RIVDE", 2, 9, _taken_over),
)


def cast_changed_orders(cast: Casting) -> None:
    """Orders that Amazon changes after placing them, and one with a line cancelled from the start."""
    zero = cast.order("zero line", "RIVR1", cast.at(0, 7))
    cast.ordinary(zero, 3)
    zero.lines[1].amount = 0
    cancelled = cast.order("cancelled whole", "RIVDE", cast.at(0, 7))
    cast.ordinary(cancelled, 2)
    cast.change(cancelled, 5, {"cancel": True})
    down = cast.order("quantity down", "RIVR1", cast.at(0, 8))
    cast.ordinary(down, 1)
    fewer = cast.line(down, cast.keep("quantity down", 4), 4)
    fewer.amount, fewer.unit, fewer.unit_size = 4 * _product(cast, fewer).pack, "Eaches", 1
    lower = {"itemSequenceNumber": str(fewer.sequence), "amount": fewer.amount // 2}
    cast.change(down, 6, {"lines": [lower]})
    moved = cast.order("window moved", "RIVR2", cast.at(0, 9))
    cast.ordinary(moved, 2)
    later = "--".join(instant(day + timedelta(days=3)) for day in moved.window)
    cast.change(moved, 4, {"shipWindow": later})
    longer = cast.order("line added", "RIVR1", cast.at(1, 7))
    cast.ordinary(longer, 2)
    added = cast.line(longer, cast.keep("line added"), 2)
    longer.lines.remove(added)
    cast.change(longer, 5, {"add": [amazon_line(longer, added)]})
    crossing = cast.order("changed mid-flight", "RIVR1", cast.at(1, 8))
    cast.ordinary(crossing, 2)
    crossing.lines[0].amount *= 2
    cast.lie(crossing, "changed_mid_flight")


def cast_scarce_orders(cast: Casting) -> None:
    """Two orders that want the same last case, one that gets only part of what it wants, one whose case cost does not divide."""
    last = cast.keep("race", 4)
    last.levels = {WAREHOUSE: last.pack, ANNEX: 0}
    moment = cast.at(1, 13)
    racing = [cast.order("race for the last case", code, moment) for code in ("RIVR1", "RIVDE")]
    for order in racing:
        cast.line(order, last, 1)
    cast.races.append({"sku": last.sku, "orders": [order.number for order in racing], "stock": last.pack})
    scarce = cast.keep("short", 4)
    scarce.levels = {WAREHOUSE: scarce.pack * 2 + 1, ANNEX: scarce.pack}
    short = cast.order("short stock", "RIVR1", cast.at(0, 12))
    cast.ordinary(short, 1)
    cast.expect("stock.short", short, cast.line(short, scarce, 5))
    uneven = cast.keep("case cost that does not divide", 6)
    uneven.costs["RIVR2"] = Decimal("100.00")
    thirds = cast.order("case cost that does not divide", "RIVR2", cast.at(0, 10))
    cast.line(thirds, uneven, 4)
    cast.ordinary(thirds, 1)


_AMAZON_LIES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("processing_forever", {}),
    ("processing_forever", {"count": None}),
    ("applied_late", {"seconds": 2700.0}),
    ("transaction_failure", {}),
    ("partially_applied", {}),
    ("applied_but_timed_out", {"mode": "drop"}),
    ("applied_but_timed_out", {"mode": "504"}),
    ("server_error", {"status": 503}),
    ("throttled", {}),
    ("token_refused", {}),
    ("slow", {"seconds": 0.2}),
    ("malformed_json", {}),
    ("contradicts", {"operation": "getPurchaseOrdersStatus"}),
)


def cast_lied_about_orders(cast: Casting) -> None:
    """For each lie of Amazon an order that it is told about, of nothing but ordinary lines."""
    codes = ("RIVR1", "RIVDE", "RIVR2")
    for place, (kind, more) in enumerate(_AMAZON_LIES):
        order = cast.order(f"lie: {kind}", codes[place % 3], cast.at(place % 3, 7 + place % 9))
        cast.ordinary(order, cast.chance.randrange(2, 4))
        cast.lie(order, kind, **more)
        if kind == "processing_forever" and "count" in more:
            cast.expect("acknowledgement.unanswered", order)
        if kind == "transaction_failure":
            cast.expect("acknowledgement.rejected", order)


def cast_ordinary_orders(cast: Casting) -> None:
    """Enough orders that nothing is wrong with, over four days and all buyers."""
    codes = ("RIVR1", "RIVED", "RIVR2", "RIVED", "RIVDE", "RIVED", "RIVR1", "RIVED")
    number = 0
    while len(cast.orders) < ORDERS:
        order = cast.order("ordinary", codes[number % len(codes)], cast.at(number % 4, 6 + cast.chance.randrange(14)))
        cast.ordinary(order, cast.chance.randrange(1, 7))
        number += 1
