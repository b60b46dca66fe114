"""Trains the same runs with two checkouts and compares all they leave, bit for bit.

    python -m benchmarks.compare_checkouts OLD [NEW]

OLD and NEW are folders, or revisions of this repository; NEW is the working tree where it is left out. The runs are
those of `benchmarks.checkout_runs`. Compared are the tensors of the last checkpoints, and all metrics and series but
measured times; metadata may differ. Both sides use the interpreter that runs this.

`--without test/` leaves out metrics and series whose names begin so. `--close oltr=1e-6` lets an alias differ by as
much of a tensor's largest value; what differs is listed all the same.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parent.parent


def main() -> int:
    """Compare, print, and return 1 where something differs that may not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old")
    parser.add_argument("new", nargs="?", default=str(ROOT))
    parser.add_argument("--close", action="append", default=[], metavar="ALIAS=TOLERANCE")
    parser.add_argument("--without", action="append", default=[], metavar="BEGINNING")
    options = parser.parse_args()
    close = {alias: float(limit) for alias, _, limit in (text.partition("=") for text in options.close)}
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        old, new = (trained(name, Path(folder, side)) for side, name in (("old", options.old), ("new", options.new)))
        runs = sorted({path.name for side in (old, new) for path in side.iterdir()})
        without = tuple(options.without)
        differing = {run: largest for run in runs if (largest := difference(old / run, new / run, without)) > 0}
    wrong = [run for run, largest in differing.items() if largest > close.get(run.split(" ")[0], 0)]
    for run, largest in differing.items():
        print(f"{'differs' if run in wrong else 'close'}: {run}, by up to {largest:.1e}")
    print(f"{len(runs)} runs in {time.monotonic() - started:.0f} s, {len(runs) - len(differing)} equal bit for bit")
    return 1 if wrong else 0


def trained(checkout: str, folder: Path) -> Path:
    """The folder with what a checkout's runs leave."""
    folder.mkdir()
    with checked_out(checkout) as source:
        script = Path(__file__).resolve().with_name("checkout_runs.py")
        environment = {**os.environ, "PYTHONPATH": str(source)}
        subprocess.run([sys.executable, "-P", str(script), str(folder)], env=environment, check=True)
    return folder


@contextlib.contextmanager
def checked_out(checkout: str) -> Iterator[Path]:
    """A folder with the checkout's files."""
    if Path(checkout).is_dir():
        yield Path(checkout).resolve()
        return
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "-C", str(ROOT), "archive", checkout], check=True, stdout=subprocess.PIPE)
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        yield Path(folder)


def difference(old: Path, new: Path, without: tuple[str, ...] = ()) -> float:
    """The largest difference of two runs relative to the largest value of its kind; infinite where parts are absent.

    Values named `part:epoch:name` are left out where the name begins with one of `without`.
    """
    if not (old.is_file() and new.is_file()):
        return float("inf")
    with np.load(old) as first, np.load(new) as second:
        if first.keys() != second.keys():
            return float("inf")
        compared = [name for name in first.files if not name.rpartition(":")[2].startswith(without)]
        return max(distance(first[name], second[name]) for name in compared)


def distance(old: Any, new: Any) -> float:
    """How far two arrays are apart; 0 only where they are equal bit for bit."""
    if old.shape != new.shape or old.dtype != new.dtype:
        return float("inf")
    if old.tobytes() == new.tobytes():
        return 0.0
    wide_old, wide_new = old.astype(np.float64), new.astype(np.float64)
    if not np.array_equal(np.isnan(wide_old), np.isnan(wide_new)):
        return float("inf")
    largest = np.nanmax(np.abs(wide_old), initial=np.finfo(np.float64).tiny)
    return max(float(np.nanmax(np.abs(wide_old - wide_new), initial=0.0) / largest), np.finfo(np.float64).tiny)


if __name__ == "__main__":
    sys.exit(main())
