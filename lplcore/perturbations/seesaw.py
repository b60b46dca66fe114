"""Seesaw loss."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from lplcore.frame.masked_classes import unmasked
from lplcore.frame.statistics import ClassStatistics
from lplcore.frame.vmap_levels import take_in
from lplcore.perturbations import CriterionInput, Perturbation, PerturbationOutput


class Seesaw(Perturbation):
    """Adds log S_yj to logit j: S = min(1, N_j / N_y)^p * max(1, score_j / score_y)^q, scores without gradient.

    The first factor spares rarer classes j, the second raises classes that are mistaken for the true one. `running`
    counts the labels met so far, as in the source; `training` takes the training set's counts. mmpretrain's version
    differs: it takes score_y as at least 0.01, so that S stays below 10^4 (q = 2); here, as in the paper, it does not.
    """

    title: ClassVar[str] = "Seesaw loss"
    citation: ClassVar[str] = "Wang et al., Seesaw loss for long-tailed instance segmentation, CVPR 2021, Eq. 5 to 8"
    formula: ClassVar[str] = (
        r"\begin{aligned} & \delta_j = \log S_{yj}, \\ & S_{yj} = \min\left(1, \frac{N_j}{N_y}\right)^{p} "
        r"\max\left(1, \frac{\sigma_j}{\sigma_y}\right)^{q}, \\ & \sigma = \mathrm{softmax}(u) \end{aligned}"
    )
    effect: ClassVar[str] = (
        "Examples of the head push tail logits down less; classes that are mistaken for the true one are "
        "pushed down more."
    )
    advice: ClassVar[str] = (
        "Needs neither a special head nor features. On long-tailed digits ahead of cross entropy, behind logit "
        "adjustment."
    )
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    hard_labels: ClassVar[bool] = True
    neutral: ClassVar[Mapping[str, Any] | None] = {"p": 0.0, "q": 0.0}

    name: Literal["seesaw"] = "seesaw"
    p: float = Field(
        0.8,
        ge=0,
        le=10,
        description="p, exponent of the mitigation by counts",
        json_schema_extra={"slider": {"min": 0, "max": 2, "step": 0.1}},
    )
    q: float = Field(
        2.0,
        ge=0,
        le=10,
        description="q, exponent of the compensation by scores",
        json_schema_extra={"slider": {"min": 0, "max": 4, "step": 0.1}},
    )
    counts: Literal["running", "training"] = Field(
        "running", description="running: of the labels met so far, as in the source; training: of the training set"
    )

    def stops_gradient(self, task: str) -> bool:
        return True

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return SeesawModule(self, statistics)


class SeesawModule(nn.Module):
    """Holds the examples of each class that it has seen, [C]."""

    counts: Tensor

    def __init__(self, options: Seesaw, statistics: ClassStatistics) -> None:
        super().__init__()
        self.options, self.running = options, options.counts == "running"
        self.needs_batch = "the batch's labels, which seesaw counts" if self.running else ""
        start = torch.zeros(statistics.num_classes) if self.running else torch.tensor(statistics.class_counts)
        self.register_buffer("counts", start.to(torch.float64), persistent=self.running)

    def forward(self, inputs: CriterionInput) -> PerturbationOutput:
        """The perturbation [N, C], 0 at the labels."""
        labels = inputs.labels[:, None]
        counts = self.counts
        if self.running:
            counts = counts.index_add(0, inputs.labels, inputs.share().to(counts.dtype))
            if inputs.update:
                take_in(self.counts.copy_, counts)
        log_counts = counts.clamp(min=1).log().to(inputs.logits.dtype)
        delta = self.options.p * (log_counts - log_counts[labels]).clamp(max=0)
        if self.options.q:
            log_score = functional.log_softmax(inputs.logits.detach(), dim=1)
            # The loss of a masked true class is infinite without compensation.
            own = unmasked(log_score.gather(1, labels))
            delta = delta + self.options.q * (log_score - own).clamp(min=0)
        return PerturbationOutput(delta, {})
