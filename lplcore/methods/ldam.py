"""LDAM."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class LdamMethod(Method):
    """LDAM."""

    title: ClassVar[str] = "LDAM"
    citation: ClassVar[str] = "Cao et al., Learning imbalanced datasets with LDAM loss, NeurIPS 2019"
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "perturbations": ["ldam"]}
    multi_label_composition: ClassVar[Mapping[str, Any] | None] = {
        "loss": "binary_cross_entropy",
        "perturbations": ["ldam"],
    }

    name: Literal["ldam"] = "ldam"
