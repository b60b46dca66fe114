"""How near a training step is to what the card can do: operations and bytes over measured ceilings."""

import statistics
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.gpu_steps import BATCH, BLOCK, DEVICE, Data, Steps, seconds, spec_of
from lplcore.models.fused import launches


def limits(data: Data, name: str) -> Iterator[dict[str, Any]]:
    """The shares of the card's arithmetic and of its memory's bandwidth that a step of cross entropy uses."""
    run = Steps(spec_of(name), data)
    milliseconds = 1000 * seconds(lambda: run.take(BLOCK)) / BLOCK
    operations, moved = work_of(run)
    size = 8192
    left, right = (torch.randn(size, size, device=DEVICE, dtype=torch.bfloat16) for _ in range(2))
    source = torch.randint(256, (2**31,), device=DEVICE, dtype=torch.uint8)
    target = torch.empty_like(source)
    rate = median_rate(lambda: left @ right, 2 * size**3)
    bandwidth = median_rate(lambda: target.copy_(source), 2 * source.numel())
    yield {"what": "large bf16 matrix product", "value": rate / 1e12, "unit": "TFLOP/s"}
    yield {"what": "large copy, read and written", "value": bandwidth / 1e12, "unit": "TB/s"}
    yield {"what": "step", "value": milliseconds, "unit": "ms"}
    yield {
        "what": "share of the matrix rate",
        "value": operations / rate / milliseconds * 1000,
        "unit": "of 1",
        "operations": operations,
    }
    yield {
        "what": "share of the bandwidth",
        "value": moved / bandwidth / milliseconds * 1000,
        "unit": "of 1",
        "bytes": moved,
    }


def median_rate(work: Callable[[], object], amount: float) -> float:
    """Amount of work a second."""
    return amount / statistics.median(seconds(work) for _ in range(10))


def work_of(steps: Steps) -> tuple[float, float]:
    """Floating point operations of a step, and the least bytes it moves.

    Each activation that the backward pass needs is written once and read once, parameters, gradients and momentum are
    read and written once.
    """
    run, saved = steps.run, 0

    def pack(tensor: Tensor) -> Tensor:
        nonlocal saved
        saved += tensor.numel() * tensor.element_size()
        return tensor

    inputs = run.network_input(run.train_split.held[:BATCH])
    counter = FlopCounterMode(display=False)
    # The counter does not see kernels of our own.
    with counter, launches.enabled(False), torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        torch.autograd.backward(run.state.forward(inputs).logits.float().sum())
    weights = sum(parameter.numel() * 4 for parameter in run.state.parameters())
    return float(counter.get_total_flops()), float(2 * saved + 6 * weights)
