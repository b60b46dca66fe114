"""Running moments of every class's features, and their quadratic forms with the last layer's weights.

N examples, C classes, D features, S slots: the classes of a batch (see `lplcore.frame.class_slots`).
"""

from typing import NamedTuple

import torch
from torch import Tensor

from lplcore.frame.class_slots import Slots

CHUNK = 256
"""Least number of examples that enter a covariance at a time."""


class Moments(NamedTuple):
    """Moments of some classes' features."""

    number: Tensor
    """[S] examples."""
    mean: Tensor
    """[S, D]."""
    covariance: Tensor
    """[S, D, D], or its diagonals [S, D]; divided by the count."""


@torch.no_grad()
def joined_by(old: Moments, features: Tensor, slots: Slots) -> Moments:
    """Moments after a batch's features [N, D] have joined (Wang et al., Appendix; with the shift between the means).

    Takes over the tensors of `old`: beside them nothing of the covariances' size is allocated.
    """
    size = torch.where(slots.present, slots.size, 0).to(features.dtype)
    number = old.number + size
    share = (size / number.clamp(min=1))[:, None]
    mean = slots.sum(features) / slots.size.to(features.dtype)[:, None]
    shift = mean - old.mean
    centered = (features - mean[slots.of_example]) / number.clamp(min=1)[slots.of_example].sqrt()[:, None]
    # The shift between the means is one more column of each class's centred features.
    column = shift * (share * (1 - share)).sqrt()
    if old.covariance.dim() == 2:
        covariance = (1 - share) * old.covariance + slots.sum(centered**2) + column**2
    else:
        covariance = old.covariance.mul_(1 - share[:, :, None])
        covariance.baddbmm_(column[:, :, None], column[:, None, :])
        add_products(covariance, centered, slots)
    return Moments(number, torch.lerp(old.mean, mean, share), covariance)


def add_products(covariance: Tensor, centered: Tensor, slots: Slots) -> None:
    """Add X_s^T X_s to each slot's covariance [S, D, D], X_s its rows of `centered` [N, D].

    Some rows at a time: [S, rows, D] stays below the size of the covariances, [N, D, D] would not.
    """
    width, rows = centered.shape[1], max(centered.shape[1], CHUNK)
    number = torch.arange(slots.size.shape[0], device=centered.device)
    for part, owner in zip(torch.split(centered, rows), torch.split(slots.of_example, rows), strict=True):
        own = (owner == number[:, None]).to(part.dtype)[:, :, None] * part
        covariance.baddbmm_(own.transpose(1, 2), part.expand(number.shape[0], -1, width))


def quadratic_forms(weight: Tensor, covariance: Tensor, class_of: Tensor) -> Tensor:
    """(w_j - w_c)^T Sigma_s (w_j - w_c) for slots s of class c, [S, C], by matrix products.

    The largest tensor is [S, C, D] or [C, D, D], whichever is smaller: never more than the state.

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
        squares = squared_forms(weight, covariance)
    forms = squares - 2 * turned @ weight.T + (turned * own).sum(dim=1, keepdim=True)
    return forms.clamp(min=0).scatter(1, class_of[:, None], 0.0)


def squared_forms(weight: Tensor, covariance: Tensor) -> Tensor:
    """w_j^T Sigma_s w_j of weights [C, D] and covariances [S, D, D], [S, C]."""
    classes, width = weight.shape
    if classes <= width:
        return ((weight @ covariance) * weight).sum(dim=2)
    outer = (weight[:, :, None] * weight[:, None, :]).flatten(1)
    return covariance.flatten(1) @ outer.T
