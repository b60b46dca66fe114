"""Labels to ignore in training steps, totals and evaluation: they take part in no number."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import lplcore
from lplcore.method.criterion import Criterion, CriterionOutput
from lplcore.procedures.meta_weighted import MetaWeighted, WeightNet
from lplcore.procedures.ml_gcn.label_graph import correlation
from lplcore.procedures.oltr.network import MetaEmbedding
from lplcore.procedures.oltr.oltr import Oltr
from lplcore.samplers.class_aware import ClassAware
from lplcore.samplers.square_root import SquareRoot
from lplcore.training.evaluation.multi_label import MultiLabelEvaluation, evaluate_multi_label
from lplcore.training.evaluation.single_label import Evaluation, evaluate
from lplcore.training.step import joined, share_of
from lplcore.training.totals import EpochTotals

COUNTS = [60, 30, 10]
CPU = torch.device("cpu")


def logits_of(number: int = 12, seed: int = 0) -> Tensor:
    return 2 * torch.randn(number, 3, generator=torch.Generator().manual_seed(seed))


def single(number: int = 12) -> Tensor:
    """Every third label is to ignore."""
    labels = torch.randint(0, 3, (number,), generator=torch.Generator().manual_seed(1))
    return torch.where(torch.arange(number) % 3 == 1, -100, labels)


def multi(number: int = 12) -> Tensor:
    """About a third of the entries is unknown, and all of the first example."""
    generator = torch.Generator().manual_seed(2)
    labels = (torch.rand(number, 3, generator=generator) < 0.5).long()
    labels[torch.rand(number, 3, generator=generator) < 0.3] = -1
    labels[0] = -1
    return labels


def evaluated(logits: Tensor, labels: Tensor, **options: Any) -> Evaluation:
    return evaluate(lambda batches: (logits[each] for each in batches), labels, num_classes=3, batch_size=5, **options)


def evaluated_multi(logits: Tensor, labels: Tensor) -> MultiLabelEvaluation:
    return evaluate_multi_label(lambda batches: (logits[each] for each in batches), labels, batch_size=5, threshold=0.5)


def test_metrics_are_those_of_the_examples_that_are_not_ignored() -> None:
    logits, labels = logits_of(), single()
    left = labels >= 0
    found, expected = evaluated(logits, labels), evaluated(logits[left], labels[left])
    np.testing.assert_array_equal(found.confusion, expected.confusion)
    assert found.metrics("test") == pytest.approx(expected.metrics("test"))
    other = torch.where(left, labels, 7)
    assert evaluated(logits, other, ignore_index=7).metrics("test") == found.metrics("test")
    nothing = evaluated(logits, torch.full_like(labels, -100))
    assert nothing.confusion.sum() == 0
    assert nothing.loss == 0


@pytest.mark.parametrize("wrong", [-5, 255])
def test_evaluation_refuses_other_bad_labels(wrong: int) -> None:
    labels = single()
    labels[4] = wrong
    with pytest.raises(ValueError, match=f"from 0 to 2, got {wrong}"):
        evaluated(logits_of(), labels)
    unknown = multi()
    unknown[4, 1] = wrong
    with pytest.raises(ValueError, match="zeros and ones"):
        evaluated_multi(logits_of(), unknown)


def test_multi_label_metrics_see_the_known_entries_alone() -> None:
    labels = multi(40)
    known = labels >= 0
    first = evaluated_multi(logits_of(40), labels)
    second = evaluated_multi(torch.where(known, logits_of(40), 50 - 9 * logits_of(40, seed=5)), labels)
    assert first.metrics("test") == second.metrics("test")
    for c in range(3):
        rows = known[:, c]
        alone = evaluated_multi(logits_of(40)[rows, c : c + 1], labels[rows, c : c + 1])
        assert first.average_precision[c] == alone.average_precision[0]
        assert first.f1[c] == alone.f1[0]


def test_ranking_loss_and_loss_of_known_entries_by_hand() -> None:
    logits = torch.tensor([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0], [0.0, 0.0, 0.0]])
    labels = torch.tensor([[1, 0, -1], [0, 1, 0], [-1, -1, -1]])
    found = evaluated_multi(logits, labels).metrics("test")
    # Of the first example's one pair, and of one of the second's two, the order is wrong; the third is no example.
    assert found["test/ranking_loss"] == pytest.approx((1 + 1 / 2) / 2)
    entries = [(1.0, 1), (2.0, 0), (3.0, 0), (2.0, 1), (1.0, 0)]
    assert found["test/loss"] == pytest.approx(
        np.mean([np.log1p(np.exp(-u if y else u)) for u, y in entries]), rel=1e-6
    )


def totals_of(labels: Tensor, logits: Tensor, criterion: Criterion, task: str) -> EpochTotals:
    totals = EpochTotals(3, CPU, task=task)
    totals.add(0, labels, logits, criterion.evaluate(logits, labels))
    return totals


def test_training_totals_leave_out_what_is_ignored() -> None:
    logits, labels = logits_of(), single()
    left = labels >= 0
    criterion = lplcore.criterion("la_lpl", class_counts=COUNTS)
    found = totals_of(labels, logits, criterion, "single_label")
    expected = totals_of(labels[left], logits[left], criterion, "single_label")
    assert found.metrics() == pytest.approx(expected.metrics())
    assert found.series().keys() == expected.series().keys()
    for name, values in expected.series().items():
        np.testing.assert_allclose(found.series()[name], values, rtol=1e-5)


def test_multi_label_totals_leave_out_unknown_entries() -> None:
    logits, labels = logits_of(), multi()
    criterion = lplcore.criterion("lpl", class_counts=COUNTS, task="multi_label")
    other = torch.where(labels >= 0, logits, 40.0)
    found, again = (totals_of(labels, u, criterion, "multi_label") for u in (logits, other))
    assert found.metrics() == again.metrics()
    for name, values in found.series().items():
        np.testing.assert_array_equal(again.series()[name], values)
    output = criterion.evaluate(logits, labels)
    assert found.metrics()["train/loss"] == pytest.approx(float(output.loss[labels >= 0].mean()), rel=1e-6)


@pytest.mark.parametrize("task", ["single_label", "multi_label"])
@pytest.mark.parametrize("parts", [1, 2, 5])
def test_a_batch_in_parts_weighs_them_by_what_counts(task: str, parts: int) -> None:
    name = "cross_entropy" if task == "single_label" else "binary_cross_entropy"
    criterion = lplcore.criterion(name, class_counts=COUNTS, task=task)
    logits, labels = logits_of(13), single(13) if task == "single_label" else multi(13)
    results: list[CriterionOutput] = []
    total = torch.zeros(())
    for own, own_labels in zip(logits.chunk(parts), labels.chunk(parts), strict=True):
        results.append(criterion.evaluate(own, own_labels))
        total = total + share_of(criterion, own_labels, labels) * results[-1].mean
    torch.testing.assert_close(total, criterion(logits, labels))
    torch.testing.assert_close(joined(results).mean, criterion(logits, labels))


def test_learned_weights_have_mean_one_over_what_counts() -> None:
    net = WeightNet(MetaWeighted())
    loss, included = torch.rand(6), torch.tensor([True, False, True, True, False, True])
    torch.testing.assert_close(net(loss, included)[included], net(loss[included]))


def test_oltr_centroid_loss_is_that_of_what_counts() -> None:
    memory = MetaEmbedding(4, 3, scale=1.0, reachability=1.0)
    features, labels = torch.randn(12, 4, generator=torch.Generator().manual_seed(0)), single()
    left = labels >= 0
    found = Oltr().centroid_loss(features, labels.clamp(min=0), memory, left)
    torch.testing.assert_close(found, Oltr().centroid_loss(features[left], labels[left], memory))


def test_label_graphs_and_samplers_leave_out_what_is_unknown() -> None:
    labels = torch.tensor([[1, 1, -1], [1, 0, 1], [1, -1, 0], [0, 1, 1]])
    # P(1 | 0) = 1/2 of the two examples where both are known, P(2 | 0) = 1/2, P(0 | 1) = 1/2, P(2 | 1) = 1.
    graph = correlation(labels, threshold=0.9, neighbour_weight=0.5)
    assert (graph > 0).tolist() == [[True, False, False], [False, True, False], [False, True, True]]
    for labels in (single(30), multi(30)):
        for sampler in (ClassAware(), SquareRoot()):
            drawn = sampler.order(labels, torch.Generator().manual_seed(0))
            assert len(drawn) == 30
            own = labels[drawn]
            assert ((own >= 0) if own.dim() == 1 else (own > 0).any(dim=1)).all()
