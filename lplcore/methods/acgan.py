"""ACGAN as augmentation."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class AcganMethod(Method):
    """ACGAN as augmentation."""

    title: ClassVar[str] = "ACGAN as augmentation"
    citation: ClassVar[str] = "Odena et al., Conditional image synthesis with auxiliary classifier GANs, ICML 2017"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "procedure": "acgan"}

    name: Literal["acgan"] = "acgan"
