"""More of the conformance suite: soft and mixed targets, ignored labels, single examples, and progress as a number."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.func import grad, vmap

import lplcore
from lplcore.frame.statistics import class_statistics
from lplcore.method.criterion import Criterion
from lplcore.plugin import plugins
from lplcore.targets import Smoothing
from tests.lplcore.method_cases import (
    Batch,
    Case,
    aliases,
    batch_of,
    by_task,
    check,
    counts_of,
    parts,
    unless_random,
)
from tests.lplcore.test_conformance import gradients, losses

EVERY = [*parts(), *aliases()]
WEIGHTINGS = [case for case in by_task("weighting") if not case.multi_label]
SMOOTHINGS = [
    Case("target", name)
    for name, record in plugins("target").items()
    if isinstance(record().build(class_statistics([3, 2])), Smoothing)
]


def weighted(case: Case, weighting: Case) -> Criterion:
    """The case's method with a weighting, in force at progress 0.9, and without regularisers."""
    criterion = lplcore.criterion({**case.method(), **weighting.method()}, class_counts=counts_of(5))
    changed = criterion.method.model_copy(update={"regularizers": []})
    return lplcore.criterion(changed, class_counts=counts_of(5)).eval()


def not_mixed(case: Case) -> str | None:
    """Why there are no mixed targets."""
    if case.multi_label:
        return "labels of multi-label data are not mixed"
    if any(part.hard_labels for part in case.criterion([3, 2]).method.perturbations):
        return "takes one label per example"
    linear = all(target.linear for target in case.criterion([3, 2]).method.targets)
    return None if linear else "smooths mixed labels by their mean share"


@check(EVERY, unless=not_mixed)
@pytest.mark.parametrize("weighting", WEIGHTINGS, ids=str)
def test_mixed_targets_weigh_every_class_with_its_own_weight(case: Case, weighting: Case) -> None:
    batch, criterion = batch_of(case), weighted(case, weighting)
    shares = torch.rand(12, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    shares = shares / shares.sum(dim=1, keepdim=True)

    def loss(labels: Tensor) -> Tensor:
        torch.default_generator.manual_seed(0)
        each: Tensor = criterion(batch.logits, labels, reduction="none", **{**batch.arguments(), "progress": 0.9})
        return each

    expected = sum(shares[:, c] * loss(torch.full_like(batch.labels, c)) for c in range(5))
    assert isinstance(expected, Tensor)
    torch.testing.assert_close(loss(shares), expected, rtol=1e-12, atol=1e-12)
    for actual, wanted in zip(gradients(loss(shares), batch), gradients(expected, batch), strict=True):
        torch.testing.assert_close(actual, wanted, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("weighting", WEIGHTINGS, ids=str)
@pytest.mark.parametrize("case", SMOOTHINGS, ids=str)
def test_a_smoothed_label_keeps_the_weight_of_the_label(weighting: Case, case: Case) -> None:
    batch, arguments = batch_of(case), {**batch_of(case).arguments(), "progress": 0.9}
    plain = lplcore.criterion("cross_entropy", class_counts=counts_of(5))
    weights = weighted(Case("loss", "cross_entropy"), weighting)(
        batch.logits, batch.labels, reduction="none", **arguments
    )
    weights = weights / plain(batch.logits, batch.labels, reduction="none")
    smoothed = case.criterion(counts_of(5))(batch.logits, batch.labels, reduction="none")
    actual = weighted(case, weighting)(batch.logits, batch.labels, reduction="none", **arguments)
    torch.testing.assert_close(actual, weights * smoothed, rtol=1e-12, atol=1e-12)


def ignoring(batch: Batch, case: Case, rows: Tensor) -> Batch:
    """The batch with other examples put in at some rows, whose labels are to ignore and whose numbers mean nothing."""
    number = len(batch.labels) + len(rows)
    kept = torch.ones(number, dtype=torch.bool).index_fill(0, rows, False)
    features = torch.full((number, batch.features.shape[1]), 1e3, dtype=batch.features.dtype)
    features[kept] = batch.features.detach()
    labels = torch.full((number, *batch.labels.shape[1:]), -1 if case.multi_label else -100)
    labels[kept] = batch.labels
    return Batch(features.requires_grad_(), batch.classifier, labels)


@check(EVERY, unless=unless_random("draws differ with the size of the batch"))
@pytest.mark.parametrize("examples", [3, 12])
def test_ignored_examples_take_part_in_nothing(case: Case, examples: int) -> None:
    rows = torch.tensor([0, 2])
    without, with_ignored = case.criterion(counts_of(5)), case.criterion(counts_of(5))
    for seed in range(2):
        batch = batch_of(case, seed=seed, examples=examples)
        more = ignoring(batch, case, rows)
        kept = torch.ones(examples + 2, dtype=torch.bool).index_fill(0, rows, False)
        before = without.evaluate(batch.logits, batch.labels, **batch.arguments())
        after = with_ignored.evaluate(more.logits, more.labels, **more.arguments())
        for expected, actual in zip(before[:3], after[:3], strict=True):
            torch.testing.assert_close(actual[kept], expected, rtol=1e-12, atol=1e-12)
            assert not actual[~kept].any()
        torch.testing.assert_close(after.mean, before.mean, rtol=1e-12, atol=1e-12)
        assert after.observations.keys() == before.observations.keys()
        for name, values in before.observations.items():
            torch.testing.assert_close(after.observations[name], values, equal_nan=True)
        slopes = gradients(after.mean, more)
        for actual, expected in zip((slopes[0][kept], *slopes[1:]), gradients(before.mean, batch), strict=True):
            torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-12)
    for name, value in without.state_dict().items():
        torch.testing.assert_close(with_ignored.state_dict()[name], value)


@check(EVERY)
def test_an_ignored_example_has_no_loss_and_no_gradient_whatever_its_logits(case: Case) -> None:
    batch, criterion = batch_of(case), case.criterion(counts_of(5))
    labels = batch.labels.index_fill(0, torch.tensor([1, 4]), -1 if case.multi_label else -100)
    logits = batch.logits.detach().clone()
    logits[1], logits[4, 0] = torch.nan, torch.inf
    leaf = logits.requires_grad_()
    inputs, targets = criterion.mix(batch.features, labels)
    ignored = ~included(criterion, targets)
    loss = criterion(leaf, targets, reduction="none", **{**batch.arguments(), "features": inputs})
    assert ignored[[1, 4]].all()
    assert loss.isfinite().all()
    assert not loss[ignored].any()
    (slope,) = torch.autograd.grad(loss.sum(), leaf)
    assert slope.isfinite().all()
    assert not slope[ignored].any()


def included(criterion: Criterion, labels: Tensor) -> Tensor:
    """Which labels are not ignored."""
    counted = criterion.included(labels)
    return torch.ones_like(labels, dtype=torch.bool) if counted is None else counted


def single_label(case: Case) -> str | None:
    """Why there are no unknown entries."""
    return None if case.multi_label else "an example has one label"


@check(EVERY, unless=single_label)
def test_an_unknown_entry_takes_part_in_nothing(case: Case) -> None:
    batch = batch_of(case)
    unknown = torch.rand(12, 5, generator=torch.Generator().manual_seed(3)) < 0.3
    labels = torch.where(unknown, -1, batch.labels)
    other = torch.where(unknown, 1e4 - 5 * batch.logits, batch.logits).detach()
    losses = case.criterion(counts_of(5))(batch.logits, labels, reduction="none", **batch.arguments())
    again = case.criterion(counts_of(5))(other, labels, reduction="none", **batch.arguments())
    assert not losses[unknown].any()
    assert torch.equal(losses[~unknown], again[~unknown])
    mean = case.criterion(counts_of(5))(batch.logits, labels, **batch.arguments())
    torch.testing.assert_close(mean, losses[~unknown].mean())


@check(EVERY)
def test_where_all_are_ignored_the_mean_is_zero(case: Case) -> None:
    batch, criterion = batch_of(case), case.criterion(counts_of(5))
    before = {name: value.clone() for name, value in criterion.state_dict().items()}
    labels = torch.full_like(batch.labels, -1 if case.multi_label else -100)
    inputs, targets = criterion.mix(batch.features, labels)
    loss = criterion(batch.logits, targets, **{**batch.arguments(), "features": inputs})
    assert loss.item() == 0
    assert not any(slope.any() for slope in gradients(loss, batch))
    changed = [name for name, value in before.items() if not torch.equal(value, criterion.state_dict()[name])]
    assert all(name.endswith(".step") for name in changed)  # batches are counted


BAD = {"single_label": (255, -5, 5), "multi_label": (2, -2, 255)}


@check(EVERY)
def test_any_other_bad_label_is_an_error(case: Case) -> None:
    batch = batch_of(case)
    for wrong in BAD[case.task]:
        labels = batch.labels.clone()
        labels.view(-1)[3] = wrong
        criterion = case.criterion(counts_of(5))
        with pytest.raises(ValueError, match=r"^labels: "):
            criterion(batch.logits, criterion.mix(batch.features, labels)[1], **batch.arguments())


def needs_batch(case: Case) -> str | None:
    """What of the batch a loss depends on."""
    modules = case.criterion(counts_of(5)).modules()
    reason = next((str(m.needs_batch) for m in modules if getattr(m, "needs_batch", None)), None)
    return reason and f"depends on {reason}"


def alone_differs(case: Case) -> str | None:
    """Why an example alone has another loss than in a batch."""
    return "draws differ with the size of the batch" if case.random else needs_batch(case)


@check(EVERY, unless=alone_differs)
def test_an_example_alone_has_the_loss_that_it_has_in_a_batch(case: Case) -> None:
    batch = batch_of(case)
    together = losses(case.criterion(counts_of(5)), batch)
    for row in range(12):
        one = Batch(batch.features[row : row + 1], batch.classifier, batch.labels[row : row + 1])
        alone = losses(case.criterion(counts_of(5)), one)
        torch.testing.assert_close(alone[0], together[row], rtol=1e-12, atol=1e-12)


@check(EVERY)
def test_a_batch_of_one_trains(case: Case) -> None:
    criterion = case.criterion(counts_of(5))
    for seed in range(3):
        batch = batch_of(case, examples=1, seed=seed)
        loss = losses(criterion, batch)
        assert loss.shape == case.losses_shape(1, 5)
        assert loss.isfinite().all()
        assert all(slope.isfinite().all() for slope in gradients(loss, batch))


def per_sample(case: Case, criterion: Criterion, batch: Batch, labels: Tensor) -> dict[str, Tensor]:
    """Gradient of every example's loss with regard to the last layer, [N, ...] each."""
    weights = {name: value.detach() for name, value in batch.classifier.named_parameters()}

    def loss(layer: dict[str, Tensor], features: Tensor, label: Tensor) -> Tensor:
        logits = nn.functional.linear(features[None], layer["weight"], layer["bias"])
        classifier: Any = SimpleNamespace(**layer)
        total: Tensor = criterion(logits, label[None], features=features[None], classifier=classifier, progress=0.6)
        return total

    mapped = vmap(grad(loss), in_dims=(None, 0, 0), randomness="different")
    slopes: dict[str, Tensor] = mapped(weights, batch.features.detach(), labels)
    return slopes


@check(EVERY, unless=needs_batch)
@pytest.mark.parametrize("training", [True, False])
def test_gradients_per_sample_are_those_of_examples_alone(case: Case, training: bool) -> None:
    batch = batch_of(case)
    ignored = torch.full_like(batch.labels[:1], -1 if case.multi_label else -100)
    labels = torch.cat([ignored, batch.labels[1:]])
    slopes = per_sample(case, case.criterion(counts_of(5)).train(training), batch, labels)
    assert all(slope.isfinite().all() for slope in slopes.values())
    assert not any(slope[0].any() for slope in slopes.values())
    if training and case.random:
        return
    for row in range(12):
        one = Batch(batch.features[row : row + 1], batch.classifier, labels[row : row + 1])
        torch.default_generator.manual_seed(0)
        loss = case.criterion(counts_of(5)).train(training)(one.logits, one.labels, **one.arguments())
        expected = torch.autograd.grad(loss, [one.classifier.weight, one.classifier.bias])
        for slope, wanted in zip((slopes["weight"], slopes["bias"]), expected, strict=True):
            torch.testing.assert_close(slope[row], wanted, rtol=1e-12, atol=1e-12)


def single_examples_suffice(case: Case) -> str | None:
    """Why per-sample gradients are not refused."""
    return None if needs_batch(case) else "a loss depends on its example alone"


@check(EVERY, unless=single_examples_suffice)
def test_a_method_that_needs_the_batch_says_so_for_gradients_per_sample(case: Case) -> None:
    batch = batch_of(case)
    with pytest.raises(ValueError, match=r"a loss of this method depends on .* the whole batch"):
        per_sample(case, case.criterion(counts_of(5)), batch, batch.labels)


@check(EVERY)
def test_functional_gradients_train_the_running_statistics(case: Case) -> None:
    batch, torch_way, functional_way = batch_of(case), case.criterion(counts_of(5)), case.criterion(counts_of(5))

    def loss(features: Tensor, criterion: Criterion) -> Tensor:
        torch.default_generator.manual_seed(0)
        logits = nn.functional.linear(features, batch.classifier.weight, batch.classifier.bias)
        total: Tensor = criterion(logits, batch.labels, **{**batch.arguments(), "features": features})
        return total

    (expected,) = torch.autograd.grad(loss(batch.features, torch_way), batch.features)
    slope = grad(loss)(batch.features.detach(), functional_way)
    torch.testing.assert_close(slope, expected)
    for name, value in torch_way.state_dict().items():
        torch.testing.assert_close(functional_way.state_dict()[name], value)
