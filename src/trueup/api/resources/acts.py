"""Acts: who did what, when, before and after; and the proposals that wait for a second person."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import AskedDay, Instant, Listed, Name, Number, Page, Paging, Shape, id_at
from trueup.storage.views import acts as views

_MOST_WAITING = 1000


class Act(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "id": 88,
                "at": "2026-11-23T09:12:00Z",
                "actor": "Olga",
                "role": "operations, by token warehouse counts",
                "act": "stock.declared",
                "subject": "stock-counts",
                "before": None,
                "after": {"counts": 2, "eaches": 40},
                "evidence": "0f" * 32,
            }
        ]
    },
):
    """What someone did. Rows of acts are only ever added."""

    id: int
    at: Instant
    actor: str
    role: str
    act: str
    subject: str
    before: Any
    after: Any
    evidence: str | None


class Proposal(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "id": 4,
                "act": "case.resolve",
                "subject": "case 2",
                "arguments": {"case": 2, "resolution": "reject", "note": ""},
                "reason": "",
                "proposed_by": "Olga",
                "proposed_at": "2026-11-23T09:12:00Z",
                "approved_by": None,
                "approved_at": None,
                "state": "waiting",
            }
        ]
    },
):
    """What one person wants done and a second one must approve."""

    id: int
    act: str
    subject: str
    arguments: dict[str, Any]
    """What would be done. A list of proposals leaves out `lines` and `terms`, which may be many; one proposal has all of it."""
    reason: str
    proposed_by: str
    proposed_at: Instant
    approved_by: str | None
    approved_at: Instant | None
    state: str


class ActQuery(Paging):
    """Which acts."""

    subject: Name = ""
    """Done to this: `case 2`."""
    actor: Name = ""
    """Done by this person."""
    act: Name = ""
    """This, or what begins so: `case.`"""
    since: AskedDay | None = None
    """From this day on, in UTC."""
    until: AskedDay | None = None
    """To this day, in UTC."""


def list_acts(call: Calling, asked: Annotated[ActQuery, Query()]) -> Page[Act]:
    """List the audit trail, the newest first."""
    with call.look() as connection:
        said = (asked.subject or None, asked.actor or None, asked.act or None)
        wanted = views.ActsAsked(*said, asked.since, asked.until)
        rows = views.list_asked(connection, wanted, before=id_at(asked.at), limit=asked.limit + 1)
        return call.page_by(Act, rows, asked.limit, "id")


def list_proposals(call: Calling) -> Listed[Proposal]:
    """List proposals that wait for a second person, the oldest first."""
    with call.look() as connection:
        rows = views.list_proposals(connection, limit=_MOST_WAITING)
    return Listed[Proposal](items=[Proposal.model_validate(row) for row in rows])


def show_proposal(call: Calling, proposal: Number) -> Proposal:
    """Show one proposal, whole, whether it waits or is approved."""
    with call.look() as connection:
        return Proposal.model_validate(views.show_proposal(connection, proposal))


RESOURCE = Resource(
    "acts",
    "Acts and proposals",
    (
        Operation("/acts", list_acts),
        Operation("/proposals", list_proposals),
        Operation("/proposals/{proposal}", show_proposal),
    ),
)
