"""What is exported of a run: inputs as the network takes them to logits and probabilities. N examples, C classes."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from lplcore.models import Classifier


class Unexportable(ValueError):
    """A network that a format cannot hold; the message says why and what else there is."""


class Predicted(NamedTuple):
    """What an exported network gives."""

    logits: Tensor
    """[N, C], after the method's post-hoc correction."""
    probabilities: Tensor
    """[N, C]."""


class ExportedNetwork(nn.Module):
    """A run's network with its post-hoc correction and temperature.

    Args:
        model: in evaluation mode, float32, on the CPU.
        posthoc: the correction, None for none.
        multi_label: whether probabilities are sigmoids, else a softmax.
        temperature: what logits are divided by before the softmax.
    """

    def __init__(self, model: Classifier, posthoc: nn.Module | None, *, multi_label: bool, temperature: float) -> None:
        super().__init__()
        self.model, self.posthoc = model, posthoc
        self.multi_label, self.temperature = multi_label, temperature

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs [N, ...] to logits and probabilities, a plain tuple: other loaders know no other."""
        logits = self.model(inputs).logits
        if self.posthoc is not None:
            logits = self.posthoc(logits, self.model.classifier)
        if self.multi_label:
            return logits, logits.sigmoid()
        return logits, (logits / self.temperature).softmax(dim=1)


@torch.no_grad()
def predicted(network: nn.Module, inputs: Tensor) -> Predicted:
    """What a network gives for inputs [N, ...]."""
    return Predicted(*network(inputs))


def farthest(one: Tensor, other: Tensor) -> float:
    """Largest |one - other| / max(1, |other|) over all entries; equal infinities are no distance, NaN is endless."""
    distance = (one - other).abs() / other.abs().clamp(min=1)
    distance = torch.where(one == other, 0.0, distance).nan_to_num(nan=torch.inf, posinf=torch.inf)
    return float(distance.max()) if distance.numel() else 0.0


def check_agreement(made: Predicted, wanted: Predicted, *, tolerance: float, what: str) -> float:
    """The largest difference of what an exported form predicts.

    Raises:
        Unexportable: it is above the tolerance.
    """
    difference = max(farthest(one, other) for one, other in zip(made, wanted, strict=True))
    if difference > tolerance:
        raise Unexportable(f"the network as {what} predicts otherwise than here: by {difference:.2g}")
    return difference
