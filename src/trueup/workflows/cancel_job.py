"""Call off long work: at once while it waits; what was begun is called off where nothing stays half done."""

from __future__ import annotations

from trueup.base.errors import Conflict
from trueup.storage import jobs
from trueup.storage.acts import say_who
from trueup.workflows.authority import Deed, demand_role, record_deed
from trueup.workflows.long_work import what_stays
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx


def cancel_job(tx: Tx, job_id: int, person: Person) -> str:
    """Call it off; what stays of it, as a sentence.

    By whoever asked for it, or who mends runs. Raises NotFound, Conflict when it has ended, Refused (role; or it was begun and must
    be ended, for half of a payment would be booked).
    """
    job = jobs.load_job(tx.connection, job_id, lock=True)
    if person.name != job.actor:
        demand_role(person, "runs.mend")
    if job.state in jobs.ENDED:
        who = say_who(tx.connection, f"job {job_id}", "job.cancelled")
        raise Conflict(f"Job {job_id} has ended already ({job.state}{who}); nothing was changed.")
    stays = what_stays(tx, job)
    jobs.cancel_job(tx.connection, job_id, f"Called off by {person.name}. {stays}", tx.now)
    record_deed(
        tx.connection,
        tx.now,
        person,
        Deed("job.cancelled", f"job {job_id}", {"state": job.state}, {"title": job.title}),
    )
    return stays
