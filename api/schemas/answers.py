"""The shapes of answers."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, AliasPath, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from api.schemas.searches import SearchAnswer
from api.schemas.verdict import VerdictAnswer
from store.characters import clean_all
from store.database.records import ApiKey, Job, Run
from store.lifecycle.results import results_of
from store.lifecycle.states import Reason, Request, State

IMAGE_DIMENSIONS = 3


def moment(value: Any) -> Any:
    """Seconds since the epoch as a UTC time; what is none of them is left to the field's own validation."""
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else value


Moment = Annotated[datetime, BeforeValidator(moment)]


def notes_in(info: dict[str, Any]) -> Any:
    """The notes among the facts of a run's start."""
    return info.get("notes", [])


def environment_in(info: dict[str, Any]) -> Any:
    """What the newest attempt computes with, among the facts of its start."""
    return info.get("environment", {})


def inputs_in(info: dict[str, Any]) -> Any:
    """What the run's network takes, among the facts of its start."""
    recorded = info.get("preprocessing")
    if not recorded:
        return None
    if "table" in recorded:
        return "table"
    return "images" if len(recorded["input_shape"]) == IMAGE_DIMENSIONS else "features"


def first(values: Sequence[Any]) -> Any:
    """The first of several, None where there is none."""
    return next(iter(values), None)


def some(values: Sequence[Any] | None) -> Sequence[Any]:
    """The values, empty where there are none."""
    return values or []


def only(values: Sequence[Any]) -> Any:
    """The one that all share, None where there is none or more than one."""
    return values[0] if len(values) == 1 else None


class Answer(BaseModel):
    """What is read off a record of the store, field by field."""

    model_config = ConfigDict(from_attributes=True)


class RunAnswer(Answer):
    """One training: a seed and a sweep point."""

    id: str
    job: str = Field(validation_alias="job_id")
    seed: int
    point: dict[str, Any]
    state: State
    reason: Reason | None
    message: str | None
    requested: Request | None
    attempt: int
    retry_of: str | None
    progress: float
    epoch: int
    epochs: int
    device: str | None
    worker: str | None
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    notes: Annotated[list[str], BeforeValidator(notes_in)] = Field(
        validation_alias="info", description="What a reader of the results must know, such as modified data"
    )
    environment: Annotated[dict[str, Any], BeforeValidator(environment_in)] = Field(
        validation_alias=AliasPath("info"),
        description="Device, precision, threads and versions that the newest attempt uses",
    )
    inputs: Annotated[Literal["images", "features", "table"] | None, BeforeValidator(inputs_in)] = Field(
        validation_alias=AliasPath("info"),
        description="What predictions are of: images, lists of numbers, or rows of a table as objects by column; null "
        "where it is not recorded",
    )


class Result(Answer):
    """A metric over runs; `std` has n - 1 in its denominator and is null at n = 1."""

    mean: float
    std: float | None
    n: int


class JobFacts(Answer):
    """What a list and a job's own answer have in common."""

    id: str
    name: str
    tags: list[str]
    notes: str
    archived: bool
    state: State
    requested: Request | None
    progress: float
    priority: int
    dataset: str = Field(description="the first run's; all are in `datasets`")
    datasets: list[str] = Field(description="data sets of all runs")
    method: str = Field(description="the first run's; all are in `methods`")
    methods: list[str] = Field(description="methods of all runs")
    study: str | None = Field(
        validation_alias=AliasChoices("study_id", "study"), description="the study that it is a part of"
    )
    preset: str | None = Field(description="the preset that it was made by")
    published: dict[str, float] | None = Field(
        description="metric -> the figure that was published of the preset, as of the job's submission"
    )
    runs_total: int
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None


class JobItem(JobFacts):
    """A job in a list."""

    model: Annotated[str | None, BeforeValidator(first)] = Field(
        validation_alias=AliasPath("models"), description="the first run's"
    )
    models: list[str] = Field(description="models of all runs")
    imbalance_factor: Annotated[float | None, BeforeValidator(only)] = Field(
        validation_alias="imbalance_factors", description="null where there is none, or more than one in the sweep"
    )
    runs: dict[State, int] = Field(
        validation_alias="run_states",
        description="number of current runs by state; a retry takes its predecessor's place",
    )
    metrics: Annotated[dict[str, Result], BeforeValidator(results_of)] = Field(
        validation_alias="results",
        description="last-epoch values of the task's main metrics over all current runs that have succeeded, whatever "
        "their sweep point; `summary` of the job has them point by point",
    )

    sparkline: Annotated[list[float], BeforeValidator(some)] = Field(
        description="the main test metric of the run that succeeded first, at up to 24 epochs from its first to its "
        "last; empty before"
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

    parent: str | None = Field(description="the job whose specification this one was made from")
    spec: dict[str, Any]
    runs: list[RunAnswer]
    summary: list[PointSummary]
    verdict: VerdictAnswer | None = Field(description="null while no run has succeeded")
    search: SearchAnswer | None = Field(description="null where the spec has no `search`")


class JobList(Answer):
    """A page of jobs."""

    items: list[JobItem]
    next: str | None


class RunList(Answer):
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
    cache_bytes: int | None = Field(
        None, description="about what the cache that the spec asks for will take; null where it asks for none"
    )


class KeyAnswer(Answer):
    """An API key; its secret is shown once, when it is made."""

    id: str
    name: str
    scopes: list[str]
    created_at: Moment
    last_used_at: Moment | None
    revoked_at: Moment | None
    secret: str | None = None


class KeyList(Answer):
    """All keys."""

    items: list[KeyAnswer]
    next: str | None


def at(seconds: float) -> datetime:
    """Seconds since the epoch as a UTC time."""
    return datetime.fromtimestamp(seconds, UTC)


def job_answer(
    job: Job, runs: Sequence[Run], summary: Sequence[dict[str, Any]], verdict: Any, search: dict[str, Any] | None
) -> JobAnswer:
    """A job with its first runs, its summary, its verdict and how its search stands."""
    said = None if verdict is None else VerdictAnswer.model_validate(verdict)
    return JobAnswer(
        **dict(JobFacts.model_validate(job)),
        parent=job.parent,
        spec=job.spec,
        runs=[RunAnswer.model_validate(run) for run in runs],
        summary=list(summary),
        verdict=said,
        search=None if search is None else SearchAnswer.model_validate(search),
    )


def key_answer(key: ApiKey, secret: str | None = None) -> KeyAnswer:
    """A key's answer."""
    return KeyAnswer.model_validate(key).model_copy(update={"secret": secret})
