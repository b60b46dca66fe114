"""What a GPU's training step costs, and how near it is to the card's limits.

    python -m benchmarks.gpu_goals [--epochs 200] [--rounds 5] [--images 12406] [--only NAME ...]

ResNet-32 on random images of the size and number of CIFAR-10-LT at imbalance factor 100 (12,406 for training, 10,000
for testing), batch 128, `precision: auto`: (1) seconds of a whole run with evaluation every epoch; (2) LPL beside cross
entropy, in turns, 50 steps each; (3) deterministic algorithms beside any; (4) ResNet-50 on 224 x 224 images in the
trainer beside the same network, precision and optimiser on one batch that lies on the device; (5) the step's arithmetic
and memory traffic beside what the card does in a large matrix product and a large copy; (6) the steps of five seeds in
turns beside those of one. Beside an ordinary DataLoader script: `benchmarks.resnet32_throughput`; whole runs of several
seeds in one process: `benchmarks.packing`.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

import lplcore
from benchmarks.cuda_graphs import graph_of
from benchmarks.environment import environment, print_table, save
from benchmarks.gpu_limits import limits
from benchmarks.gpu_steps import BATCH, BLOCK, CLASSES, Data, Steps, random_images, seconds, spec_of
from lplcore.device import deterministic_algorithms
from lplcore.events import EpochEnd, RunEnd

SEEDS = 5
Row = dict[str, Any]


def in_turns(works: dict[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each work in every round but the first."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds + 1):
        for name, work in works.items():
            times[name].append(seconds(work))
    return {name: values[1:] for name, values in times.items()}


def whole_run(data: Data, name: str, epochs: int) -> Iterator[Row]:
    """Seconds of a run of LPL with evaluation every epoch, from its first request to its last event."""
    started = time.perf_counter()
    events = list(lplcore.train(spec_of(name, epochs=epochs, method="lpl"), datasets=data))
    elapsed, end = time.perf_counter() - started, events[-1]
    assert isinstance(end, RunEnd)
    assert end.outcome == "succeeded", end.message
    rates = [e.metrics["train/examples_per_second"] or 0.0 for e in events if isinstance(e, EpochEnd)]
    yield {
        "what": f"{epochs} epochs of LPL with evaluation",
        "value": elapsed,
        "unit": "s",
        "training images/s (median)": statistics.median(rates),
    }


def methods(data: Data, name: str, rounds: int) -> Iterator[Row]:
    """LPL and others beside cross entropy."""
    runs = {
        method: Steps(spec_of(name, method=method), data)
        for method in ("cross_entropy", "lpl", "logit_adjustment", "la_lpl", "isda")
    }
    times = in_turns({method: partial(run.take, BLOCK) for method, run in runs.items()}, rounds)
    yield from beside("step", times, of="cross_entropy", per=BLOCK)


def determinism(data: Data, name: str, rounds: int) -> Iterator[Row]:
    """The price of algorithms whose result does not depend on timing."""
    works: dict[str, Callable[[], None]] = {}
    for label, context in (("deterministic", deterministic_algorithms), ("any, the fastest", fastest_algorithms)):
        works[label] = captured_step(Steps(spec_of(name), data), context())
    yield from beside("step, algorithms", in_turns(works, rounds), of="deterministic", per=BLOCK)


@contextmanager
def fastest_algorithms() -> Iterator[None]:
    """Inside, convolutions take the algorithm that a trial has shown to be the fastest."""
    torch.backends.cudnn.benchmark = True
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = False


def captured_step(steps: Steps, context: AbstractContextManager[None]) -> Callable[[], None]:
    """A block of steps that were captured within a context."""
    with context:
        assert steps.run.captured is not None
        steps.run.captured.forget()
        steps.take(3 * BLOCK)
    return partial(steps.take, BLOCK)


def packing(data: Data, name: str, rounds: int) -> Iterator[Row]:
    """Several seeds in turns, a stream and a graph each as `lplcore.train_together` has them, beside one."""
    runs = [Steps(spec_of(name), data, seed=seed) for seed in range(SEEDS)]

    def together() -> None:
        for _ in range(BLOCK):
            for run in runs:
                run.take(1)

    times = in_turns({"one seed": partial(runs[0].take, BLOCK), f"{SEEDS} seeds": together}, rounds)
    yield from beside("a step of each", times, of="one seed", per=BLOCK)


def large_images(folder: Path, rounds: int) -> Iterator[Row]:
    """ResNet-50 at 224 in the trainer beside its speed on one batch that stays on the device."""
    data = random_images(folder, "large", train=2048, test=CLASSES, size=224)
    options = {"model": {"name": "resnet50"}, "precision": "bf16", "augmentation": "none"}
    run = Steps(spec_of("large", **options), data)
    state, inputs, labels = run.run.state, run.run.train_split.held[:BATCH], run.run.train_split.y[:BATCH]
    resident = run.run.network_input(inputs)

    def step() -> None:
        for parameter in state.parameters():
            parameter.grad = None
        torch.autograd.backward(functional.cross_entropy(state.forward(resident).logits.float(), labels))
        state.optimizer.step()

    with deterministic_algorithms():
        graph = graph_of(step)
    works: dict[str, Callable[[], None]] = {
        "alone, resident batch": partial(replayed, graph, 5),
        "trainer": partial(run.take, 5),
    }
    yield from beside("ResNet-50 step at 224, bf16", in_turns(works, rounds), of="alone, resident batch", per=5)


def replayed(graph: torch.cuda.CUDAGraph, times: int) -> None:
    """Replay a graph several times."""
    for _ in range(times):
        graph.replay()


def beside(what: str, times: dict[str, list[float]], *, of: str, per: int) -> Iterator[Row]:
    """A row for each work: milliseconds and the ratio to one of them, medians over rounds."""
    for name, values in times.items():
        ratios = [value / own for value, own in zip(values, times[of], strict=True)]
        yield {
            "what": f"{what}: {name}",
            "value": 1000 * statistics.median(values) / per,
            "unit": "ms",
            f"ratio to {of}": statistics.median(ratios),
            "lowest ratio": min(ratios),
            "highest ratio": max(ratios),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=12_406)
    parser.add_argument("--only", nargs="*", help="whole, methods, determinism, packing, large, limits")
    arguments = parser.parse_args()
    rounds, rows = arguments.rounds, list[Row]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = random_images(folder, "random_images", train=arguments.images, test=10_000, size=32)
        parts: dict[str, Callable[[], Iterator[Row]]] = {
            "limits": lambda: limits(data, "random_images"),
            "methods": lambda: methods(data, "random_images", rounds),
            "determinism": lambda: determinism(data, "random_images", rounds),
            "packing": lambda: packing(data, "random_images", rounds),
            "large": lambda: large_images(folder, rounds),
            "whole": lambda: whole_run(data, "random_images", arguments.epochs),
        }
        print(environment(), flush=True)
        for part, make in parts.items():
            if arguments.only and part not in arguments.only:
                continue
            new = list(make())
            rows += new
            for row in new:
                print_table([row])
            save("gpu_goals_cuda", settings={**vars(arguments), "batch": BATCH, "statistic": "median"}, rows=rows)


if __name__ == "__main__":
    main()
