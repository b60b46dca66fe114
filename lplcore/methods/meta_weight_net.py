"""Meta-Weight-Net."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class MetaWeightNetMethod(Method):
    """Meta-Weight-Net."""

    title: ClassVar[str] = "Meta-Weight-Net"
    citation: ClassVar[str] = "Shu et al., Meta-Weight-Net: learning an explicit mapping, NeurIPS 2019"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "procedure": "meta_weighted"}

    name: Literal["meta_weight_net"] = "meta_weight_net"
