"""DisturbLabel."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from lplcore.frame.labels import one_hot
from lplcore.frame.statistics import ClassStatistics
from lplcore.targets import Target


class DisturbLabel(Target):
    """With probability a a label is drawn anew among all C classes that have training examples, at every step.

    The true class keeps probability 1 - a (C - 1) / C, every other one gets a / C.
    """

    title: ClassVar[str] = "DisturbLabel"
    citation: ClassVar[str] = "Xie et al., DisturbLabel: regularizing CNN on the loss layer, CVPR 2016, Section 3.2"
    formula: ClassVar[str] = r"P(\tilde{y} = c) = (1 - a) [c = y] + \frac{a}{C}"
    effect: ClassVar[str] = (
        "Noise in the labels keeps the network from being sure. Every class is drawn alike, so that of a rare "
        "class's labels many are wrong ones."
    )
    advice: ClassVar[str] = "A regulariser for balanced data; on long-tailed digits worse than cross entropy."
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    makes_soft: ClassVar[bool] = False
    only_in_training: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, Any] | None] = {"noise": 0.0}
    random: ClassVar[bool] = True

    name: Literal["disturb_label"] = "disturb_label"
    noise: float = Field(
        0.1,
        ge=0,
        le=1,
        description="alpha, 0.1 to 0.2 in the source",
        json_schema_extra={"slider": {"min": 0, "max": 0.5, "step": 0.01}},
    )

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return DisturbLabelModule(self.noise, statistics)


class DisturbLabelModule(nn.Module):
    """The transform; draws from torch's global generator of the targets' device."""

    choices: Tensor

    def __init__(self, noise: float, statistics: ClassStatistics) -> None:
        super().__init__()
        self.noise, self.num_classes = noise, statistics.num_classes
        self.register_buffer("choices", statistics.counted().nonzero().squeeze(1), persistent=False)

    def forward(self, targets: Tensor, dtype: torch.dtype) -> Tensor:
        """Targets [N] or [N, C] to the same kind."""
        number = targets.shape[0]
        drawn = self.choices[torch.randint(self.choices.shape[0], (number,), device=targets.device)]
        chosen = torch.rand(number, dtype=torch.float32, device=targets.device) < self.noise
        if targets.dim() == 1:
            return torch.where(chosen, drawn, targets)
        return torch.where(chosen[:, None], one_hot(drawn, self.num_classes, targets.dtype), targets)
