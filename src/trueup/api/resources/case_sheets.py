"""Case sheets: another decision about each of many cases, tried and done as one piece of long work, with an outcome for each."""

from __future__ import annotations

from pydantic import Field, StrictBool

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.resources.jobs import WholeWork, whole_work
from trueup.api.shapes import LARGEST_ID, DryRun, Key, Number, Text, Told
from trueup.domain.cases import Resolution
from trueup.workflows.act_on_cases import Acting, CaseAct
from trueup.workflows.authority import LOOK
from trueup.workflows.carry_out_tried import carry_out_job
from trueup.workflows.cases_as_job import MOST, Asked, ask_acts, preview_acts
from trueup.workflows.hand_in_decisions import MAY
from trueup.workflows.world import Tx

_LARGEST_SHEET = MOST * 400
"""So many bytes are taken of a sheet: some 400 a case."""
_EXAMPLE = {"case": 12, "resolution": "dismiss", "note": "Counted by hand."}


class CaseDecision(Told, json_schema_extra={"examples": [_EXAMPLE]}):
    """What is decided about a case, and why."""

    case: int = Field(ge=1, le=LARGEST_ID)
    resolution: Resolution
    note: Text = ""


class CaseSheet(Told, json_schema_extra={"examples": [{"decisions": [_EXAMPLE], "tried": True}]}):
    """Decisions about many cases, each of its own."""

    decisions: list[CaseDecision] = Field(min_length=1, max_length=MOST)
    tried: StrictBool = False
    """Only tried: the job says what would come of each, and nothing is decided; `carry-out` does it."""


def decide_sheet(call: Calling, told: CaseSheet, dry_run: DryRun = False, key: Key = None) -> WholeWork:
    """Decide many cases, each in its own way: what is refused leaves the others standing, and the job says why.

    Some hundred are decided at once; more are done by a worker, and the job tells how far it is.
    """
    acts = [CaseAct(each.case, Acting.RESOLVE, each.resolution.value, each.note) for each in told.decisions]
    title = f"Decisions about {len(acts):,} {'case' if len(acts) == 1 else 'cases'}"
    asked = Asked(acts, title, call.desk.settings.two_persons_above)

    def act(tx: Tx) -> WholeWork:
        ask = preview_acts if told.tried else ask_acts
        return whole_work(tx.connection, ask(tx, asked, call.person))

    return call.once(act, key, dry_run=dry_run)


def carry_out_sheet(call: Calling, job: Number, dry_run: DryRun = False, key: Key = None) -> WholeWork:
    """Do what a job on cases, or on lines in suspense, only tried: by who tried it, with the permission of what was tried, once.

    That is another job, without what was refused. It takes `cases.resolve` for decisions, `cases.discuss` for who works on cases
    and until when they are put aside, `matches.decide` for lines.
    """

    def act(tx: Tx) -> WholeWork:
        return whole_work(tx.connection, carry_out_job(tx, job, call.person))

    return call.once(act, key, dry_run=dry_run)


RESOURCE = Resource(
    "case-sheets",
    "Case sheets",
    (
        Operation("/case-sheets", decide_sheet, MAY, "POST", 202, largest_body=_LARGEST_SHEET),
        Operation("/jobs/{job}/carry-out", carry_out_sheet, LOOK, "POST", 202),
    ),
)
