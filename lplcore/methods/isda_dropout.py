"""ISDA with dropout."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class IsdaDropoutMethod(Method):
    """ISDA with dropout."""

    title: ClassVar[str] = "ISDA with dropout"
    citation: ClassVar[str] = "Wang et al., Implicit semantic data augmentation, NeurIPS 2019, Table 2"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {
        "loss": "cross_entropy",
        "perturbations": ["isda"],
        "defaults": {"dropout": 0.3},
    }

    name: Literal["isda_dropout"] = "isda_dropout"
