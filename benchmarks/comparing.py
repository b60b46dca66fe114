"""Comparisons, tables, figures and reports of a large job: seconds and memory of the service that answers.

    python -m benchmarks.comparing [--classes 8142] [--runs 300] [--epochs 200]

A job of 30 sweep points, filled as trainers leave it; nothing is trained.
"""

import argparse
import resource
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from api import late
from api.app import create_app
from benchmarks.environment import save
from benchmarks.requests import Requests
from store.database.engine import Database
from store.database.tables import EpochRow, RunRow, SeriesRow
from store.doorbell import Doorbell
from store.lifecycle.states import State
from store.settings import Settings

POINTS, REPEATS, CELLS = 30, 3, 24_000
NAMES = ("relative_loss_variation", "absolute_loss_variation", "test/accuracy")
KINDS = ("loss-variation", "class-accuracy", "learning-curves", "confusion-matrix")


@contextmanager
def serving(folder: Path) -> Iterator[tuple[Database, Requests]]:
    """A service on SQLite in this process, so that its memory is that of the process."""
    db = Database(f"sqlite:///{folder / 'lpl.sqlite3'}")
    db.migrate()
    late.load()
    app = create_app(Settings(data_dir=folder, requests_per_minute=0), db, Doorbell(None))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield db, Requests(server.servers[0].sockets[0].getsockname()[1])
    server.should_exit = True
    thread.join()
    db.dispose()


def fill(db: Database, job: str, *, classes: int, epochs: int) -> None:
    """Give every run of a job its epochs, class arrays and confusion, and end it."""
    draw = np.random.default_rng(0)
    counts = sorted((int(n) for n in draw.integers(1, 1000, classes)), reverse=True)
    info = {"class_names": [f"class {c} of a taxonomy" for c in range(classes)], "class_counts": counts}

    def run_of(session: Session, run: str) -> None:
        other = {f"train/metric_{number}": float(draw.normal()) for number in range(14)}
        errors = {epoch: float(1 / epoch + draw.normal(0.2, 0.01)) for epoch in range(1, epochs + 1)}
        rows = [
            {"run_id": run, "epoch": epoch, "attempt": 1, "metrics": other | {"test/top1_error": error}}
            for epoch, error in errors.items()
        ]
        session.connection().execute(insert(EpochRow), rows)
        session.connection().execute(insert(SeriesRow), arrays(run))
        last = {"last_metrics": rows[-1]["metrics"], "epoch": epochs, "info": info, "state": State.SUCCEEDED}
        session.connection().execute(update(RunRow).where(RunRow.id == run).values(**last))

    def arrays(run: str) -> list[dict[str, Any]]:
        cells = draw.integers(0, classes, (CELLS, 3)).astype("<f4")
        whole = {name: draw.normal(0, 1, classes).astype("<f4") for name in NAMES} | {"confusion_entries": cells}
        return [
            {"run_id": run, "name": name, "epoch": epochs, "shape": list(array.shape), "data": array.tobytes()}
            for name, array in whole.items()
        ]

    with db.read() as session:
        runs = list(session.scalars(select(RunRow.id).where(RunRow.job_id == job)))
    for run in runs:
        db.write(partial(run_of, run=run))


def peak_megabytes() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(requests: Requests, path: str, shown: str) -> dict[str, Any]:
    """Seconds of an address: the first answer, and the median and the spread of later ones."""
    seconds = []
    for _ in range(REPEATS + 1):
        begin = time.perf_counter()
        requests.get(path)
        seconds.append(time.perf_counter() - begin)
    first, *later = seconds
    row = {
        "address": shown,
        "first_seconds": round(first, 3),
        "seconds": round(statistics.median(later), 3),
        "least": round(min(later), 3),
        "most": round(max(later), 3),
        "peak_megabytes": round(peak_megabytes()),
    }
    print(row)
    return row


def addresses(job: str) -> list[str]:
    """What is asked, cheapest first: the peak of memory only grows."""
    return [
        f"/v1/jobs/{job}/export?format=latex",
        f"/v1/compare?job={job}",
        *(f"/v1/jobs/{job}/figures/{kind}.{form}" for kind in KINDS for form in ("svg", "png", "pdf")),
        f"/v1/jobs/{job}/report.html",
    ]


def main() -> None:
    """Measure and save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("classes", 8142), ("runs", 300), ("epochs", 200)):
        parser.add_argument(f"--{name}", type=int, default=default)
    settings = vars(parser.parse_args())
    seeds = list(range(settings["runs"] // POINTS))
    sweep = {"optimizer.lr": [round(0.01 * number, 2) for number in range(1, POINTS + 1)]}
    spec = {"dataset": "digits", "method": "lpl", "epochs": settings["epochs"], "seeds": seeds, "sweep": sweep}
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as (db, requests):
        job = requests.post("/v1/jobs", spec)["id"]
        fill(db, job, classes=settings["classes"], epochs=settings["epochs"])
        before = round(peak_megabytes())
        rows = [measure(requests, path, path.replace(job, "JOB")) for path in addresses(job)]
    print(save("comparing", settings=settings | {"points": POINTS, "megabytes_before": before}, rows=rows))


if __name__ == "__main__":
    main()
