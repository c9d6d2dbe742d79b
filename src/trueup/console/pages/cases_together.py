"""Cases together: one merged into another and taken apart again, who else is at a case, and what the chosen ones come to."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from markupsafe import Markup
from starlette.responses import Response

from trueup.base.errors import Invalid
from trueup.console.drawing import templates
from trueup.console.live import Message, stream
from trueup.console.news import news_of
from trueup.console.page import Page, Route
from trueup.console.pages.exceptions import EXCEPTIONS, next_in_queue
from trueup.console.visit import Visit
from trueup.storage.views.case_sums import money_of
from trueup.workflows.be_at_case import Present, still_there, write_about
from trueup.workflows.merge_cases import merge_case, unmerge_case
from trueup.workflows.recall_retry import recall_retry

_LONGEST_NUMBER = 18


def _merge(visit: Visit) -> Response:
    """Done at once: it is taken back by a key."""
    case_id, said = visit.number("case"), visit.given("into").partition(" ")[0].lstrip("#")
    into = said or visit.asked("into")
    if not into.isdecimal() or len(into) > _LONGEST_NUMBER:
        raise Invalid(f"Of which case it is a duplicate: expected its number, found {said!r}.")
    follows = next_in_queue(visit, case_id)
    visit.act(merge_case, case_id, int(into), visit.who, visit.given("note"))
    words = f"Case {case_id} is merged into case {into}, which stands for it."
    return visit.go(follows, words, undo=f"/exceptions/{case_id}/unmerge")


def _unmerge(visit: Visit) -> Response:
    case_id = visit.number("case")
    into = visit.act(unmerge_case, case_id, visit.who)
    words = f"Case {case_id} stands for itself again."
    return visit.go(f"/exceptions?row={case_id}", words, undo=f"/exceptions/{case_id}/merge?into={into}")


def _recall(visit: Visit) -> Response:
    """What a retry queued is called off, and the case is open again."""
    case_id = visit.number("case")
    visit.act(recall_retry, case_id, visit.who)
    return visit.go(f"/exceptions?row={case_id}", f"Called off before it began; case {case_id} is open again.")


def _writing(visit: Visit) -> Response:
    """The person writes about it: told to those who have it open."""
    visit.desk.act(False, write_about, visit.number("case"), visit.who)
    return Response(status_code=204)


def _chosen(visit: Visit) -> Response:
    """How many cases are marked, and what is at risk in them, per currency."""
    ids = [int(value) for value in visit.all_given("case") if value.isdecimal() and len(value) <= _LONGEST_NUMBER]
    return visit.render("cases_chosen.html", count=len(ids), money=money_of(visit.connection, ids))


def _live(visit: Visit) -> Response:
    """What the queue tells while it is looked at: how many cases came since, and who else has the one that is open."""
    now, news_look = visit.desk.world.clock.now, news_of(visit, EXCEPTIONS)

    def look(connection: sa.Connection) -> Message:
        news = news_look(connection)
        case_id, others = still_there(connection, visit.who, now())
        there = templates().get_template("page/case_presence.html").render(others=others)
        part = Markup('<hx-partial hx-target="#presence" hx-swap="innerHTML">{}</hx-partial>').format(Markup(there))
        return Message(f"{news.id}-{case_id}-{_said(others)}", news.html + part)

    return stream(visit, look)


def _said(others: Sequence[Present]) -> str:
    """Who is there, as an id of a message: letters and digits alone."""
    return "-".join(f"{each.person.encode().hex()}{'w' if each.writes else ''}" for each in others)


PAGE = Page(
    "cases-together",
    "Cases together",
    (
        Route(EXCEPTIONS.live + "/{after:int}", _live),
        Route("/exceptions/chosen", _chosen, method="POST"),
        Route("/exceptions/{case:int}/writing", _writing, "cases.discuss", "POST"),
        Route("/exceptions/{case:int}/merge", _merge, "cases.resolve", "POST"),
        Route("/exceptions/{case:int}/unmerge", _unmerge, "cases.resolve", "POST"),
        Route("/exceptions/{case:int}/recall", _recall, "cases.resolve", "POST"),
    ),
)
