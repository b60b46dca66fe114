"""The shapes of studies: jobs that make one table."""

from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from api.schemas.answers import Answer, Moment
from api.schemas.verdict import Interval
from store.database.records import Job, Study
from store.lifecycle.states import Request, State


class StudyItem(Answer):
    """A study in a list; state, progress and times are derived from its jobs."""

    id: str
    name: str
    preset: str | None = Field(description="null where its jobs were given")
    asked: dict[str, Any] = Field(
        validation_alias=AliasChoices("body", "asked"), description="the request that made it, without experiments"
    )
    state: State
    requested: Request | None
    progress: float
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None


class StudyList(Answer):
    """A page of studies."""

    items: list[StudyItem]
    next: str | None


class StudyColumn(BaseModel):
    """A column of a study's table."""

    key: str
    title: str
    metric: str


class StudyCell(BaseModel):
    """A figure over the seeds that succeeded beside the published one; or the difference of two others, by seed."""

    job: str | None = Field(description="null where it is derived or no job trains it")
    point: dict[str, Any] | None = Field(description="the sweep point of the job; null: its only one")
    metric: str
    mean: float | None
    std: float | None = Field(description="n - 1 in its denominator; null at n = 1")
    n: int
    values: list[float]
    seeds: list[int] = Field(description="of `values`")
    confidence_interval: Interval | None = Field(description="of the mean: Student's, 95 %; null at n = 1")
    missing: list[int | str] = Field(description="seeds without a figure, or why there is none at all")
    waiting: list[int] = Field(description="those of the missing seeds whose run has not ended")
    published: float | None
    difference: float | None = Field(description="mean - published")
    differs: bool | None = Field(
        description="whether the published figure lies outside of the interval: the difference is more than noise over "
        "seeds; null where there is no interval, or the study is not `comparable`"
    )
    derived: dict[str, str] | None = Field(description="`row` and `minus`: the labels of the rows of a difference")


class StudyRow(BaseModel):
    """A row of a study's table."""

    label: str
    method: str
    cells: dict[str, StudyCell] = Field(description="by the columns' keys; a column that the row lacks is a dash")


class StudyJob(Answer):
    """A job of a study."""

    id: str
    name: str
    state: State
    progress: float
    runs_total: int


class StudyFinding(BaseModel):
    """What a study found, in words and as a spec to train again."""

    model_config = ConfigDict(extra="allow")

    text: str
    spec: dict[str, Any] | None = None
    pairs: list[dict[str, Any]] = Field([], description="differences paired by seed that the words rest on")


class StudyAnswer(StudyItem):
    """A study with its table."""

    jobs: list[StudyJob] = Field(description="those that were deleted aside")
    columns: list[StudyColumn]
    rows: list[StudyRow]
    notes: list[str] = Field(description="what a reader of the table must know")
    citation: str = Field(description="the published table; empty where there is none")
    comparable: bool = Field(description="whether the published figures are of such data; false at scale cpu")
    figure: str | None = Field(description="what is drawn of every job: a kind of `/v1/jobs/{id}/figures`")
    answer_due: bool = Field(description="whether the answer is still to come")
    answer: StudyFinding | None = Field(description="null where the preset gives none, or not yet")


def is_comparable(study: Study) -> bool:
    """Whether the published figures are of the same data as the study's."""
    return bool(study.body.get("scale") != "cpu")


def study_answer(study: Study, members: list[Job], rows: list[StudyRow]) -> StudyAnswer:
    """A study with its table, whose rows have been measured."""
    plan = study.plan
    return StudyAnswer(
        **dict(StudyItem.model_validate(study)),
        jobs=[StudyJob.model_validate(job) for job in members],
        columns=plan["columns"],
        rows=rows,
        notes=plan.get("notes", []),
        citation=plan.get("citation", ""),
        comparable=is_comparable(study),
        figure=plan.get("figure"),
        answer_due=study.answers and study.answer is None,
        answer=None if study.answer is None else StudyFinding.model_validate(study.answer),
    )
