"""Loss variation of every class: by how much a perturbation raises or lowers the loss of its examples.

Multi label: of its positives and of its negatives.

For class c over the training examples of an epoch, relative: sum(l' - l) / sum(l), l the base loss on clean logits, l'
on the perturbed ones, both unweighted (Class-Level Logit Perturbation, Section III-B). A ratio of sums, since a mean of
ratios is ruled by the examples whose loss is nearly zero. Absolute: the mean of l' - l, which stays of the losses' size
where l is nearly zero throughout (margins of scaled logits: relative variations up to 1e5).
"""

from typing import ClassVar

import torch
from torch import Tensor

from lplcore.device import accumulator_dtype

SERIES = "relative_loss_variation"
ABSOLUTE = "absolute_loss_variation"
SUMS = 3
"""Columns of a class's sums."""


class LossVariation:
    """Sums per class on the device. C classes.

    Attributes:
        sums: [C, SUMS], float64 (float32 where the device has nothing wider), whose columns are
        difference: [C] sum of l' - l.
        clean: [C] sum of l.
        number: [C] losses summed; NaN in an epoch whose beginning was saved by version 0.1.0, which did not count.
    """

    names: ClassVar[tuple[str, ...]] = ()
    """Of the parts that are summed separately, the first dimension of the sums; none where there is one."""

    def __init__(self, num_classes: int, device: torch.device, sums: Tensor | None = None) -> None:
        shape = (*((len(self.names),) if self.names else ()), num_classes, SUMS)
        wide = accumulator_dtype(device)
        self.sums = torch.zeros(shape, dtype=wide, device=device) if sums is None else sums
        self.difference, self.clean, self.number = self.sums.unbind(-1)

    def add(self, labels: Tensor, clean_loss: Tensor, perturbed_loss: Tensor, included: Tensor | None = None) -> None:
        """Take in a batch: labels [N], l [N], l' [N], and which examples are not ignored [N], None for all."""
        clean, perturbed = (loss.detach().to(self.sums.dtype) for loss in (clean_loss, perturbed_loss))
        number = torch.ones_like(clean) if included is None else included.to(clean.dtype)
        self.sums.index_add_(0, labels, torch.stack(self.columns(clean, perturbed, number), dim=1))

    @staticmethod
    def columns(clean: Tensor, perturbed: Tensor, number: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What losses l and l' add to the columns of `sums`, and the number of each: 0 where it is ignored."""
        return perturbed - clean, clean, number

    def relative(self) -> dict[str, Tensor]:
        """[C] by name of the series, NaN for classes whose clean loss is zero."""
        return self._named(SERIES, torch.where(self.clean == 0, torch.nan, self.difference / self.clean))

    def absolute(self) -> dict[str, Tensor]:
        """[C] by name of the series, NaN for classes that no example had."""
        return self._named(ABSOLUTE, torch.where(self.number == 0, torch.nan, self.difference / self.number))

    def _named(self, series: str, values: Tensor) -> dict[str, Tensor]:
        if not self.names:
            return {series: values}
        return {f"{series}.{name}": row for name, row in zip(self.names, values, strict=True)}

    def state(self) -> dict[str, Tensor]:
        """The sums, for a checkpoint."""
        return {"difference": self.difference, "clean": self.clean, "number": self.number}

    def load(self, state: dict[str, Tensor]) -> None:
        """Go on from the sums of a checkpoint."""
        self.difference.copy_(state["difference"])
        self.clean.copy_(state["clean"])
        if "number" in state:
            self.number.copy_(state["number"])
        else:
            self.number.fill_(torch.nan)


class SignedLossVariation(LossVariation):
    """Sums per class for positives and for negatives, each [2, C]."""

    names: ClassVar[tuple[str, ...]] = ("positive", "negative")

    def add(self, labels: Tensor, clean_loss: Tensor, perturbed_loss: Tensor, included: Tensor | None = None) -> None:
        """Take in a batch: multi-hot labels, -1 where unknown, l and l', each [N, C].

        A share of a half or more passes for a positive.
        """
        clean, perturbed = (loss.detach().to(self.sums.dtype) for loss in (clean_loss, perturbed_loss))
        for row, mask in enumerate((labels >= 0.5, (labels >= 0) & (labels < 0.5))):
            self.clean[row] += torch.where(mask, clean, 0).sum(dim=0)
            self.difference[row] += torch.where(mask, perturbed - clean, 0).sum(dim=0)
            self.number[row] += mask.sum(dim=0)
