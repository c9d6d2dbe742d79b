"""Matches: lines that a person places, what lines were matched to, and what was taken apart again."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from trueup.base.errors import NotFound, TrueupError
from trueup.console.money_words import Names
from trueup.console.page import Group, Grows, Page, Place, Route
from trueup.console.tables import Choice, Column, State, state_of
from trueup.console.visit import Visit
from trueup.domain.settlement import TO_CHECK, UNMATCHED
from trueup.storage.views import match_desk as desk
from trueup.storage.views.acts import list_proposals
from trueup.storage.views.case_queue import CaseFilter, growing_cases, page_cases
from trueup.storage.views.case_sums import sum_cases
from trueup.storage.views.growing import Growing
from trueup.workflows.match_lines import MAY
from trueup.workflows.preview_entries import with_entries
from trueup.workflows.undo_match import ACT as UNDO
from trueup.workflows.undo_match import undo_match

_CONTESTED = "remittance.contested"
_WAITING = f"{_CONTESTED},{UNMATCHED},{TO_CHECK}"
_CASES = (Column("Case"), Column("What"), Column("At risk", "number"), Column("Time left", "number"))
_MATCHED = (
    Column("Payment"),
    Column("Line"),
    Column("Settled", "number"),
    Column("Why"),
    Column("By", spare=True),
    Column("When", spare=True),
    Column("Undo", "mark"),
)
_UNDONE = (Column("Payment"), Column("Was"), Column("Said by", spare=True), Column("Undone by"), Column("Why"))
_TABS = (Choice("waits", "To match"), Choice("matched", "Matched"), Choice("undone", "Undone"))


def _list(visit: Visit) -> Response:
    state = state_of(visit, "view", "at")
    context: dict[str, Any] = {"state": state, "tabs": _TABS, "names": Names(visit), "view": state["view"] or "waits"}
    context["proposals"] = undoings(visit)
    match context["view"]:
        case "matched":
            paged = desk.page_matched(visit.connection, state["at"])
            return visit.render("matches.html", columns=_MATCHED, paged=paged, **context)
        case "undone":
            return visit.render(
                "matches.html", columns=_UNDONE, paged=desk.page_undone(visit.connection, state["at"]), **context
            )
        case _:
            paged = page_cases(visit.connection, CaseFilter(kind=_WAITING), visit.now, sort="money", at=state["at"])
            return visit.render("matches.html", columns=_CASES, paged=paged, **context)


def _growing(visit: Visit) -> Growing:
    match visit.asked("view"):
        case "matched":
            return desk.growing_matched()
        case "undone":
            return desk.growing_undone()
        case _:
            return growing_cases(CaseFilter(kind=_WAITING), visit.now)


def undoings(visit: Visit, of: str = "") -> list[dict[str, Any]]:
    """Undoings that wait for a second person; those of lines of one payment, named as proposals name it."""
    return list_proposals(visit.connection, act=UNDO, subject=f"{of}*", limit=None)


def _ask_undo(visit: Visit) -> Response:
    """What undoing would post, found out by doing it and rolling it back; and what was undone of the line before."""
    remittance, line = visit.number("id"), visit.number("line")
    tried, trouble = None, None
    if visit.may(MAY):
        try:
            tried = visit.act(
                lambda tx: with_entries(
                    tx, lambda inner: undo_match(inner, remittance, line, visit.who, "…"), visit.who
                ),
                dry_run=True,
            )
        except TrueupError as error:
            trouble = error
    return visit.render(
        "match_undo.html",
        status=trouble.http_status if isinstance(trouble, NotFound) else 200,
        title=f"Undo the match of line {line}",
        remittance=remittance,
        line=line,
        tried=tried,
        trouble=trouble,
        two=visit.desk.settings.two_persons_above,
        history=desk.undone_of(visit.connection, remittance, line),
        names=Names(visit),
        state=State(visit.request.url.path),
    )


def _undo(visit: Visit) -> Response:
    remittance, line = visit.number("id"), visit.number("line")
    limit = visit.desk.settings.two_persons_above
    done = visit.act(undo_match, remittance, line, visit.who, visit.given("reason"), limit)
    lines = "1 line" if done.lines == 1 else f"{done.lines} lines"
    if done.proposal is not None:
        words = (
            f"Proposal {done.proposal}: {lines} of {visit.present.money(done.amount)}; a second person must approve it."
        )
        return visit.go(f"/remittances/{remittance}", words)
    return visit.go(
        f"/matches/{done.case}", f"{lines} of {visit.present.money(done.amount)} are undone and wait again."
    )


def _count(visit: Visit) -> int:
    return sum_cases(visit.connection, CaseFilter(kind=_WAITING), visit.now).count


PAGE = Page(
    "matches",
    "Matches",
    (
        Route("/matches", _list),
        Route("/matches/undo/{id:int}/{line:int}", _ask_undo),
        Route("/matches/undo/{id:int}/{line:int}", _undo, MAY, "POST"),
    ),
    Place(Group.MONEY, 2, "arrows-exchange"),
    count=_count,
    grows=(Grows("/matches", "line", "lines", _growing),),
)
