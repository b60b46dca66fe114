"""The runs of a checkout for `benchmarks.step_overhead`; lplcore is the one that PYTHONPATH names.

A line of standard input names a method; the answer is a line of JSON: times in milliseconds.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch.nn import functional

import lplcore

METHODS = ("cross_entropy", "lpl")
EPOCHS, BATCH, BARE_STEPS, EXAMPLES = 30, 128, 300, 1438
Figures = dict[str, float]


def main() -> None:
    """Measure what standard input asks for."""
    torch.set_num_threads(1)
    loop = bare_loop()
    for method in METHODS:
        run(method)
    for line in sys.stdin:
        before = loop()
        figures = run(line.strip())
        figures["bare"] = (before + loop()) / 2
        print(json.dumps(figures), flush=True)


def run(method: str) -> Figures:
    """Times of one run in milliseconds."""
    spec = {"dataset": "digits", "model": "mlp", "method": method, "epochs": EPOCHS, "batch_size": BATCH}
    started, ends, shares = time.perf_counter(), list[float](), list[float]()
    first = 0.0
    for event in lplcore.train({**spec, "device": "cpu"}):
        now = 1000 * (time.perf_counter() - started)
        first = first or now
        if isinstance(event, lplcore.EpochEnd):
            ends.append(now)
            rate = event.metrics["train/examples_per_second"]
            assert rate is not None
            shares.append(1000 * EXAMPLES / rate)
    steps = -(-EXAMPLES // BATCH)
    return {
        "whole": (ends[-1] - ends[0]) / (len(ends) - 1) / steps,
        "steps": statistics.mean(shares[1:]) / steps,
        "first event": first,
        "first epoch": ends[0],
    }


def bare_loop() -> Callable[[], float]:
    """A function that gives the milliseconds of a bare step."""
    spec = lplcore.parse_spec({"dataset": "digits", "model": "mlp", "method": "cross_entropy"})
    torch.manual_seed(0)
    model = spec.model.build(input_shape=(1, 8, 8), num_classes=10)
    inputs, labels = torch.randn(BATCH, 1, 8, 8), torch.arange(BATCH) % 10
    parameters = list(model.parameters())

    def loop() -> float:
        started = time.perf_counter()
        for _ in range(BARE_STEPS):
            torch.autograd.backward(functional.cross_entropy(model(inputs).logits, labels))
            for parameter in parameters:
                parameter.grad = None
        return 1000 * (time.perf_counter() - started) / BARE_STEPS

    return loop


if __name__ == "__main__":
    main()
