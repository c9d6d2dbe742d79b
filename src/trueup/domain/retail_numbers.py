"""Retail numbers: what a merchant is shown of a product at Amazon, each with its day. A number that is not known is absent.

Numbers add up over the ASINs of one product. A sum over days is known only when a report was about each of them: a product that a
report does not name sold nothing on its days, one of a day without a report may have sold anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from trueup.base.clock import read_instant, write_instant
from trueup.base.errors import Invalid
from trueup.base.ids import digest_of

NAMESPACE = "$app:amazon"
"""Of Shopify's: fields that belong to the app, which merchants see and cannot change."""
RECORD_TYPE = "$app:amazon_product"
FORECAST_WEEKS = 4


@dataclass(frozen=True, slots=True)
class Week:
    """A week's forecast: its first day, the mean, and what Amazon wants to have to sell out in one week of ten."""

    begins: date
    mean: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class RetailNumbers:
    """What is known of a product at Amazon. Days are inclusive; `made_at` is when the newest report behind it was made."""

    on_hand: int | None = None
    on_order: int | None = None
    stock_day: date | None = None
    shipped_7: int | None = None
    shipped_28: int | None = None
    sales_day: date | None = None
    weeks: tuple[Week, ...] = ()
    made_at: datetime | None = None

    @property
    def forecast(self) -> Decimal | None:
        """What Amazon expects to sell in the next four weeks; None when it does not say so for each."""
        if len(self.weeks) < FORECAST_WEEKS:
            return None
        return sum((week.mean for week in self.weeks[:FORECAST_WEEKS]), Decimal(0))


def added(numbers: Sequence[RetailNumbers]) -> RetailNumbers:
    """Of several ASINs that are one product: sums where all are known, the oldest of their days."""
    if len(numbers) == 1:
        return numbers[0]
    by_week: dict[date, list[Week]] = {}
    for each in numbers:
        for week in each.weeks:
            by_week.setdefault(week.begins, []).append(week)
    weeks = tuple(
        Week(begins, sum((each.mean for each in found), Decimal(0)), sum((each.high for each in found), Decimal(0)))
        for begins, found in sorted(by_week.items())
    )
    return RetailNumbers(
        on_hand=_sum(each.on_hand for each in numbers),
        on_order=_sum(each.on_order for each in numbers),
        stock_day=min((each.stock_day for each in numbers if each.stock_day), default=None),
        shipped_7=_sum(each.shipped_7 for each in numbers),
        shipped_28=_sum(each.shipped_28 for each in numbers),
        sales_day=min((each.sales_day for each in numbers if each.sales_day), default=None),
        weeks=weeks,
        made_at=max((each.made_at for each in numbers if each.made_at), default=None),
    )


def _sum(values: Iterable[int | None]) -> int | None:
    found = list(values)
    return None if any(each is None for each in found) else sum(each or 0 for each in found)


@dataclass(frozen=True, slots=True)
class Shown:
    """A field that a merchant sees: its key, the shop's type of it, its title and what it means."""

    key: str
    type: str
    title: str
    meaning: str


FIELDS = (
    Shown(
        "sellable_on_hand", "number_integer", "Amazon: sellable on hand", "Units in Amazon's centres that can be sold"
    ),
    Shown(
        "open_order_units", "number_integer", "Amazon: open order units", "Units Amazon ordered and has not received"
    ),
    Shown("stock_day", "date", "Amazon: stock as of", "The day at whose end Amazon counted the two numbers above"),
    Shown("shipped_7_days", "number_integer", "Amazon: shipped, 7 days", "Units shipped to customers in seven days"),
    Shown("shipped_28_days", "number_integer", "Amazon: shipped, 28 days", "Units shipped to customers in 28 days"),
    Shown("sales_day", "date", "Amazon: sales up to", "The last day that is in the two numbers above"),
    Shown(
        "forecast_28_days", "number_decimal", "Amazon: forecast, 4 weeks", "What Amazon expects to sell in four weeks"
    ),
    Shown("updated_at", "date_time", "Amazon: as of", "When Amazon made the newest report behind these numbers"),
)
"""The fields on a product's variant, in the order they are pinned. Eight: three products go into one write of 25."""
RECORD_FIELDS = (
    Shown("title", "single_line_text_field", "Title", "The product and Amazon's store"),
    Shown("sku", "single_line_text_field", "SKU", "The product"),
    Shown("asins", "single_line_text_field", "ASINs", "What Amazon knows the product by"),
    Shown(
        "shared_with",
        "single_line_text_field",
        "Same ASIN",
        "Products with the same figures: Amazon counts by ASIN; do not add",
    ),
    Shown("marketplace", "single_line_text_field", "Marketplace", "Amazon's store"),
    Shown("variant", "variant_reference", "Variant", "The product in this shop"),
    *FIELDS,
    Shown("forecast", "json", "Forecast by week", "The first day of each week, its mean and its 90th percentile"),
)
"""The fields of the object that a merchant can list, filter and use in Flow: one a product and store."""
_TYPES = {each.key: each.type for each in RECORD_FIELDS}


def field_values(numbers: RetailNumbers) -> dict[str, str]:
    """The numbers as the shop's values by key; what is not known is left out."""
    found: dict[str, int | Decimal | date | datetime | None] = {
        "sellable_on_hand": numbers.on_hand,
        "open_order_units": numbers.on_order,
        "stock_day": numbers.stock_day,
        "shipped_7_days": numbers.shipped_7,
        "shipped_28_days": numbers.shipped_28,
        "sales_day": numbers.sales_day,
        "forecast_28_days": numbers.forecast,
        "updated_at": numbers.made_at,
    }
    return {key: _text(value) for key, value in found.items() if value is not None}


def record_values(numbers: RetailNumbers, sku: str, asins: Sequence[str], store: str, variant: str) -> dict[str, str]:
    """The whole object of a product in one store."""
    weeks = [{"week": f"{each.begins}", "mean": f"{each.mean}", "p90": f"{each.high}"} for each in numbers.weeks]
    return {
        "title": f"{sku} at Amazon {store}",
        "sku": sku,
        "asins": ", ".join(asins),
        "marketplace": store,
        "variant": variant,
        **field_values(numbers),
        "forecast": json.dumps(weeks),
    }


def handle_of(sku: str, store: str) -> str:
    """The handle of a product's object: readable, of letters, digits and hyphens, and no other product's."""
    plain = "-".join(re.findall("[a-z0-9]+", f"{store} {sku}".lower()))
    return f"{plain[:200]}-{digest_of(sku.encode())[:8]}"


def differing(wanted: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """The values that are not what they should be. A shop may write the same number, day or JSON in another way."""
    return {key: value for key, value in wanted.items() if not _same(_TYPES[key], value, found.get(key))}


def beyond(wanted: Mapping[str, str], found: Mapping[str, str]) -> set[str]:
    """What is shown and must not be: of our fields those that are not known any more."""
    return {key for key, value in found.items() if value and key in _TYPES and key not in wanted}


def _same(kind: str, wanted: str, found: str | None) -> bool:
    if found is None or wanted == found:
        return wanted == found
    try:
        match kind:
            case "number_integer" | "number_decimal":
                return Decimal(wanted) == Decimal(found)
            case "date_time":
                return read_instant(wanted) == read_instant(found)
            case "json":
                return bool(json.loads(wanted) == json.loads(found))
    except (InvalidOperation, Invalid, ValueError):
        return False
    return False


def _text(value: int | Decimal | date | datetime) -> str:
    match value:
        case datetime():
            return write_instant(value.replace(microsecond=0))
        case Decimal():
            return f"{value.normalize():f}"
    return str(value)
