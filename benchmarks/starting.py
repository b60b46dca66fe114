"""How soon training starts, and what a service adds to it: this checkout beside another, and both beside in process.

    python -m benchmarks.starting OLD [--rounds 5] [--parts first seeds service]

OLD is a revision of this repository whose commands lie where they do now, such as 44d27e4, which starts trainers as
version 0.1.0 did. In turns:

- first: from the submission of a digits experiment (mlp, LPL) to its first epoch in the API, on a worker that waits;
- seeds: ten seeds of 30 epochs as one job, beside one seed by `lplcore.train` in a process that has trained before;
- service: a ResNet-32 of 20 epochs through the service, from its submission to its end as the API has them, beside
  `lplcore.train` with the same number of threads in a process that has imported everything and trained nothing, as a
  worker's trainers are.

Both services wait beside each other while one works. Seconds; medians and ranges over the rounds.
"""

import argparse
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from benchmarks.compare_checkouts import checked_out
from benchmarks.environment import environment, print_table, save

DIGITS: dict[str, Any] = {
    "dataset": {"name": "digits", "imbalance_factor": 20},
    "model": "mlp",
    "method": "lpl",
    "epochs": 30,
    "batch_size": 128,
    "seeds": [0],
}
FIRST = DIGITS | {"epochs": 3}
SEEDS = DIGITS | {"seeds": list(range(10))}
CONVOLUTIONS = DIGITS | {"model": "resnet32", "epochs": 20, "batch_size": 128}
IN_PROCESS = """
import json, os, sys, tempfile, time
import torch
import lplcore

def once(spec):
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        for event in lplcore.train(spec, data_dir=folder, checkpoint_dir=folder, device="cpu"):
            pass
        return time.perf_counter() - started

def answer(spec, threads):
    torch.set_num_threads(threads or torch.get_num_threads())
    print(json.dumps(once(spec)), flush=True)

lplcore.catalog()
for line in sys.stdin:
    spec, threads, fresh = json.loads(line)
    if not fresh:
        answer(spec, threads)
    elif os.fork():
        os.wait()
    else:
        answer(spec, threads)
        os._exit(0)
"""
PARTS = ["first", "seeds", "service"]
RATIOS = (
    ("ten seeds / one seed in process", "ten seeds by the service", "one seed in process"),
    ("service / in process, ResNet-32", "ResNet-32 by the service", "ResNet-32 in process"),
)
Figures = dict[str, list[float]]


class Service:
    """The embedded service of a checkout, whose worker waits for work."""

    def __init__(self, checkout: Path, folder: Path) -> None:
        log = folder / "serve.log"
        own = {"PYTHONPATH": str(checkout), "LPL_DATA_DIR": str(folder / "data"), "LPL_REQUESTS_PER_MINUTE": "0"}
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "client", "serve", "--port", "0"],
                cwd=checkout,
                env={**os.environ, **own},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        address = wait_for(lambda: re.search(r"serving on (http://\S+)", log.read_text()) or self._process.poll())
        if not isinstance(address, re.Match):
            raise RuntimeError(log.read_text())
        self._http = httpx.Client(base_url=address.group(1), timeout=60, trust_env=False)
        wait_for(lambda: any(worker["alive"] for worker in self._get("/v1/workers")["items"]))
        self.seconds_until_ended(FIRST)

    def seconds_until_first_epoch(self, spec: dict[str, Any]) -> float:
        """From submission to the first epoch in the API; waits for the end afterwards."""
        started = time.perf_counter()
        (run,) = self._http.post("/v1/jobs", json=spec).raise_for_status().json()["runs"]
        wait_for(lambda: self._get(f"/v1/runs/{run['id']}")["epoch"], pause=0.01)
        seconds = time.perf_counter() - started
        self._wait_for_success(run["id"])
        return seconds

    def seconds_until_ended(self, spec: dict[str, Any]) -> float:
        """From submission until a look at all runs, every 100 ms, finds that they succeeded."""
        started = time.perf_counter()
        for run in self._http.post("/v1/jobs", json=spec).raise_for_status().json()["runs"]:
            self._wait_for_success(run["id"])
        return time.perf_counter() - started

    def seconds_by_its_times(self, spec: dict[str, Any]) -> float:
        """From submission to the end as the API has them, with few questions in between."""
        (run,) = self._http.post("/v1/jobs", json=spec).raise_for_status().json()["runs"]
        path = f"/v1/runs/{run['id']}"
        ended = wait_for(lambda: (seen := self._get(path))["state"] == "succeeded" and seen, pause=1.0)
        return (moment(ended["finished_at"]) - moment(ended["created_at"])).total_seconds()

    def _wait_for_success(self, run_id: str) -> None:
        wait_for(lambda: self._get(f"/v1/runs/{run_id}")["state"] == "succeeded", pause=0.1)

    def end(self) -> None:
        """End it."""
        self._http.close()
        self._process.terminate()
        self._process.wait(60)

    def _get(self, path: str) -> Any:
        return self._http.get(path).raise_for_status().json()


class InProcess:
    """A Python that trains with the library of a checkout, and has trained before unless each training is a fork of it.

    Args:
        fresh: every training is a process of its own.
    """

    def __init__(self, checkout: Path, *, fresh: bool) -> None:
        self._fresh = fresh
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-c", IN_PROCESS],
            cwd=checkout,
            env={**os.environ, "PYTHONPATH": str(checkout), "GOMP_SPINCOUNT": "10000"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.seconds(FIRST, threads=1)

    def seconds(self, spec: dict[str, Any], *, threads: int) -> float:
        """What a run takes; 0 threads are as many as torch takes by itself."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([spec, threads, self._fresh]) + "\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def end(self) -> None:
        """End it."""
        self._process.communicate(timeout=60)


def moment(text: str) -> datetime:
    """A time of the API."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def wait_for(look: Callable[[], Any], *, pause: float = 0.1) -> Any:
    """What a look gives as soon as it gives something."""
    deadline = time.monotonic() + 600
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise TimeoutError("waited for ten minutes")
        time.sleep(pause)
    return seen


@contextlib.contextmanager
def service_of(checkout: Path) -> Iterator[Service]:
    """The service of a checkout, while nothing else runs."""
    with tempfile.TemporaryDirectory(prefix="lpl-starting-") as folder:
        service = Service(checkout, Path(folder))
        try:
            yield service
        finally:
            service.end()


@contextlib.contextmanager
def in_process_of(checkout: Path, *, fresh: bool) -> Iterator[InProcess]:
    """A training process of a checkout."""
    process = InProcess(checkout, fresh=fresh)
    try:
        yield process
    finally:
        process.end()


class Side:
    """A checkout: its service, whose worker waits, and its process."""

    def __init__(self, checkout: Path, stack: contextlib.ExitStack) -> None:
        self._service = stack.enter_context(service_of(checkout))
        self._process = stack.enter_context(in_process_of(checkout, fresh=False))
        self._fresh = stack.enter_context(in_process_of(checkout, fresh=True))
        self._figures: Figures = defaultdict(list)

    def take_figures(self) -> Figures:
        """What was measured since the last time."""
        figures, self._figures = self._figures, defaultdict(list)
        return figures

    def measure(self, part: str) -> None:
        """One round of a part."""
        service, process, figures = self._service, self._process, self._figures
        if part == "first":
            figures["submission to first epoch"].append(service.seconds_until_first_epoch(FIRST))
        elif part == "seeds":
            figures["one seed in process"].append(process.seconds(DIGITS, threads=1))
            figures["ten seeds by the service"].append(service.seconds_until_ended(SEEDS))
        else:
            # The order changes from round to round: a machine that slows down favours neither side.
            turns: list[Callable[[], None]] = [
                lambda: figures["ResNet-32 in process"].append(self._fresh.seconds(CONVOLUTIONS, threads=0)),
                lambda: figures["ResNet-32 by the service"].append(service.seconds_by_its_times(CONVOLUTIONS)),
            ]
            for turn in turns if len(figures["ResNet-32 in process"]) % 2 else reversed(turns):
                turn()


def main() -> None:
    """Measure, print and save, after each part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        there = stack.enter_context(checked_out(options.old))
        old, new = Side(there, stack), Side(Path(__file__).parent.parent, stack)
        for part in options.parts:
            for number in range(options.rounds):
                # What a service adds to training is asked of this checkout alone.
                sides = [new] if part == "service" else [old, new]
                for side in sides if number % 2 else reversed(sides):
                    side.measure(part)
            settings = {"old": options.old, "rounds": options.rounds}
            report(part, old.take_figures(), new.take_figures(), settings=settings)


def report(part: str, old: Figures, new: Figures, *, settings: dict[str, Any]) -> None:
    """Print and save a part."""
    rows = [row(figure, old.get(figure, []), values) for figure, values in new.items()]
    for name, above, below in RATIOS:
        if above in new:
            rows.append(ratio(name, new, above, below))
    print(environment())
    print_table(rows)
    save(f"starting_{part}", settings=settings, rows=rows)


def row(figure: str, old: list[float], new: list[float]) -> dict[str, Any]:
    """Medians and ranges of both sides."""
    before = statistics.median(old) if old else None
    after = statistics.median(new)
    return {
        "figure": figure,
        "old": before,
        "new": after,
        "new / old": None if before is None else after / before,
        "old range": spread(old),
        "new range": spread(new),
    }


def ratio(name: str, figures: Figures, above: str, below: str) -> dict[str, Any]:
    """The median of the ratios of rounds."""
    ratios = [a / b for a, b in zip(figures.get(above, []), figures.get(below, []), strict=True)]
    return row(name, [], ratios)


def spread(values: list[float]) -> str | None:
    """Least and most."""
    return f"{min(values):.3g} to {max(values):.3g}" if values else None


if __name__ == "__main__":
    main()
