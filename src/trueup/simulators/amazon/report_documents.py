"""The documents of vendor reports, as their published schemas have them: figures of products, and for days their aggregate."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from trueup.base.clock import write_instant
from trueup.simulators.amazon.report_rules import RULES, Asked, periods_of
from trueup.simulators.amazon.retail import (
    Forecast,
    HourSales,
    Inventory,
    Question,
    Retail,
    RetailFact,
    Sales,
)

_encoder = msgspec.json.Encoder(decimal_format="number")
_CENT = Decimal("0.01")
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


def write_report(asked: Asked, group: str, retail: Retail, now: datetime) -> bytes | None:
    """The document as it is made now; None when there is no data at all. `asked` must be without fault."""
    rule = RULES[asked.report_type]
    program, view = asked.options.get("sellingProgram", "RETAIL"), asked.options.get("distributorView")
    question = Question(group, asked.marketplace_ids[0], rule.kind, program, view)
    write = _WRITERS.get(rule.kind, _hours)
    content = write(asked, question, retail, now)
    return None if content is None else _encoder.encode({"reportSpecification": _specification(asked, now), **content})


def _specification(asked: Asked, now: datetime) -> dict[str, Any]:
    by_hour = RULES[asked.report_type].by_hour
    said: dict[str, Any] = {"reportType": asked.report_type, "marketplaceIds": list(asked.marketplace_ids)}
    if asked.options or asked.report_type == "GET_VENDOR_REAL_TIME_SALES_REPORT":
        said["reportOptions"] = dict(asked.options)
    if asked.start is not None and asked.end is not None and RULES[asked.report_type].kind is not Forecast:
        for name, moment in (("dataStartTime", asked.start), ("dataEndTime", asked.end)):
            said[name] = write_instant(moment) if by_hour else moment.date().isoformat()
    if not by_hour:
        said["lastUpdatedDate"] = now.date().isoformat()
    return said


def _by_period(
    asked: Asked, question: Question, retail: Retail, now: datetime
) -> Iterable[tuple[date, date, dict[str, list[RetailFact]]]]:
    assert asked.start is not None and asked.end is not None
    for first, last in periods_of(asked.options["reportPeriod"], asked.start.date(), asked.end.date()):
        start, end = datetime.combine(first, time(), UTC), datetime.combine(last, time(), UTC) + _DAY
        products: dict[str, list[RetailFact]] = {}
        for _, fact in retail.seen(question, start, end, now):
            products.setdefault(fact.asin, []).append(fact)
        yield first, last, products


def _days(
    name: str, row: Callable[[list[RetailFact], Asked], dict[str, Any]]
) -> Callable[[Asked, Question, Retail, datetime], dict[str, Any] | None]:
    """The writer of a report by days: a row a product and period, and one of all products a period."""

    def write(asked: Asked, question: Question, retail: Retail, now: datetime) -> dict[str, Any] | None:
        aggregate, by_asin = [], []
        for first, last, products in _by_period(asked, question, retail, now):
            when = {"startDate": first.isoformat(), "endDate": last.isoformat()}
            if products:
                aggregate.append({**when, **row([fact for facts in products.values() for fact in facts], asked)})
            by_asin += [{**when, "asin": asin, **row(facts, asked)} for asin, facts in sorted(products.items())]
        return {f"{name}Aggregate": aggregate, f"{name}ByAsin": by_asin} if by_asin else None

    return write


def _money(facts: list[RetailFact], amount: Decimal) -> dict[str, Any]:
    return {"amount": amount.quantize(_CENT), "currencyCode": facts[0].currency}


def _sales(facts: list[RetailFact], asked: Asked) -> dict[str, Any]:
    said = [fact.figures for fact in facts if isinstance(fact.figures, Sales)]
    row: dict[str, Any] = {
        "shippedCogs": _money(facts, sum((each.shipped_cogs for each in said), Decimal(0))),
        "shippedRevenue": _money(facts, sum((each.shipped_revenue for each in said), Decimal(0))),
        "shippedUnits": sum(each.shipped_units for each in said),
    }
    if asked.options["sellingProgram"] != "FRESH":
        row["customerReturns"] = sum(each.customer_returns for each in said)
    if asked.options["distributorView"] == "MANUFACTURING":
        row["orderedRevenue"] = _money(facts, sum((each.ordered_revenue for each in said), Decimal(0)))
        row["orderedUnits"] = sum(each.ordered_units for each in said)
    return row


def _inventory(facts: list[RetailFact], asked: Asked) -> dict[str, Any]:
    """Movements add up over a period; what lay there is what lay there on its last day."""
    last_day = max(fact.begins for fact in facts)
    said = [fact.figures for fact in facts if isinstance(fact.figures, Inventory)]
    last = [fact.figures for fact in facts if fact.begins == last_day and isinstance(fact.figures, Inventory)]
    row: dict[str, Any] = {
        "netReceivedInventoryCost": _money(facts, sum((each.net_received_inventory_cost for each in said), Decimal(0))),
        "netReceivedInventoryUnits": sum(each.net_received_inventory_units for each in said),
        "openPurchaseOrderUnits": sum(each.open_purchase_order_units for each in last),
        "unfilledCustomerOrderedUnits": sum(each.unfilled_customer_ordered_units for each in last),
        "sellableOnHandInventoryUnits": sum(each.sellable_on_hand_inventory_units for each in last),
        "unsellableOnHandInventoryUnits": sum(each.unsellable_on_hand_inventory_units for each in last),
    }
    sellable = sum((each.sellable_on_hand_inventory_cost for each in last), Decimal(0))
    unsellable = sum((each.unsellable_on_hand_inventory_cost for each in last), Decimal(0))
    row["sellableOnHandInventoryCost"] = _money(facts, sellable)
    row["unsellableOnHandInventoryCost"] = _money(facts, unsellable)
    if len(last) == 1:  # of several products there is no rate that could be added up
        rates = {
            "receiveFillRate": last[0].receive_fill_rate,
            "vendorConfirmationRate": last[0].vendor_confirmation_rate,
            "averageVendorLeadTimeDays": last[0].average_vendor_lead_time_days,
        }
        row |= {name: rate for name, rate in rates.items() if rate is not None}
    return row


def _forecast(asked: Asked, question: Question, retail: Retail, now: datetime) -> dict[str, Any] | None:
    """Every week from the one that runs now; as it was generated on the Sunday before."""
    sunday = now.date() - timedelta(days=(now.weekday() + 1) % 7)
    start = datetime.combine(sunday, time(), UTC)
    rows = [
        {
            "forecastGenerationDate": sunday.isoformat(),
            "asin": fact.asin,
            "startDate": begins.date().isoformat(),
            "endDate": (begins + 6 * _DAY).date().isoformat(),
            **msgspec.to_builtins(fact.figures, builtin_types=(Decimal,)),
        }
        for begins, fact in retail.seen(question, start, datetime.max.replace(tzinfo=UTC), now)
    ]
    for row in rows:
        row.pop("type")
    return {"forecastByAsin": rows} if rows else None


def _hours(asked: Asked, question: Question, retail: Retail, now: datetime) -> dict[str, Any] | None:
    """Every whole hour within the window, as far as it is known."""
    assert asked.start is not None and asked.end is not None
    rows: list[dict[str, Any]] = []
    for begins, fact in retail.seen(question, asked.start, asked.end, now):
        if begins + _HOUR > asked.end:
            continue
        row = {"startTime": write_instant(begins), "endTime": write_instant(begins + _HOUR), "asin": fact.asin}
        figures = fact.figures
        if isinstance(figures, HourSales):
            revenue = figures.ordered_revenue.quantize(_CENT)
            rows.append({**row, "orderedUnits": figures.ordered_units, "orderedRevenue": revenue})
        else:
            rows.append({**row, **msgspec.to_builtins(figures)})
            rows[-1].pop("type")
            rows[-1].setdefault("highlyAvailableInventory", 0)
    return {"reportData": rows} if rows else None


_WRITERS: dict[type[Any], Callable[[Asked, Question, Retail, datetime], dict[str, Any] | None]] = {
    Sales: _days("sales", _sales),
    Inventory: _days("inventory", _inventory),
    Forecast: _forecast,
}
