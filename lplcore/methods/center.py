"""Center loss."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class CenterMethod(Method):
    """Center loss."""

    title: ClassVar[str] = "Center loss"
    citation: ClassVar[str] = "Wen et al., A discriminative feature learning approach, ECCV 2016"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "regularizers": ["center"]}

    name: Literal["center"] = "center"
