"""Answers: what waits in the books is said to be something, posted, or given up; the page says what that books and closes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import RedirectResponse, Response

from trueup.base.errors import NotFound, Refused, TrueupError
from trueup.console.case_words import label_of
from trueup.console.money_words import Names
from trueup.console.page import Page, Route
from trueup.console.tables import Choice
from trueup.console.visit import Visit
from trueup.domain.cases import Resolution
from trueup.storage.views.case_queue import show_queued
from trueup.storage.views.recovery import find_claim_of_case
from trueup.workflows.answer_case import ANSWERS, Answer, answer_case, waiting_of
from trueup.workflows.resolve_case import may_resolve_kind

_MAY = "cases.resolve"
_SHOWN = 200


def _show(visit: Visit) -> Response:
    return _page(visit, {"resolution": visit.asked("resolution")})


def _try(visit: Visit) -> Response:
    """What the answer would do, found out by doing it and rolling it back."""
    answer = _answer(visit)
    try:
        tried = visit.act(answer_case, answer, visit.who, dry_run=True)
    except (Refused, NotFound) as error:
        return _page(visit, _given(visit), trouble=error)
    return _page(visit, _given(visit), tried=tried)


def _send(visit: Visit) -> Response:
    done = visit.act(answer_case, _answer(visit), visit.who, visit.desk.settings.two_persons_above)
    if done.answered.proposal is not None:
        number = done.answered.proposal
        return visit.go(f"/exceptions?row={done.answered.case}", f"Proposal {number} waits for a second person.")
    amount = visit.present.money(done.answered.amount)
    words = f"Case {done.answered.case}: {done.answered.lines} lines of {amount} are booked, {len(done.closed)} cases closed."
    more = f" Rule {done.rule} is proposed." if done.rule else ""
    return visit.go("/exceptions", words + more)


def _given(visit: Visit) -> dict[str, str]:
    return {name: visit.given(name) for name in ("resolution", "type", "account", "note", "as_rule")}


def _answer(visit: Visit) -> Answer:
    given = _given(visit)
    number, resolution = visit.number("case"), given["resolution"]
    if resolution not in [each.value for each in ANSWERS]:
        raise Refused(
            f"Case {number}: {resolution!r} is no answer; expected {', '.join(each.value for each in ANSWERS)}."
        )
    return Answer(
        number, Resolution(resolution), given["type"], given["account"], given["note"], given["as_rule"] == "yes"
    )


def _page(visit: Visit, given: Mapping[str, str], tried: Any = None, trouble: TrueupError | None = None) -> Response:
    number = visit.number("case")
    case = show_queued(visit.connection, number, visit.now)
    if case is None:
        raise NotFound(f"Case {number}: there is none of that number.")
    offered = [each for each in ANSWERS if case["state"] == "open" and each.value in case["resolutions"]]
    lines = visit.act(waiting_of, number, dry_run=True)
    return visit.render(
        "answers.html",
        status=trouble.http_status if trouble else 200,
        title=f"Answer case {number}",
        case=case,
        offered=[Choice(each.value, label_of(each.value)) for each in offered],
        wanted=given.get("resolution") or (offered[0].value if offered else ""),
        given=given,
        lines=lines[:_SHOWN],
        more=max(0, len(lines) - _SHOWN),
        tried=tried,
        trouble=trouble,
        may_decide=may_resolve_kind(visit.who, case["kind"]),
        names=Names(visit),
        **choices_of(visit),
    )


def choices_of(visit: Visit) -> dict[str, list[Choice]]:
    """The types that lines can be, and the accounts that they can go to."""
    books, names = visit.desk.world.books, Names(visit)
    types = books.grammars.now(visit.connection).types.values()
    return {
        "types": [
            Choice(each.code, names.type(each.code)) for each in sorted(types, key=lambda each: each.label.lower())
        ],
        "accounts": [
            Choice("", "its type's account"),
            *(Choice(each.code, names.account(each.code)) for each in books.chart.accounts),
        ],
    }


def _dispute(visit: Visit) -> Response:
    """The claim that a case is about, where it is disputed."""
    claim = find_claim_of_case(visit.connection, visit.number("case"))
    return RedirectResponse(f"/recovery/{claim}" if claim is not None else "/recovery", status_code=303)


PAGE = Page(
    "answers",
    "Answers",
    (
        Route("/answers/{case:int}", _show),
        Route("/answers/{case:int}/try", _try, _MAY, "POST"),
        Route("/answers/{case:int}", _send, _MAY, "POST"),
        Route("/answers/{case:int}/claim", _dispute),
    ),
    decides={
        Resolution.CLASSIFY.value: "/answers/{case}?resolution=classify",
        Resolution.POST_NOW.value: "/answers/{case}?resolution=post-now",
        Resolution.WRITE_OFF.value: "/answers/{case}?resolution=write-off",
        Resolution.DISPUTE.value: "/answers/{case}/claim",
    },
)
