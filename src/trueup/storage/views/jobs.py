"""Long work to look at: what people asked for, how far it is, and what came of it."""

from __future__ import annotations

import sqlalchemy as sa

from trueup.storage.jobs import ENDED, Job, jobs, list_jobs, load_job
from trueup.storage.views.growing import Growing, GrowingRows

__all__ = ["ENDED", "Job", "growing_jobs", "list_jobs", "load_job"]


def growing_jobs(*, without: str = "") -> Growing:
    """Long work, without a kind, as a list that grows."""
    return GrowingRows(sa.select(jobs.c.id).where(jobs.c.kind != without), jobs.c.id)
