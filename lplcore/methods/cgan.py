"""CGAN as augmentation."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class CganMethod(Method):
    """CGAN as augmentation."""

    title: ClassVar[str] = "CGAN as augmentation"
    citation: ClassVar[str] = "Mirza, Osindero, Conditional generative adversarial nets, 2014"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    composition: ClassVar[Mapping[str, Any]] = {"loss": "cross_entropy", "procedure": "cgan"}

    name: Literal["cgan"] = "cgan"
