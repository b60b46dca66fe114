"""Facts about a data set after its long-tailed subset and validation split."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lplcore.data.stratification import LabelSets


class MissingValues(NamedTuple):
    """A column of a table with rows that lack a value."""

    column: str
    rows: int


@dataclass(frozen=True)
class TableFacts:
    """What the columns of a CSV table are taken for."""

    target: str
    split: str | None
    """None where the splits were drawn."""
    preprocessing: Mapping[str, Any]
    """How rows become features: for `lplcore.data.tables.Preprocessing.from_json`."""
    missing: tuple[MissingValues, ...] = ()
    examples: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """The first training row of the first classes: the texts of its first columns."""


@dataclass(frozen=True)
class RawFacts:
    """What is known of a data set before anything is held out or thinned out. C classes."""

    classes: tuple[str, ...]
    class_counts: tuple[int, ...]
    """Training examples per class, C entries."""
    num_test: int
    input_shape: tuple[int, ...]
    task: str = "single_label"
    num_train: int = 0
    num_validation: int = 0
    """Examples of the data set's own validation split."""
    notes: tuple[str, ...] = ()
    modified: bool = False
    sha256: str | None = None
    shares: bool = False
    """Multi label: whether training labels are shares, some between 0 and 1."""
    image_sizes: tuple[tuple[int, int], ...] = ()
    """Width and height of a few image files."""
    table: TableFacts | None = field(default=None, repr=False)
    """Of a CSV table."""
    label_sets: LabelSets | None = field(default=None, compare=False, repr=False)
    """Multi label: the sets of labels of the training examples, where they are to be split."""


@dataclass(frozen=True)
class DatasetInfo:
    """What a data set holds. C classes."""

    name: str
    task: str
    classes: tuple[str, ...]
    class_counts: tuple[int, ...]
    """Training examples per class, C entries."""
    num_train: int
    num_validation: int
    num_test: int
    input_shape: tuple[int, ...]
    """Shape of one example: (channels, height, width) or (D,)."""
    imbalance_factor: float = 1.0
    """n_max / n_min of the training examples, over the classes that have any."""
    many_above: int = 100
    few_below: int = 20
    sha256: str | None = None
    notes: tuple[str, ...] = ()
    """What a reader of results must know, such as files that differ from the published ones."""
    modified: bool = False
    """Whether files differ from the published ones."""
    shares: bool = False
    """Multi label: whether training labels are shares, some between 0 and 1."""
    cache_bytes: int | None = None
    """About what the cache will take that the spec asks for; None where it asks for none."""

    def shot_group(self, count: int) -> str:
        """`many`, `medium` or `few` by the training count of a class."""
        if count > self.many_above:
            return "many"
        return "few" if count < self.few_below else "medium"
