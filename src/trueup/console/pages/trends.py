"""Trends: how old what is open is, what payments settled, what was deducted and what troubled stock; each with its table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from trueup.base.errors import NotFound
from trueup.base.money import Money
from trueup.console.case_words import title_of_group
from trueup.console.files import download
from trueup.console.money_words import Names
from trueup.console.page import Group, Page, Place, Route
from trueup.console.tables import Choice, Filter, state_of
from trueup.console.visit import Visit
from trueup.domain.chart import Purpose
from trueup.domain.closing import Month
from trueup.formats.tabular import write_sheet
from trueup.storage.views import trends as views

_MONTHS, _WEEKS, _MOST = 12, 12, 6


@dataclass(frozen=True, slots=True)
class Trend:
    """A chart and the table that says the same: a row a time or age, a column a series. `said`: what is seen, in a sentence.

    `leads`: for each row the address of what it counts; empty where no page lists that.
    """

    name: str
    title: str
    said: str
    head: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Money | int]]]
    leads: Sequence[str] = ()

    @property
    def option(self) -> dict[str, Any]:
        """As ECharts draws it: bars that stand on each other. Amounts go as text, for they are exact."""
        series = [
            {
                "type": "bar",
                "stack": "all",
                "name": name,
                "data": [_exact(cells[at]) for _, cells in self.rows],
            }
            for at, name in enumerate(self.head[1:])
        ]
        categories = {"type": "category", "data": [name for name, _ in self.rows]}
        return {"xAxis": categories, "yAxis": {"type": "value"}, "series": series}


def _exact(cell: Money | int) -> str | int:
    return str(cell.amount) if isinstance(cell, Money) else cell


def _read(visit: Visit, trend: Trend) -> Trend:
    """As its reader reads days; a file has them as programs do."""
    return replace(trend, rows=[(visit.present.prose(name, begins=False), cells) for name, cells in trend.rows])


def _show(visit: Visit) -> Response:
    state = state_of(visit, "currency")
    currencies, chosen = _currencies(visit)
    return visit.render(
        "trends.html",
        state=state,
        currency=chosen,
        filters=[Filter("currency", "Currency", [Choice(each, each) for each in currencies])],
        trends=[_read(visit, look(visit, chosen)) for look in _TRENDS.values()],
        shown=lambda trend: _shown(visit, trend),
    )


def _shown(visit: Visit, trend: Trend) -> list[tuple[str, ...]]:
    """The rows of its table in the reader's way, each a link to what it counts where a page lists that."""
    leads = trend.leads or [""] * len(trend.rows)
    return [
        (Markup('<a href="{}">{}</a>').format(href, first) if href else first, *(_cell(visit, cell) for cell in cells))
        for (first, cells), href in zip(trend.rows, leads, strict=True)
    ]


def _cell(visit: Visit, cell: Money | int) -> str:
    return visit.present.money(cell, code=False) if isinstance(cell, Money) else visit.present.number(cell)


def _download(visit: Visit) -> Response:
    name = visit.path("trend")
    if name not in _TRENDS:
        raise NotFound(f"There is no chart {name!r}: expected one of {', '.join(_TRENDS)}.")
    _, chosen = _currencies(visit)
    trend = _TRENDS[name](visit, chosen)
    content = write_sheet(trend.head, ([first, *map(_exact, cells)] for first, cells in trend.rows))
    return download(f"{name}-{chosen or 'all'}-{visit.now:%Y-%m-%d}.csv", content)


def _currencies(visit: Visit) -> tuple[list[str], str]:
    """Those that something is open in, and the chosen one: else that of most open invoices, for currencies are never added."""
    counts: defaultdict[str, int] = defaultdict(int)
    for each in _ageing_of(visit):
        counts[each.open.currency] += each.invoices
    asked = visit.asked("currency").upper()
    known = sorted(counts)
    return known, asked if asked in counts else max(known, key=lambda each: counts[each], default="")


def _ageing_of(visit: Visit) -> list[views.Aged]:
    return visit.once("ageing", lambda: views.load_ageing(visit.connection, _today(visit)))


def _today(visit: Visit) -> date:
    return visit.now.astimezone(visit.present.zone).date()


def _ageing(visit: Visit, currency: str) -> Trend:
    found = {each.age: each for each in _ageing_of(visit) if each.open.currency == currency}
    rows = [
        (words, [found[age].open if age in found else Money(0, currency)])
        for age, words in enumerate(views.AGES)
        if currency
    ]
    late = Money(sum(each.open.minor for age, each in found.items() if age), currency) if currency else None
    said = (
        f"{visit.present.money(late).striptags()} of what is open is past its day." if late else "No invoice is open."
    )
    leads = [f"/invoices?age={age}&currency={currency}" for age in range(len(rows))]
    return Trend("ageing", "Open invoices by age", said, ("Age", "Open"), rows, leads)


def _booked(visit: Visit, currency: str) -> list[views.Booked]:
    month = Month.of(_today(visit))
    for _ in range(_MONTHS - 1):
        month = month.before
    return visit.once("booked", lambda: views.load_booked(visit.connection, month.first, currency) if currency else [])


def _settlement(visit: Visit, currency: str) -> Trend:
    chart = visit.desk.world.books.chart
    cash, suspense, receivable = (chart.code(each) for each in (Purpose.CASH, Purpose.SUSPENSE, Purpose.RECEIVABLE))
    sums: defaultdict[date, list[int]] = defaultdict(lambda: [0, 0, 0])
    for each in _booked(visit, currency):
        place = 0 if each.account == cash else 2 if each.account == suspense else 1
        if each.account != receivable:
            sums[each.month][place] += each.amount.minor
    rows = [(f"{month:%Y-%m}", [Money(minor, currency) for minor in sums[month]]) for month in sorted(sums)]
    said = "What payments of each month brought, what they deducted, and what of them waits for an explanation."
    return Trend("settlement", "What payments settled", said, ("Month", "Paid", "Deducted", "Waits in suspense"), rows)


def _deductions(visit: Visit, currency: str) -> Trend:
    names, chart = Names(visit), visit.desk.world.books.chart
    apart = {chart.code(each) for each in (Purpose.CASH, Purpose.SUSPENSE, Purpose.RECEIVABLE)}
    sums: defaultdict[date, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for each in _booked(visit, currency):
        if each.type and each.account not in apart:
            sums[each.month][each.type] += each.amount.minor
    totals: defaultdict[str, int] = defaultdict(int)
    for mix in sums.values():
        for kind, minor in mix.items():
            totals[kind] += abs(minor)
    kinds = sorted(totals, key=lambda kind: (-totals[kind], kind))
    columns: list[tuple[str, tuple[str, ...]]] = [(names.type(kind), (kind,)) for kind in kinds[:_MOST]]
    columns += [("All other types", tuple(kinds[_MOST:]))] if kinds[_MOST:] else []
    rows = [
        (f"{month:%Y-%m}", [Money(sum(sums[month][kind] for kind in merged), currency) for _, merged in columns])
        for month in sorted(sums)
    ]
    said = f"Most is taken as {columns[0][0].lower()}." if columns else "Nothing was deducted."
    return Trend("deductions", "What was deducted", said, ("Month", *(name for name, _ in columns)), rows)


def _drift(visit: Visit, _currency: str) -> Trend:
    troubles = views.load_troubles(visit.connection, visit.now - timedelta(weeks=_WEEKS))
    kinds = sorted({each.kind for each in troubles})
    counts = {(each.week, each.kind): each.cases for each in troubles}
    weeks = sorted({each.week for each in troubles})
    rows = [(week.isoformat(), [counts.get((week, kind), 0) for kind in kinds]) for week in weeks]
    drifted = sum(each.cases for each in troubles if each.kind == "stock.drift")
    said = f"In {_WEEKS} weeks {visit.present.number(drifted)} products showed another number than they were told."
    return Trend("drift", "Drift and other trouble of stock", said, ("Week from", *map(title_of_group, kinds)), rows)


_TRENDS: Mapping[str, Callable[[Visit, str], Trend]] = {
    "ageing": _ageing,
    "settlement": _settlement,
    "deductions": _deductions,
    "drift": _drift,
}

PAGE = Page(
    "trends",
    "Trends",
    (Route("/trends", _show), Route("/trends/{trend}.csv", _download)),
    Place(Group.MONEY, 8, "chart-line"),
)
