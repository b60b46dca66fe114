"""What people wait for, here and with MLflow's tracking server: both on the same kind of database, in turns.

    python -m benchmarks.compare_mlflow [--database sqlite postgres] [--filled 10000] [--repeats 40]

MLflow is installed into `.venv-mlflow` where it is not there. Both servers run in processes of their own and are asked
over one kept connection; what is filled in is written past both. An epoch is recorded as each side does it: by MLflow's
clients over HTTP, by this service's workers in the database. Figures are milliseconds: median, and the quartiles as
spread.
"""

import argparse
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from api.process.broker import end, free_port
from benchmarks import environment
from benchmarks.load import databases
from benchmarks.load_filling import Rows, add_rows, settle, template, write
from benchmarks.mlflow_server import PACKAGES, MlflowSide, mlflow_serving
from benchmarks.requests import Requests
from store import metrics
from store.database.engine import Database
from store.database.records import Claim, Series
from store.lifecycle import claims

SPEC = {"dataset": "digits", "method": "lpl", "epochs": 200}
NAMES = ("test/top1_error", *(f"metric_{number}" for number in range(19)))
CLASSES, PER_CLASS, EPOCHS = 100, ("relative_loss_variation", "test/accuracy", "lpl/q", "lpl/epsilon"), 200
BATCH, START_SECONDS = 1000, 60
Times = dict[str, dict[str, list[float]]]


class OwnSide:
    """This service with a run of two hundred epochs."""

    def __init__(self, database: str, requests: Requests) -> None:
        self._db, self._requests = Database(database), requests

    def submit(self) -> str:
        """A new job of one run; its id."""
        return str(self._requests.post("/v1/jobs", SPEC)["id"])

    def claim(self) -> Claim:
        """Take the oldest waiting run as a worker does."""
        held = self._db.write(partial(claims.claim, worker_id="w_compared", device="cpu", lease_seconds=3600))
        assert isinstance(held, Claim)
        return held

    def epoch(self, held: Claim, epoch: int, scalars: dict[str, float], classes: dict[str, list[float]]) -> None:
        """Record an epoch as a worker does."""
        series = {name: Series((len(row),), np.asarray(row, "<f4").tobytes()) for name, row in classes.items()}
        record = partial(metrics.record_epoch, epoch=epoch, epochs=EPOCHS, metrics=scalars, series=series)
        self._db.write(partial(record, claim=held))

    def history(self, run: str, name: str) -> int:
        """Read a metric's history; how many values it has."""
        answer = self._requests.get(f"/v1/runs/{run}/metrics?names={name}")
        return len(answer["metrics"][name]["value"])

    def page(self) -> int:
        """Read the newest fifty jobs; how many there are."""
        return len(self._requests.get("/v1/jobs?limit=50")["items"])

    def fill(self, job: str, copies: int) -> None:
        """Add finished jobs of one run, past the service."""
        made = template(self._db, job)
        for first in range(0, copies, BATCH):
            rows: Rows = defaultdict(list)
            for number in range(first, min(first + BATCH, copies)):
                add_rows(rows, made, state="succeeded", runs=1, number=number)
            write(self._db, rows)
        settle(self._db)


@contextmanager
def own_serving(database: str, folder: Path) -> Iterator[OwnSide]:
    """This service, as `lpl api` starts it."""
    port = free_port()
    settings = {"LPL_DATABASE_URL": database, "LPL_DATA_DIR": str(folder / "data"), "LPL_MAX_QUEUED_RUNS": "1000000"}
    command = [sys.executable, "-m", "client", "api", "--port", str(port)]
    with (folder / "lpl.log").open("wb") as log:
        process = subprocess.Popen(command, env={**os.environ, **settings}, stdout=log, stderr=log)
    try:
        requests = Requests(port)
        requests.wait("/readyz", process, seconds=START_SECONDS)
        yield OwnSide(database, requests)
    finally:
        end(process)


def scalars(epoch: int) -> dict[str, float]:
    """Twenty scalars of an epoch."""
    return {name: (1 + number / 7) / epoch for number, name in enumerate(NAMES)}


def per_class(epoch: int) -> dict[str, list[float]]:
    """Four values of each of a hundred classes."""
    return {name: [(1 + index) / epoch for index in range(CLASSES)] for name in PER_CLASS}


def flat(spec: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """A spec as parameters of MLflow, which are texts."""
    texts: dict[str, str] = {}
    for name, value in spec.items():
        inner = flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": str(value)[:500]}
        texts |= inner
    return texts


def compared(own: OwnSide, other: MlflowSide, options: argparse.Namespace) -> Times:
    """Milliseconds of everything on both sides, in turns."""
    job = own.submit()
    held = own.claim()
    params = flat(held.spec)
    run = other.submit(params)
    for epoch in range(1, EPOCHS + 1):
        own.epoch(held, epoch, scalars(epoch), {})
        other.epoch(run, epoch, scalars(epoch), {})
    number = count(EPOCHS + 1)
    copied = other.submit(params)
    other.epoch(copied, 1, scalars(1), {})
    own.fill(job, options.filled)
    other.fill(copied, options.filled)
    none: dict[str, list[float]] = {}
    pairs: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "submit": (own.submit, lambda: other.submit(params)),
        f"list of 50 out of {options.filled:,}": (own.page, other.page),
        f"history of {EPOCHS} epochs of one metric": (
            lambda: own.history(held.run_id, NAMES[0]),
            lambda: other.history(run, NAMES[0]),
        ),
        "epoch of 20 scalars": (
            lambda: own.epoch(held, n := next(number), scalars(n), none),
            lambda: other.epoch(run, n := next(number), scalars(n), none),
        ),
        "epoch of 20 scalars and 4 x 100 per class": (
            lambda: own.epoch(held, n := next(number), scalars(n), per_class(n)),
            lambda: other.epoch(run, n := next(number), scalars(n), per_class(n)),
        ),
    }
    assert own.history(held.run_id, NAMES[0]) == other.history(run, NAMES[0]) == EPOCHS
    assert own.page() == other.page() == 50
    return {name: in_turns(pair, options.repeats) for name, pair in pairs.items()}


def in_turns(pair: tuple[Callable[[], object], Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Milliseconds of both, after one time that does not count."""
    times: dict[str, list[float]] = {"lpl": [], "mlflow": []}
    for repeat in range(repeats + 1):
        for side, work in zip(times, pair, strict=True):
            started = time.perf_counter()
            work()
            if repeat:
                times[side].append(1000 * (time.perf_counter() - started))
    return times


def row(database: str, name: str, times: dict[str, list[float]]) -> dict[str, Any]:
    """Medians, their ratio and the quartiles."""
    low, high = (statistics.median(values) for values in times.values())
    figures: dict[str, Any] = {"database": database, "operation": name, "lpl ms": low, "mlflow ms": high}
    figures["ratio"] = high / low
    for side, values in times.items():
        figures[f"{side} quartiles"] = statistics.quantiles(values, n=4)[::2]
    print(f"{database:9} {name:45} {low:8.2f} {high:8.1f} {high / low:6.1f}", flush=True)
    return figures


def rows_of(kind: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    """The rows of a kind of database."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        folder = Path(place)
        with (
            databases(kind, folder) as (own_url, other_url),
            own_serving(own_url, folder) as own,
            mlflow_serving(other_url.replace("+psycopg", ""), folder) as other,
        ):
            return [row(kind, name, times) for name, times in compared(own, other, options).items()]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", nargs="*", default=["sqlite", "postgres"], choices=["sqlite", "postgres"])
    parser.add_argument("--filled", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--results", type=Path, default=environment.RESULTS)
    options = parser.parse_args(arguments)
    environment.RESULTS = options.results
    print(json.dumps(environment.environment()))
    rows = [each for kind in options.database for each in rows_of(kind, options)]
    settings = {"mlflow": PACKAGES[0], "sqlite": sqlite3.sqlite_version}
    settings |= {name: getattr(options, name) for name in ("filled", "repeats")}
    print(f"written to {environment.save('compare_mlflow', settings=settings, rows=rows)}")


if __name__ == "__main__":
    main()
