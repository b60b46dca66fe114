"""Runs in MLflow's words."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from store.database.records import Event, Run
from store.lifecycle.states import State
from store.mirrors import JobFacts

STATUS = {
    State.QUEUED: "SCHEDULED",
    State.PAUSED: "SCHEDULED",
    State.RUNNING: "RUNNING",
    State.SUCCEEDED: "FINISHED",
    State.FAILED: "FAILED",
    State.CANCELLED: "KILLED",
}
MAIN_SETTINGS = (
    "dataset.name",
    "dataset.imbalance_factor",
    "dataset.imbalance_profile",
    "dataset.validation_fraction",
    "model.name",
    "optimizer.name",
    "optimizer.lr",
    "optimizer.weight_decay",
    "schedule.name",
    "augmentation.name",
    "epochs",
    "batch_size",
    "precision",
)
REFUSED = re.compile(r"[^\w.\-/ ]", re.ASCII)
LONGEST_NAME, LONGEST_EXPERIMENT, LONGEST_PARAM, LONGEST_TAG, MOST_PARAMS = 250, 500, 500, 5000, 100
"""What every server takes; newer ones take longer values."""


def experiment_of(job: JobFacts) -> str:
    """The name of the experiment of a job's runs."""
    return job.name.strip()[:LONGEST_EXPERIMENT] or job.id


def name_of(run: Run) -> str:
    """A run's name: its sweep point and its seed."""
    swept = [f"{path.rsplit('.', 1)[-1]}={as_text(value)}" for path, value in run.point.items()]
    return " ".join([*swept, f"seed {run.seed}"])[-LONGEST_NAME:]


def tags_of(run: Run, job: JobFacts) -> dict[str, str]:
    """Whose run it is."""
    tags = {"lpl.job": job.id, "lpl.run": run.id, "lpl.seed": str(run.seed), **state_of(run)}
    if run.retry_of is not None:
        tags["lpl.retry_of"] = run.retry_of
    return tags | ({"lpl.tags": ", ".join(job.tags)[:LONGEST_TAG]} if job.tags else {})


def state_of(run: Run) -> dict[str, str]:
    """The tags that change: how a run stands and why."""
    reason = ": ".join(part for part in (run.reason, run.message) if part)
    return {"lpl.state": run.state, "lpl.reason": reason[:LONGEST_TAG]}


def params_of(run: Run, job: JobFacts) -> dict[str, str]:
    """What was swept, the seed, and the main settings of the complete spec."""
    main = {path: value for path in MAIN_SETTINGS if (value := at(run.spec, path)) is not None}
    params = {"seed": run.seed, "method": job.method, **main, **run.point}
    return {fit(path): as_text(value)[:LONGEST_PARAM] for path, value in list(params.items())[:MOST_PARAMS]}


def at(spec: Mapping[str, Any], path: str) -> Any:
    """A setting by its path, None where the spec has none."""
    value: Any = spec
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def as_text(value: Any) -> str:
    """A setting as text; objects by their JSON, sorted, so that the same is always written the same."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def metrics_of(events: Sequence[Event]) -> Iterator[dict[str, Any]]:
    """What epochs measured, at the time when they were recorded; what is not a finite number is left out."""
    for event in events:
        if event.kind != "epoch":
            continue
        for name, value in event.data["metrics"].items():
            if value is not None and math.isfinite(value):
                yield {
                    "key": fit(name),
                    "value": value,
                    "timestamp": milliseconds(event.created_at),
                    "step": event.data["epoch"],
                }


def fit(name: str) -> str:
    """A name in the characters that MLflow takes, and not like a path that leads elsewhere."""
    parts = [part for part in REFUSED.sub("_", name).split("/") if part.strip(".")]
    return "/".join(parts).lstrip(".")[:LONGEST_NAME] or "_"


def milliseconds(seconds: float) -> int:
    """A time as MLflow counts it."""
    return round(1000 * seconds)
