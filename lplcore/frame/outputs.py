"""What a criterion gives."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from lplcore.frame.reduction import ByWeights, Terms


class CriterionOutput(NamedTuple):
    """All that one evaluation of a criterion gives. N examples, C classes."""

    loss: Tensor
    """[N] (multi label: [N, C]), weighted loss on the perturbed logits, regularisers added; 0 for what is ignored."""
    clean_loss: Tensor
    """Of the same shape, l: the base loss on clean logits, unweighted, no gradient."""
    perturbed_loss: Tensor
    """Of the same shape, l': the base loss on the perturbed logits, unweighted, no gradient."""
    observations: dict[str, Tensor]
    """Per-class values [C], NaN where the batch says nothing."""
    included: Tensor | None = None
    """Of the shape of the losses, whether each counts or is ignored; None where all count."""
    by_weights: ByWeights | None = None
    """Set where the mean divides by the weights."""

    @property
    def mean(self) -> Tensor:
        """A scalar to minimise: the mean of what is not ignored, as `reduction` of the weighting wants it."""
        return Terms(self.loss, self.included, self.by_weights).mean()

    def scaled(self, factors: Tensor) -> CriterionOutput:
        """The same with factors [N] on the losses that are minimised."""
        by_weights = None if self.by_weights is None else self.by_weights.scaled(factors)
        return self._replace(loss=factors * self.loss, by_weights=by_weights)

    def first(self, number: int) -> CriterionOutput:
        """That of the first examples alone; observations stay those of all."""
        if number == self.loss.shape[0]:
            return self
        return CriterionOutput(
            loss=self.loss[:number],
            clean_loss=self.clean_loss[:number],
            perturbed_loss=self.perturbed_loss[:number],
            observations=self.observations,
            included=None if self.included is None else self.included[:number],
        )

    def detach(self) -> CriterionOutput:
        """The same without graph; its mean is that of the losses."""
        return self._replace(loss=self.loss.detach(), by_weights=None)
