"""Logits of masked classes, which are -inf."""

import torch
from torch import Tensor


def unmasked(logits: Tensor) -> Tensor:
    """Logits [N, C] with 0 where a class is masked, to be multiplied: what is added to -inf changes nothing."""
    return logits.masked_fill(logits == -torch.inf, 0.0)
