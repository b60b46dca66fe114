"""Label smoothing."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.targets import Smoothing, Target


class LabelSmoothing(Target):
    """Targets (1 - a) * t + a / C, C the classes that have training examples; an empty one gets nothing."""

    title: ClassVar[str] = "Label smoothing"
    citation: ClassVar[str] = "Szegedy et al., Rethinking the Inception architecture, CVPR 2016, Section 7"
    formula: ClassVar[str] = r"\tilde{t} = (1 - a) t + \frac{a}{C}"
    effect: ClassVar[str] = "Keeps the network from being sure, of head and tail alike."
    advice: ClassVar[str] = "For calibration. On long-tailed digits it does not lower the error."
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    neutral: ClassVar[Mapping[str, Any] | None] = {"smoothing": 0.0}

    name: Literal["label_smoothing"] = "label_smoothing"
    smoothing: float = Field(
        0.1,
        ge=0,
        lt=1,
        description="a, the share spread over all classes",
        json_schema_extra={"slider": {"min": 0, "max": 0.5, "step": 0.01}},
    )

    def build(self, statistics: ClassStatistics) -> nn.Module:
        table = torch.full((statistics.num_classes,), self.smoothing, dtype=torch.float64)
        return SmoothingByClass(table, statistics)


class SmoothingByClass(Smoothing):
    """Smooths by a share that depends on the class, spread over the classes that have training examples."""

    table: Tensor

    def __init__(self, table: Tensor, statistics: ClassStatistics) -> None:
        super().__init__(statistics)
        self.register_buffer("table", table, persistent=False)

    def share(self, targets: Tensor) -> Tensor:
        """[N] of targets [N, C]."""
        return targets @ self.table.to(targets.dtype)
