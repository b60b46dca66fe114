"""LPL's kernel on a GPU, against the walk in float64: right, complete, the same every time, and without the host."""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils import deterministic

from lplcore.perturbations.lpl import kernel
from tests.lplcore.lpl_kernel_cases import KINDS, assert_near, assert_same_observations, batch, both
from tests.lplcore.synchronisation import synchronisation_is_an_error

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA"),
    pytest.mark.skipif(find_spec("triton") is None, reason="needs Triton"),
]

LIMITS = {torch.float32: 1e-5, torch.float64: 1e-12}
DEFAULTS: dict[str, Any] = {"threshold": 0.4, "epsilon": 0.0, "delta_epsilon": 2.0, "step_size": 0.1}
PERFORMANCE: dict[str, Any] = {"split": "performance", "delta_epsilon": 0.4, "step_size": 0.05}
OTHERS: list[dict[str, Any]] = [
    {**DEFAULTS, "normalize": "none"},
    {**DEFAULTS, "num_steps": 1},
    {**DEFAULTS, "bound_from": "performance", "num_steps": 8},
    {**DEFAULTS, "epsilon": 30.0, "step_size": 3.0},
    {**DEFAULTS, "epsilon": 100.0, "step_size": 40.0},
    PERFORMANCE,
    {**PERFORMANCE, "q_estimate": "running"},
]


@pytest.fixture(autouse=True)
def the_kernel() -> Iterator[None]:
    """Every test has it on, and on a GPU where it does not run each fails: its warning is an error."""
    with kernel.enabled():
        yield


def on_gpu(kind: str, classes: int, size: int) -> tuple[Tensor, Tensor]:
    logits, labels = batch(kind, classes, size)
    return logits.cuda(), labels.cuda()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("classes", [2, 10, 100, 1000, 8142])
def test_the_kernel_walks_as_the_walk_does(classes: int, dtype: torch.dtype) -> None:
    compiled, traced = (criterion.cuda() for criterion in both(classes, **DEFAULTS))
    for size in (1, 7, 128, 512):
        for kind in KINDS:
            logits, labels = on_gpu(kind, classes, size)
            assert kernel.usable(logits)
            result = compiled.perturbation(logits.to(dtype), labels)
            assert result.dtype == dtype
            assert_near(result, traced.perturbation(logits.double(), labels), LIMITS[dtype])


@pytest.mark.parametrize("options", OTHERS, ids=str)
def test_every_option_walks_as_the_walk_does(options: dict[str, Any]) -> None:
    for classes, size in ((10, 128), (100, 48)):
        compiled, traced = (criterion.cuda() for criterion in both(classes, **options))
        for kind in KINDS:
            logits, labels = on_gpu(kind, classes, size)
            exact = traced.perturbation(logits.double(), labels)
            assert_near(compiled.perturbation(logits, labels), exact, 1e-5)


@pytest.mark.parametrize("options", [DEFAULTS, PERFORMANCE, {**PERFORMANCE, "q_estimate": "running"}], ids=str)
@pytest.mark.parametrize(("classes", "size"), [(10, 128), (1000, 128)])
def test_what_a_trainer_records_is_that_of_the_walk(options: dict[str, Any], classes: int, size: int) -> None:
    compiled, traced = (criterion.cuda() for criterion in both(classes, **options))
    logits, labels = on_gpu("random", classes, size)
    output, exact = compiled.evaluate(logits, labels), traced.evaluate(logits.double(), labels)
    torch.testing.assert_close(output.loss.double(), exact.loss, rtol=1e-5, atol=1e-5)
    assert_same_observations(output.observations, exact.observations)
    assert compiled.state_dict().keys() == traced.state_dict().keys()


@pytest.mark.parametrize("classes", [10, 1000, 8142])
def test_every_entry_is_written_and_two_runs_are_the_same_bits(classes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = both(classes, **DEFAULTS)[0].cuda()
    logits, labels = on_gpu("fitted", classes, 512)
    plain = compiled.perturbation(logits, labels)
    monkeypatch.setattr(deterministic, "fill_uninitialized_memory", True)
    torch.use_deterministic_algorithms(True)
    try:
        assert torch.empty(1, device="cuda").isnan().all()
        again = [compiled.perturbation(logits, labels) for _ in range(2)]
    finally:
        torch.use_deterministic_algorithms(False)
    assert torch.isfinite(plain).all()
    assert torch.equal(plain, again[0])
    assert torch.equal(plain, again[1])


@pytest.mark.parametrize("options", [DEFAULTS, PERFORMANCE], ids=str)
@pytest.mark.parametrize("classes", [10, 1000])
def test_a_graph_replays_the_bits_of_the_eager_kernel(options: dict[str, Any], classes: int) -> None:
    compiled = both(classes, **options)[0].cuda()
    first, labels = on_gpu("random", classes, 128)
    logits, second = first.clone(), first.flip(0).clone()
    eager = [compiled.perturbation(values, labels) for values in (first, second)]
    graph = torch.cuda.CUDAGraph()
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        compiled.perturbation(logits, labels)
    torch.cuda.current_stream().wait_stream(stream)
    with torch.cuda.graph(graph):
        captured = compiled.perturbation(logits, labels)
    for values, expected in zip((first, second), eager, strict=True):
        logits.copy_(values)
        captured.fill_(torch.nan)
        graph.replay()
        assert torch.equal(captured, expected)


def test_the_loss_alone_and_with_what_a_trainer_records_are_the_same_bits() -> None:
    for classes in (10, 1000):
        compiled = both(classes, **DEFAULTS)[0].cuda()
        logits, labels = on_gpu("random", classes, 128)
        alone = compiled(logits, labels, reduction="none")
        assert torch.equal(alone, compiled.evaluate(logits, labels).loss)


@pytest.mark.parametrize("options", [DEFAULTS, PERFORMANCE], ids=str)
def test_the_host_waits_for_nothing(options: dict[str, Any]) -> None:
    compiled = both(100, **options)[0].cuda()
    logits, labels = on_gpu("random", 100, 64)
    compiled.evaluate(logits, labels)
    leaf = logits.requires_grad_()
    with synchronisation_is_an_error():
        torch.autograd.grad(compiled.evaluate(leaf, labels).loss.sum(), leaf)


def test_logits_and_labels_may_lie_anyhow() -> None:
    compiled = both(10, **DEFAULTS)[0].cuda()
    logits, labels = on_gpu("random", 10, 33)
    expected = compiled.perturbation(logits[1:].clone(), labels[1:].clone())
    assert torch.equal(compiled.perturbation(logits[1:], labels[1:]), expected)
    assert torch.equal(compiled.perturbation(logits.t().contiguous().t()[1:], labels[1:]), expected)
