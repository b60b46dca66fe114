"""Balanced softmax."""

from typing import ClassVar, Literal

from torch import nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.perturbations import Perturbation
from lplcore.perturbations.logit_adjustment import ClassRow


class BalancedSoftmax(Perturbation):
    """Adds log n_c to logit c: logit adjustment of strength 1, up to a constant that the softmax does not see."""

    title: ClassVar[str] = "Balanced softmax"
    citation: ClassVar[str] = "Ren et al., Balanced meta-softmax for long-tailed recognition, NeurIPS 2020, Eq. 4"
    formula: ClassVar[str] = r"\delta_c = \log n_c"
    effect: ClassVar[str] = (
        "Head logits are raised in training alone, so that the network learns to lower them: at test the tail gains."
    )
    advice: ClassVar[str] = "The same as logit adjustment of strength 1, without a parameter."
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})

    name: Literal["balanced_softmax"] = "balanced_softmax"

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return ClassRow(statistics.log_counts())
