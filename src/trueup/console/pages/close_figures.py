"""The figures of a month's close, a table a page; each number leads to the lines or the invoices that it is the sum of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from starlette.responses import Response

from trueup.base.errors import Invalid, NotFound
from trueup.base.money import Money, check_currency
from trueup.console.drawing import query
from trueup.console.money_words import Names
from trueup.console.page import Page, Route
from trueup.console.pages.close import look_at
from trueup.console.tables import Choice, Column, state_of
from trueup.console.visit import Visit
from trueup.domain.closing import ClosePack, Month
from trueup.domain.closing_rows import InvoiceRows, JournalRows, Kinds, Part, Rows, Side, Span, Whose
from trueup.reports.close_tables import ANSWERS, TABLES, Table
from trueup.storage.views.closing_rows import Behind
from trueup.storage.views.remittances import find_remittance
from trueup.workflows.close_month import rows_behind

_AT_ONCE = 100
_SPANS = {Span.BEFORE: "before the month", Span.WITHIN: "within the month", Span.UNTIL: "until the month's end"}
_SIDES = {Side.DEBIT: "debits", Side.CREDIT: "credits", Side.TAKEN: "taken", Side.GIVEN: "given back"}
_KINDS = {
    Kinds.PAYMENTS: "of payments and corrections",
    Kinds.WRITE_OFFS: "of what was written off",
    Kinds.OTHERS: "of other entries",
}
_ABOUT = {"invoice": "about an invoice", "nothing": "without an invoice"}
_BACK = {"yes": "that take an earlier line back", "no": "that take nothing back"}
_WHOSE = {Whose.INVOICE: "invoices of", Whose.PAYMENT: "payments of", Whose.CLAIM: "the claim of"}
_PARTS = {
    Part.OPENING: "open before the month began",
    Part.INVOICED: "issued in the month",
    Part.LATE: "of earlier months, known after those were closed",
    Part.CLOSING: "open at the month's end",
    Part.TO_30: "open at the month's end, issued up to 30 days before it",
    Part.TO_60: "open at the month's end, issued 31 to 60 days before it",
    Part.TO_90: "open at the month's end, issued 61 to 90 days before it",
    Part.BEYOND_90: "open at the month's end, issued more than 90 days before it",
    Part.OVERDUE: "open at the month's end and due before it",
    Part.RECEIPTS: "issued in the month, without tax",
}
_LINE_COLUMNS = (
    Column("Day"),
    Column("Entry"),
    Column("What"),
    Column("Reference", spare=True),
    Column("Type", spare=True),
    Column("Account", spare=True),
    Column("Amount", "number"),
)
_INVOICE_COLUMNS = (
    Column("Invoice"),
    Column("Issued"),
    Column("Due", spare=True),
    Column("Total", "number", spare=True),
    Column("Counts here", "number"),
)
_Word = TypeVar("_Word", Span, Side, Kinds, Whose, Part)
_CASE = re.compile(r"case (\d{1,18})")


def _table(visit: Visit) -> Response:
    looked, wanted = look_at(visit), visit.path("table")
    shown = [table for table in TABLES if table.title != ANSWERS]
    table = next((each for each in shown if each.name == wanted), None)
    if table is None:
        raise NotFound(f"A close has no figures {wanted!r}; it has {', '.join(each.name for each in shown)}.")
    listed, first = table.listed(looked.pack), _first(visit)
    state = state_of(visit, "at")
    return visit.render(
        "close_figures.html",
        title=f"{table.title} of {looked.pack.of.words}",
        table=table,
        month=looked.pack.of,
        others=[Choice(each.name, each.title) for each in shown if each is table or each.listed(looked.pack)],
        count=len(listed),
        rows=[_cells(visit, looked.pack, table, each) for each in listed[first : first + _AT_ONCE]],
        newer=state.to(at=str(first - _AT_ONCE) if first > _AT_ONCE else "") if first else "",
        older=state.to(at=str(first + _AT_ONCE)) if first + _AT_ONCE < len(listed) else "",
    )


def _first(visit: Visit) -> int:
    said = visit.asked("at")
    if said and not (said.isdecimal() and len(said) < 9):
        raise Invalid("This address names a place in another list; begin at the first page.")
    return int(said or 0)


def _cells(visit: Visit, pack: ClosePack, table: Table, of: Any) -> list[tuple[Any, str]]:
    """Each cell, and where it leads: a number to its rows, a case, a payment, a claim to itself; "" nowhere."""
    cells = list(table.cells(pack, of))
    behind: Sequence[Rows] = table.behind(pack, of) if table.behind else (None,) * len(cells)
    account = next((each for each in behind if isinstance(each, JournalRows) and each.account), None)

    def leads(cell: Any, rows: Rows) -> str:
        if rows:
            return _address_of(pack.of, rows)
        if account and isinstance(cell, str) and cell.startswith(f"{account.account} "):
            return f"/close/{pack.of}/accounts/{account.account}/{account.currency}"
        return _thing(visit, cell, cells)

    return [(cell, leads(cell, rows)) for cell, rows in zip(cells, behind, strict=True)]


def _thing(visit: Visit, cell: Any, cells: Sequence[Any]) -> str:
    if not isinstance(cell, str):
        return ""
    if case := _CASE.fullmatch(cell):
        return f"/exceptions?row={case[1]}"
    partner, _, payment = cell.partition("/")
    if partner in visit.desk.world.partners:
        return f"/remittances/{find_remittance(visit.connection, payment, partner)}" if payment else ""
    money = next((each for each in cells if isinstance(each, Money)), None)
    if money is not None and len(cells) > 1 and cell == cells[1] and cells[0] in visit.desk.world.partners:
        claim = _behind(visit).claim_of(cells[0], cell, money.currency)
        return f"/recovery/{claim}" if claim is not None else ""
    return ""


def _address_of(month: Month, rows: Rows) -> str:
    kind = "lines" if isinstance(rows, JournalRows) else "invoices"
    said = {each.name: _said(getattr(rows, each.name)) for each in fields(rows)} if rows else {}
    return f"/close/{month}/{kind}{query(said)}"


def _said(value: object) -> str:
    return "yes" if value is True else str(value) if value else ""


def _lines(visit: Visit) -> Response:
    month, wanted, names = Month.read(visit.path("month")), _journal_rows(visit), Names(visit)
    behind = _behind(visit)
    minor, count = behind.sum_lines(wanted)
    sign = -1 if wanted.turned else 1
    return visit.render(
        "close_lines.html",
        title=f"Lines behind a number of {month.words}",
        month=month,
        words=", ".join(_line_words(wanted, names)),
        state=state_of(visit, *(each.name for each in fields(JournalRows)), "at"),
        columns=_LINE_COLUMNS,
        names=names,
        turned=wanted.turned,
        money=lambda amount: Money(amount * sign, wanted.currency),
        total=Money(minor, wanted.currency),
        count=count,
        paged=behind.page_lines(wanted, visit.asked("at")),
    )


def _invoices(visit: Visit) -> Response:
    month = Month.read(visit.path("month"))
    wanted = InvoiceRows(
        visit.asked("partner"),
        visit.asked("payee"),
        _currency(visit),
        _one_of(Part, visit.asked("part"), "part") or Part.CLOSING,
    )
    behind = _behind(visit)
    minor, count = behind.sum_invoices(wanted)
    return visit.render(
        "close_invoices.html",
        title=f"Invoices behind a number of {month.words}",
        month=month,
        words=f"{wanted.partner} {wanted.payee}, {_PARTS[wanted.part]}",
        state=state_of(visit, "partner", "payee", "currency", "part", "at"),
        columns=_INVOICE_COLUMNS,
        money=lambda amount: Money(amount, wanted.currency),
        total=Money(minor, wanted.currency),
        count=count,
        paged=behind.page_invoices(wanted, visit.asked("at")),
    )


def _behind(visit: Visit) -> Behind:
    return rows_behind(visit.connection, visit.desk.world.books, Month.read(visit.path("month")), visit.now)


def _journal_rows(visit: Visit) -> JournalRows:
    """Raises Invalid for what names no rows."""
    for name, allowed in (("about", _ABOUT), ("back", _BACK)):
        if visit.asked(name) not in ("", *allowed):
            raise Invalid(f"{name} is {visit.asked(name)!r}: expected one of {', '.join(allowed)}.")
    texts = ("account", "type", "about", "back", "partner", "payee", "claim", "case", "reference")
    return JournalRows(
        _currency(visit),
        _one_of(Span, visit.asked("span"), "span") or Span.WITHIN,
        kinds=_one_of(Kinds, visit.asked("kinds"), "kinds"),
        side=_one_of(Side, visit.asked("side"), "side"),
        whose=_one_of(Whose, visit.asked("whose"), "whose"),
        copied=bool(visit.asked("copied")),
        turned=bool(visit.asked("turned")),
        **{name: visit.asked(name) for name in texts},
    )


def _currency(visit: Visit) -> str:
    currency = visit.asked("currency")
    check_currency(currency)
    return currency


def _one_of(of: type[_Word], said: str, name: str) -> _Word | None:
    try:
        return of(said) if said else None
    except ValueError:
        raise Invalid(f"{name} is {said!r}: expected one of {', '.join(each.value for each in of)}.") from None


def _line_words(wanted: JournalRows, names: Names) -> Iterable[str]:
    yield _SPANS[wanted.span]
    if wanted.account:
        yield names.account(wanted.account)
    if wanted.type:
        yield names.type(wanted.type)
    if wanted.kinds:
        yield _KINDS[wanted.kinds]
    if wanted.side:
        yield _SIDES[wanted.side]
    if wanted.about:
        yield _ABOUT[wanted.about]
    if wanted.back:
        yield _BACK[wanted.back]
    if wanted.whose:
        yield f"{_WHOSE[wanted.whose]} {wanted.partner} {wanted.payee}{wanted.claim}".rstrip()
    if wanted.case:
        yield f"of the case about {wanted.case.partition(' ')[2] or wanted.case}"
    if wanted.reference:
        yield f"with the reference {wanted.reference}"


PAGE = Page(
    "close_figures",
    "Figures of a close",
    (
        Route("/close/{month}/figures/{table}", _table),
        Route("/close/{month}/lines", _lines),
        Route("/close/{month}/invoices", _invoices),
    ),
)
