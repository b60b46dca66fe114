"""Large-margin softmax."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.frame.vmap_levels import take_in
from lplcore.perturbations import CriterionInput, Perturbation, PerturbationOutput


class LargeMargin(Perturbation):
    """Turns the true class's |w| |f| cos t into |w| |f| psi(t): the angle must be m times smaller.

    psi(t) = (-1)^k cos(m t) - 2 k for t in [k pi / m, (k + 1) pi / m]. With annealing the change is divided by
    1 + max(annealing * decay^step, annealing_min), step counting training batches. A bias of the last layer stays as it
    is.
    """

    title: ClassVar[str] = "Large-margin softmax"
    citation: ClassVar[str] = "Liu et al., Large-margin softmax loss for convolutional networks, ICML 2016, Eq. 5"
    formula: ClassVar[str] = (
        r"\begin{aligned} & \delta_y = \frac{\|w_y\| \|f\| (\psi(\theta_y) - \cos \theta_y)}{1 + \lambda}, \\ & "
        r"\psi(\theta) = (-1)^{k} \cos(m \theta) - 2 k, \\ & \frac{k \pi}{m} \le \theta \le \frac{(k + 1) "
        r"\pi}{m} \end{aligned}"
    )
    effect: ClassVar[str] = "The angle to the true class's weights must be m times smaller, for head and tail alike."
    advice: ClassVar[str] = (
        "Not made for long tails: on long-tailed digits behind cross entropy. Raise annealing_min where "
        "training diverges."
    )
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    hard_labels: ClassVar[bool] = True
    head: ClassVar[Literal["linear", "cosine"] | None] = "linear"
    neutral: ClassVar[Mapping[str, Any] | None] = {"multiple": 1}

    name: Literal["large_margin"] = "large_margin"
    multiple: int = Field(
        4,
        ge=1,
        le=8,
        description="m; 1 is cross entropy",
        json_schema_extra={"slider": {"min": 1, "max": 8, "step": 1}},
    )
    annealing: float = Field(100.0, ge=0, le=1e9, description="lambda at the start; 0 for the full margin at once")
    annealing_decay: float = Field(0.99, gt=0, le=1, description="factor of lambda per training batch")
    annealing_min: float = Field(0.0, ge=0, le=1e9, description="smallest lambda; raise it where training diverges")

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return LargeMarginModule(self)


class LargeMarginModule(nn.Module):
    """Counts the training batches."""

    step: Tensor

    def __init__(self, options: LargeMargin) -> None:
        super().__init__()
        self.options = options
        self.register_buffer("step", torch.zeros((), dtype=torch.int64))

    def forward(self, inputs: CriterionInput) -> PerturbationOutput:
        """The perturbation [N, C], 0 except at the labels; gradients go to features and weights."""
        features = inputs.needed_features("large_margin")
        own = inputs.needed_weight("large_margin")[inputs.labels]
        length = features.norm(dim=1) * own.norm(dim=1)
        tiny = torch.finfo(length.dtype).tiny
        # The derivative of the angle is infinite at 0 and pi, that of cos(m angle) is not: Chebyshev's recursion.
        cosine = ((features * own).sum(dim=1) / length.clamp(min=tiny)).clamp(-1, 1)
        change = length * (stretched_cosine(cosine, self.options.multiple) - cosine) / (1 + self._annealing(inputs))
        delta = torch.zeros_like(inputs.raw_logits).scatter(1, inputs.labels[:, None], change[:, None])
        return PerturbationOutput(delta, {})

    def _annealing(self, inputs: CriterionInput) -> Tensor:
        decayed = self.options.annealing * self.options.annealing_decay ** self.step.to(inputs.logits.dtype)
        if inputs.update:
            take_in(self.step.add_, torch.ones_like(self.step))
        return decayed.clamp(min=self.options.annealing_min)


def stretched_cosine(cosine: Tensor, multiple: int) -> Tensor:
    """psi(t) for cos t [N]: falls from 1 at t = 0 to 1 - 2 m at t = pi."""
    before, now = torch.ones_like(cosine), cosine
    for _ in range(multiple - 1):
        before, now = now, 2 * cosine * now - before
    bounds = [math.cos(k * math.pi / multiple) for k in range(1, multiple)]
    segment = torch.zeros_like(cosine)
    for bound in bounds:
        segment = segment + (cosine < bound)
    return torch.where(segment % 2 == 0, now, -now) - 2 * segment
