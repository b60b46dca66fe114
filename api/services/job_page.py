"""What a job's page shows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from api.late import late
from api.services.comparison.verdict import Verdict, of_summary
from store import jobs
from store.database.engine import Session
from store.database.records import Job, Run
from store.lifecycle.states import OPEN

if TYPE_CHECKING:
    from api.services import search_answer
else:  # it loads lplcore
    search_answer = late("api.services.search_answer")

RUNS_SHOWN = 100
Page = tuple[Job, Sequence[Run], list[dict[str, Any]], Verdict | None, dict[str, Any] | None]


def job_page(session: Session, job: Job) -> Page:
    """A job, its first runs, its summary, its verdict and how its search stands."""
    summary = jobs.summary(session, job.id)
    verdict = of_summary(summary, method=job.method, spec=job.spec, waiting=job.state in OPEN)
    search = search_answer.search_answer(session, job) if job.spec.get("search") else None
    return job, jobs.list_runs(session, job.id, limit=RUNS_SHOWN).items, summary, verdict, search
