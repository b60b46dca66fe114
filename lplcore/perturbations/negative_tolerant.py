"""Negative-tolerant regularisation (NTR): its class-specific bias."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.perturbations import Perturbation
from lplcore.perturbations.logit_adjustment import ClassRow


class NegativeTolerant(Perturbation):
    """Adds -kappa * log(N / n_c - 1) / lambda to logit c (Eq. 10 and 11 of the LPL paper, which has lambda = 1 here).

    Lowers the logits of classes with fewer positives than negatives: their positives' loss rises, their negatives'
    falls. The other half of NTR, the scale lambda of negatives' logits, is `negative_scale` of the base loss. Counts of
    0 and N are taken as 0.5 and N - 0.5.
    """

    title: ClassVar[str] = "Negative-tolerant regularisation (NTR)"
    citation: ClassVar[str] = "Wu et al., Distribution-balanced loss for multi-label classification, ECCV 2020, Eq. 6-7"
    formula: ClassVar[str] = r"\delta_c = -\frac{\kappa}{\lambda} \log\left(\frac{N}{n_c} - 1\right)"
    effect: ClassVar[str] = (
        "Logits of rare labels are lowered in training: the loss of their positives rises, that of their "
        "negatives falls, so that negatives do not suppress them."
    )
    advice: ClassVar[str] = (
        "A part of distribution-balanced loss. It is a constant per class, which the last layer's bias can "
        "take back: mAP on scene and yeast hardly moves, macro F1 on scene rises."
    )
    tasks: ClassVar[frozenset[str]] = frozenset({"multi_label"})
    neutral: ClassVar[Mapping[str, Any] | None] = {"kappa": 0.0}

    name: Literal["negative_tolerant"] = "negative_tolerant"
    kappa: float = Field(
        0.05,
        ge=0,
        le=1000,
        description="kappa (psi in the LPL paper), size of the bias",
        json_schema_extra={"slider": {"min": 0, "max": 0.5, "step": 0.01}},
    )
    negative_scale: float = Field(
        1.0,
        gt=0,
        le=1000,
        description="lambda, by which the authors' code (2 on COCO-MLT, 5 on VOC-MLT) divides the bias; 1 as in their "
        "paper",
        json_schema_extra={"slider": {"min": 1, "max": 10, "step": 0.5}},
    )

    def build(self, statistics: ClassStatistics) -> nn.Module:
        number = statistics.needed_num_examples("negative_tolerant")
        counts = torch.minimum(statistics.counts().clamp(min=0.5), number - 0.5)
        return ClassRow(-self.kappa * (number / counts - 1).log() / self.negative_scale)
