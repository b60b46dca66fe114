"""Logit compensation (LC), bounded."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import nn

from lplcore.frame.masked_classes import unmasked
from lplcore.frame.statistics import ClassStatistics
from lplcore.perturbations import CriterionInput, Perturbation, PerturbationOutput


class LogitCompensation(Perturbation):
    """Turns positives' logits into sp_c * u + mp_c and negatives' into sn_c * u + mn_c, all four learned per class.

    They see the label: unbounded, mp to infinity and mn to minus infinity bring the loss to zero with nothing learned.
    So s = 1 + scale_bound * tanh(.) and m = shift_bound * tanh(.), from s = 1 and m = 0 on, under the optimiser's
    weight decay. The two branches of the source are left out, as in the LPL paper.
    """

    title: ClassVar[str] = "Logit compensation (LC)"
    citation: ClassVar[str] = (
        "Guo, Wang, Long-tailed multi-label visual recognition, CVPR 2021; Class-Level Logit Perturbation, Eq. 12"
    )
    formula: ClassVar[str] = (
        r"\delta_c = \begin{cases} (s_c^{+} - 1) u_c + m_c^{+} & y_c = 1 \\ (s_c^{-} - 1) u_c + m_c^{-} & y_c = "
        r"0 \end{cases}"
    )
    effect: ClassVar[str] = (
        "Each class learns its own scale and shift of positives and of negatives, within bounds, so that rare "
        "labels may have margins of their own."
    )
    advice: ClassVar[str] = (
        "For multi-label data on R-BCE. It raises mAP on scene and lowers it on yeast, so compare with R-BCE alone."
    )
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})
    hard_entries: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, Any] | None] = {"scale_bound": 0.0, "shift_bound": 0.0}

    name: Literal["logit_compensation"] = "logit_compensation"
    scale_bound: float = Field(
        0.5,
        ge=0,
        lt=1,
        description="largest |s - 1|",
        json_schema_extra={"slider": {"min": 0, "max": 0.95, "step": 0.05}},
    )
    shift_bound: float = Field(
        1.0, ge=0, le=1000, description="largest |m|", json_schema_extra={"slider": {"min": 0, "max": 3, "step": 0.1}}
    )

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return LogitCompensationModule(self, statistics.num_classes)


class LogitCompensationModule(nn.Module):
    """Holds the learned scales and shifts [2, C] before the tanh; the rows are for positives and negatives."""

    def __init__(self, options: LogitCompensation, num_classes: int) -> None:
        super().__init__()
        self.options = options
        self.scale = nn.Parameter(torch.zeros(2, num_classes, dtype=torch.float32))
        self.shift = nn.Parameter(torch.zeros(2, num_classes, dtype=torch.float32))

    def forward(self, inputs: CriterionInput) -> PerturbationOutput:
        """The perturbation [N, C]; gradients go to the learned scales and shifts, and to the logits."""
        stretch = self.options.scale_bound * self.scale.to(inputs.logits.dtype).tanh()
        shift = self.options.shift_bound * self.shift.to(inputs.logits.dtype).tanh()
        positive, negative = (stretch[:, None] * unmasked(inputs.logits) + shift[:, None]).unbind()
        delta = inputs.labels * positive + (1 - inputs.labels) * negative
        names = ("positive", "negative")
        observed = {f"logit_compensation/{name}_shift": shift[row].detach() for row, name in enumerate(names)}
        return PerturbationOutput(delta, observed)
