"""Post-hoc logit adjustment."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.posthoc import Posthoc


class PosthocLogitAdjustment(Posthoc):
    """Predicts from u_c - strength * log(prior_c); a class without training examples is never predicted.

    Its prior is 0, which would lift it above all others.
    """

    title: ClassVar[str] = "Post-hoc logit adjustment"
    citation: ClassVar[str] = "Menon et al., Long-tail learning via logit adjustment, ICLR 2021, Eq. 9"
    formula: ClassVar[str] = r"\hat{y} = \arg\max_{c} \; u_c - \tau \log \pi_c"
    effect: ClassVar[str] = "At prediction tail logits are raised and head logits lowered; training stays as it is."
    advice: ClassVar[str] = (
        "Try it on any network that is trained already: it costs nothing. The published figures of the loss "
        "and of this form are about the same."
    )
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})

    name: Literal["logit_adjustment"] = "logit_adjustment"
    strength: float = Field(
        1.0,
        ge=0,
        le=1000,
        description="tau in Menon et al.",
        json_schema_extra={"slider": {"min": 0, "max": 2, "step": 0.1}},
    )

    def build(self, statistics: ClassStatistics) -> nn.Module:
        row = statistics.log_prior(self.strength)
        return SubtractRow(row.masked_fill(~statistics.counted(), torch.inf))


class SubtractRow(nn.Module):
    """Subtracts a row [C] from every example's logits."""

    row: Tensor

    def __init__(self, row: Tensor) -> None:
        super().__init__()
        self.register_buffer("row", row, persistent=False)

    def forward(self, logits: Tensor, classifier: nn.Module) -> Tensor:
        """Logits [N, C] to logits [N, C]."""
        return logits - self.row.to(logits.dtype)
