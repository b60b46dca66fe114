"""The walk in place gives what the walk that can be traced gives: `detach=False` asks for the latter."""

from typing import Any

import numpy as np
import pytest
import torch

import lplcore

DEFAULTS: dict[str, Any] = {"threshold": 0.4, "epsilon": 0.0, "delta_epsilon": 2.0, "step_size": 0.1}
PERFORMANCE: dict[str, Any] = {"split": "performance", "threshold": "mean", "delta_epsilon": 0.4, "step_size": 0.05}
OPTIONS: list[dict[str, Any]] = [
    DEFAULTS,
    {**DEFAULTS, "num_steps": 1},
    {**DEFAULTS, "normalize": "none"},
    {**DEFAULTS, "bound_from": "performance"},
    {**DEFAULTS, "epsilon": 30.0, "step_size": 3.0},
    {**DEFAULTS, "epsilon": 100.0, "step_size": 40.0},
    {**DEFAULTS, "delta_epsilon": 0.3, "step_size": 0.2},
    PERFORMANCE,
    {**PERFORMANCE, "q_estimate": "running"},
]
"""The defaults, one step, other directions and bounds, several legs, legs of one step, classes that stay."""


def batch(classes: int, size: int, *, scale: float = 3.0) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(classes + size)
    shares = 1 / np.arange(1, classes + 1)
    labels = rng.choice(classes, size, p=shares / shares.sum())
    return torch.tensor(scale * rng.normal(size=(size, classes))), torch.tensor(labels)


def both(classes: int, **options: Any) -> tuple[lplcore.Criterion, lplcore.Criterion]:
    counts = lplcore.long_tail_counts(500, classes, imbalance_factor=50)
    in_place, traced = (lplcore.criterion("lpl", class_counts=counts, **options, detach=way) for way in (True, False))
    return in_place, traced


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize(("classes", "size"), [(2, 1), (2, 30), (10, 64), (40, 12), (9000, 40)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_both_walks_agree(options: dict[str, Any], classes: int, size: int, dtype: torch.dtype) -> None:
    logits, labels = batch(classes, size)
    in_place, traced = both(classes, **options)
    exact = traced.perturbation(logits, labels)
    tolerance = 1e-11 if dtype == torch.float64 else 2e-6
    relative = tolerance * max(1.0, exact.abs().max().item())
    torch.testing.assert_close(in_place.perturbation(logits.to(dtype), labels).double(), exact, rtol=0, atol=relative)


@pytest.mark.parametrize("options", OPTIONS[:3], ids=str)
def test_fitted_unfitted_masked_and_ignored_examples_walk_together(options: dict[str, Any]) -> None:
    logits, labels = batch(6, 40)
    logits[torch.arange(20), labels[:20]] += torch.linspace(0, 400, 20, dtype=torch.float64)
    logits[:, 5] = -torch.inf
    logits[3] = torch.where(torch.arange(6) == labels[3], 1.0, -torch.inf)
    labels[10] = -100
    in_place, traced = both(6, **options)
    torch.testing.assert_close(
        in_place.perturbation(logits, labels), traced.perturbation(logits, labels), rtol=0, atol=1e-11
    )


def test_the_perturbation_takes_part_in_training_like_any_tensor() -> None:
    logits, labels = batch(10, 64)
    delta = both(10)[0].perturbation(logits, labels)
    weight = torch.ones(10, dtype=torch.float64, requires_grad=True)
    (delta * weight).sum().backward()  # type: ignore[no-untyped-call]
    assert not delta.is_inference()
    assert weight.grad is not None


def test_the_loss_alone_and_with_what_a_trainer_records_are_the_same_bits() -> None:
    logits, labels = batch(10, 64)
    criterion = both(10)[0]
    alone = criterion(logits.float(), labels, reduction="none")
    assert torch.equal(alone, criterion.evaluate(logits.float(), labels).loss)


def test_an_example_walks_the_same_whatever_the_cores() -> None:
    logits, labels = batch(9000, 40)
    criterion, threads = both(9000)[0], torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = criterion.perturbation(logits.float(), labels)
        torch.set_num_threads(3)
        assert torch.equal(one, criterion.perturbation(logits.float(), labels))
    finally:
        torch.set_num_threads(threads)
