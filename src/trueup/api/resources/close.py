"""The close of a month: its checklist with its lights, whose each point is, and who signed and reviewed it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import Field

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.resources.jobs import WholeWork, whole_work
from trueup.api.shapes import AskedDay, Day, DryRun, Instant, Key, Listed, Shape, Text, Told
from trueup.base.clock import write_instant
from trueup.domain.closing import Month
from trueup.domain.closing_checklist import checklist
from trueup.domain.sign_offs import Signed, Task
from trueup.workflows.close_month import prepare_pack, propose_closing, signed_points
from trueup.workflows.jobs.write_close_papers import ask_papers
from trueup.workflows.sign_off import give_task, review_point, sign_point
from trueup.workflows.world import Tx

_EXAMPLE: dict[str, Any] = {
    "name": "suspense",
    "light": "yellow",
    "text": "Not every cent is explained: 1 open case.",
    "detail": "10.00 USD wait, the oldest since 2026-10-02",
    "standing": "signed",
    "required": True,
    "why": "Signed by Fina; Bo Admin has yet to look again.",
    "owner": "Fina",
    "reviewer": "Bo Admin",
    "due": "2026-11-05",
    "signed_by": "Fina",
    "signed_at": "2026-11-03T09:00:00Z",
    "note": "The buyer answers in November.",
    "reviewed_by": None,
}


class ClosePoint(Shape, json_schema_extra={"examples": [_EXAMPLE]}):
    """A point of the checklist. `suspended`: signed once, and its balance changed since; `automatic`: proven, nobody signs it.

    `required`: while it is open the month is not locked; `why` says what it waits for.
    """

    name: str
    light: Literal["green", "yellow", "red"]
    text: str
    detail: str
    standing: Literal["automatic", "blocked", "unsigned", "signed", "reviewed", "suspended"]
    required: bool
    why: str
    owner: str
    reviewer: str
    due: Day | None
    signed_by: str | None
    signed_at: Instant | None
    note: str
    reviewed_by: str | None


class Signing(Told, json_schema_extra={"examples": [{"note": "The buyer answers in November."}]}):
    """Why an open point may stay as it is."""

    note: Text


class Proposing(Told, json_schema_extra={"examples": [{"override": "The buyer answers in November."}]}):
    """Why a month is locked in spite of points that are open; empty where none is."""

    override: str = Field("", max_length=1000, pattern=r"^[^\x00]*$")


class ProposedClose(Shape, json_schema_extra={"examples": [{"proposal": 4, "month": "2026-10", "open": ["suspense"]}]}):
    """A proposal to lock a month, and the points that it is made in spite of."""

    proposal: int
    month: str
    open: list[str]


class Owning(Told, json_schema_extra={"examples": [{"owner": "Fina", "reviewer": "Bo Admin", "due": "2026-11-05"}]}):
    """Whose a point is, who looks again, and by when."""

    owner: str = Field("", max_length=100, pattern=r"^[^\x00]*$")
    reviewer: str = Field("", max_length=100, pattern=r"^[^\x00]*$")
    due: AskedDay | None = None


MonthName = Annotated[str, Path(max_length=10, description="The month.", examples=["2026-10"])]
PointName = Annotated[str, Path(max_length=40, description="The point's name.", examples=["suspense"])]


def list_points(call: Calling, month: MonthName) -> Listed[ClosePoint]:
    """List the points of a month's close as the books have them now, each with its sign-off."""
    wanted = Month.read(month)

    def look(tx: Tx) -> list[Signed]:
        pack = prepare_pack(tx.connection, tx.resources.books, wanted, tx.now)
        return signed_points(tx.connection, wanted, checklist(pack))

    return Listed[ClosePoint](items=[_told(each) for each in call.desk.act(True, look)])


def sign(call: Calling, month: MonthName, point: PointName, told: Signing, key: Key = None) -> ClosePoint:
    """Answer for an open point as it reads now. What is red is not signed, and what is green signs itself."""
    wanted = Month.read(month)
    return call.once(lambda tx: _told(sign_point(tx, wanted, point, told.note, call.person)), key)


def review(call: Calling, month: MonthName, point: PointName, dry_run: DryRun = False, key: Key = None) -> ClosePoint:
    """Look again at what another person signed."""
    wanted = Month.read(month)
    return call.once(lambda tx: _told(review_point(tx, wanted, point, call.person)), key, dry_run=dry_run)


def own(call: Calling, month: MonthName, point: PointName, told: Owning, key: Key = None) -> Owning:
    """Say whose a point is. Where nothing is said of a month, those of the month before have its points."""
    wanted = Month.read(month)

    def act(tx: Tx) -> Owning:
        give_task(tx, wanted, point, Task(told.owner, told.reviewer, told.due), call.person)
        return told

    return call.once(act, key)


def propose_close(
    call: Calling, month: MonthName, told: Proposing, dry_run: DryRun = False, key: Key = None
) -> ProposedClose:
    """Propose to lock a month; a second person approves the proposal. With open points it takes a reason, kept for ever."""
    wanted = Month.read(month)

    def act(tx: Tx) -> ProposedClose:
        done = propose_closing(tx, wanted, call.person, told.override)
        return ProposedClose(
            proposal=done.proposal, month=str(wanted), open=[each.point.name for each in done.blocking]
        )

    return call.once(act, key, dry_run=dry_run)


def write_papers(call: Calling, month: MonthName, dry_run: DryRun = False, key: Key = None) -> WholeWork:
    """Write all papers of a month: PDF, XLSX, JSON, the lines of its journal, and a zip with hashes. The job has the files."""
    wanted = Month.read(month)

    def act(tx: Tx) -> WholeWork:
        return whole_work(tx.connection, ask_papers(tx, wanted, call.person))

    return call.once(act, key, dry_run=dry_run)


def _told(each: Signed) -> ClosePoint:
    point, task, signed = each.point, each.task, each.sign_off
    return ClosePoint.model_validate(
        {
            "name": point.name,
            "light": point.light.value,
            "text": point.text,
            "detail": point.detail,
            "standing": each.standing.value,
            "required": point.required,
            "why": each.why,
            "owner": task.owner,
            "reviewer": task.reviewer,
            "due": task.due.isoformat() if task.due else None,
            "signed_by": signed.by if signed else None,
            "signed_at": write_instant(signed.at) if signed else None,
            "note": signed.note if signed else "",
            "reviewed_by": (signed.reviewed_by or None) if signed else None,
        }
    )


RESOURCE = Resource(
    "close",
    "Close of a month",
    (
        Operation("/close/{month}/points", list_points),
        Operation("/close/{month}/points/{point}/signature", sign, "month.close", "POST", 201),
        Operation("/close/{month}/points/{point}/review", review, "month.close", "POST"),
        Operation("/close/{month}/points/{point}/owner", own, "month.close", "PUT"),
        Operation("/close/{month}/proposal", propose_close, "month.close", "POST", 201),
        Operation("/close/{month}/papers", write_papers, "journal.export", "POST", 202),
    ),
)
