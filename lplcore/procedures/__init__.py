"""Procedures: what a method does to the course of a training beside its criterion."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import torch
from torch import Tensor, nn

from lplcore.augmentations import Augmentation
from lplcore.data.info import DatasetInfo
from lplcore.data.splits import Split
from lplcore.device import autocast
from lplcore.frame.inputs import reached
from lplcore.frame.outputs import CriterionOutput
from lplcore.frame.step_criterion import StepCriterion
from lplcore.models import Classifier, ModelOutput
from lplcore.plugin import Plugin


class Companion(nn.Module):
    """Networks that a procedure trains beside the classifier; their weights and optimisers go into checkpoints."""

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Optimisers by name, the same objects at every call."""
        return {}

    def placed(self, device: torch.device) -> None:
        """Called when all its tensors lie on the device."""


@dataclass(frozen=True)
class TrainingData:
    """The data that training and its procedure draw from, on the device."""

    train: Split
    meta: Split | None
    """The same number of examples of every class, held out of training; None where none were asked for."""
    network_input: Callable[[Tensor], Tensor]
    """Examples as stored -> what the network takes."""
    augmentation: Augmentation
    """How training examples are changed."""


@dataclass(frozen=True, kw_only=True)
class NetworkState:
    """A network in use."""

    model: Classifier
    autocast_dtype: torch.dtype | None
    """What the network computes in, None for its own type."""
    device: torch.device
    data: TrainingData
    on_features: bool = False
    """Whether examples are what the frozen part of the network made of them (`Classifier.pooled`)."""

    @property
    def network(self) -> Callable[[Tensor], ModelOutput]:
        """What examples go through."""
        return self.model.from_pooled if self.on_features else self.model


@dataclass(frozen=True, kw_only=True)
class TrainingState(NetworkState):
    """What a training step works on."""

    criterion: StepCriterion
    optimizer: torch.optim.Optimizer
    clip_norm: float | None
    """Largest L2 norm of the whole gradient, None for no limit."""
    companion: Companion
    accumulation_steps: int = 1
    """Parts in which a batch is computed."""
    smallest_batch: int = 1
    """A part has at least as many examples."""

    def forward(self, inputs: Tensor) -> ModelOutput:
        """The network's answer to inputs [N, ...], computed in the run's precision."""
        dtype = self.autocast_dtype
        if dtype is None and not torch.is_autocast_enabled(self.device.type):
            return self.network(inputs)
        with autocast(self.device, dtype):
            return self.network(inputs)

    def evaluate(self, output: ModelOutput, targets: Tensor, *, progress: float | Tensor) -> CriterionOutput:
        """The criterion on a network's answer."""
        return self.criterion.evaluate(
            output.logits, targets, features=output.features, classifier=self.model.classifier, progress=progress
        )

    def parameters(self) -> list[nn.Parameter]:
        """What the optimiser moves."""
        return [parameter for group in self.optimizer.param_groups for parameter in group["params"]]


class Procedure(Plugin):
    """A procedure: the parts of a training that it does not override are those of ordinary training.

    The trainer owns the flow (`lplcore.training.step`) and asks in this order. Once: `wrap`, `build`, `slowed_part`,
    then `prepare` for every step of preparation. In every epoch: `learning_rate_factor`, `slowed_rate_factor`,
    `enter_epoch`. In every step: `host_draws`, `training_mode`, `before_step`, `with_added_examples`, and, for every
    part of the batch, `weighed` and `added_loss`.

    Random numbers come from torch's global generators, which the run seeds by position before every call, so that a
    resumed run draws them again. `needs_meta` says that `dataset.meta_per_class` must be above 0, `own_head` that it
    brings a last layer of its own kind, `hard_entries` that multi-label targets must be 0 or 1, `accumulates` that a
    batch may be computed in parts, `probes` that its steps may be taken on features that are computed once
    (`Classifier.pooled`).

    On a CUDA device a step is captured and replayed: it must not read values on the host, and what a step takes from
    the host is drawn by `host_draws` before it.
    """

    needs_meta: ClassVar[bool] = False
    own_head: ClassVar[bool] = False
    hard_entries: ClassVar[bool] = False
    accumulates: ClassVar[bool] = True
    probes: ClassVar[bool] = False

    def check(self, input_shape: tuple[int, ...]) -> list[str]:
        """What does not fit the shape of one example."""
        return []

    def resolved(self, weights_dir: Path) -> Self:
        """The same with the paths of its files resolved within the folder of weights.

        Raises:
            SpecError: a path leads out of it.
        """
        return self

    def check_files(self, weights_dir: Path, classes: Sequence[str]) -> None:
        """Look at the files that a run would read.

        Raises:
            SpecError: one is absent, not what it should be, or leads out of the folder of weights.
        """

    def second_stage(self) -> float:
        """Share of the training from which on the method's weighting and sampler are in force.

        Stage 2 begins with the first whole epoch from there: 0.5 of 5 epochs is the fourth.
        """
        return 0.0

    def in_second_stage(self, epoch_progress: float) -> bool:
        """Whether stage 2 has begun, from the share of the training done when the epoch began."""
        return reached(epoch_progress, self.second_stage())

    def wrap(self, model: Classifier, info: DatasetInfo, data: TrainingData) -> Classifier:
        """The network to train; called with a network of fresh weights."""
        return model

    def build(self, info: DatasetInfo) -> Companion:
        """Networks beside the classifier, on the CPU."""
        return Companion()

    def slowed_part(self, model: Classifier) -> nn.Module | None:
        """The part of the network whose learning rate has a factor of its own, None for no part.

        Its parameters come first in the network's.
        """
        return None

    def learning_rate_factor(self, *, second_stage: bool) -> float:
        """Factor on the schedule's rate in an epoch."""
        return 1.0

    def slowed_rate_factor(self, *, second_stage: bool) -> float:
        """Further factor for `slowed_part`."""
        return 1.0

    def preparation_steps(self, info: DatasetInfo) -> int:
        """Steps before the first epoch."""
        return 0

    def prepare(self, state: TrainingState, step: int) -> None:
        """Do one of these steps (from 0)."""

    def enter_epoch(self, state: TrainingState, *, second_stage: bool, resumed: bool) -> None:
        """Called before the first step of an epoch, and where a run goes on in the middle of one (`resumed`)."""

    def training_mode(self, state: TrainingState) -> None:
        """Put network and criterion in training mode."""
        for module in (state.model, state.criterion):
            # Going through all layers costs a small network a tenth of its step.
            if not module.training:
                module.train()

    def host_draws(self, state: TrainingState) -> tuple[Tensor, ...]:
        """What a step needs of the host's random numbers, on the CPU; of the same shapes at every step."""
        return ()

    def before_step(
        self,
        state: TrainingState,
        inputs: Tensor,
        labels: Tensor,
        *,
        drawn: tuple[Tensor, ...],
        progress: float | Tensor,
    ) -> None:
        """What comes before a step on network inputs [N, ...] and labels [N].

        Args:
            drawn: what `host_draws` gave, on the device.
            progress: share of the training done, 0 to 1.
        """

    def with_added_examples(self, state: TrainingState, inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The batch with further examples at its end, which training learns from and metrics leave out."""
        return inputs, labels

    def weighed(self, state: TrainingState, result: CriterionOutput, labels: Tensor) -> CriterionOutput:
        """The criterion's output with weights that the procedure gives to examples."""
        return result

    def added_loss(self, state: TrainingState, output: ModelOutput, targets: Tensor) -> Tensor | None:
        """A scalar that the step's loss gets besides the criterion's, None for nothing."""
        return None
