"""Label-aware smoothing: frequent classes are smoothed more."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

import torch
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from torch import nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.targets import Target
from lplcore.targets.label_smoothing import SmoothingByClass


class LabelAwareSmoothing(Target):
    """Targets (1 - a_y) * t + a_y / C with a_y from `tail` for the rarest class to `head` for the most frequent one.

    x = (n_y - n_min) / (n_max - n_min): concave is sin(pi x / 2), linear x, convex 1 + sin(3 pi / 2 + pi x / 2).
    """

    title: ClassVar[str] = "Label-aware smoothing"
    citation: ClassVar[str] = "Zhong et al., Improving calibration for long-tailed recognition, CVPR 2021, Eq. 3 and 4"
    formula: ClassVar[str] = (
        r"\begin{aligned} & \tilde{t} = (1 - a_y) t + \frac{a_y}{C}, \\ & a_y = a_{\mathrm{tail}} + "
        r"(a_{\mathrm{head}} - a_{\mathrm{tail}}) \sin\left(\frac{\pi}{2} \frac{n_y - n_{\min}}{n_{\max} - "
        r"n_{\min}}\right) \end{aligned}"
    )
    effect: ClassVar[str] = "The head, of which networks are too sure, is smoothed most, the tail least."
    advice: ClassVar[str] = "For calibration. On long-tailed digits it does not lower the error."
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    neutral: ClassVar[Mapping[str, Any] | None] = {"smooth_head": 0.0, "smooth_tail": 0.0}
    linear: ClassVar[bool] = False

    name: Literal["label_aware_smoothing"] = "label_aware_smoothing"
    smooth_head: float = Field(
        0.4,
        ge=0,
        lt=1,
        description="epsilon_1, share spread for the most frequent class",
        json_schema_extra={"slider": {"min": 0, "max": 0.8, "step": 0.05}},
    )
    smooth_tail: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="epsilon_K, share spread for the rarest class",
        json_schema_extra={"slider": {"min": 0, "max": 0.8, "step": 0.05}},
    )
    shape: Literal["concave", "linear", "convex"] = Field(
        "concave", description="how the share rises with the class's count between the two"
    )

    @model_validator(mode="before")
    @classmethod
    def _defaults_keep_the_order(cls, value: object) -> object:
        """A share that is left out gives way to the other one."""
        if not isinstance(value, dict):
            return value
        head, tail = value.get("smooth_head"), value.get("smooth_tail")
        if head is None and isinstance(tail, int | float):
            return {"smooth_head": max(cls.model_fields["smooth_head"].default, tail), **value}
        if tail is None and isinstance(head, int | float):
            return {"smooth_tail": min(cls.model_fields["smooth_tail"].default, head), **value}
        return value

    @model_validator(mode="after")
    def _head_is_smoothed_more(self) -> Self:
        if self.smooth_head < self.smooth_tail:
            raise PydanticCustomError("order", "must be at least smooth_tail", {"field": "smooth_head"})
        return self

    def build(self, statistics: ClassStatistics) -> nn.Module:
        smallest = statistics.smallest_count
        position = (statistics.counts_or_smallest() - smallest) / max(statistics.largest_count - smallest, 1)
        if self.shape == "concave":
            position = torch.sin(math.pi / 2 * position)
        elif self.shape == "convex":
            position = 1 + torch.sin(1.5 * math.pi + math.pi / 2 * position)
        table = self.smooth_tail + (self.smooth_head - self.smooth_tail) * position
        return SmoothingByClass(table, statistics)
