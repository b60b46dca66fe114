"""Results for the eye: mean ± standard deviation per sweep point, in percent."""

from collections.abc import Sequence
from typing import Any

from client.answers import Job, JobItem, Run
from client.output import say_table
from client.results import COLUMNS, percent, result_rows
from client.search import figure
from client.words import point_label


def say_results(job: Job) -> None:
    """Print the result table of a job: a line per sweep point."""
    rows = result_rows(job.summary, job.method or "result")
    if rows:
        paths = max(1, len({path for row in job.summary for path in row.point}))
        say_table(list(rows[0]), [list(row.values()) for row in rows], right=range(paths, len(rows[0])))


def say_search(job: Job) -> None:
    """Print a line per trial of a search, its best point and those that got seeds."""
    if job.search is None:
        return
    rows = job.search.rows()
    if rows:
        say_table(list(rows[0]), [list(row.values()) for row in rows], right=[0, len(rows[0]) - 3, len(rows[0]) - 2])
    metric = (job.spec.get("search") or {}).get("metric") or "value"
    best = [] if job.search.best is None else [job.search.best]
    told = [["best so far" if not job.ended else "best", point] for point in best]
    told += [[f"finalist {place}", point] for place, point in enumerate(job.search.finalists, start=1)]
    if told:
        say_table(
            ["", "point", metric], [[title, point_label(point.point), figure(point.value)] for title, point in told]
        )


def run_label(run: Run) -> str:
    """A run by its sweep point and seed."""
    return f"{point_label(run.point)} seed {run.seed}".strip()


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
