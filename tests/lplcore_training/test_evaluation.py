"""Metrics against numbers worked out by hand, and against scikit-learn where it is installed."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from lplcore.data.info import DatasetInfo
from lplcore.method.criterion import CriterionOutput
from lplcore.training.evaluation.single_label import Evaluation, evaluate, grouped
from lplcore.training.totals import EpochTotals
from lplcore.training.variation import ABSOLUTE, SERIES, LossVariation, SignedLossVariation

LOGITS = torch.tensor([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [3.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
LABELS = torch.tensor([0, 1, 1, 1, 0])
CPU = torch.device("cpu")


def evaluated(logits: torch.Tensor, labels: torch.Tensor, *, batch_size: int = 2) -> Evaluation:
    return evaluate(
        lambda batches: (logits[each] for each in batches), labels, num_classes=logits.shape[1], batch_size=batch_size
    )


def info(*counts: int) -> DatasetInfo:
    names = tuple(str(c) for c in range(len(counts)))
    return DatasetInfo("made", "single_label", names, counts, sum(counts), 0, 0, (1,))


def test_confusion_accuracy_error_and_loss_by_hand() -> None:
    found = evaluated(LOGITS, LABELS)
    assert found.confusion.tolist() == [[2, 0, 0], [1, 1, 1], [0, 0, 0]]
    np.testing.assert_allclose(found.accuracy, [1.0, 1 / 3, math.nan])
    assert found.top1_error == pytest.approx(2 / 5)
    right2, right1 = math.log(1 + 2 * math.exp(-2)), math.log(1 + 2 * math.exp(-1))
    wrong3, wrong1 = math.log(2 + math.exp(3)), math.log(2 + math.exp(1))
    assert found.loss == pytest.approx((right2 + right1 + wrong3 + wrong1 + right1) / 5, rel=1e-6)


@pytest.mark.parametrize("batch_size", [1, 3, 5, 100])
def test_the_batch_size_changes_nothing(batch_size: int) -> None:
    found, expected = evaluated(LOGITS, LABELS, batch_size=batch_size), evaluated(LOGITS, LABELS)
    np.testing.assert_array_equal(found.confusion, expected.confusion)
    assert found.loss == pytest.approx(expected.loss)


def test_metrics_agree_with_scikit_learn() -> None:
    metrics: Any = pytest.importorskip("sklearn.metrics")
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(500, 7, generator=generator)
    labels = torch.randint(0, 6, (500,), generator=generator)
    found, predicted = evaluated(logits, labels, batch_size=64), logits.argmax(dim=1)
    np.testing.assert_array_equal(found.confusion, metrics.confusion_matrix(labels, predicted, labels=range(7)))
    assert found.top1_error == pytest.approx(1 - metrics.accuracy_score(labels, predicted))
    assert np.nanmean(found.accuracy) == pytest.approx(
        metrics.recall_score(labels, predicted, labels=range(6), average="macro")
    )
    assert found.balanced_accuracy == pytest.approx(np.nanmean(found.accuracy))
    assert found.macro_f1 == pytest.approx(metrics.f1_score(labels, predicted, labels=range(7), average="macro"))
    assert found.loss == pytest.approx(
        metrics.log_loss(labels, logits.double().softmax(dim=1), labels=range(7)), rel=1e-5
    )


def test_calibration_error_by_hand() -> None:
    # Confidences 0.9 (right), 0.9 (wrong) and 0.6 (right): (2 * |0.5 - 0.9| + |1 - 0.6|) / 3.
    logits = torch.tensor([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4]]).log()
    found = evaluated(logits, torch.tensor([0, 1, 0]))
    assert found.calibration_error == pytest.approx((2 * 0.4 + 0.4) / 3, rel=1e-5)
    assert found.metrics("test")["test/calibration_error"] == found.calibration_error


def test_the_bins_of_the_calibration_by_hand() -> None:
    # Confidences 0.9 (right), 0.9 (wrong) and 0.59 (right): bins 14 and 9 of 15, counted from one.
    logits = torch.tensor([[0.9, 0.1], [0.9, 0.1], [0.59, 0.41]]).log()
    found = evaluated(logits, torch.tensor([0, 1, 0]))
    bins = found.series("test", last=True)["calibration"]
    assert bins.dtype == np.float32
    assert bins.shape == (15, 3)
    np.testing.assert_allclose(bins[13], [2, 0.9, 0.5], rtol=1e-6)
    np.testing.assert_allclose(bins[8], [1, 0.59, 1.0], rtol=1e-6)
    others = np.delete(bins, [8, 13], axis=0)
    assert not others[:, 0].any()
    assert np.isnan(others[:, 1:]).all()
    share, confidence, accuracy = (bins[:, 0] / 3, bins[:, 1], bins[:, 2])
    assert np.nansum(share * np.abs(accuracy - confidence)) == pytest.approx(found.calibration_error, rel=1e-6)


def test_only_the_last_epochs_test_split_keeps_its_calibration() -> None:
    found = evaluated(LOGITS, LABELS)
    assert "calibration" not in found.series("test", last=False)
    assert "calibration" not in found.series("validation", last=True)


def test_calibration_error_against_a_loop_over_bins() -> None:
    generator = torch.Generator().manual_seed(1)
    logits = 3 * torch.randn(400, 5, generator=generator)
    labels = torch.randint(0, 5, (400,), generator=generator)
    confidence, predicted = logits.softmax(dim=1).max(dim=1)
    expected = 0.0
    for k in range(15):
        inside = (confidence > k / 15) & (confidence <= (k + 1) / 15)
        if inside.any():
            right = (predicted == labels)[inside].double().mean()
            expected += float(inside.double().mean() * (right - confidence[inside].double().mean()).abs())
    assert evaluated(logits, labels, batch_size=64).calibration_error == pytest.approx(expected, abs=1e-6)


def test_group_errors_are_means_over_the_groups_classes() -> None:
    errors = grouped(1 - np.array([0.9, 0.8, 0.5, 0.25, 0.0]), info(500, 101, 100, 20, 19))
    assert errors["many"] == pytest.approx(0.15)
    assert errors["medium"] == pytest.approx(0.625)
    assert errors["few"] == pytest.approx(1.0)


def test_an_empty_group_is_none_and_absent_classes_do_not_count() -> None:
    errors = grouped(np.array([0.5, math.nan, math.nan]), info(500, 200, 5))
    assert errors == {"many": 0.5, "medium": None, "few": None}


def test_loss_variation_is_a_ratio_of_sums_over_the_epoch() -> None:
    variation = LossVariation(3, CPU)
    variation.add(torch.tensor([0, 1, 0]), torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 1.0, 3.0]))
    variation.add(torch.tensor([1, 1]), torch.tensor([0.0, 2.0]), torch.tensor([1.0, 2.0]))
    np.testing.assert_allclose(variation.relative()[SERIES].numpy(), [1 / 4, 0.0, math.nan])
    again = LossVariation(3, CPU)
    again.load(variation.state())
    np.testing.assert_array_equal(again.relative()[SERIES].numpy(), variation.relative()[SERIES].numpy())


def test_multi_label_variation_has_positives_and_negatives_apart() -> None:
    variation = SignedLossVariation(2, CPU)
    labels = torch.tensor([[1, 0], [1, 1]])
    clean, perturbed = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[2.0, 1.0], [3.0, 6.0]])
    variation.add(labels, clean, perturbed)
    variation.add(labels, clean, perturbed)
    found = variation.relative()
    np.testing.assert_allclose(found[f"{SERIES}.positive"].numpy(), [1 / 4, 1 / 2])
    np.testing.assert_allclose(found[f"{SERIES}.negative"].numpy(), [math.nan, -1 / 2])


def test_loss_variation_is_undefined_where_the_clean_loss_is_zero() -> None:
    variation = LossVariation(2, CPU)
    variation.add(torch.tensor([0, 1]), torch.tensor([0.0, 1.0]), torch.tensor([1.0, 3.0]))
    np.testing.assert_allclose(variation.relative()[SERIES].numpy(), [math.nan, 2.0])


def test_the_absolute_loss_variation_is_the_mean_change_of_the_loss() -> None:
    variation = LossVariation(3, CPU)
    # A loss that is nearly zero: relative variations of 1e5 and more, of which no chart can be drawn.
    variation.add(torch.tensor([0, 1, 0]), torch.tensor([1e-6, 2.0, 0.0]), torch.tensor([3.0, 1.0, 1.0]))
    variation.add(torch.tensor([1]), torch.tensor([0.0]), torch.tensor([0.0]))
    np.testing.assert_allclose(variation.absolute()[ABSOLUTE].numpy(), [2.0, -0.5, math.nan], rtol=1e-6)
    assert variation.relative()[SERIES][0] > 1e5
    again = LossVariation(3, CPU)
    again.load(variation.state())
    np.testing.assert_array_equal(again.absolute()[ABSOLUTE].numpy(), variation.absolute()[ABSOLUTE].numpy())


def test_the_absolute_loss_variation_of_several_labels_has_positives_and_negatives() -> None:
    variation = SignedLossVariation(2, CPU)
    labels = torch.tensor([[1, 0], [1, 1]])
    variation.add(labels, torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[2.0, 1.0], [3.0, 6.0]]))
    found = variation.absolute()
    np.testing.assert_allclose(found[f"{ABSOLUTE}.positive"].numpy(), [1 / 2, 2.0])
    np.testing.assert_allclose(found[f"{ABSOLUTE}.negative"].numpy(), [math.nan, -1.0])


def test_an_epoch_that_version_0_1_0_began_has_no_absolute_loss_variation() -> None:
    variation = LossVariation(2, CPU)
    variation.load({"difference": torch.tensor([1.0, 2.0]), "clean": torch.tensor([2.0, 2.0])})
    variation.add(torch.tensor([0]), torch.tensor([2.0]), torch.tensor([3.0]))
    np.testing.assert_allclose(variation.relative()[SERIES].numpy(), [0.5, 1.0])
    assert variation.absolute()[ABSOLUTE].isnan().all()


def output(loss: list[float], clean: list[float], **observations: list[float]) -> CriterionOutput:
    tensors = {f"lpl/{name}": torch.tensor(values) for name, values in observations.items()}
    return CriterionOutput(torch.tensor(loss), torch.tensor(clean), torch.tensor(loss), tensors)


def test_epoch_totals_by_hand() -> None:
    totals = EpochTotals(3, CPU)
    totals.add(0, LABELS[:2], LOGITS[:2], output([1.0, 2.0], [0.5, 1.0], q=[0.2, 0.4, math.nan]))
    totals.add(1, LABELS[2:4], LOGITS[2:4], output([3.0, 4.0], [1.5, 2.0], q=[math.nan, 0.6, math.nan]))
    metrics, series = totals.metrics(), totals.series()
    assert metrics == {"train/loss": 2.5, "train/base_loss": 1.25, "train/top1_error": 0.5}
    np.testing.assert_allclose(series["train/accuracy"], [1.0, 1 / 3, math.nan], rtol=1e-6)
    np.testing.assert_allclose(series["lpl/q"], [0.2, 0.5, math.nan], rtol=1e-6)
    np.testing.assert_allclose(series["relative_loss_variation"], [1.0, 1.0, math.nan])
    assert totals.diverged_at() is None


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_epoch_totals_remember_the_first_step_that_was_not_finite(bad: float) -> None:
    totals = EpochTotals(3, CPU)
    for step, value in enumerate([1.0, bad, 1.0, bad]):
        totals.add(step, LABELS[:1], LOGITS[:1], output([value], [1.0]))
    assert totals.diverged_at() == 1
    assert totals.metrics()["train/loss"] is None


def test_the_loss_is_of_clean_logits_and_the_predictions_of_corrected_ones() -> None:
    logits, labels = torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor([0, 1])
    raised = torch.tensor([0.0, 2.0])
    found = evaluate(
        lambda batches: (logits[each] for each in batches),
        labels,
        num_classes=2,
        batch_size=2,
        correct=lambda u: u + raised,
    )
    assert found.loss == pytest.approx((0.313262 + 1.313262) / 2, abs=1e-6)
    assert found.confusion.tolist() == [[0, 1], [0, 1]]
    assert found.calibration_error == pytest.approx(0.731059 - 0.5, abs=1e-6)
