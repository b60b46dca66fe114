"""Loads a program of torch.export."""

from collections.abc import Callable

import torch
from torch import Tensor

from lplcore.export.scripts.inputs import HERE


def open_network() -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    """From normalised inputs to logits and probabilities."""
    network: Callable[[Tensor], tuple[Tensor, Tensor]] = torch.export.load(HERE / "model.pt2").module()
    return network
