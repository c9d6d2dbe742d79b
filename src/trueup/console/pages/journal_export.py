"""Export of the journal: what the filters leave as a spreadsheet, or for another ledger, which is given each entry once."""

from __future__ import annotations

from starlette.responses import Response

from trueup.console.page import Offer, Page, Route
from trueup.console.pages.journal import STATE, wanted_of
from trueup.console.pages.ledger_export import STATES
from trueup.console.tables import State, state_of
from trueup.console.visit import Visit
from trueup.formats.journal_export import known_exports
from trueup.storage.views.exports import list_exports
from trueup.storage.views.journal_lines import count_lines
from trueup.workflows.export_journal import Ledger, Scope
from trueup.workflows.jobs.export_journal import ask_export
from trueup.workflows.jobs.list_journal_lines import FORMS, ask_lines

_EXPORTS = 50


def _show(visit: Visit) -> Response:
    state = state_of(visit, *STATE)
    wanted = wanted_of(state)
    return visit.render(
        "journal_export.html",
        title="Export of the journal",
        state=state,
        lines=count_lines(visit.connection, wanted),
        back=f"/journal{state.to()[len(state.path) :]}",
        only_days=not (wanted.account or wanted.kind),
        forms=FORMS,
        targets=known_exports().values(),
        states=STATES,
        exports=list_exports(visit.connection, limit=_EXPORTS),
    )


def _lines(visit: Visit) -> Response:
    """The lines that the filters leave, as long work."""
    wanted = wanted_of(State("", {name: visit.given(name) for name in STATE}))
    number = visit.act(ask_lines, visit.given("form"), wanted, visit.who)
    return visit.go(f"/jobs/{number}")


def _ledger(visit: Visit) -> Response:
    """Entries for another ledger, as long work."""
    days = wanted_of(State("", {name: visit.given(name) for name in ("from", "to")}))
    scope = Scope(visit.given("target"), days.since, days.until, visit.given("again") == "yes")
    number = visit.act(ask_export, scope, Ledger.of(visit.desk.settings.books), visit.who)
    return visit.go(f"/jobs/{number}")


PAGE = Page(
    "journal_export",
    "Export of the journal",
    (
        Route("/journal/export", _show),
        Route("/journal/export/lines", _lines, "journal.export", "POST"),
        Route("/journal/export/ledger", _ledger, "journal.export", "POST"),
    ),
    about={"/journal/export": "export "},
    offers=(Offer("Export the journal", "/journal/export", "journal.export"),),
)
