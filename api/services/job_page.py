"""What a job's page shows."""

from collections.abc import Sequence
from typing import Any

from api.services.comparison.verdict import Verdict, of_summary
from store import jobs
from store.database.engine import Session
from store.database.records import Job, Run
from store.lifecycle.states import OPEN

RUNS_SHOWN = 100
Page = tuple[Job, Sequence[Run], list[dict[str, Any]], Verdict | None]


def job_page(session: Session, job: Job) -> Page:
    """A job, its first runs, its summary and its verdict."""
    summary = jobs.summary(session, job.id)
    verdict = of_summary(summary, method=job.method, spec=job.spec, waiting=job.state in OPEN)
    return job, jobs.list_runs(session, job.id, limit=RUNS_SHOWN).items, summary, verdict
