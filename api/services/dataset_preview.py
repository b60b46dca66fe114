"""A few examples of a data set, fit for a page."""

import base64
import io
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from lplcore.data.images.folder import LabelledFolder
from lplcore.data.images.lines import LabelledImage
from lplcore.data.raw import RawData

MAX_CLASSES = 12
MAX_VALUES = 12


def preview(data: RawData) -> list[dict[str, Any]]:
    """The first training example of each of the first classes: an image as a data URI, or the first values."""
    shown = []
    for index, name in enumerate(data.classes[:MAX_CLASSES]):
        members = data.y_train == index if data.y_train.ndim == 1 else data.y_train[:, index] == 1
        places = np.flatnonzero(members)
        if len(places):
            shown.append({"class": name, **content(data.x_train[places[0]])})
    return shown


def preview_images(folder: LabelledFolder) -> LabelledFolder:
    """The part of a folder that `preview` shows: the first training image of each of the first classes."""
    wanted = set(folder.classes[:MAX_CLASSES])
    kept: list[LabelledImage] = []
    for image in folder.train:
        if not wanted.isdisjoint(image.labels):
            wanted.difference_update(image.labels)
            kept.append(image)
    return replace(folder, train=tuple(kept), validation=(), test=())


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
