"""Studies of the paper: its tables and figures, made of presets."""

from functools import cache, partial
from typing import Any, Literal

from pydantic import Field

import lplcore
from api.parameters import Text
from api.services.studies.checks import Checks
from api.services.studies.making import Draft, Maker
from lplcore.frame.study import Study
from lplcore.plugin import Record, plugins
from lplcore.studies.plan import Cell, StudyPlan, plan

MOST_REASONS = 5


class PaperStudy(Record):
    """A table or figure of the paper, as it is or within minutes on a CPU."""

    preset: str
    scale: Literal["full", "cpu"] = "full"
    name: Text | None = Field(None, min_length=1, max_length=200)


@cache
def paper_makers() -> dict[str, Maker]:
    """Table or figure -> how it is made."""
    return {name: Maker(PaperStudy, partial(draft, study)) for name, study in plugins("study").items()}


def draft(study: Study, request: PaperStudy, checks: Checks) -> Draft:
    """The table with its experiments; what cannot be trained here is said in its cells.

    Raises:
        SpecError: nothing of it can be trained.
    """
    planned = plan(study, request.scale, missing=checks.missing, registered=checks.registered)
    if not planned.jobs:
        raise lplcore.SpecError([{"path": "preset", "message": f"nothing of it can be trained: {reasons(planned)}"}])
    title = planned.title if request.scale == "full" else f"{planned.title} ({request.scale})"
    return Draft(
        name=request.name or title,
        columns=[column.model_dump() for column in planned.columns],
        rows=[
            {"label": row.label, "method": row.method, "cells": {key: in_json(cell) for key, cell in row.cells.items()}}
            for row in planned.rows
        ],
        jobs=planned.jobs,
        notes=planned.notes,
        citation=planned.citation,
        figure=planned.figure,
    )


def in_json(cell: Cell) -> dict[str, Any]:
    """A cell as drafts have it."""
    derived = None if cell.derived is None else {"row": cell.derived.row, "minus": cell.derived.minus}
    kept = {"job": cell.job, "metric": cell.metric, "published": cell.published, "missing": cell.missing}
    return {**kept, "derived": derived}


def reasons(planned: StudyPlan) -> str:
    """What is missing, told once each."""
    told = dict.fromkeys(cell.missing for row in planned.rows for cell in row.cells.values() if cell.missing)
    return "; ".join(list(told)[:MOST_REASONS])
