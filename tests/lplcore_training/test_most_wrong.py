"""The test examples that a run gets most wrong: the highest losses of each class, bounded, and nothing else changes."""

import numpy as np
import pytest
import torch
from torch import Tensor

import lplcore
from lplcore.training.evaluation.most_wrong import PredictedExamples
from lplcore.training.evaluation.single_label import evaluate


def predicted(true: Tensor, probability: Tensor) -> PredictedExamples:
    number = len(true)
    zeros = torch.zeros(number, dtype=torch.int64)
    return PredictedExamples(torch.arange(number), true, zeros, torch.full((number,), 0.5), probability)


def test_of_each_class_the_highest_losses_come_first() -> None:
    torch.manual_seed(0)
    labels, logits = torch.randint(0, 4, (300,)), 3 * torch.randn(300, 4)
    labels[::7] = -100
    evaluation = evaluate(
        lambda batches: (logits[each] for each in batches),
        labels,
        num_classes=4,
        batch_size=64,
        correct=lambda x: x / 2,
    )
    rows = evaluation.series("test", last=True)["most_wrong"]
    probabilities = (logits / 2).softmax(dim=1)
    losses = torch.nn.functional.cross_entropy(logits / 2, labels, reduction="none", ignore_index=-100)
    for c in range(4):
        own = [row for row in rows if row[1] == c]
        members = (labels == c).nonzero().squeeze(1)
        expected = members[losses[members].argsort(descending=True)][:5]
        assert [int(row[0]) for row in own] == expected.tolist()
        for index, _, taken_for, confidence, probability in own:
            assert int(taken_for) == int(probabilities[int(index)].argmax())
            assert [confidence, probability] == pytest.approx(
                [float(probabilities[int(index)].max()), float(probabilities[int(index), c])], rel=1e-5
            )
    assert "most_wrong" not in evaluation.series("test", last=False)
    assert "most_wrong" not in evaluation.series("validation", last=True)


def test_of_very_many_classes_the_worst_are_kept() -> None:
    true = torch.arange(20_000) % 8142
    probability = torch.rand(20_000, generator=torch.Generator().manual_seed(0))
    rows = predicted(true, probability).most_wrong()
    assert rows.shape == (5000, 5)
    assert np.sort(rows[:, 4]).tolist() == probability.sort().values[:5000].tolist()
    assert (np.diff(rows[:, 1]) >= 0).all()


def test_examples_alike_are_told_in_their_order_and_none_give_none() -> None:
    rows = predicted(torch.zeros(9, dtype=torch.int64), torch.zeros(9)).most_wrong()
    assert rows[:, 0].tolist() == [0, 1, 2, 3, 4]
    nothing = torch.zeros(0, dtype=torch.int64)
    assert predicted(nothing, nothing.float()).most_wrong().shape == (0, 5)


def test_the_last_epoch_of_a_run_has_them() -> None:
    events = lplcore.train({"dataset": "digits", "method": "lpl", "epochs": 2, "batch_size": 512})
    first, last = (event for event in events if isinstance(event, lplcore.EpochEnd))
    assert "most_wrong" not in first.series
    rows = last.series["most_wrong"]
    assert rows.shape == (50, 5)
    assert rows[:, 1].tolist() == np.repeat(np.arange(10), 5).tolist()
    errors = rows[rows[:, 1] != rows[:, 2]]
    assert (errors[:, 3] > errors[:, 4]).all()
