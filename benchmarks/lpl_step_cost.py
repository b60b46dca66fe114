"""Cost of one loss step (forward and backward with respect to the logits): LPL against plain cross entropy and against
a straightforward implementation that loops over the classes.

    python -m benchmarks.lpl_step_cost [--device cuda] [--rounds 7]

All variants of one size run in one process, one after the other in every round; the figures are medians over rounds,
and the ratios are ratios of these medians. The loop peer computes what `normalize="row"` computes (its loss is compared
with LPL's before anything is timed) with one Python loop over the classes of the batch and one over the steps.
"""

import argparse
import math
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

import lplcore
from benchmarks.environment import environment, print_table, save

CLASSES = (10, 100, 1000, 8142)
BATCHES = (128, 512)
LPL: dict[str, Any] = {"split": "class_rank", "threshold": 0.4, "epsilon": 0.0, "delta_epsilon": 2.0, "step_size": 0.1}

Step = Callable[[Tensor, Tensor], Tensor]


def loop_over_classes(class_counts: list[int]) -> Step:
    """LPL written the obvious way: for every class, for every step (Algorithm 1 of the paper, row-normalised)."""
    num_classes = len(class_counts)
    order = sorted(range(num_classes), key=lambda c: (-class_counts[c], c))
    head = set(order[: math.floor(0.4 * num_classes + 1e-9)])
    largest, smallest = max(class_counts), min(class_counts)

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        perturbation = torch.zeros_like(logits)
        for c in range(num_classes):
            mask = labels == c
            if not mask.any():
                continue
            count = class_counts[c]
            bound = 2.0 * (count / largest if c in head else smallest / count)
            direction = -0.1 if c in head else 0.1
            z = logits[mask].detach()
            target = functional.one_hot(labels[mask], num_classes).to(z.dtype)
            for _ in range(math.floor(round(bound / 0.1, 9))):
                gradient = (functional.softmax(z, dim=1) - target).mean(dim=0)
                z = z + direction * gradient / gradient.norm()
            perturbation[mask] = z - logits[mask].detach()
        return functional.cross_entropy(logits + perturbation, labels)

    return loss


def variants(class_counts: list[int], device: torch.device) -> dict[str, Step]:
    """The four things that are timed."""
    lpl = lplcore.criterion("lpl", class_counts=class_counts, **LPL).to(device)
    fast = lplcore.criterion("lpl", class_counts=class_counts, **LPL, num_steps=1).to(device)
    return {
        "cross_entropy": functional.cross_entropy,
        "lpl": lpl,
        "lpl_one_step": fast,
        "loop_over_classes": loop_over_classes(class_counts),
    }


def seconds(step: Step, logits: Tensor, labels: Tensor, *, minimum: float) -> float:
    """Mean seconds of one step, repeated for at least `minimum` seconds."""
    repeats, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < minimum or repeats == 0:
        logits.grad = None
        step(logits, labels).backward()  # type: ignore[no-untyped-call]
        if logits.is_cuda:
            torch.cuda.synchronize()
        repeats += 1
    return elapsed / repeats


def measure(num_classes: int, batch: int, *, device: torch.device, rounds: int, minimum: float) -> dict[str, Any]:
    """One row of the table: medians over rounds in milliseconds, and their ratios."""
    generator = torch.Generator().manual_seed(num_classes * 1000 + batch)
    counts = lplcore.long_tail_counts(1000, num_classes, imbalance_factor=100)
    drawn = torch.multinomial(torch.tensor(counts, dtype=torch.float64), batch, replacement=True, generator=generator)
    labels = drawn.to(device)
    logits = (2 * torch.randn(batch, num_classes, generator=generator)).to(device).requires_grad_()
    steps = variants(counts, device)
    difference = abs(float(steps["lpl"](logits, labels).detach() - steps["loop_over_classes"](logits, labels).detach()))
    if difference > 1e-4:
        raise SystemExit(f"the loop peer disagrees with LPL by {difference:.2e} at C={num_classes}, batch {batch}")
    times: dict[str, list[float]] = {name: [] for name in steps}
    for round_ in range(rounds + 1):
        for name, step in steps.items():
            elapsed = seconds(step, logits, labels, minimum=minimum)
            if round_:
                times[name].append(1000 * elapsed)
    median = {name: statistics.median(values) for name, values in times.items()}
    return {
        "C": num_classes,
        "batch": batch,
        **{f"{name} ms": value for name, value in median.items()},
        "lpl / cross_entropy": median["lpl"] / median["cross_entropy"],
        "lpl_one_step / cross_entropy": median["lpl_one_step"] / median["cross_entropy"],
        "loop / lpl": median["loop_over_classes"] / median["lpl"],
        "loop / lpl_one_step": median["loop_over_classes"] / median["lpl_one_step"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--minimum", type=float, default=0.05, help="seconds a variant runs in each round")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    rows = [
        measure(num_classes, batch, device=device, rounds=arguments.rounds, minimum=arguments.minimum)
        for num_classes in CLASSES
        for batch in BATCHES
    ]
    print(environment())
    print_table(rows)
    settings = {"lpl": LPL, "rounds": arguments.rounds, "minimum_seconds": arguments.minimum, "statistic": "median"}
    print(f"written to {save(f'lpl_step_cost_{device.type}', settings=settings, rows=rows)}")


if __name__ == "__main__":
    main()
