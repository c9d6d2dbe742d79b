"""Proposals: what waits for a second person, whatever it is about, and its approval."""

from __future__ import annotations

from starlette.responses import Response

from trueup.console.addresses import ours
from trueup.console.page import Grows, Page, Route
from trueup.console.tables import state_of
from trueup.console.visit import Visit
from trueup.storage.views import acts as views
from trueup.storage.views.growing import Growing
from trueup.workflows.approve_proposal import approve_proposal


def _list(visit: Visit) -> Response:
    state = state_of(visit, "at")
    paged = views.page_proposals(visit.connection, state["at"])
    count = views.count_proposals(visit.connection)
    return visit.render("proposals.html", state=state, paged=paged, proposals=paged.rows, count=count)


def _growing(_visit: Visit) -> Growing:
    return views.growing_proposals()


def _approve(visit: Visit) -> Response:
    """Back to the object or the list that the proposal was seen in."""
    approved = visit.act(approve_proposal, visit.number("proposal"), visit.who)
    return visit.go(ours(visit.given("back") or "/exceptions"), f"Approved: {approved.words}.")


PAGE = Page(
    "proposals",
    "Wait for a second person",
    (
        Route("/proposals", _list),
        Route("/proposals/{proposal:int}/approve", _approve, "proposals.approve", "POST"),
    ),
    grows=(Grows("/proposals", "proposal", "proposals", _growing),),
)
