"""A real service on a real port for tests, and a trainer that writes through the store."""

import contextlib
import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from api import late
from api.app import create_app
from api.process.serve import listening
from api.process.server import ApiServer
from api.webhooks.addresses import Resolver, system_addresses
from store import checkpoints, metrics
from store.database.engine import Database
from store.database.records import Checkpoint, Claim, Series
from store.doorbell import Doorbell
from store.lifecycle import claims
from store.settings import Settings
from tests.store.databases import claimed, writing

SPEC: dict[str, Any] = {"dataset": {"name": "digits", "imbalance_factor": 20}, "method": "lpl", "epochs": 3}
NOON = 1_000_000 * 60.0


def stopped_clock() -> float:
    """The beginning of a minute that does not end, however slow the machine is."""
    return NOON


CLASSES = [str(c) for c in range(10)]


@dataclass(frozen=True)
class Running:
    """A service that serves."""

    settings: Settings
    db: Database
    url: str
    http: httpx.Client

    def submit(self, **changes: Any) -> dict[str, Any]:
        """A new job."""
        answer = self.http.post("/v1/jobs", json=SPEC | changes)
        assert answer.status_code == 201, answer.text
        job: dict[str, Any] = answer.json()
        return job


@contextlib.contextmanager
def running_alone(folder: Path, **settings: Any) -> Iterator[Running]:
    """Serve a new SQLite database in a folder, which is the data directory, too."""
    db = Database(f"sqlite:///{folder / 'lpl.sqlite3'}")
    db.migrate()
    with running(db, folder, **settings) as served:
        yield served
    db.dispose()


@contextlib.contextmanager
def running(
    db: Database,
    data_dir: Path,
    *,
    clock: Callable[[], float] = time.monotonic,
    resolve: Resolver = system_addresses,
    **settings: Any,
) -> Iterator[Running]:
    """Serve a migrated database on a free port."""
    given = Settings(data_dir=data_dir, sweep_seconds=0.2, port=0, **settings)
    given.datasets_dir.mkdir(parents=True, exist_ok=True)
    late.load()  # before the times that tests allow for answers begin
    server = ApiServer(create_app(given, db, Doorbell(None), clock=clock, resolve=resolve), log_level="warning")
    bound = listening(given, any_port=False)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    try:
        deadline = time.monotonic() + 20
        while not server.started:
            assert thread.is_alive(), "the server does not start"
            assert time.monotonic() < deadline, "the server does not start"
            time.sleep(0.01)
        with httpx.Client(base_url=url, timeout=20, verify=False) as http:  # certificates take long to load
            yield Running(given, db, url, http)
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        bound.close()
        assert not thread.is_alive(), "the server does not stop"


def claim(db: Database) -> Claim:
    """Take the next run as a worker."""
    found = claimed(db, worker_id="w_test", device="cpu", lease_seconds=60)
    assert found is not None
    writing(
        db,
        metrics.record_start,
        found,
        {"class_names": CLASSES, "class_counts": [10 - c for c in range(10)], "notes": []},
    )
    return found


def record(db: Database, held: Claim, epoch: int, *, values: Mapping[str, float | None] | None = None) -> None:
    """Write one epoch's scalars and series; the last class's values are undefined."""
    per_class = np.linspace(-0.5, 0.5, 10, dtype=np.float32)
    per_class[-1] = np.nan
    confusion = np.eye(10, dtype=np.float32) * epoch
    series = {
        "relative_loss_variation": Series((10,), per_class.astype("<f4").tobytes()),
        "test/accuracy": Series((10,), per_class.astype("<f4").tobytes()),
        "confusion_matrix": Series((10, 10), confusion.astype("<f4").tobytes()),
    }
    if epoch == 3:
        series["calibration"] = calibration()
    scalars = {"test/top1_error": 1 / epoch, "test/top1_error.few": None, "train/loss": 2.0 / epoch}
    writing(db, metrics.record_epoch, held, epoch=epoch, epochs=3, metrics=values or scalars, series=series)


def calibration() -> Series:
    """Bins of a calibration: two examples about as often right as sure, two far less often."""
    bins = np.full((15, 3), np.nan, dtype="<f4")
    bins[:, 0] = 0
    bins[7], bins[13] = (2, 0.5, 0.5), (2, 0.875, 0.5)
    return Series(bins.shape, bins.tobytes())


def keep_checkpoint(db: Database, held: Claim, content: bytes, folder: Path, *, epoch: int = 1) -> Checkpoint:
    """Store a checkpoint of these bytes."""
    path = folder / "checkpoint"
    path.write_bytes(content)
    kept = checkpoints.upload(db.write, held, path, epoch=epoch, step=0, kind="last", keep_last=2)
    assert kept.sha256 == hashlib.sha256(content).hexdigest()
    return kept


def train(db: Database) -> str:
    """Train the next run to its end; returns its id."""
    held = claim(db)
    for epoch in (1, 2, 3):
        record(db, held, epoch)
    writing(db, claims.finish, held, outcome="succeeded")
    return held.run_id
