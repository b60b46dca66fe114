"""What the parts of a criterion may look at."""

from typing import NamedTuple, overload

import torch
from torch import Tensor, nn

from lplcore.frame.compiled_frames import uncompiled
from lplcore.frame.labels import one_hot


class Mixture(NamedTuple):
    """Soft targets kept * labels + spread: labels that were mixed, then perhaps smoothed."""

    labels: Tensor
    """[N, C] shares of the classes before smoothing, which sum to one."""
    kept: Tensor | None
    """[N] what smoothing leaves of them, None where nothing smooths."""
    spread: Tensor | None
    """[N, C] what smoothing adds."""

    def weighted(self, weights: Tensor) -> tuple[Tensor, Tensor]:
        """[N, C] soft targets with the classes weighted by [N, C] first, and [N] the mean weight that they then have.

        Their loss times this weight is the sum over classes of share * weight * loss.
        """
        shares = self.labels * weights
        mean = shares.sum(dim=1, keepdim=True)
        targets = torch.where(mean > 0, shares / torch.where(mean > 0, mean, 1.0), self.labels)
        if self.kept is not None and self.spread is not None:
            targets = self.kept[:, None] * targets + self.spread
        return targets, mean.squeeze(1)


class CriterionInput(NamedTuple):
    """One batch as perturbations, weightings and regularisers see it. N examples, C classes, D features."""

    raw_logits: Tensor
    """[N, C], the network's output in float32 or wider."""
    logits: Tensor
    """[N, C], raw logits plus the perturbations earlier in the list."""
    labels: Tensor
    """[N] int64; of soft targets the largest entry. Multi label: multi-hot [N, C] in the logits' type.

    Of what is ignored it is class 0 (multi label: 0), and so are its logits: `included` says what it is.
    """
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
    included: Tensor | None = None
    """[N] (multi label: [N, C]) bool, whether it counts or is ignored; None where all count."""
    mixture: Mixture | None = None
    """What soft targets are mixed of; None where every example comes from one label, smoothed or not."""
    observing: bool = True
    """Whether anybody reads a perturbation's observations: what serves them alone may be left out."""

    @property
    def targets(self) -> Tensor:
        """What the base loss takes: soft targets [N, C] where there are any, else labels [N].

        Multi label: [N, C], -1 where it is unknown whether the example has the class.
        """
        if self.multi_label and self.included is not None:
            return torch.where(self.included, self.labels, -1)
        return self.labels if self.soft_targets is None else self.soft_targets

    @property
    def multi_label(self) -> bool:
        """Whether labels are multi-hot."""
        return self.labels.dim() == 2

    def needed_features(self, method: str) -> Tensor:
        """[N, D] in the logits' type.

        Raises:
            ValueError: there are none, or they are misshapen.
        """
        if self.features is None:
            raise ValueError(f"features: {method} needs the last layer's input [N, D]; call criterion(..., features=f)")
        if self.features.dim() != 2 or self.features.shape[0] != self.labels.shape[0]:
            raise ValueError(f"features: expected [{self.labels.shape[0]}, D], got {list(self.features.shape)}")
        return self.without_ignored(self.features.to(self.logits.dtype))

    def needed_weight(self, method: str) -> Tensor:
        """[C, D] of the last layer in the logits' type, with its graph.

        Raises:
            ValueError: the last layer is missing or not linear.
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
            ValueError: there is none.
        """
        return needed_progress(self.progress, method)

    def needed_epoch_progress(self, method: str) -> Tensor:
        """The share of training done when the epoch began, for what changes by whole epochs: a scalar on the device.

        Raises:
            ValueError: there is none.
        """
        return needed_progress(self.epoch_progress, method)

    def one_hot(self) -> Tensor:
        """Targets [N, C] in the logits' type."""
        if self.soft_targets is not None:
            return self.soft_targets
        if self.multi_label:
            return self.labels
        return one_hot(self.labels, self.logits.shape[1], self.logits.dtype)

    def by_class(self, table: Tensor) -> Tensor:
        """[N] entry of a class table [C] at each example's label, the whole table [N, C] where labels are mixed.

        Multi label: [N] its mean over the example's labels, 1 for an example without any.
        """
        values = table.to(self.logits.dtype)
        if self.multi_label:
            number = self.labels.sum(dim=1)
            return torch.where(number > 0, self.labels @ values / torch.where(number > 0, number, 1.0), 1.0)
        return values[self.labels] if self.mixture is None else values.expand_as(self.logits)

    def without_ignored(self, values: Tensor) -> Tensor:
        """Values [N, ...] of examples, 0 for those that are ignored; multi label: as they are."""
        if self.included is None or self.multi_label:
            return values
        return torch.where(self.included.reshape(-1, *[1] * (values.dim() - 1)), values, 0.0)

    def number(self) -> Tensor | int:
        """Examples that count, at least 1; multi label: all."""
        if self.included is None or self.multi_label:
            return max(self.labels.shape[0], 1)
        return self.included.sum().clamp(min=1).to(self.logits.dtype)

    def share(self) -> Tensor:
        """[N] int64, 1 for examples that count and 0 for those that are ignored; multi label: 1."""
        if self.included is None or self.multi_label:
            return torch.ones(self.labels.shape[0], dtype=torch.int64, device=self.labels.device)
        return self.included.long()


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


def needed_progress(progress: Tensor | None, method: str) -> Tensor:
    """A share of the training that a method needs.

    Raises:
        ValueError: there is none.
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


@uncompiled
def progress_tensor(progress: float | Tensor | None, device: torch.device) -> Tensor | None:
    """Progress as a scalar on the device; a tensor stays what it is, so that a CUDA graph can be fed."""
    if progress is None or isinstance(progress, Tensor):
        return progress
    # An addition: a compiler takes a number that changes as an input of its graph there, but not in torch.full.
    return torch.zeros((), dtype=torch.float32, device=device) + progress
