"""tau-normalisation of the last layer."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.posthoc import Posthoc


class TauNormalisation(Posthoc):
    """Predicts from (u_c - b_c) / |w_c|^tau: rare classes have shorter weights. tau = 0 only drops the bias.

    A class without training examples, which training keeps down by the bias, is never predicted.
    """

    title: ClassVar[str] = "tau-normalisation"
    citation: ClassVar[str] = "Kang et al., Decoupling representation and classifier, ICLR 2020, Section 4.1"
    formula: ClassVar[str] = r"\hat{y} = \arg\max_{c} \; \frac{u_c - b_c}{\|w_c\|_2^{\tau}}"
    effect: ClassVar[str] = "Rare classes have shorter weights in the last layer; dividing by the length raises them."
    advice: ClassVar[str] = "For a linear head that is trained already. Choose tau on a validation split."
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    linear_head: ClassVar[bool] = True

    name: Literal["tau_normalisation"] = "tau_normalisation"
    tau: float = Field(
        1.0,
        ge=0,
        le=10,
        description="tau, 1 divides by the whole norm",
        json_schema_extra={"slider": {"min": 0, "max": 2, "step": 0.1}},
    )

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return TauNormalisationModule(self.tau, statistics)


class TauNormalisationModule(nn.Module):
    """The correction."""

    empty: Tensor

    def __init__(self, tau: float, statistics: ClassStatistics) -> None:
        super().__init__()
        self.tau = tau
        self.register_buffer("empty", ~statistics.counted(), persistent=False)

    def forward(self, logits: Tensor, classifier: nn.Module) -> Tensor:
        """Logits [N, C] and a linear last layer to logits [N, C]."""
        weight, bias = classifier.get_parameter("weight"), getattr(classifier, "bias", None)
        plain = logits if bias is None else logits - bias.to(logits.dtype)
        length: Tensor = weight.to(logits.dtype).norm(dim=1)
        return (plain / length.clamp(min=1e-12) ** self.tau).masked_fill(self.empty, -torch.inf)
