"""Amazon's figures: what Amazon says of each product, as of when and how often restated, and its forecast against its orders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from trueup.base.errors import NotFound
from trueup.console.files import download
from trueup.console.page import Group, Page, Place, Route
from trueup.console.tables import Choice, Filter, State, state_of
from trueup.console.visit import Visit
from trueup.domain.report_plans import ReportTerms
from trueup.formats.tabular import write_sheet
from trueup.storage.views import amazon_figures as views
from trueup.storage.views.vendor_reports import list_reports

_SINCE = timedelta(days=42)
"""Four weeks that add up, and the two in which they may still be late."""
_UNITS = ("ordered", "shipped", "received", "on_hand", "open")


def _show_list(visit: Visit) -> Response:
    state, source = state_of(visit, "source", "words", "at"), _source(visit)
    reports = [row for row in list_reports(visit.connection, limit=10) if row["source"] == source]
    if source is None:
        return visit.render("amazon.html", title=PAGE.title, state=state, source=None)
    paged, rows = _page(visit, source, state)
    return visit.render(
        "amazon.html",
        title=PAGE.title,
        state=state,
        source=source,
        filters=_filters(visit),
        paged=paged,
        rows=rows,
        reports=reports,
    )


def _filters(visit: Visit) -> tuple[Filter, ...]:
    known = visit.desk.world.reports
    sources = Filter("source", "Reports", tuple(Choice(name, name) for name in known))
    return (*((sources,) if len(known) > 1 else ()), Filter("words", "SKU, title or ASIN"))


def _page(visit: Visit, source: str, state: State) -> tuple[Any, list[dict[str, Any]]]:
    """One page of products, each with what its ASINs come to."""
    terms, codes = visit.desk.world.reports[source], _codes(visit, source)
    paged = views.page_listed(visit.connection, codes, state["words"], state["at"])
    asins = sorted({asin for row in paged.rows for asin in row["asins"]})
    days = views.load_days(visit.connection, _asked(source, terms, asins), visit.now - _SINCE)
    sharing = views.load_sharing(visit.connection, codes, asins)
    return paged, [
        {
            "sku": row["sku"],
            "title": row["title"],
            "asins": row["asins"],
            "shared": _others(sharing, row["sku"], row["asins"]),
            **_whole(views.sum_up(views.add_days(days.get(asin, ()) for asin in row["asins"]))),
        }
        for row in paged.rows
    ]


def _show_product(visit: Visit) -> Response:
    sku, source = visit.path("sku"), _source(visit)
    if source is None:
        raise NotFound("No reports of Amazon's are asked for: add [[partners.reports]] to trueup.toml.")
    asked, codes = _asked_of(visit, source, sku), _codes(visit, source)
    days = views.add_days(views.load_days(visit.connection, asked, visit.now - _SINCE).values())
    weeks = views.load_weeks(visit.connection, asked, sku, visit.now)
    return visit.render(
        "amazon_product.html",
        sku=sku,
        source=source,
        asins=asked.asins,
        shared=_others(views.load_sharing(visit.connection, codes, asked.asins), sku, asked.asins),
        total=_whole(views.sum_up(days)),
        days=[
            {"day": each.day, "said_at": each.said_at, "restated": each.restated, **_ints(each.units)} for each in days
        ],
        weeks=weeks,
        chart=_chart(weeks),
        chart_rows=[_week(each) for each in weeks],
        download=f"/amazon.csv?source={source}&sku={sku}",
    )


def _download(visit: Visit) -> Response:
    """With a product its weeks, else the figures of the products that the filters find, a page of them."""
    source, sku = _source(visit), visit.asked("sku")
    if source is None:
        raise NotFound("No reports of Amazon's are asked for: add [[partners.reports]] to trueup.toml.")
    rows: Iterable[Sequence[Any]]
    if sku:
        head: Sequence[str] = ("week", "forecast_mean", "forecast_p90", "shipped_to_customers", "ordered_by_amazon")
        rows = [
            _week(each) for each in views.load_weeks(visit.connection, _asked_of(visit, source, sku), sku, visit.now)
        ]
    else:
        head = ("sku", "asins", *_UNITS, "stock_day", "sales_day", "said_at", "restated")
        _, found = _page(visit, source, state_of(visit, "words", "at"))
        rows = [[" ".join(row[name]) if name == "asins" else row[name] for name in head] for row in found]
    return download(f"amazon-{sku or 'figures'}-{visit.now:%Y-%m-%d}.csv", write_sheet(head, rows))


def _source(visit: Visit) -> str | None:
    """The source of reports that is asked for, else the first; None where there is none."""
    known = visit.desk.world.reports
    return visit.asked("source") if visit.asked("source") in known else next(iter(known), None)


def _codes(visit: Visit, source: str) -> list[str]:
    partner = visit.desk.world.partners[visit.desk.world.reports[source].partner]
    return [each.vendor_code for each in partner.agreements]


def _asked(source: str, terms: ReportTerms, asins: Sequence[str]) -> views.Asked:
    return views.Asked(source, {kind: terms.scope(kind) for kind in terms.kinds}, asins)


def _asked_of(visit: Visit, source: str, sku: str) -> views.Asked:
    """What is asked of one product. Raises NotFound for one that Amazon is not sold."""
    asins = views.load_listed(visit.connection, _codes(visit, source), sku)
    if not asins:
        raise NotFound(f"{sku} has no ASIN in the item master, so no report of Amazon's can name it.")
    return _asked(source, visit.desk.world.reports[source], asins)


def _others(sharing: dict[str, list[str]], sku: str, asins: Iterable[str]) -> list[str]:
    """The other products under the same ASINs."""
    return sorted({other for asin in asins for other in sharing.get(asin, ()) if other != sku})


def _ints(units: dict[str, Decimal]) -> dict[str, int]:
    return {name: int(value) for name, value in units.items()}


def _whole(total: dict[str, Any]) -> dict[str, Any]:
    return {name: int(value) if isinstance(value, Decimal) else value for name, value in total.items()}


def _week(each: views.WeekFigures) -> tuple[Any, ...]:
    mean, high = (None if value is None else f"{value.normalize():f}" for value in (each.mean, each.high))
    shipped = None if each.shipped is None else int(each.shipped)
    return (each.begins.isoformat(), mean, high, shipped, int(each.ordered))


def _chart(weeks: Sequence[views.WeekFigures]) -> dict[str, Any]:
    """Forecasts as lines over what Amazon ordered and what its customers got, week by week."""
    rows = [_week(each) for each in weeks]
    names = ("Forecast", "90th percentile", "Shipped", "Ordered")
    kinds = ("line", "line", "bar", "bar")
    return {
        "xAxis": {"type": "category", "data": [row[0] for row in rows]},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {"type": kind, "name": name, "data": [row[place] for row in rows]}
            for place, (kind, name) in enumerate(zip(kinds, names, strict=True), 1)
        ],
    }


PAGE = Page(
    "amazon",
    "Amazon's figures",
    (Route("/amazon", _show_list), Route("/amazon.csv", _download), Route("/amazon/{sku:path}", _show_product)),
    Place(Group.GOODS, 3, "brand-amazon"),
)
