"""Invoices: what we billed and what of it is still open, by age; and each with everything that payments said about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from trueup.base.money import Money
from trueup.console.money_words import Names
from trueup.console.page import Group, Grows, Hit, Page, Place, Route
from trueup.console.search_words import Sought
from trueup.console.tables import Choice, Column, Filter, State, state_of
from trueup.console.typed_numbers import whole_number
from trueup.console.visit import Visit
from trueup.domain.chart import Purpose
from trueup.domain.invoices import Invoice, normal_reference
from trueup.storage.views import invoices as views
from trueup.storage.views.growing import Growing
from trueup.storage.views.trends import AGES

_COLUMNS = (
    Column("Invoice"),
    Column("Issued", spare=True),
    Column("Due"),
    Column("Order", spare=True),
    Column("Partner", spare=True),
    Column("Total", "number", spare=True),
    Column("Settled", "number", spare=True),
    Column("Open", "number"),
)
_TABS = (Choice("open", "Open"), Choice("all", "All"))


def _list(visit: Visit) -> Response:
    state = state_of(visit, "tab", "partner", "age", "currency", "words", "at")
    wanted, today = _filter_of(state), _today(visit)
    ages = [Choice(str(views.LATE), "past its day"), *(Choice(str(place), words) for place, words in enumerate(AGES))]
    late = views.sum_open(visit.connection, replace(wanted, age=views.LATE), today) if wanted.age is None else ()
    return visit.render(
        "invoices.html",
        state=state,
        tabs=_TABS,
        columns=_COLUMNS,
        today=today.isoformat(),
        sums=views.sum_open(visit.connection, wanted, today),
        late={money.currency: money for _, money in late},
        late_age=views.LATE,
        filters=(
            Filter("partner", "Partner", [Choice(name, name) for name in sorted(visit.desk.world.partners)]),
            Filter("age", "Past due", ages),
            Filter("words", "Invoice or order"),
        ),
        paged=views.page_invoices(visit.connection, wanted, today, state["at"]),
    )


def _filter_of(state: State) -> views.InvoiceFilter:
    age = whole_number(state["age"])
    age = age if age is not None and age <= views.LATE else None
    return views.InvoiceFilter(state["partner"], state["tab"] != "all", age, state["currency"].upper(), state["words"])


def _growing(visit: Visit) -> Growing:
    wanted = _filter_of(state_of(visit, "tab", "partner", "age", "currency", "words"))
    return views.growing_invoices(wanted, _today(visit))


def _today(visit: Visit) -> date:
    return visit.now.astimezone(visit.present.zone).date()


def _show(visit: Visit) -> Response:
    saved = views.find_invoice(visit.connection, visit.path("invoice"), visit.path("partner"))
    shown = views.show_invoice(visit.connection, saved)
    names = Names(visit)
    receivable = names.chart.code(Purpose.RECEIVABLE)
    return visit.render(
        "invoice.html",
        title=f"Invoice {shown['number']}",
        shown=shown,
        story=[{**each, "settles": _settles(each, receivable)} for each in shown["story"]],
        money=saved,
        of_lines=_of_lines(saved.invoice),
        names=names,
    )


def _of_lines(invoice: Invoice) -> dict[str, Money]:
    """What the lines come to without tax, and what of the total neither they nor the tax say."""
    net = sum((line.amount for line in invoice.lines), Money.zero(invoice.total.currency))
    return {"net": net, "rest": invoice.total - invoice.tax - net}


def _settles(each: Mapping[str, Any], receivable: str) -> Money | None:
    """What a posting settles of the invoice: what leaves the receivable; nothing where it is about it on another account."""
    if each["account"] != receivable or each["kind"] == "invoice":
        return None
    amount = Money.of(*each["amount"].split(" "))
    return amount if each["payment"] else -amount


def _find(visit: Visit, sought: Sought) -> list[Hit]:
    if not sought.wants("invoice"):
        return []
    words, rows = (
        sought.words.lower(),
        _sought(visit, sought, views.InvoiceFilter(words=sought.words, ranges=sought.ranges)),
    )
    hits = []
    for row in rows:
        exact = normal_reference(row["number"]) == normal_reference(words)
        of_order = not exact and row["purchase_order"].lower() == words
        why = "its number" if exact else "its order" if of_order else "its number begins so"
        hits.append(_hit(row, sought.why(why), exact=exact))
    if sought.amount:
        hits += [
            _hit(row, "its total", exact=True)
            for row in _sought(visit, sought, views.InvoiceFilter(ranges=sought.amount))
        ]
    return hits


def _sought(visit: Visit, sought: Sought, wanted: views.InvoiceFilter) -> Sequence[Mapping[Any, Any]]:
    narrowed = replace(wanted, partner=sought.partner, open=sought.status == "open")
    return views.page_invoices(visit.connection, narrowed, _today(visit), limit=sought.most).rows


def _hit(row: Mapping[Any, Any], why: str, *, exact: bool) -> Hit:
    address, state = f"/invoices/{row['partner']}/{row['number']}", "Settled" if _is_zero(row["open"]) else "Open"
    return Hit("invoice", row["number"], address, why, state, exact, row["total"], row["partner"], row["issued_on"])


def _is_zero(amount: str) -> bool:
    return not Decimal(amount.partition(" ")[0])


PAGE = Page(
    "invoices",
    "Invoices",
    (Route("/invoices", _list), Route("/invoices/{partner}/{invoice:path}", _show)),
    Place(Group.MONEY, 1, "receipt"),
    find=_find,
    grows=(Grows("/invoices", "invoice", "invoices", _growing),),
)
