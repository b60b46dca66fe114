"""More seeds for a job, more trials for a search."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from api.late import late
from api.problems import refusal
from store import jobs, searches
from store.database.engine import Session
from store.lifecycle import extension
from store.settings import Settings

if TYPE_CHECKING:
    from api.services import search_steps
else:  # it loads lplcore
    search_steps = late("api.services.search_steps")


def extend_job(
    session: Session, job_id: str, *, settings: Settings, seeds: Sequence[int] | None, trials: int | None
) -> None:
    """Let a job have more seeds or, as a search, more trials.

    Raises:
        Problem: only a search has trials, and only where its space has more points.
        NotFound, Conflict, QuotaExceeded: as `extension.extend` and `searches.extend`.
    """
    job, limit = jobs.get(session, job_id), settings.max_runs_per_job
    if job.spec.get("search"):
        if trials and (size := search_steps.exhausted(job)) is not None:
            message = (
                f"the space has {size} points, and each of them has a trial already; submit a search of a larger one"
            )
            raise refusal([{"path": "trials", "message": message}])
        searches.extend(session, job_id, trials=trials or 0, seeds=seeds or (), max_runs=limit)
        return
    if seeds is None:
        raise refusal([{"path": "trials", "message": "only a search has trials; give `seeds`"}])
    extension.extend(session, job_id, seeds, max_runs=limit, max_queued=settings.max_queued_runs)
