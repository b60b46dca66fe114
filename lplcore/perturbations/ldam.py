"""Label-distribution-aware margins."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.perturbations import CriterionInput, Perturbation, PerturbationOutput


class Ldam(Perturbation):
    """Lowers the true class's logit by s * m_c, m_c = max_margin * (n_min / n_c)^(1/4) (Eq. 8 and 9 of the LPL paper).

    Made for logits s * cos(w_c, f), as the cosine head gives them: the margin is in units of the cosine. Multi label:
    the logits of all classes that an example has.
    """

    title: ClassVar[str] = "LDAM (label-distribution-aware margin)"
    citation: ClassVar[str] = "Cao et al., Learning imbalanced datasets with LDAM loss, NeurIPS 2019, Eq. 10 to 13"
    formula: ClassVar[str] = r"\delta_y = -s m_y, \quad m_c = m_{\max} \left(\frac{n_{\min}}{n_c}\right)^{1/4}"
    effect: ClassVar[str] = (
        "The true class's logit is lowered, most for the rarest class: the tail gets wide margins, the head "
        "narrow ones."
    )
    advice: ClassVar[str] = (
        "Needs the cosine head. On long-tailed digits ahead of cross entropy, behind logit adjustment; on "
        "scene and yeast mAP falls."
    )
    hard_labels: ClassVar[bool] = True
    hard_entries: ClassVar[bool] = True
    head: ClassVar[Literal["linear", "cosine"] | None] = "cosine"
    neutral: ClassVar[Mapping[str, Any] | None] = {"max_margin": 0.0}

    name: Literal["ldam"] = "ldam"
    max_margin: float = Field(
        0.5,
        ge=0,
        le=2,
        description="largest margin (cosine); 0.3 for data like iNaturalist",
        json_schema_extra={"slider": {"min": 0, "max": 1, "step": 0.05}},
    )
    scale: float = Field(
        30.0,
        gt=0,
        le=1e4,
        description="s, the scale that the logits already have",
        json_schema_extra={"slider": {"min": 1, "max": 60, "step": 1}},
    )

    def build(self, statistics: ClassStatistics) -> nn.Module:
        relative = statistics.smallest_count / statistics.counts_or_smallest()
        return TrueClassShift(-self.scale * self.max_margin * relative**0.25)


class TrueClassShift(nn.Module):
    """Adds an entry of a class table to the logits of the true classes."""

    table: Tensor

    def __init__(self, table: Tensor) -> None:
        super().__init__()
        self.register_buffer("table", table, persistent=False)

    def forward(self, inputs: CriterionInput) -> PerturbationOutput:
        """The perturbation [N, C], 0 except at the labels."""
        if inputs.multi_label:
            return PerturbationOutput(inputs.labels * self.table.to(inputs.logits.dtype), {})
        shift = inputs.by_class(self.table)[:, None]
        return PerturbationOutput(torch.zeros_like(inputs.raw_logits).scatter(1, inputs.labels[:, None], shift), {})
