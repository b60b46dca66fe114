"""Fields of data sets, written from docs/openapi.json by `python -m tests.interface`.

Fields that hold other answers are declared in `client.datasets`.
"""

from datetime import datetime
from typing import Any

from pydantic import Field

from client.record import Answer


class DatasetFields(Answer):
    """A data set with its classes."""

    name: str = ""
    builtin: bool = False
    available: bool = False
    message: str | None = None
    format: str = ""
    task: str | None = None
    num_classes: int | None = None
    imbalance_factor: float | None = None
    path: str | None = None
    sha256: str | None = None
    created_at: datetime | None = None
    uploaded: bool = False
    classes: list[str] = Field(default_factory=list)
    class_counts: list[int] = Field(default_factory=list)
    shot_groups: dict[str, list[int]] = Field(default_factory=dict)
    many_above: int | None = None
    few_below: int | None = None
    num_train: int | None = None
    num_validation: int | None = None
    num_test: int | None = None
    input_shape: list[int] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
    preview: list[dict[str, Any]] = Field(default_factory=list)
    target: str | None = None
    split: str | None = None
    splits_drawn: bool | None = None
    warnings: list[str] = Field(default_factory=list)


class DatasetSplitFields(Answer):
    """A split of a data set."""

    name: str = ""
    examples: int = 0
    class_counts: list[int] = Field(default_factory=list)
    imbalance_factor: float = 0.0


class CoOccurrenceFields(Answer):
    """Which classes come together."""

    counts: list[list[int]] | None = None


class ClassPairFields(Answer):
    """Two classes that examples have together."""

    classes: list[int] = Field(default_factory=list)
    examples: int = 0


class MissingValuesFields(Answer):
    """A column of a table that lacks values."""

    column: str = ""
    rows: int = 0
