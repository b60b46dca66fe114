"""What is answered of data sets."""

from pydantic import Field

from client.dataset_fields import (
    ClassPairFields,
    CoOccurrenceFields,
    DatasetFields,
    DatasetSplitFields,
    MissingValuesFields,
)


class DatasetSplit(DatasetSplitFields):
    """A split: its examples in all and by class."""


class ClassPair(ClassPairFields):
    """Two classes, by their indices, and how many training examples have both."""


class CoOccurrence(CoOccurrenceFields):
    """Which classes come together in multi-label training examples."""

    pairs: list[ClassPair] = Field(default_factory=list)


class MissingValues(MissingValuesFields):
    """A column of a table that lacks values."""


class Dataset(DatasetFields):
    """A data set that a spec may name; the lists are filled where one data set is asked for."""

    splits: list[DatasetSplit] = Field(default_factory=list)
    co_occurrence: CoOccurrence | None = None
    missing_values: list[MissingValues] = Field(default_factory=list)
