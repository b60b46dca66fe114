"""The conformance suite: what holds for every method, checked on every plug-in and alias that the scan takes."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from lplcore.frame.part import CriterionPart
from lplcore.method.criterion import Criterion
from lplcore.plugin import get
from tests.lplcore.method_cases import (
    Batch,
    Case,
    aliases,
    batch_of,
    check,
    counts_of,
    number_of,
    parts,
    unless_random,
)
from tests.lplcore.references import REFERENCES, Situation

EVERY = [*parts(), *aliases()]


def losses(criterion: Criterion, batch: Batch, **changes: Any) -> Tensor:
    """[N], with the same random draws at every call."""
    torch.default_generator.manual_seed(0)
    inputs, targets = criterion.mix(batch.features, batch.labels)
    changed = batch._replace(features=inputs)
    loss: Tensor = criterion(changed.logits, targets, reduction="none", **{**changed.arguments(), **changes})
    return loss


def gradients(loss: Tensor, batch: Batch) -> list[Tensor]:
    """With regard to features, weights and bias; zeros where there is no path."""
    wanted = [batch.features, *batch.classifier.parameters()]
    slopes = torch.autograd.grad(loss.sum(), wanted, allow_unused=True)
    return [torch.zeros_like(w) if g is None else g for w, g in zip(wanted, slopes, strict=True)]


def options_of(case: Case) -> dict[str, Any]:
    """All parameters of a plug-in as the case sets them."""
    method = case.criterion([3, 2]).method
    part = next(p for _, p in method.parts() if p.name == case.name and isinstance(p, get(case.kind, case.name)))
    values: dict[str, Any] = part.model_dump()
    return values


def situation(case: Case, batch: Batch, counts: list[int], memory: dict[str, Any]) -> Situation:
    """The batch as the references read it."""
    return Situation(
        logits=batch.logits.tolist(),
        labels=batch.labels.tolist(),
        features=batch.features.tolist(),
        weight=batch.classifier.weight.tolist(),
        progress=float(batch.arguments()["progress"]),
        counts=counts,
        number=number_of(counts),
        options=options_of(case),
        memory=memory,
    )


def no_reference(case: Case) -> str | None:
    """Why there is no loop reference."""
    return case.reference.instead if case.reference.losses is None else None


@check(parts(), unless=no_reference)
def test_agrees_with_a_loop_reference_over_three_batches(case: Case) -> None:
    assert case.reference.losses is not None
    counts: list[int] = counts_of(5)
    memory: dict[str, Any] = {}
    criterion = case.criterion(counts)
    for seed in range(3):
        batch = batch_of(case, seed=seed)
        expected = torch.tensor(case.reference.losses(situation(case, batch, counts, memory)), dtype=torch.float64)
        # Running statistics are kept in float32.
        torch.testing.assert_close(losses(criterion, batch).detach(), expected, rtol=1e-6, atol=1e-6)


def no_neutral(case: Case) -> str | None:
    """Why there is no neutral setting."""
    return case.reference.not_neutral if neutral_setting(case) is None else None


def neutral_setting(case: Case) -> Mapping[str, Any] | None:
    """Parameters at which a plug-in changes nothing."""
    part: type[CriterionPart] = get(case.kind, case.name)
    return part.neutral


@check(parts(), unless=no_neutral)
def test_a_neutral_setting_is_exactly_cross_entropy(case: Case) -> None:
    neutral = neutral_setting(case)
    assert neutral is not None
    batch = batch_of(case, dtype=torch.float32)
    expected = case.base_loss(batch.logits, batch.labels)
    assert torch.equal(losses(case.criterion(counts_of(5), **neutral), batch), expected)


@check(EVERY)
def test_all_ways_to_ask_for_the_loss_agree(case: Case) -> None:
    batch = batch_of(case)
    each = losses(case.criterion(counts_of(5)), batch)
    assert each.shape == case.losses_shape(12, 5)
    for reduction, expected in (("mean", each.mean()), ("sum", each.sum())):
        torch.default_generator.manual_seed(0)
        criterion = case.criterion(counts_of(5))
        inputs, targets = criterion.mix(batch.features, batch.labels)
        mixed = batch._replace(features=inputs)
        reduced = criterion(mixed.logits, targets, reduction=reduction, **mixed.arguments())
        torch.testing.assert_close(reduced, expected)
    torch.default_generator.manual_seed(0)
    criterion = case.criterion(counts_of(5))
    inputs, targets = criterion.mix(batch.features, batch.labels)
    mixed = batch._replace(features=inputs)
    output = criterion.evaluate(mixed.logits, targets, **mixed.arguments())
    torch.testing.assert_close(output.loss, each)
    assert [part.requires_grad for part in output[:3]] == [True, False, False]


@check(EVERY)
def test_the_perturbation_is_what_is_added_to_the_logits(case: Case) -> None:
    batch, criterion = batch_of(case), case.criterion(counts_of(5)).eval()
    torch.default_generator.manual_seed(0)
    delta = criterion.perturbation(batch.logits, batch.labels, **batch.arguments())
    assert delta.shape == (12, 5)
    assert not delta.requires_grad
    torch.default_generator.manual_seed(0)
    output = criterion.evaluate(batch.logits, batch.labels, **batch.arguments())
    targets = batch.labels.to(torch.float64) if case.multi_label else batch.labels
    for part, module in zip(criterion.method.targets, criterion.targets, strict=True):
        if not part.mixes_inputs and not part.only_in_training:
            targets = module(targets, torch.float64)
    loss = criterion.loss(batch.logits + delta, targets, torch.tensor(0.6))
    torch.testing.assert_close(output.perturbed_loss, loss.detach())


def stopped(case: Case) -> str | None:
    """Why gradients are not those of finite differences."""
    return "the gradient stops at the perturbation, see the next check" if case.stops_gradient else None


@check(EVERY, unless=stopped)
def test_gradients_are_those_of_finite_differences(case: Case) -> None:
    batch, criterion = batch_of(case, examples=6), case.criterion(counts_of(5))
    losses(criterion, batch_of(case, examples=30, seed=7))
    criterion.eval()
    fixed = batch.features.detach().clone()

    def loss(features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        seen = fixed if any(part.detached_features for part in case.parts) else features
        layer: Any = SimpleNamespace(weight=weight, bias=bias)
        logits = functional.linear(features, weight, bias)
        torch.default_generator.manual_seed(1)
        total: Tensor = criterion(logits, batch.labels, features=seen, classifier=layer, progress=0.6)
        return total

    assert torch.autograd.gradcheck(loss, (batch.features, *batch.classifier.parameters()), atol=1e-6)


def not_stopped(case: Case) -> str | None:
    """Why the gradient is not that of the base loss at a fixed perturbation."""
    if not case.stops_gradient:
        return "the gradient goes through the perturbation, see the check before"
    return "one perturbation passes its gradient, another stops it: both are checked alone" if passes(case) else None


def passes(case: Case) -> bool:
    """Whether any perturbation of a method passes a gradient."""
    batch, criterion = batch_of(case), case.criterion(counts_of(5))
    with_gradient: list[bool] = []
    for module in criterion.perturbations:
        module.register_forward_hook(lambda _, __, output: with_gradient.append(output.perturbation.requires_grad))
    losses(criterion, batch)
    return any(with_gradient)


@check(EVERY, unless=not_stopped)
def test_the_gradient_is_that_of_the_base_loss_at_a_fixed_perturbation(case: Case) -> None:
    batch, criterion = batch_of(case, examples=6), case.criterion(counts_of(5)).eval()
    delta = criterion.perturbation(batch.logits, batch.labels, **batch.arguments())
    rest = criterion.method.model_copy(update={"perturbations": []})
    unperturbed = Criterion(rest, criterion.statistics).eval()
    base_loss = unperturbed(batch.logits + delta, batch.labels, reduction="none", **batch.arguments())
    expected = gradients(base_loss, batch)
    torch.testing.assert_close(gradients(losses(criterion, batch), batch), expected)


@check(EVERY, unless=unless_random("random draws do not follow the numbering"))
def test_classes_may_be_numbered_otherwise(case: Case) -> None:
    batch, counts = batch_of(case), counts_of(5)
    order = torch.tensor([3, 0, 4, 1, 2])
    place = order.argsort()
    renamed = nn.Linear(6, 5, dtype=torch.float64)
    with torch.no_grad():
        renamed.weight.copy_(batch.classifier.weight[order])
        renamed.bias.copy_(batch.classifier.bias[order])
    labels = batch.labels[:, order] if case.multi_label else place[batch.labels]
    expected = losses(case.criterion(counts), batch)
    actual = losses(case.criterion([counts[c] for c in order]), Batch(batch.features, renamed, labels))
    torch.testing.assert_close(actual, expected[:, order] if case.multi_label else expected)


def shifts_count(case: Case) -> str | None:
    """Why a constant on all logits changes the loss."""
    if case.multi_label:
        return "a sigmoid per class"
    invariant = all(part.shift_invariant() for part in case.parts)
    return None if invariant else "not a function of logit differences alone"


@check(EVERY, unless=shifts_count)
def test_a_constant_on_all_logits_of_an_example_changes_nothing(case: Case) -> None:
    criterion, batch = case.criterion(counts_of(5)).eval(), batch_of(case)
    torch.default_generator.manual_seed(0)
    expected = criterion(batch.logits, batch.labels, reduction="none", **batch.arguments())
    torch.default_generator.manual_seed(0)
    shift = torch.arange(12.0, dtype=torch.float64)[:, None]
    shifted = criterion(batch.logits + shift, batch.labels, reduction="none", **batch.arguments())
    torch.testing.assert_close(shifted, expected)


def test_references_are_of_plug_ins_that_there_are() -> None:
    assert set(REFERENCES) <= {case.key for case in parts()}
