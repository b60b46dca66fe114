"""Post-hoc logit adjustment."""

from typing import ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from lplcore.posthoc import Posthoc
from lplcore.statistics import ClassStatistics


class PosthocLogitAdjustment(Posthoc):
    """Predicts from u_c - strength * log(prior_c)."""

    title: ClassVar[str] = "Post-hoc logit adjustment"
    citation: ClassVar[str] = "Menon et al., Long-tail learning via logit adjustment, ICLR 2021, Eq. 9"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})

    name: Literal["logit_adjustment"] = "logit_adjustment"
    strength: float = Field(1.0, ge=0, le=1000, description="tau in Menon et al.")

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return SubtractRow(self.strength * statistics.log_prior())


class SubtractRow(nn.Module):
    """Subtracts a row [C] from every example's logits."""

    row: Tensor

    def __init__(self, row: Tensor) -> None:
        super().__init__()
        self.register_buffer("row", row, persistent=False)

    def forward(self, logits: Tensor, classifier: nn.Module) -> Tensor:
        """Logits [N, C] to logits [N, C]."""
        return logits - self.row.to(logits.dtype)
