"""Vector scaling, with class-dependent temperatures inside."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from lplcore.frame.masked_classes import unmasked
from lplcore.frame.statistics import ClassStatistics
from lplcore.perturbations import CriterionInput, Perturbation, PerturbationOutput


class VectorScaling(Perturbation):
    """Turns logit c into u_c / D_c + tau * log(prior_c), D_c = (n_max / n_c)^gamma.

    tau = 0 is the loss with class-dependent temperatures (CDT), gamma = 0 is logit adjustment.
    """

    title: ClassVar[str] = "Vector scaling (VS) loss"
    citation: ClassVar[str] = (
        "Kini et al., Label-imbalanced and group-sensitive classification, NeurIPS 2021, Eq. 2; CDT: Ye et al., 2020"
    )
    formula: ClassVar[str] = (
        r"\begin{aligned} & \delta_c = \left(\frac{1}{D_c} - 1\right) u_c + \tau \log \pi_c, \\ & D_c = "
        r"\left(\frac{n_{\max}}{n_c}\right)^{\gamma} \end{aligned}"
    )
    effect: ClassVar[str] = (
        "Tail logits are shrunk and lowered in training alone, which the network learns to make up for."
    )
    advice: ClassVar[str] = (
        "With gamma 0 it is logit adjustment. Search both parameters: with the defaults it loses to cross "
        "entropy on long-tailed digits."
    )
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    neutral: ClassVar[Mapping[str, Any] | None] = {"gamma": 0.0, "tau": 0.0}

    name: Literal["vs"] = "vs"
    gamma: float = Field(
        0.3,
        ge=0,
        le=10,
        description="gamma, exponent of the temperatures",
        json_schema_extra={"slider": {"min": 0, "max": 1, "step": 0.05}},
    )
    tau: float = Field(
        1.0,
        ge=0,
        le=1000,
        description="tau, strength of the additive adjustment",
        json_schema_extra={"slider": {"min": 0, "max": 2, "step": 0.1}},
    )

    def shift_invariant(self) -> bool:
        return False

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return VectorScalingModule(self, statistics)


class VectorScalingModule(nn.Module):
    """Holds factors and offsets as buffers."""

    factor: Tensor
    offset: Tensor

    def __init__(self, options: VectorScaling, statistics: ClassStatistics) -> None:
        super().__init__()
        factor = (statistics.counts_or_smallest() / statistics.largest_count) ** options.gamma
        self.register_buffer("factor", factor, persistent=False)
        self.register_buffer("offset", statistics.log_prior(options.tau), persistent=False)

    def forward(self, inputs: CriterionInput) -> PerturbationOutput:
        """The perturbation [N, C]: transformed minus clean logits."""
        kind = inputs.logits.dtype
        return PerturbationOutput(unmasked(inputs.logits) * (self.factor - 1).to(kind) + self.offset.to(kind), {})
