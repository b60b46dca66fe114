"""Runs benchmarks of two checkouts in turns and sets their figures beside each other.

    python -m benchmarks.compare_speed OLD [NEW] [--rounds 3] [--results benchmarks/results]

OLD and NEW are revisions of this repository; NEW is HEAD where it is left out. Each side runs the benchmarks that it
has, with its own code, one side after the other in every round. A figure is the median over the rounds of what a
benchmark reports, in milliseconds (or images a second); the ratio is NEW / OLD.
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

from benchmarks.compare_checkouts import checked_out
from benchmarks.environment import environment

COMMANDS: dict[str, list[str]] = {
    "lpl_step_cost_cpu": ["lpl_step_cost", "--rounds", "3", "--minimum", "0.1"],
    "method_step_cost_cpu": ["method_step_cost", "--rounds", "3", "--minimum", "0.01"],
    "resnet32_throughput_cpu": ["resnet32_throughput", "--images", "1024", "--rounds", "2"],
    "load_sqlite": [
        *("load", "--database", "sqlite", "--finished", "2000", "--queued", "500", "--jobs", "200"),
        *("--large", "2000", "--repeats", "15", "--results", "benchmarks/results"),
    ],
}
"""Name of the file of results -> module and options."""
KINDS = {"ms": "ms", "images/s (median)": "images/s"}
Figures = dict[str, list[float]]


def main() -> None:
    """Run, print a table, and save it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old")
    parser.add_argument("new", nargs="?", default="HEAD")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    parser.add_argument("--only", nargs="*", choices=COMMANDS, default=list(COMMANDS))
    options = parser.parse_args()
    sides: tuple[Figures, Figures] = (defaultdict(list), defaultdict(list))
    with contextlib.ExitStack() as stack:
        folders = [stack.enter_context(checked_out(name)) for name in (options.old, options.new)]
        for round_number in range(options.rounds):
            for name in options.only:
                order = (0, 1) if round_number % 2 == 0 else (1, 0)
                for side in order:
                    collect(run(folders[side], name), name, sides[side])
    rows = [row(name, sides[0][name], sides[1][name]) for name in sides[0] if name in sides[1]]
    for each in rows:
        print(f"{each['figure']:75} {each['old']:10.3g} {each['new']:10.3g} {each['new / old']:6.2f}")
    settings = {"old": options.old, "new": options.new, "rounds": options.rounds, "commands": COMMANDS}
    content = {"environment": environment(), "settings": settings, "rows": rows}
    (options.results / "compare_speed.json").write_text(json.dumps(content, indent=2) + "\n")


def run(checkout: Path, name: str) -> list[dict[str, Any]]:
    """The rows that a checkout's benchmark saves."""
    module, *arguments = COMMANDS[name]
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    environment_of_side = {**os.environ, "PYTHONPATH": str(checkout)}
    subprocess.run(command, cwd=checkout, env=environment_of_side, check=True, stdout=subprocess.DEVNULL)
    rows: list[dict[str, Any]] = json.loads((checkout / "benchmarks" / "results" / f"{name}.json").read_text())["rows"]
    return rows


def collect(rows: list[dict[str, Any]], name: str, figures: Figures) -> None:
    """Add the figures of a benchmark's rows, named by the row's text and the column."""
    for each in rows:
        label = " ".join(f"{value}" for key, value in each.items() if isinstance(value, str) or key in ("C", "batch"))
        for column, value in each.items():
            kind = next((unit for end, unit in KINDS.items() if column.endswith(end)), None)
            if kind is not None and isinstance(value, float):
                figures[f"{name}: {label}, {column}"].append(value)


def row(figure: str, old: list[float], new: list[float]) -> dict[str, Any]:
    """Medians and spread of both sides."""
    before, after = statistics.median(old), statistics.median(new)
    return {
        "figure": figure,
        "old": before,
        "new": after,
        "new / old": after / before,
        "old range": [min(old), max(old)],
        "new range": [min(new), max(new)],
    }


if __name__ == "__main__":
    main()
