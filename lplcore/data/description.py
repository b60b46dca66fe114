"""What there is to know of a data set before one trains on it. N examples, C classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lplcore.data.identical import shared_examples
from lplcore.data.images.files import ImageFiles
from lplcore.data.images.folder import FLAT_LEVELS, flat_images
from lplcore.data.long_tail import imbalance_of
from lplcore.data.raw import Inputs, RawData, positives

MAX_SQUARE = 100
"""Classes up to which all pairs are counted."""
MAX_PAIRED = 1000
"""The most frequent classes, of which pairs are looked for where there are more."""
MOST_PAIRS = 20
NAMED = 3
BLOCK = 4096
UNEVEN = 2.0
"""Imbalance factor of a test split from which its error says little about rare classes."""
FEWEST = 2
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class DescribedSplit:
    """A split as the files have it."""

    name: str
    examples: int
    class_counts: tuple[int, ...]
    """[C]; multi label: examples with each class."""
    imbalance_factor: float


@dataclass(frozen=True)
class Pair:
    """Two classes that training examples have together."""

    classes: tuple[int, int]
    examples: int


@dataclass(frozen=True)
class CoOccurrence:
    """Which classes come together in the training examples of multi-label data."""

    counts: tuple[tuple[int, ...], ...] | None
    """[C, C], on the diagonal the examples of each class; None for many classes."""
    pairs: tuple[Pair, ...]
    """The most frequent ones."""


@dataclass(frozen=True)
class Description:
    """What `describe` finds."""

    splits: tuple[DescribedSplit, ...]
    splits_drawn: bool
    """Whether the test split was drawn from the training examples, since the files have none."""
    co_occurrence: CoOccurrence | None
    warnings: tuple[str, ...]
    """What spoils results, in words."""


def describe(raw: RawData, *, splits_drawn: bool, flat: Sequence[str] | None = None) -> Description:
    """A data set, every example of which is looked at once.

    Args:
        raw: what its files hold.
        splits_drawn: whether its splits are none of its own.
        flat: names of images that are nearly one colour; None: arrays are searched for them.
    """
    inputs = inputs_of(raw)
    splits = described_splits(raw)
    if flat is None:
        flat = flat_examples(inputs)
    others = {name: x for name, x in inputs.items() if name != "train"}
    warnings = [
        *shared_warnings(shared_examples(raw.x_train, others) if others else {}, inputs),
        *class_warnings(raw.classes, splits),
        *flat_warnings(flat),
        *test_warnings(splits, raw.task),
    ]
    together = co_occurrence(raw.y_train) if raw.task == "multi_label" else None
    return Description(splits, splits_drawn, together, tuple(warnings))


def inputs_of(raw: RawData) -> dict[str, Inputs]:
    """The splits that there are."""
    splits = {"train": raw.x_train, "validation": raw.x_validation, "test": raw.x_test}
    return {name: x for name, x in splits.items() if x is not None and len(x)}


def described_splits(raw: RawData) -> tuple[DescribedSplit, ...]:
    """Each split in numbers."""
    labels = {"train": raw.y_train, "validation": raw.y_validation, "test": raw.y_test}
    described = []
    for name, y in labels.items():
        if y is not None and len(y):
            counts = positives(y) if y.ndim == 2 else np.bincount(y, minlength=len(raw.classes))
            whole = tuple(int(count) for count in counts)
            described.append(DescribedSplit(name, len(y), whole, imbalance_of(whole)))
    return tuple(described)


def flat_examples(inputs: Mapping[str, Inputs]) -> list[str]:
    """Images in arrays that are nearly one colour."""
    names = []
    train = inputs["train"]
    if isinstance(train, ImageFiles) or train.ndim != 4 or train.shape[2] * train.shape[3] == 1:
        return []
    levels = FLAT_LEVELS if train.dtype == np.uint8 else FLAT_LEVELS / 255 * float(train.max() - train.min())
    for split, x in inputs.items():
        for first in range(0, len(x), BLOCK):
            images: Any = x[first : first + BLOCK]
            names += [f"{split} {first + place}" for place in flat_images(images, levels).tolist()]
    return names


def co_occurrence(labels: npt.NDArray[Any]) -> CoOccurrence:
    """Counts of pairs among labels [N, C]; shares count from a half on, unknown ones do not."""
    present = labels >= 0.5
    most = np.argsort(-present.sum(axis=0), kind="stable")[:MAX_PAIRED]
    together = pair_counts(present[:, most])
    upper = np.triu(together, k=1)
    order = np.argsort(-upper, axis=None, kind="stable")[:MOST_PAIRS]
    places = [(int(a), int(b)) for a, b in zip(*np.unravel_index(order, upper.shape), strict=True)]
    pairs = tuple(
        Pair((int(min(most[a], most[b])), int(max(most[a], most[b]))), int(upper[a, b]))
        for a, b in places
        if upper[a, b]
    )
    if labels.shape[1] > MAX_SQUARE:
        return CoOccurrence(None, pairs)
    square = pair_counts(present)
    return CoOccurrence(tuple(tuple(row) for row in square.tolist()), pairs)


def pair_counts(present: npt.NDArray[np.bool_]) -> IntArray:
    """[C, C] how many rows of [N, C] have both."""
    counts = np.zeros((present.shape[1],) * 2, dtype=np.float64)
    for first in range(0, len(present), BLOCK):
        block = present[first : first + BLOCK].astype(np.float64)
        counts += block.T @ block
    return counts.astype(np.int64)


def shared_warnings(shared: Mapping[str, int], inputs: Mapping[str, Inputs]) -> list[str]:
    """Examples that were trained on before they are tested."""
    return [
        f"{number} of the {len(inputs[split])} {split} examples are identical to a training example: results on them "
        "look better than they are"
        for split, number in shared.items()
        if number
    ]


def class_warnings(classes: Sequence[str], splits: Sequence[DescribedSplit]) -> list[str]:
    """Classes that cannot be learned or are never tested."""
    counts = {split.name: np.array(split.class_counts) for split in splits}
    scarce = np.flatnonzero(counts["train"] < FEWEST).tolist()
    warnings = []
    if scarce:
        message = f"{plural(len(scarce), 'class has', 'classes have')} fewer than two training examples"
        warnings.append(f"{message}: {some([classes[c] for c in scarce])}")
    if "test" in counts:
        untested = np.flatnonzero(counts["test"] == 0).tolist()
        if untested:
            message = f"{plural(len(untested), 'class has', 'classes have')} no test example and no part in results"
            warnings.append(f"{message}: {some([classes[c] for c in untested])}")
    return warnings


def flat_warnings(flat: Sequence[str]) -> list[str]:
    """Images that show nothing."""
    if not flat:
        return []
    return [f"{plural(len(flat), 'image is', 'images are')} nearly one colour throughout: {some(flat)}"]


def test_warnings(splits: Sequence[DescribedSplit], task: str) -> list[str]:
    """A test split that is absent, or in which frequent classes weigh more."""
    test = next((split for split in splits if split.name == "test"), None)
    if test is None:
        return ["there is no test split: runs are evaluated on validation alone, where there is one"]
    if test.imbalance_factor <= UNEVEN:
        return []
    factor = f"the test split's imbalance factor is {test.imbalance_factor:.3g}"
    if task == "multi_label":
        return [f"{factor}: micro F1 weighs frequent classes more; compare mean average precision or macro F1"]
    return [f"{factor}: the error weighs frequent classes more; compare balanced accuracy"]


def plural(number: int, one: str, more: str) -> str:
    """A number with its noun and verb."""
    return f"{number} {one if number == 1 else more}"


def some(names: Sequence[str]) -> str:
    """The first few names."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
