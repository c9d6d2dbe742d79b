"""Amazon's figures of products as people see them: what holds, as of when, how often restated, and forecasts beside orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from trueup.domain.vendor_reports import ReportKind, Scope
from trueup.storage.orders import order_lines, orders
from trueup.storage.products import listings, products
from trueup.storage.vendor_figures import vendor_figures
from trueup.storage.views.paging import ROWS, Order, Paged, fetch_page

DAYS = 28
WEEKS_BACK = 12
_WEEK = timedelta(days=7)
_SUMMED = {
    "ordered": (ReportKind.SALES, "orderedUnits"),
    "shipped": (ReportKind.SALES, "shippedUnits"),
    "returned": (ReportKind.SALES, "customerReturns"),
    "received": (ReportKind.INVENTORY, "netReceivedInventoryUnits"),
}
"""What adds up over days: the report and its word for it."""
_LAST = {"on_hand": "sellableOnHandInventoryUnits", "open": "openPurchaseOrderUnits"}
"""What stands at the end of a day, in the inventory report."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which figures: of a source, in the scopes of its kinds, of these ASINs."""

    source: str
    scopes: Mapping[ReportKind, Scope]
    asins: Collection[str]


@dataclass(slots=True)
class DayFigures:
    """What is known of one day, units by name; when it was said last, and how often it had been said otherwise before."""

    day: date
    units: dict[str, Decimal] = field(default_factory=dict)
    said_at: datetime | None = None
    restated: int = 0


@dataclass(slots=True)
class WeekFigures:
    """A week beginning on a Sunday: Amazon's forecast as it holds, what its customers were shipped, what it ordered from us."""

    begins: date
    mean: Decimal | None = None
    high: Decimal | None = None
    shipped: Decimal | None = None
    ordered: Decimal = Decimal(0)


def page_listed(connection: sa.Connection, codes: Collection[str], words: str, cursor: str, limit: int = ROWS) -> Paged:
    """Products that are listed under an ASIN at these vendor codes, by SKU, with their ASINs."""
    query = (
        sa.select(products.c.sku, products.c.title, sa.func.array_agg(listings.c.asin.distinct()).label("asins"))
        .join(listings, listings.c.sku == products.c.sku)
        .where(listings.c.vendor_code.in_(list(codes)), listings.c.asin.is_not(None))
        .group_by(products.c.sku, products.c.title)
    )
    if words:
        found = [each.icontains(words, autoescape=True) for each in (products.c.sku, products.c.title)]
        query = query.where(sa.or_(*found, listings.c.asin == words.upper()))
    return fetch_page(connection, query, Order((products.c.sku,)), cursor, limit)


def load_listed(connection: sa.Connection, codes: Collection[str], sku: str) -> tuple[str, ...]:
    """The ASINs of a product at these vendor codes."""
    query = sa.select(listings.c.asin).where(
        listings.c.sku == sku, listings.c.vendor_code.in_(list(codes)), listings.c.asin.is_not(None)
    )
    return tuple(sorted(set(connection.execute(query).scalars())))


def load_sharing(connection: sa.Connection, codes: Collection[str], asins: Collection[str]) -> dict[str, list[str]]:
    """By ASIN the products that are listed under it: Amazon counts the ASIN, not which of them it is."""
    query = (
        sa.select(listings.c.asin, listings.c.sku)
        .where(listings.c.asin.in_(list(asins)), listings.c.vendor_code.in_(list(codes)))
        .distinct()
        .order_by(listings.c.asin, listings.c.sku)
    )
    found: defaultdict[str, list[str]] = defaultdict(list)
    for asin, sku in connection.execute(query):
        found[asin].append(sku)
    return dict(found)


def load_days(connection: sa.Connection, asked: Asked, since: datetime) -> dict[str, list[DayFigures]]:
    """By ASIN the days since then that any report names, the newest first."""
    found: defaultdict[str, dict[date, DayFigures]] = defaultdict(dict)
    for kind in (ReportKind.SALES, ReportKind.INVENTORY):
        for row in _words(connection, asked, kind, since):
            day = row.begins.date()
            known = found[row.asin].setdefault(day, DayFigures(day))
            known.restated += row.restated
            known.said_at = max(known.said_at or row.said_at, row.said_at)
            for name, (of, word) in _SUMMED.items():
                if of is kind and word in row.numbers:
                    known.units[name] = Decimal(row.numbers[word])
            if kind is ReportKind.INVENTORY:
                known.units |= {name: Decimal(row.numbers[word]) for name, word in _LAST.items() if word in row.numbers}
    return {asin: sorted(days.values(), key=lambda each: each.day, reverse=True) for asin, days in found.items()}


def add_days(every: Iterable[Sequence[DayFigures]]) -> list[DayFigures]:
    """Of several ASINs that are one product: day by day their sums, the newest first."""
    found: dict[date, DayFigures] = {}
    for days in every:
        for each in days:
            into = found.setdefault(each.day, DayFigures(each.day))
            into.restated += each.restated
            into.said_at = max(filter(None, (into.said_at, each.said_at)), default=None)
            for name, units in each.units.items():
                into.units[name] = into.units.get(name, Decimal(0)) + units
    return sorted(found.values(), key=lambda each: each.day, reverse=True)


def sum_up(days: Sequence[DayFigures]) -> dict[str, Any]:
    """What a product comes to: sums over the last days that are known of, what stood at the end of the newest, and their ages."""
    summed = {name: [each.units[name] for each in days[:DAYS] if name in each.units] for name in _SUMMED}
    last = {name: next(((each.units[name], each.day) for each in days if name in each.units), None) for name in _LAST}
    return {
        **{name: sum(units, Decimal(0)) if units else None for name, units in summed.items()},
        **{name: found[0] if found else None for name, found in last.items()},
        "stock_day": next((found[1] for found in last.values() if found), None),
        "sales_day": next((each.day for each in days if "shipped" in each.units or "ordered" in each.units), None),
        "said_at": max((each.said_at for each in days if each.said_at), default=None),
        "restated": sum(each.restated for each in days),
        "days": min(len(days), DAYS),
    }


def load_weeks(connection: sa.Connection, asked: Asked, sku: str, now: datetime) -> list[WeekFigures]:
    """Weeks from twelve back to the last that is forecast, by day: Amazon's forecast, its sales, and its orders to us."""
    first = _sunday((now - WEEKS_BACK * _WEEK).date())
    since = datetime(first.year, first.month, first.day, tzinfo=UTC)
    weeks: dict[date, WeekFigures] = {}

    def week(day: date) -> WeekFigures:
        return weeks.setdefault(_sunday(day), WeekFigures(_sunday(day)))

    for row in _words(connection, asked, ReportKind.FORECAST, since):
        known = week(row.begins.date())
        for name, word in (("mean", "meanForecastUnits"), ("high", "p90ForecastUnits")):
            if word in row.numbers:
                setattr(known, name, (getattr(known, name) or Decimal(0)) + Decimal(row.numbers[word]))
    for row in _words(connection, asked, ReportKind.SALES, since):
        if "shippedUnits" in row.numbers:
            known = week(row.begins.date())
            known.shipped = (known.shipped or Decimal(0)) + Decimal(row.numbers["shippedUnits"])
    query = (
        sa.select(orders.c.ordered_at, order_lines.c.eaches)
        .join(order_lines, order_lines.c.order_id == orders.c.id)
        .where(order_lines.c.sku == sku, orders.c.ordered_at >= since, order_lines.c.eaches > 0)
    )
    for ordered_at, eaches in connection.execute(query):
        week(ordered_at.astimezone(UTC).date()).ordered += eaches
    return [weeks[begins] for begins in sorted(weeks)]


def _sunday(day: date) -> date:
    return day - timedelta(days=(day.weekday() + 1) % 7)


def _words(connection: sa.Connection, asked: Asked, kind: ReportKind, since: datetime) -> Sequence[Any]:
    """The figures of a kind that hold, with how often each was said otherwise before."""
    scope = asked.scopes.get(kind)
    if scope is None or not asked.asins:
        return ()
    columns = vendor_figures.c
    counted = sa.func.count().over(partition_by=(columns.asin, columns.begins)) - 1
    every = (
        sa.select(
            columns.asin,
            columns.begins,
            columns.numbers,
            columns.holds,
            columns.confirmed_at.label("said_at"),
            counted.label("restated"),
        )
        .where(
            columns.source == asked.source,
            columns.kind == kind.value,
            columns.view == scope.view,
            columns.program == scope.program,
            columns.asin.in_(list(asked.asins)),
            columns.begins >= since,
        )
        .subquery()
    )
    return connection.execute(sa.select(every).where(every.c.holds).order_by(every.c.begins)).all()
