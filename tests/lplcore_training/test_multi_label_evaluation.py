"""Multi-label metrics equal scikit-learn's."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score, label_ranking_loss, precision_score, recall_score

from lplcore.data.info import DatasetInfo
from lplcore.training.evaluation.multi_label import (
    MultiLabelEvaluation,
    average_precision,
    evaluate_multi_label,
    ranking_loss,
)


def drawn(seed: int, number: int, classes: int, levels: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores with ties and labels with some of every kind."""
    random = np.random.default_rng(seed)
    scores = random.integers(-levels, levels + 1, size=(number, classes)).astype(np.float32) / 2
    return scores, random.random((number, classes)) < random.random(classes)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**30), st.integers(1, 40), st.integers(2, 7), st.sampled_from([1, 4, 1000]))
def test_metrics_equal_scikit_learns(seed: int, number: int, classes: int, levels: int) -> None:
    scores, labels = drawn(seed, number, classes, levels)
    found = average_precision(scores, labels)
    for c in range(classes):
        if labels[:, c].any():
            assert found[c] == pytest.approx(average_precision_score(labels[:, c], scores[:, c]), abs=1e-12)
        else:
            assert math.isnan(found[c])
    assert ranking_loss(scores, labels) == pytest.approx(label_ranking_loss(labels, scores), abs=1e-12)
    predicted = scores >= 0
    metrics = MultiLabelEvaluation(scores, labels, 0.5, threshold=0.5).metrics("test")
    if (predicted | labels).any():
        assert metrics["test/micro_f1"] == pytest.approx(f1_score(labels, predicted, average="micro", zero_division=0))
    else:
        assert metrics["test/micro_f1"] is None
    counted = labels.any(axis=0)
    if counted.any():
        expected = [f1_score(labels[:, c], predicted[:, c], zero_division=0) for c in np.flatnonzero(counted)]
        assert metrics["test/macro_f1"] == pytest.approx(np.mean(expected))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**30), st.integers(1, 40), st.integers(2, 7), st.sampled_from([0.2, 0.5, 0.9]))
def test_counts_of_labels_give_scikit_learns_precision_and_recall(
    seed: int, number: int, classes: int, threshold: float
) -> None:
    scores, labels = drawn(seed, number, classes, 4)
    found = MultiLabelEvaluation(scores, labels, 0.5, threshold=threshold)
    positives, predictions, hits = found.series("test", last=True)["label_counts"].T
    assert "label_counts" not in found.series("test", last=False) | found.series("validation", last=True)
    predicted = 1 / (1 + np.exp(-scores.astype(np.float64))) >= threshold
    expected = [score(labels, predicted, average=None, zero_division=0) for score in (precision_score, recall_score)]
    assert hits / np.maximum(predictions, 1) == pytest.approx(expected[0])
    assert hits / np.maximum(positives, 1) == pytest.approx(expected[1])
    assert positives.tolist() == labels.sum(axis=0).tolist()


def test_a_class_without_positives_is_null_and_counted() -> None:
    scores = np.array([[2.0, 1.0, -1.0], [1.0, 2.0, 1.0]])
    labels = np.array([[True, False, False], [False, False, True]])
    info = DatasetInfo("d", "multi_label", ("a", "b", "c"), (120, 50, 3), 200, 0, 2, (4,), many_above=99)
    found = MultiLabelEvaluation(scores, labels, 0.5, threshold=0.5)
    metrics = found.metrics("test") | found.group_metrics("test", info)
    assert metrics["test/classes_without_positives"] == 1
    series = found.series("test", last=True)
    assert np.isnan(series["test/average_precision"]).tolist() == [False, True, False]
    assert np.isnan(series["test/f1"]).tolist() == [False, True, False]  # though the second is predicted
    assert metrics["test/macro_f1"] == pytest.approx((2 / 3 + 1) / 2)
    assert metrics["test/mean_average_precision"] == 1
    assert metrics["test/mean_average_precision.many"] == 1
    assert metrics["test/mean_average_precision.medium"] is None
    assert metrics["test/mean_average_precision.few"] == 1


def test_the_threshold_is_a_probability() -> None:
    scores, labels = np.array([[math.log(3), 0.0]]), np.array([[True, True]])
    for threshold, expected in ((0.4, 1.0), (0.6, 2 / 3), (0.8, 0.0)):
        found = MultiLabelEvaluation(scores, labels, 0.5, threshold=threshold)
        assert found.metrics("test")["test/micro_f1"] == pytest.approx(expected)


def test_a_split_is_predicted_in_batches() -> None:
    labels = torch.tensor([[1, 0], [0, 1], [1, 1]])
    scores = torch.tensor([[1.0, -1.0], [2.0, 3.0], [0.0, 0.5]])
    found = evaluate_multi_label(
        lambda batches: (scores[each] for each in batches), labels, batch_size=2, threshold=0.5
    )
    np.testing.assert_array_equal(found.scores, scores.numpy())
    expected = torch.nn.functional.binary_cross_entropy_with_logits(scores, labels.float())
    assert found.loss == pytest.approx(expected.item())
    empty = evaluate_multi_label(
        lambda batches: (scores[each] for each in batches), labels[:0], batch_size=2, threshold=0.5
    )
    assert set(empty.metrics("test").values()) == {None, 0.0, 2.0}
