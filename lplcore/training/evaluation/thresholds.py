"""Per-class decision thresholds of multi-label predictions, chosen on a validation split. N examples, C classes."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from lplcore.events import FloatArray
from lplcore.training.evaluation.multi_label import MultiLabelEvaluation
from lplcore.training.evaluation.single_label import Evaluation

Figures = Evaluation | MultiLabelEvaluation
UNDECIDED = 0.5
"""Threshold of a class without positives among the examples that it would be chosen on."""
NEAREST_TO_CERTAIN = 2.0**-20
"""Thresholds stay this far from 0 and 1, where float32 still tells probabilities apart."""


def tuned_on(validated: Figures, evaluation: Figures) -> Figures:
    """An evaluation with the thresholds that are best on the validation split; of single labels as it is."""
    if not isinstance(validated, MultiLabelEvaluation) or not isinstance(evaluation, MultiLabelEvaluation):
        return evaluation
    chosen = validated.threshold
    return replace(evaluation, threshold=best_thresholds(validated) if isinstance(chosen, float) else chosen)


def best_thresholds(evaluation: MultiLabelEvaluation) -> FloatArray:
    """[C] probability from which a label counts as predicted, so that F1 on these examples is best."""
    scores, labels, labelled = evaluation.scores, evaluation.labels, evaluation.labelled
    thresholds = np.full(scores.shape[1], UNDECIDED, dtype=np.float32)
    for c in np.flatnonzero(labels.any(axis=0)):
        rows = slice(None) if labelled is None else labelled[:, c]
        thresholds[c] = best_threshold(scores[rows, c].astype(np.float64), labels[rows, c])
    return thresholds


def best_threshold(scores: npt.NDArray[np.float64], labels: npt.NDArray[np.bool_]) -> float:
    """The threshold of one class, of logits and labels [N] with at least one positive.

    It lies half-way between two neighbouring scores; of equally good ones the nearest to 0.5 is taken.
    """
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], labels[order].cumsum()
    f1 = 2 * hits / (np.arange(1, len(ranked) + 1) + hits[-1])
    below = np.append(ranked[1:], ranked[-1] - 1)
    f1[ranked == below] = -1  # equal scores are predicted together
    best = np.flatnonzero(f1 == f1.max())
    between = (ranked[best] + below[best]) / 2
    logit = between[np.abs(between).argmin()]
    return float(np.clip(1 / (1 + np.exp(-np.clip(logit, -50, 50))), NEAREST_TO_CERTAIN, 1 - NEAREST_TO_CERTAIN))
