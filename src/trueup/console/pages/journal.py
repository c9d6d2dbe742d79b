"""Journal: entries with their debits and credits, the balances of accounts, and from any line to the bytes it rests on."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from trueup.base.errors import Invalid, NotFound, Refused
from trueup.base.money import Money, check_currency
from trueup.console.files import download
from trueup.console.money_words import Names
from trueup.console.page import Group, Grows, Hit, Page, Place, Route
from trueup.console.pages.ledger_export import STATES
from trueup.console.search_words import Sought
from trueup.console.tables import Choice, Column, Filter, State, read_day, state_of
from trueup.console.visit import Visit
from trueup.domain.closing import Month
from trueup.reports.journal_lines import rows_of_lines
from trueup.storage.views import journal as views
from trueup.storage.views.acts import list_proposals
from trueup.storage.views.exports import show_export
from trueup.storage.views.growing import Growing
from trueup.storage.views.journal_lines import count_lines, growing_lines, page_lines, stream_lines, sum_lines
from trueup.workflows.jobs.list_journal_lines import write_lines_csv
from trueup.workflows.preview_entries import with_entries
from trueup.workflows.write_off import MAY_REVERSE, REVERSE, reverse_entry

_COLUMNS = (
    Column("Entry"),
    Column("Day"),
    Column("What"),
    Column("Kind", spare=True),
    Column("Lines", "number", spare=True),
    Column("Debits and credits", "number"),
)
_LINES = (
    Column("Day"),
    Column("Period", spare=True),
    Column("Entry"),
    Column("Account"),
    Column("About", spare=True),
    Column("Source"),
    Column("Debit", "number"),
    Column("Credit", "number"),
)
_VIEWS = (Choice("entries", "Entries"), Choice("lines", "Lines"))
STATE = ("tab", "account", "kind", "month", "from", "to", "currency", "side")
_SIDES = (Choice("debit", "Debits"), Choice("credit", "Credits"))
_MOST = 200_000
_KINDS = ("remittance", "correction", "invoice", "write-off", "credit-note", "circular")


def _list(visit: Visit) -> Response:
    state, names = state_of(visit, *STATE, "at"), Names(visit)
    accounts = [Choice(account.code, names.account(account.code)) for account in names.chart.accounts]
    wanted, of_lines = wanted_of(state), state["tab"] == "lines"
    page, total = (page_lines, sum_lines) if of_lines else (views.page_entries, views.sum_entries)
    return visit.render(
        "journal_lines.html" if of_lines else "journal.html",
        state=state,
        columns=_LINES if of_lines else _COLUMNS,
        tabs=_VIEWS,
        names=names,
        filters=(
            Filter("account", "Account", accounts),
            Filter("kind", "Kind", [Choice(kind, kind.capitalize()) for kind in _KINDS]),
            Filter("month", "Period", kind="month"),
            Filter("from", "From", kind="date"),
            Filter("to", "To", kind="date"),
            Filter("currency", "Currency, as EUR"),
            *([Filter("side", "Side", _SIDES)] if of_lines else []),
        ),
        paged=page(visit.connection, wanted, state["at"]),
        totals=total(visit.connection, wanted),
        carried=state.to(at="")[len(state.path) :],
    )


def _growing(visit: Visit) -> Growing:
    wanted = wanted_of(state_of(visit, *STATE))
    return growing_lines(wanted) if visit.asked("tab") == "lines" else views.growing_entries(wanted)


def wanted_of(state: State) -> views.EntryFilter:
    """The entries that the address says: of a period, of days, or of both where they meet. A side is that of lines: a list of
    entries, which shows none to choose, is not narrowed by one. Raises Invalid."""
    since, until = read_day(state["from"]), read_day(state["to"])
    if state["month"]:
        month = Month.read(state["month"])
        since = max(since or month.first, month.first)
        until = min(until or month.last, month.last)
    currency, side = state["currency"].upper(), state["side"]
    if currency:
        check_currency(currency)
    if side not in ("", *(each.value for each in _SIDES)):
        raise Invalid(f"Side {side!r}: expected debit or credit.")
    of_lines = state["tab"] == "lines"
    about = (state["account"] or None, state["kind"] or None, currency or None, (of_lines and side) or None)
    return views.EntryFilter(since, until, *about, alone=of_lines)


def _download(visit: Visit) -> Response:
    """Every line of the entries that the filters leave, or of a list of lines those alone. Raises Refused for too many."""
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
    balances = views.load_balances(visit.connection, read_day(state["on"]))
    return visit.render(
        "journal_accounts.html",
        title="Accounts",
        state=state,
        balances=balances,
        totals=_totals(balances),
        names=Names(visit),
    )


def _totals(balances: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """All accounts of each currency together: debits and credits are equal, and the balance is nothing."""
    found: dict[str, dict[str, Any]] = {}
    for row in balances:
        zero, currency = Money.zero(row["currency"]), row["currency"]
        sums = found.setdefault(
            currency,
            {"account": "", "currency": currency, "lines": 0, "debits": zero, "credits": zero, "balance": zero},
        )
        sums["lines"] += row["lines"]
        for side in ("debits", "credits", "balance"):
            sums[side] += Money.of(*row[side].split(" "))
    return list(found.values())


def _show(visit: Visit) -> Response:
    entry = views.show_entry(visit.connection, visit.number("id"))
    proposals = list_proposals(visit.connection, act=REVERSE, subject=f"entry {entry['id']}")
    exports = [(each, STATES[show_export(visit.connection, each["export"])["state"]]) for each in entry["exports"]]
    return visit.render(
        "journal_entry.html",
        title=f"Entry {entry['id']}",
        entry=entry,
        exports=exports,
        proposals=proposals,
        names=Names(visit),
    )


def _by_key(visit: Visit) -> Response:
    """The entry of a key, as another names it."""
    return visit.go(f"/journal/{views.find_entry(visit.connection, visit.asked('key'))}")


def _ask_reversal(visit: Visit) -> Response:
    """What reversing would post, found out by doing it and rolling it back."""
    number = visit.number("id")
    tried, trouble = None, None
    if visit.may(MAY_REVERSE):
        try:
            tried = visit.act(
                lambda tx: with_entries(tx, lambda inner: reverse_entry(inner, number, visit.who, "…"), visit.who),
                dry_run=True,
            )
        except Refused as error:
            trouble = error
    return visit.render(
        "journal_reverse.html",
        title=f"Reverse entry {number}",
        number=number,
        tried=tried,
        trouble=trouble,
        two=visit.desk.settings.two_persons_above,
        names=Names(visit),
    )


def _reverse(visit: Visit) -> Response:
    number, limit = visit.number("id"), visit.desk.settings.two_persons_above
    amount, proposal = visit.act(reverse_entry, number, visit.who, visit.given("reason"), limit)
    shown = visit.present.money(amount)
    if proposal is not None:
        return visit.go(f"/journal/{number}", f"Proposal {proposal}: {shown}; a second person must approve it.")
    return visit.go(f"/journal/{number}", f"Entry {number} of {shown} is reversed.")


def _find(visit: Visit, sought: Sought) -> list[Hit]:
    if not sought.wants("entry") or not sought.words:
        return []
    try:
        number = views.find_entry(visit.connection, sought.words.lower().removeprefix("entry "))
    except NotFound:
        return []
    return [Hit("entry", f"Journal entry {number}", f"/journal/{number}", "its number or key")]


PAGE = Page(
    "journal",
    "Journal",
    (
        Route("/journal", _list),
        Route("/journal.csv", _download),
        Route("/journal/accounts", _accounts),
        Route("/journal/by-key", _by_key),
        Route("/journal/{id:int}", _show),
        Route("/journal/{id:int}/reverse", _ask_reversal),
        Route("/journal/{id:int}/reverse", _reverse, MAY_REVERSE, "POST"),
    ),
    Place(Group.MONEY, 6, "sum"),
    find=_find,
    grows=(Grows("/journal", "posting", "postings", _growing),),
)
