"""Results for the eye: mean ± standard deviation per sweep point, in percent."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from client.answers import Job, JobItem, Run, Statistic, SummaryRow
from client.output import say_table, shown

# Metric -> column title; a job shows those that it has.
COLUMNS = {
    "test/top1_error": "top-1 error %",
    "test/top1_error.many": "many",
    "test/top1_error.medium": "medium",
    "test/top1_error.few": "few",
    "test/mean_average_precision": "mAP %",
    "test/mean_average_precision.many": "mAP many",
    "test/mean_average_precision.medium": "mAP medium",
    "test/mean_average_precision.few": "mAP few",
}


def say_results(job: Job) -> None:
    """Print the result table of a job: a line per sweep point."""
    columns = [name for name in COLUMNS if any(name in row.metrics for row in job.summary)]
    if not columns:
        return
    paths = sorted({path for row in job.summary for path in row.point})
    header = [*(paths or ["method"]), *(COLUMNS[name] for name in columns), "seeds"]
    rows = [result_cells(row, paths, columns, job) for row in job.summary]
    say_table(header, rows, right=range(max(1, len(paths)), len(header)))


def result_cells(row: SummaryRow, paths: Sequence[str], columns: Sequence[str], job: Job) -> list[str]:
    """The cells of a sweep point."""
    point = [point_value(row.point.get(path)) for path in paths] or [method_of(job)]
    seeds = max((statistic.n for statistic in row.metrics.values()), default=0)
    missing = f" of {seeds + len(row.missing_seeds)}" if row.missing_seeds else ""
    return [*point, *(percent(row.metrics.get(name)) for name in columns), f"{seeds}{missing}"]


def percent(statistic: Statistic | None) -> str:
    """Mean ± standard deviation of a fraction, in percent."""
    if statistic is None or statistic.mean is None:
        return "-"
    spread = "" if statistic.std is None else f" ± {100 * statistic.std:.2f}"
    return f"{100 * statistic.mean:.2f}{spread}"


def point_value(value: Any) -> str:
    """A swept value, short: a method or plug-in by its name and what differs from its defaults."""
    if isinstance(value, Mapping):
        name = value.get("alias") or value.get("name")
        rest = {key: item for key, item in value.items() if key not in ("alias", "name")}
        return " ".join([shown(name), *(f"{key}={shown(item)}" for key, item in rest.items())]).strip()
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def point_label(point: Mapping[str, Any]) -> str:
    """A sweep point in one line; a path is named where it is not the only one."""
    if len(point) == 1:
        return point_value(next(iter(point.values())))
    return " ".join(f"{path.rsplit('.', 1)[-1]}={point_value(value)}" for path, value in point.items())


def run_label(run: Run) -> str:
    """A run by its sweep point and seed."""
    return f"{point_label(run.point)} seed {run.seed}".strip()


def method_of(job: Job) -> str:
    """A job's method, as the service labels it."""
    return shown((job.model_extra or {}).get("method", "")) or "result"


def say_jobs(jobs: Sequence[JobItem]) -> None:
    """Print a line per job."""
    rows = [
        [
            job.id,
            job.name,
            dataset_of(job),
            job.methods,
            job.state,
            f"{job.progress:.0%}",
            result_of(job),
            job.created_at,
        ]
        for job in jobs
    ]
    say_table(["job", "name", "data set", "method", "state", "done", "result", "created"], rows, right=[5])


def dataset_of(job: JobItem) -> str:
    """A job's data set with its imbalance."""
    factor = job.imbalance_factor or 1.0
    return f"{job.dataset} {factor:g}:1" if factor > 1 else job.dataset


def result_of(job: JobItem) -> str:
    """A job's main figure over its finished runs."""
    name = next((name for name in COLUMNS if name in job.metrics), None)
    return "" if name is None else f"{COLUMNS[name].removesuffix(' %')} {percent(job.metrics[name])} %"


def say_runs(runs: Sequence[Run]) -> None:
    """Print a line per run."""
    rows = [
        [run.id, run_label(run), run.state, run.reason, f"{run.epoch}/{run.epochs}", run.device, run.message]
        for run in runs
    ]
    say_table(["run", "", "state", "reason", "epoch", "device", "message"], rows, right=[4])


def say_job(job: Job) -> None:
    """Print a job: what it is, its results, its runs."""
    requested = f" ({job.requested} requested)" if job.requested else ""
    rows: list[list[Any]] = [
        ["job", job.id],
        ["name", job.name],
        ["tags", job.tags],
        ["state", f"{job.state}{requested}"],
        ["progress", f"{job.progress:.0%}"],
        ["created", job.created_at],
        ["finished", job.finished_at],
    ]
    say_table(["", ""], [row for row in rows if row[1] not in (None, "", [])])
