"""A search and studies as pages show them: stored and driven by the service itself, trained by a made error."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lplcore
from store import jobs, metrics, studies
from store.database.engine import Database
from store.database.records import NewJob, NewRun
from store.lifecycle import claims
from tests.api.searching import driver, job_of, submit, take, train
from tests.store.databases import reading, writing

ERROR = "test/top1_error"
TRIALS = 10
FAILS = "out of luck"
"""Message of the trial that fails."""
PAIR: dict[str, Any] = {
    "a": "lpl",
    "b": "focal",
    "metric": ERROR,
    "difference": -0.02,
    "confidence_interval": [-0.03, -0.01],
    "p_value": 0.004,
    "n": 3,
    "decided": True,
}
"""A difference that an answer rests on."""
SPACE: dict[str, Any] = {
    "method.perturbations.0.delta_epsilon": {"low": 0.5, "high": 5, "log": True},
    "optimizer.lr": [0.05, 0.1, 0.2],
}


def searched(db: Database, folder: Path) -> str:
    """A search that has ended, whose first trial failed; its job."""
    with driver(db, folder):
        job = submit(db, folder, changes={"name": "searched"}, sampler="random", space=SPACE, trials=TRIALS)
        first = take(db)
        assert first is not None
        writing(db, claims.finish, first, outcome="failed", reason="diverged", message=FAILS)
        deadline = time.monotonic() + 60
        while reading(db, jobs.get, job).state in ("queued", "running"):
            assert time.monotonic() < deadline, job_of(db, job)
            held = take(db)
            if held is None:
                time.sleep(0.01)
            else:
                train(db, held)
    return job


def member(name: str, method: str) -> NewJob:
    """A job of a study, with three seeds."""
    spec = lplcore.parse_spec({"dataset": "digits", "name": name, "method": method, "epochs": 2, "seeds": [0, 1, 2]})
    runs = [NewRun(run.seed, {}, run.spec.model_dump(mode="json"), 2, method=method) for run in spec.plan()]
    return jobs.new_job(spec=spec.model_dump(mode="json"), runs=runs, method=method)


def cell(job: NewJob | None, published: float, **more: Any) -> dict[str, Any]:
    """A cell of a study's plan."""
    return {"job": job and job.columns["id"], "metric": ERROR, "published": published, **more}


def studied(db: Database, *, name: str = "A table", comparable: bool = True) -> str:
    """A study in which one job has all its seeds, one lacks one, and a third has no data; its id."""
    plain, lpl = member(f"{name}, plain", "cross_entropy"), member(f"{name}, LPL", "lpl")
    plan = {
        "columns": [{"key": "100", "title": "100:1", "metric": ERROR}, {"key": "10", "title": "10:1", "metric": ERROR}],
        "rows": [
            {"label": "CE", "method": "cross_entropy", "cells": {"100": cell(plain, 0.21), "10": cell(lpl, 0.9)}},
            {"label": "Nowhere", "method": "lpl", "cells": {"100": cell(None, 0.3, missing="cifar is not here")}},
            {
                "label": "Gain",
                "method": "lpl",
                "cells": {"10": cell(None, 0.1, derived={"row": "CE", "minus": "Nowhere"})},
            },
        ],
        "notes": ["A note for readers."],
        "citation": "Table 0",
        "figure": "loss-variation",
    }
    body = {"scale": "full" if comparable else "cpu"}
    study = studies.new_study(name=name, preset="table0", body=body, plan=plan, members=[plain, lpl])
    submitted = writing(db, studies.submit, study).study.id
    for error in (0.2, 0.21, 0.22, 0.4, 0.5, None):
        run(db, error)
    return submitted


def run(db: Database, error: float | None) -> None:
    """Train the next run to this error; None: it fails."""
    held = take(db)
    assert held is not None
    if error is None:
        writing(db, claims.finish, held, outcome="failed", reason="diverged", message="the loss is nan")
        return
    writing(db, metrics.record_start, held, {"class_names": ["a", "b"], "class_counts": [9, 2], "notes": []})
    for epoch in (1, 2):
        writing(db, metrics.record_epoch, held, epoch=epoch, epochs=2, metrics={ERROR: error}, series={})
    writing(db, claims.finish, held, outcome="succeeded")


def answered(db: Database, answer: Mapping[str, Any]) -> str:
    """A study that has ended with an answer; its id."""
    one = member("the search behind it", "lpl")
    plan: dict[str, Any] = {"columns": [], "rows": [], "notes": [], "citation": "", "figure": None}
    body = {"preset": "best_method", "dataset": "digits"}
    new = studies.new_study(name="Best", preset="best_method", body=body, plan=plan, members=[one], answers=True)
    study = writing(db, studies.submit, new).study.id
    for error in (0.2, 0.21, 0.22):
        run(db, error)
    assert writing(db, studies.write_answer, reading(db, studies.get, study), answer)
    return study
