"""Where the examples of a run lie: held in memory, or read from image files as they are needed."""

from collections.abc import Mapping
from math import prod

from lplcore.data.images.files import ImageFiles
from lplcore.data.images.pipeline import InputPipeline
from lplcore.data.images.stream import ImageStream
from lplcore.data.normalization import (
    Normalization,
    colour_statistics,
    fixed_range,
    imagenet_statistics,
    training_statistics,
    unchanged,
)
from lplcore.data.raw import Inputs, RawData
from lplcore.data.splits import IntArray, Split, split_of
from lplcore.datasets import Dataset


def parts_of(raw: RawData, drawn: Mapping[str, IntArray]) -> dict[str, tuple[Inputs, IntArray]]:
    """Inputs and labels of the splits that there are, by what training examples each gets."""
    parts = {name: (raw.x_train[rows], raw.y_train[rows]) for name, rows in drawn.items() if len(rows)}
    if raw.x_validation is not None and raw.y_validation is not None:
        parts["validation"] = raw.x_validation, raw.y_validation
    if len(raw.y_test):
        parts["test"] = raw.x_test, raw.y_test
    return parts


def held_or_streamed(
    parts: Mapping[str, tuple[Inputs, IntArray]], *, cropped: bool, pipeline: InputPipeline
) -> tuple[dict[str, Split], int]:
    """Splits as training uses them, and how many images were transparent somewhere.

    What is always seen in one way is held in memory where all of it fits; the meta set, a few examples, always is.
    """
    whole = {
        name: x for name, (x, _) in parts.items() if isinstance(x, ImageFiles) and not (cropped and name == "train")
    }
    fits = sum(prod(x.shape) for x in whole.values()) <= pipeline.memory_bytes
    splits, whitened = {}, 0
    for name, (x, y) in parts.items():
        held = name in whole and (fits or name == "meta")
        splits[name], number = split_of(x, y, held=held, pipeline=pipeline)
        whitened += number
    return splits, whitened


def normalization_of(dataset: Dataset, raw: RawData, train: Split) -> Normalization:
    """How inputs are normalised: by the range that is asked for, ImageNet's statistics or the training examples'."""
    if dataset.input_range is not None:
        low, high = dataset.input_range
        return fixed_range(low, high)
    if dataset.normalization == "imagenet":
        return imagenet_statistics()
    if raw.table is not None:
        return unchanged(raw.x_train.shape[1])
    if isinstance(train.x, ImageStream):
        return colour_statistics(train.x.usable(read).numpy() for read in train.x.all())
    return (
        colour_statistics([train.x.numpy()])
        if isinstance(raw.x_train, ImageFiles)
        else training_statistics(train.x.numpy())
    )
