"""Times of LPL's loss and its neighbours in the checkout of lplcore that PYTHONPATH names, as JSON on standard output.

For `benchmarks.lpl_loss_goals`. One step is forward and backward with respect to the logits. All variants of a size run
in turns; a figure is the median over the turns, in milliseconds.
"""

import json
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

import lplcore

SIZES = ((10, 128), (100, 128), (1000, 128), (8142, 512))
TURNS = 7
SECONDS = 0.04
Step = Callable[[Tensor, Tensor], Tensor]


def plain_walk(class_counts: list[int]) -> Step:
    """The default walk in vectorised form and no more: entries p_y - 1 that cancel, every class in every step."""
    number_of_classes, largest, smallest = len(class_counts), max(class_counts), min(class_counts)
    head = set(sorted(range(number_of_classes), key=lambda c: (-class_counts[c], c))[: int(0.4 * number_of_classes)])
    bounds = [2 * (n / largest if c in head else smallest / n) for c, n in enumerate(class_counts)]
    number = torch.tensor([int(round(bound / 0.1, 4)) for bound in bounds])
    stride = torch.tensor([-0.1 if c in head else 0.1 for c in range(number_of_classes)])
    most = int(number.max())

    def loss(logits: Tensor, labels: Tensor) -> Tensor:
        with torch.no_grad():
            classes, slot, sizes = torch.unique(labels, return_inverse=True, return_counts=True)
            moved = logits.new_zeros(classes.shape[0], number_of_classes)
            truth = functional.one_hot(labels, number_of_classes).to(logits.dtype)
            for k in range(most):
                wrong = functional.softmax(logits + moved[slot], dim=1) - truth
                gradient = torch.zeros_like(moved).index_add_(0, slot, wrong) / sizes[:, None]
                step = torch.where(number[classes] > k, stride[classes], 0.0)
                moved += step[:, None] * gradient / gradient.norm(dim=1, keepdim=True)
        return functional.cross_entropy(logits + moved[slot], labels)

    return loss


def variants(class_counts: list[int]) -> dict[str, Step]:
    """What is timed."""
    return {
        "lpl": lplcore.criterion("lpl", class_counts=class_counts),
        "lpl, one step": lplcore.criterion("lpl", class_counts=class_counts, num_steps=1),
        "plain walk": plain_walk(class_counts),
        "logit adjustment": lplcore.criterion("logit_adjustment", class_counts=class_counts),
        "cross entropy": functional.cross_entropy,
    }


def milliseconds(step: Step, logits: Tensor, labels: Tensor) -> float:
    """Mean of one step, repeated for a while."""
    repeats, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < SECONDS or repeats == 0:
        logits.grad = None
        step(logits, labels).backward()  # type: ignore[no-untyped-call]
        repeats += 1
    return 1000 * elapsed / repeats


def measure(number_of_classes: int, batch: int) -> dict[str, float]:
    """Milliseconds of every variant; the first turn does not count."""
    generator = torch.Generator().manual_seed(number_of_classes * 1000 + batch)
    counts = lplcore.long_tail_counts(1000, number_of_classes, imbalance_factor=100)
    shares = torch.tensor(counts, dtype=torch.float64)
    labels = torch.multinomial(shares, batch, replacement=True, generator=generator)
    logits = (2 * torch.randn(batch, number_of_classes, generator=generator)).requires_grad_()
    steps = variants(counts)
    difference = abs(float((steps["lpl"](logits, labels) - steps["plain walk"](logits, labels)).detach()))
    if difference > 1e-4:
        raise SystemExit(f"the plain walk disagrees with LPL by {difference:.2e} at C={number_of_classes}")
    times: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(TURNS + 1):
        for name, step in steps.items():
            elapsed = milliseconds(step, logits, labels)
            if turn:
                times[name].append(elapsed)
    return {name: statistics.median(values) for name, values in times.items()}


if __name__ == "__main__":
    print(json.dumps({f"C={classes}, batch {batch}": measure(classes, batch) for classes, batch in SIZES}))
