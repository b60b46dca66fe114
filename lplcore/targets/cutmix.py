"""CutMix."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from lplcore.frame.statistics import ClassStatistics
from lplcore.targets import Target, soft


class CutMix(Target):
    """A rectangle of every input comes from another example; targets become r * own + (1 - r) * the other's.

    One rectangle a batch: its sides are sqrt(1 - r) of the image's for r from Beta(alpha, alpha), its centre is
    anywhere in the image, and what lies outside is left out, after which r is the share of the input that stayed. Of
    vectors it is a stretch of 1 - r of the features. A training loop of one's own calls
    `inputs, targets = criterion.mix(inputs, labels)` before the network.
    """

    title: ClassVar[str] = "CutMix"
    citation: ClassVar[str] = "Yun et al., CutMix, ICCV 2019, Eq. 1 and 2"
    formula: ClassVar[str] = (
        r"\begin{aligned} & \tilde{x} = M \odot x + (1 - M) \odot x', \\ & \tilde{t} = r t + (1 - r) t', \\ & r "
        r"\sim \mathrm{Beta}(\alpha, \alpha) \end{aligned}"
    )
    effect: ClassVar[str] = (
        "Smooths the decision between all classes. Pairs are drawn as classes occur, so that the tail is "
        "mostly seen beside the head."
    )
    advice: ClassVar[str] = (
        "A regulariser for images. It does not go with what needs one label per example (LPL, LDAM, ISDA, "
        "seesaw, large_margin)."
    )
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    mixes_inputs: ClassVar[bool] = True
    random: ClassVar[bool] = True

    name: Literal["cutmix"] = "cutmix"
    alpha: float = Field(
        1.0,
        ge=0.01,
        le=1000,
        description="alpha of the Beta distribution; towards 0: no mixing",
        json_schema_extra={"slider": {"min": 0.1, "max": 2, "step": 0.1}},
    )

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return CutMixModule(self.alpha, statistics.num_classes)


class CutMixModule(nn.Module):
    """The transform; draws from torch's global generators."""

    def __init__(self, alpha: float, num_classes: int) -> None:
        super().__init__()
        self.alpha, self.num_classes = alpha, num_classes

    def forward(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs [N, ...] and targets [N] or [N, C] to mixed inputs and soft targets [N, C]."""
        device = inputs.device
        alpha = torch.full((), self.alpha, dtype=torch.float32, device=device)
        ratio = torch.distributions.Beta(alpha, alpha, validate_args=False).sample()
        partner = torch.randperm(inputs.shape[0], device=device)
        sides = inputs.shape[2:] if inputs.dim() == 4 else inputs.shape[1:]
        length = (1 - ratio) ** (1 / len(sides))
        centre = torch.rand(len(sides), dtype=torch.float32, device=device)
        inside = torch.ones(sides, dtype=torch.bool, device=device)
        for axis, size in enumerate(sides):
            shape = [size if axis == other else 1 for other in range(len(sides))]
            inside = inside & stretch(size, length, centre[axis]).reshape(shape)
        share = 1 - inside.sum().float() / inside.numel()
        shares = soft(targets, self.num_classes, torch.float32)
        return torch.where(inside, inputs[partner], inputs), share * shares + (1 - share) * shares[partner]


def stretch(size: int, length: Tensor, centre: Tensor) -> Tensor:
    """[size] bool: which places of an axis lie in a stretch around a centre.

    Args:
        size: of the axis.
        length: of the stretch as a share of that, a scalar.
        centre: number in [0, 1) that names one of the places, a scalar.
    """
    places = torch.arange(size, device=length.device)
    middle, half = (centre * size).long(), (length * size).long() // 2
    return (places >= middle - half) & (places < middle + half)
