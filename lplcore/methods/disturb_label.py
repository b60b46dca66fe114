"""DisturbLabel."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class DisturbLabelMethod(Method):
    """DisturbLabel."""

    title: ClassVar[str] = "DisturbLabel"
    citation: ClassVar[str] = "Xie et al., DisturbLabel: regularizing CNN on the loss layer, CVPR 2016"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "targets": ["disturb_label"]}

    name: Literal["disturb_label"] = "disturb_label"
