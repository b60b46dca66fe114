"""How a search stands, as it is answered."""

from collections.abc import Mapping
from typing import Any

from api.services.search_steps import current_rows, search_of, trials_in
from lplcore.search import decision
from lplcore.search.trials import Trial
from store.database.engine import Session
from store.database.records import Job


def search_answer(session: Session, job: Job) -> dict[str, Any]:
    """The trials of a search, the best so far, and its finalists."""
    search, epochs, rows = search_of(job), job.spec["epochs"], current_rows(session, job)
    trials, names = trials_in(rows), {row.trial: row.run for row in rows}
    best = decision.best(search, epochs, trials)
    finalists = [] if job.search_open else decision.ranked(search, epochs, trials)[: search.finalists]
    return {
        "trials": [trial_answer(trial, names) for trial in trials],
        "best": None if best is None else point_answer(best, names),
        "finalists": [point_answer(trial, names) for trial in finalists],
    }


def trial_answer(trial: Trial, names: Mapping[int | None, str]) -> dict[str, Any]:
    """A trial."""
    rung = max(trial.values) + 1 if trial.values else None
    return {**point_answer(trial, names), "number": trial.number, "rung": rung, "state": trial.state}


def point_answer(trial: Trial, names: Mapping[int | None, str]) -> dict[str, Any]:
    """A trial's point, and what it reached last."""
    value = trial.value(max(trial.values, default=0))
    return {"run": names[trial.number], "point": trial.point, "value": value}
