"""One export of the journal: prepared, sent, read back; who said so, and what the ledger itself shows of what it was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from trueup.console.money_words import Names
from trueup.console.page import Page, Route
from trueup.console.tables import read_day
from trueup.console.visit import Visit
from trueup.formats.journal_export import export_named
from trueup.storage.views.exports import show_export
from trueup.workflows.export_journal import ACT
from trueup.workflows.read_back_export import Shown, note_sent, take_in_shown

STATES = {
    "recorded": ("warn", "Recorded, not in place"),
    "prepared": ("info", "Prepared"),
    "sent": ("held", "Sent, not read back"),
    "differs": ("bad", "Read back: differs"),
    "read-back": ("ok", "Read back"),
}
"""The colour and the word of where an export stands. What was merely sent is not green."""


def _show(visit: Visit) -> Response:
    export = show_export(visit.connection, visit.number("id"))
    return visit.render(
        "ledger_export.html",
        title=f"Export {export['id']}",
        export=export,
        ledger=export_named(export["target"]),
        stages=_stages(export),
        state=STATES[export["state"]],
        names=Names(visit),
        may=visit.may(ACT),
    )


def _stages(export: Mapping[str, Any]) -> list[dict[str, Any]]:
    def stage(name: str, state: str, word: str, at: Any) -> dict[str, Any]:
        return {"name": name, "state": state, "word": word, "at": at, "href": ""}

    read = {"read-back": ("ok", "Agrees"), "differs": ("bad", "Differs")}.get(export["state"], ("idle", "Unknown"))
    sent = ("held", f"Says {export['sent_by']}") if export["sent_at"] else ("idle", "Not said")
    made = ("ok", "In place") if export["in_place"] else ("warn", "Not in place")
    return [
        stage("Prepared", *made, export["at"]),
        stage("Sent", *sent, export["sent_at"]),
        stage("Read back", *read, export["read_at"]),
    ]


def _sent(visit: Visit) -> Response:
    number = visit.number("id")
    fresh = visit.act(note_sent, number, visit.given("how"), visit.who)
    words = "is noted as sent. Read the ledger back to prove it." if fresh else "was noted as sent before."
    return visit.go(f"/journal/exports/{number}", f"Export {number} {words}")


def _read(visit: Visit) -> Response:
    number, (name, content) = visit.number("id"), visit.upload("file")
    shown = Shown(content, read_day(visit.given("from")), read_day(visit.given("to")))
    read = visit.attempt(take_in_shown, number, shown, name, visit.who)  # what is no ledger is archived, and refused
    count = len(read.differing)
    if not count:
        words = f"Every one of {read.accounts} accounts comes to what the ledger was given."
    else:
        words = f"{count} {'account differs' if count == 1 else 'accounts differ'}; a case says so."
    return visit.go(f"/journal/exports/{number}", words)


PAGE = Page(
    "ledger_export",
    "Export to a ledger",
    (
        Route("/journal/exports/{id:int}", _show),
        Route("/journal/exports/{id:int}/sent", _sent, ACT, "POST"),
        Route("/journal/exports/{id:int}/read-back", _read, ACT, "POST"),
    ),
)
