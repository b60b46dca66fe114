"""Logit adjustment."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.perturbations import CriterionInput, Perturbation, PerturbationOutput


class LogitAdjustment(Perturbation):
    """Adds strength * log(prior_c) to logit c (Eq. 3 of the LPL paper)."""

    title: ClassVar[str] = "Logit adjustment"
    citation: ClassVar[str] = "Menon et al., Long-tail learning via logit adjustment, ICLR 2021"
    formula: ClassVar[str] = r"\delta_c = \lambda \log \pi_c, \quad \pi_c = \frac{n_c}{N}"
    effect: ClassVar[str] = (
        "Tail logits are lowered against head logits in training alone, which the network learns to make up "
        "for: at test the tail gains, and more frequent classes lose a little."
    )
    advice: ClassVar[str] = (
        "Try it first on single-label long tails: it is cheap and has one parameter. On long-tailed digits it "
        "is clearly ahead of cross entropy and of LPL alone; on balanced data it is cross entropy."
    )
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    neutral: ClassVar[Mapping[str, Any] | None] = {"strength": 0.0}

    name: Literal["logit_adjustment"] = "logit_adjustment"
    strength: float = Field(
        1.0,
        ge=0,
        le=1000,
        description="lambda in the LPL paper, tau in Menon et al.",
        json_schema_extra={"slider": {"min": 0, "max": 2, "step": 0.1}},
    )

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return ClassRow(statistics.log_prior(self.strength))


class ClassRow(nn.Module):
    """The same row [C] for every example."""

    row: Tensor

    def __init__(self, row: Tensor) -> None:
        super().__init__()
        self.register_buffer("row", row, persistent=False)

    def forward(self, inputs: CriterionInput) -> PerturbationOutput:
        """The perturbation [N, C]."""
        return PerturbationOutput(self.row.to(inputs.logits.dtype).expand_as(inputs.logits), {})
