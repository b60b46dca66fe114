"""The criterion: weight * base_loss(logits + perturbations, targets) + regularisers (the paper's Eq. 15)."""

from collections.abc import Callable
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor, nn

from lplcore.frame.compiled_frames import uncompiled
from lplcore.frame.feature_state import FeatureState, refuse_state
from lplcore.frame.inputs import CriterionInput, progress_tensor, reached, within_backward
from lplcore.frame.labels import IGNORE_INDEX, check_shapes, checked, included_of, with_gaps
from lplcore.frame.outputs import CriterionOutput
from lplcore.frame.reduction import ByWeights, Terms, without
from lplcore.frame.statistics import ClassStatistics
from lplcore.frame.step_criterion import StepCriterion
from lplcore.frame.vmap_levels import is_batched, refuse_slices
from lplcore.method.method import MethodSpec
from lplcore.method.targets import Changed, changed
from lplcore.perturbations import PerturbationOutput
from lplcore.targets import Target

REDUCTIONS = ("mean", "sum", "none")


class Perturbed(NamedTuple):
    """What perturbations make of an input: its logits are the perturbed ones."""

    inputs: CriterionInput
    total: Tensor | float
    """[N, C] or broadcastable to it, sum of the perturbations."""
    observations: dict[str, Tensor]


class Criterion(StepCriterion):
    """A method as a loss module. Make one with `lplcore.criterion`."""

    epoch_progress: Tensor | None

    def __init__(self, method: MethodSpec, statistics: ClassStatistics, *, ignore_index: int = IGNORE_INDEX) -> None:
        super().__init__()
        if isinstance(ignore_index, bool) or not isinstance(ignore_index, int):
            raise ValueError(f"ignore_index: must be a whole number, got {ignore_index!r}")
        self.method, self.statistics, self.ignore_index = method, statistics, ignore_index
        self.loss = method.loss.build(statistics)
        self.perturbations = nn.ModuleList(part.build(statistics) for part in method.perturbations)
        self.weighting = method.weighting.build(statistics) if method.weighting is not None else None
        self.targets = nn.ModuleList(part.build(statistics) for part in method.targets)
        self.regularizers = nn.ModuleList(part.build(statistics) for part in method.regularizers)
        self.weighting_start = method.procedure.second_stage()
        self.rejecting = next((part.name for part in method.perturbations if part.hard_labels), None)
        self.hard = method.hard_part
        self.divides_by_weights = method.weighting is not None and method.weighting.reduction == "weights"
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

        Multi label: labels are multi-hot [N, C] of any type. Examples with the label `ignore_index` (multi label:
        entries of -1) take part in nothing: their loss is 0, and the mean is that of the others.

        Args:
            features: [N, D] input of the last layer, for methods that need it.
            classifier: the last layer, for methods that need it.
            progress: share of training done, 0 to 1, for methods that depend on it.
            reduction: `mean` and `sum` give a scalar, `none` gives [N] (multi label: [N, C], and `mean` is over all).

        Raises:
            ValueError: wrong shapes, labels that cannot be (on the CPU; elsewhere an assertion on the device fails),
                something the method needs is not passed, an unknown reduction, or single examples under `vmap` for a
                method that needs the batch.
        """
        if reduction not in REDUCTIONS:
            raise ValueError(f"reduction: {reduction!r} is unknown; known: {', '.join(REDUCTIONS)}")
        with torch.autocast(logits.device.type, enabled=False):
            mean = reduction == "mean"
            inputs = self._inputs(logits, labels, features, classifier, progress, update=self.training, mean=mean)
            perturbed = self._perturb(inputs).inputs
            terms = self._complete(self.loss(perturbed.logits, perturbed.targets, perturbed.epoch_progress), perturbed)
            if mean:
                return terms.mean()
        return terms.loss if reduction == "none" else terms.loss.sum()

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
            inputs = self._inputs(logits, labels, features, classifier, progress, update=False)
            total = self._perturb(inputs).total
            return inputs.without_ignored(torch.zeros_like(inputs.raw_logits) + total)

    @uncompiled
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """`forward`; a progress that is a number becomes a tensor before a compiler sees it."""
        if isinstance(kwargs.get("progress"), float | int):
            logits = args[0] if args else kwargs["logits"]
            kwargs["progress"] = progress_tensor(kwargs["progress"], logits.device)
        return super().__call__(*args, **kwargs)

    @uncompiled
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
        return self._evaluate(logits, labels, features, classifier, progress_tensor(progress, logits.device))

    def _evaluate(
        self,
        logits: Tensor,
        labels: Tensor,
        features: Tensor | None,
        classifier: nn.Module | None,
        progress: Tensor | None,
    ) -> CriterionOutput:
        with torch.autocast(logits.device.type, enabled=False):
            inputs = self._inputs(logits, labels, features, classifier, progress, update=self.training, mean=True)
            inputs = inputs._replace(observing=True)
            perturbed, _, observations = self._perturb(inputs)
            perturbed_loss = self.loss(perturbed.logits, inputs.targets, inputs.epoch_progress)
            with torch.no_grad():
                clean_loss = without(
                    self.loss(inputs.raw_logits, inputs.targets, inputs.epoch_progress), inputs.included
                )
            terms = self._complete(perturbed_loss, perturbed)
            detached = without(perturbed_loss.detach(), inputs.included)
            return CriterionOutput(terms.loss, clean_loss, detached, observations, *terms[1:])

    @torch.no_grad()
    def mix(self, inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Network inputs [N, ...] and labels [N] as the method trains on them; both as they are for most methods.

        mixup gives mixed inputs and soft targets [N, C]. Call it before the network, with the criterion in training
        mode. A mixed example is ignored where one of its labels is.
        """
        mixing = [module for part, module in self._transforms() if part.mixes_inputs]
        if not mixing or not self.training:
            return inputs, labels
        checked_labels = checked(labels, self.statistics, dtype=torch.float32, ignore_index=self.ignore_index)
        targets = with_gaps(checked_labels, self.statistics.num_classes)
        for module in mixing:
            inputs, targets = module(inputs, targets)
        return inputs, torch.where(targets.isnan().any(dim=1, keepdim=True), self.ignore_index, targets)

    @torch.no_grad()
    def included(self, labels: Tensor) -> Tensor | None:
        """[N] (multi label: [N, C]) bool, which labels are not ignored; None where all count, and the host sees it."""
        return included_of(labels, self.statistics, ignore_index=self.ignore_index)

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

    def _inputs(
        self,
        logits: Tensor,
        labels: Tensor,
        features: Tensor | None,
        classifier: nn.Module | None,
        progress: float | Tensor | None,
        *,
        update: bool,
        mean: bool = False,
    ) -> CriterionInput:
        check_shapes(labels, logits, self.statistics, rejecting=self.rejecting)
        if not torch.compiler.is_compiling():
            if update and within_backward():
                refuse_state(self)
            if is_batched(logits, labels, features):
                refuse_slices(self, logits.shape[0], update=update, by_weights=mean and self.divides_by_weights)
        wide = logits if logits.dtype in (torch.float32, torch.float64) else logits.float()
        targets, included = checked(
            labels, self.statistics, dtype=wide.dtype, ignore_index=self.ignore_index, hard=self.hard
        )
        if included is not None:
            # Not even what is not finite may come from there.
            wide = torch.where(included if included.dim() == 2 else included[:, None], wide, 0.0)
        after = self._changed(targets, wide.dtype, update=update)
        single, now = not self.statistics.multi_label, progress_tensor(progress, wide.device)
        return CriterionInput(
            raw_logits=wide,
            logits=wide,
            labels=after.labels if single else targets,
            soft_targets=after.soft_targets if single else None,
            features=features,
            classifier=classifier,
            progress=now,
            epoch_progress=now if self.epoch_progress is None else self.epoch_progress,
            update=update,
            included=included,
            mixture=after.mixture if single else None,
            observing=False,
        )

    def _transforms(self) -> list[tuple[Target, nn.Module]]:
        return list(zip(self.method.targets, self.targets, strict=True))

    def _changed(self, targets: Tensor, dtype: torch.dtype, *, update: bool) -> Changed:
        if not self.method.targets:
            return Changed(targets, targets)
        transforms = [
            (part, module)
            for part, module in self._transforms()
            if not part.mixes_inputs and (update or not part.only_in_training)
        ]
        return changed(targets, transforms, self.statistics.num_classes, dtype)

    def _perturb(self, inputs: CriterionInput) -> Perturbed:
        total: Tensor | float = 0.0
        observations: dict[str, Tensor] = {}
        for module in self.perturbations:
            answer: PerturbationOutput = module(inputs)
            total = answer.perturbation if isinstance(total, float) else total + answer.perturbation
            inputs = inputs._replace(logits=inputs.raw_logits + total)
            observations.update(answer.observations)
        return Perturbed(inputs, total, observations)

    def _complete(self, loss: Tensor, inputs: CriterionInput) -> Terms:
        weight, weighted = self._weighted(loss, inputs)
        added = [module(inputs) for module in self.regularizers]
        total = weighted
        for term in added:
            total = total + term
        by_weights = ByWeights(weighted, weight, added) if weight is not None and self.divides_by_weights else None
        return Terms(without(total, inputs.included), inputs.included, by_weights)

    def _weighted(self, loss: Tensor, inputs: CriterionInput) -> tuple[Tensor | None, Tensor]:
        """Weights that broadcast to the losses, None for none; and the weighted losses."""
        if self.weighting is None:
            return None, loss
        weight: Tensor = self.weighting(inputs)
        if self.weighting_start > 0:
            begun = inputs.needed_epoch_progress(f"{self.method.procedure.name!r}")
            weight = torch.where(reached(begun, self.weighting_start), weight, torch.ones_like(weight))
        if inputs.mixture is not None and weight.dim() == 2:
            targets, weight = inputs.mixture.weighted(weight)
            return weight, weight * self.loss(inputs.logits, targets, inputs.epoch_progress)
        weight = weight[:, None] if weight.dim() < loss.dim() else weight
        return weight, weight * loss

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


__all__ = ["Criterion", "CriterionOutput"]
