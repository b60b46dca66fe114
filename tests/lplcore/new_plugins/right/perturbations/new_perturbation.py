"""A bonus for rare classes."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field
from torch import nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.perturbations import Perturbation
from lplcore.perturbations.logit_adjustment import ClassRow


class NewPerturbation(Perturbation):
    """Lowers rare classes' logits in training, by log(n_max / n_c) at strength 1."""

    title: ClassVar[str] = "New perturbation"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    neutral: ClassVar[Mapping[str, Any] | None] = {"strength": 0.0}

    name: Literal["new_perturbation"] = "new_perturbation"
    strength: float = Field(1.0, description="factor on what is added to the logits")

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return ClassRow(-self.strength * (statistics.largest_count / statistics.counts_or_smallest()).log())
