"""What a spec with a sweep or a search leaves to each point's method or data, also once it is stored complete."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from lplcore.spec.sweep import value_of

LeftOpen = Literal[
    "model.head",
    "model.cosine_scale",
    "model.dropout",
    "dataset.meta_per_class",
    "optimizer.clip_norm",
    "batch_size",
]
"""Fields whose default depends on the method; the batch size, which depends on the data."""
BATCH_SIZE: LeftOpen = "batch_size"


def left_open(data: Mapping[str, Any]) -> list[LeftOpen]:
    """The fields that an experiment, its preset expanded, says nothing about."""
    return [path for path in get_args(LeftOpen) if not is_said(data, path)]


def is_said(data: Mapping[str, Any], path: str) -> bool:
    """Whether an experiment gives a field that may be left open a value."""
    part, _, field = path.partition(".")
    if not field:
        return data.get(part) is not None
    return isinstance(data.get(part), Mapping) and field in data[part]


def reopened(data: Mapping[str, Any]) -> dict[str, Any]:
    """A spec, perhaps one that was stored complete, without the fields that it left open.

    A field with another value than it was filled with then stays: somebody has given it that.
    """
    listed, opened = data.get("left_open"), dict(data)
    if not isinstance(listed, Mapping):
        return opened
    for path in get_args(LeftOpen):
        if path in listed and is_said(opened, path) and value_of(opened, path) == listed[path]:
            part, _, field = path.partition(".")
            whole = opened.pop(part)
            if field:
                opened[part] = {key: value for key, value in whole.items() if key != field}
    return opened
