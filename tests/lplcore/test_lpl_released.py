"""LPL as the released scripts walk: column norms, every class to the last step, each read at its own."""

from typing import Any

import pytest
import torch

import lplcore
from tests.lplcore.test_lpl import batch, counts_of


def released_walk(logits: torch.Tensor, labels: torch.Tensor, *, counts: list[int], numbers: list[int]) -> torch.Tensor:
    """The perturbation with column norms as released: every class walks all steps, and its own is read at step K_c.

    Head classes are the first two; steps have length 0.15; an absent class's row is 0 - e_c.
    """
    classes = len(counts)
    sign = torch.tensor([-1.0] * 2 + [1.0] * (classes - 2), dtype=torch.float64)
    z, records = logits.clone(), []
    for _ in range(max(numbers)):
        gradient = -torch.eye(classes, dtype=torch.float64)
        for c in sorted(set(labels.tolist())):
            gradient[c] += z[labels == c].softmax(dim=1).mean(dim=0)
        gradient = gradient / gradient.norm(dim=0)[:, None]
        z = z + 0.15 * (sign[:, None] * gradient)[labels]
        records.append(z - logits)
    return torch.stack([records[numbers[y] - 1][i] for i, y in enumerate(labels.tolist())])


@pytest.mark.parametrize(("classes", "size"), [(6, 40), (12, 8)])
@pytest.mark.parametrize("detach", [True, False])
def test_with_column_norms_a_class_that_has_arrived_still_counts_for_the_others(
    classes: int, size: int, detach: bool
) -> None:
    logits, labels = batch(classes, size)
    counts = counts_of(classes)
    options: dict[str, Any] = {
        "threshold": 2,
        "delta_epsilon": 1.5,
        "step_size": 0.15,
        "normalize": "column",
        "detach": detach,
    }
    criterion = lplcore.criterion("lpl", class_counts=counts, step_rounding="nearest", **options)
    bounds = [1.5 * (n / counts[0] if c < 2 else counts[-1] / n) for c, n in enumerate(counts)]
    numbers = [int(bound / 0.15 + 0.5) for bound in bounds]
    assert len(set(numbers)) > 3
    walking = torch.tensor([numbers[y] > 0 for y in labels.tolist()])
    actual = criterion.perturbation(logits, labels)
    expected = released_walk(logits, labels, counts=counts, numbers=[max(n, 1) for n in numbers])
    torch.testing.assert_close(actual[walking], expected[walking], rtol=1e-9, atol=1e-9)
    assert not actual[~walking].any()
