"""infoGAN as augmentation."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class InfoganMethod(Method):
    """infoGAN as augmentation."""

    title: ClassVar[str] = "infoGAN as augmentation"
    citation: ClassVar[str] = "Chen et al., InfoGAN: interpretable representation learning, NeurIPS 2016"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "procedure": "infogan"}

    name: Literal["infogan"] = "infogan"
