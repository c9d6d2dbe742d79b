"""Journal: entries with their debits and credits, the balances of accounts, and from any line to the bytes it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from starlette.responses import Response

from trueup.base.errors import Invalid, NotFound, Refused
from trueup.base.money import Money
from trueup.console.files import download
from trueup.console.money_words import Names
from trueup.console.page import Group, Hit, Page, Place, Route
from trueup.console.search_words import Sought
from trueup.console.tables import Choice, Column, Filter, State, state_of
from trueup.console.visit import Visit
from trueup.formats.tabular import write_sheet
from trueup.storage.views import journal as views

_COLUMNS = (
    Column("Entry"),
    Column("Day"),
    Column("What"),
    Column("Kind", spare=True),
    Column("Lines", "number", spare=True),
    Column("Debits and credits", "number"),
)
_STATE = ("account", "kind", "from", "to")
_HEAD = (
    "entry",
    "day",
    "kind",
    "what",
    "account",
    "debit",
    "credit",
    "currency",
    "reference",
    "type",
    "rule",
    "evidence",
)
_MOST = 200_000
_KINDS = ("remittance", "correction", "invoice", "write-off", "credit-note")


def _list(visit: Visit) -> Response:
    state, names = state_of(visit, *_STATE, "at"), Names(visit)
    accounts = [Choice(account.code, names.account(account.code)) for account in names.chart.accounts]
    return visit.render(
        "journal.html",
        state=state,
        columns=_COLUMNS,
        names=names,
        filters=(
            Filter("account", "Account", accounts),
            Filter("kind", "Kind", [Choice(kind, kind.capitalize()) for kind in _KINDS]),
            Filter("from", "From, as 2026-10-01"),
            Filter("to", "To, as 2026-10-31"),
        ),
        paged=views.page_entries(visit.connection, _wanted(state), state["at"]),
    )


def _wanted(state: State) -> views.EntryFilter:
    return views.EntryFilter(
        _day(state["from"]), _day(state["to"]), account=state["account"] or None, kind=state["kind"] or None
    )


def _download(visit: Visit) -> Response:
    """Every line of the entries that the filters leave, debits and credits apart. Raises Refused for more than a sheet can hold."""
    rows, names = views.list_lines(visit.connection, _wanted(state_of(visit, *_STATE)), _MOST + 1), Names(visit)
    if len(rows) > _MOST:
        raise Refused(
            f"More than {visit.present.number(_MOST)} lines: choose a shorter time, or use `trueup journal export`."
        )
    return download(f"journal-{visit.now:%Y-%m-%d}.csv", write_sheet(_HEAD, (_cells(row, names) for row in rows)))


def _cells(row: Any, names: Names) -> Sequence[object]:
    amount = Money(abs(int(row.minor)), row.currency).amount
    sides = (amount, None) if row.minor > 0 else (None, amount)
    told = (row.narration, names.account(row.account), *sides, row.currency, row.reference, row.type, row.rule)
    return (row.id, row.day, row.kind, *told, row.evidence)


def _accounts(visit: Visit) -> Response:
    state = state_of(visit, "on")
    balances = views.load_balances(visit.connection, _day(state["on"]))
    return visit.render("journal_accounts.html", title="Accounts", state=state, balances=balances, names=Names(visit))


def _show(visit: Visit) -> Response:
    entry = views.show_entry(visit.connection, visit.number("id"))
    return visit.render("journal_entry.html", title=f"Entry {entry['id']}", entry=entry, names=Names(visit))


def _find(visit: Visit, sought: Sought) -> list[Hit]:
    if not sought.wants("entry") or not sought.words:
        return []
    try:
        number = views.find_entry(visit.connection, sought.words.lower().removeprefix("entry "))
    except NotFound:
        return []
    return [Hit("entry", f"Journal entry {number}", f"/journal/{number}", "its number or key")]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(f"Day {text!r}: expected a day such as 2026-10-31.") from None


PAGE = Page(
    "journal",
    "Journal",
    (
        Route("/journal", _list),
        Route("/journal.csv", _download),
        Route("/journal/accounts", _accounts),
        Route("/journal/{id:int}", _show),
    ),
    Place(Group.MONEY, 6, "sum"),
    find=_find,
)
