"""A few examples of a data set, fit for a page."""

from typing import Any

import numpy as np

from lplcore.data.raw import RawData
from lplcore.data.shown import shown

MAX_CLASSES = 12


def preview(data: RawData) -> list[dict[str, Any]]:
    """The first training example of each of the first classes: an image as a data URI, or the first values."""
    examples = []
    for index, name in enumerate(data.classes[:MAX_CLASSES]):
        members = data.y_train == index if data.y_train.ndim == 1 else data.y_train[:, index] == 1
        places = np.flatnonzero(members)
        if len(places):
            examples.append({"class": name, **shown(data.x_train, int(places[0])), **row_of(data, name)})
    return examples


def row_of(data: RawData, name: str) -> dict[str, Any]:
    """Of a table, a row of the class as its file has it."""
    row = None if data.table is None else data.table.examples.get(name)
    return {} if row is None else {"row": dict(row)}
