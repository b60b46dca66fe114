"""Masked classes, whose logits are -inf. N examples, C classes."""

import torch
from torch import Tensor

from lplcore.device import host_sees
from lplcore.frame.vmap_levels import untraced

FAR = -1e30
"""Logit of classes that are all masked, where a softmax over just them is asked for."""


def none_lowest(values: Tensor) -> bool:
    """Whether no value is -inf, where the host sees it without waiting for a device: then there is nothing to mask."""
    if not host_sees(values) or values.numel() == 0 or not untraced():
        return False
    return bool(values.detach().amin() > -torch.inf)


def unmasked(logits: Tensor) -> Tensor:
    """Logits [N, C] with 0 where a class is masked, for formulas that multiply them."""
    return logits if none_lowest(logits) else logits.masked_fill(logits == -torch.inf, 0.0)


def with_limits(losses: Tensor, logits: Tensor, targets: Tensor) -> Tensor:
    """Losses [N, C] of sigmoids with their limits at masked classes: infinite for a positive, 0 for a negative.

    The losses are of the `unmasked` logits.
    """
    if none_lowest(logits):
        return losses
    limits = torch.zeros_like(losses).masked_fill(targets > 0, torch.inf)
    return torch.where(logits == -torch.inf, limits, losses)


def with_softmax(logits: Tensor) -> Tensor:
    """Logits [N, C] with FAR in rows that are -inf throughout, whose softmax would not be defined."""
    largest = logits.amax(dim=1, keepdim=True)
    return logits if none_lowest(largest) else torch.where(largest == -torch.inf, FAR, logits)


def with_mass(log_p: Tensor, targets: Tensor) -> Tensor:
    """Log probabilities [N, C] with 0 where soft targets [N, C] are 0: a masked class would bring 0 * inf."""
    return log_p if none_lowest(log_p) else torch.where(targets > 0, log_p, 0.0)
