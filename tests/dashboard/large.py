"""Services with much in them: ten thousand jobs, 32 methods in 320 runs, 8,142 classes."""

import struct
from typing import Any

import lplcore
from store import jobs, metrics
from store.characters import to_json
from store.database.bulk import insert_plain
from store.database.engine import Database, Session
from store.database.records import NewRun, Series
from store.database.tables import JobMetricRow, JobRow, JobTagRow
from store.identifiers import new_id
from store.lifecycle import claims
from tests.store.databases import claimed, writing

METHODS = [
    "asymmetric", "acgan", "balanced_softmax", "center", "cgan", "class_balanced", "class_balanced_finetune",
    "class_balanced_focal", "cross_entropy", "disturb_label", "focal", "gcl", "generalized_cross_entropy",
    "influence_balanced", "infogan", "isda", "isda_dropout", "isda_lpl", "la_lpl", "label_aware_smoothing",
    "label_smoothing", "lade", "large_margin", "ldam", "ldam_drw", "ldam_lpl", "logit_adjustment", "lpl",
    "meta_weight_net", "mixup", "oltr", "resampling",
]  # fmt: skip
"""32 names as they stand in lists and legends; nothing is trained here, so their parameters do not matter."""
SPECIES = 8142


def fill_with_jobs(db: Database, count: int, *, called: str = "filler") -> None:
    """Jobs that have ended, each with its result."""
    spec = lplcore.parse_spec({"dataset": "digits", "method": "lpl", "epochs": 3}).model_dump(mode="json")
    base = jobs.new_job(spec=spec, runs=[NewRun(0, {}, spec, 3)], method="lpl").columns
    writing(db, fill, base, count, called)


def fill(session: Session, base: dict[str, Any], count: int, called: str) -> None:
    """Insert the rows of `fill_with_jobs`."""
    rows, measured, tags = [], [], []
    for number in range(count):
        job_id, error = new_id("j"), 0.1 + 0.8 * ((number * 7919) % count) / count
        name = f"{called} {number:05}"
        results = {"test/top1_error": {"mean": error, "squares": 0.0002, "n": 3}}
        changed = {
            "id": job_id, "name": name, "name_key": name, "state": "succeeded", "progress": 1.0, "results": results,
            "run_states": {"succeeded": 1}, "sparkline": [0.9, 0.5, error], "tags": [f"tag {number % 10}"],
            "created_at": 1.7e9 + number, "finished_at": 1.7e9 + number + 60, "notes": "", "archived": False,
        }  # fmt: skip
        merged = {**dict.fromkeys(("requested", "started_at")), **base, **changed}
        rows.append({key: to_json(value) if isinstance(value, dict | list) else value for key, value in merged.items()})
        measured.append({"job_id": job_id, "name": "test/top1_error", "value": error})
        tags.append({"job_id": job_id, "tag": f"tag {number % 10}"})
    insert_plain(session, JobRow, rows)
    insert_plain(session, JobMetricRow, measured)
    insert_plain(session, JobTagRow, tags)


def job_of_many_methods(db: Database, *, seeds: int = 10, epochs: int = 2, classes: int = 10) -> str:
    """A job of 32 methods with ten seeds each, all of whose runs have ended; its id."""
    return trained(db, "32 methods", list(METHODS), seeds=seeds, epochs=epochs, classes=classes)


def job_of_many_classes(db: Database, *, points: int = 5, epochs: int = 3) -> str:
    """A job of points that differ in a parameter only, with 8,142 classes; its id."""
    methods = [{"alias": "lpl", "threshold": round(0.1 + 0.02 * place, 2)} for place in range(points)]
    return trained(db, "8142 classes", methods, seeds=1, epochs=epochs, classes=SPECIES)


def trained(db: Database, name: str, methods: list[Any], *, seeds: int, epochs: int, classes: int) -> str:
    """A job with a run for each method and seed, and what workers would have written."""
    spec = lplcore.parse_spec({"dataset": "digits", "method": "lpl", "epochs": epochs, "name": name})
    dumped = spec.model_dump(mode="json")
    new = [
        NewRun(seed, {"method": method}, dumped, epochs, method=method if isinstance(method, str) else "lpl")
        for method in methods
        for seed in range(seeds)
    ]
    job = writing(db, jobs.submit, jobs.new_job(spec=dumped, runs=new, method="lpl")).job.id
    info = {
        "class_names": [f"Genus species {c:04}" for c in range(classes)],
        "class_counts": [max(2, int(1000 * (1 - c / classes) ** 3)) for c in range(classes)],
        "notes": [],
    }
    for number in range(len(new)):
        held = claimed(db, worker_id="w_1", device="cpu", lease_seconds=600)
        assert held is not None
        writing(db, metrics.record_start, held, info)
        for epoch in range(1, epochs + 1):
            error = 0.3 + 0.4 / epoch + 0.001 * (number % 37)
            values = {"test/top1_error": error, "train/loss": 2.0 / epoch}
            arrays = dict.fromkeys(("relative_loss_variation", "test/accuracy"), slope(classes, epoch, number))
            writing(db, metrics.record_epoch, held, epoch=epoch, epochs=epochs, metrics=values, series=arrays)
        writing(db, claims.finish, held, outcome="succeeded")
    return job


def slope(classes: int, epoch: int, number: int) -> Series:
    """A per-class array that rises with the rank; one class goes far beyond the rest, as they do."""
    values = [0.05 * epoch * (c / classes - 0.4) + 0.001 * (number % 13) for c in range(classes)]
    values[-1] = 120.0
    return Series((classes,), struct.pack(f"<{classes}f", *values))
