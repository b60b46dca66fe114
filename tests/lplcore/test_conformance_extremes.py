"""More of the conformance suite: extreme logits, sizes and types, state, what is missing, compilation."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.lplcore.method_cases import (
    Batch,
    Case,
    batch_of,
    check,
    counts_of,
    unless_random,
)
from tests.lplcore.test_conformance import EVERY, gradients, losses


@check(EVERY)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_huge_logits_give_finite_losses_and_gradients(case: Case, dtype: torch.dtype) -> None:
    classes = 4
    rows = 1e4 * torch.tensor([[1, -1, -1, -1], [-1, 1, 1, -1], [0, 0, 0, 0], [1, 1, 1, 1], [-1, -1, 0, 1.0]])
    logits = rows.to(dtype).requires_grad_()
    labels = torch.tensor([0, 0, 1, 2, 3])
    labels = functional.one_hot(labels, classes) if case.multi_label else labels
    features = (100 * torch.randn(5, 6, generator=torch.Generator().manual_seed(0))).to(dtype).requires_grad_()
    layer = nn.Linear(6, classes, dtype=dtype)
    criterion = case.criterion([50, 20, 5, 1])
    for _ in range(2):
        torch.default_generator.manual_seed(0)
        loss = criterion(logits, labels, features=features, classifier=layer, progress=0.9, reduction="none")
        assert loss.dtype == torch.float32
        assert loss.isfinite().all()
        slopes = torch.autograd.grad(loss.sum(), [logits, features, layer.weight], allow_unused=True)
        assert all(g.isfinite().all() for g in slopes if g is not None)


@check(EVERY, unless=unless_random("draws differ between types"))
def test_half_precision_differs_only_by_the_rounding_of_what_comes_in(case: Case) -> None:
    batch = batch_of(case, dtype=torch.bfloat16)
    wide = batch_of(case, dtype=torch.float64)
    exact = Batch(batch.features.detach().double().requires_grad_(), wide.classifier, batch.labels)
    with torch.no_grad():
        for parameter, narrow in zip(exact.classifier.parameters(), batch.classifier.parameters(), strict=True):
            parameter.copy_(narrow)
    logits = batch.logits
    actual = case.criterion(counts_of(5))(logits, batch.labels, reduction="none", **batch.arguments())
    expected = case.criterion(counts_of(5))(logits.double(), batch.labels, reduction="none", **exact.arguments())
    torch.testing.assert_close(actual, expected.float(), rtol=1e-4, atol=1e-4)


@check(EVERY)
@pytest.mark.parametrize("counts", [[40, 0, 7, 0, 2], [0, 0, 0, 0, 9], [1, 1, 1, 1, 1]], ids=str)
def test_classes_without_training_examples_or_absent_from_the_batch_do_no_harm(case: Case, counts: list[int]) -> None:
    batch, criterion = batch_of(case), case.criterion(counts)
    single = (torch.full_like(batch.labels, 4), torch.full_like(batch.labels, 1))
    multi = (torch.zeros_like(batch.labels), torch.ones_like(batch.labels))
    for labels in (batch.labels, *(multi if case.multi_label else single)):
        loss = losses(criterion, batch._replace(labels=labels))
        assert loss.isfinite().all()
        assert all(g.isfinite().all() for g in gradients(loss, batch))


@check(EVERY)
@pytest.mark.parametrize("classes", [2, 8142])
def test_two_classes_and_very_many(case: Case, classes: int) -> None:
    batch = batch_of(case, examples=8, classes=classes, dtype=torch.float32)
    loss = losses(case.criterion(counts_of(classes)), batch)
    assert loss.shape == case.losses_shape(8, classes)
    assert loss.isfinite().all()
    assert all(g.isfinite().all() for g in gradients(loss, batch))


@check(EVERY)
def test_an_empty_batch_has_no_losses(case: Case) -> None:
    batch = batch_of(case, examples=0)
    criterion = case.criterion(counts_of(5))
    assert criterion(batch.logits, batch.labels, reduction="none", **batch.arguments()).shape == case.losses_shape(0, 5)


@check(EVERY)
def test_state_survives_a_checkpoint(case: Case) -> None:
    trained = case.criterion(counts_of(5))
    for seed in range(3):
        losses(trained, batch_of(case, seed=seed, dtype=torch.float32))
    restored = case.criterion(counts_of(5))
    saved = {name: value.clone() for name, value in trained.state_dict().items()}
    restored.load_state_dict(saved)
    batch = batch_of(case, seed=9, dtype=torch.float32)
    assert torch.equal(losses(restored, batch), losses(trained, batch))
    assert restored.state_dict().keys() == trained.state_dict().keys()
    assert all(torch.equal(v, trained.state_dict()[name]) for name, v in restored.state_dict().items())


@check(EVERY)
def test_evaluation_mode_changes_no_state(case: Case) -> None:
    criterion = case.criterion(counts_of(5))
    losses(criterion, batch_of(case))
    before = {name: value.clone() for name, value in criterion.state_dict().items()}
    losses(criterion.eval(), batch_of(case, seed=1))
    criterion.train().perturbation(batch_of(case).logits, batch_of(case).labels, **batch_of(case).arguments())
    assert all(torch.equal(value, before[name]) for name, value in criterion.state_dict().items())


@check(EVERY)
def test_what_a_method_needs_is_asked_for_by_name(case: Case) -> None:
    batch, needed = batch_of(case), set()
    complete = batch.arguments()
    for name in complete:
        rest = {key: value for key, value in complete.items() if key != name}
        try:
            case.criterion(counts_of(5))(batch.logits, batch.labels, **rest)
        except ValueError as error:
            assert str(error).startswith(f"{name}: ")  # noqa: PT017 - any method may do without
            needed.add(name)
    enough = {name: complete[name] for name in needed}
    assert case.criterion(counts_of(5))(batch.logits, batch.labels, **enough).isfinite()


def compiled(case: Case, classes: int) -> Callable[[Tensor, Batch, Tensor], Tensor]:
    criterion = case.criterion(counts_of(classes))
    criterion.allocate(6)

    def loss(logits: Tensor, batch: Batch, progress: Tensor) -> Tensor:
        arguments = {"features": batch.features, "classifier": batch.classifier, "progress": progress}
        total: Tensor = criterion(logits, batch.labels, **arguments)
        return total

    compiled_loss: Callable[[Tensor, Batch, Tensor], Tensor]
    compiled_loss = torch.compile(loss, backend="aot_eager", fullgraph=True)
    return compiled_loss


@pytest.mark.slow
@check(EVERY, kinds=["perturbation"], thin=4)
def test_it_compiles_without_graph_break_and_so_without_waiting_for_the_host(case: Case) -> None:
    torch.compiler.reset()
    batch = batch_of(case, dtype=torch.float32)
    logits = batch.logits.detach().requires_grad_()
    loss = compiled(case, 5)(logits, batch, torch.tensor(0.6))
    assert loss.isfinite()
    if case.random:
        return
    expected = case.criterion(counts_of(5))(logits, batch.labels, **batch.arguments())
    torch.testing.assert_close(loss, expected)
