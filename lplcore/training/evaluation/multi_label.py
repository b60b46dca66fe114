"""Evaluation of multi-label predictions: average precision, F1 and ranking loss. N examples, C classes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from lplcore.data.info import DatasetInfo
from lplcore.events import FloatArray
from lplcore.frame.labels import UNKNOWN
from lplcore.training.evaluation.single_label import Headline, Predict, finite, grouped, mean, ratio

PerClass = npt.NDArray[np.float64]
Scores = npt.NDArray[np.float32] | npt.NDArray[np.float64]
Labels = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]
THRESHOLDS = "validation/decision_threshold"
"""Series of the thresholds [C] that are chosen on the validation split."""


@dataclass(frozen=True)
class MultiLabelEvaluation:
    """Scores of one split."""

    scores: Scores
    """[N, C] clean logits."""
    labels: Labels
    """[N, C], false where it is unknown."""
    loss: float
    """Mean binary cross entropy of the clean logits over the entries of the `considered` classes."""
    threshold: float | FloatArray
    """Probability from which a label counts as predicted; or one for each class [C]."""
    trained: Labels | None = None
    """[C] whether a class has training examples; None where all have."""
    labelled: Labels | None = None
    """[N, C], false where nobody knows whether the example has the class: no metric sees that; None where all is known.
    """

    @cached_property
    def average_precision(self) -> PerClass:
        """[C], NaN for classes without positives."""
        precision = average_precision(self.scores, self.labels)
        gaps = () if self.labelled is None else np.flatnonzero(~self.labelled.all(axis=0))
        for c in gaps:
            rows = self.labelled[:, c] if self.labelled is not None else slice(None)
            precision[c] = average_precision(self.scores[rows, c : c + 1], self.labels[rows, c : c + 1])[0]
        return precision

    @property
    def mean_average_precision(self) -> float | None:
        """Mean over the classes that have positives."""
        return mean(defined(self.average_precision))

    @cached_property
    def f1(self) -> PerClass:
        """[C] F1 of every class, NaN for classes without positives, whatever is predicted of them."""
        positives, predicted, hits = self.label_counts.T
        f1 = ratio(2 * hits, predicted + positives)
        return np.where(self.labels.any(axis=0), f1, np.nan)

    @property
    def micro_f1(self) -> float | None:
        """F1 over all entries, None where there are neither positives nor predictions."""
        positives, predicted, hits = self.label_counts[self.considered].sum(axis=0, keepdims=True).T
        return finite(float(ratio(2 * hits, predicted + positives)[0]))

    @cached_property
    def considered(self) -> Labels:
        """[C] classes that figures over all entries are about: those with training examples, or positives here."""
        return considered(self.labels, self.trained)

    @cached_property
    def label_counts(self) -> Counts:
        """[C, 3] examples with each label, those for which it is predicted, and those with both."""
        predicted = decided(self.scores, self.threshold)
        if self.labelled is not None:
            predicted &= self.labelled
        return np.column_stack([each.sum(axis=0) for each in (self.labels, predicted, predicted & self.labels)])

    def metrics(self, split: str) -> dict[str, float | None]:
        """Scalars by name, None where undefined."""
        values = {
            "mean_average_precision": self.mean_average_precision,
            "loss": finite(self.loss),
            "micro_f1": self.micro_f1,
            "macro_f1": mean(defined(self.f1)),
            "ranking_loss": ranking_loss(
                self.scores[:, self.considered],
                self.labels[:, self.considered],
                None if self.labelled is None else self.labelled[:, self.considered],
            ),
            "classes_without_positives": float((~self.labels.any(axis=0)).sum()),
        }
        return {f"{split}/{name}": value for name, value in values.items()}

    def group_metrics(self, split: str, info: DatasetInfo) -> dict[str, float | None]:
        """Mean average precision of the many, medium and few shot classes, None for a group without any."""
        name = f"{split}/mean_average_precision"
        return {f"{name}.{group}": value for group, value in grouped(self.average_precision, info).items()}

    def series(self, split: str, *, last: bool) -> dict[str, npt.NDArray[np.float32]]:
        """Per-class values [C]; of a validation split the thresholds too, where they are chosen on it.

        Of the last epoch's test split also `label_counts`.
        """
        values = {
            f"{split}/average_precision": self.average_precision.astype(np.float32),
            f"{split}/f1": self.f1.astype(np.float32),
        }
        if split == "validation" and not isinstance(self.threshold, float):
            values[THRESHOLDS] = self.threshold
        if split == "test" and last:
            values["label_counts"] = self.label_counts.astype(np.float32)
        return values

    @property
    def headline(self) -> Headline:
        """What the best epoch is chosen by."""
        return Headline("mean_average_precision", self.mean_average_precision, higher_is_better=True)


def decided(scores: Scores, threshold: float | FloatArray) -> Labels:
    """[N, C] which labels count as predicted, of logits [N, C] and thresholds as `MultiLabelEvaluation` has them."""
    if isinstance(threshold, float):
        return scores >= math.log(threshold / (1 - threshold))
    wide = threshold.astype(np.float64)
    return scores >= np.log(wide / (1 - wide))


def average_precision(scores: Scores, labels: Labels) -> PerClass:
    """[C] sum over thresholds of (R_n - R_n-1) * P_n, as scikit-learn's; NaN for classes without positives.

    Equal scores are one threshold. Scores and labels are [N, C].
    """
    number, classes = scores.shape
    result: PerClass = np.full(classes, np.nan)
    if number == 0:
        return result
    order = np.argsort(-scores, axis=0, kind="stable")
    ranked = np.take_along_axis(scores, order, axis=0)
    relevant = np.take_along_axis(labels, order, axis=0)
    hits = relevant.cumsum(axis=0)
    # A positive counts with the precision at the last place of its score.
    ends = np.vstack([ranked[1:] != ranked[:-1], np.ones((1, classes), dtype=bool)])
    places = np.where(ends, np.arange(number)[:, None], number)
    end = np.minimum.accumulate(places[::-1], axis=0)[::-1]
    precision = np.take_along_axis(hits, end, axis=0) / (end + 1)
    total = hits[-1]
    np.divide((precision * relevant).sum(axis=0), total, out=result, where=total > 0)
    return result


def ranking_loss(scores: Scores, labels: Labels, labelled: Labels | None = None) -> float | None:
    """Mean over examples of the share of (positive, negative) pairs of labels that are not in order, ties included.

    Examples with all or no labels count 0 (Tsoumakas et al., Mining multi-label data, 2010). None of no examples; one
    of which nothing is known is none.
    """
    labelled = np.ones_like(labels) if labelled is None else labelled
    rows = labelled.any(axis=1)
    scores, labels, labelled = scores[rows], labels[rows], labelled[rows]
    number, classes = scores.shape
    if number == 0:
        return None
    order = np.argsort(scores, axis=1, kind="stable")
    ranked = np.take_along_axis(scores, order, axis=1)
    positive = np.take_along_axis(labels, order, axis=1)
    negative = np.take_along_axis(labelled & ~labels, order, axis=1)
    # Negatives with at least the score of a positive: all from the first place of its score on.
    starts = np.hstack([np.ones((number, 1), dtype=bool), ranked[:, 1:] != ranked[:, :-1]])
    start = np.maximum.accumulate(np.where(starts, np.arange(classes), 0), axis=1)
    before = negative.cumsum(axis=1) - negative
    negatives = negative.sum(axis=1)
    above = negatives[:, None] - np.take_along_axis(before, start, axis=1)
    pairs = negatives * positive.sum(axis=1)
    return float(np.divide((above * positive).sum(axis=1), pairs, out=np.zeros(number), where=pairs > 0).mean())


def considered(labels: Labels, trained: Labels | None) -> Labels:
    """[C] which classes have training examples, or positives among labels [N, C]."""
    return np.ones(labels.shape[1], dtype=bool) if trained is None else trained | labels.any(axis=0)


def defined(values: PerClass) -> list[float]:
    """The values that are numbers."""
    return [float(value) for value in values if not math.isnan(value)]


@torch.inference_mode()
def evaluate_multi_label(
    predict: Predict, labels: Tensor, *, batch_size: int, threshold: float, class_counts: Sequence[int] | None = None
) -> MultiLabelEvaluation:
    """Predict every example of a split with multi-hot labels [N, C], -1 where it is unknown.

    Args:
        class_counts: C training counts; a class without training examples or positives in the split is left out of
            figures over all entries. None where every class has some.

    Raises:
        ValueError: an entry that is neither 0, 1 nor -1.
    """
    labelled = labels.float() != UNKNOWN
    if not ((labels == 0) | (labels == 1) | ~labelled).all():
        raise ValueError("labels: multi-hot rows hold zeros and ones, and -1 for what is unknown, nothing else")
    parts = list(predict(batches(labels, batch_size)))
    scores = torch.cat(parts) if parts else torch.zeros(labels.shape, device=labels.device)
    truth = (labels > 0).cpu().numpy()
    trained = None if class_counts is None else np.array(class_counts) > 0
    classes = torch.from_numpy(considered(truth, trained)).to(labels.device)
    loss = mean_loss(scores, labels, labelled, classes)
    gaps = None if bool(labelled.all()) else labelled.cpu().numpy()
    return MultiLabelEvaluation(scores.cpu().numpy(), truth, loss, threshold, trained, gaps)


def mean_loss(scores: Tensor, labels: Tensor, labelled: Tensor, classes: Tensor) -> float:
    """Mean binary cross entropy of scores and labels [N, C]: of known entries of some classes, bool [C]; 0 of none."""
    if not bool(classes.all()):
        scores, labels, labelled = scores[:, classes], labels[:, classes], labelled[:, classes]
    if not bool(labelled.all()):
        scores, labels = scores[labelled], labels[labelled]
    if not scores.numel():
        return 0.0
    return functional.binary_cross_entropy_with_logits(scores, labels.to(scores.dtype)).item()


def batches(labels: Tensor, batch_size: int) -> Sequence[Tensor]:
    """Indices of all examples, some at a time."""
    number = labels.shape[0]
    return torch.split(torch.arange(number, device=labels.device), batch_size) if number else ()
