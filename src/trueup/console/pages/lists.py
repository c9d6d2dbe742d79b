"""Lists as files: what the filters of a page leave, as CSV or XLSX. A short one is given at once, a long one is long work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from trueup.base.errors import NotFound
from trueup.console.files import download_written
from trueup.console.page import Page, Route
from trueup.console.pages import acts, coding, deductions, exceptions
from trueup.console.tables import State, state_of
from trueup.console.visit import Visit
from trueup.storage.views.order_pages import OrderFilter
from trueup.workflows.authority import LOOK
from trueup.workflows.jobs.write_list import AT_ONCE, ask_list, is_long
from trueup.workflows.written_lists import FORMS, Asked, Ground, NoFilter, Sorted, list_named, write_list


@dataclass(frozen=True, slots=True)
class _Of:
    """What a page lists: the list's name, the names of its filters in the address, and the filter that they say."""

    name: str
    title: str
    names: tuple[str, ...]
    wanted: Callable[[Visit, State], Any]


def _orders(_visit: Visit, state: State) -> Sorted:
    return Sorted(OrderFilter(state["partner"], state["standing"], state["words"]), state["sort"])


_PAGES: Mapping[str, _Of] = {
    "/exceptions": _Of("cases", "Exceptions", exceptions.STATE, exceptions.filter_of),
    "/coding": _Of("waiting-lines", "Coding sheet", coding.STATE, lambda _visit, state: coding.wanted_of(state)),
    "/orders": _Of("orders", "Orders", ("partner", "standing", "words", "sort"), _orders),
    "/acts": _Of("acts", "Audit trail", acts.STATE, acts.filter_of),
    "/deductions": _Of(
        *("deductions", "Deductions", deductions.STATE), lambda _visit, state: deductions.wanted_of(state)
    ),
    "/settings/products": _Of("products", "Item master", (), lambda _visit, _state: NoFilter()),
}


def _give(visit: Visit) -> Response:
    """The file; where it is longer than one waits for, the page on which it is asked for."""
    path, _, form = visit.request.url.path.rpartition(".")
    page = _PAGES[path]
    of, state = list_named(page.name, form), state_of(visit, *page.names)
    wanted, ground = page.wanted(visit, state), Ground(visit.desk.world, visit.connection, visit.now)
    if not is_long(ground, of, wanted):
        name = f"{of.stem}-{visit.now:%Y-%m-%d}.{form}"
        return download_written(name, lambda out: write_list(ground, Asked(of, wanted, form), out))
    return visit.render(
        "list_long.html",
        title=f"{of.title} as {FORMS[form][0]}",
        unit=of.unit,
        most=AT_ONCE,
        above=(page.title, State(path, state.values).to()),
        fields={**state.values, "list": path, "form": form},
    )


def _ask(visit: Visit) -> Response:
    """The same of any length, as long work."""
    path = visit.given("list")
    page = _PAGES.get(path)
    if page is None:
        raise NotFound(f"List {path!r}: expected one of {', '.join(_PAGES)}.")
    state = State(path, {name: value for name in page.names if (value := visit.given(name))})
    number = visit.act(ask_list, page.name, visit.given("form"), page.wanted(visit, state), visit.who)
    return visit.go(f"/jobs/{number}")


PAGE = Page(
    "lists",
    "Lists as files",
    (
        Route("/exceptions.csv", _give),
        Route("/exceptions.xlsx", _give),
        Route("/coding.xlsx", _give),
        Route("/orders.csv", _give),
        Route("/acts.csv", _give),
        Route("/deductions.csv", _give),
        Route("/settings/products.csv", _give),
        Route("/settings/products.xlsx", _give),
        Route("/lists", _ask, LOOK, "POST"),
    ),
)
