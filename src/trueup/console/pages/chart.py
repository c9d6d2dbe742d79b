"""Chart: every account of the books, what is posted to it and why, and what people changed about how lines are read."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from trueup.console.page import Page, Route
from trueup.console.visit import Visit
from trueup.domain.chart import Chart
from trueup.formats.journal_export import known_exports
from trueup.storage.views.acts import list_acts
from trueup.storage.views.journal import load_balances

_CHANGES = ("rule.", "terms.")
_MOST = 30


def _show(visit: Visit) -> Response:
    books, balances = visit.desk.world.books, load_balances(visit.connection)
    used: dict[str, list[dict[str, Any]]] = {}
    for row in balances:
        used.setdefault(row["account"], []).append(row)
    return visit.render(
        "chart.html",
        title="Chart and mapping",
        accounts=[_account(books.chart, account.code) | {"account": account} for account in books.chart.accounts],
        balances=used,
        types=sorted(
            (
                {"type": each, "account": books.chart.account(books.chart.code_of_type(each.code, each.purpose))}
                for each in books.types.values()
            ),
            key=lambda row: row["type"].label,
        ),
        own=set(books.chart.by_type),
        exports=sorted(known_exports().values(), key=lambda each: each.title),
        file=visit.desk.settings.books.chart,
        acts=_changes(visit),
    )


def _changes(visit: Visit) -> list[dict[str, Any]]:
    found = [act for begin in _CHANGES for act in list_acts(visit.connection, act=begin, limit=_MOST)]
    return sorted(found, key=lambda act: str(act["at"]), reverse=True)[:_MOST]


def _account(chart: Chart, code: str) -> dict[str, Any]:
    return {
        "purposes": sorted(purpose.value.replace("-", " ") for purpose, each in chart.purposes.items() if each == code),
        "own_types": sorted(name for name, each in chart.by_type.items() if each == code),
    }


PAGE = Page("chart", "Chart and mapping", (Route("/settings/chart", _show),))
