"""Gaussian clouded logits."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from lplcore.perturbations import CriterionInput, Perturbation, PerturbationOutput
from lplcore.statistics import ClassStatistics

NOISE_STD = 1 / 3


class Gcl(Perturbation):
    """Lowers logit c by s * amplitude * |noise| * (log n_max - log n_c) / (log n_max - log n_min), noise N(0, 1/9).

    Noise is drawn per entry and clipped to [-1, 1]; the true class is lowered by s * margin on top. Made for the cosine
    head. One stage: balanced retraining of the classifier is the procedure `two_stage`.
    """

    title: ClassVar[str] = "GCL (Gaussian clouded logits)"
    citation: ClassVar[str] = "Li et al., Long-tailed recognition via Gaussian clouded logit adjustment, CVPR 2022"
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    head: ClassVar[Literal["linear", "cosine"] | None] = "cosine"

    name: Literal["gcl"] = "gcl"
    amplitude: float = Field(0.5, ge=0, le=10, description="a, size of the cloud of the rarest class (cosine)")
    margin: float = Field(0.0, ge=0, le=2, description="m, fixed margin of the true class (cosine)")
    scale: float = Field(30.0, gt=0, le=1e4, description="s, the scale that the logits already have")

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return GclModule(self, statistics)


class GclModule(nn.Module):
    """Holds the size of every class's cloud; draws from torch's global generator of the logits' device."""

    size: Tensor

    def __init__(self, options: Gcl, statistics: ClassStatistics) -> None:
        super().__init__()
        self.options = options
        counts = torch.tensor(statistics.class_counts, dtype=torch.float64)
        log_counts = counts.clamp(min=counts[counts > 0].min()).log()
        distance = log_counts.max() - log_counts
        widest = distance.max()
        relative = distance / widest if widest > 0 else distance
        self.register_buffer("size", options.scale * options.amplitude * relative, persistent=False)

    def forward(self, given: CriterionInput) -> PerturbationOutput:
        """[N, C]."""
        noise = (torch.randn_like(given.raw_logits) * NOISE_STD).clamp(-1, 1).abs()
        delta = -noise * self.size.to(given.logits.dtype)
        if self.options.margin:
            delta = delta - self.options.scale * self.options.margin * given.one_hot()
        return PerturbationOutput(delta, {})
