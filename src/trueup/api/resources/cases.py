"""Cases: what needs a person, with the money at risk, the deadline, and the resolutions that are allowed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import Blank, Hash, Instant, Name, Number, Page, Paging, Price, Shape
from trueup.base.errors import NotFound
from trueup.domain.cases import CaseStanding, CaseState, Resolution
from trueup.storage.views import case_queue
from trueup.storage.views.acts import newest_deed
from trueup.storage.views.cases import show_case

_EXAMPLE = {
    "id": 2,
    "kind": "held.cost-differs",
    "subject": "order amazon-us/PO000002 line 1",
    "order": "amazon-us/PO000002",
    "line": 1,
    "title": "Cost differs on PO000002 line 1: 26.50 USD ordered, 27.00 USD agreed",
    "expected": "27.00 USD",
    "found": "26.50 USD",
    "money_at_risk": {"amount": "318.00", "currency": "USD"},
    "deadline": "2026-11-24T06:00:00Z",
    "owner": "operations",
    "person": None,
    "standing": "new",
    "cause": "item LAMP-1",
    "things": 1,
    "known_money": {"amount": "318.00", "currency": "USD"},
    "known_things": 1,
    "known_at": None,
    "escalated_to": None,
    "escalated_why": None,
    "escalated_at": None,
    "came_back_from": None,
    "merged_into": None,
    "snoozed_until": None,
    "snooze_reason": None,
    "back_early": None,
    "proposal": None,
    "resolutions": ["use-ours", "accept-as-ordered", "reject"],
    "state": "open",
    "opened_at": "2026-11-23T09:01:00Z",
    "resolved_at": None,
    "resolution": None,
    "resolved_by": None,
    "note": None,
    "evidence": "0f" * 32,
}


class Case(Shape, json_schema_extra={"examples": [_EXAMPLE]}):
    """A case: two facts that disagree, and what a person may decide about it."""

    id: int
    kind: str
    subject: str
    order: str | None
    """The purchase order it is about, as partner/number."""
    line: int | None
    title: str
    expected: str
    found: str
    money_at_risk: Price | None
    deadline: Instant | None
    owner: str
    person: str | None
    """Who works on it."""
    standing: CaseStanding
    """One word at a time. `escalating`: more money, or more of the same, than is known of it; see `known_money`."""
    cause: str
    """What made it: cases of one kind and cause are mended together."""
    things: int
    """Of how many it tells: lines in suspense, for example."""
    known_money: Price | None
    """What was at risk when somebody last took it up, or after its first day."""
    known_things: int
    known_at: Instant | None
    """When somebody took it up last."""
    escalated_to: str | None
    """To whom it went because nobody had it: a role, or a person by name."""
    escalated_why: str | None
    escalated_at: Instant | None
    """Since when it escalates."""
    came_back_from: int | None
    """The case that it was when it was resolved before, or that stood for it."""
    merged_into: int | None
    """The case that stands for it."""
    snoozed_until: Instant | None
    snooze_reason: str | None
    back_early: Literal["worse", "due"] | None
    """Why it is back before its time: it got worse, or is due sooner than it would have come back."""
    proposal: int | None
    """The proposal that waits for a second person."""
    resolutions: list[Resolution]
    """What is allowed."""
    state: CaseState
    opened_at: Instant
    resolved_at: Instant | None
    resolution: Blank
    resolved_by: Blank
    note: Blank
    evidence: Hash | None
    """The document that says so."""


class Comment(Shape):
    """What someone said about a case."""

    id: int
    at: Instant
    actor: str
    text: str
    withdrawn_at: Instant | None
    """When who said it took it back."""


class Happened(Shape):
    """One thing that happened to a case. `details` are as the act was recorded."""

    at: Instant
    who: str
    what: str
    details: Any


class WholeCase(
    Case,
    json_schema_extra={
        "examples": [
            {
                **_EXAMPLE,
                "stands_for": [],
                "comments": [
                    {
                        "id": 1,
                        "at": "2026-11-23T09:05:00Z",
                        "actor": "Olga",
                        "text": "Asked the buyer.",
                        "withdrawn_at": None,
                    }
                ],
                "newest_act": 88,
                "history": [
                    {
                        "at": "2026-11-23T09:05:00Z",
                        "who": "Olga",
                        "what": "case.commented",
                        "details": {"text": "Asked the buyer."},
                    }
                ],
            }
        ]
    },
):
    """A case with what was said about it and what happened to it, the oldest first."""

    stands_for: list[int]
    """The cases that are merged into it."""
    comments: list[Comment]
    history: list[Happened]
    newest_act: int
    """The number of the newest act about it, 0 for none: `seen` of an act says that this was known."""


class CaseFiltering(Paging):
    """Which cases. Filters narrow together."""

    view: Literal["open", "waiting", "snoozed", "resolved"] = "open"
    """Which stand so."""
    kind: Name = ""
    """Of this kind, or of kinds that begin so: `held.`"""
    owner: Name = ""
    """Whose team it is."""
    partner: Name = ""
    """About this partner's orders."""
    person: Name = ""
    """Worked on by this person."""
    cause: Name = ""
    """With this cause, as `/case-causes` names it."""
    about: Name = ""
    """About this connection: what is read of it, or that it rests."""
    standing: CaseStanding | None = None
    """Which stand so, of those that the view has."""
    resolved_by: Literal["people", "itself", "merged"] | None = None
    """Of resolved ones: by a person, by themselves, or not at all: another case stands for them."""
    words: Name = ""
    """With these words in title, subject, expected or found, or in the order's number."""


class CaseQuery(CaseFiltering):
    """Which cases, in which order."""

    sort: Literal["urgency", "deadline", "money", "age"] | None = None
    """By what. Not said: money at risk by the hours left, and of resolved ones the newest first.
    That order moves while pages are read; who must have every case walks by age, whose order never changes."""


def filter_of(asked: CaseFiltering) -> case_queue.CaseFilter:
    """The filter that a query says."""
    return case_queue.CaseFilter(
        asked.view,
        asked.kind,
        asked.owner,
        asked.partner,
        asked.person,
        asked.words,
        cause=asked.cause,
        standing=asked.standing or "",
        resolved_by=asked.resolved_by or "",
        about=asked.about,
    )


def list_cases(call: Calling, asked: Annotated[CaseQuery, Query()]) -> Page[Case]:
    """List cases, what presses most first."""
    with call.look() as connection:
        paged = case_queue.page_cases(
            connection, filter_of(asked), call.now, sort=asked.sort or "", at=asked.at, limit=asked.limit
        )
        return call.page(Case, paged.rows, paged.after)


def get_case(call: Calling, case: Number) -> WholeCase:
    """Show one case with its comments and its history."""
    with call.look() as connection:
        queued = case_queue.show_queued(connection, case, call.now)
        if queued is None:
            raise NotFound(f"Case {case}: there is none of that number.")
        history = show_case(connection, case)["history"]
        comments = case_queue.list_comments(connection, case)
        merged = case_queue.list_merged(connection, case, call.now)
        stands_for = [each["id"] for each in merged]
        newest = newest_deed(connection, f"case {case}")
        told = {
            "stands_for": stands_for,
            "history": history,
            "comments": comments,
            "newest_act": newest,
        }
        whole = {**queued, **told}
        return WholeCase.model_validate(whole)


RESOURCE = Resource("cases", "Cases", (Operation("/cases", list_cases), Operation("/cases/{case}", get_case)))
