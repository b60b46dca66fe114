"""Fields of studies, written from docs/openapi.json by `python -m tests.interface`.

Fields that hold other answers are declared in `client.studies`.
"""

from datetime import datetime
from typing import Any

from pydantic import Field

from client.fields import Request, State
from client.record import Answer


class StudyItemFields(Answer):
    """A study in a list; state, progress and times are derived from its jobs."""

    id: str
    name: str = ""
    preset: str | None = None
    asked: dict[str, Any] = Field(default_factory=dict)
    state: State
    requested: Request | None = None
    progress: float = 0.0
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


class StudyColumnFields(Answer):
    """A column of a study's table."""

    key: str = ""
    title: str = ""
    metric: str = ""


class StudyCellFields(Answer):
    """A figure over the seeds that succeeded beside the published one; or the difference of two others, by seed."""

    job: str | None = None
    point: dict[str, Any] | None = None
    metric: str = ""
    mean: float | None = None
    std: float | None = None
    n: int = 0
    values: list[float] = Field(default_factory=list)
    seeds: list[int] = Field(default_factory=list)
    confidence_interval: list[float] | None = None
    missing: list[int | str] = Field(default_factory=list)
    waiting: list[int] = Field(default_factory=list)
    published: float | None = None
    difference: float | None = None
    differs: bool | None = None
    derived: dict[str, str] | None = None


class StudyRowFields(Answer):
    """A row of a study's table."""

    label: str = ""
    method: str = ""


class StudyJobFields(Answer):
    """A job of a study."""

    id: str
    name: str = ""
    state: State
    progress: float = 0.0
    runs_total: int = 0


class StudyFindingFields(Answer):
    """What a study found, in words and as a spec to train again."""

    text: str = ""
    spec: dict[str, Any] | None = None
    pairs: list[dict[str, Any]] = Field(default_factory=list)


class StudyFields(Answer):
    """A study with its table."""

    id: str
    name: str = ""
    preset: str | None = None
    asked: dict[str, Any] = Field(default_factory=dict)
    state: State
    requested: Request | None = None
    progress: float = 0.0
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    notes: list[str] = Field(default_factory=list)
    citation: str = ""
    comparable: bool = False
    figure: str | None = None
    answer_due: bool = False
