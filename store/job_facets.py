"""What the runs of a job are about: their methods, data sets, models and imbalance factors, each told once."""

from collections.abc import Sequence
from typing import Any

from store.database.records import NewRun
from store.database.tables import JobFacetRow

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
