"""ML-GCN."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class MlGcnMethod(Method):
    """ML-GCN."""

    title: ClassVar[str] = "ML-GCN"
    citation: ClassVar[str] = "Chen et al., Multi-label image recognition with graph convolutional networks, CVPR 2019"
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})
    composition: ClassVar[Mapping[str, Any]] = {
        "loss": "binary_cross_entropy",
        "procedure": "ml_gcn",
    }

    name: Literal["ml_gcn"] = "ml_gcn"
