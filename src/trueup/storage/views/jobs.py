"""Long work to look at: what people asked for, how far it is, and what came of it."""

from __future__ import annotations

from trueup.storage.jobs import ENDED, Job, list_jobs, load_job

__all__ = ["ENDED", "Job", "list_jobs", "load_job"]
