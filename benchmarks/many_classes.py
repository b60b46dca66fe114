"""What 8,142 classes cost: LPL's part of a step, an epoch's figures and their storage, and the answers that read them.

    python -m benchmarks.many_classes [--rounds 5]

A step: the criterion (loss, gradient of the logits) and the epoch's sums for 128 examples, against forward and backward
pass of ResNet-50 on 128 images of 224 x 224 (four parts of 32) as the trainer computes them on a CPU; no optimiser, no
data. An epoch: per-class series and evaluation of 24,426 predictions to scalars, through the trainer's events into
SQLite, against 3,418 such steps (437,513 images). Answers: a job of five runs of 90 epochs, over HTTP; the page in
Chromium where there is one. All are taken in turn in every round; figures are medians, with the least and the largest.
"""

import argparse
import json
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import torch
import uvicorn
from playwright.sync_api import sync_playwright

import lplcore
from api import late
from api.app import create_app
from benchmarks.environment import environment, print_table, save
from lplcore.data.info import DatasetInfo
from lplcore.events import EpochEnd, event_from_json
from lplcore.training.evaluation.fused import offered
from lplcore.training.evaluation.single_label import Evaluation, evaluate
from lplcore.training.totals import EpochTotals
from store import jobs, metrics
from store.database.engine import Database
from store.database.records import Claim, NewRun, Series
from store.doorbell import Doorbell
from store.lifecycle import claims
from store.settings import Settings

CLASSES, BATCH, PART, IMAGES, TESTED = 8142, 128, 32, 437_513, 24_426
STEPS = IMAGES // BATCH
EPOCHS, RUNS = 90, 5
COLUMNS = ("what", "ms", "least", "largest", "share of a step", "share of an epoch", "bytes")
METHODS: dict[str, dict[str, Any]] = {
    "cross_entropy": {},
    "lpl": {"threshold": 0.4, "epsilon": 0.0, "delta_epsilon": 2.0, "step_size": 0.1, "step_rounding": "exact"},
    "lpl, num_steps 1": {"threshold": 0.4, "epsilon": 0.0, "delta_epsilon": 2.0, "num_steps": 1},
}
Timed = Callable[[], float]
"""Does something and says how long it took, in seconds."""


def class_counts() -> list[int]:
    """A long tail from 1,000 to 2 examples."""
    return lplcore.long_tail_counts(1000, CLASSES, imbalance_factor=500)


def drawn(number: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits [number, C], and labels as frequent as the classes."""
    generator = torch.Generator().manual_seed(0)
    share = torch.tensor(class_counts(), dtype=torch.float64)
    labels = torch.multinomial(share, number, replacement=True, generator=generator)
    return 2 * torch.randn(number, CLASSES, generator=generator), labels


def seconds(work: Callable[[], Any], *, repeats: int = 1) -> float:
    """Mean seconds of something done so often."""
    begun = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - begun) / repeats


def network() -> Timed:
    """A pass of ResNet-50 over a batch, forward and backward."""
    spec = lplcore.parse_spec({"dataset": "cifar10", "model": "resnet50", "method": "cross_entropy"})
    model = spec.model.build(input_shape=(3, 224, 224), num_classes=CLASSES)
    model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's own annotation lacks it
    images = torch.randn(PART, 3, 224, 224).to(memory_format=torch.channels_last)

    def work() -> None:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=offered(torch.bfloat16)):
            logits = model(images).logits
        torch.autograd.backward(logits.float().square().mean())

    return lambda: seconds(work) * BATCH / PART


def criterion(name: str, parameters: dict[str, Any]) -> Timed:
    """A method's loss, its gradient of the logits, and the sums of the epoch."""
    built = lplcore.criterion(name.split(",")[0], class_counts=class_counts(), **parameters)
    totals = EpochTotals(CLASSES, torch.device("cpu"))
    logits, labels = drawn(BATCH)
    logits.requires_grad_()

    def work() -> None:
        logits.grad = None
        output = built.evaluate(logits, labels, progress=0.5)
        torch.autograd.backward(output.mean)
        totals.add(0, labels, logits.detach(), output.detach())

    return lambda: seconds(work, repeats=5)


def summed_totals() -> EpochTotals:
    """An epoch's sums, of one batch."""
    totals = EpochTotals(CLASSES, torch.device("cpu"))
    logits, labels = drawn(BATCH)
    output = lplcore.criterion("lpl", class_counts=class_counts()).evaluate(logits, labels, progress=0.5)
    totals.add(0, labels, logits, output.detach())
    return totals


def evaluated() -> Evaluation:
    """What the test split says, half of it right; logits are not kept, as they are the network's part."""
    _, labels = drawn(TESTED)
    others = labels.roll(1)
    labels = labels.to(torch.int64)
    columns = torch.arange(CLASSES)

    def predict(batches: Sequence[torch.Tensor]) -> Iterator[torch.Tensor]:
        for indices in batches:
            guess = torch.where(indices % 2 == 0, labels[indices], others[indices])
            yield (columns == guess[:, None]).float()

    return evaluate(predict, labels, num_classes=CLASSES, batch_size=512)


@contextmanager
def database(folder: Path) -> Iterator[tuple[Database, str]]:
    """A database with a job that waits, and its id."""
    db = Database(f"sqlite:///{folder / 'lpl.sqlite3'}")
    db.migrate()
    spec = lplcore.parse_spec({"dataset": "digits", "method": "lpl", "epochs": EPOCHS, "name": "species"})
    dumped = spec.model_dump(mode="json")
    runs = [NewRun(seed, {}, dumped, EPOCHS) for seed in range(RUNS)]
    job = db.write(lambda session: jobs.submit(session, jobs.new_job(spec=dumped, runs=runs, method="lpl"))).job.id
    yield db, job
    db.dispose()


def claimed(db: Database) -> Claim:
    """The next run, begun."""
    held = db.write(lambda session: claims.claim(session, worker_id="w_1", device="cpu", lease_seconds=3600))
    assert isinstance(held, Claim)
    names = [f"Genus{number:04} species{number:04}" for number in range(CLASSES)]
    info = {"class_names": names, "class_counts": class_counts(), "notes": []}
    db.write(lambda session: metrics.record_start(session, held, info))
    return held


def epoch_end(totals: EpochTotals, evaluation: Evaluation, *, epoch: int) -> EpochEnd:
    """What the trainer says at the end of an epoch."""
    info = DatasetInfo("made", "single_label", tuple(map(str, range(CLASSES))), tuple(class_counts()), 0, 0, 0, (1,))
    values = totals.metrics() | evaluation.metrics("test") | evaluation.group_metrics("test", info)
    return EpochEnd(epoch, values, totals.series() | evaluation.series("test", last=epoch == EPOCHS))


def stored(db: Database, held: Claim, event: EpochEnd) -> int:
    """Record an epoch as a worker does; returns the bytes of its series."""
    read = event_from_json(json.loads(json.dumps(event.to_json())))
    assert isinstance(read, EpochEnd)
    series = {name: Series(array.shape, array.astype("<f4").tobytes()) for name, array in read.series.items()}
    arguments: dict[str, Any] = {"epoch": read.epoch, "epochs": EPOCHS, "metrics": read.metrics, "series": series}
    db.write(lambda session: metrics.record_epoch(session, held, **arguments))
    return sum(len(each.data) for each in series.values())


def fill(db: Database, held: Claim, series: Mapping[str, Any], *, last: EpochEnd) -> None:
    """Record all epochs of a run, and that it has ended."""
    for epoch in range(1, EPOCHS):
        stored(db, held, EpochEnd(epoch, last.metrics, dict(series)))
    stored(db, held, last)
    db.write(lambda session: claims.finish(session, held, outcome="succeeded"))


@contextmanager
def served(db: Database, folder: Path) -> Iterator[str]:
    """The address of a service on the database."""
    late.load()
    app = create_app(Settings(data_dir=folder), db, Doorbell(None))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def paths(job: str, run: str) -> dict[str, str]:
    """What is asked of the service, by what it is called in the result."""
    by_class = "class-metrics?name=test/accuracy"
    return {
        "loss-variations of a run, an epoch": f"/v1/runs/{run}/loss-variations?epoch={EPOCHS}",
        "loss-variations of a run, 90 epochs": f"/v1/runs/{run}/loss-variations",
        "class-metrics of a run, an epoch": f"/v1/runs/{run}/{by_class}&epoch={EPOCHS}",
        "class-metrics of a run, 90 epochs": f"/v1/runs/{run}/{by_class}",
        "confusion-matrix, 20 largest entries": f"/v1/runs/{run}/confusion-matrix?format=entries&limit=20",
        "confusion-matrix, all entries": f"/v1/runs/{run}/confusion-matrix?format=entries",
        "job": f"/v1/jobs/{job}",
        "loss-variations of a job of five runs, an epoch": f"/v1/jobs/{job}/loss-variations?epoch={EPOCHS}",
        "class-metrics of a job of five runs, an epoch": f"/v1/jobs/{job}/{by_class}&epoch={EPOCHS}",
    }


def answers(url: str, job: str, rounds: int) -> list[dict[str, Any]]:
    """Milliseconds and bytes of each answer, and of the page."""
    rows = []
    with httpx.Client(base_url=url, timeout=60) as http:
        run = http.get(f"/v1/jobs/{job}").json()["runs"][0]["id"]
        for name, path in paths(job, run).items():
            size = len(http.get(path).raise_for_status().content)
            rows.append(row(name, [seconds(partial(http.get, path)) for _ in range(rounds)], bytes=size))
    chromium = shutil.which("chromium")
    if chromium is not None:
        rows.append(row("page of the job in Chromium, to its last chart", pages(url, job, chromium, rounds)))
    return rows


def pages(url: str, job: str, chromium: str, rounds: int) -> list[float]:
    """Seconds until a page has drawn its last chart."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        times = []
        for _ in range(rounds):
            page = browser.new_page()
            begun = time.perf_counter()
            page.goto(f"{url}/#/jobs/{job}?tab=classes")
            page.get_by_role("img", name="Test accuracy by class").locator("canvas").wait_for()
            times.append(time.perf_counter() - begun)
            page.close()
        browser.close()
    return times


def row(name: str, times: list[float], **more: Any) -> dict[str, Any]:
    """A line of the result."""
    of_them = {"ms": statistics.median(times), "least": min(times), "largest": max(times)}
    return {"what": name, **{key: 1000 * value for key, value in of_them.items()}, **more}


def in_turn(timed: dict[str, Timed], rounds: int) -> dict[str, list[float]]:
    """Seconds of each thing in every round but the first, which warms up."""
    times: dict[str, list[float]] = {name: [] for name in timed}
    for number in range(rounds + 1):
        for name, work in timed.items():
            elapsed = work()
            if number:
                times[name].append(elapsed)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name, database(Path(name)) as (db, job):
        totals, evaluation, held = summed_totals(), evaluated(), claimed(db)
        event = epoch_end(totals, evaluation, epoch=1)
        timed = {"ResNet-50, 128 images of 224 x 224": network()}
        timed |= {f"{method}, loss and sums": criterion(method, options) for method, options in METHODS.items()}
        timed["an epoch's series and scalars"] = lambda: seconds(lambda: epoch_end(totals, evaluation, epoch=1))
        timed["an epoch's storage"] = lambda: seconds(lambda: stored(db, held, event))
        times = in_turn(timed, rounds)
        step = statistics.median(times["ResNet-50, 128 images of 224 x 224"])
        rows = [row(name, each) for name, each in times.items()]
        for line in rows[1:]:
            steps = STEPS if line["what"].startswith("an epoch") else 1
            line["share of a step" if steps == 1 else "share of an epoch"] = line["ms"] / 1000 / (step * steps)
        rows[-1]["bytes"] = stored(db, held, event)
        for number in range(RUNS):
            held = held if number == 0 else claimed(db)
            fill(db, held, event.series, last=epoch_end(totals, evaluation, epoch=EPOCHS))
        with served(db, Path(name)) as url:
            answered = answers(url, job, rounds)
    print(environment())
    print_table([{column: line.get(column, "") for column in COLUMNS} for line in rows + answered])
    settings = {"classes": CLASSES, "batch": BATCH, "steps of an epoch": STEPS, "rounds": rounds, "statistic": "median"}
    print(f"written to {save('many_classes', settings=settings, rows=rows + answered)}")


if __name__ == "__main__":
    main()
