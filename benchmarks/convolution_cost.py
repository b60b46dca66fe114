"""Convolution and normalisation of ResNet-32 by their kernels beside torch's on a GPU, in CUDA graphs.

    python -m benchmarks.convolution_cost [--rounds 5] [--sweep]

Batch 128, bf16, channels_last, weights in float32 that both sides round. A graph holds ten times the same work; the
figures are medians over rounds in microseconds, all variants of a shape one after the other in every round. Results
and gradients are compared with float64 before anything is timed. `--sweep` times other tiles of the kernels instead,
and prints the best: about three minutes, of which compiling is the most.
"""

import argparse
import itertools
import statistics
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.cuda_graphs import graph_of, microseconds
from benchmarks.environment import environment, print_table, save
from lplcore.models.fused import launches
from lplcore.models.fused.launches import Chunk, Tile
from lplcore.models.fused.unit import Saved
from tests.lplcore.fused_unit_cases import Sizes, check_convolution, check_normalisation, drawn

SHAPES = [
    Sizes(128, 3, 16, 32, 32, 1),
    Sizes(128, 16, 16, 32, 32, 1),
    Sizes(128, 16, 32, 32, 32, 2),
    Sizes(128, 32, 32, 16, 16, 1),
    Sizes(128, 32, 64, 16, 16, 2),
    Sizes(128, 64, 64, 8, 8, 1),
]
CHECKED = 2e-5
"""Share of the largest exact value by which sums of tensor cores may be off."""
REPEATED = 10
"""Times that a graph does its work."""
REPLAYS = 10

Work = Callable[[], object]


class Layer:
    """One convolution, normalisation, sum and ReLU, and what they are given."""

    def __init__(self, sizes: Sizes) -> None:
        n, self.channels, c, height, width, self.stride = sizes
        self.x = drawn(n, self.channels, height, width, device="cuda", seed=1)
        self.weight = drawn(c, self.channels, 3, 3, device="cuda", seed=2, dtype=torch.float32)
        self.norm = nn.BatchNorm2d(c).cuda()
        self.scale, self.shift = (value.detach() for value in (self.norm.weight, self.norm.bias))
        self.y, partials = launches.convolve(self.x, self.weight, self.stride)
        assert partials is not None
        self.partials = partials
        self.above, self.shortcut = (drawn(*self.y.shape, device="cuda", seed=seed) for seed in (3, 4))
        self.moments = launches.statistics(self.y, self.partials, self.norm)
        self.out = self.normalise()

    def normalise(self) -> Tensor:
        """By the kernels."""
        moments = launches.statistics(self.y, self.partials, self.norm)
        return launches.normalise(self.y, moments, (self.scale, self.shift), self.shortcut, relu=True)

    def kernels(self) -> dict[str, Work]:
        """Each part by the kernels."""
        saved = Saved(self.y, self.out, self.moments, self.scale)
        return {
            "forward": lambda: launches.convolve(self.x, self.weight, self.stride),
            "input gradient": lambda: launches.input_gradient(self.above, self.weight, self.x, self.stride),
            "weight gradient": lambda: launches.weight_gradient(self.above, self.weight, self.x, self.stride),
            "normalisation": self.normalise,
            "normalisation backward": lambda: launches.normalise_backward(self.above, saved, torch.bfloat16, relu=True),
        }

    def torch(self) -> dict[str, Work]:
        """Each part by torch."""
        return {
            "forward": lambda: functional.conv2d(self.x, self.weight.bfloat16(), padding=1, stride=self.stride),
            "input gradient": lambda: self.backward(0),
            "weight gradient": lambda: self.backward(1).float(),
            "normalisation": lambda: functional.relu_(self.norm(self.y).add_(self.shortcut)),
            "normalisation backward": self.normalise_backward,
        }

    def backward(self, which: int) -> Tensor:
        """A gradient of the convolution by torch."""
        mask = [which == 0, which == 1, False]
        geometry = ([self.stride] * 2, [1, 1], [1, 1], False, [0, 0], 1, mask)
        gradients = torch.ops.aten.convolution_backward(self.above, self.x, self.weight.bfloat16(), None, *geometry)
        gradient: Tensor = gradients[which]
        return gradient

    def normalise_backward(self) -> object:
        """By torch."""
        above = torch.ops.aten.threshold_backward(self.above, self.out, 0)
        statistics = (self.norm.running_mean, self.norm.running_var, self.moments[0], self.moments[1])
        return torch.ops.aten.native_batch_norm_backward(
            above, self.y, self.scale, *statistics, True, 1e-5, [True, True, True]
        )


def captured(work: Work) -> Work:
    """A replay of a graph that does the work several times."""

    def repeated() -> None:
        for _ in range(REPEATED):
            work()

    graph = graph_of(repeated)
    graph.replay()
    return graph.replay


@torch.no_grad()
def measure(sizes: Sizes, *, rounds: int) -> list[dict[str, Any]]:
    """A row for each part of a shape."""
    layer = Layer(sizes)
    sides = {"kernels": layer.kernels(), "torch": layer.torch()}
    if layer.channels == 3:
        for works in sides.values():
            works.pop("input gradient")
    replays = {(part, side): captured(work) for side, works in sides.items() for part, work in works.items()}
    times: dict[tuple[str, str], list[float]] = {key: [] for key in replays}
    for _ in range(rounds):
        for key, replay in replays.items():
            times[key].append(microseconds(replay, REPLAYS) / REPEATED)
    return [row(sizes, part, times) for part in sides["kernels"]]


def row(sizes: Sizes, part: str, times: dict[tuple[str, str], list[float]]) -> dict[str, Any]:
    """Medians of a part, and the least and the most of the kernels'."""
    ours, theirs = (statistics.median(times[part, side]) for side in ("kernels", "torch"))
    return {
        "in": sizes.channels,
        "out": sizes.to_channels,
        "height": sizes.height,
        "part": part,
        "kernels us": ours,
        "least": min(times[part, "kernels"]),
        "most": max(times[part, "kernels"]),
        "torch us": theirs,
        "torch / kernels": theirs / ours,
    }


@contextmanager
def replaced(name: str, value: Any) -> Iterator[None]:
    """Inside, the launches have another constant."""
    before = getattr(launches, name)
    setattr(launches, name, value)
    try:
        yield
    finally:
        setattr(launches, name, before)


def candidates(channels: int) -> dict[str, tuple[str, list[Any]]]:
    """Part -> name of a constant of the launches, and its other values for a number of channels."""
    conv = [
        Tile(pixels, width, depth, warps, stages)
        for pixels, depth, (warps, stages) in itertools.product((64, 128, 256), (16, 32, 64), ((4, 3), (8, 3), (4, 5)))
        for width in {channels, min(channels, 32)}
        if pixels * depth * stages <= 256 * 64 * 3
    ]
    weights = [
        Chunk(length, pixels, depth, 4, 3)
        for length, pixels, depth in itertools.product((128, 256, 512, 1024), (32, 64, 128), (32, 64, 128))
        if pixels <= length
    ]
    return {
        "forward": ("CONVOLUTION", conv),
        "input gradient": ("CONVOLUTION", conv),
        "weight gradient": ("WEIGHTS", weights),
        "normalisation": ("APPLIED", [1024, 2048, 4096, 8192]),
        "normalisation backward": ("SUMMED", [2048, 4096, 8192, 16384]),
    }


def times_of(layer: Layer, part: str, values: Iterable[tuple[Any, str, Any]]) -> list[tuple[float, Any]]:
    """Least time with each constant, the fastest first."""
    results = []
    for label, name, value in values:
        with replaced(name, value):
            try:
                replay = captured(layer.kernels()[part])
                results.append((min(microseconds(replay, REPLAYS) / REPEATED for _ in range(3)), label))
            except Exception as error:  # of shapes that need too much of the chip
                print(f"{part} {label}: {type(error).__name__}", flush=True)
    return sorted(results, key=lambda result: result[0])


@torch.no_grad()
def sweep(sizes: Sizes) -> None:
    """Print the best constants of every part."""
    layer, c = Layer(sizes), sizes.to_channels
    for part, (name, options) in candidates(c).items():
        table = getattr(launches, name)
        tables = [(option, name, {**table, c: option} if isinstance(table, dict) else option) for option in options]
        print(f"{c} channels, {part}:", flush=True)
        for time, label in times_of(layer, part, tables)[:6]:
            print(f"  {time:7.2f} us  {label}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sweep", action="store_true")
    arguments = parser.parse_args()
    if arguments.sweep:
        for sizes in SHAPES[1::2]:
            sweep(sizes)
        return
    for sizes in SHAPES:
        check_convolution(sizes, device="cuda", sums=CHECKED)
        check_normalisation(sizes, relu=True, adds=True, device="cuda")
    rows = [row for sizes in SHAPES for row in measure(sizes, rounds=arguments.rounds)]
    print(environment())
    print_table(rows)
    settings = {"batch": 128, "repeated": REPEATED, "rounds": arguments.rounds, "statistic": "median"}
    print(f"written to {save('convolution_cost_cuda', settings=settings, rows=rows)}")


if __name__ == "__main__":
    main()
