"""Float32 arrays of the store as JSON lists; NaN becomes null."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from store.database.records import Run, Series

VARIATION, ABSOLUTE = "relative_loss_variation", "absolute_loss_variation"
SIGNS = ("positive", "negative")
MATRIX = "confusion_matrix"
VARIATIONS = [f"{name}{sign}" for name in (VARIATION, ABSOLUTE) for sign in ("", ".positive", ".negative")]
"""Names of the series that `variations` reads."""


def array(series: Series) -> npt.NDArray[np.float32]:
    """The series in its shape."""
    return np.frombuffer(series.data, dtype="<f4").reshape(series.shape)


def numbers(series: Series) -> Any:
    """Nested lists of the series' shape."""
    values = array(series).astype(np.float64)
    finite = np.isfinite(values)
    if finite.all():
        return values.tolist()
    nullable = values.astype(object)
    nullable[~finite] = None
    return nullable.tolist()


def floats(arrays: Mapping[int, Series], classes: int) -> tuple[bytes, dict[str, str]]:
    """A series as float32 [epochs, classes], NaN where undefined, with the headers that say what it is.

    Args:
        arrays: [C] values by epoch.
        classes: C, for a series that has no epoch.
    """
    content = b"".join(series.data for series in arrays.values())
    values = np.frombuffer(content, dtype="<f4")
    if np.isinf(values).any():
        content = np.where(np.isinf(values), np.float32(np.nan), values).astype("<f4").tobytes()
    width = next((series.shape[0] for series in arrays.values()), classes)
    return content, {"Lpl-Shape": f"{len(arrays)},{width}", "Lpl-Epochs": ranges(list(arrays))}


def ranges(epochs: Sequence[int]) -> str:
    """Rising numbers, those that follow one another as first-last: `1-3,7`."""
    firsts = [epoch for epoch, before in zip(epochs, [-1, *epochs], strict=False) if before != epoch - 1]
    lasts = [epoch for epoch, after in zip(epochs, [*epochs[1:], -1], strict=False) if after != epoch + 1]
    pairs = zip(firsts, lasts, strict=True)
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in pairs)


def rows(series: Series) -> list[list[float | None]]:
    """A matrix [R, C]."""
    matrix: list[list[float | None]] = numbers(series)
    return matrix


def entries(name: str, series: Series, limit: int | None) -> list[dict[str, int]]:
    """The cells of a confusion that have examples, largest first, then by true and predicted class."""
    values = array(series)
    if name == MATRIX:
        true, predicted = np.nonzero(values > 0)
        counts = values[true, predicted]
    else:
        true, predicted, counts = values.T
    order = np.lexsort((predicted, true, -counts))[:limit]
    cells = np.stack([true, predicted, counts], axis=1)[order].astype(np.int64)
    return [{"true": a, "predicted": b, "count": n} for a, b, n in cells.tolist()]


def calibration(series: Series) -> list[dict[str, Any]]:
    """Bins of confidence, lowest first: where each begins and ends, and its examples, mean confidence and accuracy."""
    bins = rows(series)
    return [
        {
            "from": k / len(bins),
            "to": (k + 1) / len(bins),
            "examples": n,
            "confidence": confidence,
            "accuracy": accuracy,
        }
        for k, (n, confidence, accuracy) in enumerate(bins)
    ]


def stacked(arrays: Collection[Series]) -> list[Any]:
    """`numbers` of each; at once where they have the same shape, which takes a third of the time."""
    shapes = {series.shape for series in arrays}
    if len(shapes) != 1:
        return [numbers(series) for series in arrays]
    stack = Series((len(arrays), *shapes.pop()), b"".join(series.data for series in arrays))
    each: list[Any] = numbers(stack)
    return each


def by_epoch(name: str, arrays: dict[int, Series]) -> dict[str, Any]:
    """`{"epochs": [...], name: [[C values] per epoch]}`."""
    return {"epochs": list(arrays), name: stacked(arrays.values())}


def at_epochs(epochs: list[int], arrays: dict[int, Series]) -> list[list[float | None]] | None:
    """Rows of a later series at these epochs; nulls where an epoch lacks it, None where all of several do."""
    if not arrays:
        return None if epochs else []
    rows = dict(zip(arrays, stacked(arrays.values()), strict=True))
    width = array(next(iter(arrays.values()))).shape[0]
    return [rows[epoch] if epoch in rows else [None] * width for epoch in epochs]


def variations(arrays: Mapping[str, dict[int, Series]], *, signed: bool = False) -> dict[str, Any]:
    """Epochs and loss variations of a run, relative and absolute; by sign for multi label.

    Args:
        arrays: those of `VARIATIONS` that the run has, epoch by epoch.
        signed: whether the run is known to have them by sign, though none may be among these.
    """
    named = {name: arrays.get(name, {}) for name in VARIATIONS}
    plain = named[VARIATION]
    if not signed and (plain or not named[f"{VARIATION}.positive"]):
        return by_epoch(VARIATION, plain) | {ABSOLUTE: at_epochs(list(plain), named[ABSOLUTE])}
    positive, negative = (by_epoch(sign, named[f"{VARIATION}.{sign}"]) for sign in SIGNS)
    both = positive | negative
    parts = {sign: at_epochs(both["epochs"], named[f"{ABSOLUTE}.{sign}"]) for sign in SIGNS}
    return both | {ABSOLUTE: None if None in parts.values() else parts}


def classes_of(run: Run) -> dict[str, Any]:
    """Names and training counts of the classes, empty before the run has started."""
    return {"classes": run.info.get("class_names", []), "class_counts": run.info.get("class_counts", [])}
