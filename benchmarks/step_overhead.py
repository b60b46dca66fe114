"""What a training step costs beside the network: digits, mlp, one thread, against an older checkout.

    python -m benchmarks.step_overhead [OLD] [--rounds 15]

Every side is a process of its own that has trained once before; the sides take turns, a run of 30 epochs each (360
steps) in every round. "bare" is a loop over the same network and batch with nothing but the forward pass, torch's
cross entropy, the backward pass and dropping the gradients. Figures are medians over rounds, in milliseconds:

- whole: from the end of the first epoch to the end of the last by `lplcore.train`, a step: with what an epoch's end
  costs (evaluation of 360 images, metrics, events).
- steps: of that the training steps alone, as `train/examples_per_second` has them.
- overhead: whole and steps without bare. The optimiser and the method's loss count as overhead.
- start: until the first event of a run, and until the end of its first epoch.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.compare_checkouts import ROOT, checked_out
from benchmarks.environment import environment, print_table
from benchmarks.step_runs import METHODS, Figures

GOAL = 0.5
"""Milliseconds of overhead a step, with cross entropy."""


def main() -> None:
    """Measure both sides in turns, print a table and save it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", nargs="?", default="9ae7c47")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    options = parser.parse_args()
    measured: dict[tuple[str, str], list[Figures]] = {}
    with contextlib.ExitStack() as stack:
        sides = {
            "old": Side(stack.enter_context(checked_out(options.old)), stack),
            "new": Side(stack.enter_context(checked_out(str(ROOT))), stack),
        }
        for _ in range(options.rounds):
            for method in METHODS:
                for name, side in sides.items():
                    measured.setdefault((method, name), []).append(side.measure(method))
    rows = [row(method, side, figures) for (method, side), figures in measured.items()]
    print_table(rows)
    settings = {"old": options.old, "rounds": options.rounds, "statistic": "median", "goal ms": GOAL, "threads": 1}
    content = {"environment": environment(), "settings": settings, "rows": rows}
    (options.results / "step_overhead.json").write_text(json.dumps(content, indent=2) + "\n")


class Side:
    """A process that measures one checkout when asked."""

    def __init__(self, source: Path, stack: contextlib.ExitStack) -> None:
        self.process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-P", str(Path(__file__).with_name("step_runs.py"))],
                env={**os.environ, "PYTHONPATH": str(source), "OMP_NUM_THREADS": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        stack.callback(self.process.kill)

    def measure(self, method: str) -> Figures:
        """The figures of one run and one bare loop."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(method, file=self.process.stdin, flush=True)
        figures: Figures = json.loads(self.process.stdout.readline())
        return figures


def row(method: str, side: str, figures: list[Figures]) -> dict[str, Any]:
    """Medians, and the range of the overhead, of one method and side."""
    median = {name: statistics.median(each[name] for each in figures) for name in figures[0]}
    overheads = [each["whole"] - each["bare"] for each in figures]
    return {
        "method": method,
        "side": side,
        "bare": median["bare"],
        "whole": median["whole"],
        "steps": median["steps"],
        "overhead whole": statistics.median(overheads),
        "lowest": min(overheads),
        "highest": max(overheads),
        "overhead steps": statistics.median(each["steps"] - each["bare"] for each in figures),
        "first event": median["first event"],
        "first epoch": median["first epoch"],
    }


if __name__ == "__main__":
    main()
