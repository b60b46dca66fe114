"""Binary cross entropy (ERM)."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class BinaryCrossEntropyMethod(Method):
    """Binary cross entropy (ERM)."""

    title: ClassVar[str] = "Binary cross entropy (ERM)"
    citation: ClassVar[str] = "Li, Su, Wu, Zhang, Class-Level Logit Perturbation, Table V, ERM"
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})
    composition: ClassVar[Mapping[str, Any]] = {
        "loss": "binary_cross_entropy",
    }

    name: Literal["binary_cross_entropy"] = "binary_cross_entropy"
