"""A few examples of a data set, fit for a page."""

import base64
import io
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from lplcore.data.images.files import ImageFiles, Pixels
from lplcore.data.images.pipeline import InputPipeline
from lplcore.data.images.stream import ImageStream, decoded
from lplcore.data.raw import Inputs, RawData

MAX_CLASSES = 12
MAX_VALUES = 12
IMAGE_SIZE = 64
"""Pixels per side of images in previews, and of the shape shown: a spec may ask for another size."""


def preview(data: RawData) -> list[dict[str, Any]]:
    """The first training example of each of the first classes: an image as a data URI, or the first values."""
    shown = []
    for index, name in enumerate(data.classes[:MAX_CLASSES]):
        members = data.y_train == index if data.y_train.ndim == 1 else data.y_train[:, index] == 1
        places = np.flatnonzero(members)
        if len(places):
            shown.append({"class": name, **content(example(data.x_train, int(places[0]))), **row_of(data, name)})
    return shown


def row_of(data: RawData, name: str) -> dict[str, Any]:
    """Of a table, a row of the class as its file has it."""
    row = None if data.table is None else data.table.examples.get(name)
    return {} if row is None else {"row": dict(row)}


def example(inputs: Inputs, place: int) -> npt.NDArray[Any]:
    """One of the inputs; an image file decoded, small.

    Raises:
        DatasetError: the image cannot be used.
    """
    if not isinstance(inputs, ImageFiles):
        held: npt.NDArray[Any] = inputs[place]
        return held
    files = replace(inputs[[place]], pixels=Pixels(IMAGE_SIZE, rules=inputs.pixels.rules))
    (pixels,), _ = decoded(ImageStream(files, InputPipeline()))
    image: npt.NDArray[Any] = pixels
    return image


def content(example: npt.NDArray[Any]) -> dict[str, Any]:
    """One example."""
    if example.ndim != 3 or example.dtype != np.uint8 or example.shape[0] not in (1, 3):
        return {"values": [float(value) for value in example.reshape(-1)[:MAX_VALUES]]}
    peak = int(example.max()) or 1
    pixels = (example * (255 / peak)).astype(np.uint8) if peak < 64 else example
    image = Image.fromarray(pixels[0] if pixels.shape[0] == 1 else pixels.transpose(1, 2, 0))
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return {"image": "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()}
