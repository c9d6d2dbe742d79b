"""Journal: entries with their debits and credits, the balances of accounts, and from any line to the bytes it rests on."""

from __future__ import annotations

import io
from datetime import date

from starlette.responses import Response

from trueup.base.errors import Invalid, NotFound, Refused
from trueup.console.files import download
from trueup.console.money_words import Names
from trueup.console.page import Group, Hit, Page, Place, Route
from trueup.console.search_words import Sought
from trueup.console.tables import Choice, Column, Filter, State, state_of
from trueup.console.visit import Visit
from trueup.reports.journal_lines import rows_of_lines
from trueup.storage.views import journal as views
from trueup.storage.views.journal_lines import count_lines, stream_lines
from trueup.workflows.jobs.list_journal_lines import write_lines_csv

_COLUMNS = (
    Column("Entry"),
    Column("Day"),
    Column("What"),
    Column("Kind", spare=True),
    Column("Lines", "number", spare=True),
    Column("Debits and credits", "number"),
)
STATE = ("account", "kind", "from", "to")
_MOST = 200_000
_KINDS = ("remittance", "correction", "invoice", "write-off", "credit-note")


def _list(visit: Visit) -> Response:
    state, names = state_of(visit, *STATE, "at"), Names(visit)
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
        paged=views.page_entries(visit.connection, wanted_of(state), state["at"]),
    )


def wanted_of(state: State) -> views.EntryFilter:
    """The entries that the address says."""
    return views.EntryFilter(
        _day(state["from"]), _day(state["to"]), account=state["account"] or None, kind=state["kind"] or None
    )


def _download(visit: Visit) -> Response:
    """Every line of the entries that the filters leave, debits and credits apart. Raises Refused for more than one waits for."""
    wanted = wanted_of(state_of(visit, *STATE))
    if count_lines(visit.connection, wanted) > _MOST:
        raise Refused(
            f"More than {visit.present.number(_MOST)} lines: choose a shorter time, or have them exported, which is long work."
        )
    out = io.BytesIO()
    write_lines_csv(out, rows_of_lines(stream_lines(visit.connection, wanted), Names(visit).account))
    return download(f"journal-{visit.now:%Y-%m-%d}.csv", out.getvalue())


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
