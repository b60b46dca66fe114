"""Examples without label: they take part in nothing, so they are left out when an archive is read."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from lplcore.errors import DatasetError
from lplcore.frame.labels import IGNORE_INDEX, UNKNOWN

Array = npt.NDArray[Any]
NOTE = "y_{split}: {number} of {total} examples are left out, as their label is unknown ({mark})"


def without_unlabelled(arrays: Mapping[str, Array]) -> tuple[dict[str, Array], tuple[str, ...]]:
    """The arrays `x_<split>` and `y_<split>` without examples whose label is unknown, and a note on each split.

    Raises:
        DatasetError: a split is left with nothing.
    """
    kept, notes = dict(arrays), []
    for name, y in arrays.items():
        kind, _, split = name.partition("_")
        if kind != "y":
            continue
        known, mark = known_rows(y)
        if known.all():
            continue
        if not known.any():
            raise DatasetError("name", f"y_{split}: no example has a label, all are {mark}; give some, or leave it out")
        notes.append(NOTE.format(split=split, number=int((~known).sum()), total=len(y), mark=mark))
        kept[name] = y[known]
        x = arrays.get(f"x_{split}")
        if x is not None and len(x) == len(y):
            kept[f"x_{split}"] = x[known]
    return kept, tuple(notes)


def known_rows(y: Array) -> tuple[npt.NDArray[np.bool_], int]:
    """[N] which labels are known, of multi-hot rows at least in part, and what stands for one that is not."""
    if y.dtype.kind not in "if" or y.ndim not in (1, 2) or not len(y):
        return np.ones(len(y) if y.ndim else 0, dtype=np.bool_), IGNORE_INDEX
    if y.ndim == 1 or y.shape[1] == 1:
        return y.reshape(-1) != IGNORE_INDEX, IGNORE_INDEX
    return (y != UNKNOWN).any(axis=1), UNKNOWN
