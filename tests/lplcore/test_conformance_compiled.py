"""More of the conformance suite: torch.compile makes one graph of a criterion, whatever the progress and the labels."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor
from torch._dynamo.testing import CompileCounter, CompileCounterWithBackend

from lplcore.method.criterion import Criterion, CriterionOutput
from tests.grids import every
from tests.lplcore.method_cases import Batch, Case, aliases, batch_of, check, counts_of, parts

EVERY = [*parts(), *aliases()]
VALUES = (0.0, 0.1, 0.33, 0.6, 1)
WAYS = ("module", "in_place", "evaluate")


class Leaves(NamedTuple):
    """A batch and its logits without graph, which a compiler takes as they are."""

    batch: Batch
    logits: Tensor

    @property
    def labels(self) -> Tensor:
        return self.batch.labels

    def arguments(self) -> dict[str, Any]:
        return self.batch.arguments()


def allocated(case: Case) -> Criterion:
    criterion = case.criterion(counts_of(5))
    criterion.allocate(6)
    return criterion


@pytest.mark.slow
@check(EVERY, kinds=["perturbation"])
def test_one_compiled_graph_serves_any_progress_and_ignores_or_refuses_labels(case: Case) -> None:
    torch.compiler.reset()
    counter, batch, eager = CompileCounter(), leaf_batch(case), allocated(case)
    loss = torch.compile(allocated(case), backend=counter, fullgraph=True)
    ignored = batch.labels.index_fill(0, torch.tensor([2]), -1 if case.multi_label else -100)
    for progress, labels in zip(VALUES, (batch.labels, ignored) * 3, strict=False):
        arguments = {**batch.arguments(), "progress": progress}
        actual, expected = (seeded(way, batch, labels, arguments) for way in (loss, eager))
        torch.testing.assert_close(actual, expected)
    wrong = batch.labels.index_fill(0, torch.tensor([2]), 2 if case.multi_label else 255)
    with pytest.raises(RuntimeError, match="labels: "):
        seeded(loss, batch, wrong, batch.arguments())
    assert counter.frame_count == 1


def leaf_batch(case: Case) -> Leaves:
    batch = batch_of(case, dtype=torch.float32)
    return Leaves(batch, batch.logits.detach())


def seeded(loss: Callable[..., Tensor], batch: Leaves, labels: Tensor, arguments: dict[str, Any]) -> Tensor:
    torch.default_generator.manual_seed(0)
    return loss(batch.logits, labels, **arguments)


def compiled(way: str, criterion: Criterion, counter: Any) -> Callable[..., Any]:
    if way == "module":
        return torch.compile(criterion, backend=counter, fullgraph=True)
    if way == "evaluate":
        return torch.compile(criterion.evaluate, backend=counter, fullgraph=True)
    criterion.compile(backend=counter, fullgraph=True)
    return criterion


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", every(3, ["ldam_drw", "isda", "influence_balanced"]))
def test_one_graph_however_the_criterion_is_compiled_and_with_a_backend_that_lowers(name: str, way: str) -> None:
    torch.compiler.reset()
    case = Case("method", name)
    counter, batch = CompileCounterWithBackend("aot_eager"), leaf_batch(case)
    criterion = allocated(case).eval()
    expected = [criterion(batch.logits, batch.labels, **{**batch.arguments(), "progress": p}) for p in VALUES]
    loss = compiled(way, criterion, counter)
    for progress, wanted in zip(VALUES, expected, strict=True):
        actual = loss(batch.logits, batch.labels, **{**batch.arguments(), "progress": progress})
        torch.testing.assert_close(actual.mean if isinstance(actual, CriterionOutput) else actual, wanted)
    assert counter.frame_count == 1


@pytest.mark.slow
def test_a_number_that_comes_from_outside_the_compiled_function_costs_one_graph_more() -> None:
    torch.compiler.reset()
    case = Case("method", "isda")
    counter, batch, criterion = (
        CompileCounterWithBackend("aot_eager"),
        leaf_batch(case),
        allocated(case).eval(),
    )

    @torch.compile(backend=counter, fullgraph=True)
    def loss(logits: Tensor, progress: float) -> Tensor:
        total: Tensor = criterion(logits, batch.labels, **{**batch.arguments(), "progress": progress})
        return total

    for step in range(12):
        progress = step / 11
        wanted = criterion(batch.logits, batch.labels, **{**batch.arguments(), "progress": progress})
        torch.testing.assert_close(loss(batch.logits, progress), wanted)
    assert counter.frame_count <= 2
