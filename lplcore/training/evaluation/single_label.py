"""Evaluation: predictions on clean logits and the numbers made from them. Errors are fractions."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from lplcore.data.info import DatasetInfo
from lplcore.device import accumulator_dtype
from lplcore.frame.labels import IGNORE_INDEX
from lplcore.training.evaluation.confusion import Confusion
from lplcore.training.evaluation.most_wrong import PredictedExamples

SHOT_GROUPS = ("many", "medium", "few")
CALIBRATION_BINS = 15
Numbers = npt.NDArray[np.int64] | npt.NDArray[np.float64]
Predict = Callable[[Sequence[Tensor]], Iterator[Tensor]]
"""Batches of examples, each by their indices [B], to logits [B, C] in float32, in their order."""


class Headline(NamedTuple):
    """The metric by which epochs are compared."""

    name: str
    value: float | None
    higher_is_better: bool

    def beats(self, other: float | None) -> bool:
        """Whether it is better than an earlier epoch's; the first epoch with a number always is."""
        if self.value is None or not math.isfinite(self.value):
            return False
        return other is None or (self.value > other if self.higher_is_better else self.value < other)


class Best(NamedTuple):
    """The epoch that is best on the validation split so far, and by what."""

    epoch: int
    metric: str
    value: float


@dataclass(frozen=True)
class Evaluation:
    """Predictions on one split. C classes."""

    counted: Confusion
    """Examples by true and predicted class."""
    loss: float
    """Mean cross entropy of the clean logits."""
    calibration: npt.NDArray[np.float64]
    """[3, CALIBRATION_BINS] examples, sum of confidences and examples predicted right, by confidence."""
    examples: PredictedExamples | None = None
    """What is predicted of each example."""

    @property
    def confusion(self) -> npt.NDArray[np.int64]:
        """[C, C] examples by true class (rows) and predicted class (columns)."""
        return self.counted.matrix

    @property
    def accuracy(self) -> npt.NDArray[np.float64]:
        """[C] share of each class's examples predicted right, NaN for classes without examples."""
        return ratio(self.counted.hits, self.counted.examples)

    @property
    def top1_error(self) -> float:
        """Share of all examples predicted wrong."""
        return 1.0 - float(self.counted.hits.sum()) / max(int(self.counted.counts.sum()), 1)

    @property
    def balanced_accuracy(self) -> float:
        """Mean of the classes' accuracies; classes without examples do not count."""
        return float(np.nanmean(self.accuracy)) if self.counted.counts.any() else math.nan

    @property
    def macro_f1(self) -> float:
        """Mean over classes of 2 * hits / (examples + predictions); classes with neither do not count."""
        hits, sums = self.counted.hits, self.counted.predictions + self.counted.examples
        return float(np.nanmean(ratio(2 * hits, sums))) if self.counted.counts.any() else math.nan

    @property
    def calibration_error(self) -> float:
        """Expected calibration error: |accuracy - mean confidence| over bins, weighted by their examples.

        Guo et al., On calibration of modern neural networks, ICML 2017, Eq. 3, with 15 bins of equal width.
        """
        examples, confidence, right = self.calibration
        return float(np.abs(right - confidence).sum() / max(examples.sum(), 1))

    @property
    def reliability(self) -> npt.NDArray[np.float64]:
        """[CALIBRATION_BINS, 3] examples, mean confidence and accuracy, by confidence; NaN in bins without examples."""
        examples, confidence, right = self.calibration
        return np.stack([examples, ratio(confidence, examples), ratio(right, examples)], axis=1)

    def metrics(self, split: str) -> dict[str, float | None]:
        """Scalars by name, None where undefined."""
        values = {
            "top1_error": self.top1_error,
            "loss": self.loss,
            "balanced_accuracy": self.balanced_accuracy,
            "macro_f1": self.macro_f1,
            "calibration_error": self.calibration_error,
        }
        return {f"{split}/{name}": finite(value) for name, value in values.items()}

    def group_metrics(self, split: str, info: DatasetInfo) -> dict[str, float | None]:
        """Errors of the many, medium and few shot classes, None for a group without any."""
        groups = grouped(1.0 - self.accuracy, info)
        return {f"{split}/top1_error.{group}": error for group, error in groups.items()}

    def series(self, split: str, *, last: bool) -> dict[str, npt.NDArray[np.float32]]:
        """Per-class values [C]; of the last epoch's test split confusion, calibration and what is most wrong too."""
        values = {f"{split}/accuracy": self.accuracy.astype(np.float32)}
        if last and split == "test":
            values |= self.counted.series() | {"calibration": self.reliability.astype(np.float32)}
            values |= {} if self.examples is None else {"most_wrong": self.examples.most_wrong()}
        return values

    @property
    def headline(self) -> Headline:
        """What the best epoch is chosen by."""
        return Headline("top1_error", self.top1_error, higher_is_better=False)


def unchanged(logits: Tensor) -> Tensor:
    """The logits."""
    return logits


@torch.inference_mode()
def evaluate(
    predict: Predict,
    labels: Tensor,
    *,
    num_classes: int,
    batch_size: int,
    correct: Callable[[Tensor], Tensor] = unchanged,
    ignore_index: int = IGNORE_INDEX,
) -> Evaluation:
    """Predict every example of a split with labels [N] but those to ignore.

    The loss is that of the logits as `predict` gives them; predictions and their confidence are of the logits after
    `correct`. What is counted and the loss stay on the device until the end.

    Raises:
        ValueError: a label that is no class and not to ignore.
    """
    device = labels.device
    chosen = known_examples(labels, num_classes=num_classes, ignore_index=ignore_index)
    none = torch.zeros(0, dtype=torch.int64, device=device)
    cells, confidences, true_probabilities = [none], [none.float()], [none.float()]
    loss = torch.zeros((), dtype=accumulator_dtype(device), device=device)
    calibration = torch.zeros(CALIBRATION_BINS, 3, dtype=accumulator_dtype(device), device=device)
    batches = torch.split(chosen, batch_size) if len(chosen) else ()
    for indices, logits in zip(batches, predict(batches), strict=True):
        truth = labels[indices]
        loss += functional.cross_entropy(logits, truth, reduction="sum").to(loss.dtype)
        probabilities = correct(logits).softmax(dim=1)
        confidence, predicted = probabilities.max(dim=1)
        confidences.append(confidence)
        true_probabilities.append(probabilities.gather(1, truth[:, None]).squeeze(1))
        cells.append(truth * num_classes + predicted)
        row = torch.stack([torch.ones_like(confidence), confidence, predicted == truth], dim=1)
        calibration.index_add_(0, calibration_bin(confidence), row.to(calibration.dtype))
    cell = torch.cat(cells)
    confusion = Confusion.of_examples(cell.cpu().numpy(), num_classes)
    examples = PredictedExamples(
        chosen, cell // num_classes, cell % num_classes, torch.cat(confidences), torch.cat(true_probabilities)
    )
    mean_loss = loss.item() / max(chosen.shape[0], 1)
    return Evaluation(confusion, mean_loss, calibration.T.double().cpu().numpy(), examples)


def known_examples(labels: Tensor, *, num_classes: int, ignore_index: int) -> Tensor:
    """Indices of the examples whose labels [N] are not to ignore.

    Raises:
        ValueError: a label that is no class and not to ignore.
    """
    included = labels != ignore_index
    wrong = labels[included & ((labels < 0) | (labels >= num_classes))]
    if len(wrong):
        raise ValueError(f"labels: class indices run from 0 to {num_classes - 1}, got {wrong[0].item()}")
    return included.nonzero().squeeze(1)


def calibration_bin(confidence: Tensor) -> Tensor:
    """[N] bin of each confidence; a bin holds its upper end. Confidences that are not numbers fall into the first."""
    return (confidence.nan_to_num(0.0) * CALIBRATION_BINS).ceil().long().sub(1).clamp(0, CALIBRATION_BINS - 1)


def grouped(values: npt.NDArray[np.float64], info: DatasetInfo) -> dict[str, float | None]:
    """The mean of the classes' values [C] over the many, medium and few shot classes.

    Groups go by training counts; classes without a value or without training examples do not count; an empty group is
    None.
    """
    members: dict[str, list[float]] = {group: [] for group in SHOT_GROUPS}
    for count, value in zip(info.class_counts, values, strict=True):
        if count > 0 and not math.isnan(value):
            members[info.shot_group(count)].append(float(value))
    return {group: mean(group_values) for group, group_values in members.items()}


def mean(values: Sequence[float]) -> float | None:
    """The mean, None of nothing."""
    return math.fsum(values) / len(values) if values else None


def ratio(part: Numbers, whole: Numbers) -> npt.NDArray[np.float64]:
    """part / whole, NaN where whole is zero."""
    result: npt.NDArray[np.float64] = np.full(whole.shape, np.nan)
    np.divide(part, whole, out=result, where=whole != 0)
    return result


def finite(value: float | None) -> float | None:
    """The value as metrics carry it: None where it is not a finite number."""
    return value if value is not None and math.isfinite(value) else None
