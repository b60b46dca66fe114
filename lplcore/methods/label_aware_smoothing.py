"""Label-aware smoothing."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class LabelAwareSmoothingMethod(Method):
    """Label-aware smoothing."""

    title: ClassVar[str] = "Label-aware smoothing"
    citation: ClassVar[str] = "Zhong et al., Improving calibration for long-tailed recognition, CVPR 2021"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "targets": ["label_aware_smoothing"]}

    name: Literal["label_aware_smoothing"] = "label_aware_smoothing"
