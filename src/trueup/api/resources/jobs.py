"""Long work: what people and programs asked for, how far it is, what came of it; and acts on many cases, which are such work."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import Query
from pydantic import Field

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import DryRun, Instant, Key, Listed, Number, Shape, Text, Told
from trueup.base.clock import write_instant
from trueup.base.errors import NotFound
from trueup.storage.views.case_queue import CaseFilter, list_case_ids
from trueup.storage.views.jobs import Job, list_jobs, load_job
from trueup.workflows.act_on_cases import Acting, CaseAct, act_on_each, words_of
from trueup.workflows.cancel_job import cancel_job
from trueup.workflows.cases_as_job import MOST, Asked, ask_acts, undo_acts
from trueup.workflows.people import all_people
from trueup.workflows.world import Tx

_EXAMPLE: dict[str, Any] = {
    "id": 7,
    "kind": "act-on-cases",
    "title": "Assign to Olga",
    "state": "running",
    "done": 1240,
    "total": 3100,
    "unit": "cases",
    "words": "",
    "actor": "Ana Admin",
    "asked_at": "2026-11-23T09:00:00Z",
    "began_at": "2026-11-23T09:00:01Z",
    "ended_at": None,
}


class LongWork(Shape, json_schema_extra={"examples": [_EXAMPLE]}):
    """One piece of long work. `total`: not counted yet where it is null. `words`: what came of it, or why it failed."""

    id: int
    kind: str
    title: str
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    done: int
    total: int | None
    unit: str
    words: str
    actor: str
    asked_at: Instant
    began_at: Instant | None
    ended_at: Instant | None


class WholeWork(LongWork, json_schema_extra={"examples": [{**_EXAMPLE, "result": {"good": 1240, "refused": []}}]}):
    """A piece of work with what came of it so far, by name; what that is depends on its kind."""

    result: dict[str, Any]


class CalledOff(
    Shape,
    json_schema_extra={"examples": [{"job": 7, "stays": "1,240 of 1,240 cases are done. The rest was not begun."}]},
):
    """What stays of work that is called off."""

    job: int
    stays: str


class ManyActs(
    Told, json_schema_extra={"examples": [{"act": "assign", "value": "Olga", "view": "open", "kind": "stock.short"}]}
):
    """What to do with each case of a filter, or with these: the list of cases is filtered by the same words."""

    act: Literal["resolve", "classify", "assign", "snooze", "wake", "merge", "unmerge"]
    value: str = Field("", max_length=200, pattern=r"^[^\x00]*$")
    """The resolution, the deduction type, who works on them ("" nobody), until when, or the case that is to stand for them."""
    note: Text | None = None
    """Why."""
    account: str = Field("", max_length=100, pattern=r"^[^\x00]*$")
    cases: Annotated[list[Annotated[int, Field(ge=1, le=2**63 - 1)]] | None, Field(max_length=MOST)] = None
    """Exactly these; the filter is not looked at then."""
    view: Literal["open", "waiting", "snoozed"] = "open"
    kind: str = Field("", max_length=200, pattern=r"^[^\x00]*$")
    cause: str = Field("", max_length=200, pattern=r"^[^\x00]*$")
    owner: str = Field("", max_length=200, pattern=r"^[^\x00]*$")
    partner: str = Field("", max_length=200, pattern=r"^[^\x00]*$")
    person: str = Field("", max_length=200, pattern=r"^[^\x00]*$")
    words: str = Field("", max_length=200, pattern=r"^[^\x00]*$")


class RefusedCase(Shape, json_schema_extra={"examples": [{"case": 12, "why": "Case 12 was resolved meanwhile."}]}):
    """One that was refused, and why."""

    case: int
    why: str


class ManyDone(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "job": 7,
                "state": "done",
                "good": 497,
                "of": 500,
                "refused": [{"case": 12, "why": "Case 12 was resolved by Olga meanwhile; nothing was changed."}],
                "dry_run": False,
            }
        ]
    },
):
    """What came of it, or would. Of more than some hundred cases `state` is `waiting`: a worker does it, and the job tells."""

    job: int | None
    state: str
    good: int
    of: int
    refused: list[RefusedCase]
    dry_run: bool


def whole_work(connection: sa.Connection, job: int) -> WholeWork:
    """A piece of work as it stands."""
    found = load_job(connection, job)
    return WholeWork.model_validate({**_told(found), "result": dict(found.result)})


def list_work(
    call: Calling, limit: Annotated[int, Query(ge=1, le=200, description="How many.")] = 50
) -> Listed[LongWork]:
    """List long work, the newest first."""
    with call.look() as connection:
        return Listed[LongWork](items=[LongWork.model_validate(_told(job)) for job in list_jobs(connection, limit)])


def get_work(call: Calling, job: Number) -> WholeWork:
    """Show one piece of work: how far it is, and what came of it."""
    with call.look() as connection:
        return whole_work(connection, job)


def call_off(call: Calling, job: Number, dry_run: DryRun = False, key: Key = None) -> CalledOff:
    """Call a piece of work off: by who asked for it, or who mends runs. What would be left half done is finished instead."""

    def act(tx: Tx) -> CalledOff:
        return CalledOff(job=job, stays=cancel_job(tx, job, call.person))

    return call.once(act, key, dry_run=dry_run)


def take_back(call: Calling, job: Number, dry_run: DryRun = False, key: Key = None) -> WholeWork:
    """Take back what a piece of work did to cases, where that can be; that is another piece of work."""

    def act(tx: Tx) -> WholeWork:
        return whole_work(tx.connection, undo_acts(tx, job, call.person))

    return call.once(act, key, dry_run=dry_run)


def act_on_many(call: Calling, told: ManyActs, dry_run: DryRun = False, key: Key = None) -> ManyDone:
    """Act on many cases, each by itself: what is refused leaves the others standing.

    `dry_run` tells what would come of each. The permission of each act is asked case by case.
    """
    acting, limit = Acting(told.act), call.desk.settings.two_persons_above
    title = words_of(acting, told.value)

    def act(tx: Tx) -> ManyDone:
        acts = [CaseAct(case, acting, told.value, told.note or "", told.account) for case in _cases(tx, told)]
        if (
            acting is Acting.ASSIGN
            and told.value
            and told.value not in all_people(tx.connection, call.desk.settings.people)
        ):
            raise NotFound(f"{told.value!r} is nobody here.")
        if dry_run:
            outcomes = act_on_each(tx, acts, call.person, limit)
            refused = [{"case": each.case, "why": each.refused} for each in outcomes if each.refused]
            good = len(outcomes) - len(refused)
            return ManyDone(
                job=None,
                state="tried",
                good=good,
                of=len(acts),
                refused=[RefusedCase.model_validate(each) for each in refused],
                dry_run=True,
            )
        job = load_job(tx.connection, ask_acts(tx, Asked(acts, title, limit), call.person))
        refused = [{"case": each["case"], "why": each["why"]} for each in job.result.get("refused", ())]
        good = job.result.get("good", 0)
        return ManyDone(
            job=job.id,
            state=job.state,
            good=good,
            of=len(acts),
            refused=[RefusedCase.model_validate(each) for each in refused],
            dry_run=False,
        )

    return call.once(act, key, dry_run=dry_run)


def _cases(tx: Tx, told: ManyActs) -> list[int]:
    if told.cases is not None:
        return list(dict.fromkeys(told.cases))
    wanted = CaseFilter(told.view, told.kind, told.owner, told.partner, told.person, told.words, cause=told.cause)
    return list_case_ids(tx.connection, wanted, tx.now, MOST + 1)


def _told(job: Job) -> dict[str, Any]:
    names = ("id", "kind", "title", "state", "done", "total", "unit", "words", "actor")
    times = {name: getattr(job, name) for name in ("asked_at", "began_at", "ended_at")}
    return {
        **{name: getattr(job, name) for name in names},
        **{name: write_instant(at) if at else None for name, at in times.items()},
    }


RESOURCE = Resource(
    "jobs",
    "Long work",
    (
        Operation("/jobs", list_work),
        Operation("/jobs/{job}", get_work),
        Operation("/jobs/{job}", call_off, method="DELETE"),
        Operation("/jobs/{job}/undo", take_back, "cases.discuss", "POST", 202),
        Operation("/case-acts", act_on_many, "cases.discuss", "POST", 202),
    ),
)
