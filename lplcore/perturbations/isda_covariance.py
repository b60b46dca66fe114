"""Running moments of every class's features, and their quadratic forms with the last layer's weights.

N examples, C classes, D features, S slots: the classes of a batch (see `lplcore.class_slots`).
"""

from typing import NamedTuple

import torch
from torch import Tensor

from lplcore.class_slots import Slots


class Moments(NamedTuple):
    """Moments of some classes' features."""

    number: Tensor
    """[S] examples."""
    mean: Tensor
    """[S, D]."""
    covariance: Tensor
    """[S, D, D], or its diagonals [S, D]; divided by the count."""


def batch_moments(features: Tensor, slots: Slots, *, diagonal: bool) -> Moments:
    """Moments of a batch's features [N, D]; empty slots have count 0."""
    size = slots.size.to(features.dtype)
    mean = slots.sum(features) / size[:, None]
    centered = features - mean[slots.of_example]
    if diagonal:
        covariance = slots.sum(centered**2) / size[:, None]
    else:
        covariance = slots.sum(centered[:, :, None] * centered[:, None, :]) / size[:, None, None]
    return Moments(torch.where(slots.present, size, 0.0), mean, covariance)


def merged(old: Moments, new: Moments, present: Tensor) -> Moments:
    """Moments of both sets of examples together (Wang et al., Appendix; with the shift between the means)."""
    number = old.number + new.number
    share = torch.where(present, new.number / number.clamp(min=1), 0.0)
    column = share[:, None]
    shift = new.mean - old.mean
    if old.covariance.dim() == 2:
        outer, factor = shift**2, column
    else:
        outer, factor = shift[:, :, None] * shift[:, None, :], share[:, None, None]
    covariance = torch.lerp(old.covariance, new.covariance, factor) + factor * (1 - factor) * outer
    return Moments(number, torch.lerp(old.mean, new.mean, column), covariance)


def quadratic_forms(weight: Tensor, covariance: Tensor, class_of: Tensor) -> Tensor:
    """(w_j - w_c)^T Sigma_s (w_j - w_c) for slots s of class c, [S, C], by matrix products.

    The largest tensor is [C, D, D], the size of the state, never [S, C, D].

    Args:
        weight: [C, D].
        covariance: [S, D, D], or diagonals [S, D].
        class_of: [S].
    """
    # The forms do not change when all weights move together; near zero less is lost in the differences below.
    weight = weight - weight.mean(dim=0, keepdim=True)
    own = weight[class_of]
    if covariance.dim() == 2:
        turned = covariance * own
        squares = covariance @ (weight**2).T
    else:
        turned = (covariance @ own[:, :, None]).squeeze(2)
        outer = (weight[:, :, None] * weight[:, None, :]).flatten(1)
        squares = covariance.flatten(1) @ outer.T
    forms = squares - 2 * turned @ weight.T + (turned * own).sum(dim=1, keepdim=True)
    return forms.clamp(min=0).scatter(1, class_of[:, None], 0.0)
