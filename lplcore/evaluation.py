"""Evaluation: predictions on clean logits and the numbers made from them. Errors are fractions."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from lplcore.dataset_info import DatasetInfo
from lplcore.device import accumulator_dtype

SHOT_GROUPS = ("many", "medium", "few")
Predict = Callable[[Tensor], Tensor]
"""Indices [B] of examples to logits [B, C] in float32."""


@dataclass(frozen=True)
class Evaluation:
    """Predictions on one split. C classes."""

    confusion: npt.NDArray[np.int64]
    """[C, C] examples by true class (rows) and predicted class (columns)."""
    loss: float
    """Mean cross entropy of the clean logits."""

    @property
    def accuracy(self) -> npt.NDArray[np.float64]:
        """[C] share of each class's examples predicted right, NaN for classes without examples."""
        return ratio(np.diag(self.confusion), self.confusion.sum(axis=1))

    @property
    def top1_error(self) -> float:
        """Share of all examples predicted wrong."""
        return 1.0 - float(np.trace(self.confusion)) / max(int(self.confusion.sum()), 1)


@torch.inference_mode()
def evaluate(predict: Predict, labels: Tensor, *, num_classes: int, batch_size: int) -> Evaluation:
    """Predict every example of a split with labels [N].

    The confusion matrix and the loss stay on the device until the end.
    """
    device = labels.device
    cells = torch.zeros(num_classes * num_classes, dtype=torch.int64, device=device)
    loss = torch.zeros((), dtype=accumulator_dtype(device), device=device)
    for indices in torch.split(torch.arange(labels.shape[0], device=device), batch_size):
        logits, truth = predict(indices), labels[indices]
        loss += functional.cross_entropy(logits, truth, reduction="sum").to(loss.dtype)
        cell = truth * num_classes + logits.argmax(dim=1)
        cells.index_add_(0, cell, torch.ones_like(cell))
    confusion = cells.cpu().numpy().reshape(num_classes, num_classes)
    return Evaluation(confusion, loss.item() / max(labels.shape[0], 1))


def group_errors(accuracy: npt.NDArray[np.float64], info: DatasetInfo) -> dict[str, float | None]:
    """Error of the many, medium and few shot classes: the mean of their classes' errors.

    Groups go by training counts; classes without test examples do not count; an empty group is None.
    """
    members: dict[str, list[float]] = {group: [] for group in SHOT_GROUPS}
    for count, value in zip(info.class_counts, accuracy, strict=True):
        if not math.isnan(value):
            members[info.shot_group(count)].append(1.0 - float(value))
    return {group: mean(errors) for group, errors in members.items()}


def mean(values: Sequence[float]) -> float | None:
    """The mean, None of nothing."""
    return math.fsum(values) / len(values) if values else None


def ratio(part: npt.NDArray[np.int64], whole: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """part / whole, NaN where whole is zero."""
    result: npt.NDArray[np.float64] = np.full(whole.shape, np.nan)
    np.divide(part, whole, out=result, where=whole != 0)
    return result


def finite(value: float | None) -> float | None:
    """The value as metrics carry it: None where it is not a finite number."""
    return value if value is not None and math.isfinite(value) else None
