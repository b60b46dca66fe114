"""LPL: numbers by hand, a slow independent reference, and properties."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

import lplcore
from tests.grids import every
from tests.lplcore.lpl_reference import lpl_perturbation

CLASS_RANK = {"split": "class_rank", "threshold": 0.4, "epsilon": 0.0, "delta_epsilon": 2.0, "step_size": 0.1}
PERFORMANCE = {"split": "performance", "threshold": "mean", "epsilon": 0.3, "delta_epsilon": 0.0, "step_size": 0.01}
REST = {
    "step_rounding": "floor",
    "num_steps": None,
    "normalize": "row",
    "bound_from": "count",
    "head_scale": 1.0,
    "resign_every_step": False,
    "tau_over": "present",
    "same_side_normalized": False,
}
CHANGES: list[dict[str, Any]] = [
    {},
    {"normalize": "column"},
    {"normalize": "none"},
    {"step_rounding": "nearest"},
    {"step_rounding": "exact"},
    {"num_steps": 1},
    {"num_steps": 5},
    {"epsilon": 0.7},
    {"delta_epsilon": 0.5},
]
RANK_CHANGES = [*CHANGES, {"head_scale": 0.2}, {"threshold": 0}, {"threshold": 3}, {"bound_from": "performance"}]
PERFORMANCE_CHANGES = [
    *CHANGES,
    {"threshold": 0.5},
    {"tau_over": "all"},
    {"resign_every_step": True},
    {"same_side_normalized": True, "delta_epsilon": 0.2},
]


def batch(classes: int, size: int, *, seed: int = 0, scale: float = 3.0) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    logits = torch.tensor(scale * rng.normal(size=(size, classes)))
    return logits, torch.tensor(rng.integers(0, classes, size))


def counts_of(classes: int) -> list[int]:
    return lplcore.long_tail_counts(200, classes, imbalance_factor=20)


@pytest.mark.parametrize("change", RANK_CHANGES, ids=str)
@pytest.mark.parametrize(("classes", "size"), [(5, 40), (30, 12)])
def test_class_rank_agrees_with_the_loop_reference(change: dict[str, Any], classes: int, size: int) -> None:
    agrees({**CLASS_RANK, **change}, classes, size)


@pytest.mark.parametrize("change", PERFORMANCE_CHANGES, ids=str)
@pytest.mark.parametrize(("classes", "size"), [(5, 40), (30, 12)])
def test_performance_agrees_with_the_loop_reference(change: dict[str, Any], classes: int, size: int) -> None:
    agrees({**PERFORMANCE, **change}, classes, size)


def agrees(options: dict[str, Any], classes: int, size: int) -> None:
    logits, labels = batch(classes, size)
    counts = counts_of(classes)
    counts[1] = 0
    criterion = lplcore.criterion("lpl", class_counts=counts, **options)
    expected = lpl_perturbation(logits.numpy(), labels.numpy(), counts, **{**REST, **options})
    torch.testing.assert_close(criterion.perturbation(logits, labels), torch.tensor(expected), rtol=0, atol=1e-9)
    loss = functional.cross_entropy(logits + torch.tensor(expected), labels, reduction="none")
    torch.testing.assert_close(criterion(logits, labels, reduction="none"), loss, rtol=0, atol=1e-9)


def test_one_step_of_two_classes_by_hand() -> None:
    # Zero logits: softmax is (1/2, 1/2). Class 0 is head (descent), class 1 tail (ascent). The row-normalised direction
    # of class 0 is (-1, 1)/sqrt(2), so delta_0 = -1 * (2 * 100/100) * that; delta_1 = +(2 * 50/50) * (1, -1)/sqrt(2).
    criterion = lplcore.criterion("lpl", class_counts=[100, 50], threshold=1, delta_epsilon=2.0, num_steps=1)
    delta = criterion.perturbation(torch.zeros(2, 2), torch.tensor([0, 1]))
    root = math.sqrt(2)
    torch.testing.assert_close(delta, torch.tensor([[root, -root], [root, -root]]))


def test_the_number_of_steps_has_no_float_error() -> None:
    # 0.3 / 0.1 is 3 steps; each unnormalised step of zero logits with one class present is easy to count.
    three = lplcore.criterion("lpl", class_counts=[9, 9], threshold=0, epsilon=0.3, delta_epsilon=0.0, step_size=0.1)
    delta = three.perturbation(torch.zeros(1, 2), torch.tensor([0]))
    assert delta.norm().item() == pytest.approx(0.3)


@pytest.mark.parametrize("threshold", [0.4, 2])
def test_ties_and_order_follow_counts_not_indices(threshold: float) -> None:
    logits, labels = batch(5, 30)
    counts = [10, 50, 50, 3, 20]
    criterion = lplcore.criterion("lpl", class_counts=counts, threshold=threshold)
    sign = criterion.evaluate(logits, labels).observations["lpl/sign"]
    assert sign.tolist() == [1, -1, -1, 1, 1]


@pytest.mark.parametrize("split", ["class_rank", "performance"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_zero_bound_is_exactly_cross_entropy(split: str, dtype: torch.dtype) -> None:
    logits, labels = batch(7, 20)
    criterion = lplcore.criterion("lpl", class_counts=counts_of(7), split=split, epsilon=0.0, delta_epsilon=0.0)
    loss = criterion(logits.to(dtype), labels, reduction="none")
    assert torch.equal(loss, functional.cross_entropy(logits.to(dtype), labels, reduction="none"))


def test_tail_losses_rise_and_head_losses_fall() -> None:
    logits, labels = batch(10, 200)
    output = lplcore.criterion("lpl", class_counts=counts_of(10), delta_epsilon=2.0).evaluate(logits, labels)
    change = output.perturbed_loss - output.clean_loss
    assert change[labels < 3].max() < 0
    assert change[labels > 7].min() > 0


@pytest.mark.parametrize("options", [CLASS_RANK, PERFORMANCE], ids=["class_rank", "performance"])
def test_relabelling_classes_relabels_the_perturbation(options: dict[str, Any]) -> None:
    logits, labels = batch(6, 30)
    counts = [90, 70, 40, 30, 10, 5]
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    place = torch.argsort(order)
    delta = lplcore.criterion("lpl", class_counts=counts, **options).perturbation(logits, labels)
    shuffled = lplcore.criterion("lpl", class_counts=[counts[i] for i in order], **options)
    torch.testing.assert_close(shuffled.perturbation(logits[:, order], place[labels]), delta[:, order])


def test_shifting_all_logits_of_an_example_changes_nothing() -> None:
    logits, labels = batch(6, 30)
    criterion = lplcore.criterion("lpl", class_counts=counts_of(6))
    shift = torch.arange(30.0, dtype=torch.float64)[:, None]
    torch.testing.assert_close(criterion.perturbation(logits + shift, labels), criterion.perturbation(logits, labels))


@pytest.mark.parametrize("margin", [20.0, 60.0, 1e4])
def test_the_direction_is_right_at_large_margins(margin: float) -> None:
    # At margin 60 the gradient's square underflows in float32, at 1e4 all of it; the direction stays (-1, 1)/sqrt(2).
    logits = torch.tensor([[margin, 0.0]])
    criterion = lplcore.criterion("lpl", class_counts=[9, 3], threshold=0, epsilon=1.0, delta_epsilon=0.0, num_steps=1)
    delta = criterion.perturbation(logits, torch.tensor([0]))
    expected = 1 / math.sqrt(2)
    torch.testing.assert_close(delta, torch.tensor([[-expected, expected]]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("split", ["class_rank", "performance"])
def test_extreme_logits_stay_finite(dtype: torch.dtype, split: str) -> None:
    logits, labels = batch(10, 32, scale=1.0)
    extreme = (1e4 * logits.sign()).to(dtype).requires_grad_()
    criterion = lplcore.criterion("lpl", class_counts=counts_of(10), split=split)
    loss = criterion(extreme, labels)
    loss.backward()
    assert loss.dtype == torch.float32
    assert torch.isfinite(loss)
    assert extreme.grad is not None
    assert torch.isfinite(extreme.grad).all()


def test_absent_classes_take_no_part_in_tau() -> None:
    logits, labels = batch(20, 6)
    present = torch.unique(labels)
    criterion = lplcore.criterion("lpl", class_counts=[10] * 20, split="performance")
    q = criterion.evaluate(logits, labels).observations["lpl/q"]
    assert torch.equal(~q.isnan(), torch.isin(torch.arange(20), present))
    sign = criterion.evaluate(logits, labels).observations["lpl/sign"][present]
    assert torch.equal(sign, torch.sign(q[present].mean() - q[present]))


def test_a_class_without_training_examples_gets_epsilon() -> None:
    criterion = lplcore.criterion("lpl", class_counts=[50, 20, 0], epsilon=0.25, step_rounding="exact")
    output = criterion.evaluate(torch.zeros(3, 3), torch.tensor([0, 1, 2]))
    assert output.observations["lpl/epsilon"][2].item() == pytest.approx(0.25)


@pytest.mark.parametrize(("classes", "size"), [(2, 1), (2, 64), (8142, 16)])
def test_two_and_very_many_classes_work(classes: int, size: int) -> None:
    logits, labels = batch(classes, size)
    criterion = lplcore.criterion("lpl", class_counts=lplcore.long_tail_counts(1000, classes, imbalance_factor=500))
    assert torch.isfinite(criterion(logits.float(), labels))


def test_the_perturbation_is_detached_unless_asked_for() -> None:
    logits, labels = batch(5, 12)
    for detach, same in ((True, True), (False, False)):
        leaf = logits.clone().requires_grad_()
        criterion = lplcore.criterion("lpl", class_counts=counts_of(5), detach=detach)
        (gradient,) = torch.autograd.grad(criterion(leaf, labels), leaf)
        other = logits.clone().requires_grad_()
        shifted = other + criterion.perturbation(logits, labels)
        (expected,) = torch.autograd.grad(functional.cross_entropy(shifted, labels), other)
        assert torch.allclose(gradient, expected) is same


@pytest.mark.parametrize("normalize", ["row", "none", "column"])
def test_gradients_through_the_walk_are_right(normalize: str) -> None:
    logits, labels = batch(4, 6, scale=1.0)
    options: dict[str, Any] = {"detach": False, "normalize": normalize, "num_steps": 3}
    criterion = lplcore.criterion("lpl", class_counts=counts_of(4), **options)
    assert torch.autograd.gradcheck(lambda u: criterion(u, labels), (logits.requires_grad_(),))


def test_running_q_averages_over_batches_and_survives_a_checkpoint() -> None:
    def make() -> lplcore.Criterion:
        return lplcore.criterion("lpl", class_counts=[5, 5], split="performance", q_estimate="running")

    criterion, labels = make(), torch.tensor([0, 1])
    first = criterion.evaluate(torch.zeros(2, 2), labels).observations["lpl/q"]
    assert first.tolist() == [0.5, 0.5]
    certain = torch.tensor([[200.0, 0.0], [0.0, 200.0]])
    criterion.perturbation(certain, labels)
    second = criterion.evaluate(certain, labels).observations["lpl/q"]
    torch.testing.assert_close(second, torch.tensor([0.55, 0.55]))
    restored = make()
    restored.load_state_dict(criterion.state_dict())
    third = restored.evaluate(certain, labels).observations["lpl/q"]
    torch.testing.assert_close(third, criterion.evaluate(certain, labels).observations["lpl/q"])


def test_lpl_walks_from_the_adjusted_logits_and_judges_by_the_raw_ones() -> None:
    logits, labels = batch(5, 30)
    counts = counts_of(5)
    adjustment = torch.log(torch.tensor(counts, dtype=torch.float64) / sum(counts))
    start = logits + adjustment
    for options in (CLASS_RANK, PERFORMANCE):
        combined = lplcore.criterion(["logit_adjustment", {"name": "lpl", **options}], class_counts=counts)
        delta = lpl_perturbation(logits.numpy(), labels.numpy(), counts, start=start.numpy(), **{**REST, **options})
        expected = torch.tensor(delta) + adjustment
        torch.testing.assert_close(combined.perturbation(logits, labels), expected, rtol=0, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("method", every(4, ["la_lpl", "lpl", "logit_adjustment", "cross_entropy"]))
def test_the_loss_compiles_without_graph_breaks(method: str) -> None:
    logits, labels = batch(6, 8)
    criterion = lplcore.criterion(method, class_counts=counts_of(6))
    compiled = torch.compile(criterion, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(logits, labels), criterion(logits, labels))


def test_splits_and_sizes_in_one_sweep_stay_within_their_bound() -> None:
    for classes, size, split in itertools.product((2, 9), (1, 5, 33), ("class_rank", "performance")):
        logits, labels = batch(classes, size, seed=classes * size)
        criterion = lplcore.criterion("lpl", class_counts=counts_of(classes), split=split)
        output = criterion.evaluate(logits, labels)
        bound = output.observations["lpl/epsilon"][labels]
        assert (criterion.perturbation(logits, labels).norm(dim=1) <= bound + 1e-9).all()


def test_an_empty_batch_gives_an_empty_loss() -> None:
    criterion = lplcore.criterion("lpl", class_counts=[3, 2])
    assert criterion(torch.zeros(0, 2), torch.zeros(0, dtype=torch.int64), reduction="none").shape == (0,)


@pytest.mark.parametrize(
    ("logits", "labels", "says"),
    [
        (torch.zeros(2, 3), torch.tensor([0, 1]), "logits"),
        (torch.zeros(2, 2), torch.tensor([0]), "labels"),
        (torch.zeros(2, 2), torch.zeros(2, 2), "soft targets"),
    ],
)
def test_wrong_shapes_are_named(logits: torch.Tensor, labels: torch.Tensor, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        lplcore.criterion("lpl", class_counts=[3, 2])(logits, labels)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"threshold": 4.5}, r"threshold.*outside \[0, C \+ 1\]"),
        ({"threshold": -1}, "threshold"),
        ({"threshold": "mean"}, "performance"),
        ({"epsilon": -0.1}, "epsilon"),
        ({"step_size": 0.0}, "step_size"),
        ({"step_size": 1e-9}, "steps"),
        ({"epsilonn": 1.0}, "did you mean 'epsilon'"),
        ({"split": "rank"}, "class_rank"),
        ({"epsilon": math.nan}, "finite"),
    ],
)
def test_wrong_parameters_are_named(options: dict[str, Any], says: str) -> None:
    with pytest.raises(lplcore.SpecError, match=says):
        lplcore.criterion("lpl", class_counts=[3, 2, 1], **options)
