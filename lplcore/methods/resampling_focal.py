"""Class-aware re-sampling with focal loss."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class ResamplingFocalMethod(Method):
    """Class-aware re-sampling with focal loss."""

    title: ClassVar[str] = "Class-aware re-sampling with focal loss"
    citation: ClassVar[str] = "Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Table V, RS-Focal"
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})
    composition: ClassVar[Mapping[str, Any]] = {
        "loss": "focal",
        "sampler": {"name": "class_aware", "samples_per_class": 3},
    }
    counterpart: ClassVar[str | None] = "focal"

    name: Literal["resampling_focal"] = "resampling_focal"
