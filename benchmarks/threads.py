"""Threads of a trainer, on a free machine and beside other work: what a worker sets against what torch does by itself.

    python -m benchmarks.threads [--rounds 3]

Sides: `default` (torch's threads, libgomp's spinning), `spin` (the same with GOMP_SPINCOUNT=10000), `one` (one thread).
Beside other work means one process per core that computes without a pause. Milliseconds a step, medians and ranges over
the rounds; every measurement is a process of its own, the sides in turns.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from typing import Any

from benchmarks.environment import environment, print_table, save

SIDES: dict[str, dict[str, str]] = {
    "default": {},
    "spin": {"GOMP_SPINCOUNT": "10000"},
    "one": {"OMP_NUM_THREADS": "1"},
}
STEPS = {"mlp": 300, "resnet32": 6}
STEP = """
import json, sys, time, torch
from torch.nn import functional
from lplcore.spec.experiment import parse_spec
name, steps = sys.argv[1], int(sys.argv[2])
spec = parse_spec({"dataset": "digits", "model": name, "method": "cross_entropy"})
shape = (64,) if name == "mlp" else (3, 32, 32)
network = spec.model.build(input_shape=shape, num_classes=10)
images, labels = torch.randn(128, *shape), torch.randint(0, 10, (128,))
optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
def step():
    optimizer.zero_grad()
    functional.cross_entropy(network(images).logits, labels).backward()
    optimizer.step()
for _ in range(2):
    step()
started = time.perf_counter()
for _ in range(steps):
    step()
print(json.dumps(1000 * (time.perf_counter() - started) / steps))
"""


def measured(model: str, side: str) -> float:
    """Milliseconds a step in a fresh process."""
    command = [sys.executable, "-c", STEP, model, str(STEPS[model])]
    done = subprocess.run(command, env={**os.environ, **SIDES[side]}, check=True, stdout=subprocess.PIPE)
    return float(json.loads(done.stdout))


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    times: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for busy in (False, True):
        others = [
            subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy * (os.cpu_count() or 1))
        ]
        try:
            for _ in range(options.rounds):
                for model in STEPS:
                    for side in SIDES:
                        times[model, "busy" if busy else "free", side].append(measured(model, side))
        finally:
            for other in others:
                other.kill()
                other.wait()
    rows = [row(model, state, times) for model in STEPS for state in ("free", "busy")]
    print(environment())
    print_table(rows)
    save("threads", settings={"rounds": options.rounds, "steps": STEPS, "batch": 128}, rows=rows)


def row(model: str, state: str, times: dict[tuple[str, str, str], list[float]]) -> dict[str, Any]:
    """Medians of the sides, and their ranges."""
    sides = {side: times[model, state, side] for side in SIDES}
    return {
        "model": model,
        "machine": state,
        **{f"{side} ms": statistics.median(values) for side, values in sides.items()},
        **{f"{side} range": f"{min(values):.3g} to {max(values):.3g}" for side, values in sides.items()},
    }


if __name__ == "__main__":
    main()
