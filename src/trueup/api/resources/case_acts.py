"""Acts on cases: comment, assign, put aside, resolve; the same workflows as in the console, with the same rules."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import LARGEST_ID, AskedInstant, DryRun, Instant, Key, Line, Number, Shape, Text, Told
from trueup.base.clock import aware_utc, write_instant
from trueup.base.errors import NotFound
from trueup.domain.cases import Resolution
from trueup.storage.views.case_queue import show_queued
from trueup.workflows.discuss_case import assign_case, comment_on, snooze_case, wake_case, withdraw_comment
from trueup.workflows.merge_cases import merge_case, unmerge_case
from trueup.workflows.people import all_people
from trueup.workflows.preview_case import Decision, resolve_one
from trueup.workflows.recall_retry import recall_retry
from trueup.workflows.seen_cases import ASSIGNED, SET_ASIDE, Seen, act_as_seen
from trueup.workflows.world import Tx


class Commenting(Told, json_schema_extra={"examples": [{"text": "The buyer confirmed 26.50."}]}):
    """What to say about a case."""

    text: Text


class Commented(
    Shape,
    json_schema_extra={"examples": [{"id": 7, "case": 2, "text": "The buyer confirmed 26.50.", "dry_run": False}]},
):
    """A comment that is kept; of a dry run, one that would be."""

    id: int
    case: int
    text: str
    dry_run: bool


class Withdrawn(Shape, json_schema_extra={"examples": [{"id": 7, "case": 2, "dry_run": False}]}):
    """A comment that is withdrawn."""

    id: int
    case: int
    dry_run: bool


SeenAct = Annotated[int | None, Field(ge=0, le=LARGEST_ID)]


class Assigning(Told, json_schema_extra={"examples": [{"person": "Olga"}]}):
    """Who works on a case; null for nobody."""

    person: Line | None
    seen: SeenAct = None
    """`newest_act` of the case as it was seen: what somebody else said of it since is not overwritten, it is a conflict."""


class Assigned(
    Shape, json_schema_extra={"examples": [{"case": 2, "person": "Olga", "before": None, "dry_run": False}]}
):
    """Who works on a case now, and who did before."""

    case: int
    person: str | None
    before: str | None
    dry_run: bool


class Snoozing(
    Told, json_schema_extra={"examples": [{"until": "2026-11-24T08:00:00Z", "reason": "Waits for the buyer."}]}
):
    """Until when a case is put aside, and why."""

    until: AskedInstant
    reason: Line
    seen: SeenAct = None
    """`newest_act` of the case as it was seen: what somebody else said of it since is not overwritten, it is a conflict."""


class Snoozed(
    Shape,
    json_schema_extra={"examples": [{"case": 2, "until": "2026-11-24T08:00:00Z", "before": None, "dry_run": False}]},
):
    """Until when a case is put aside now, and was before; null: it is not."""

    case: int
    until: Instant | None
    before: Instant | None
    dry_run: bool


class Recalled(
    Shape,
    json_schema_extra={
        "examples": [{"case": 2, "stopped": ["send:7:1 case 2 at 20261123090000000000"], "dry_run": False}]
    },
):
    """A case that is open again, and the runs that were called off."""

    case: int
    stopped: list[str]
    dry_run: bool


class Merging(Told, json_schema_extra={"examples": [{"into": 2, "note": "The same pallet."}]}):
    """The case that is to stand for this one, and why."""

    into: int
    note: Text = ""


class Merged(Shape, json_schema_extra={"examples": [{"case": 3, "into": 2, "stands_for": [3], "dry_run": False}]}):
    """Which case stands for it, and for which others; of one that was taken apart, none and null."""

    case: int
    into: int | None
    stands_for: list[int]
    dry_run: bool


class Resolving(Told, json_schema_extra={"examples": [{"resolution": "accept-as-ordered", "note": "Agreed by mail."}]}):
    """What is decided about a case, of its allowed resolutions, and why."""

    resolution: Resolution
    note: Text = ""


class Resolved(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "case": 2,
                "title": "Cost differs on PO000002 line 1: 26.50 USD ordered, 27.00 USD agreed",
                "resolution": "accept-as-ordered",
                "effects": ["Case 2 is resolved: accept-as-ordered.", "Order amazon-us/po000002: order decided."],
                "proposal": None,
                "dry_run": False,
            }
        ]
    },
):
    """What came of a decision. `proposal`: nothing was done yet, a second person must approve it under that number."""

    case: int
    title: str
    resolution: Resolution
    effects: list[str]
    """What happened with it, as sentences; of a dry run, what would."""
    proposal: int | None
    dry_run: bool


def comment_on_case(
    call: Calling, case: Number, told: Commenting, dry_run: DryRun = False, key: Key = None
) -> Commented:
    """Comment on a case."""

    def act(tx: Tx) -> Commented:
        number = comment_on(tx, case, told.text, call.person)
        return Commented(id=number, case=case, text=told.text.strip(), dry_run=dry_run)

    return call.once(act, key, dry_run=dry_run)


def withdraw(call: Calling, case: Number, comment: Number, dry_run: DryRun = False, key: Key = None) -> Withdrawn:
    """Take one's own comment back: it stays, and is seen to be withdrawn."""

    def act(tx: Tx) -> Withdrawn:
        withdraw_comment(tx, case, comment, call.person)
        return Withdrawn(id=comment, case=case, dry_run=dry_run)

    return call.once(act, key, dry_run=dry_run)


def assign(call: Calling, case: Number, told: Assigning, dry_run: DryRun = False, key: Key = None) -> Assigned:
    """Say who works on a case."""

    def act(tx: Tx) -> Assigned:
        everyone = all_people(tx.connection, call.desk.settings.people)
        if told.person is not None and told.person not in everyone:
            raise NotFound(f"{told.person!r} is nobody here.")
        to = everyone[told.person] if told.person is not None else None
        seen = Seen(case, told.seen, ASSIGNED)
        before = act_as_seen(tx, seen, call.person, assign_case, case, to, call.person)
        return Assigned(case=case, person=told.person, before=before, dry_run=dry_run)

    return call.once(act, key, dry_run=dry_run)


def snooze(call: Calling, case: Number, told: Snoozing, dry_run: DryRun = False, key: Key = None) -> Snoozed:
    """Put a case aside until a time.

    It comes back by itself, and before when more money is at risk.
    """
    until = aware_utc(told.until)

    def act(tx: Tx) -> Snoozed:
        seen = Seen(case, told.seen, SET_ASIDE)
        before = act_as_seen(tx, seen, call.person, snooze_case, case, until, told.reason, call.person)
        return Snoozed(
            case=case,
            until=write_instant(until),
            before=write_instant(before.until) if before else None,
            dry_run=dry_run,
        )

    return call.once(act, key, dry_run=dry_run)


def wake(call: Calling, case: Number, dry_run: DryRun = False, key: Key = None) -> Snoozed:
    """Take a case up again that was put aside."""

    def act(tx: Tx) -> Snoozed:
        before = wake_case(tx, case, call.person)
        return Snoozed(case=case, until=None, before=write_instant(before.until), dry_run=dry_run)

    return call.once(act, key, dry_run=dry_run)


def recall(call: Calling, case: Number, dry_run: DryRun = False, key: Key = None) -> Recalled:
    """Call off what trying again has queued, while nothing of it has begun. The case is open as before."""

    def act(tx: Tx) -> Recalled:
        return Recalled(case=case, stopped=recall_retry(tx, case, call.person), dry_run=dry_run)

    return call.once(act, key, dry_run=dry_run)


def merge(call: Calling, case: Number, told: Merging, dry_run: DryRun = False, key: Key = None) -> Merged:
    """Merge a case into another that stands for it.

    It leaves the queue and is counted no more. Its own cause closes it, a dismissal of the other dismisses it too, and when the
    other closes in any other way it is back.
    """

    def act(tx: Tx) -> Merged:
        stands_for = merge_case(tx, case, told.into, call.person, told.note)
        return Merged(case=case, into=told.into, stands_for=stands_for, dry_run=dry_run)

    return call.once(act, key, dry_run=dry_run)


def unmerge(call: Calling, case: Number, dry_run: DryRun = False, key: Key = None) -> Merged:
    """Take a case apart from the one that stands for it."""

    def act(tx: Tx) -> Merged:
        unmerge_case(tx, case, call.person)
        return Merged(case=case, into=None, stands_for=[], dry_run=dry_run)

    return call.once(act, key, dry_run=dry_run)


def resolve(call: Calling, case: Number, told: Resolving, dry_run: DryRun = False, key: Key = None) -> Resolved:
    """Resolve a case by one of its allowed resolutions.

    With `dry_run` all of it is done and rolled back: `effects` says what would happen. A binding decision above the limit of two
    persons is only proposed; its number is in `proposal`.
    """
    decision = Decision(case, told.resolution, told.note)

    def act(tx: Tx) -> Resolved:
        if show_queued(tx.connection, case, tx.now) is None:
            raise NotFound(f"Case {case}: there is none of that number.")
        outcome = resolve_one(tx, decision, call.person, call.desk.settings.two_persons_above)
        return Resolved(
            case=case,
            title=outcome.title,
            resolution=told.resolution,
            effects=list(outcome.effects),
            proposal=outcome.proposal,
            dry_run=dry_run,
        )

    return call.once(act, key, dry_run=dry_run)


RESOURCE = Resource(
    "case-acts",
    "Cases",
    (
        Operation("/cases/{case}/comments", comment_on_case, "cases.discuss", "POST", 201),
        Operation("/cases/{case}/comments/{comment}", withdraw, "cases.discuss", "DELETE"),
        Operation("/cases/{case}/assignment", assign, "cases.discuss", "PUT"),
        Operation("/cases/{case}/snooze", snooze, "cases.discuss", "PUT"),
        Operation("/cases/{case}/snooze", wake, "cases.discuss", "DELETE"),
        Operation("/cases/{case}/merge", merge, "cases.resolve", "PUT"),
        Operation("/cases/{case}/merge", unmerge, "cases.resolve", "DELETE"),
        Operation("/cases/{case}/resolution", resolve, "cases.resolve", "POST"),
        Operation("/cases/{case}/resolution", recall, "cases.resolve", "DELETE"),
    ),
)
