"""The plan of a simulated world: its vendor, orders, lies, shoppers and people, all from one seed, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from trueup.simulation.catalogue import ANNEX, TERMS, WAREHOUSE, Product, make_products
from trueup.simulation.happenings import Act, Happening, Order, instant
from trueup.simulation.purchase_orders import (
    Casting,
    cast_changed_orders,
    cast_held_orders,
    cast_lied_about_orders,
    cast_ordinary_orders,
    cast_scarce_orders,
)

START = datetime(2026, 11, 2, 6, tzinfo=UTC)
DAYS = 5
_SALES = 60
_DECIDING_HOURS = (9, 15)
_LISTING_LIES = ("duplicate_orders", "reordered_pages", "empty_page")
_SHOP_LIES: tuple[dict[str, Any], ...] = (
    {"kind": "server_error", "operation": "orderCreate", "status": 503},
    {"kind": "applied_but_timed_out", "operation": "orderCreate", "mode": "drop"},
    {"kind": "slow", "operation": "orderCreate", "seconds": 0.2},
    {"kind": "malformed_json", "operation": "orderCreate"},
    {"kind": "throttled", "operation": "orderCreate"},
    {"kind": "too_many_requests", "operation": "orderCreate"},
    {"kind": "token_refused", "operation": "graphql"},
    {"kind": "search_lag", "seconds": 900.0},
    {"kind": "wrong_location"},
    {"kind": "claim_race"},
    {"kind": "edited_by_hand", "mode": "cancel"},
    {"kind": "edited_by_hand", "mode": "quantity"},
)
_EDI_TROUBLES = ("truncated", "wrong-count", "wrong-control", "duplicate")


@dataclass(frozen=True, slots=True)
class Plan:
    """One world. `vendor` is what the auditor is told of it."""

    seed: int
    start: datetime
    end: datetime
    products: list[Product]
    orders: list[Order]
    happenings: list[Happening]
    decisions: list[dict[str, Any]]
    vendor: dict[str, Any]

    def order(self, number: str) -> Order:
        """An order by its number."""
        return next(order for order in self.orders if order.number == number)


def make_plan(seed: int) -> Plan:
    """The world of a seed."""
    chance = Random(f"world {seed}")
    cast = Casting(chance, START, make_products(chance))
    cast_held_orders(cast)
    cast_changed_orders(cast)
    cast_scarce_orders(cast)
    cast_lied_about_orders(cast)
    cast_ordinary_orders(cast)
    end = START + timedelta(days=DAYS)
    _schedule_lies(cast)
    _schedule_trading_partner(cast, end)
    _schedule_sales(cast)
    _schedule_decisions(cast)
    cast.happenings.sort(key=lambda happening: happening.at)
    return Plan(seed, START, end, cast.products, cast.orders, cast.happenings, cast.decisions, _told(cast, seed, end))


def _schedule_lies(cast: Casting) -> None:
    for place, kind in enumerate(_LISTING_LIES):
        fault = {"kind": kind, "operation": "getPurchaseOrders"}
        cast.happenings.append(Happening(cast.at(place, 8), Act.AMAZON_FAULT, {"fault": fault}))
    for place, fault in enumerate(_SHOP_LIES):
        cast.happenings.append(Happening(cast.at(place // 4, 6 + 2 * (place % 4)), Act.SHOP_FAULT, {"fault": fault}))


def _schedule_trading_partner(cast: Casting, end: datetime) -> None:
    """Its software looks every four hours; one 997 it sends late, one rejects; four files are not as they should be."""
    moment = cast.start + timedelta(minutes=50)
    while moment < end:
        cast.happenings.append(Happening(moment, Act.EDI_LOOK))
        moment += timedelta(hours=4)
    model = min((order for order in cast.orders if order.route == "edi"), key=lambda order: order.placed_at)
    for place, kind in enumerate(_EDI_TROUBLES):
        details = {"kind": kind, "number": model.number}
        cast.happenings.append(Happening(cast.at(1, 14 + place), Act.EDI_FILE, details))


def _schedule_sales(cast: Casting) -> None:
    free = [product for product in cast.products if not product.kept_for]
    for _ in range(_SALES):
        hours = 24 * cast.chance.randrange(4) + cast.chance.randrange(16)
        moment = cast.start + timedelta(hours=hours, minutes=30)
        details = {"sku": cast.chance.choice(free).sku, "quantity": cast.chance.randrange(1, 4)}
        cast.happenings.append(Happening(moment, Act.SALE, details))


def _schedule_decisions(cast: Casting) -> None:
    for day in range(DAYS):
        for hour in _DECIDING_HOURS:
            cast.happenings.append(Happening(cast.at(day, hour), Act.DECIDE))


def _told(cast: Casting, seed: int, end: datetime) -> dict[str, Any]:
    faults = [happening.details["fault"]["kind"] for happening in cast.happenings if happening.act is Act.AMAZON_FAULT]
    changes: dict[str, list[str]] = {}
    for happening in cast.happenings:
        if happening.act is Act.CHANGE:
            changes.setdefault(happening.details["number"], []).append(instant(happening.at))
    return {
        "seed": seed,
        "start": instant(cast.start),
        "end": instant(end),
        "answer_within_hours": 24,
        "ship_from": WAREHOUSE,
        "locations": [WAREHOUSE, ANNEX],
        "agreements": {
            terms.vendor_code: {
                "partner": terms.partner,
                "currency": terms.currency,
                "cost_basis": terms.cost_basis,
                "route": terms.route,
            }
            for terms in TERMS
        },
        "products": [product.as_json() for product in cast.products],
        "orders": [order.as_json() for order in sorted(cast.orders, key=lambda order: order.placed_at)],
        "changes": changes,
        "races": cast.races,
        "expected": {
            "cases": cast.cases,
            "amazon_lies": sorted(set(faults)),
            "shop_lies": sorted({fault["kind"] for fault in _SHOP_LIES}),
            "edi_troubles": list(_EDI_TROUBLES),
        },
        "decisions": cast.decisions,
    }
