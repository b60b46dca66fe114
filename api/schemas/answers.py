"""The shapes of answers."""

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, Field, model_validator

from store.characters import clean_all
from store.database.records import ApiKey, Job, Run, Worker


class RunAnswer(BaseModel):
    """One training: a seed and a sweep point."""

    id: str
    job: str
    seed: int
    point: dict[str, Any]
    state: str
    reason: str | None
    message: str | None
    requested: str | None
    attempt: int
    retry_of: str | None
    progress: float
    epoch: int
    epochs: int
    device: str | None
    worker: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    notes: list[str] = Field(description="What a reader of the results must know, such as modified data")


class Result(BaseModel):
    """A metric over runs; `std` has n - 1 in its denominator and is null at n = 1."""

    mean: float
    std: float | None
    n: int


class JobFacts(BaseModel):
    """What a list and a job's own answer have in common."""

    id: str
    name: str
    tags: list[str]
    state: str
    requested: str | None
    progress: float
    priority: int
    dataset: str = Field(description="the first run's; all are in `datasets`")
    datasets: list[str] = Field(description="data sets of all runs")
    method: str = Field(description="the first run's; all are in `methods`")
    methods: list[str] = Field(description="methods of all runs")
    runs_total: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobItem(JobFacts):
    """A job in a list."""

    model: str | None = Field(description="the first run's")
    models: list[str] = Field(description="models of all runs")
    imbalance_factor: float | None = Field(description="null where there is none, or more than one in the sweep")
    runs: dict[str, int] = Field(description="number of current runs by state; a retry takes its predecessor's place")
    metrics: dict[str, Result] = Field(
        description="last-epoch values of the task's main metrics over all current runs that have succeeded, whatever "
        "their sweep point; `summary` of the job has them point by point"
    )


class Spread(BaseModel):
    """A metric over seeds; `std` has n - 1 in its denominator and is null at n = 1."""

    mean: float | None
    std: float | None
    n: int
    values: list[float]
    seeds: list[int]


class PointSummary(BaseModel):
    """Last-epoch metrics of a sweep point."""

    point: dict[str, Any]
    metrics: dict[str, Spread]
    missing_seeds: list[int]
    waiting_seeds: list[int] = Field(description="those of the missing seeds whose run has not ended")


class JobAnswer(JobFacts):
    """A job with its complete spec, its first 100 runs and its summary."""

    spec: dict[str, Any]
    runs: list[RunAnswer]
    summary: list[PointSummary]


class JobList(BaseModel):
    """A page of jobs."""

    items: list[JobItem]
    next: str | None


class RunList(BaseModel):
    """A page of runs."""

    items: list[RunAnswer]
    next: str | None


class FromFiles(BaseModel):
    """What quotes files as they lie there: names that are not UTF-8 are made fit to be sent."""

    @model_validator(mode="before")
    @classmethod
    def _fit(cls, values: Any) -> Any:
        return clean_all(values)


class Validation(FromFiles):
    """What a submission would run."""

    spec: dict[str, Any]
    runs_total: int
    class_counts: list[int]
    imbalance_factor: float = Field(description="n_max/n_min of these counts, over the classes that have examples")
    classes: list[str]
    num_train: int
    num_validation: int
    num_test: int
    notes: list[str]


class DatasetAnswer(FromFiles):
    """A data set."""

    name: str
    builtin: bool
    available: bool
    message: str | None = None
    format: str
    task: str | None = None
    path: str | None = None
    sha256: str | None = None
    created_at: datetime | None = None


class DatasetDetail(DatasetAnswer):
    """A data set with its classes."""

    classes: list[str] = []
    class_counts: list[int] = []
    shot_groups: dict[str, list[int]] = Field(default_factory=dict, description="many, medium, few: class indices")
    many_above: int | None = None
    few_below: int | None = None
    num_train: int | None = None
    num_validation: int | None = None
    num_test: int | None = None
    input_shape: list[int] = []
    imbalance_factor: float | None = Field(
        None, description="n_max/n_min of all training examples, over the classes that have any"
    )
    notes: list[str] = Field(default=[], description="what a reader of results must know of the files")
    preview: list[dict[str, Any]] = Field(default_factory=list, description="one example per class, up to 12")


class DatasetList(BaseModel):
    """A page of data sets."""

    items: list[DatasetAnswer]
    next: str | None


class WorkerAnswer(BaseModel):
    """A worker's slot."""

    id: str
    hostname: str
    pid: int
    device: str
    device_name: str
    version: str
    run: str | None
    started_at: datetime
    last_seen_at: datetime
    alive: bool


class WorkerList(BaseModel):
    """Workers, those seen last first."""

    items: list[WorkerAnswer]
    next: str | None


class QueueAnswer(BaseModel):
    """The queue as numbers."""

    runs: dict[str, int]
    jobs: dict[str, int]
    oldest_waiting_seconds: float | None
    workers_alive: int


class KeyAnswer(BaseModel):
    """An API key; its secret is shown once, when it is made."""

    id: str
    name: str
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    secret: str | None = None


class KeyList(BaseModel):
    """All keys."""

    items: list[KeyAnswer]
    next: str | None


def moment(seconds: float | None) -> datetime | None:
    """Seconds since the epoch as a UTC time."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def at(seconds: float) -> datetime:
    """Seconds since the epoch as a UTC time."""
    return datetime.fromtimestamp(seconds, UTC)


def run_answer(run: Run) -> RunAnswer:
    """A run's answer."""
    shared = {name: getattr(run, name) for name in RunAnswer.model_fields if hasattr(run, name)}
    times = {"created_at": at(run.created_at), "started_at": moment(run.started_at)}
    notes = list(run.info.get("notes", []))
    return RunAnswer(**{**shared, **times, "finished_at": moment(run.finished_at), "job": run.job_id, "notes": notes})


def job_facts(job: Job) -> dict[str, Any]:
    """The fields of `JobFacts`."""
    facts = {name: getattr(job, name) for name in JobFacts.model_fields}
    lists = {name: list(facts[name]) for name in ("tags", "methods", "datasets")}
    times = {"created_at": at(job.created_at), "started_at": moment(job.started_at)}
    return {**facts, **lists, **times, "finished_at": moment(job.finished_at)}


def job_item(job: Job) -> JobItem:
    """A job's answer in a list."""
    factors = job.imbalance_factors
    return JobItem(
        **job_facts(job),
        model=next(iter(job.models), None),
        models=list(job.models),
        imbalance_factor=factors[0] if len(factors) == 1 else None,
        runs=job.run_states,
        metrics={name: Result(**vars(result)) for name, result in job.results.items()},
    )


def worker_answer(worker: Worker) -> WorkerAnswer:
    """A worker's answer."""
    shared = {name: getattr(worker, name) for name in WorkerAnswer.model_fields if hasattr(worker, name)}
    times = {"started_at": at(worker.started_at), "last_seen_at": at(worker.last_seen_at)}
    return WorkerAnswer(**{**shared, **times, "run": worker.run_id})


def key_answer(key: ApiKey, secret: str | None = None) -> KeyAnswer:
    """A key's answer."""
    times = {name: moment(getattr(key, name)) for name in ("last_used_at", "revoked_at")}
    return KeyAnswer(
        id=key.id, name=key.name, scopes=list(key.scopes), created_at=at(key.created_at), secret=secret, **times
    )
