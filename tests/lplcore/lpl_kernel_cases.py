"""What LPL's kernel is compared on, and with what: the walk that autograd can trace, in float64."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

import lplcore

KINDS = ("random", "fitted", "masked")


def batch(kind: str, classes: int, size: int) -> tuple[Tensor, Tensor]:
    """Logits [N, C] in float32, and labels [N] of few and of many examples a class, some of them ignored."""
    rng = np.random.default_rng(classes * 1000 + size)
    shares = 1 / np.arange(1, classes + 1)
    labels = torch.tensor(rng.choice(classes, size, p=shares / shares.sum()))
    logits = torch.tensor(3 * rng.normal(size=(size, classes)))
    if kind == "fitted":
        margins = torch.tensor([20.0, 60.0, 120.0, 400.0, 5.0], dtype=torch.float64)
        logits[torch.arange(size), labels] += margins[torch.arange(size) % 5]
    if kind == "masked" and classes > 3:
        logits[labels < classes - 2, -2:] = -torch.inf
        logits[0, labels[0]] = -torch.inf
    labels[3::5] = -100
    return logits.float(), labels


def both(classes: int, **options: Any) -> tuple[lplcore.Criterion, lplcore.Criterion]:
    """A criterion that may take the kernel, and one whose walk can be traced."""
    counts = lplcore.long_tail_counts(500, classes, imbalance_factor=50)
    one, other = (lplcore.criterion("lpl", class_counts=counts, **options, detach=way) for way in (True, False))
    return one, other


def assert_near(result: Tensor, exact: Tensor, tolerance: float) -> None:
    """Whether a result is finite and differs by a share of the largest exact value at most."""
    limit = tolerance * max(exact.abs().max().item(), 0.1)
    torch.testing.assert_close(result.double(), exact, rtol=0, atol=limit)
    assert torch.isfinite(result).all()


def assert_same_observations(observed: dict[str, Tensor], exact: dict[str, Tensor]) -> None:
    """Whether q, epsilon and sign of all classes agree, and the same classes are absent."""
    assert observed.keys() == exact.keys()
    for name, values in exact.items():
        torch.testing.assert_close(observed[name].double(), values, rtol=1e-6, atol=1e-6, equal_nan=True, msg=name)
