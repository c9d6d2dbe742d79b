"""A cell of profit: every line of the journal that it is made of, with what of it the cell bears and why."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from trueup.base.errors import NotFound
from trueup.base.money import check_currency
from trueup.console.drawing import query
from trueup.console.money_words import Names, held_still
from trueup.console.page import Page, Route
from trueup.console.tables import Column, State, state_of
from trueup.console.visit import Visit
from trueup.domain.closing import Month
from trueup.domain.profit_cells import PARTS, Cell
from trueup.storage.views.profit_cells import load_cell, page_cell

_COLUMNS = (
    Column("Day"),
    Column("Entry"),
    Column("What"),
    Column("Part", spare=True),
    Column("Line", "number", spare=True),
    Column("Why", spare=True),
    Column("Here", "number"),
)
_GROSS = (*_COLUMNS[:3], Column("Units", "number", spare=True), *_COLUMNS[4:])


def address_of(month: Month, cell: Cell, part: str) -> str:
    """Where the lines of a cell are shown."""
    said: dict[str, Any] = {"month": str(month), "part": part, "currency": cell.currency}
    if cell.channel is not None:
        said |= {"by": "channel", "partner": cell.channel[0], "payee": cell.channel[1]}
    elif cell.sku is not None:
        said |= {"by": "sku", "sku": cell.sku}
    return f"/profit/lines{query(said)}"


def _show(visit: Visit) -> Response:
    state, names = state_of(visit, "month", "part", "currency", "by", "partner", "payee", "sku", "at"), Names(visit)
    month = Month.read(state["month"]) if state["month"] else Month.of(visit.now.date()).before
    part, cell = state["part"] or "net", _cell(state, state["currency"] or visit.desk.settings.books.base_currency)
    if part not in PARTS:
        raise NotFound(f"Profit has no {part!r}; expected one of {', '.join(PARTS)}.")
    with held_still(visit) as connection:
        made = load_cell(connection, (month.first, month.last), cell, part, names.chart)
        paged = page_cell(connection, made, state["at"])
    return visit.render(
        "profit_cell.html",
        title=f"{part.capitalize()} of {cell.name}",
        name=cell.name,
        part=part,
        month=month,
        state=state,
        back=f"/profit{query({'month': str(month), 'by': state['by'] if state['by'] == 'sku' else ''})}",
        made=made,
        units=sum(each.units for each in made.lines),
        columns=_GROSS if part == "gross" else _COLUMNS,
        names=names,
        paged=paged,
    )


def _cell(state: State, currency: str) -> Cell:
    check_currency(currency)
    match state["by"]:
        case "channel":
            return Cell(currency, (state["partner"], state["payee"]))
        case "sku":
            return Cell(currency, sku=state["sku"])
    return Cell(currency)


PAGE = Page("profit_cell", "Lines of a cell of profit", (Route("/profit/lines", _show),))
