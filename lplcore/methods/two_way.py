"""Two-way loss."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class TwoWayMethod(Method):
    """Two-way loss. Its gradient is of the size of a sum over classes, so that it is clipped to a norm of 1."""

    title: ClassVar[str] = "Two-way loss"
    citation: ClassVar[str] = "Kobayashi, Two-way multi-label loss, CVPR 2023"
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})
    composition: ClassVar[Mapping[str, Any]] = {
        "loss": "two_way",
        "defaults": {"clip_norm": 1.0},
    }

    name: Literal["two_way"] = "two_way"
