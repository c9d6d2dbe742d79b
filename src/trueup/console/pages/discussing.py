"""Discussing a case: comments, who works on it, put aside until a day and taken up again; each can be taken back."""

from __future__ import annotations

from datetime import date, datetime, time

from starlette.responses import Response

from trueup.base.clock import read_instant, write_instant
from trueup.base.errors import Invalid, NotFound
from trueup.console.drawing import query
from trueup.console.page import Page, Route
from trueup.console.pages.exceptions import back_to_queue, next_in_queue
from trueup.console.visit import Visit
from trueup.workflows.discuss_case import Snooze, assign_case, comment_on, snooze_case, wake_case, withdraw_comment
from trueup.workflows.people import all_people
from trueup.workflows.seen_cases import ASSIGNED, SET_ASIDE, Seen, act_as_seen


def _comment(visit: Visit) -> Response:
    case_id = visit.number("case")
    comment = visit.act(comment_on, case_id, visit.given("text"), visit.who)
    return visit.go(_here(visit), "Comment saved.", undo=f"/exceptions/{case_id}/comments/{comment}/withdraw")


def _withdraw(visit: Visit) -> Response:
    """Only who said it; it stays, and is seen to be withdrawn."""
    visit.act(withdraw_comment, visit.number("case"), visit.number("comment"), visit.who)
    return visit.go(_here(visit), "Comment withdrawn.")


def _assign(visit: Visit) -> Response:
    """`person` may stand in the address: that is how an assignment is taken back."""
    name = visit.given("person") or visit.asked("person")
    to = all_people(visit.connection, visit.desk.settings.people).get(name) if name else None
    if name and to is None:
        raise NotFound(f"{name!r} is nobody here.")
    case_id = visit.number("case")
    before = visit.act(act_as_seen, _seen(visit, ASSIGNED), visit.who, assign_case, case_id, to, visit.who)
    undo = f"/exceptions/{case_id}/assign{query({'person': before})}" if before != (name or None) else ""
    return visit.go(_here(visit), f"Case {case_id}: {name or 'nobody'} works on it.", undo=undo)


def _snooze(visit: Visit) -> Response:
    case_id, until = visit.number("case"), until_of(visit)
    follows, reason = next_in_queue(visit, case_id), visit.given("reason") or visit.asked("reason")
    seen = _seen(visit, SET_ASIDE)
    before = visit.act(act_as_seen, seen, visit.who, snooze_case, case_id, until, reason, visit.who)
    words = f"Case {case_id} is put aside until {visit.present.day(write_instant(until))}."
    undo = f"/exceptions/{case_id}/wake" if before is None else _snooze_again(case_id, before)
    return visit.go(follows, words, undo=undo)


def until_of(visit: Visit) -> datetime:
    """Nine o'clock of a day that is said in the form; or, to take something back, an instant in the address."""
    try:
        if visit.asked("at"):
            return read_instant(visit.asked("at"))
        return datetime.combine(date.fromisoformat(visit.given("until")), time(9), visit.present.zone)
    except ValueError as error:
        raise Invalid("Say until which day the case is put aside.") from error


def _snooze_again(case_id: int, before: Snooze) -> str:
    return f"/exceptions/{case_id}/snooze{query({'at': write_instant(before.until), 'reason': before.reason})}"


def _wake(visit: Visit) -> Response:
    case_id = visit.number("case")
    before = visit.act(act_as_seen, _seen(visit, SET_ASIDE), visit.who, wake_case, case_id, visit.who)
    undo = _snooze_again(case_id, before) if before.until > visit.now else ""
    return visit.go(f"/exceptions?row={case_id}", f"Case {case_id} is back.", undo=undo)


def _seen(visit: Visit, kinds: tuple[str, ...]) -> Seen:
    """The case as the page of the form showed it; forms of no page compare nothing."""
    newest = visit.given("seen_act")
    return Seen(visit.number("case"), int(newest) if newest.isdecimal() and len(newest) < 19 else None, kinds)


def _here(visit: Visit) -> str:
    back = back_to_queue(visit)
    joint = "&" if "?" in back else "?"
    return f"{back}{joint}row={visit.number('case')}"


PAGE = Page(
    "discussing",
    "Discussing a case",
    (
        Route("/exceptions/{case:int}/comment", _comment, "cases.discuss", "POST"),
        Route("/exceptions/{case:int}/comments/{comment:int}/withdraw", _withdraw, "cases.discuss", "POST"),
        Route("/exceptions/{case:int}/assign", _assign, "cases.discuss", "POST"),
        Route("/exceptions/{case:int}/snooze", _snooze, "cases.discuss", "POST"),
        Route("/exceptions/{case:int}/wake", _wake, "cases.discuss", "POST"),
    ),
)
