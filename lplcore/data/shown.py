"""Examples as people see them: an image, small, or the first values."""

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
from lplcore.data.raw import Inputs

MAX_VALUES = 12
IMAGE_SIZE = 64
"""Pixels per side of images in previews, and of the shape shown: a spec may ask for another size."""


def shown(inputs: Inputs, place: int) -> dict[str, Any]:
    """One of the inputs: `image`, a data URI, or `values`.

    Raises:
        DatasetError: the image cannot be used.
    """
    return content(example(inputs, place))


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
    """One example. An image whose levels end below 64, as those of digits do, is shown as bright as it can be."""
    if example.ndim != 3 or example.dtype != np.uint8 or example.shape[0] not in (1, 3):
        return {"values": [float(value) for value in example.reshape(-1)[:MAX_VALUES]]}
    peak = int(example.max()) or 1
    pixels = (example * (255 / peak)).astype(np.uint8) if peak < 64 else example
    image = Image.fromarray(pixels[0] if pixels.shape[0] == 1 else pixels.transpose(1, 2, 0))
    image.thumbnail((IMAGE_SIZE, IMAGE_SIZE))
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return {"image": "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()}
