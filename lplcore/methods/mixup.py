"""mixup."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class MixupMethod(Method):
    """mixup."""

    title: ClassVar[str] = "mixup"
    citation: ClassVar[str] = "Zhang et al., mixup: beyond empirical risk minimization, ICLR 2018"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "targets": ["mixup"]}

    name: Literal["mixup"] = "mixup"
