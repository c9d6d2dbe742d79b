"""Preview acts on cases: each is done and rolled back, and the job says what would come of it."""

from __future__ import annotations

from trueup.storage.jobs import Job
from trueup.workflows.cases_as_job import PREVIEW, end_acts, plan_acts, try_or_do
from trueup.workflows.long_work import LongWork


def _stays(_job: Job) -> str:
    return "Nothing was changed by what was tried."


WORK = LongWork(PREVIEW, "act_on_cases", plan_acts, try_or_do, end_acts, _stays)
