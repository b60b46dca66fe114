"""What a GPU's training step costs, and how near it is to the card's limits.

    python -m benchmarks.gpu_goals [--epochs 200] [--rounds 5] [--images 12406] [--only NAME ...]

ResNet-32 on random images of the size and number of CIFAR-10-LT at imbalance factor 100 (12,406 for training, 10,000
for testing), batch 128, `precision: auto`: (1) seconds of a whole run with evaluation every epoch; (2) LPL beside cross
entropy, in turns, 50 steps each; (3) five seeds in one process beside one alone; (4) deterministic algorithms beside
any; (5) ResNet-50 on 224 x 224 images in the trainer beside the same network, precision and optimiser on one batch that
lies on the device; (6) the step's arithmetic and memory traffic beside what the card does in a large matrix product and
a large copy. Throughput beside an ordinary DataLoader script is `benchmarks.resnet32_throughput`.
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

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

import lplcore
from benchmarks.environment import environment, print_table, save
from lplcore.device import deterministic_algorithms
from lplcore.events import EpochEnd, RunEnd
from lplcore.spec.experiment import parse_spec
from lplcore.training.run import TrainingRun
from lplcore.training.streams import OwnStream

DEVICE = torch.device("cuda")
CLASSES, BATCH, SEEDS, BLOCK = 10, 128, 5, 50
Row = dict[str, Any]
Data = dict[str, lplcore.RegisteredDataset]


def random_images(folder: Path, name: str, *, train: int, test: int, size: int) -> Data:
    """A registered data set of random images with a long tail like CIFAR-10-LT's."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (max(train, test), 3, size, size), dtype=np.uint8)
    share = 0.01 ** (np.arange(CLASSES) / (CLASSES - 1))
    labels = np.sort(rng.choice(CLASSES, len(images), p=share / share.sum()))
    labels[:CLASSES] = np.arange(CLASSES)
    path = folder / f"{name}.npz"
    np.savez(path, x_train=images[:train], y_train=labels[:train], x_test=images[:test], y_test=labels[:test])
    return {name: lplcore.RegisteredDataset(name=name, format="arrays", path=str(path), task="single_label")}


def spec_of(dataset: str, **changes: Any) -> dict[str, Any]:
    """A spec on one of them."""
    return {
        "dataset": {"name": dataset},
        "model": {"name": "resnet32"},
        "method": "cross_entropy",
        "augmentation": "pad_crop_flip",
        "epochs": 100_000,
        "batch_size": BATCH,
        "device": "cuda",
        **changes,
    }


class Steps:
    """A run of which steps are taken one after another, epoch after epoch, on a stream of its own."""

    def __init__(self, spec: dict[str, Any], data: Data, *, seed: int = 0) -> None:
        parsed = parse_spec({**spec, "seeds": [seed]}, datasets=data)
        self.run = TrainingRun(parsed, device=DEVICE, data_dir="data", datasets=data)
        torch.cuda.synchronize()
        self.stream = OwnStream(DEVICE)
        with deterministic_algorithms():
            self.take(3 * BLOCK)
        torch.cuda.synchronize()

    def take(self, number: int) -> None:
        """Launch that many steps."""
        with self.stream.entered():
            for _ in range(number):
                if self.run.step == self.run.steps:
                    self.run.epoch, self.run.step = self.run.epoch + 1, 0
                    self.run.draw_epoch()
                self.run.train_step()


def seconds(work: Callable[[], object]) -> float:
    """How long some work takes on the device."""
    torch.cuda.synchronize()
    started = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return time.perf_counter() - started


def in_turns(works: dict[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each work in every round but the first."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds + 1):
        for name, work in works.items():
            times[name].append(seconds(work))
    return {name: values[1:] for name, values in times.items()}


def whole_run(data: Data, name: str, epochs: int) -> Iterator[Row]:
    """Seconds of a run with evaluation every epoch."""
    for method in ("cross_entropy", "lpl"):
        started = time.perf_counter()
        events = list(lplcore.train(spec_of(name, epochs=epochs, method=method), datasets=data))
        end = events[-1]
        assert isinstance(end, RunEnd)
        assert end.outcome == "succeeded", end.message
        rates = [e.metrics["train/examples_per_second"] or 0.0 for e in events if isinstance(e, EpochEnd)]
        yield {
            "what": f"{epochs} epochs with evaluation, {method}",
            "value": time.perf_counter() - started,
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
    """Several seeds in one process, a stream and a graph each, beside one."""
    runs = [Steps(spec_of(name), data, seed=seed) for seed in range(SEEDS)]

    def together() -> None:
        for _ in range(BLOCK):
            for run in runs:
                run.take(1)

    times = in_turns({"one seed": lambda: runs[0].take(BLOCK), f"{SEEDS} seeds": together}, rounds)
    yield from beside("a step of each", times, of="one seed", per=BLOCK)


def large_images(folder: Path, rounds: int) -> Iterator[Row]:
    """ResNet-50 at 224 in the trainer beside its speed on one batch that stays on the device."""
    data = random_images(folder, "large", train=2048, test=CLASSES, size=224)
    options = {"model": {"name": "resnet50"}, "precision": "bf16", "augmentation": "none"}
    run = Steps(spec_of("large", **options), data)
    state, inputs, labels = run.run.state, run.run.train_split.x[:BATCH], run.run.train_split.y[:BATCH]
    resident = run.run.network_input(inputs)

    def step() -> None:
        for parameter in state.parameters():
            parameter.grad = None
        torch.autograd.backward(functional.cross_entropy(state.forward(resident).logits.float(), labels))
        state.optimizer.step()

    graph = graph_of(step)
    works = {
        "alone, resident batch": lambda: [graph.replay() for _ in range(5)] and None,
        "trainer": lambda: run.take(5),
    }
    yield from beside("ResNet-50 step at 224, bf16", in_turns(works, rounds), of="alone, resident batch", per=5)


def replayed(graph: torch.cuda.CUDAGraph, times: int) -> None:
    """Replay a graph several times."""
    for _ in range(times):
        graph.replay()


def graph_of(step: Callable[[], None]) -> torch.cuda.CUDAGraph:
    """A step as a CUDA graph."""
    stream: Any = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    graph = torch.cuda.CUDAGraph()
    with deterministic_algorithms():
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(3):
                step()
        torch.cuda.current_stream().wait_stream(stream)
        with torch.cuda.graph(graph, stream=stream):
            step()
    return graph


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


def limits(data: Data, name: str) -> Iterator[Row]:
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

    inputs = run.network_input(run.train_split.x[:BATCH])
    counter = FlopCounterMode(display=False)
    with counter, torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        torch.autograd.backward(run.state.forward(inputs).logits.float().sum())
    weights = sum(parameter.numel() * 4 for parameter in run.state.parameters())
    return float(counter.get_total_flops()), float(2 * saved + 6 * weights)


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
