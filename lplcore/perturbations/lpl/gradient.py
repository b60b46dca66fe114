"""The class-level gradient of cross entropy (Eq. 30 and 31), exact for classes that are all but fitted.

g_c, the mean of softmax(z) - e_c over the examples of class c, shrinks like exp(-margin): in float32 its own entry
p_c - 1 has no correct digit beyond margin 17, and all of it is zero beyond 103. LPL walks along its direction, which
has a limit. So each example's softmax is split into the probability of being wrong, as a logarithm, and the
distribution over the wrong classes; each class is scaled by its largest probability of being wrong, and its own entry
is minus the sum of the others.
"""

from typing import NamedTuple, Self

import torch
from torch import Tensor
from torch.nn import functional

from lplcore.frame.class_slots import Slots
from lplcore.frame.masked_classes import with_softmax


class ClassGradient(NamedTuple):
    """g_c = scale * (others, with -total at its own class), per slot."""

    others: Tensor
    """[S, C], zero at the slot's own class."""
    total: Tensor
    """[S], sum of the others; the own entry is minus it."""
    log_scale: Tensor
    """[S], log of scale times the slot's size, no gradient; -inf where the slot is empty."""

    def scale(self, slots: Slots) -> Tensor:
        """[S], zero where the slot is not present; it underflows for fitted classes, unlike the scaled entries."""
        return torch.where(slots.present, self.log_scale.exp() / slots.size, 0.0)

    def row_norms(self) -> Tensor:
        """L2 norm of each scaled row, [S]."""
        tiny = torch.finfo(self.total.dtype).tiny
        return torch.hypot(torch.linalg.vector_norm(self.others, dim=1), self.total).clamp(min=tiny)

    def column_norms(self, slots: Slots) -> Tensor:
        """L2 norm of the unscaled gradient's column of each slot's class, [S] (the released code divides by it)."""
        tiny = torch.finfo(self.total.dtype).tiny
        full = self.others.scatter(1, slots.class_of[:, None], -self.total[:, None]) * self.scale(slots)[:, None]
        # Dividing first keeps the squares of a nearly vanished column from underflowing.
        largest = full.detach().abs().amax(0).clamp(min=tiny)
        return (largest * (full / largest).square().sum(0).clamp(min=tiny).sqrt())[slots.class_of].clamp(min=tiny)


class SplitLogits(NamedTuple):
    """Logits with the label's apart. N examples."""

    others: Tensor
    """[N, C], -inf at the label and at masked classes."""
    own: Tensor
    """[N]."""
    anchor: Tensor
    """[N] the likeliest wrong class at the start, where logit and log-probability lose no digits to each other."""

    @classmethod
    def of(cls, logits: Tensor, labels: Tensor) -> Self:
        """Split logits [N, C] at labels [N]."""
        index = labels[:, None]
        # Where all wrong classes are masked, the direction in which they lie is of no consequence.
        others = with_softmax(logits.scatter(1, index, -torch.inf)).scatter(1, index, -torch.inf)
        return cls(others, logits.gather(1, index).squeeze(1), others.detach().argmax(1))

    def moved(self, others: Tensor, own: Tensor) -> Self:
        """The same after adding `others` [N, C] (zero at the label) and `own` [N]."""
        return self._replace(others=self.others + others, own=self.own + own)

    def at(self, examples: Tensor) -> Self:
        """The logits of some examples."""
        return self._replace(others=self.others[examples], own=self.own[examples], anchor=self.anchor[examples])

    def wrong(self) -> tuple[Tensor, Tensor]:
        """(softmax over the wrong classes [N, C], log odds of being wrong [N])."""
        share = functional.softmax(self.others, dim=1)
        tiny = torch.finfo(share.dtype).tiny
        at_anchor = share.gather(1, self.anchor[:, None]).squeeze(1).clamp(min=tiny)
        total = self.others.gather(1, self.anchor[:, None]).squeeze(1) - at_anchor.log()
        return share, total - self.own


def class_gradient(share: Tensor, log_odds: Tensor, slots: Slots) -> ClassGradient:
    """g_c from each example's softmax over the wrong classes [N, C] and its log odds of being wrong [N]."""
    log_wrong = functional.logsigmoid(log_odds)
    log_scale = slots.largest(log_wrong.detach())
    weight = (log_wrong - log_scale[slots.of_example]).exp()
    others = slots.sum(share * weight[:, None])
    return ClassGradient(others, others.sum(1), log_scale)
