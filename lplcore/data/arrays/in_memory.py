"""A data set of arrays that a caller holds."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lplcore.data.arrays.archive import data_of
from lplcore.data.raw import RegisteredDataset

Pair = tuple[npt.ArrayLike, npt.ArrayLike]
"""Examples [N, D] or [N, channels, H, W], and labels [N] or multi-hot rows [N, C]."""


def in_memory(
    name: str,
    train: Pair,
    *,
    validation: Pair | None = None,
    test: Pair | None = None,
    classes: Sequence[str] | None = None,
    task: str | None = None,
) -> RegisteredDataset:
    """Arrays as a data set for `datasets=` of `train`, read as an `.npz` of them would be.

    Args:
        name: by which a spec calls it.
        train: examples and labels; `validation` and `test` likewise, where there are any.
        classes: names of the C classes.
        task: `single_label` or `multi_label`; None lets the labels say it.

    Raises:
        DatasetError: an array is of a wrong shape or type.
    """
    splits = {"train": train, "validation": validation, "test": test}
    arrays = {
        f"{content}_{split}": np.asarray(array)
        for split, pair in splits.items()
        for content, array in zip("xy", pair or (), strict=False)
    }
    if classes is not None:
        arrays["classes"] = np.array(classes, dtype=str)
    raw = data_of(arrays, task=task)
    return RegisteredDataset(name, path="", format="in_memory", task=raw.task, raw=raw)
