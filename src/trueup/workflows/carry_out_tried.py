"""Carry out tried: what a job only tried is done as another job, without what was refused, whatever it is about."""

from __future__ import annotations

from trueup.storage import jobs
from trueup.workflows.cases_as_job import carry_out
from trueup.workflows.jobs.code_lines import KIND, book_tried
from trueup.workflows.resolve_case import Person
from trueup.workflows.world import Tx


def carry_out_job(tx: Tx, job_id: int, person: Person) -> int:
    """Returns the new job's id. Raises NotFound, Conflict for what was not tried or is done, Refused for who did not try it."""
    job = jobs.load_job(tx.connection, job_id, lock=True)
    return (book_tried if job.kind == KIND else carry_out)(tx, job_id, person)
