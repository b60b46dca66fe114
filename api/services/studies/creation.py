"""From what a user posts to a stored study."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import lplcore
from api.services import submission
from api.services.studies.checks import Checks
from api.services.studies.makers import makers
from api.services.studies.making import MOST_JOBS, Draft, Maker
from api.services.studies.own import OWN
from lplcore.errors import validated
from lplcore.plugin import nearest, quoted
from store import studies
from store.database.engine import Database
from store.database.records import NewJob, NewStudy, SubmittedStudy
from store.settings import Settings


def create(
    db: Database, settings: Settings, data: Mapping[str, Any], *, idempotency_key: str | None, owner: str
) -> SubmittedStudy:
    """Check all experiments of a study, then store it with all its jobs.

    Raises:
        SpecError, DatasetError: with the field and the remedy.
        Conflict: the key was used with another request.
        QuotaExceeded: too many of the owner's runs would wait.
        Problem: others submit studies or large sweeps at this moment.
    """
    request_hash = submission.fingerprint({"study": data})
    with db.read() as session:
        earlier = studies.earlier_submission(session, owner, idempotency_key, request_hash=request_hash)
    if earlier is not None:
        return earlier
    with submission.SUBMITTING.turn("planning studies"):
        checks = Checks(db, settings)
        study = drafted(checks, settings, data, owner=owner)
    store = partial(studies.submit, idempotency_key=idempotency_key, request_hash=request_hash)
    submitted = db.write(partial(store, study=study, max_queued=settings.max_queued_runs))
    submission.explain_waiting(db, settings, checks.runs)
    return submitted


def drafted(checks: Checks, settings: Settings, data: Mapping[str, Any], *, owner: str) -> NewStudy:
    """A study as it is stored.

    Raises:
        SpecError, DatasetError: with the field and the remedy.
    """
    maker = maker_of(data)
    request = validated(maker.request, data)
    draft = maker.draft(request, checks)
    refuse_too_large(draft, checks, settings)
    members = {key: member(checks, spec, owner=owner) for key, spec in draft.jobs.items()}
    return studies.new_study(
        name=draft.name,
        preset=data.get("preset"),
        body=request.model_dump(mode="json", exclude={"jobs"}),
        plan=plan_of(draft, {key: job.columns["id"] for key, job in members.items()}),
        members=list(members.values()),
        owner=owner,
        answers=maker.answer is not None,
    )


def maker_of(data: Mapping[str, Any]) -> Maker:
    """What makes the study of a request.

    Raises:
        SpecError: there is no such preset, or none is named.
    """
    if "preset" not in data:
        if "jobs" in data:
            return OWN
        message = f"give the preset of a study ({', '.join(makers())}), or a name and jobs"
        raise lplcore.SpecError([{"path": "", "message": message}])
    preset, known = data["preset"], makers()
    if not isinstance(preset, str) or preset not in known:
        message = f"unknown preset of studies {quoted(preset)}; {nearest(str(preset), known)}"
        raise lplcore.SpecError([{"path": "preset", "message": message}])
    return known[preset]


def refuse_too_large(draft: Draft, checks: Checks, settings: Settings) -> None:
    """Enforce the limits of a study.

    Raises:
        SpecError: it has too many jobs or runs.
    """
    runs = sum(len(checks.planned(spec).plan) for spec in draft.jobs.values())
    for number, limit, what in (
        (len(draft.jobs), MOST_JOBS, "jobs"),
        (runs, settings.max_runs_per_job, "runs (LPL_MAX_RUNS_PER_JOB)"),
    ):
        if number > limit:
            message = f"the study would have {number} of at most {limit} {what}; make several studies of it"
            raise lplcore.SpecError([{"path": "jobs", "message": message}])


def member(checks: Checks, spec: Mapping[str, Any], *, owner: str) -> NewJob:
    """A job of a study."""
    planned = checks.planned(spec)
    return submission.new_job(spec, planned.spec, planned.plan, planned.registered, owner=owner)


def plan_of(draft: Draft, job_ids: Mapping[str, str]) -> dict[str, Any]:
    """A draft as the plan that is stored: keys of jobs are their identifiers."""
    return {
        "columns": [dict(column) for column in draft.columns],
        "rows": [
            {**row, "cells": {key: {**cell, "job": job_ids.get(cell.get("job"))} for key, cell in row["cells"].items()}}
            for row in draft.rows
        ],
        "notes": list(draft.notes),
        "citation": draft.citation,
        "figure": draft.figure,
    }
