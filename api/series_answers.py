"""Float32 arrays of the store as JSON lists; NaN becomes null."""

import math
import struct
from collections.abc import Iterable
from typing import Any

from store.records import Run, Series


def numbers(series: Series) -> list[float | None]:
    """The values in order; float32 values in their shortest decimal form."""
    count = len(series.data) // 4
    return [short(value) for value in struct.unpack(f"<{count}f", series.data)]


def short(value: float) -> float | None:
    """The shortest decimal that is the same float32, None where it is not finite."""
    if not math.isfinite(value):
        return None
    for digits in (6, 7, 8):
        candidate = float(f"{value:.{digits}g}")
        if struct.pack("<f", candidate) == struct.pack("<f", value):
            return candidate
    return value


def rows(series: Series) -> list[list[float | None]]:
    """A matrix [R, C]."""
    values = numbers(series)
    width = series.shape[-1] if series.shape else 1
    return [values[start : start + width] for start in range(0, len(values), max(1, width))]


def stacked(found: dict[int, Series], epochs: Iterable[int]) -> list[list[float | None]]:
    """One list per epoch."""
    return [numbers(found[epoch]) for epoch in epochs]


def classes_of(run: Run) -> dict[str, Any]:
    """Names and training counts of the classes, empty before the run has started."""
    return {"classes": run.info.get("class_names", []), "class_counts": run.info.get("class_counts", [])}
