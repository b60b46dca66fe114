"""What the parts of a criterion may look at."""

from typing import NamedTuple, overload

import torch
from torch import Tensor, nn
from torch.nn import functional


class CriterionInput(NamedTuple):
    """One batch as perturbations, weightings and regularisers see it. N examples, C classes, D features."""

    raw_logits: Tensor
    """[N, C], the network's output in float32 or wider."""
    logits: Tensor
    """[N, C], raw logits plus the perturbations earlier in the list."""
    labels: Tensor
    """[N] int64; of soft targets the largest entry. Multi label: multi-hot [N, C] in the logits' type."""
    soft_targets: Tensor | None
    """[N, C] that sum to one, None where every example has one label, and for multi label."""
    features: Tensor | None
    """[N, D], input of the last layer, where a method asks for it."""
    classifier: nn.Module | None
    """The last layer, where a method asks for it."""
    progress: Tensor | None
    """Share of training done, 0 to 1, as a scalar on the device."""
    epoch_progress: Tensor | None
    """The share that was done when the epoch began, where a trainer says it, else `progress`."""
    update: bool
    """Whether running statistics take this batch in."""

    @property
    def targets(self) -> Tensor:
        """Soft targets [N, C] where there are any, else labels [N] (multi label: [N, C])."""
        return self.labels if self.soft_targets is None else self.soft_targets

    @property
    def multi_label(self) -> bool:
        """Whether labels are multi-hot."""
        return self.labels.dim() == 2

    def needed_features(self, method: str) -> Tensor:
        """[N, D] in the logits' type.

        Raises:
            ValueError: none or misshapen ones were given.
        """
        if self.features is None:
            raise ValueError(f"features: {method} needs the last layer's input [N, D]; call criterion(..., features=f)")
        if self.features.dim() != 2 or self.features.shape[0] != self.labels.shape[0]:
            raise ValueError(f"features: expected [{self.labels.shape[0]}, D], got {list(self.features.shape)}")
        return self.features.to(self.logits.dtype)

    def needed_weight(self, method: str) -> Tensor:
        """[C, D] of the last layer in the logits' type, with its graph.

        Raises:
            ValueError: no linear last layer was given.
        """
        if self.classifier is None:
            raise ValueError(f"classifier: {method} needs the last layer; call criterion(..., classifier=model.fc)")
        weight = getattr(self.classifier, "weight", None)
        if not isinstance(weight, Tensor) or weight.dim() != 2 or weight.shape[0] != self.logits.shape[1]:
            raise ValueError(f"classifier: {method} needs a linear layer with a weight [{self.logits.shape[1]}, D]")
        return weight.to(self.logits.dtype)

    def needed_progress(self, method: str) -> Tensor:
        """The share of training done, a scalar on the device.

        Raises:
            ValueError: none was given.
        """
        return given_progress(self.progress, method)

    def needed_epoch_progress(self, method: str) -> Tensor:
        """The share of training done when the epoch began, for what changes by whole epochs: a scalar on the device.

        Raises:
            ValueError: none was given.
        """
        return given_progress(self.epoch_progress, method)

    def one_hot(self) -> Tensor:
        """Targets [N, C] in the logits' type."""
        if self.soft_targets is not None:
            return self.soft_targets
        if self.multi_label:
            return self.labels
        return functional.one_hot(self.labels, self.logits.shape[1]).to(self.logits.dtype)

    def by_class(self, table: Tensor) -> Tensor:
        """[N] entry of a class table [C] at each example's label; the expectation of it under soft targets.

        Multi label: its mean over the example's labels, 1 for an example without any.
        """
        values = table.to(self.logits.dtype)
        if self.multi_label:
            number = self.labels.sum(dim=1)
            return torch.where(number > 0, self.labels @ values / number.clamp(min=1), 1.0)
        return values[self.labels] if self.soft_targets is None else self.soft_targets @ values


@overload
def reached(epoch_progress: Tensor, start: float) -> Tensor: ...
@overload
def reached(epoch_progress: float, start: float) -> bool: ...
def reached(epoch_progress: Tensor | float, start: float) -> Tensor | bool:
    """Whether a stage that begins at a share of the training has begun: the one rule for all that has stages.

    Stages begin with whole epochs: `epoch_progress` is the share done when the epoch began. Epochs are at least 1e-5 of
    the training apart, and float32 rounds shares by 1e-7.
    """
    return epoch_progress >= start - 1e-6


def given_progress(progress: Tensor | None, method: str) -> Tensor:
    """A share of the training that a method needs.

    Raises:
        ValueError: none was given.
    """
    if progress is None:
        raise ValueError(
            f"progress: {method} changes during training; call criterion(..., progress=p) with the share of the "
            "training that is done, 0 to 1"
        )
    return progress


def within_backward() -> bool:
    """Whether autograd is in a backward pass, where activation checkpointing computes once more."""
    return torch._C._current_graph_task_id() != -1


def progress_tensor(progress: float | Tensor | None, device: torch.device) -> Tensor | None:
    """Progress as a scalar on the device; a tensor stays what it is, so that a CUDA graph can be fed."""
    if progress is None or isinstance(progress, Tensor):
        return progress
    return torch.full((), float(progress), dtype=torch.float32, device=device)
