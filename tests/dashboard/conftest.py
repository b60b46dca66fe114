"""A real service with real data, and a real browser."""

import shutil
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

import lplcore
from api import late
from api.app import create_app
from store import jobs, metrics
from store.database.engine import Database
from store.database.records import Claim, NewRun, Series
from store.doorbell import Doorbell
from store.lifecycle import claims, requests
from store.settings import Settings
from tests.store.databases import claimed, writing

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
"""The one without windows takes half the time."""
PATIENCE_MILLISECONDS = 30_000
"""What is expected of a page may take so long on a machine that does other work."""
EPOCHS = 3


@pytest.fixture(scope="package")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A migrated database, with the settings' data directory beside it."""
    folder = tmp_path_factory.mktemp("dashboard")
    db = Database(f"sqlite:///{folder / 'lpl.sqlite3'}")
    db.migrate()
    yield db
    db.dispose()


@pytest.fixture(scope="package")
def address(database: Database) -> Iterator[str]:
    """The address of a running service."""
    with serving(database) as url:
        yield url


@contextmanager
def serving(db: Database, **settings: Any) -> Iterator[str]:
    """Serve a database; the address."""
    folder = Path(str(db.url.database)).parent
    late.load()  # a page's patience is for what it asks for
    app = create_app(Settings(data_dir=folder, **settings), db, Doorbell(None))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[tuple[Database, str]]:
    """A service of its own without jobs, and its database."""
    db = Database(f"sqlite:///{tmp_path / 'lpl.sqlite3'}")
    db.migrate()
    with serving(db) as url:
        yield db, url
    db.dispose()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium."""
    if CHROMIUM is None:
        pytest.skip("there is neither chromium-headless-shell nor chromium on the path")
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page; a message on its console or an uncaught error fails the test."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    opened = context.new_page()
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        # Chromium notes every refused request itself; the page shows the problem document.
        if message.type == "error" and "the server responded with a status" not in message.text:
            complaints.append(message.text)

    opened.on("console", hear)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


def submitted(db: Database, name: str, *, seeds: int = 1, **changes: Any) -> str:
    """A job that waits; its id."""
    spec = lplcore.parse_spec({"dataset": "digits", "method": "lpl", "epochs": 10, "name": name, **changes})
    dumped = spec.model_dump(mode="json")
    new = [NewRun(seed, {}, dumped, spec.epochs) for seed in range(seeds)]
    return writing(db, jobs.submit, jobs.new_job(spec=dumped, runs=new, method="lpl")).job.id


def begun(db: Database, *, epochs: int = 0) -> Claim:
    """The next run in training, with so many of ten epochs recorded."""
    held = claimed(db, worker_id="w_1", device="cpu", lease_seconds=600)
    assert held is not None
    info = {"class_names": ["=1+1", "b", "@c"], "class_counts": [9, 5, 2], "notes": []}
    writing(db, metrics.record_start, held, info)
    for epoch in range(1, epochs + 1):
        record(db, held, epoch)
    return held


def record(db: Database, held: Claim, epoch: int, *, epochs: int = 10) -> None:
    """One epoch of a run."""
    arrays = {name: series(0.5, 0.25, 0.125) for name in ("relative_loss_variation", "test/accuracy")}
    values = {"test/top1_error": 1 / epoch, "train/loss": 1.0}
    writing(db, metrics.record_epoch, held, epoch=epoch, epochs=epochs, metrics=values, series=arrays)


def cancelled(db: Database, job: str) -> None:
    """Take a job out of the way of those that follow."""
    writing(db, requests.request_job, job, "cancel")


def series(*values: float) -> Series:
    """A float32 array."""
    return Series((len(values),), struct.pack(f"<{len(values)}f", *values))


SINGLE_LABEL = {
    "metrics": ("test/top1_error", "test/top1_error.many"),
    "series": {"relative_loss_variation": (-0.1, 0.0, 0.4), "test/accuracy": (0.9, 0.8, 0.5)},
}
MULTI_LABEL = {
    "metrics": ("test/mean_average_precision", "test/mean_average_precision.many"),
    "series": {
        "relative_loss_variation.positive": (-0.1, 0.0, 0.4),
        "relative_loss_variation.negative": (0.2, 0.1, -0.3),
        "test/average_precision": (0.9, 0.8, 0.5),
    },
}


def finished_job(
    db: Database,
    name: str,
    *,
    written: dict[str, Any] = SINGLE_LABEL,
    last: Callable[[], dict[str, Series]] = dict,
    **override: Any,
) -> str:
    """A job with two methods and two seeds whose runs have all succeeded; its id.

    `last` gives what each run writes with its last epoch only.
    """
    change = {
        "name": name,
        "epochs": EPOCHS,
        "seeds": [0, 1],
        "sweep": {"method": ["cross_entropy", "lpl"]},
        **override,
    }
    spec = lplcore.parse_spec({"preset": "digits_long_tail", "override": change})
    plan = [NewRun(run.seed, run.point, run.spec.model_dump(mode="json"), EPOCHS) for run in spec.plan()]
    job = writing(
        db, jobs.submit, jobs.new_job(spec=spec.model_dump(mode="json"), runs=plan, method="cross_entropy")
    ).job
    for number in range(len(plan)):
        train(db, number, written, last())
    return job.id


def train(db: Database, number: int, written: dict[str, Any], last: dict[str, Series]) -> None:
    """Write what a worker writes for one run."""
    claim = claimed(db, worker_id="w_1", device="cpu", lease_seconds=60)
    assert claim is not None
    info = {"class_names": ["a", "b", "c"], "class_counts": [9, 5, 2], "notes": []}
    writing(db, metrics.record_start, claim, info)
    for epoch in range(1, EPOCHS + 1):
        error = 0.5 / epoch + number / 100
        values = {**dict.fromkeys(written["metrics"], error), "train/loss": 1 / epoch}
        arrays = {name: series(*values) for name, values in written["series"].items()}
        arrays |= last if epoch == EPOCHS else {}
        writing(db, metrics.record_epoch, claim, epoch=epoch, epochs=EPOCHS, metrics=values, series=arrays)
    writing(db, claims.log, claim, "info", "a line of the log")
    writing(db, claims.finish, claim, outcome="succeeded")
