"""Gaussian clouded logits."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.perturbations import CriterionInput, Perturbation, PerturbationOutput

NOISE_STD = 1 / 3


class Gcl(Perturbation):
    """Lowers logit c by s * amplitude * |noise| * (log n_max - log n_c) / (log n_max - log n_min), noise N(0, 1/9).

    Noise is drawn per entry and clipped to [-1, 1]; the true class is lowered by s * margin on top. n_min is that of
    the rarest class with training examples; a class without any has no cloud. Evaluation mode draws none. Made for the
    cosine head. One stage: balanced retraining of the classifier is the procedure `two_stage`.
    """

    title: ClassVar[str] = "GCL (Gaussian clouded logits)"
    citation: ClassVar[str] = "Li et al., Long-tailed recognition via Gaussian clouded logit adjustment, CVPR 2022"
    formula: ClassVar[str] = (
        r"\begin{aligned} & \delta_c = -s a |\xi_c| \frac{\log n_{\max} - \log n_c}{\log n_{\max} - \log "
        r"n_{\min}} - s m [c = y], \\ & \xi_c \sim \mathrm{N}(0, 1/9) \end{aligned}"
    )
    effect: ClassVar[str] = (
        "Noise lowers a logit the more the rarer its class, which widens the tail's margins; the most frequent "
        "class has none."
    )
    advice: ClassVar[str] = (
        "Needs the cosine head. On long-tailed digits ahead of cross entropy, not to be told from LDAM, behind "
        "logit adjustment."
    )
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    head: ClassVar[Literal["linear", "cosine"] | None] = "cosine"
    neutral: ClassVar[Mapping[str, Any] | None] = {"amplitude": 0.0}
    random: ClassVar[bool] = True

    name: Literal["gcl"] = "gcl"
    amplitude: float = Field(
        0.5,
        ge=0,
        le=10,
        description="a, size of the cloud of the rarest class (cosine)",
        json_schema_extra={"slider": {"min": 0, "max": 2, "step": 0.1}},
    )
    margin: float = Field(
        0.0,
        ge=0,
        le=2,
        description="m, fixed margin of the true class (cosine)",
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
        return GclModule(self, statistics)


class GclModule(nn.Module):
    """Holds the size of the clouds [K] of the K classes that have training examples, and which they are.

    Draws from torch's global generator of the logits' device.
    """

    size: Tensor
    clouded: Tensor

    def __init__(self, options: Gcl, statistics: ClassStatistics) -> None:
        super().__init__()
        self.options = options
        counted = statistics.counted()
        log_counts = statistics.counts()[counted].log()
        distance = log_counts.max() - log_counts
        widest = distance.max()
        relative = distance / widest if widest > 0 else distance
        self.register_buffer("size", options.scale * options.amplitude * relative, persistent=False)
        self.register_buffer("clouded", counted.nonzero().squeeze(1), persistent=False)

    def forward(self, inputs: CriterionInput) -> PerturbationOutput:
        """The perturbation [N, C]; the noise is drawn in training only."""
        delta = self._clouds(inputs.raw_logits) if self.training else torch.zeros_like(inputs.raw_logits)
        if self.options.margin:
            delta = delta - self.options.scale * self.options.margin * inputs.one_hot()
        return PerturbationOutput(delta, {})

    def _clouds(self, logits: Tensor) -> Tensor:
        """[N, C]: an empty class takes no draw, so that those of the others are what they are without it."""
        shape = (logits.shape[0], self.clouded.shape[0])
        noise = (torch.randn(shape, dtype=logits.dtype, device=logits.device) * NOISE_STD).clamp(-1, 1).abs()
        clouds = -noise * self.size.to(logits.dtype)
        return clouds if shape == logits.shape else torch.zeros_like(logits).index_copy(1, self.clouded, clouds)
