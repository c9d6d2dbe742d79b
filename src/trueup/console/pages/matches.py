"""Ambiguous matches: lines that several explanations fit, side by side; a person says which is right."""

from __future__ import annotations

from starlette.responses import Response

from trueup.base.errors import Invalid, NotFound
from trueup.console.page import Group, Page, Place, Route
from trueup.console.tables import Column, state_of
from trueup.console.visit import Visit
from trueup.domain.cases import Resolution
from trueup.storage.views.case_queue import CaseFilter, page_cases, sum_cases
from trueup.storage.views.cases import show_case
from trueup.storage.views.rivals import list_rivals
from trueup.workflows.answer_suspense import choose_rival

_KIND = "remittance.contested"
_COLUMNS = (Column("Case"), Column("What"), Column("At risk", "number"), Column("Time left", "number"))
_ENOUGH_MARGIN = 15
"""Points between the first explanation and the second from which a person may be shown the first as likely."""


def _list(visit: Visit) -> Response:
    state = state_of(visit, "at")
    paged = page_cases(visit.connection, CaseFilter(kind=_KIND), visit.now, sort="money", at=state["at"])
    return visit.render("matches.html", state=state, columns=_COLUMNS, paged=paged)


def _show(visit: Visit) -> Response:
    case = show_case(visit.connection, visit.number("case"))
    if case["kind"] != _KIND:
        raise NotFound(f"Case {case['id']} is {case['kind']}: it has no rival explanations.")
    rivals = list_rivals(visit.connection, case["kind"], case["subject"])
    scores = [rival["score"] for rival in rivals]
    margin = scores[0] - scores[1] if len(scores) > 1 else 0
    return visit.render(
        "match.html",
        title=f"Match of case {case['id']}",
        case=case,
        rivals=rivals,
        margin=margin,
        likely=margin >= _ENOUGH_MARGIN,
    )


def _choose(visit: Visit) -> Response:
    choice = visit.given("choice")
    if not choice.isdecimal():
        raise Invalid("Choose one of the explanations first.")
    number, note = visit.number("case"), visit.given("note")
    done = visit.act(lambda tx: choose_rival(tx, number, int(choice), visit.who, note=note))
    more = f" {done.left} more wait in the case; they are matched again." if done.left else ""
    return visit.go(
        "/matches", f"Case {number}: explanation {choice} is booked, {done.lines} lines of {done.amount}.{more}"
    )


def _count(visit: Visit) -> int:
    return sum_cases(visit.connection, CaseFilter(kind=_KIND), visit.now).count


PAGE = Page(
    "matches",
    "Matches",
    (
        Route("/matches", _list),
        Route("/matches/{case:int}", _show),
        Route("/matches/{case:int}/choose", _choose, "remittances.import", "POST"),
    ),
    Place(Group.MONEY, 2, "arrows-exchange"),
    count=_count,
    decides={Resolution.CHOOSE.value: "/matches/{case}"},
)
