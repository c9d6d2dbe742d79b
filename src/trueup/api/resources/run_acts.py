"""Acts on runs: have one that stopped go on, or one that should not go on stop; tried first, it says what that means."""

from __future__ import annotations

from pydantic import Field

from trueup.api.door import Calling
from trueup.api.resource import Operation, Resource
from trueup.api.shapes import DryRun, Key, Shape, Told
from trueup.workflows import mend_runs
from trueup.workflows.world import Tx


class Mended(
    Shape,
    json_schema_extra={
        "examples": [
            {
                "run_id": "acknowledge:17:2",
                "was": "failed",
                "means": [
                    "It goes on after 4 steps that are done, the last “reserve stock”; none of them is done again."
                ],
                "dry_run": False,
            }
        ]
    },
):
    """What is done with a run, or would be. `was`: how it stood before."""

    run_id: str
    was: str
    means: list[str]
    """What that does, in sentences."""
    dry_run: bool


class Mending(Told, json_schema_extra={"examples": [{"run_id": "acknowledge:17:2"}]}):
    """Which run. Its id may hold slashes, so it stands in the body."""

    run_id: str = Field(min_length=1, max_length=300, pattern=r"^[^\x00]*$")


def retry_run(call: Calling, told: Mending, dry_run: DryRun = False, key: Key = None) -> Mended:
    """Have a run go on that failed, was given up or cancelled, after its last good step: what was done is not done again.

    Answered as soon as that is noted: 202. A worker takes the run, and `/api/v1/runs/{run}` says how far it is.
    """

    run = told.run_id

    def act(tx: Tx) -> Mended:
        was = mend_runs.retry_run(tx, run, call.person)
        return Mended(run_id=run, was=was, means=mend_runs.what_retry_means(tx.connection, run), dry_run=dry_run)

    return call.once(act, key, dry_run=dry_run)


def cancel_run(call: Calling, told: Mending, dry_run: DryRun = False, key: Key = None) -> Mended:
    """Stop a run before its next step, or forget its timer. What is done stays done, and it can be let go on."""

    run = told.run_id

    def act(tx: Tx) -> Mended:
        was = mend_runs.cancel_run(tx, run, call.person)
        return Mended(run_id=run, was=was, means=mend_runs.what_cancel_means(tx.connection, run), dry_run=dry_run)

    return call.once(act, key, dry_run=dry_run)


RESOURCE = Resource(
    "run-acts",
    "Flows",
    (
        Operation("/run-retries", retry_run, "runs.mend", "POST", 202),
        Operation("/run-cancellations", cancel_run, "runs.mend", "POST", 202),
    ),
)
