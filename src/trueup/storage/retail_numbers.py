"""Retail numbers in the database: what holds of each product at Amazon, and what each shop was last shown of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, distinct_on, insert

from trueup.domain.report_plans import ReportTerms
from trueup.domain.retail_numbers import RetailNumbers, Week
from trueup.domain.vendor_reports import ReportKind, Scope
from trueup.storage.products import listings, products
from trueup.storage.schema import metadata
from trueup.storage.shop_products import IS_SOLD, shop_products
from trueup.storage.vendor_figures import vendor_figures
from trueup.storage.vendor_reports import load_known

shown_retail = sa.Table(
    "shown_retail",
    metadata,
    sa.Column("shop", sa.Text, primary_key=True),
    sa.Column("sku", sa.Text, primary_key=True),
    sa.Column("marketplace", sa.Text, primary_key=True),
    sa.Column("fields", JSONB, nullable=False),
    sa.Column("record", JSONB, nullable=False),
    sa.Column("checked_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("writes", sa.BigInteger, nullable=False),
)
_DAY = timedelta(days=1)
_LONG, _SHORT = 28, 7


@dataclass(frozen=True, slots=True)
class Listed:
    """A product with the ASINs it has at a partner, and a shop's own id of its variant."""

    sku: str
    variant: str
    asins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShownRetail:
    """What a shop was last seen to show of a product."""

    fields: Mapping[str, str]
    record: Mapping[str, str]
    checked_at: datetime


def load_numbers(connection: sa.Connection, source: str, terms: ReportTerms, now: datetime) -> dict[str, RetailNumbers]:
    """What holds of every ASIN that any report of the source names."""
    found: defaultdict[str, RetailNumbers] = defaultdict(RetailNumbers)
    for asin, changes in _stock(connection, source, terms.scope(ReportKind.INVENTORY)):
        found[asin] = replace(found[asin], **changes)
    sold, sales_day = _sales(connection, source, terms.scope(ReportKind.SALES), now)
    for asin, weeks, made_at in _forecasts(connection, source, terms.scope(ReportKind.FORECAST), now):
        found[asin] = replace(found[asin], weeks=weeks, made_at=_later(found[asin].made_at, made_at))
    for asin in {*found, *sold}:
        short, long, newest = sold.get(asin, (0, 0, None))
        if sales_day is not None:
            day, whole = sales_day
            numbers = replace(found[asin], shipped_7=short, shipped_28=long if whole else None, sales_day=day)
            found[asin] = replace(numbers, made_at=_later(numbers.made_at, newest))
    return dict(found)


def load_listed(connection: sa.Connection, shop: str, vendor_codes: Iterable[str]) -> list[Listed]:
    """Products that are listed at these vendor codes under an ASIN and that this shop sells, by SKU, with its own ids."""
    query = (
        sa.select(products.c.sku, shop_products.c.variant, listings.c.asin)
        .join(listings, listings.c.sku == products.c.sku)
        .join(shop_products, shop_products.c.sku == products.c.sku)
        .where(
            listings.c.vendor_code.in_(list(vendor_codes)),
            listings.c.asin.is_not(None),
            shop_products.c.shop == shop,
            shop_products.c.variant.is_not(None),
            IS_SOLD,
            ~products.c.obsolete,
        )
        .distinct()
        .order_by(products.c.sku, listings.c.asin)
    )
    found: dict[tuple[str, str], list[str]] = {}
    for sku, variant, asin in connection.execute(query):
        found.setdefault((sku, variant), []).append(asin)
    return [Listed(sku, variant, tuple(asins)) for (sku, variant), asins in found.items()]


def load_shown(connection: sa.Connection, shop: str, marketplace: str) -> dict[str, ShownRetail]:
    """What a shop was last seen to show, by SKU."""
    mine = sa.and_(shown_retail.c.shop == shop, shown_retail.c.marketplace == marketplace)
    rows = connection.execute(sa.select(shown_retail).where(mine))
    return {row.sku: ShownRetail(row.fields, row.record, row.checked_at) for row in rows}


def save_shown(connection: sa.Connection, place: tuple[str, str, str], shown: ShownRetail, writes: int) -> None:
    """A (shop, SKU, marketplace) was seen to show this, after so many writes."""
    shop, sku, marketplace = place
    values: dict[str, Any] = {
        "fields": dict(shown.fields),
        "record": dict(shown.record),
        "checked_at": shown.checked_at,
    }
    statement = insert(shown_retail).values(shop=shop, sku=sku, marketplace=marketplace, writes=writes, **values)
    newer = values | {"writes": shown_retail.c.writes + writes}
    connection.execute(statement.on_conflict_do_update(index_elements=["shop", "sku", "marketplace"], set_=newer))


def _holding(source: str, scope: Scope) -> list[sa.ColumnElement[bool]]:
    columns = vendor_figures.c
    mine = [columns.holds, columns.source == source, columns.kind == scope.kind.value]
    return [*mine, columns.view == scope.view, columns.program == scope.program]


def _stock(connection: sa.Connection, source: str, scope: Scope) -> Iterable[tuple[str, dict[str, Any]]]:
    """The newest day of each ASIN."""
    columns = vendor_figures.c
    query = (
        sa.select(columns.asin, columns.begins, columns.numbers, columns.confirmed_at)
        .where(*_holding(source, scope))
        .ext(distinct_on(columns.asin))
        .order_by(columns.asin, columns.begins.desc())
    )
    for asin, begins, numbers, made_at in connection.execute(query):
        on_hand = _whole(numbers.get("sellableOnHandInventoryUnits"))
        on_order = _whole(numbers.get("openPurchaseOrderUnits"))
        yield asin, {"on_hand": on_hand, "on_order": on_order, "stock_day": begins.date(), "made_at": made_at}


def _sales(
    connection: sa.Connection, source: str, scope: Scope, now: datetime
) -> tuple[dict[str, tuple[int, int, datetime | None]], tuple[date, bool] | None]:
    """Units of the last 7 and 28 days by ASIN; and the last day, with whether all 28 are known. None: not even 7 are."""
    known = load_known(connection, source, scope, now - timedelta(days=2 * _LONG))
    last = max(known, default=None)
    if last is None or any(last - ago * _DAY not in known for ago in range(_SHORT)):
        return {}, None
    whole = all(last - ago * _DAY in known for ago in range(_LONG))
    columns = vendor_figures.c
    units = sa.cast(columns.numbers["shippedUnits"].astext, sa.Numeric)
    query = (
        sa.select(
            columns.asin,
            sa.func.coalesce(sa.func.sum(units).filter(columns.begins > last - _SHORT * _DAY), 0),
            sa.func.coalesce(sa.func.sum(units), 0),
            sa.func.max(columns.confirmed_at),
        )
        .where(*_holding(source, scope), columns.begins > last - _LONG * _DAY, columns.begins <= last)
        .group_by(columns.asin)
    )
    sold = {asin: (int(short), int(long), made_at) for asin, short, long, made_at in connection.execute(query)}
    return sold, (last.date(), whole)


def _forecasts(
    connection: sa.Connection, source: str, scope: Scope, now: datetime
) -> Iterable[tuple[str, tuple[Week, ...], datetime]]:
    """The weeks to come of each ASIN."""
    columns = vendor_figures.c
    query = (
        sa.select(columns.asin, columns.begins, columns.numbers, columns.confirmed_at)
        .where(*_holding(source, scope), columns.begins >= now - 7 * _DAY)
        .order_by(columns.asin, columns.begins)
    )
    weeks: defaultdict[str, list[Week]] = defaultdict(list)
    made: dict[str, datetime] = {}
    for asin, begins, numbers, made_at in connection.execute(query):
        mean, high = numbers.get("meanForecastUnits"), numbers.get("p90ForecastUnits")
        if mean is not None and begins + 7 * _DAY > now:
            weeks[asin].append(Week(begins.date(), Decimal(mean), Decimal(high or mean)))
            made[asin] = max(made.get(asin, made_at), made_at)
    return [(asin, tuple(found), made[asin]) for asin, found in weeks.items()]


def _whole(text: str | None) -> int | None:
    return None if text is None else int(Decimal(text))


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((each for each in (one, other) if each is not None), default=None)
