"""Images and features in the forms that people save: channels first or last, grey without channel, mixed types."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from lplcore.errors import DatasetError

Array = npt.NDArray[Any]
CHANNELS = (1, 3, 4)
LEVELS = 255
"""The largest value of a uint8."""
UNIT_RANGE = 1.5
"""Images whose values stay below are scaled to about 1."""
GREY = "{names}: [N, H, W] is read as grey images [N, 1, H, W]"
LAST = "{names}: [N, H, W, channels] is read as [N, channels, H, W]"
AS_BYTES = "{names}: whole numbers from 0 to 255 beside uint8 are read as uint8"
REMEDY = "save [N, channels, H, W]; numpy.moveaxis(x, -1, 1) moves channels that are last"


def recognised(inputs: Mapping[str, Array]) -> tuple[dict[str, Array], list[str]]:
    """Inputs of each split as [N, channels, H, W] or [N, D] in one type, else as they are; and notes.

    Raises:
        DatasetError: a shape that can be read in two ways, or splits whose values cannot be compared.
    """
    read, notes = {}, []
    changed: dict[str, list[str]] = {GREY: [], LAST: []}
    for split, x in inputs.items():
        read[split] = x
        if x.ndim == 3:
            read[split] = x[:, None]
            changed[GREY].append(f"x_{split}")
        elif x.ndim == 4 and channels_last(x.shape[1:], split):
            read[split] = np.moveaxis(x, -1, 1)
            changed[LAST].append(f"x_{split}")
    read, as_bytes = of_one_type(read)
    changed[AS_BYTES] = as_bytes
    refuse_two_scales(read)
    notes = [note.format(names=", ".join(names)) for note, names in changed.items() if names]
    return read, notes


def channels_last(shape: tuple[int, ...], split: str) -> bool:
    """Whether images of this shape have their channels last.

    They have where the last axis can hold channels (1, 3 or 4) and the first cannot. Where both or neither can, square
    images decide.

    Raises:
        DatasetError: nothing decides.
    """
    a, b, c = shape
    first, last = a in CHANNELS, c in CHANNELS
    square_first, square_last = b == c, a == b
    ambiguous = DatasetError("name", f"x_{split}: {list(shape)} of an image can be read in two ways; {REMEDY}")
    if first != last:
        if last and square_first and not square_last:
            raise ambiguous
        return last
    if square_first != square_last:
        if square_last and not last:
            raise ambiguous
        return square_last
    if square_first or first or a >= min(b, c):
        raise ambiguous
    return False


def of_one_type(inputs: Mapping[str, Array]) -> tuple[dict[str, Array], list[str]]:
    """Inputs of one scale: whole numbers beside uint8 become uint8; and the names of those that did.

    Raises:
        DatasetError: other numbers beside uint8.
    """
    others = {split: x for split, x in inputs.items() if x.dtype != np.uint8 and x.dtype.kind in "iufb"}
    if not others or len(others) == len(inputs):
        return dict(inputs), []
    beside = next(split for split in inputs if split not in others)
    for split, x in others.items():
        if not is_level(x):
            message = f"{x.dtype} values that are not whole numbers from 0 to {LEVELS} beside the uint8 of x_{beside}"
            remedy = "save both in one type and on one scale"
            raise DatasetError("name", f"x_{split}: {message}; {remedy}")
    read = {split: x.astype(np.uint8) if split in others else x for split, x in inputs.items()}
    return read, [f"x_{split}" for split in others]


def is_level(x: Array) -> bool:
    """Whether all values are whole numbers from 0 to 255."""
    return bool(x.size and x.min() >= 0 and x.max() <= LEVELS and (x.dtype.kind != "f" or (x == np.rint(x)).all()))


def refuse_two_scales(inputs: Mapping[str, Array]) -> None:
    """Images of which one split runs to about 1 and another to about 255."""
    peaks = {split: float(x.max()) for split, x in inputs.items() if x.ndim == 4 and x.dtype.kind in "iuf" and x.size}
    peaks = {split: peak for split, peak in peaks.items() if peak > 0}
    if not peaks:
        return
    low, high = min(peaks, key=lambda split: peaks[split]), max(peaks, key=lambda split: peaks[split])
    if peaks[low] <= UNIT_RANGE and peaks[high] > LEVELS / 2 and inputs[low].dtype != np.uint8:
        message = f"x_{low}: values up to {peaks[low]:g} beside values up to {peaks[high]:g} in x_{high}"
        raise DatasetError("name", f"{message}; save both on one scale")
