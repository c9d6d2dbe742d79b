"""What happens in the simulated world and when: orders placed and changed, lies told, shoppers buying, people deciding."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Act(StrEnum):
    """The kinds of happening; `details` of each are in brackets."""

    ORDER = "order"  # [number] a buyer places it
    CHANGE = "change"  # [number, change] Amazon changes it
    CLOSE = "close"  # [number] Amazon closes it
    AMAZON_FAULT = "amazon-fault"  # [fault]
    SHOP_FAULT = "shop-fault"  # [fault]
    SALE = "sale"  # [sku, quantity] somebody buys in the storefront
    EDI_FILE = "edi-file"  # [kind, number] the trading partner leaves a file that is not as it should be
    EDI_LOOK = "edi-look"  # [] the trading partner's software looks into its own inbox
    DECIDE = "decide"  # [] the people look at the open cases


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happens at an instant."""

    at: datetime
    act: Act
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Line:
    """A line of a purchase order as its buyer writes it. `sku` is what the vendor's people know and the buyer does not say."""

    sequence: int
    asin: str
    sku: str | None
    amount: int
    unit: str
    unit_size: int
    net_cost: Decimal
    backorder: bool = True
    priced_by: str = ""
    """The unit of weight that its cost is said to be for, where it is."""

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "sequence": self.sequence,
            "asin": self.asin,
            "sku": self.sku,
            "amount": self.amount,
            "unit": self.unit,
            "unit_size": self.unit_size,
            "net_cost": str(self.net_cost),
            "backorder": self.backorder,
            "priced_by": self.priced_by,
        }


@dataclass(slots=True)
class Order:
    """A purchase order of the plan. `scenario` names why it is in the world; `window` is when it may ship."""

    number: str
    partner: str
    vendor_code: str
    currency: str
    route: str
    placed_at: datetime
    scenario: str
    window: tuple[datetime, datetime]
    lines: list[Line] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "number": self.number,
            "partner": self.partner,
            "vendor_code": self.vendor_code,
            "currency": self.currency,
            "route": self.route,
            "placed_at": instant(self.placed_at),
            "scenario": self.scenario,
            "window": [instant(self.window[0]), instant(self.window[1])],
            "lines": [line.as_json() for line in self.lines],
        }


def instant(moment: datetime) -> str:
    """ISO 8601 with a Z."""
    return moment.isoformat().replace("+00:00", "Z")


def amazon_order(order: Order) -> dict[str, Any]:
    """The order as the vendor orders API writes it."""
    return {
        "purchaseOrderNumber": order.number,
        "purchaseOrderState": "New",
        "orderDetails": {
            "purchaseOrderDate": instant(order.placed_at),
            "purchaseOrderType": "RegularOrder",
            "paymentMethod": "Invoice",
            "buyingParty": {"partyId": "AMZN"},
            "sellingParty": {"partyId": order.vendor_code},
            "shipToParty": {"partyId": "ABE8"},
            "billToParty": {"partyId": "AMZN"},
            "shipWindow": "--".join(instant(day) for day in order.window),
            "items": [amazon_line(order, line) for line in order.lines],
        },
    }


def amazon_line(order: Order, line: Line) -> dict[str, Any]:
    """One line of it."""
    weight = {"unitOfMeasure": line.priced_by} if line.priced_by else {}
    return {
        "itemSequenceNumber": str(line.sequence),
        "amazonProductIdentifier": line.asin,
        "orderedQuantity": {"amount": line.amount, "unitOfMeasure": line.unit, "unitSize": line.unit_size},
        "isBackOrderAllowed": line.backorder,
        "netCost": {"amount": f"{line.net_cost:f}", "currencyCode": order.currency, **weight},
    }
