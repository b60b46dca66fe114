"""mixup."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.targets import Target, soft


class Mixup(Target):
    """Inputs and targets become r * own + (1 - r) * another example's, r from Beta(alpha, alpha), one r a batch.

    A training loop of one's own calls `inputs, targets = criterion.mix(inputs, labels)` before the network.
    """

    title: ClassVar[str] = "mixup"
    citation: ClassVar[str] = "Zhang et al., mixup: beyond empirical risk minimization, ICLR 2018, Section 2"
    formula: ClassVar[str] = (
        r"\tilde{x} = r x + (1 - r) x', \quad \tilde{t} = r t + (1 - r) t', \quad r \sim \mathrm{Beta}(\alpha, "
        r"\alpha)"
    )
    effect: ClassVar[str] = (
        "Smooths the decision between all classes. Pairs are drawn as classes occur, so that the tail is "
        "mostly seen mixed with the head."
    )
    advice: ClassVar[str] = (
        "A regulariser for networks that overfit; on long-tailed digits with a small network worse than cross "
        "entropy. It does not go with what needs one label per example (LPL, LDAM, ISDA, seesaw, "
        "large_margin)."
    )
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    mixes_inputs: ClassVar[bool] = True
    random: ClassVar[bool] = True

    name: Literal["mixup"] = "mixup"
    alpha: float = Field(
        1.0,
        ge=0.01,
        le=1000,
        description="alpha of the Beta distribution; towards 0: no mixing",
        json_schema_extra={"slider": {"min": 0.1, "max": 2, "step": 0.1}},
    )

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return MixupModule(self.alpha, statistics.num_classes)


class MixupModule(nn.Module):
    """The transform; draws from torch's global generators."""

    def __init__(self, alpha: float, num_classes: int) -> None:
        super().__init__()
        self.alpha, self.num_classes = alpha, num_classes

    def forward(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs [N, ...] and targets [N] or [N, C] to mixed inputs and soft targets [N, C]."""
        alpha = torch.full((), self.alpha, dtype=torch.float32, device=inputs.device)
        share = torch.distributions.Beta(alpha, alpha, validate_args=False).sample()
        partner = torch.randperm(inputs.shape[0], device=inputs.device)
        shares = soft(targets, self.num_classes, torch.float32)
        return share * inputs + (1 - share) * inputs[partner], share * shares + (1 - share) * shares[partner]
