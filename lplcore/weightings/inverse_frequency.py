"""Weights by inverse frequency."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.weightings import ClassWeights, EntryWeights, Weighting, class_table


class InverseFrequency(Weighting):
    """w_c = (N / n_c)^power of N training examples; single label: scaled to mean 1 over the classes that have examples.

    Multi label: the weight of all entries of class c, n_c its number of positives, and as it is, as in Wu et al.'s code
    (ECCV 2020).
    """

    title: ClassVar[str] = "Inverse-frequency weights"
    citation: ClassVar[str] = "Huang et al., Learning deep representation for imbalanced classification, CVPR 2016"
    formula: ClassVar[str] = r"w_c = \left(\frac{N}{n_c}\right)^{\rho}"
    effect: ClassVar[str] = "The rarer a class, the more its examples count; at power 1 all classes count alike in sum."
    advice: ClassVar[str] = "Power 0.5 is milder. On scene and yeast it lowers mAP; on yeast macro F1 rises."
    task_defaults: ClassVar[Mapping[str, Mapping[str, Any]]] = {"multi_label": {"normalize": "none"}}
    neutral: ClassVar[Mapping[str, Any] | None] = {"power": 0.0}

    name: Literal["inverse_frequency"] = "inverse_frequency"
    power: float = Field(
        1.0,
        ge=0,
        le=4,
        description="1 for inverse frequency, 0.5 for its square root, 0 for none",
        json_schema_extra={"slider": {"min": 0, "max": 2, "step": 0.1}},
    )
    normalize: Literal["mean", "none"] = Field(
        "mean", description="mean: scaled to mean 1 over the classes; none: as it is (default for multi label)"
    )

    def build(self, statistics: ClassStatistics) -> nn.Module:
        counts = statistics.counts()
        number: Tensor | int = 1 if self.normalize == "mean" else statistics.needed_num_examples("inverse_frequency")
        table = class_table((number / counts.clamp(min=1)) ** self.power, counts, normalize=self.normalize)
        return EntryWeights(table) if statistics.multi_label else ClassWeights(table)
