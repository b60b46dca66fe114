"""Focal loss."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from lplcore.methods import Method


class FocalMethod(Method):
    """Focal loss."""

    title: ClassVar[str] = "Focal loss"
    citation: ClassVar[str] = "Lin et al., Focal loss for dense object detection, ICCV 2017"
    composition: ClassVar[Mapping[str, Any]] = {"loss": "focal"}
    multi_label_composition: ClassVar[Mapping[str, Any] | None] = {"loss": "focal"}

    name: Literal["focal"] = "focal"
