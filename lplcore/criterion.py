"""The criterion: weight * base_loss(logits + perturbations, targets) + regularisers (the paper's Eq. 15)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Self

import torch
from torch import Tensor, nn

from lplcore.criterion_input import CriterionInput, progress_tensor, reached, within_backward
from lplcore.feature_state import FeatureState
from lplcore.perturbations import PerturbationOutput
from lplcore.statistics import ClassStatistics

if TYPE_CHECKING:
    from lplcore.method import MethodSpec

REDUCTIONS = ("mean", "sum", "none")
SOFT_TOLERANCE = 0.05
"""By which a row of soft targets may miss the sum 1, for the sake of half precision."""
INDEX_TYPES = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)


class CriterionOutput(NamedTuple):
    """All that one evaluation of a criterion gives. N examples, C classes."""

    loss: Tensor
    """[N] (multi label: [N, C]), weighted loss on the perturbed logits, regularisers added."""
    clean_loss: Tensor
    """Of the same shape, l: the base loss on clean logits, unweighted, no gradient."""
    perturbed_loss: Tensor
    """Of the same shape, l': the base loss on the perturbed logits, unweighted, no gradient."""
    observations: dict[str, Tensor]
    """Per-class values [C], NaN where the batch says nothing."""

    def detach(self) -> CriterionOutput:
        """The same without graph."""
        return self._replace(loss=self.loss.detach())


class Perturbed(NamedTuple):
    """What perturbations make of an input: its logits are the perturbed ones."""

    given: CriterionInput
    total: Tensor
    """[N, C], sum of the perturbations."""
    observations: dict[str, Tensor]


class Criterion(nn.Module):
    """A method as a loss module. Make one with `lplcore.criterion`."""

    epoch_progress: Tensor | None

    def __init__(self, method: MethodSpec, statistics: ClassStatistics) -> None:
        super().__init__()
        self.method, self.statistics = method, statistics
        self.loss = method.loss.build(statistics)
        self.perturbations = nn.ModuleList(part.build(statistics) for part in method.perturbations)
        self.weighting = method.weighting.build(statistics) if method.weighting is not None else None
        self.targets = nn.ModuleList(part.build(statistics) for part in method.targets)
        self.regularizers = nn.ModuleList(part.build(statistics) for part in method.regularizers)
        self.weighting_start = method.procedure.second_stage()
        self.register_buffer("epoch_progress", None, persistent=False)

    def forward(
        self,
        logits: Tensor,
        labels: Tensor,
        *,
        features: Tensor | None = None,
        classifier: nn.Module | None = None,
        progress: float | Tensor | None = None,
        reduction: str = "mean",
    ) -> Tensor:
        """The loss of logits [N, C] and labels [N] int64, or soft targets [N, C] where the method allows them.

        Multi label: labels are multi-hot [N, C] of any type.

        Args:
            features: [N, D] input of the last layer, for methods that need it.
            classifier: the last layer, for methods that need it.
            progress: share of training done, 0 to 1, for methods that depend on it.
            reduction: `mean` and `sum` give a scalar, `none` gives [N] (multi label: [N, C], and `mean` is over all).

        Raises:
            ValueError: wrong shapes, labels that cannot be (on the CPU), something the method needs is not given, or an
                unknown reduction.
        """
        if reduction not in REDUCTIONS:
            raise ValueError(f"reduction: {reduction!r} is unknown; known: {', '.join(REDUCTIONS)}")
        with torch.autocast(logits.device.type, enabled=False):
            given = self._given(logits, labels, features, classifier, progress, update=self.training)
            perturbed = self._perturb(given).given
            loss = self._complete(self.loss(perturbed.logits, perturbed.targets, perturbed.epoch_progress), perturbed)
        if reduction == "none":
            return loss
        return loss.mean() if reduction == "mean" else loss.sum()

    @torch.no_grad()
    def perturbation(
        self,
        logits: Tensor,
        labels: Tensor,
        *,
        features: Tensor | None = None,
        classifier: nn.Module | None = None,
        progress: float | Tensor | None = None,
    ) -> Tensor:
        """What is added to the logits, [N, C], without gradient; running statistics stay as they are."""
        with torch.autocast(logits.device.type, enabled=False):
            return self._perturb(self._given(logits, labels, features, classifier, progress, update=False)).total

    def evaluate(
        self,
        logits: Tensor,
        labels: Tensor,
        *,
        features: Tensor | None = None,
        classifier: nn.Module | None = None,
        progress: float | Tensor | None = None,
    ) -> CriterionOutput:
        """The weighted loss per example with what a trainer records, in one pass. Arguments as in `forward`."""
        with torch.autocast(logits.device.type, enabled=False):
            given = self._given(logits, labels, features, classifier, progress, update=self.training)
            perturbed, _, observations = self._perturb(given)
            perturbed_loss = self.loss(perturbed.logits, given.targets, given.epoch_progress)
            with torch.no_grad():
                clean_loss = self.loss(given.raw_logits, given.targets, given.epoch_progress)
            loss = self._complete(perturbed_loss, perturbed)
        return CriterionOutput(loss, clean_loss, perturbed_loss.detach(), observations)

    @torch.no_grad()
    def mix(self, inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Network inputs [N, ...] and labels [N] as the method trains on them; both as they are for most methods.

        mixup gives mixed inputs and soft targets [N, C]. Call it before the network, with the criterion in training
        mode.
        """
        targets = labels
        if self.training:
            for part, module in zip(self.method.targets, self.targets, strict=True):
                if part.mixes_inputs:
                    inputs, targets = module(inputs, targets)
        return inputs, targets

    def begin_epoch(self, progress: float, device: torch.device | None = None) -> None:
        """Say how much of the training is done as an epoch begins: what has stages changes then, not within the epoch.

        Without it, stages go by the `progress` of each call.
        """
        if self.epoch_progress is None:
            self.epoch_progress = torch.zeros((), dtype=torch.float32, device=device)
        self.epoch_progress.fill_(progress)

    def allocate(self, num_features: int, device: torch.device | None = None) -> None:
        """Make the state that depends on the number of features D now, rather than at the first batch.

        Raises:
            ValueError: less than one feature, or another number than before.
        """
        if num_features < 1:
            raise ValueError(f"num_features: must be at least 1, got {num_features}")
        for module in self.modules():
            if isinstance(module, FeatureState):
                module.allocate(num_features, device)

    def _given(
        self,
        logits: Tensor,
        labels: Tensor,
        features: Tensor | None,
        classifier: nn.Module | None,
        progress: float | Tensor | None,
        *,
        update: bool,
    ) -> CriterionInput:
        self._check(logits, labels)
        if not torch.compiler.is_compiling():
            if labels.device.type == "cpu":
                self._check_values(labels)
            if update and within_backward():
                self._refuse_state()
        wide = logits if logits.dtype in (torch.float32, torch.float64) else logits.float()
        hard, soft = self._targets(labels, wide.dtype, update=update)
        now = progress_tensor(progress, wide.device)
        begun = now if self.epoch_progress is None else self.epoch_progress
        return CriterionInput(wide, wide, hard, soft, features, classifier, now, begun, update)

    def _targets(self, labels: Tensor, dtype: torch.dtype, *, update: bool) -> tuple[Tensor, Tensor | None]:
        """Labels, and soft targets where there are any."""
        if self.statistics.multi_label:
            return labels.to(dtype), None
        targets = labels.to(dtype) if labels.is_floating_point() else labels.long()
        targets = self._changed(targets, dtype, update=update)
        return (targets.argmax(dim=1), targets) if targets.dim() == 2 else (targets, None)

    def _changed(self, targets: Tensor, dtype: torch.dtype, *, update: bool) -> Tensor:
        for part, module in zip(self.method.targets, self.targets, strict=True):
            if not part.mixes_inputs and (update or not part.only_in_training):
                targets = module(targets, dtype)
        return targets

    def _check(self, logits: Tensor, labels: Tensor) -> None:
        classes = self.statistics.num_classes
        if logits.dim() != 2 or logits.shape[1] != classes:
            raise ValueError(
                f"logits: expected [N, {classes}] as class_counts has {classes} classes, got {list(logits.shape)}"
            )
        if self.statistics.multi_label:
            if labels.shape != logits.shape or labels.is_complex():
                raise ValueError(
                    f"labels: expected multi-hot rows {list(logits.shape)} of zeros and ones, "
                    f"got {labels.dtype} {list(labels.shape)}"
                )
            return
        if labels.is_floating_point() and labels.shape == logits.shape:
            rejecting = next((part.name for part in self.method.perturbations if part.hard_labels), None)
            if rejecting is None:
                return
            raise ValueError(f"labels: {rejecting!r} needs one label per example [{logits.shape[0]}], not soft targets")
        if labels.dtype not in INDEX_TYPES or labels.shape != logits.shape[:1]:
            raise ValueError(
                f"labels: expected class indices [{logits.shape[0]}] int64 or soft targets {list(logits.shape)}, "
                f"got {labels.dtype} {list(labels.shape)}"
            )

    def _check_values(self, labels: Tensor) -> None:
        """On the CPU only: elsewhere the host would have to wait for the device."""
        classes = self.statistics.num_classes
        if not labels.numel():
            return
        if self.statistics.multi_label:
            if not ((labels == 0) | (labels == 1)).all():
                raise ValueError("labels: multi-hot rows hold zeros and ones, nothing else")
        elif labels.dim() == 2:
            if not ((labels >= 0).all() and ((labels.sum(dim=1) - 1).abs() < SOFT_TOLERANCE).all()):
                raise ValueError(
                    "labels: soft targets are at least 0 and sum to 1; for multi-hot rows give task='multi_label'"
                )
        elif (lowest := int(labels.min())) < 0 or int(labels.max()) >= classes:
            wrong = lowest if lowest < 0 else int(labels.max())
            raise ValueError(f"labels: class indices run from 0 to {classes - 1}, got {wrong}")

    def _refuse_state(self) -> None:
        """Raises RuntimeError where a second pass over the batch, in the backward pass, would count it twice."""
        kept = {name.rsplit(".", 1)[0] for name in self.state_dict().keys() - dict(self.named_parameters()).keys()}
        if kept:
            parts = ", ".join(sorted(type(self.get_submodule(name)).__name__ for name in kept))
            raise RuntimeError(
                f"the criterion keeps state of the batches it sees ({parts}), and torch.utils.checkpoint calls it once "
                "more in the backward pass: leave it outside the checkpointed part"
            )

    def _perturb(self, given: CriterionInput) -> Perturbed:
        total = torch.zeros_like(given.raw_logits)
        observations: dict[str, Tensor] = {}
        for module in self.perturbations:
            answer: PerturbationOutput = module(given)
            total = total + answer.perturbation
            given = given._replace(logits=given.raw_logits + total)
            observations.update(answer.observations)
        return Perturbed(given, total, observations)

    def _complete(self, loss: Tensor, given: CriterionInput) -> Tensor:
        if self.weighting is not None:
            weight: Tensor = self.weighting(given)
            if self.weighting_start > 0:
                begun = given.needed_epoch_progress(f"{self.method.procedure.name!r}")
                weight = torch.where(reached(begun, self.weighting_start), weight, torch.ones_like(weight))
            loss = (weight[:, None] if weight.dim() < loss.dim() else weight) * loss
        for module in self.regularizers:
            loss = loss + module(given)
        return loss

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        # Class tables follow the module to a device but keep their type: in half precision counts and priors lose their
        # ratios. Apple devices alone have no float64.
        apple = fn(torch.zeros(1)).device.type == "mps"

        def move(tensor: Tensor) -> Tensor:
            wide = tensor.float() if apple and tensor.dtype == torch.float64 else tensor
            moved = fn(wide)
            return moved if moved.dtype == wide.dtype else wide.to(moved.device)

        # Under inference mode the moved state would be closed to training.
        with torch.inference_mode(False):
            super()._apply(move, recurse)  # type: ignore[no-untyped-call]
        return self
