"""Weights by the inverse influence of an example on the last layer."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from lplcore.frame.inputs import reached
from lplcore.frame.statistics import ClassStatistics
from lplcore.weightings import CriterionInput, Weighting, class_table


class InfluenceBalanced(Weighting):
    """lambda_y * alpha / (|p - e_y|_1 * |f|_1 + guard), lambda in proportion to 1 / n; 1 before `start`.

    The gradient runs through the weight, as in the authors' code; `detach` stops it.
    """

    title: ClassVar[str] = "Influence-balanced weights"
    citation: ClassVar[str] = "Park et al., Influence-balanced loss for imbalanced visual classification, ICCV 2021"
    formula: ClassVar[str] = (
        r"w = \lambda_y \frac{\alpha}{\|p - e_y\|_1 \|f\|_1 + \epsilon}, \quad \lambda_c \propto \frac{1}{n_c}"
    )
    effect: ClassVar[str] = (
        "From the start given on, examples that pull hardest on the network lose weight, and the tail gains "
        "weight by its count."
    )
    advice: ClassVar[str] = "Needs features. On long-tailed digits its defaults are not better than cross entropy."
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})

    name: Literal["influence_balanced"] = "influence_balanced"
    alpha: float = Field(1000.0, gt=0, le=1e9, description="alpha, the scale of the weights")
    guard: float = Field(1e-3, gt=0, le=1e3, description="epsilon, keeps the weight of a perfect example finite")
    start: float = Field(
        0.5,
        ge=0,
        le=1,
        description="share of the training before which all weights are 1",
        json_schema_extra={"slider": {"min": 0, "max": 1, "step": 0.05}},
    )
    detach: bool = Field(False, description="whether gradients stop at the weight")

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return InfluenceBalancedModule(self, statistics)


class InfluenceBalancedModule(nn.Module):
    """Holds the class factors as a buffer."""

    table: Tensor

    def __init__(self, options: InfluenceBalanced, statistics: ClassStatistics) -> None:
        super().__init__()
        self.options = options
        counts = statistics.counts()
        self.register_buffer("table", class_table(1 / counts.clamp(min=1), counts, normalize="mean"), persistent=False)

    def forward(self, inputs: CriterionInput) -> Tensor:
        """Weights [N], or [N, C] where labels are mixed."""
        size = inputs.needed_features("influence_balanced").abs().sum(dim=1)
        share = inputs.logits.softmax(dim=1)
        if inputs.mixture is None:
            wrong = distance(share, inputs.labels)
        else:
            wrong, size = distances(share), size[:, None]
        weight = self.options.alpha / (wrong * size + self.options.guard)
        weight = inputs.by_class(self.table) * (weight.detach() if self.options.detach else weight)
        if self.options.start == 0:
            return weight
        begun = inputs.needed_epoch_progress("influence_balanced (with start above 0)")
        return torch.where(reached(begun, self.options.start), weight, torch.ones_like(weight))


def distance(share: Tensor, labels: Tensor) -> Tensor:
    """[N] |p - e_y|_1 of probabilities [N, C] and labels [N].

    It is twice the sum of the other classes: in float32 p_y - 1 itself would vanish with the fit.
    """
    return 2 * share.scatter(1, labels[:, None], 0.0).sum(dim=1)


def distances(share: Tensor) -> Tensor:
    """[N, C] |p - e_c|_1 for every class c; only that of the likeliest can vanish."""
    likeliest = share.argmax(dim=1)
    return (2 * (1 - share)).scatter(1, likeliest[:, None], distance(share, likeliest)[:, None])
