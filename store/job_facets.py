"""What the runs of a job are about: their methods, data sets, models and imbalance factors, each told once."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from store.database.records import Job, NewRun
from store.database.tables import JobFacetRow, JobRow

FILTERED = {"method": "methods", "dataset": "datasets"}
"""Kind of a facet that lists of jobs are filtered by -> column that shows its values."""


def facets_of(runs: Sequence[NewRun], *, method: str) -> dict[str, list[Any]]:
    """The columns of a job that show them, in the order of its runs.

    Args:
        method: of runs that name none.
    """
    datasets = [run.spec["dataset"] for run in runs]
    values: dict[str, list[Any]] = {
        "methods": [run.method or method for run in runs] or [method],
        "datasets": [dataset["name"] for dataset in datasets],
        "models": [run.spec.get("model", {}).get("name") for run in runs],
        "imbalance_factors": [dataset.get("imbalance_factor") for dataset in datasets],
    }
    return {name: [each for each in dict.fromkeys(of_runs) if each is not None] for name, of_runs in values.items()}


def facet_rows(job_id: str, facets: dict[str, list[Any]]) -> list[JobFacetRow]:
    """The rows that filters look at."""
    return [
        JobFacetRow(job_id=job_id, kind=kind, value=value)
        for kind, column in FILTERED.items()
        for value in facets[column]
    ]


def add_facets(session: Session, job: Job, facets: dict[str, list[Any]]) -> None:
    """Let a job show what new runs of it are about, besides what it does."""
    fresh = {name: [each for each in values if each not in getattr(job, name)] for name, values in facets.items()}
    if any(fresh.values()):
        values = {name: [*getattr(job, name), *more] for name, more in fresh.items()}
        session.execute(update(JobRow).where(JobRow.id == job.id).values(**values))
        session.add_all(facet_rows(job.id, fresh))
