"""The short version of the evidence, trained by a service in the background.

    python -m benchmarks.evidence.service URL [--collect-only] [--data FOLDER] [--results FOLDER]

Submits what neither the results nor the service (under its tag) have, and writes the results of the runs that have
succeeded; both may be repeated at any time, also with another service. The service needs the data set
`cifar10_lt_100`, which is uploaded from `--data` where it lacks it.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.evidence import records
from benchmarks.evidence.lpl_changes import RELEASED_WALK
from benchmarks.evidence.packs import registered
from benchmarks.evidence.records import FOLDER, Record
from client import Client
from client.answers import Job, JobItem, Run

COLLECTED = "service.jsonl"
DATA = "cifar10_lt_100"
EPOCHS = 15
SGD: dict[str, Any] = {"name": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 2e-4}
SETTING: dict[str, Any] = {
    "dataset": {"name": DATA},
    "model": {"name": "resnet32"},
    "augmentation": {"name": "pad_crop_flip"},
    "optimizer": SGD,
    "schedule": {"name": "cosine", "warmup_epochs": 1},
    "epochs": EPOCHS,
    "batch_size": 128,
}
SEEDS = (0, 1, 2)
METHODS = ("cross_entropy", "logit_adjustment", "lpl", "la_lpl")
CHANGES: dict[str, dict[str, Any]] = {
    "delta_epsilon 5": {"delta_epsilon": 5.0},
    "fixed epsilon 2.5": {"epsilon": 2.5, "delta_epsilon": 0.0},
    "bounds from performance": {"bound_from": "performance"},
    "undetached": {"detach": False},
    "head_scale 0.2": {"head_scale": 0.2},
    "threshold 0.6": {"threshold": 0.6},
    "delta_epsilon 10": {"delta_epsilon": 10.0},
    "released walk": RELEASED_WALK,
    "delta_epsilon 3": {"delta_epsilon": 3.0},
}
DECAYED_TWICE: dict[str, Any] = {"optimizer": {**SGD, "weight_decay": 3e-4}}
LONG: dict[str, Any] = {"epochs": 3 * EPOCHS}
KEPT = ("dataset", "model", "method", "augmentation", "optimizer", "schedule", "epochs", "batch_size", "seeds")
"""Fields of a spec that are kept with a result."""


def experiments() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Tag, label and spec of everything that is asked for."""
    for seed in SEEDS:
        for method in METHODS:
            yield "evidence", method, spec(method, seed, priority=9 - seed)
    for seed in (0, 1):
        for label, options in CHANGES.items():
            yield "evidence-lpl", f"lpl {label}", spec({"alias": "lpl", **options}, seed, priority=4 - 2 * seed)
        yield "evidence-lpl", "lpl decayed twice", spec("lpl", seed, priority=3 - 2 * seed, **DECAYED_TWICE)
    for method in ("logit_adjustment", "lpl"):
        yield "evidence-lpl", f"{method} {LONG['epochs']} epochs", spec(method, 0, priority=1, **LONG)


def spec(method: Any, seed: int, *, priority: int, **changes: Any) -> dict[str, Any]:
    """An experiment of one run."""
    return {**SETTING, "method": method, "seeds": [seed], "priority": priority, **changes}


def submit(client: Client, data: Path, folder: Path) -> int:
    """Submit what the results in a folder and the service lack; returns how many jobs that were."""
    if DATA not in {entry.name for entry in client.datasets()}:
        upload(client, data)
    present = {(tag, job.name) for tag in ("evidence", "evidence-lpl") for job in jobs(client, tag)}
    measured, submitted = collected(folder), 0
    for tag, label, experiment in experiments():
        (seed,) = experiment["seeds"]
        name = f"{label} seed {seed}"
        if (tag, name) not in present and (label, seed) not in measured:
            key = f"{tag} {name}".replace(" ", "-")
            client.submit({**experiment, "name": name, "tags": [tag]}, idempotency_key=key)
            submitted += 1
    return submitted


def upload(client: Client, data: Path) -> None:
    """Give the service the data set."""
    raw = registered(DATA, data).raw
    assert raw is not None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{DATA}.npz"
        x_train, x_test = (np.asarray(x) for x in (raw.x_train, raw.x_test))
        np.savez(path, x_train=x_train, y_train=raw.y_train, x_test=x_test, y_test=raw.y_test)
        client.upload_dataset(DATA, path)


def jobs(client: Client, tag: str) -> Iterator[JobItem]:
    """All jobs with a tag."""
    page = client.list_jobs(tag=tag)
    yield from page.items
    while page.next:
        page = client.list_jobs(tag=tag, cursor=page.next)
        yield from page.items


def collect(client: Client, folder: Path) -> int:
    """Write the results of runs that have succeeded and are not there; returns how many those were."""
    present, new = collected(folder), []
    for tag in ("evidence", "evidence-lpl"):
        for item in jobs(client, tag):
            label, _, seed = item.name.rpartition(" seed ")
            if item.state == "succeeded" and (label, int(seed)) not in present:
                job = client.get_job(item.id)
                new += [record_of(client, label, job, run) for run in job.runs if run.state == "succeeded"]
    if new:
        records.add(folder / COLLECTED, new)
    return len(new)


def collected(folder: Path) -> set[tuple[str, int]]:
    """Label and seed of the results in a folder."""
    return {(record.method, record.seed) for record in records.read(folder / COLLECTED).values()}


def record_of(client: Client, label: str, job: Job, run: Run) -> Record:
    """The last epoch of a run."""
    metrics = {name: curve.value[-1] for name, curve in client.metrics(run, after_epoch=run.epochs - 1).items()}
    variations = client.loss_variations(run, epoch=run.epochs)
    accuracy = client.class_metrics(run, epoch=run.epochs)
    assert run.started_at is not None
    assert run.finished_at is not None
    assert isinstance(variations.relative_loss_variation, list)
    return Record(
        data=job.spec["dataset"]["name"],
        epochs=run.epochs,
        method=label,
        seed=run.seed,
        spec={name: job.spec[name] for name in KEPT},
        metrics=records.rounded_metrics(metrics),
        class_counts=variations.class_counts,
        class_accuracy=records.rounded(accuracy.values[-1]),
        loss_variation=records.rounded(variations.relative_loss_variation[-1]),
        seconds=round((run.finished_at - run.started_at).total_seconds(), 1),
        environment=dict(run.environment or {}),
        notes=list(run.notes),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--collect-only", action="store_true", help="submit nothing")
    parser.add_argument("--data", type=Path, default=Path("evidence-packs"))
    parser.add_argument("--results", type=Path, default=FOLDER)
    options = parser.parse_args()
    with Client(options.url) as client:
        if not options.collect_only:
            print(f"{submit(client, options.data, options.results)} jobs submitted")
        print(f"{collect(client, options.results)} results written")


if __name__ == "__main__":
    main()
