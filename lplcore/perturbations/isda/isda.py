"""Implicit semantic data augmentation."""

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from lplcore.frame.class_slots import slots_of
from lplcore.frame.feature_state import FeatureState
from lplcore.frame.statistics import ClassStatistics
from lplcore.frame.vmap_levels import take_in
from lplcore.perturbations import CriterionInput, Perturbation, PerturbationOutput
from lplcore.perturbations.isda.covariance import Moments, joined_by, quadratic_forms

MAX_STATE = 2**31
"""Entries of the largest covariance state that is accepted (8 GiB in float32)."""


class Isda(Perturbation):
    """Adds strength * progress / 2 * (w_j - w_y)^T Sigma_y (w_j - w_y) to logit j (Eq. 5 to 7 of the LPL paper).

    Sigma_y is the running covariance of class y's features, without gradient; the weights of the last layer have
    theirs.
    """

    title: ClassVar[str] = "ISDA (implicit semantic data augmentation)"
    citation: ClassVar[str] = "Wang et al., Implicit semantic data augmentation for deep networks, NeurIPS 2019, Eq. 5"
    formula: ClassVar[str] = (
        r"\delta_j = \frac{\lambda}{2} (w_j - w_y)^{\top} \Sigma_y (w_j - w_y), \quad \lambda = \lambda_0 "
        r"\frac{t}{T}"
    )
    effect: ClassVar[str] = (
        "As if every example were seen in endless variations drawn from its class's feature covariance. Head "
        "and tail are treated alike, though a rare class's covariance is known from few examples."
    )
    advice: ClassVar[str] = (
        "For networks with deep features; the full covariance takes C D^2 numbers. On long-tailed digits only "
        "a little ahead of cross entropy."
    )
    tasks: ClassVar[frozenset[str]] = frozenset({"single_label"})
    hard_labels: ClassVar[bool] = True
    head: ClassVar[Literal["linear", "cosine"] | None] = "linear"
    neutral: ClassVar[Mapping[str, Any] | None] = {"strength": 0.0}
    detached_features: ClassVar[bool] = True

    name: Literal["isda"] = "isda"
    strength: float = Field(
        0.5,
        ge=0,
        le=1000,
        description="lambda_0; lambda grows linearly to it during training",
        json_schema_extra={"slider": {"min": 0, "max": 2, "step": 0.05}},
    )
    growth: Literal["step", "epoch"] = Field(
        "step", description="when lambda grows; epoch: by completed epochs, as in the authors' code"
    )
    covariance: Literal["full", "diagonal"] = Field(
        "full", description="full takes C * D^2 numbers, diagonal C * D (as in the authors' ImageNet code)"
    )

    def build(self, statistics: ClassStatistics) -> nn.Module:
        return IsdaModule(self, statistics.num_classes)


class IsdaModule(FeatureState):
    """Holds count [C], mean [C, D] and covariance [C, D, D] ([C, D] where diagonal) of every class's features."""

    feature_buffer: ClassVar[str] = "mean"
    needs_batch: ClassVar[str] = "the batch's other examples of its class, whose features' covariance isda takes in"
    count: Tensor
    mean: Tensor
    covariance: Tensor

    def __init__(self, options: Isda, num_classes: int) -> None:
        super().__init__()
        self.options, self.num_classes = options, num_classes

    def make_buffers(self, num_features: int) -> Mapping[str, Tensor]:
        """Zeros.

        Raises:
            ValueError: a full covariance would be too large.
        """
        shape: tuple[int, ...] = (self.num_classes, num_features)
        if self.options.covariance == "full":
            shape = (*shape, num_features)
            if self.num_classes * num_features**2 > MAX_STATE:
                raise ValueError(f"covariance: {shape} is too large; set isda's covariance to 'diagonal'")
        return {
            "count": torch.zeros(self.num_classes, dtype=torch.float32),
            "mean": torch.zeros(self.num_classes, num_features, dtype=torch.float32),
            "covariance": torch.zeros(shape, dtype=torch.float32),
        }

    def forward(self, inputs: CriterionInput) -> PerturbationOutput:
        """The perturbation [N, C], 0 at the labels; gradients go to the last layer's weights."""
        features = inputs.needed_features("isda").detach().to(torch.float32)
        weight = inputs.needed_weight("isda")
        whole = self.options.growth == "epoch"
        progress = inputs.needed_epoch_progress("isda") if whole else inputs.needed_progress("isda")
        self.allocate(features.shape[1], features.device)
        slots = slots_of(inputs.labels, self.num_classes, inputs.included)
        place = slots.class_of
        old = Moments(self.count[place], self.mean[place], self.covariance[place])
        new = joined_by(old, features, slots)
        if inputs.update:
            # Slot c is class c, with one for what is ignored after them.
            aligned = place.shape[0] == self.num_classes + (inputs.included is not None)
            take_in(partial(self._store, aligned), place, slots.present, *new)
        forms = quadratic_forms(weight, new.covariance.to(weight.dtype), place)
        delta = 0.5 * self.options.strength * progress.to(weight.dtype) * forms
        return PerturbationOutput(delta[slots.of_example], {})

    def _store(self, aligned: bool, place: Tensor, present: Tensor, *new: Tensor) -> None:
        for buffer, values in zip((self.count, self.mean, self.covariance), new, strict=True):
            if aligned:
                buffer.copy_(values[: self.num_classes])
                continue
            # Empty slots share a class with a full one: they must add nothing instead of writing the old value.
            shown = present.reshape(-1, *[1] * (values.dim() - 1))
            buffer.index_add_(0, place, buffer[place].neg_().add_(values).mul_(shown))
