"""New examples as training would hold them: rows of numbers, pixels, image files. N examples."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lplcore.data.arrays.inputs import LEVELS
from lplcore.data.images.files import Pixels, image_files
from lplcore.data.images.pipeline import InputPipeline
from lplcore.data.images.reading import Wanted
from lplcore.data.images.stream import ImageStream
from lplcore.data.preprocessing import Preprocessing
from lplcore.data.tables import Preprocessing as TablePreprocessing
from lplcore.errors import MAX_REPORTED, InputError
from lplcore.plugin import quoted

Array = npt.NDArray[Any]
AT_ONCE = 16
"""Image files that are decoded at a time: each may be large."""
GREY_WEIGHTS = (19595, 38470, 7471)
"""Of red, green and blue in 65536ths (ITU-R 601-2, as Pillow has them)."""


def examples_of(values: Iterable[Any], preprocessing: Preprocessing) -> Tensor:
    """Feature rows [D], images in the data set's form or rows of its table, as a tensor [N, ...] of its type.

    Raises:
        InputError: what is wrong with each.
    """
    given = list(values)
    if not given:
        raise InputError([{"path": "inputs", "message": "is empty; give at least one example"}])
    rows = {place: value for place, value in enumerate(given) if preprocessing.table and isinstance(value, Mapping)}
    arrays, problems = rows_of(rows, preprocessing.table) if preprocessing.table else ({}, [])
    for place, value in enumerate(given):
        if place in rows:
            continue
        try:
            arrays[place] = example_of(value, preprocessing)
        except ValueError as error:
            problems.append({"path": f"inputs.{place}", "message": str(error)})
    if problems:
        raise InputError(problems[:MAX_REPORTED])
    return torch.from_numpy(np.stack([arrays[place] for place in range(len(given))]))


def rows_of(
    rows: Mapping[int, Mapping[str, object]], table: TablePreprocessing
) -> tuple[dict[int, Array], list[dict[str, str]]]:
    """Rows of a table as features by their place among the inputs, and what is wrong with them by column."""
    places = list(rows)
    features, unfit = table.read(list(rows.values()))
    problems = [{"path": f"inputs.{places[row]}.{column[:100]}", "message": message} for row, column, message in unfit]
    return dict(zip(places, features, strict=True)), problems


def example_of(value: Any, preprocessing: Preprocessing) -> Array:
    """One example as an array of the data set's shape and type.

    Raises:
        ValueError: it is none.
    """
    array = numbers_of(value)
    shaped = in_shape(array, preprocessing.input_shape)
    if shaped is None:
        wanted, got = list(preprocessing.input_shape), list(array.shape)
        raise ValueError(f"has shape {got}, the run's data have {wanted}")
    if preprocessing.levels:
        if shaped.min() < 0 or shaped.max() > LEVELS or not (shaped == np.rint(shaped)).all():
            raise ValueError(f"the run's data are whole numbers from 0 to {LEVELS}, this has others")
        return np.ascontiguousarray(shaped, dtype=np.uint8)
    return np.ascontiguousarray(shaped, dtype=np.float32)


def numbers_of(value: Any) -> Array:
    """A value's numbers as a finite array in float32's range.

    Raises:
        ValueError: it has others, or none.
    """
    if isinstance(value, Mapping):
        raise ValueError("is an object, and the run's data are no table; give a list of numbers")
    try:
        array = np.asarray(value.cpu() if isinstance(value, Tensor) else value)
    except (ValueError, TypeError, OverflowError):
        raise ValueError("its lists are of different lengths") from None
    if array.dtype.kind not in "iufb" or array.ndim == 0 or not array.size:
        raise ValueError("must be a list of numbers, or nested lists of them")
    with np.errstate(over="ignore"):
        finite = np.isfinite(array.astype(np.float32))
    if not finite.all():
        raise ValueError("holds numbers that are not finite, or too large")
    return array


def in_shape(array: Array, shape: tuple[int, ...]) -> Array | None:
    """The array in this shape: as it is, a grey image without channel, or with its channels last; else None."""
    if array.shape == shape:
        return array
    if len(shape) == 3 and array.shape == shape[1:] and shape[0] == 1:
        return array[None]
    if len(shape) == 3 and array.shape == (*shape[1:], shape[0]):
        return np.moveaxis(array, -1, 0)
    return None


def images_of(paths: Sequence[Path], names: Sequence[str], pixels: Pixels, preprocessing: Preprocessing) -> Tensor:
    """Image files in one folder as the data set's own, [N, channels, S, S] uint8.

    Args:
        paths: of the files.
        names: what messages call them.
        pixels: how they are cut and resized.
        preprocessing: of the run.

    Raises:
        InputError: the run has no images, or files that cannot be used, each with the reason.
    """
    refuse_files(preprocessing)
    if not paths:
        raise InputError([{"path": "files", "message": "are none; give at least one image"}])
    stream = ImageStream(image_files(paths[0].parent, [path.name for path in paths], pixels), InputPipeline())
    blocks = np.split(np.arange(len(paths)), list(range(AT_ONCE, len(paths), AT_ONCE)))
    read = list(stream.read([Wanted(block) for block in blocks]))
    damaged = [(place, reason) for each in read for place, reason in each.damaged]
    if damaged:
        problems = [
            {"path": f"files.{place}", "message": f"{quoted(names[place])} cannot be used: {reason}"}
            for place, reason in damaged[:MAX_REPORTED]
        ]
        raise InputError(problems)
    images = torch.cat([each.images for each in read])
    return grey(images) if preprocessing.input_shape[0] == 1 else images


def refuse_files(preprocessing: Preprocessing) -> None:
    """Image files where the run's data cannot be made of them.

    Raises:
        InputError: with the remedy.
    """
    shape = preprocessing.input_shape
    if len(shape) != 3:
        message = f'the run\'s data are rows of {shape[0]} numbers, not images; send JSON, {{"inputs": [[...]]}}'
        raise InputError([{"path": "files", "message": message}])
    if not preprocessing.levels or shape[0] not in (1, 3) or shape[1] != shape[2]:
        message = f"images of {list(shape)} in the run's data are none that a file holds; send their numbers as JSON"
        raise InputError([{"path": "files", "message": message}])


def grey(images: Tensor) -> Tensor:
    """Colour images [N, 3, S, S] uint8 as grey ones [N, 1, S, S], as Pillow makes them."""
    weights = torch.tensor(GREY_WEIGHTS, dtype=torch.int32).reshape(1, 3, 1, 1)
    return (
        ((images.to(torch.int32) * weights).sum(dim=1, keepdim=True) + 0x8000).bitwise_right_shift(16).to(torch.uint8)
    )
