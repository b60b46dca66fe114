"""`best_method` as a study: one search, a row for each method that it tries, and an answer."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from api.parameters import Text
from api.services.studies.best_method.answer import answer_of
from api.services.studies.best_method.budget import FEWEST_RUNS
from api.services.studies.best_method.experiment import best_method
from api.services.studies.checks import Checks
from api.services.studies.making import Draft, Maker
from lplcore.plugin import Record
from store import jobs, studies
from store.database.engine import Session
from store.database.records import Study

BEST_METHOD = "best_method"
JOB = "search"
"""Key of the study's one job."""
USUAL_RUNS = 60


class Budget(Record):
    """What the search may cost."""

    runs: int = Field(
        USUAL_RUNS, ge=FEWEST_RUNS, le=10_000, description="at most so many, those stopped early included"
    )
    hours: float | None = Field(
        None, gt=0, le=10_000, description="from its start; what is not trained by then is cancelled"
    )


class BestMethodStudy(Record):
    """Which method for a data set, within a budget."""

    preset: str
    dataset: Text | dict[str, Any]
    budget: Budget = Field(default_factory=lambda: Budget())
    override: dict[str, Any] = Field(default_factory=dict, description="fields of the experiment, such as epochs")
    name: Text | None = Field(None, min_length=1, max_length=200)


def draft(request: BestMethodStudy, checks: Checks) -> Draft:
    """The search with a row for each of its methods.

    Raises:
        SpecError, DatasetError: with the field and the remedy.
    """
    found = best_method(checks, request.dataset, request.override, runs=request.budget.runs)
    columns = [{"key": metric, "title": title, "metric": metric} for metric, title in found.columns]
    rows = [
        {
            "label": label,
            "method": label,
            "cells": {
                metric: {"job": JOB, "metric": metric, "point": {"method": method}} for metric, _ in found.columns
            },
        }
        for label, method in found.rows
    ]
    limit = [] if request.budget.hours is None else [f"It ends {request.budget.hours:g} hours after its start."]
    return Draft(
        name=request.name or found.spec["name"],
        columns=columns,
        rows=rows,
        jobs={JOB: found.spec},
        notes=[*found.notes, *limit],
    )


def answer(session: Session, study: Study) -> Mapping[str, Any]:
    """What the search has found, by the runs that it has trained."""
    members = studies.members(session, study.id)
    if not members:
        return {"text": "No answer: the job of this search has been deleted.", "spec": None, "pairs": []}
    job = jobs.get(session, members[0].id)
    asked = study.body["dataset"]
    fraction = asked.get("validation_fraction") if isinstance(asked, Mapping) else None
    return answer_of(
        jobs.summary(session, job.id),
        job.spec,
        metric=study.plan["columns"][0]["metric"],
        tried=len(study.plan["rows"]),
        fraction=fraction,
    )


BEST_METHOD_MAKER = Maker(BestMethodStudy, draft, answer)
