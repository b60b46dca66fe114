"""OLTR."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class OltrMethod(Method):
    """OLTR."""

    title: ClassVar[str] = "OLTR"
    citation: ClassVar[str] = "Liu et al., Large-scale long-tailed recognition in an open world, CVPR 2019"
    composition: ClassVar[Mapping[str, Any]] = {
        "loss": "cross_entropy",
        "sampler": {"name": "class_aware", "samples_per_class": 4},
        "procedure": "oltr",
    }
    multi_label_composition: ClassVar[Mapping[str, Any] | None] = {
        "loss": "binary_cross_entropy",
        "sampler": {"name": "class_aware", "samples_per_class": 4},
        "procedure": "oltr",
    }

    name: Literal["oltr"] = "oltr"
