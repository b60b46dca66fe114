"""LPL where floating point is hard: fitted classes, huge logits, ties, many classes, narrow types."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

import lplcore
from lplcore.perturbations.lpl.bounds import StepRule
from tests.grids import campaign, every

ALL_OPTIONS: list[dict[str, Any]] = [
    {"split": "class_rank"},
    {"split": "class_rank", "normalize": "none"},
    {"split": "class_rank", "normalize": "column"},
    {"split": "class_rank", "bound_from": "performance"},
    {"split": "performance", "delta_epsilon": 0.2},
    {"split": "performance", "q_estimate": "running", "resign_every_step": True},
    {"split": "performance", "delta_epsilon": 0.2, "same_side_normalized": True, "tau_over": "all"},
]


def batch(classes: int, size: int, *, scale: float = 3.0) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(classes + size)
    return torch.tensor(scale * rng.normal(size=(size, classes))), torch.tensor(rng.integers(0, classes, size))


@pytest.mark.parametrize("margin", [0.0, 10.0, 20.0, 90.0, 200.0, 1e4])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_fitted_class_keeps_its_direction(margin: float, dtype: torch.dtype) -> None:
    # Wrong classes at 0 and -1: their shares are 1 : 1/e whatever the margin, and the own entry is minus their sum.
    logits = torch.tensor([[margin, 0.0, -1.0]], dtype=dtype)
    criterion = lplcore.criterion("lpl", class_counts=[9, 5, 1], threshold=0, epsilon=1.0, delta_epsilon=0, num_steps=1)
    share = 1 / (1 + math.exp(-1))
    direction = np.array([-1.0, share, 1 - share])
    expected = torch.tensor(direction / np.linalg.norm(direction), dtype=dtype)
    torch.testing.assert_close(criterion.perturbation(logits, torch.tensor([0]))[0], expected)


def test_the_mean_over_a_class_weighs_examples_by_how_wrong_they_are() -> None:
    # Probabilities of being wrong differ by exp(30): the second example decides the class's direction alone.
    logits = torch.tensor([[60.0, 0.0, -50.0], [30.0, -50.0, 0.0]])
    criterion = lplcore.criterion("lpl", class_counts=[9, 5, 1], threshold=0, epsilon=1.0, delta_epsilon=0, num_steps=1)
    delta = criterion.perturbation(logits, torch.tensor([0, 0]))
    root = 1 / math.sqrt(2)
    torch.testing.assert_close(delta, torch.tensor([[-root, 0.0, root]] * 2))


@pytest.mark.parametrize("options", ALL_OPTIONS, ids=str)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("detach", [True, False])
def test_huge_logits_give_finite_losses_and_gradients(
    options: dict[str, Any], dtype: torch.dtype, detach: bool
) -> None:
    logits, labels = batch(12, 24, scale=1e4)
    leaf = logits.to(dtype).requires_grad_()
    counts = lplcore.long_tail_counts(500, 12, imbalance_factor=50)
    criterion = lplcore.criterion("lpl", class_counts=counts, detach=detach, **options)
    loss = criterion(leaf, labels)
    loss.backward()
    assert loss.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    assert torch.isfinite(loss)
    assert leaf.grad is not None
    assert torch.isfinite(leaf.grad).all()


@pytest.mark.parametrize("options", ALL_OPTIONS, ids=str)
def test_float32_agrees_with_float64(options: dict[str, Any]) -> None:
    logits, labels = batch(12, 48)
    criterion = lplcore.criterion("lpl", class_counts=lplcore.long_tail_counts(500, 12, imbalance_factor=50), **options)
    wide, narrow = criterion.perturbation(logits, labels), criterion.perturbation(logits.float(), labels)
    torch.testing.assert_close(narrow.double(), wide, rtol=0, atol=1e-5)


def test_autocast_does_not_narrow_the_walk() -> None:
    logits, labels = batch(12, 48)
    criterion = lplcore.criterion("lpl", class_counts=lplcore.long_tail_counts(500, 12, imbalance_factor=50))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = criterion(logits.float(), labels)
    assert inside.dtype == torch.float32
    assert torch.equal(inside, criterion(logits.float(), labels))


@pytest.mark.parametrize("classes", [2, 3, 7, 10, 100, 8142])
def test_equally_known_classes_are_left_alone(classes: int) -> None:
    # q_c = 1/C for all: their mean differs from 1/C by rounding, which must not become a sign.
    labels = torch.arange(min(classes, 50))
    criterion = lplcore.criterion("lpl", class_counts=[5] * classes, split="performance")
    output = criterion.evaluate(torch.zeros(len(labels), classes), labels)
    assert output.observations["lpl/sign"][labels].abs().max() == 0
    assert torch.equal(output.loss, output.clean_loss)


@pytest.mark.parametrize("step", [0.1, 0.05, 0.01, 0.15, 0.3, 0.7])
def test_step_counts_are_those_of_exact_arithmetic(step: float) -> None:
    rule = StepRule(step_size=step, rounding="floor", num_steps=None)
    bounds = [round(k * 0.05, 2) for k in range(201)]
    counts, _ = rule.of(torch.tensor(bounds, dtype=torch.float64))
    assert counts.tolist() == [Fraction(str(bound)) // Fraction(str(step)) for bound in bounds]


@pytest.mark.parametrize("split", ["class_rank", "performance"])
def test_work_on_present_classes_alone_equals_work_on_all(split: str) -> None:
    # The same examples among 30 classes, once with 12 examples (slots) and once repeated to 36 (a slot per class):
    # repeating every example leaves all class means as they are.
    logits, labels = batch(30, 12)
    criterion = lplcore.criterion("lpl", class_counts=lplcore.long_tail_counts(99, 30, imbalance_factor=9), split=split)
    few, many = criterion.evaluate(logits, labels), criterion.evaluate(logits.repeat(3, 1), labels.repeat(3))
    torch.testing.assert_close(many.loss[:12], few.loss)
    for name, values in few.observations.items():
        torch.testing.assert_close(many.observations[name], values, equal_nan=True)


def test_a_class_of_one_batch_depends_on_no_other_class() -> None:
    logits, labels = batch(6, 30)
    criterion = lplcore.criterion("lpl", class_counts=[60, 50, 40, 30, 20, 10])
    alone = labels == 4
    together = criterion.perturbation(logits, labels)[alone]
    torch.testing.assert_close(criterion.perturbation(logits[alone], labels[alone]), together)


def test_the_order_of_examples_does_not_matter() -> None:
    logits, labels = batch(40, 24)
    criterion = lplcore.criterion("lpl", class_counts=lplcore.long_tail_counts(99, 40, imbalance_factor=9))
    order = torch.randperm(24, generator=torch.Generator().manual_seed(0))
    shuffled = criterion.perturbation(logits[order], labels[order])
    torch.testing.assert_close(shuffled, criterion.perturbation(logits, labels)[order])


def test_the_callers_logits_stay_as_they_are() -> None:
    logits, labels = batch(6, 30)
    before = logits.clone()
    lplcore.criterion("la_lpl", class_counts=[6, 5, 4, 3, 2, 1])(logits, labels)
    assert torch.equal(logits, before)


@pytest.mark.parametrize("options", ALL_OPTIONS, ids=str)
@pytest.mark.parametrize("classes", [4, 9])
def test_gradients_through_every_option_are_right(options: dict[str, Any], classes: int) -> None:
    logits, labels = batch(classes, 6, scale=1.0)
    counts = lplcore.long_tail_counts(90, classes, imbalance_factor=9)
    criterion = lplcore.criterion("lpl", class_counts=counts, detach=False, num_steps=2, **options).eval()
    if options.get("delta_epsilon") or options.get("bound_from"):
        # Bounds are decisions of the batch, never differentiated; the numerical gradient would see them move.
        leaf = logits.requires_grad_()
        (gradient,) = torch.autograd.grad(criterion(leaf, labels), leaf)
        assert torch.isfinite(gradient).all()
    else:
        assert torch.autograd.gradcheck(lambda u: criterion(u, labels), (logits.requires_grad_(),))


@pytest.mark.slow
@pytest.mark.parametrize("options", every(9, ALL_OPTIONS), ids=str)
@pytest.mark.parametrize("classes", [6, campaign(20)])
def test_every_option_compiles_without_graph_breaks(options: dict[str, Any], classes: int) -> None:
    logits, labels = batch(classes, 8)
    counts = lplcore.long_tail_counts(90, classes, imbalance_factor=9)
    criterion = lplcore.criterion("lpl", class_counts=counts, num_steps=2, **options).eval()
    torch.compiler.reset()
    compiled = torch.compile(criterion, fullgraph=True, backend="aot_eager")
    leaf, other = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    loss, expected = compiled(leaf, labels), criterion(other, labels)
    torch.testing.assert_close(loss, expected)
    (loss * 2).backward()
    (expected * 2).backward()
    torch.testing.assert_close(leaf.grad, other.grad)
