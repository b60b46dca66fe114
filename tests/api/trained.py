"""Runs that are really trained, in this process, and stored as a worker stores them."""

from pathlib import Path
from typing import Any

import numpy as np

import lplcore
from lplcore.events import CheckpointReady
from store.database.engine import Database
from store.lifecycle import claims
from tests.api.service import Running
from tests.store.databases import claimed, writing
from worker.reporting import Reporter


def train_next(db: Database, scratch: Path, datasets: dict[str, lplcore.RegisteredDataset] | None = None) -> str:
    """Train the next run of the queue to its end; returns its id."""
    held = claimed(db, worker_id="w_test", device="cpu", lease_seconds=60)
    assert held is not None
    reporter = Reporter(db, held, given_up=lambda: True)
    events = lplcore.train(
        held.spec, seed=held.seed, checkpoint_dir=scratch / held.run_id, device="cpu", datasets=datasets
    )
    for event in events:
        reporter.report(event.to_json())
        assert not isinstance(event, CheckpointReady) or not Path(event.path).exists()
    assert reporter.end is not None
    assert reporter.end["outcome"] == "succeeded", reporter.end
    writing(db, claims.finish, held, outcome="succeeded")
    return held.run_id


def registered(service: Running, name: str, **fields: Any) -> dict[str, lplcore.RegisteredDataset]:
    """Register what lies under this name in the datasets folder, as the service and lplcore know it."""
    path = fields.pop("path", name)
    answer = service.http.post("/v1/datasets", json={"name": name, "path": path, **fields})
    assert answer.status_code == 201, answer.text
    kind = "labelled_images" if (service.settings.datasets_dir / path).is_dir() else "arrays"
    entry = lplcore.RegisteredDataset(name, str(service.settings.datasets_dir / path), kind, fields.get("task"))
    return {name: entry}


def several_labels(folder: Path) -> str:
    """A small multi-label file with a validation split in the datasets folder; its name there."""
    random = np.random.default_rng(0)
    prototypes, arrays = random.normal(size=(4, 8)), dict[str, Any]()
    for split, size in (("train", 200), ("validation", 80), ("test", 60)):
        labels = (random.random((size, 4)) < (0.6, 0.4, 0.2, 0.1)).astype(np.uint8)
        labels[:4] |= np.eye(4, dtype=np.uint8)
        arrays[f"y_{split}"] = labels
        arrays[f"x_{split}"] = (labels @ prototypes + random.normal(size=(size, 8))).astype(np.float32)
    np.savez(folder / "several.npz", classes=np.array(["a", "b", "c", "d"]), **arrays)
    return "several.npz"
