"""Remittances: every payment, and one as a statement that adds up, each line with its document, its account and its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from trueup.base.errors import Invalid
from trueup.console.money_words import Names
from trueup.console.page import Group, Hit, Page, Place, Route
from trueup.console.pages.matches import undoings
from trueup.console.search_words import Sought
from trueup.console.tables import Choice, Column, Filter, state_of
from trueup.console.visit import Visit
from trueup.storage.views import remittances as views
from trueup.storage.views.remittance_lines import explain_lines
from trueup.workflows.import_remittances import Upload
from trueup.workflows.jobs.import_remittances import ask_import

_COLUMNS = (
    Column("Payment"),
    Column("Paid on"),
    Column("Partner", spare=True),
    Column("Told by", spare=True),
    Column("Lines", "number", spare=True),
    Column("Amount", "number"),
    Column("In suspense", "number"),
    Column("State", "mark"),
)
_STATES = (
    Choice("posted", "Posted"),
    Choice("held", "Held"),
    Choice("unposted", "Not posted"),
    Choice("voided", "Voided"),
    Choice("failed", "Failed"),
)
_MOST_LINES = 500


def _list(visit: Visit) -> Response:
    state = state_of(visit, "partner", "state", "waits", "at")
    wanted = views.RemittanceFilter(
        partner=state["partner"] or None, state=state["state"] or None, unexplained=state["waits"] == "yes"
    )
    partners = [Choice(name, name) for name in sorted(visit.desk.world.partners)]
    return visit.render(
        "remittances.html",
        state=state,
        columns=_COLUMNS,
        names=Names(visit),
        filters=(
            Filter("partner", "Partner", partners),
            Filter("state", "State", _STATES),
            Filter("waits", "In suspense", (Choice("yes", "Something waits"),)),
        ),
        paged=views.page_remittances(visit.connection, wanted, state["at"]),
    )


def _ask_file(visit: Visit) -> Response:
    return visit.render(
        "remittances_upload.html", title="Upload remittances", partners=sorted(visit.desk.world.partners)
    )


def _upload(visit: Visit) -> Response:
    """Archived at once and looked at; what it holds is booked by a worker, and its page says how far that is."""
    name, content = visit.upload("file")
    partner = visit.given("partner")
    if partner not in visit.desk.world.partners:
        raise Invalid(f"Partner {partner!r}: expected one of {', '.join(sorted(visit.desk.world.partners))}.")
    job = visit.act(ask_import, Upload(content, name, partner, visit.who))
    return visit.go(f"/jobs/{job}", f"{name} is archived.")


def _show(visit: Visit) -> Response:
    number = visit.number("id")
    shown = views.show_remittance(visit.connection, number)
    lines = explain_lines(visit.connection, views.load_payment(visit.connection, number), limit=_MOST_LINES)
    wanted = visit.asked("only")
    if wanted == "waits":
        lines = [line for line in lines if line["waits"]]
    return visit.render(
        "remittance.html",
        title=f"Payment {shown['payment']}",
        state=state_of(visit, "only"),
        tabs=(Choice("all", "All lines"), Choice("waits", "What waits")),
        shown=shown,
        lines=lines,
        more=max(0, shown["lines"] - _MOST_LINES),
        names=Names(visit),
        proposals=undoings(visit, f"payment {shown['partner']}/{shown['payment']} line "),
    )


def _find(visit: Visit, sought: Sought) -> list[Hit]:
    if not sought.wants("payment"):
        return []
    number = sought.words.removeprefix("payment ").rpartition("/")[2]
    rows = _sought(visit, sought, views.RemittanceFilter(begins=number, ranges=sought.ranges))
    hits = []
    for row in rows:
        exact = row["payment"] == number
        hits.append(_hit(row, sought.why("its number" if exact else "its number begins so"), exact=exact))
    if sought.amount:
        rows = _sought(visit, sought, views.RemittanceFilter(ranges=sought.amount))
        hits += [_hit(row, "its amount", exact=True) for row in rows]
    return hits


def _sought(visit: Visit, sought: Sought, wanted: views.RemittanceFilter) -> Sequence[Mapping[Any, Any]]:
    narrowed = replace(wanted, partner=sought.partner or None)
    return views.page_remittances(visit.connection, narrowed, "", sought.most).rows


def _hit(row: Mapping[Any, Any], why: str, *, exact: bool) -> Hit:
    state = "In suspense" if row["in_suspense"] else row["posting"].capitalize()
    address, money, paid_on = f"/remittances/{row['id']}", row["amount"], row["paid_on"]
    return Hit("payment", row["payment"], address, why, state, exact, money, row["partner"], paid_on)


PAGE = Page(
    "remittances",
    "Remittances",
    (
        Route("/remittances", _list),
        Route("/remittances/upload", _ask_file),
        Route("/remittances/upload", _upload, "remittances.import", "POST"),
        Route("/remittances/{id:int}", _show),
    ),
    Place(Group.MONEY, 1, "cash"),
    "m",
    find=_find,
)
