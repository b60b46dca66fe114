"""Logit adjustment and cross entropy, by hand."""

import math

import pytest
import torch
from torch.nn import functional

import lplcore


def test_logit_adjustment_by_hand() -> None:
    criterion = lplcore.criterion("logit_adjustment", class_counts=[30, 10])
    loss = criterion(torch.zeros(1, 2), torch.tensor([1]))
    assert loss.item() == pytest.approx(math.log(4))
    weaker = lplcore.criterion("logit_adjustment", class_counts=[30, 10], strength=2.0)
    assert weaker(torch.zeros(1, 2), torch.tensor([1])).item() == pytest.approx(math.log(10))


def test_logit_adjustment_of_equal_counts_is_cross_entropy() -> None:
    generator = torch.Generator().manual_seed(0)
    logits, labels = torch.randn(9, 4, generator=generator), torch.arange(9) % 4
    loss = lplcore.criterion("logit_adjustment", class_counts=[7] * 4)(logits, labels)
    torch.testing.assert_close(loss, functional.cross_entropy(logits, labels))


def test_a_class_without_training_examples_keeps_a_finite_logit() -> None:
    criterion = lplcore.criterion("logit_adjustment", class_counts=[30, 0])
    assert torch.isfinite(criterion(torch.zeros(2, 2), torch.tensor([0, 1]), reduction="none")).all()


def test_a_strength_of_zero_is_exactly_cross_entropy() -> None:
    logits, labels = torch.tensor([[1.0, -2.0, 0.5]]), torch.tensor([2])
    criterion = lplcore.criterion("logit_adjustment", class_counts=[30, 3, 1], strength=0.0)
    assert torch.equal(criterion(logits, labels), functional.cross_entropy(logits, labels))


def test_cross_entropy_by_hand() -> None:
    loss = lplcore.criterion("cross_entropy", class_counts=[1, 1, 1])(torch.zeros(2, 3), torch.tensor([0, 2]))
    assert loss.item() == pytest.approx(math.log(3))
