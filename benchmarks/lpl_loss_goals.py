"""LPL's loss against its goals, a plain vectorised walk, cross entropy, and an older checkout.

    python -m benchmarks.lpl_loss_goals [OLD] [--rounds 5] [--threads 1]

OLD is a revision or folder of this repository. A round runs `benchmarks.lpl_loss_times` in a process for each checkout,
in turns; a figure is the median over the rounds, in milliseconds, with the lowest and highest. The goals are for both
threads of a free machine; where others compute as well, only one thread gives figures that come back.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks.compare_checkouts import ROOT, checked_out
from benchmarks.environment import print_table, save

GOALS: dict[str, dict[str, float]] = {
    "C=10, batch 128": {"lpl": 1.2, "lpl, one step": 0.3},
    "C=100, batch 128": {"lpl": 2.2, "lpl, one step": 0.35},
    "C=1000, batch 128": {"lpl": 8.0, "lpl, one step": 0.9},
    "C=8142, batch 512": {"lpl": 160.0, "lpl, one step": 15.0, "logit adjustment": 8.0},
}
"""Milliseconds on a free machine of two cores."""
Figures = dict[tuple[str, str], list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", nargs="?", default="9ae7c47")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    sides: tuple[Figures, Figures] = (defaultdict(list), defaultdict(list))
    with contextlib.ExitStack() as stack:
        folders = [stack.enter_context(checked_out(name)) for name in (options.old, str(ROOT))]
        for number in range(options.rounds):
            for side in (0, 1) if number % 2 == 0 else (1, 0):
                run(folders[side], sides[side], threads=options.threads)
    rows = [row(size, variant, sides[0][size, variant], values) for (size, variant), values in sides[1].items()]
    print_table([{name: value for name, value in each.items() if "range" not in name} for each in rows])
    settings = {**vars(options), "statistic": "median over rounds", "unit": "ms"}
    print(f"written to {save('lpl_loss_goals_cpu', settings=settings, rows=rows)}")


def run(checkout: Path, figures: Figures, *, threads: int) -> None:
    """Add the figures of one process."""
    script = Path(__file__).resolve().with_name("lpl_loss_times.py")
    environment = {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": str(threads)}
    answer = subprocess.run(
        [sys.executable, "-P", str(script)], env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    for size, times in json.loads(answer.stdout).items():
        for variant, value in times.items():
            figures[size, variant].append(value)


def row(size: str, variant: str, old: list[float], new: list[float]) -> dict[str, Any]:
    """Both sides of a figure, and whether the goal is met."""
    before, after, goal = statistics.median(old), statistics.median(new), GOALS[size].get(variant)
    return {
        "size": size,
        "loss": variant,
        "old ms": before,
        "new ms": after,
        "new / old": after / before,
        "goal ms": goal,
        "met": None if goal is None else after <= goal,
        "old range": [min(old), max(old)],
        "new range": [min(new), max(new)],
    }


if __name__ == "__main__":
    main()
