"""Square-root sampling: between uniform and class-aware."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from lplcore.samplers import Sampler, class_counts, drawn_by_class


class SquareRoot(Sampler):
    """Draws class c with probability in proportion to n_c^power; an epoch is as long as the training set."""

    title: ClassVar[str] = "Square-root sampling"
    citation: ClassVar[str] = "Mahajan et al., Exploring the limits of weakly supervised pretraining, ECCV 2018"
    formula: ClassVar[str] = r"P(c) = \frac{n_c^{\rho}}{\sum_{j} n_j^{\rho}}"
    effect: ClassVar[str] = "The tail is drawn more often than it occurs, but less often than the head."
    advice: ClassVar[str] = "Milder than class-aware sampling, and the nearer to it the smaller the power."

    name: Literal["square_root"] = "square_root"
    power: float = Field(
        0.5,
        ge=0,
        le=1,
        description="0 draws classes alike, 1 as frequent as they are",
        json_schema_extra={"slider": {"min": 0, "max": 1, "step": 0.05}},
    )

    def order(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        counts = class_counts(labels).double()
        share = torch.where(counts > 0, counts**self.power, 0.0)
        # Inverse of the cumulative distribution: torch.multinomial takes at most 2^24 categories and float32.
        edges = (share / share.sum()).cumsum(0)
        drawn = torch.rand(labels.shape[0], generator=generator, dtype=torch.float64)
        sequence = torch.searchsorted(edges, drawn, right=True).clamp(max=int(counts.nonzero().max()))
        return drawn_by_class(sequence, labels, generator)
