"""What a job's page shows."""

from collections.abc import Sequence
from typing import Any

from store import jobs
from store.database.engine import Session
from store.database.records import Job, Run

RUNS_SHOWN = 100


def job_page(session: Session, job: Job) -> tuple[Job, Sequence[Run], list[dict[str, Any]]]:
    """A job, its first runs and its summary."""
    return job, jobs.list_runs(session, job.id, limit=RUNS_SHOWN).items, jobs.summary(session, job.id)
