"""Data sets over the wire: what they hold, and what was found of them when they were registered."""

from typing import Any

from pydantic import BaseModel, Field

from api.schemas.answers import FromFiles, Moment


class DatasetSplit(BaseModel):
    """A split of a data set."""

    name: str = Field(description="train, validation or test")
    examples: int
    class_counts: list[int] = Field(description="multi label: examples with each class")
    imbalance_factor: float


class ClassPair(BaseModel):
    """Two classes that examples have together."""

    classes: list[int] = Field(description="two class indices")
    examples: int


class CoOccurrence(BaseModel):
    """Which classes come together."""

    counts: list[list[int]] | None = Field(
        None, description="examples with both classes, by class index; null above 100 classes"
    )
    pairs: list[ClassPair] = Field(description="the most frequent ones, up to 20")


class MissingValues(BaseModel):
    """A column of a table that lacks values."""

    column: str
    rows: int = Field(description="without a value, of all splits")


class DatasetAnswer(FromFiles):
    """A data set."""

    name: str
    builtin: bool
    available: bool
    message: str | None = None
    format: str
    task: str | None = None
    num_classes: int | None = Field(None, description="null where it is not available")
    imbalance_factor: float | None = Field(
        None, description="n_max/n_min of all training examples, over the classes that have any"
    )
    path: str | None = None
    sha256: str | None = None
    created_at: Moment | None = None
    uploaded: bool = Field(False, description="whether it came as a file: its files are removed with it")


class DatasetDetail(DatasetAnswer):
    """A data set with its classes."""

    classes: list[str] = Field(default=[])
    class_counts: list[int] = Field(default=[])
    shot_groups: dict[str, list[int]] = Field(default_factory=dict, description="many, medium, few: class indices")
    many_above: int | None = None
    few_below: int | None = None
    num_train: int | None = None
    num_validation: int | None = None
    num_test: int | None = None
    input_shape: list[int] = Field(default=[])
    notes: list[str] = Field(default=[], description="what a reader of results must know of the files")
    preview: list[dict[str, Any]] = Field(default_factory=list, description="one example per class, up to 12")
    target: str | None = Field(None, description="of a table: the column of the labels")
    split: str | None = Field(None, description="of a table: the column that says train, val or test")
    splits: list[DatasetSplit] = Field(default=[], description="training first; empty where it was not looked at")
    splits_drawn: bool | None = Field(
        None, description="whether the test split was drawn from the training examples, since the files have none"
    )
    co_occurrence: CoOccurrence | None = Field(None, description="multi label: of the training examples")
    missing_values: list[MissingValues] = Field(default=[], description="of a table: columns that lack values")
    warnings: list[str] = Field(default=[], description="what spoils results, found when it was registered")


class DatasetList(BaseModel):
    """A page of data sets."""

    items: list[DatasetAnswer]
    next: str | None
