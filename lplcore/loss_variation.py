"""Relative loss variation of every class: by how much a perturbation raises or lowers the loss of its examples.

For class c over the training examples of an epoch: sum(l' - l) / sum(l), l the base loss on clean logits, l' on the
perturbed ones, both unweighted (Class-Level Logit Perturbation, Section III-B). A ratio of sums, since a mean of ratios
is ruled by the examples whose loss is nearly zero.
"""

import torch
from torch import Tensor

from lplcore.device import accumulator_dtype


class LossVariation:
    """Sums per class on the device. C classes.

    Attributes:
        difference: [C] sum of l' - l, float64 (float32 where the device has nothing wider).
        clean: [C] sum of l.
    """

    def __init__(self, num_classes: int, device: torch.device) -> None:
        dtype = accumulator_dtype(device)
        self.difference = torch.zeros(num_classes, dtype=dtype, device=device)
        self.clean = torch.zeros(num_classes, dtype=dtype, device=device)

    def add(self, labels: Tensor, clean_loss: Tensor, perturbed_loss: Tensor) -> None:
        """Take in a batch: labels [N], l [N], l' [N]."""
        clean = clean_loss.detach().to(self.clean.dtype)
        self.clean.index_add_(0, labels, clean)
        self.difference.index_add_(0, labels, perturbed_loss.detach().to(self.clean.dtype) - clean)

    def relative(self) -> Tensor:
        """[C], NaN for classes whose clean loss is zero."""
        return torch.where(self.clean == 0, torch.nan, self.difference / self.clean)

    def state(self) -> dict[str, Tensor]:
        """The sums, for a checkpoint."""
        return {"difference": self.difference, "clean": self.clean}

    def load(self, state: dict[str, Tensor]) -> None:
        """Go on from the sums of a checkpoint."""
        self.difference.copy_(state["difference"])
        self.clean.copy_(state["clean"])
