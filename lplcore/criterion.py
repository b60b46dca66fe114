"""The criterion: every method as weight * base_loss(logits + perturbations, labels) (the paper's Eq. 15)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Self

import torch
from torch import Tensor, nn

from lplcore.perturbations import PerturbationInput, PerturbationOutput
from lplcore.statistics import ClassStatistics

if TYPE_CHECKING:
    from lplcore.method import MethodSpec

REDUCTIONS = ("mean", "sum", "none")
INDEX_TYPES = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)


class CriterionOutput(NamedTuple):
    """All that one evaluation of a criterion gives. N examples, C classes."""

    loss: Tensor
    """[N], weighted loss on the perturbed logits."""
    clean_loss: Tensor
    """[N], l: the base loss on clean logits, unweighted, no gradient."""
    perturbed_loss: Tensor
    """[N], l': the base loss on the perturbed logits, unweighted, no gradient."""
    observations: dict[str, Tensor]
    """Per-class values [C], NaN where the batch says nothing."""

    def detach(self) -> CriterionOutput:
        """The same without graph."""
        return self._replace(loss=self.loss.detach())


class Perturbed(NamedTuple):
    """Logits [N, C] with all perturbations, their sum [N, C], and what the perturbations observed."""

    logits: Tensor
    total: Tensor
    observations: dict[str, Tensor]


class Criterion(nn.Module):
    """A method as a loss module. Make one with `lplcore.criterion`."""

    def __init__(self, method: MethodSpec, statistics: ClassStatistics) -> None:
        super().__init__()
        self.method, self.statistics = method, statistics
        self.loss = method.loss.build(statistics)
        self.perturbations = nn.ModuleList(part.build(statistics) for part in method.perturbations)
        self.weighting = method.weighting.build(statistics) if method.weighting is not None else None

    def forward(
        self,
        logits: Tensor,
        labels: Tensor,
        *,
        features: Tensor | None = None,
        classifier: nn.Module | None = None,
        progress: float | None = None,
        reduction: str = "mean",
    ) -> Tensor:
        """The loss of logits [N, C] and labels [N] int64.

        Args:
            features: [N, D] input of the last layer, for methods that need it.
            classifier: the last layer, for methods that need it.
            progress: share of training done, 0 to 1, for methods that depend on it.
            reduction: `mean` and `sum` give a scalar, `none` gives [N].

        Raises:
            ValueError: wrong shapes, soft labels or an unknown reduction.
        """
        if reduction not in REDUCTIONS:
            raise ValueError(f"reduction: {reduction!r} is unknown; known: {', '.join(REDUCTIONS)}")
        with torch.autocast(logits.device.type, enabled=False):
            given = self._given(logits, labels, features, classifier, progress, update=self.training)
            loss = self._weighted(self.loss(self._perturb(given).logits, given.labels), given)
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
        progress: float | None = None,
    ) -> Tensor:
        """What is added to the logits, [N, C], without gradient; running statistics stay as they are."""
        with torch.autocast(logits.device.type, enabled=False):
            given = self._given(logits, labels, features, classifier, progress, update=False)
            return self._perturb(given).total

    def evaluate(
        self,
        logits: Tensor,
        labels: Tensor,
        *,
        features: Tensor | None = None,
        classifier: nn.Module | None = None,
        progress: float | None = None,
    ) -> CriterionOutput:
        """The weighted loss per example with what a trainer records, in one pass. Arguments as in `forward`."""
        with torch.autocast(logits.device.type, enabled=False):
            given = self._given(logits, labels, features, classifier, progress, update=self.training)
            perturbed = self._perturb(given)
            perturbed_loss = self.loss(perturbed.logits, given.labels)
            with torch.no_grad():
                clean_loss = self.loss(given.raw_logits, given.labels)
            loss = self._weighted(perturbed_loss, given)
        return CriterionOutput(loss, clean_loss, perturbed_loss.detach(), perturbed.observations)

    def _given(
        self,
        logits: Tensor,
        labels: Tensor,
        features: Tensor | None,
        classifier: nn.Module | None,
        progress: float | None,
        *,
        update: bool,
    ) -> PerturbationInput:
        self._check(logits, labels)
        wide = logits if logits.dtype in (torch.float32, torch.float64) else logits.float()
        return PerturbationInput(wide, wide, labels.long(), features, classifier, progress, update)

    def _check(self, logits: Tensor, labels: Tensor) -> None:
        if logits.dim() != 2 or logits.shape[1] != self.statistics.num_classes:
            raise ValueError(
                f"logits: expected [N, {self.statistics.num_classes}] as class_counts has "
                f"{self.statistics.num_classes} classes, got {list(logits.shape)}"
            )
        if labels.dtype not in INDEX_TYPES or labels.shape != logits.shape[:1]:
            raise ValueError(
                f"labels: expected class indices [{logits.shape[0]}] int64, got {labels.dtype} {list(labels.shape)}; "
                "soft targets are not supported here"
            )

    def _perturb(self, given: PerturbationInput) -> Perturbed:
        total = torch.zeros_like(given.raw_logits)
        observations: dict[str, Tensor] = {}
        for module in self.perturbations:
            answer: PerturbationOutput = module(given)
            total = total + answer.perturbation
            given = given._replace(logits=given.raw_logits + total)
            observations.update(answer.observations)
        return Perturbed(given.logits, total, observations)

    def _weighted(self, loss: Tensor, given: PerturbationInput) -> Tensor:
        return loss if self.weighting is None else self.weighting(given.labels, given.progress) * loss

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        # Class tables follow the module to a device but keep their type: in half precision counts and priors lose their
        # ratios. Apple devices alone have no float64.
        apple = fn(torch.zeros(1)).device.type == "mps"

        def move(tensor: Tensor) -> Tensor:
            wide = tensor.float() if apple and tensor.dtype == torch.float64 else tensor
            moved = fn(wide)
            return moved if moved.dtype == wide.dtype else wide.to(moved.device)

        super()._apply(move, recurse)  # type: ignore[no-untyped-call]
        return self
