"""LPL's kernel under Triton's interpreter, against the walk in float64: `test_lpl_kernel` runs this file."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch.utils import deterministic

from lplcore.perturbations.lpl import kernel
from tests.lplcore.lpl_kernel_cases import KINDS, assert_near, assert_same_observations, batch, both
from tests.lplcore.triton_interpreter import repaired

# The interpreter calculates what masks and limits then take out.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

SHORT: dict[str, Any] = {"threshold": 0.5, "epsilon": 0.1, "delta_epsilon": 0.3, "step_size": 0.1}
PERFORMANCE: dict[str, Any] = {**SHORT, "split": "performance", "threshold": "mean"}
OPTIONS: list[dict[str, Any]] = [
    SHORT,
    {**SHORT, "normalize": "none"},
    {**SHORT, "num_steps": 1},
    {**SHORT, "bound_from": "performance"},
    {**SHORT, "delta_epsilon": 12.0, "step_size": 4.0},
    {**SHORT, "epsilon": 30.0, "step_size": 15.0},
    {**SHORT, "delta_epsilon": 0.0, "step_size": 0.2},
    PERFORMANCE,
    {**PERFORMANCE, "q_estimate": "running"},
]
"""The default, other directions, one step, other bounds, several legs, legs of a step, no step, by performance."""


@pytest.fixture(autouse=True, scope="module")
def interpreter() -> Iterator[None]:
    with repaired(), kernel.enabled(False):
        yield


@pytest.fixture(autouse=True)
def not_by_default() -> Iterator[None]:
    """Tests say where they use the kernel."""
    with kernel.enabled(False):
        yield


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize(("classes", "size"), [(2, 1), (3, 8), (16, 8)])
def test_the_kernel_walks_as_the_walk_does(options: dict[str, Any], classes: int, size: int) -> None:
    logits, labels = batch("random", classes, size)
    compiled, traced = both(classes, **options)
    in_place = compiled.evaluate(logits, labels).loss
    exact = traced.evaluate(logits.double(), labels)
    delta = traced.perturbation(logits.double(), labels)
    with kernel.enabled():
        output = compiled.evaluate(logits, labels)
        assert_near(compiled.perturbation(logits, labels), delta, 1e-6)
        assert_near(compiled.perturbation(logits.double(), labels), delta, 1e-12)
    torch.testing.assert_close(output.loss.double(), exact.loss, rtol=2e-6, atol=2e-6)
    torch.testing.assert_close(output.loss, in_place, rtol=2e-6, atol=2e-6)
    assert_same_observations(output.observations, exact.observations)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("normalize", ["row", "none"])
@pytest.mark.parametrize("classes", [5, 12])
def test_fitted_masked_and_ignored_examples_walk_together(kind: str, normalize: str, classes: int) -> None:
    logits, labels = batch(kind, classes, 8)
    compiled, traced = both(classes, **SHORT, normalize=normalize)
    exact = traced.perturbation(logits.double(), labels)
    with kernel.enabled():
        assert_near(compiled.perturbation(logits, labels), exact, 1e-6)
        assert_near(compiled.perturbation(logits.double(), labels), exact, 1e-12)


@pytest.mark.parametrize("margin", [20.0, 60.0, 120.0, 400.0, 1e4])
def test_a_fitted_class_keeps_its_direction(margin: float) -> None:
    logits = torch.tensor([[margin, 0.0, -1.0], [margin + 7, -1.0, 0.5], [3.0, 4.0, 5.0]])
    labels = torch.tensor([0, 0, 2])
    compiled, traced = both(3, **SHORT)
    with kernel.enabled():
        delta = compiled.perturbation(logits, labels)
    assert_near(delta, traced.perturbation(logits.double(), labels), 1e-6)
    assert delta[0].norm() > 0.05


def test_both_signs_and_several_numbers_of_steps_walk_side_by_side() -> None:
    labels = torch.tensor([0, 1, 2, 3, 4, 5])
    compiled, traced = both(6, **{**SHORT, "delta_epsilon": 0.6})
    logits = torch.randn(6, 6, generator=torch.Generator().manual_seed(1))
    with kernel.enabled():
        output = compiled.evaluate(logits, labels)
        delta = compiled.perturbation(logits, labels)
    assert set(output.observations["lpl/sign"].tolist()) == {-1.0, 1.0}
    assert len({round(norm, 3) for norm in delta.norm(dim=1).tolist()}) > 2
    assert_near(delta, traced.perturbation(logits.double(), labels), 1e-6)


def test_every_entry_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    logits, labels = batch("random", 5, 8)
    compiled, traced = both(5, **SHORT)
    exact = traced.perturbation(logits.double(), labels)
    monkeypatch.setattr(deterministic, "fill_uninitialized_memory", True)
    torch.use_deterministic_algorithms(True)
    try:
        with kernel.enabled():
            assert_near(compiled.perturbation(logits, labels), exact, 1e-6)
    finally:
        torch.use_deterministic_algorithms(False)


def test_more_examples_than_a_tile_has_rows_or_a_program_compares_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    logits, labels = batch("random", 4, 8)
    labels[:6] = torch.tensor([1, 0, 1, 1, 0, 1])
    compiled, traced = both(4, **SHORT)
    monkeypatch.setattr(kernel, "MOST_ROWS", 2)
    monkeypatch.setattr(kernel, "LABELS", 4)
    with kernel.enabled():
        output = compiled.evaluate(logits, labels)
        assert_near(compiled.perturbation(logits, labels), traced.perturbation(logits.double(), labels), 1e-6)
    assert_same_observations(output.observations, traced.evaluate(logits.double(), labels).observations)


def test_running_estimates_are_those_of_the_walk() -> None:
    compiled, plain = both(4, **PERFORMANCE, q_estimate="running")
    for seed in range(3):
        logits = torch.randn(6, 4, generator=torch.Generator().manual_seed(seed))
        labels = torch.tensor([0, 1, 1, 2, 2, 2]) if seed else torch.tensor([0, 0, 1, 1, 1, 1])
        with kernel.enabled():
            compiled.evaluate(logits, labels)
        plain.evaluate(logits, labels)
    kept = plain.state_dict()
    assert kept
    for name, values in compiled.state_dict().items():
        torch.testing.assert_close(values, kept[name])


def test_logits_may_lie_anyhow() -> None:
    logits, labels = batch("random", 5, 8)
    compiled, _ = both(5, **SHORT)
    with kernel.enabled():
        expected = compiled.perturbation(logits, labels)
        assert torch.equal(compiled.perturbation(logits.t().contiguous().t(), labels.repeat(2, 1).t()[:, 0]), expected)


def test_it_is_used_where_it_is_enabled_and_can_be() -> None:
    logits, labels = batch("random", 5, 8)
    compiled, traced = both(5, **SHORT)
    plain = compiled.perturbation(logits, labels)
    assert not kernel.usable(logits)
    with kernel.enabled():
        assert kernel.usable(logits)
        assert not kernel.usable(logits[:, :1])
        assert not kernel.usable(torch.zeros(1, kernel.WIDEST + 1))
        used = compiled.perturbation(logits, labels)
        with kernel.enabled(False):
            assert torch.equal(compiled.perturbation(logits, labels), plain)
        leaf = logits.clone().requires_grad_()
        traced(leaf, labels).backward()
    assert not torch.equal(used, plain)
    assert leaf.grad is not None
