"""What each vendor report demands: its options, how its dates lie, how long and how far back they may reach.

Amazon takes almost any request in, and says what is wrong with it in the document of a report that ends FATAL. Sources: the
published schemas of the reports (options, Sundays and Saturdays, the hours of the real-time inventory report); Amazon's answers to
vendors (15 days of DAY, 1,460 days back; a period that is not there yet). Of real-time sales no bounds are published: those of the
real-time inventory are taken, the harsher reading.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from trueup.simulators.amazon.retail import Figures, Forecast, HourInventory, HourSales, Inventory, Sales

PERIODS = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")
_VIEWS = ("MANUFACTURING", "SOURCING")
_MOST = {"DAY": 15, "WEEK": 7, "MONTH": 15, "QUARTER": 4, "YEAR": 2}
"""How many periods one report may span."""
_LOOK_BACK = timedelta(days=1460)
_HOURS_BACK, _HOURS_LONG = timedelta(hours=168), timedelta(hours=24)
UNAVAILABLE = "The report data for the requested date range is not yet available. Please try a different date range."


@dataclass(frozen=True, slots=True)
class ReportRule:
    """One report type: what it is made of, the options it must have, those it may have, and whether it goes by hours."""

    kind: type[Figures]
    needed: Mapping[str, tuple[str, ...]]
    optional: tuple[str, ...] = ()

    @property
    def by_hour(self) -> bool:
        """Whether it goes by hours; else by days, or (a forecast) without dates."""
        return self.kind in (HourSales, HourInventory)


RULES: Mapping[str, ReportRule] = {
    "GET_VENDOR_SALES_REPORT": ReportRule(
        Sales, {"reportPeriod": PERIODS, "distributorView": _VIEWS, "sellingProgram": ("RETAIL", "BUSINESS", "FRESH")}
    ),
    "GET_VENDOR_INVENTORY_REPORT": ReportRule(
        Inventory, {"reportPeriod": PERIODS, "distributorView": _VIEWS, "sellingProgram": ("RETAIL", "FRESH")}
    ),
    "GET_VENDOR_FORECASTING_REPORT": ReportRule(Forecast, {"sellingProgram": ("RETAIL", "FRESH")}),
    "GET_VENDOR_REAL_TIME_SALES_REPORT": ReportRule(HourSales, {}, ("currencyCode",)),
    "GET_VENDOR_REAL_TIME_INVENTORY_REPORT": ReportRule(HourInventory, {}),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A report as it was asked for."""

    report_type: str
    marketplace_ids: tuple[str, ...]
    options: Mapping[str, str]
    start: datetime | None
    end: datetime | None


def fault_of(asked: Asked, now: datetime, lag: timedelta) -> str:
    """What Amazon says is wrong with it; empty when nothing is."""
    rule = RULES[asked.report_type]
    missing = [name for name in rule.needed if name not in asked.options]
    if missing:
        return (
            f"This report type requires the {', '.join(rule.needed)} reportOption to be specified. Please review the document "
            f"for this report type on GitHub, provide a value for this reportOption in your request, and try again."
        )
    for name, value in asked.options.items():
        if name not in rule.needed and name not in rule.optional:
            return f"The reportOption {name} is not supported by this report type."
        if name in rule.needed and value not in rule.needed[name]:
            return f"The value {value} of the reportOption {name} is not valid: {', '.join(rule.needed[name])}."
    if len(asked.marketplace_ids) != 1:
        return "This report type takes exactly one marketplaceId."
    if rule.kind is Forecast:
        return ""
    if asked.start is None or asked.end is None:
        return "This report type requires dataStartTime and dataEndTime."
    if asked.end < asked.start:
        return "dataEndTime is before dataStartTime."
    if rule.by_hour:
        return _hours_fault(asked.start, asked.end, now)
    return _period_fault(asked.options["reportPeriod"], asked.start, asked.end, (now, lag))


def _hours_fault(start: datetime, end: datetime, now: datetime) -> str:
    if start < now - _HOURS_BACK:
        return "dataStartTime is more than 168 hours before the request."
    if end - start > _HOURS_LONG:
        return "dataEndTime is more than 24 hours after dataStartTime."
    return ""


def _period_fault(period: str, start: datetime, end: datetime, at: tuple[datetime, timedelta]) -> str:
    first, last = start.date(), end.date()
    now, lag = at
    found = periods_of(period, first, last)
    if not found or found[0][0] != first or found[-1][1] != last:
        return f"dataStartTime must be the first and dataEndTime the last day of a {period}."
    if len(found) > _MOST[period]:
        return f"The maximum number of reporting periods for {period} is {_MOST[period]}."
    if start < now - _LOOK_BACK:
        return "dataStartTime is outside of the maximum lookback window."
    if datetime.combine(last, time(), UTC) + timedelta(days=1) + lag > now:
        return UNAVAILABLE
    return ""


def periods_of(period: str, first: date, last: date) -> list[tuple[date, date]]:
    """The whole periods that touch the days from first to last, each with its own first and last day."""
    found: list[tuple[date, date]] = []
    day = _first_of(period, first)
    while day <= last:
        end = _last_of(period, day)
        found.append((day, end))
        day = end + timedelta(days=1)
    return found


def _first_of(period: str, day: date) -> date:
    match period:
        case "WEEK":
            return day - timedelta(days=(day.weekday() + 1) % 7)
        case "MONTH":
            return day.replace(day=1)
        case "QUARTER":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "YEAR":
            return day.replace(month=1, day=1)
    return day


def _last_of(period: str, first: date) -> date:
    if period in ("DAY", "WEEK"):
        return first + timedelta(days=0 if period == "DAY" else 6)
    months = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}[period]
    last_month = first.month + months - 1
    return first.replace(month=last_month, day=monthrange(first.year, last_month)[1])
