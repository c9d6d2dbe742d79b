"""Claims: what Amazon holds, whether it can be disputed and what that brings, what came of it, and giving it up."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import Query
from pydantic import Field

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import (
    Amount,
    AskedDay,
    Day,
    DryRun,
    Instant,
    Key,
    Line,
    Listed,
    Name,
    Number,
    Page,
    Paging,
    Price,
    Shape,
    Told,
)
from trueup.base.errors import Conflict, NotFound
from trueup.base.money import Money
from trueup.domain.deduction import Family
from trueup.domain.disputes import DisputeState, Outcome, window_of
from trueup.storage.views.dispute_outcomes import page_outcomes
from trueup.storage.views.exhibits import exhibit_json, list_exhibits
from trueup.storage.views.recovery import find_case_of_claim, load_brief
from trueup.workflows.dispute_claim import Submission, disputable_types, note_outcome, recoverable, submit_claim
from trueup.workflows.rank_claims import Ranked, disputable, page_ranked, rank_claims
from trueup.workflows.stage_dispute import stage_claim
from trueup.workflows.world import Tx
from trueup.workflows.write_off import write_off_claim

_HELD = {"amount": "90.00", "currency": "USD"}


class Claim(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "id": 3,
                "partner": "amazon-us",
                "claim": "shortage/INV1",
                "held": _HELD,
                "expected": {"amount": "41.00", "currency": "USD"},
                "won": 34,
                "outcomes": 51,
                "until": "2026-12-01",
                "state": "open",
            }
        ]
    },
):
    """A claim of Amazon's.

    `expected`: what a dispute brings on average, by as many as were `won` of our `outcomes`; `until`: the last day of one.
    """

    id: int
    partner: str
    claim: str
    held: Price
    expected: Price
    won: int
    outcomes: int
    until: Day | None
    state: DisputeState


class Submitting(Told, json_schema_extra={"examples": [{"reference": "DSP-1", "day": "2026-11-04"}]}):
    """Under which reference a claim was submitted in Amazon's portal, and when; today where it is not said."""

    reference: Line
    day: AskedDay | None = None
    pack: str | None = Field(None, pattern="^([0-9a-f]{64})?$")
    """The `digest` of the staged pack that was looked at, empty for none: one that was staged since is refused. Null: any."""
    as_staged: bool = False
    """The staged pack is what was submitted, although something of the claim changed since."""


class Answering(Told, json_schema_extra={"examples": [{"outcome": "partly", "won": _HELD, "day": "2026-11-20"}]}):
    """What Amazon answered; how much was won where it is a part."""

    outcome: Outcome
    won: Amount | None = None
    day: AskedDay | None = None


class GivingUp(Told, json_schema_extra={"examples": [{"reason": "Cheaper than a dispute."}]}):
    """Why a claim is given up."""

    reason: Line


class Attempted(Shape, json_schema_extra={"examples": [{"claim": 3, "attempt": 1, "outcome": None, "dry_run": False}]}):
    """A dispute of a claim, and what came of it; null while nobody answered."""

    claim: int
    attempt: int
    outcome: Outcome | None
    dry_run: bool


class GivenUp(
    Shape,
    json_schema_extra={"examples": [{"claim": 3, "case": 9, "amount": _HELD, "proposal": None, "dry_run": False}]},
):
    """What was given up; with a `proposal`, what would be once a second person approves it."""

    claim: int
    case: int
    amount: Price
    proposal: int | None
    dry_run: bool


class Staged(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "claim": 3,
                "attempt": 1,
                "attempts": 2,
                "amount": _HELD,
                "digest": "0f" * 32,
                "lacking": 1,
                "dry_run": False,
            }
        ]
    },
):
    """A pack that is ready for the next attempt, and not submitted by that. `attempts`: how many Amazon takes of such a claim;
    `lacking`: how many pieces of evidence it lacks."""

    claim: int
    attempt: int
    attempts: int
    amount: Price
    digest: str
    lacking: int
    dry_run: bool


class Exhibit(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "number": 1,
                "group": "What Amazon took",
                "name": "remittance of payment 700100",
                "day": "2026-10-15",
                "proves": "Amazon took 90.00 USD as INV-1SC in payment 700100.",
                "digest": "0f" * 32,
                "place": "row 7",
                "paper": None,
                "added_by": None,
                "added_at": None,
            }
        ]
    },
):
    """An original that speaks for us, with what it proves; the pack has it under its number. `paper`: of a file that was added."""

    number: int
    group: str
    name: str
    day: Day | None
    proves: str
    digest: str
    place: str
    paper: int | None
    added_by: str | None
    added_at: Instant | None


class AnsweredDispute(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "claim": 3,
                "partner": "amazon-us",
                "name": "shortage/INV1",
                "reference": "DSP-1",
                "submitted_on": "2026-11-04",
                "answered_on": "2026-11-20",
                "outcome": "won",
                "disputed": _HELD,
                "won": _HELD,
            }
        ]
    },
):
    """A dispute that Amazon answered: the chance of the next one of its family is counted from these."""

    claim: int
    partner: str
    name: str
    reference: str
    submitted_on: Day
    answered_on: Day
    outcome: Outcome
    disputed: Price
    won: Price


class OutcomeQuery(Paging):
    """Which outcomes."""

    family: Family | None = None
    """Of claims of this family."""


class ClaimQuery(Paging):
    """Which claims."""

    partner: Name = ""
    """Of this partner."""
    everything: bool = False
    """Those too that no dispute brings anything for."""
    limit: int = Field(50, ge=1, le=500)
    """At most so many."""


def list_claims(call: Calling, asked: Annotated[ClaimQuery, Query()]) -> Page[Claim]:
    """List claims, the most urgent first: what is held, times the chance of winning, by the days that are left."""
    world = call.desk.world
    wanted = disputable(world.books, asked.partner, every=asked.everything)
    with call.look() as connection:
        paged = page_ranked(connection, wanted, world.clock.now().date(), asked.at, asked.limit)
    return call.page(Claim, [_claim(row["ranked"]) for row in paged.rows], paged.after)


def _claim(each: Ranked) -> dict[str, Any]:
    balance, worth = each.found.balance, each.worth
    return {
        "id": balance.id,
        "partner": balance.partner,
        "claim": balance.claim,
        "held": Money(balance.open, balance.currency),
        "expected": Money(worth.expected, balance.currency),
        "won": worth.chance.won,
        "outcomes": worth.chance.outcomes,
        "until": each.standing.until.isoformat() if each.standing.until else None,
        "state": each.standing.state,
    }


def list_answered(call: Calling, asked: Annotated[OutcomeQuery, Query()]) -> Page[AnsweredDispute]:
    """List the disputes that were answered, the latest first: what the chance of a claim is counted from."""
    with call.look() as connection:
        paged = page_outcomes(connection, asked.family, asked.at, asked.limit)
    rows = [
        {
            "claim": each.claim_id,
            "name": each.claim,
            "submitted_on": each.submitted_on.isoformat(),
            "answered_on": each.answered_on.isoformat(),
            **{name: getattr(each, name) for name in ("partner", "reference", "outcome", "disputed", "won")},
        }
        for each in (row["answered"] for row in paged.rows)
    ]
    return call.page(AnsweredDispute, rows, paged.after)


def list_claim_exhibits(call: Calling, claim: Number) -> Listed[Exhibit]:
    """List the originals that a claim's pack has: by what they are, in the order of time, with what each proves."""
    types = disputable_types(call.desk.world.books)
    with call.look() as connection:
        ranked = rank_claims(connection, types, call.desk.world.clock.now().date(), claim_id=claim)
        if not ranked:
            raise NotFound(f"No claim {claim} that can be disputed is known; the list of claims has those that are.")
        rows = [exhibit_json(each) for each in list_exhibits(load_brief(connection, ranked[0].found))]
    return Listed[Exhibit](items=[Exhibit.model_validate(row) for row in rows])


def stage(call: Calling, claim: Number, dry_run: DryRun = False, key: Key = None) -> Staged:
    """Make the pack of the next dispute of a claim and keep it. Nothing is submitted by that."""

    def act(tx: Tx) -> Staged:
        done = stage_claim(tx, claim, call.desk.settings.installation.name, call.person)
        balance = recoverable(tx, claim).balance
        attempts = window_of(Family(balance.claim.partition("/")[0])).attempts
        said = {"claim": claim, "attempt": done.number, "attempts": attempts, "digest": done.digest}
        amount = Money(done.open_minor, balance.currency)
        return Staged.model_validate({**said, "amount": amount, "lacking": done.lacking, "dry_run": dry_run})

    return call.once(act, key, dry_run=dry_run)


def submit(call: Calling, claim: Number, told: Submitting, dry_run: DryRun = False, key: Key = None) -> Attempted:
    """Note that a claim was submitted in Amazon's portal. Staged is not submitted: it takes Amazon's reference."""

    def act(tx: Tx) -> Attempted:
        said = Submission(told.reference, _day(tx, told.day), told.pack, told.as_staged)
        done = submit_claim(tx, claim, said, call.person)
        return Attempted(claim=claim, attempt=done.number, outcome=None, dry_run=dry_run)

    return call.once(act, key, dry_run=dry_run)


def answer(call: Calling, claim: Number, told: Answering, dry_run: DryRun = False, key: Key = None) -> Attempted:
    """Note what Amazon answered to a dispute; the chances of later ones follow from it."""

    def act(tx: Tx) -> Attempted:
        said = (_day(tx, told.day), told.won.money() if told.won is not None else None)
        done = note_outcome(tx, claim, told.outcome, said, call.person)
        return Attempted(claim=claim, attempt=done.number, outcome=done.outcome, dry_run=dry_run)

    return call.once(act, key, dry_run=dry_run)


def write_off(call: Calling, claim: Number, told: GivingUp, dry_run: DryRun = False, key: Key = None) -> GivenUp:
    """Give up what Amazon still holds of a claim: it becomes a loss. Above the limit of two persons it is only proposed."""

    def act(tx: Tx) -> GivenUp:
        case = find_case_of_claim(tx.connection, recoverable(tx, claim).balance)
        if case is None:
            raise Conflict(f"Claim {claim}: nothing is open of it any more.")
        limit = call.desk.settings.two_persons_above
        done = write_off_claim(tx, case, call.person, note=told.reason, two_persons_above=limit)
        said = {"claim": claim, "case": case, "amount": done.amount, "proposal": done.proposal, "dry_run": dry_run}
        return GivenUp.model_validate(said)

    return call.once(act, key, dry_run=dry_run)


def _day(tx: Tx, said: date | None) -> date:
    return said or tx.now.date()


RESOURCE = Resource(
    "claims",
    "Claims",
    (
        Operation("/claims", list_claims),
        Operation("/claims/outcomes", list_answered),
        Operation("/claims/{claim}/exhibits", list_claim_exhibits),
        Operation("/claims/{claim}/stage", stage, "claims.dispute", "POST"),
        Operation("/claims/{claim}/submission", submit, "claims.dispute", "POST"),
        Operation("/claims/{claim}/answer", answer, "claims.dispute", "POST"),
        Operation("/claims/{claim}/write-off", write_off, "cases.resolve", "POST"),
    ),
)
