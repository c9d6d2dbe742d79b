"""Sales orders: a purchase order as the shop holds it, so that its stock is claimed there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trueup.base.money import Money


@dataclass(frozen=True, slots=True)
class SalesLine:
    """Eaches of one product. `price` is per each as a shop can hold it; `exact_cost` what it stands for, in text."""

    sku: str
    variant: str
    eaches: int
    price: Money
    exact_cost: str
    sequence: int


@dataclass(frozen=True, slots=True)
class SalesOrder:
    """What the shop is asked to hold. `key` is unique for ever in the shop and is looked up before every write."""

    key: str
    order_number: str
    partner: str
    vendor_code: str
    location: str
    currency: str
    ordered_at: datetime
    lines: tuple[SalesLine, ...]
    company_location: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line as the shop shows it: the quantity that still stands, and from which location it will ship."""

    line_id: str
    sku: str
    variant: str
    eaches: int
    price: Money | None
    location: str | None
    sequence: int | None = None


@dataclass(frozen=True, slots=True)
class ShownOrder:
    """An order as the shop shows it, read back. `inventory_claimed` is unknown to shops; committed stock is the proof."""

    id: str
    name: str
    key: str | None
    cancelled: bool
    lines: tuple[ShownLine, ...]
    updated_at: datetime | None = None


def differences(wanted: SalesOrder, shown: ShownOrder) -> tuple[str, ...]:
    """Where the shop's order is not what we asked for: quantities per product and price, cancellation, location."""
    if shown.cancelled and wanted.lines:
        return (f"order {shown.name} is cancelled in the shop",)
    want: dict[str, int] = {}
    have: dict[str, int] = {}
    for line in wanted.lines:
        want[line.sku] = want.get(line.sku, 0) + line.eaches
    for held in () if shown.cancelled else shown.lines:
        if held.eaches:
            have[held.sku] = have.get(held.sku, 0) + held.eaches
    found = [
        f"{sku}: {have.get(sku, 0)} eaches in the shop, {want.get(sku, 0)} wanted"
        for sku in sorted(want.keys() | have.keys())
        if want.get(sku, 0) != have.get(sku, 0)
    ]
    return (*found, *_priced_otherwise(wanted, shown))


def _priced_otherwise(wanted: SalesOrder, shown: ShownOrder) -> list[str]:
    """One product may stand on several lines at several prices: each held line uses up as much of its price."""
    left: dict[str, dict[Money, int]] = {}
    for line in wanted.lines:
        of_price = left.setdefault(line.sku, {})
        of_price[line.price] = of_price.get(line.price, 0) + line.eaches
    found = []
    for held in shown.lines:
        prices = left.get(held.sku)
        if not held.eaches or prices is None or held.price is None:
            continue
        # With one price the quantities have been compared already.
        if held.price not in prices or (len(prices) > 1 and prices[held.price] < held.eaches):
            wants = " or ".join(
                f"{eaches} at {price}" if len(prices) > 1 else f"{price}" for price, eaches in prices.items()
            )
            found.append(f"{held.sku}: priced {held.price} in the shop, {wants} wanted")
        else:
            prices[held.price] -= held.eaches
    return found


def misplaced(wanted: SalesOrder, shown: ShownOrder) -> tuple[ShownLine, ...]:
    """Lines that the shop would ship from another location than ours."""
    return tuple(line for line in shown.lines if line.eaches and line.location and line.location != wanted.location)
