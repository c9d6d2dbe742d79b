"""Call off long work: at once while it waits; what was begun is called off where nothing stays half done."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from trueup.base.errors import Conflict, Refused
from trueup.storage import jobs
from trueup.storage.jobs import Job
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.cases_as_job import ACTS, PREVIEW, words_so_far
from trueup.workflows.import_remittances import end_upload
from trueup.workflows.long_work import IMPORT
from trueup.workflows.resolve_case import Person
from trueup.workflows.try_rule_as_job import TRIAL
from trueup.workflows.world import Tx

STOPPABLE: Mapping[str, Callable[[Job], str]] = {
    TRIAL: lambda job: "Nothing was changed by what was tried.",
    PREVIEW: lambda job: "Nothing was changed by what was tried.",
    ACTS: lambda job: f"{words_so_far(job)} That stays, and the rest was not begun.",
}
"""The kinds whose pieces stand by themselves, so that they can be called off under way; and what stays then."""


def cancel_job(tx: Tx, job_id: int, person: Person) -> str:
    """Call it off; what stays of it, as a sentence.

    By whoever asked for it, or who mends runs. Raises NotFound, Conflict when it has ended, Refused (role; or it was begun and must
    be ended, for half of a payment would be booked).
    """
    job = jobs.load_job(tx.connection, job_id, lock=True)
    if person.name != job.actor:
        demand_role(person, "runs.mend")
    if job.state in jobs.ENDED:
        raise Conflict(f"Job {job_id} has ended already ({job.state}); nothing was changed.")
    if job.state != "waiting" and job.kind not in STOPPABLE:
        raise Refused(
            f"Job {job_id} is under way ({job.done:,} of {job.total or 0:,} {job.unit}) and is finished: half of a payment is not "
            "left in the books. What it books can be corrected afterwards."
        )
    stays = "Nothing of it was begun."
    if job.state != "waiting":
        stays = STOPPABLE[job.kind](job)
    elif job.kind == IMPORT:
        end_upload(tx, "", job.args["digest"])
        stays = "Nothing of it was booked; the file stays in the archive, and may be handed in again."
    jobs.cancel_job(tx.connection, job_id, f"Called off by {person.name}. {stays}", tx.now)
    record_deed(
        tx.connection,
        tx.now,
        person,
        Deed("job.cancelled", f"job {job_id}", {"state": job.state}, {"title": job.title}),
    )
    return stays
