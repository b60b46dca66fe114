"""How long starting takes with two checkouts: `lpl --help`, `lpl serve` to its first answers and to its worker.

    python -m benchmarks.compare_starts OLD [NEW] [--repeats 7]

OLD and NEW are folders, or revisions of this repository; NEW is the working tree where it is left out. Both use the
interpreter that runs this, in turns, each start on a new folder of data. Modules are compiled before the first time
that counts. Figures are seconds from the start of the process: median, and the quartiles as spread.
"""

import argparse
import contextlib
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import environment
from benchmarks.compare_checkouts import ROOT, checked_out
from benchmarks.requests import Requests

SERVING = re.compile(r"serving on http://[^:]+:(\d+)")
START_SECONDS = 60
SPEC = {"dataset": "digits", "method": "lpl"}
Seconds = dict[str, float]


def surroundings(checkout: Path) -> dict[str, str]:
    """The environment in which a checkout's packages are found first, and compiled only once."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LPL_", "PYTHONDONT"))}
    return {**kept, "PYTHONPATH": str(checkout)}


def helped(checkout: Path) -> Seconds:
    """Seconds of `lpl --help`."""
    command = [sys.executable, "-P", "-m", "client", "--help"]
    began = time.perf_counter()
    subprocess.run(command, env=surroundings(checkout), check=True, stdout=subprocess.DEVNULL)
    return {"lpl --help": time.perf_counter() - began}


def served(checkout: Path) -> Seconds:
    """Seconds until `lpl serve` gives the page, a list, its worker, and a checked spec."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = [sys.executable, "-P", "-m", "client", "serve", "--port", "0", "--data-dir", f"{folder}/data"]
        began = time.perf_counter()
        process = subprocess.Popen(
            command, env=surroundings(checkout), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            requests = Requests(port_of(process))
            requests.wait("/", process, seconds=START_SECONDS)
            reached = {"serve: first page": time.perf_counter() - began}
            requests.get("/v1/jobs")
            reached["serve: first list of jobs"] = time.perf_counter() - began
            while not requests.get("/v1/workers")["items"]:
                time.sleep(0.02)
            reached["serve: worker takes runs"] = time.perf_counter() - began
            requests.post("/v1/jobs/validate", SPEC)
            return reached | {"serve: first spec checked": time.perf_counter() - began}
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate()


def port_of(process: subprocess.Popen[str]) -> int:
    """The port that a service says it serves on.

    Raises:
        RuntimeError: it ends without.
    """
    assert process.stdout is not None
    for line in process.stdout:
        if (match := SERVING.match(line)) is not None:
            return int(match[1])
    raise RuntimeError("the service does not start")


def in_turns(sides: dict[str, Path], work: Callable[[Path], Seconds], repeats: int) -> list[dict[str, Any]]:
    """Rows of what the work measures, after one time that does not count."""
    times: dict[str, dict[str, list[float]]] = {}
    for repeat in range(repeats + 1):
        for side, checkout in sides.items():
            for name, seconds in work(checkout).items():
                if repeat:
                    times.setdefault(name, {}).setdefault(side, []).append(seconds)
    return [row(name, both) for name, both in times.items()]


def row(name: str, times: dict[str, list[float]]) -> dict[str, Any]:
    """Medians, their ratio and the quartiles."""
    old, new = (statistics.median(values) for values in times.values())
    print(f"{name:30} {old:6.2f} {new:6.2f} {old / new:6.1f}", flush=True)
    spread = {f"{side} quartiles": statistics.quantiles(values, n=4)[::2] for side, values in times.items()}
    return {"start": name, "old s": old, "new s": new, "ratio": old / new, **spread}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old")
    parser.add_argument("new", nargs="?", default=str(ROOT))
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--results", type=Path, default=environment.RESULTS)
    options = parser.parse_args()
    environment.RESULTS = options.results
    print(json.dumps(environment.environment()))
    with contextlib.ExitStack() as opened:
        names = {"old": options.old, "new": options.new}
        sides = {side: opened.enter_context(checked_out(name)) for side, name in names.items()}
        rows = [each for work in (helped, served) for each in in_turns(sides, work, options.repeats)]
    settings = {"old": options.old, "repeats": options.repeats}
    print(f"written to {environment.save('compare_starts', settings=settings, rows=rows)}")


if __name__ == "__main__":
    main()
