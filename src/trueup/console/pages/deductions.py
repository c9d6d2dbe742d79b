"""Deductions: every claim of which something is open, also those that nobody can dispute, and the lines that each is the sum of."""

from __future__ import annotations

from starlette.responses import Response

from trueup.console.money_words import Names
from trueup.console.page import Grows, Page, Route
from trueup.console.tables import Choice, Column, Filter, State, state_of
from trueup.console.visit import Visit
from trueup.storage.views import deductions as views
from trueup.storage.views.growing import Growing
from trueup.workflows.dispute_claim import disputable_types

_COLUMNS = (
    Column("Claim"),
    Column("Partner", spare=True),
    Column("What it is"),
    Column("Since", spare=True),
    Column("Taken", "number", spare=True),
    Column("Given back", "number", spare=True),
    Column("Given up", "number", spare=True),
    Column("Held", "number"),
)
STATE = ("partner", "currency", "type")


def _list(visit: Visit) -> Response:
    state, names = state_of(visit, *STATE, "at"), Names(visit)
    wanted = wanted_of(state)
    types = sorted(visit.desk.world.books.types)
    return visit.render(
        "deductions.html",
        state=state,
        columns=_COLUMNS,
        names=names,
        filters=(
            Filter("partner", "Partner", [Choice(name, name) for name in sorted(visit.desk.world.partners)]),
            Filter("type", "What it is", [Choice(code, names.type(code)) for code in types]),
            Filter("currency", "Currency, as EUR"),
        ),
        disputable=set(disputable_types(visit.desk.world.books)),
        totals=views.sum_deductions(visit.connection, wanted),
        paged=views.page_deductions(visit.connection, wanted, state["at"]),
    )


def wanted_of(state: State) -> views.DeductionFilter:
    return views.DeductionFilter(state["partner"], state["currency"].upper(), state["type"])


def _growing(visit: Visit) -> Growing:
    return views.growing_deductions(wanted_of(state_of(visit, *STATE)))


def _show(visit: Visit) -> Response:
    shown = views.show_deduction(visit.connection, visit.number("claim"))
    return visit.render(
        "deduction.html",
        title=f"Claim {shown['claim']}",
        shown=shown,
        names=Names(visit),
        disputable=shown["type"] in disputable_types(visit.desk.world.books),
    )


PAGE = Page(
    "deductions",
    "Deductions",
    (Route("/deductions", _list), Route("/deductions/{claim:int}", _show)),
    grows=(Grows("/deductions", "deduction", "deductions", _growing),),
)
