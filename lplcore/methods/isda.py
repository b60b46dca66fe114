"""ISDA."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class IsdaMethod(Method):
    """ISDA."""

    title: ClassVar[str] = "ISDA"
    citation: ClassVar[str] = "Wang et al., Implicit semantic data augmentation for deep networks, NeurIPS 2019"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "perturbations": ["isda"]}

    name: Literal["isda"] = "isda"
