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


def reopened(data: Mapping[str, Any], filled: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A spec without the fields that it lists as left open: they have been filled in since.

    Args:
        data: a spec as somebody sends it, perhaps one that was stored complete.
        filled: a complete spec; fields with another value than there are kept, as somebody has given them that.
    """
    listed, opened = data.get("left_open"), dict(data)
    if not isinstance(listed, list):
        return opened
    for path in get_args(LeftOpen):
        if path in listed and (filled is None or value_of(data, path) == value_of(filled, path)):
            part, _, field = path.partition(".")
            if not field:
                opened.pop(part, None)
            elif isinstance(opened.get(part), Mapping):
                opened[part] = {key: value for key, value in opened[part].items() if key != field}
    return opened
