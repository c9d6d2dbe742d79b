"""Purchase orders as the buyer sent them, whatever the route, and what changed between two revisions of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from typing import Any

from trueup.base.clock import write_instant
from trueup.base.ids import Digest, digest_of_json
from trueup.base.money import UnitPrice
from trueup.base.quantity import Quantity, Unit
from trueup.domain.partners import Route


class OrderState(StrEnum):
    """Amazon's states. Closed: rejected by us, cancelled by Amazon, or received in full."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class OrderType(StrEnum):
    """SP-API `purchaseOrderType`; X12 BEG02 NE, CN, NP, RO."""

    REGULAR = "regular"
    CONSIGNED = "consigned"
    NEW_PRODUCT = "new-product"
    RUSH = "rush"


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` up to `end`, instants in UTC; either may be open."""

    start: datetime | None
    end: datetime | None

    def __str__(self) -> str:
        sides = (side.strftime("%Y-%m-%d") if side else "open" for side in (self.start, self.end))
        return " to ".join(sides)


@dataclass(frozen=True, slots=True)
class Party:
    """A party by the code the buyer uses for it, with name and address as text lines where they were sent."""

    id: str
    name: str = ""
    address: tuple[str, ...] = ()
    country: str = ""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line. `sequence` is its number; `sequence_text`, `product_ids` and `net_cost` are echoed exactly as they came.

    `product_ids` are (qualifier, code) pairs in the order sent: X12 235 qualifiers on EDI, `VN` for SP-API's
    `vendorProductIdentifier`. `net_cost` is on whatever basis the buyer uses; the agreement says which. `priced_by` is the
    unit of weight both prices are for (SP-API `POUNDS`, `KILOGRAMS` ...), empty for goods that are priced by the piece.
    """

    sequence: int
    sequence_text: str
    asin: str | None
    product_ids: tuple[tuple[str, str], ...]
    ordered: Quantity
    net_cost: UnitPrice | None
    list_price: UnitPrice | None = None
    discount_multiplier: Decimal | None = None
    backorder_allowed: bool = False
    priced_by: str = ""

    @property
    def codes(self) -> tuple[str, ...]:
        """The product codes without their qualifiers."""
        return tuple(code for _, code in self.product_ids)


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """An order as one partner sent it. `route` is where it came from, and where its acknowledgement must go."""

    partner: str
    number: str
    vendor_code: str
    route: Route
    state: OrderState
    type: OrderType
    ordered_at: datetime
    changed_at: datetime | None
    ship_to: Party
    lines: tuple[OrderLine, ...]
    buyer: Party | None = None
    bill_to: Party | None = None
    ship_window: Window | None = None
    delivery_window: Window | None = None
    payment_method: str = ""
    deal_code: str = ""

    @property
    def key(self) -> str:
        """The natural key: a number is unique within a partner's vendor group."""
        return f"{self.partner}/{self.number}"

    @property
    def last_day(self) -> datetime | None:
        """The end of the window in which the goods may be handed over: ship window for collect, delivery window for prepaid."""
        windows = [window.end for window in (self.ship_window, self.delivery_window) if window and window.end]
        return max(windows) if windows else None

    def line(self, sequence: int) -> OrderLine | None:
        """The line with that number."""
        return next((line for line in self.lines if line.sequence == sequence), None)

    def terms(self) -> dict[str, Any]:
        """What is agreed to by acknowledging, as JSON: the same terms by another route, or sent twice, are the same revision.

        The state is left out (our own answer moves it), and so is everything that only says how the order travelled.
        """
        return {
            "number": self.number,
            "vendor_code": self.vendor_code,
            "type": self.type.value,
            "ship_to": self.ship_to.id,
            "ship_window": _window(self.ship_window),
            "delivery_window": _window(self.delivery_window),
            "lines": {
                str(line.sequence): _line_terms(line) for line in sorted(self.lines, key=lambda line: line.sequence)
            },
        }

    def terms_digest(self) -> Digest:
        """The hash that tells one revision from another."""
        return digest_of_json(self.terms())


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One visible difference between two revisions: where, what it was, what it is."""

    path: str
    before: str
    after: str

    def __str__(self) -> str:
        place, _, name = self.path.rpartition(" ")
        said = _NAMES.get(name, name.replace("_", " "))
        return f"{f'{place} ' if place else ''}{said}: {_shown(name, self.before)} became {_shown(name, self.after)}"


@dataclass(frozen=True, slots=True)
class OrderChange:
    """What a new revision changed."""

    fields: tuple[FieldChange, ...]
    cancelled: tuple[int, ...]
    """Line numbers whose quantity became zero, or which disappeared."""
    touched: tuple[int, ...]
    """Line numbers whose quantity, unit, cost or product changed, new lines included."""

    def __bool__(self) -> bool:
        return bool(self.fields)


_NAMES = {
    "asin": "ASIN",
    "codes": "product codes",
    "amount": "quantity",
    "unit_size": "eaches a unit",
    "net_cost": "net cost",
    "backorder_allowed": "backorders",
}
"""What the terms of an order are called where their own name does not say it."""


def _shown(name: str, value: str) -> str:
    if name == "backorder_allowed" and value:
        return "allowed" if value == str(True) else "not allowed"
    return value or "(none)"


def tell_changes(fields: Iterable[FieldChange]) -> list[str]:
    """What a revision changed, in words: each term that differs; of a line that is new, or is gone, what it is in one sentence."""
    told = []
    for place, group in groupby(fields, key=lambda each: each.path.rpartition(" ")[0]):
        changes = [each for each in group if each.before != each.after]
        units = [(each.before, each.after) for each in changes if each.path == f"{place} unit"]
        if units and not all(units[0]):  # a line that is there always has its unit
            terms = {each.path.rpartition(" ")[2]: each.after or each.before for each in changes}
            told.append(f"{place} is {'new' if units[0][1] else 'gone'}: {_line_in_words(terms)}")
        else:
            told += [str(each) for each in changes]
    return told


def _line_in_words(terms: Mapping[str, str]) -> str:
    size = terms.get("unit_size", "")
    words = [str(Quantity(int(terms.get("amount") or 0), Unit(terms["unit"]), int(size) if size else None))]
    product = terms.get("asin") or terms.get("codes")
    words += [f"of {product}"] if product else []
    words += [f"at {terms['net_cost']}"] if terms.get("net_cost") else []
    return " ".join(words)


def revise(before: PurchaseOrder, after: PurchaseOrder) -> OrderChange:
    """The difference between two revisions of one order, field by field."""
    old, new = before.terms(), after.terms()
    fields = [
        FieldChange(name, _text(old[name]), _text(new[name]))
        for name in ("vendor_code", "type", "ship_to", "ship_window", "delivery_window")
        if old[name] != new[name]
    ]
    touched, cancelled = [], []
    old_lines: dict[str, dict[str, Any]] = old["lines"]
    new_lines: dict[str, dict[str, Any]] = new["lines"]
    for sequence in sorted(old_lines.keys() | new_lines.keys(), key=int):
        was, now = old_lines.get(sequence, {}), new_lines.get(sequence, {})
        if was == now:
            continue
        touched.append(int(sequence))
        if not now.get("amount") and was.get("amount"):
            cancelled.append(int(sequence))
        fields += [
            FieldChange(f"line {sequence} {name}", _text(was.get(name)), _text(now.get(name)))
            for name in (was or now)
            if was.get(name) != now.get(name)
        ]
    return OrderChange(tuple(fields), tuple(cancelled), tuple(touched))


def owed_from(order: PurchaseOrder, sent: tuple[datetime, ...], received_at: datetime) -> datetime:
    """From when the time for an answer counts: when the order was placed, or changed; never later than we received it.

    An 850 names the day alone, and its midnight is up to a day before anything was ordered. `sent` are the times that its
    envelopes bear (ISA09 and ISA10, GS04 and GS05; read as UTC, since they name no zone): one on that day or the next and
    before our receipt is believed, the earliest of them, and else the midnight. The earlier reading costs us hours, the
    later one would cost the deadline.
    """
    if order.changed_at is not None:
        return min(order.changed_at, received_at)
    day = timedelta(days=1)
    believed = [each for each in sent if each <= received_at and order.ordered_at <= each < order.ordered_at + 2 * day]
    return min(*believed, received_at) if believed else min(order.ordered_at, received_at)


def still_owed_from(change: datetime, former: datetime) -> datetime:
    """From when the time counts for an order that was changed at `change` while its `former` terms were not answered.

    Amazon wants every line within 24 hours, takes an acknowledgement as the whole order, and does not say whether a change
    starts them anew. A change that did would let an order that changes daily go unanswered for ever: so the first deadline
    stands for all of it. Once an answer is out, a change has 24 hours of its own, and 48 to be amended in.
    Source: Amazon's submit-order-acknowledgement guide, and its silence; of two readings the earlier one.
    """
    return min(change, former)


def _window(window: Window | None) -> list[str | None] | None:
    return [write_instant(side) if side else None for side in (window.start, window.end)] if window else None


def _line_terms(line: OrderLine) -> dict[str, Any]:
    return {
        "asin": line.asin,
        "codes": sorted(line.codes),
        "amount": line.ordered.amount,
        "unit": line.ordered.unit.value,
        "unit_size": line.ordered.unit_size,
        "net_cost": _cost_terms(line),
        "backorder_allowed": line.backorder_allowed,
    }


def _cost_terms(line: OrderLine) -> str | None:
    if line.net_cost is None:
        return None
    per = f" per {line.priced_by}" if line.priced_by else ""
    return f"{line.net_cost.value.normalize():f} {line.net_cost.currency}{per}"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return " to ".join(str(part) if part is not None else "open" for part in value)
    return str(value)
