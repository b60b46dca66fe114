"""LPL's kernel beside its walk and beside cross entropy on a GPU, in CUDA graphs: what the launches cost is left out.

    python -m benchmarks.lpl_kernel_cost [--rounds 7] [--replays 50]
    python -m benchmarks.lpl_kernel_cost --tiles     # the perturbation alone, by the shape of the kernel's tiles

A step is forward and backward with respect to the logits, captured once and replayed. All variants of a size run one
after the other in every round; the figures are medians over rounds with the least and the most, and ratios are ratios
of medians. Before anything is timed, the kernel's loss is compared with that of the walk in float64.
"""

import argparse
import statistics
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

import lplcore
from benchmarks.cuda_graphs import graph_of, microseconds
from benchmarks.environment import environment, print_table, save
from lplcore.perturbations.lpl import kernel

SIZES = ((10, 128), (10, 512), (100, 128), (100, 512), (1000, 128), (1000, 512), (8142, 128))
OPTIONS: dict[str, dict[str, Any]] = {
    "class_rank": {"threshold": 0.4, "epsilon": 0.0, "delta_epsilon": 2.0, "step_size": 0.1},
    "performance": {"split": "performance", "epsilon": 0.3, "delta_epsilon": 0.1, "num_steps": 20},
}

Step = Callable[[Tensor, Tensor], Tensor]
Replay = Callable[[], None]


def captured(step: Step, logits: Tensor, labels: Tensor, way: AbstractContextManager[None]) -> tuple[Replay, Tensor]:
    """A replay of a loss and its gradient, and the loss that it leaves."""
    left: list[Tensor] = []

    def both() -> None:
        loss = step(logits, labels)
        torch.autograd.grad(loss, logits)
        left[:] = [loss.detach()]

    with way:
        graph = graph_of(both)
    graph.replay()
    return graph.replay, left[0]


def problem(
    classes: int, batch: int, options: dict[str, Any]
) -> tuple[lplcore.Criterion, lplcore.Criterion, Tensor, Tensor]:
    """LPL, cross entropy, and logits and labels of a long-tailed batch."""
    generator = torch.Generator().manual_seed(classes * 1000 + batch)
    counts = lplcore.long_tail_counts(1000, classes, imbalance_factor=100)
    drawn = torch.multinomial(torch.tensor(counts, dtype=torch.float64), batch, replacement=True, generator=generator)
    logits = (2 * torch.randn(batch, classes, generator=generator)).cuda().requires_grad_()
    lpl = lplcore.criterion("lpl", class_counts=counts, **options).cuda()
    return lpl, lplcore.criterion("cross_entropy", class_counts=counts).cuda(), logits, drawn.cuda()


def replays_of(classes: int, batch: int, options: dict[str, Any]) -> dict[str, Replay]:
    """What is timed: cross entropy, LPL by the walk and by the kernel, and by it with what a trainer records."""
    lpl, ce, logits, labels = problem(classes, batch, options)
    with kernel.enabled(False):
        exact = float(lpl(logits.detach().double(), labels))
    steps: dict[str, tuple[Step, bool]] = {
        "torch cross entropy": (functional.cross_entropy, False),
        "cross entropy recorded": (lambda z, y: ce.evaluate(z, y).mean, False),
        "walk": (lpl, False),
        "kernel": (lpl, True),
        "walk recorded": (lambda z, y: lpl.evaluate(z, y).mean, False),
        "kernel recorded": (lambda z, y: lpl.evaluate(z, y).mean, True),
    }
    replays = {}
    for name, (step, use) in steps.items():
        replays[name], loss = captured(step, logits, labels, kernel.enabled(use))
        if step is lpl and abs(float(loss) - exact) > 1e-4 * max(abs(exact), 1):
            raise SystemExit(f"{name}: the loss is {float(loss)}, and {exact} in float64, at C={classes}")
    return replays


def measure(split: str, classes: int, batch: int, *, rounds: int, repeats: int) -> dict[str, Any]:
    """One row: medians over rounds in microseconds with the least and the most of the kernel's, and ratios."""
    replays = replays_of(classes, batch, OPTIONS[split])
    times: dict[str, list[float]] = {name: [] for name in replays}
    for round_ in range(rounds + 1):
        for name, replay in replays.items():
            elapsed = microseconds(replay, repeats)
            if round_:
                times[name].append(elapsed)
    median = {name: statistics.median(values) for name, values in times.items()}
    return {
        "split": split,
        "C": classes,
        "batch": batch,
        **{f"{name} us": value for name, value in median.items()},
        "kernel least us": min(times["kernel"]),
        "kernel most us": max(times["kernel"]),
        "walk / kernel": median["walk"] / median["kernel"],
        "added to cross entropy, recorded us": median["kernel recorded"] - median["cross entropy recorded"],
    }


def tiles(classes: int, batch: int, *, rounds: int, repeats: int) -> dict[str, Any]:
    """One row: the least microseconds of the perturbation alone, for every number of rows and of warps."""
    lpl, _, logits, labels = problem(classes, batch, OPTIONS["class_rank"])
    width = kernel.shapes(classes)["WIDTH"]
    before = kernel.TILE, kernel.MOST_ROWS, kernel.LEAST_WARPS
    replays = {}
    for rows in (1, 4, 16, 32, 64, 128):
        for warps in (1, 2, 4, 8):
            if 256 <= rows * width <= 8192:
                kernel.TILE, kernel.MOST_ROWS, kernel.LEAST_WARPS = rows * width, rows, warps
                replays[f"{rows} x {warps}"], _ = captured(
                    lambda z, y: z.sum() * 0 + lpl.perturbation(z, y).sum(), logits, labels, kernel.enabled()
                )
    kernel.TILE, kernel.MOST_ROWS, kernel.LEAST_WARPS = before
    times = {name: min(microseconds(replay, repeats) for _ in range(rounds)) for name, replay in replays.items()}
    best = sorted(times, key=lambda name: times[name])[:6]
    return {"C": classes, "batch": batch, "rows x warps: us": ", ".join(f"{name}: {times[name]:.1f}" for name in best)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--replays", type=int, default=50)
    parser.add_argument("--tiles", action="store_true")
    arguments = parser.parse_args()
    if arguments.tiles:
        print(environment())
        print_table([tiles(*size, rounds=arguments.rounds, repeats=arguments.replays) for size in SIZES])
        return
    rows = [
        measure(split, classes, batch, rounds=arguments.rounds, repeats=arguments.replays)
        for split in OPTIONS
        for classes, batch in SIZES
    ]
    print(environment())
    print_table(rows)
    settings = {"options": OPTIONS, "rounds": arguments.rounds, "replays": arguments.replays, "statistic": "median"}
    print(f"written to {save('lpl_kernel_cost_cuda', settings=settings, rows=rows)}")


if __name__ == "__main__":
    main()
