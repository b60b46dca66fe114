"""Logit adjustment."""

from typing import ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from lplcore.perturbations import Perturbation, PerturbationInput, PerturbationOutput
from lplcore.statistics import ClassStatistics


class LogitAdjustment(Perturbation):
    """Adds strength * log(prior_c) to logit c (Eq. 3 of the LPL paper)."""

    title: ClassVar[str] = "Logit adjustment"
    citation: ClassVar[str] = "Menon et al., Long-tail learning via logit adjustment, ICLR 2021"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})

    name: Literal["logit_adjustment"] = "logit_adjustment"
    strength: float = Field(1.0, ge=0, le=1000, description="lambda in the LPL paper, tau in Menon et al.")

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return LogitAdjustmentModule(statistics.prior(), strength=self.strength)


class LogitAdjustmentModule(nn.Module):
    """Holds the adjustment as a buffer."""

    adjustment: Tensor

    def __init__(self, prior: Tensor, *, strength: float) -> None:
        super().__init__()
        # A class without training examples keeps a finite logit.
        adjustment = strength * prior.clamp(min=1e-12).log()
        self.register_buffer("adjustment", adjustment, persistent=False)

    def forward(self, given: PerturbationInput) -> PerturbationOutput:
        """The same [C] row for every example, as [N, C]."""
        row = self.adjustment.to(given.logits.dtype)
        return PerturbationOutput(row.expand_as(given.logits), {})
