"""Train what the report on long-tailed CIFAR lacks.

    python -m benchmarks.evidence [--data FOLDER] [--device auto] [--minutes 8] [--together 1] [--results FOLDER]

Goes on where the last call ended: results that are there stay, a run that was cut off goes on from its checkpoint in
the results' folder. FOLDER holds packs (see `benchmarks.evidence.packs`), arrays or CIFAR as published; cells whose
data it lacks are named and left out. On a GPU several runs together take less time than one after another.
"""

import argparse
import sys
import time
from pathlib import Path

import lplcore
from benchmarks.evidence.cells import DATA, in_order_of_worth
from benchmarks.evidence.packs import registered
from benchmarks.evidence.records import FOLDER
from benchmarks.evidence.training import Runner

PACKS = Path(__file__).parents[2] / "evidence-packs"


def available(folder: Path) -> dict[str, lplcore.RegisteredDataset]:
    """The data sets that a folder has."""
    datasets = {}
    for name in DATA:
        try:
            datasets[name] = registered(name, folder)
        except FileNotFoundError as error:
            print(f"left out: {error}")
    return datasets


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=PACKS)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--together", type=int, default=1, help="runs at a time")
    parser.add_argument("--results", type=Path, default=FOLDER)
    options = parser.parse_args()
    deadline = time.monotonic() + 60 * options.minutes
    runner = Runner(options.results, options.device, options.together, lambda: time.monotonic() > deadline)
    failed = runner.train(in_order_of_worth(), available(options.data))
    print(f"{len(runner.missing(in_order_of_worth()))} of {len(in_order_of_worth())} cells are missing")
    print(*failed, sep="\n")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
