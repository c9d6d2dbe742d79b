"""Act on cases: what came of each, and what can be taken back. How it is asked for, tried and told: `workflows/cases_as_job.py`."""

from __future__ import annotations

from trueup.storage.jobs import Job
from trueup.workflows.cases_as_job import ACTS, end_acts, plan_acts, try_or_do, words_so_far
from trueup.workflows.long_work import LongWork


def _stays(job: Job) -> str:
    return f"{words_so_far(job)} That stays, and the rest was not begun."


WORK = LongWork(ACTS, "act_on_cases", plan_acts, try_or_do, end_acts, _stays)
