"""Procedures: the stages of a training and its step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from lplcore.augmentations import Augmentation
from lplcore.batch_sizes import part_sizes
from lplcore.criterion import Criterion, CriterionOutput
from lplcore.dataset_info import DatasetInfo
from lplcore.dataset_loading import Split
from lplcore.models import Classifier, ModelOutput
from lplcore.plugin import Plugin


class Companion(nn.Module):
    """Networks that a procedure trains beside the classifier; their weights and optimisers go into checkpoints."""

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Optimisers by name, the same objects at every call."""
        return {}


@dataclass(frozen=True)
class Examples:
    """The data a procedure may draw from, on the device."""

    train: Split
    meta: Split | None
    """The same number of examples of every class, held out of training; None where none were asked for."""
    network_input: Callable[[Tensor], Tensor]
    """Examples as stored -> what the network takes."""
    augmentation: Augmentation
    """How training examples are changed."""


@dataclass(frozen=True)
class TrainingState:
    """What a training step works on."""

    model: Classifier
    criterion: Criterion
    optimizer: torch.optim.Optimizer
    clip_norm: float | None
    """Largest L2 norm of the whole gradient, None for no limit."""
    autocast_dtype: torch.dtype | None
    """What the network computes in, None for its own type."""
    device: torch.device
    companion: Companion
    examples: Examples
    accumulation_steps: int = 1
    """Parts in which a batch is computed."""
    smallest_batch: int = 1
    """A part has at least as many examples."""


class Procedure(Plugin):
    """A procedure. What it does not override is ordinary training: one stage, one forward and backward pass a step.

    Random numbers come from torch's global generators, which the run seeds by position before every call, so that a
    resumed run draws them again. `needs_meta` says that `dataset.meta_per_class` must be above 0, `own_head` that it
    brings a last layer of its own kind, `accumulates` that a batch may be computed in parts.
    """

    needs_meta: ClassVar[bool] = False
    own_head: ClassVar[bool] = False
    accumulates: ClassVar[bool] = True

    def check(self, input_shape: tuple[int, ...]) -> list[str]:
        """What does not fit the shape of one example."""
        return []

    def second_stage(self) -> float:
        """Share of the training from which on the method's weighting and sampler are in force.

        Stage 2 begins with the first whole epoch from there: 0.5 of 5 epochs is the fourth (see `reached`).
        """
        return 0.0

    def learning_rate_factor(self, epoch_progress: float) -> float:
        """Factor on the schedule's rate in an epoch, from the share of the training done when it began."""
        return 1.0

    def located(self, data_dir: Path) -> Self:
        """The same with the paths of its files resolved within the data directory.

        Raises:
            SpecError: a path leads out of it.
        """
        return self

    def check_files(self, data_dir: Path, classes: Sequence[str]) -> None:
        """Look at the files that a run would read.

        Raises:
            SpecError: one is absent, not what it should be, or leads out of the data directory.
        """

    def wrap(self, model: Classifier, info: DatasetInfo, examples: Examples) -> Classifier:
        """The network to train; called with a network of fresh weights."""
        return model

    def build(self, info: DatasetInfo) -> Companion:
        """Networks beside the classifier, on the CPU."""
        return Companion()

    def preparation_steps(self, info: DatasetInfo) -> int:
        """Steps before the first epoch."""
        return 0

    def prepare(self, state: TrainingState, step: int) -> None:
        """Do one of these steps (from 0)."""

    def begin_epoch(self, state: TrainingState, *, progress: float, fresh: bool) -> None:
        """Called before an epoch's first step (`fresh`), and where a run goes on in the middle of the epoch.

        `progress` is that of the epoch's beginning.
        """

    def step(
        self, state: TrainingState, inputs: Tensor, labels: Tensor, *, progress: float
    ) -> tuple[Tensor, CriterionOutput]:
        """One optimiser step on network inputs [N, ...] and labels [N], `progress` of training done (0 to 1).

        Labels are [N, C] for multi label. Returns the clean logits [N, C] and the criterion's output, both detached.
        Parts of a batch (`accumulation_steps`) are batches of their own to the method and to normalisation layers; each
        counts by the examples (multi label: entries) in it that are not ignored.
        """
        logits: list[Tensor] = []
        results: list[CriterionOutput] = []

        def backward() -> None:
            sizes = part_sizes(inputs.shape[0], state.accumulation_steps, least=state.smallest_batch)
            for part, own_labels in zip(torch.split(inputs, sizes), torch.split(labels, sizes), strict=True):
                mixed, targets = state.criterion.mix(part, own_labels)
                output = forward(state, mixed)
                result = evaluate(state, output, targets, progress=progress)
                loss = result.mean
                added = self.added_loss(state, output, targets)
                share = share_of(state.criterion, own_labels, labels)
                torch.autograd.backward(share * (loss if added is None else loss + added))
                logits.append(output.logits.detach())
                results.append(result.detach())

        self.update(state, backward)
        return torch.cat(logits), joined(results)

    def added_loss(self, state: TrainingState, output: ModelOutput, targets: Tensor) -> Tensor | None:
        """A scalar that the step's loss gets besides the criterion's, None for nothing."""
        return None

    def update(self, state: TrainingState, backward: Callable[[], None]) -> None:
        """Move the weights by the gradient that `backward` leaves."""
        descend(state, backward)


def forward(state: TrainingState, inputs: Tensor) -> ModelOutput:
    """The network's answer, computed in the run's precision."""
    dtype = state.autocast_dtype
    with torch.autocast(state.device.type, dtype=dtype, enabled=dtype is not None):
        return state.model(inputs)


def evaluate(state: TrainingState, output: ModelOutput, targets: Tensor, *, progress: float) -> CriterionOutput:
    """The criterion on a network's answer."""
    return state.criterion.evaluate(
        output.logits, targets, features=output.features, classifier=state.model.classifier, progress=progress
    )


def joined(results: Sequence[CriterionOutput]) -> CriterionOutput:
    """The output for a batch from those for its parts; observations are means over the parts that have one."""
    if len(results) == 1:
        return results[0]
    first, *_ = results
    observations = {
        name: torch.stack([result.observations[name] for result in results]).nanmean(dim=0)
        for name in first.observations
    }
    return CriterionOutput(
        loss=torch.cat([result.loss for result in results]),
        clean_loss=torch.cat([result.clean_loss for result in results]),
        perturbed_loss=torch.cat([result.perturbed_loss for result in results]),
        observations=observations,
        included=joined_masks(results),
    )


def joined_masks(results: Sequence[CriterionOutput]) -> Tensor | None:
    """Whether losses count, None where all of all parts do."""
    if all(result.included is None for result in results):
        return None
    masks = [
        torch.ones_like(result.loss, dtype=torch.bool) if result.included is None else result.included
        for result in results
    ]
    return torch.cat(masks)


def share_of(criterion: Criterion, part: Tensor, labels: Tensor) -> Tensor | float:
    """What a part of a batch's labels counts in the batch."""
    own, all_of_them = criterion.included(part), criterion.included(labels)
    if all_of_them is None:
        return part.shape[0] / labels.shape[0]
    number = part.numel() if own is None else own.sum()
    return number / all_of_them.sum().clamp(min=1).float()


def descend(state: TrainingState, backward: Callable[[], None]) -> None:
    """Take the optimiser's step along the gradient that `backward` leaves."""
    state.optimizer.zero_grad(set_to_none=True)
    backward()
    if state.clip_norm is not None:
        parameters = [p for group in state.optimizer.param_groups for p in group["params"]]
        torch.nn.utils.clip_grad_norm_(parameters, state.clip_norm)
    state.optimizer.step()


def descend_slowed(state: TrainingState, backward: Callable[[], None], part: nn.Module, factor: float) -> None:
    """`descend`, a part of the network going only a share of its step, weight decay and momentum included."""
    weights: list[Tensor] = [p for p in part.parameters() if p.requires_grad]
    before = [p.detach().clone() for p in weights]
    descend(state, backward)
    with torch.no_grad():
        torch._foreach_lerp_(weights, before, 1 - factor)
