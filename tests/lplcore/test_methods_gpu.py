"""Every method on a GPU: as on the CPU, without waiting for the host, and captured in a CUDA graph."""

import copy
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.lplcore.method_cases import Batch, Case, aliases, batch_of, counts_of, parts
from tests.lplcore.synchronisation import synchronisation_is_an_error

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")]
EVERY = [*parts(), *aliases()]
EXACT = [case for case in EVERY if not case.random]


def on_gpu(batch: Batch) -> Batch:
    """The batch on the GPU."""
    features = batch.features.detach().cuda().requires_grad_()
    return Batch(features, copy.deepcopy(batch.classifier).cuda(), batch.labels.cuda())


def arguments(batch: Batch) -> dict[str, Any]:
    """What a method may need, with progress as a tensor."""
    return {**batch.arguments(), "progress": torch.tensor(0.6, device=batch.features.device)}


def gradient(loss: Tensor, batch: Batch) -> list[Tensor]:
    """With regard to features and weights, on the CPU."""
    wanted = [batch.features, *batch.classifier.parameters()]
    actual = torch.autograd.grad(loss, wanted, allow_unused=True)
    return [torch.zeros_like(w).cpu() if g is None else g.cpu() for w, g in zip(wanted, actual, strict=True)]


@pytest.mark.parametrize("case", EXACT, ids=str)
def test_the_gpu_agrees_with_the_cpu(case: Case) -> None:
    on_cpu = case.criterion(counts_of(30))
    on_device = case.criterion(counts_of(30)).cuda()
    for seed in range(3):
        batch = batch_of(case, examples=40, classes=30, seed=seed)
        moved = on_gpu(batch)
        expected = on_cpu(batch.logits, batch.labels, **arguments(batch))
        actual = on_device(moved.logits, moved.labels, **arguments(moved))
        torch.testing.assert_close(actual.cpu(), expected, rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(gradient(actual, moved), gradient(expected, batch), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", EVERY, ids=str)
def test_a_step_never_waits_for_the_host(case: Case) -> None:
    criterion = case.criterion(counts_of(30)).cuda()
    criterion.allocate(6, torch.device("cuda"))
    batch = on_gpu(batch_of(case, examples=40, classes=30, dtype=torch.float32))
    passed = arguments(batch)
    gradient(criterion(batch.logits, batch.labels, **passed), batch)
    with synchronisation_is_an_error():
        loss = criterion.evaluate(batch.logits, batch.labels, **passed).loss.mean()
        torch.autograd.grad(loss, batch.features)


@pytest.mark.parametrize("case", EVERY, ids=str)
def test_a_step_is_captured_in_a_cuda_graph_and_replays(case: Case) -> None:
    criterion, eager = (case.criterion(counts_of(30)).cuda() for _ in range(2))
    batch = on_gpu(batch_of(case, examples=40, classes=30, dtype=torch.float32))
    logits = batch.logits.detach().clone().requires_grad_()
    passed = {**arguments(batch), "features": batch.features.detach().clone()}
    for module in (criterion, eager):
        module.allocate(6, torch.device("cuda"))
    start = copy.deepcopy(criterion.state_dict())
    side: Any = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            torch.autograd.grad(criterion(logits, batch.labels, **passed), logits)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        loss = criterion(logits, batch.labels, **passed)
        slope = torch.autograd.grad(loss, logits)[0]
    criterion.load_state_dict(start)
    for seed in range(2):
        other = on_gpu(batch_of(case, examples=40, classes=30, seed=seed, dtype=torch.float32))
        with torch.no_grad():
            logits.copy_(other.logits)
            passed["features"].copy_(other.features)
        graph.replay()
        torch.cuda.synchronize()
        assert loss.isfinite()
        assert slope.isfinite().all()
        if case.random:
            continue
        expected = eager(logits, batch.labels, **passed)
        torch.testing.assert_close(loss, expected, rtol=1e-4, atol=1e-5)
