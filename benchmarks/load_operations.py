"""What is measured: requests over HTTP, and what workers and the sweep do in the store."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from benchmarks.load_filling import CLASSES, COMMON, CURVE, OLD, PAGE, SELDOM, Template, add_job
from store import audit, checkpoints, datasets, deletion, metrics
from store.database.engine import Database
from store.database.records import Claim, Series
from store.lifecycle import claims, sweeper

SPEC: dict[str, Any] = {"dataset": "digits", "method": "lpl", "epochs": 2}
LEASE, SWEEP, DAY = 60.0, 10.0, 86_400.0
LISTS = {
    "list of jobs": "",
    "list, state common": "&state=succeeded",
    "list, state waiting": "&state=queued",
    "list, state of none": "&state=paused",
    "list, tag common": f"&tag={COMMON}",
    "list, tag rare": f"&tag={SELDOM}",
    "list, data set common": "&dataset=digits",
    "list, data set rare": f"&dataset={SELDOM}",
    "list, method common": "&method=lpl",
    "list, method rare": f"&method={SELDOM}",
    "list, name common": "&name=load",
    "list, name of none (walks all jobs)": "&name=nothing+of+the+kind",
    "list, all filters": f"&state=succeeded&tag={COMMON}&dataset=digits&method=lpl&name=load",
}
RESULTS = (
    "metrics",
    "loss-variations",
    "class-metrics?name=test/accuracy",
    "confusion-matrix",
    "checkpoints",
    "logs",
    "events",
)


def nothing() -> None:
    """Needs no preparation."""


@dataclass(frozen=True)
class Operation:
    """Something to be timed; what is done before and after is not."""

    name: str
    work: Callable[[], object]
    before: Callable[[], object] = nothing
    after: Callable[[], object] = nothing


@dataclass(frozen=True)
class Side:
    """A database and a service on it, with two jobs that have ended: one of few runs, one of a hundred."""

    db: Database
    client: httpx.Client
    template: Template
    few: str
    many: str

    def get(self, path: str) -> Callable[[], httpx.Response]:
        """A request that reads."""
        return lambda: self.client.get(path).raise_for_status()

    def post(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """A request that writes."""
        return self.client.post(path, json=body).raise_for_status()

    def submit(self, runs: int = 1) -> str:
        """A new job's id."""
        return str(self.post("/v1/jobs", {**SPEC, "seeds": list(range(runs))}).json()["id"])


def operations(side: Side) -> list[Operation]:
    """All but those on large jobs."""
    run = side.get(f"/v1/jobs/{side.many}/runs?limit=1")().json()["items"][0]["id"]
    return [
        Operation("smallest answer there is", side.get("/healthz")),
        Operation("submit a job of 1 run", side.submit),
        Operation("submit a job of 20 runs", lambda: side.submit(20)),
        *(Operation(name, side.get(f"/v1/jobs?limit={PAGE}{filters}")) for name, filters in LISTS.items()),
        Operation("job page, 3 runs", side.get(f"/v1/jobs/{side.few}")),
        Operation("job page, 100 runs", side.get(f"/v1/jobs/{side.many}")),
        Operation("events of a job of 3 runs", side.get(f"/v1/jobs/{side.few}/events")),
        *(Operation(f"run's {path.split('?')[0]}", side.get(f"/v1/runs/{run}/{path}")) for path in RESULTS),
        Operation("queue in numbers", side.get("/v1/queue")),
        Operation("measurements", side.get("/metrics")),
        Operation("delete a data set", lambda: forget(side), before=lambda: register(side.db)),
        Operation("claim and end a run", lambda: end(side.db, claim(side.db)), before=side.submit),
        epoch_operation(side),
        Operation("sweep", lambda: sweep(side.db)),
    ]


def register(db: Database) -> None:
    """A data set that half of the finished runs used."""
    facts: dict[str, Any] = {"format": "arrays", "path": "/nowhere.npz", "task": "single_label"}
    db.write(lambda session: datasets.add(session, name=OLD, **facts, sha256=None, info={}))


def forget(side: Side) -> None:
    """Delete it."""
    side.client.delete(f"/v1/datasets/{OLD}").raise_for_status()


def claim(db: Database) -> Claim:
    """Take a run as a worker does."""
    held = db.write(partial(claims.claim, worker_id="w_load", device="cpu", lease_seconds=LEASE))
    assert isinstance(held, Claim)
    return held


def end(db: Database, held: Claim) -> None:
    """End a run."""
    db.write(partial(claims.finish, claim=held, outcome="succeeded"))


def epoch_operation(side: Side) -> Operation:
    """An epoch of a run with its series, a checkpoint, a line and a heartbeat, as its worker records it."""
    held: list[Claim] = []
    series = {"relative_loss_variation": Series((CLASSES,), CURVE), "test/accuracy": Series((CLASSES,), CURVE)}

    def take() -> None:
        side.submit()
        held.append(claim(side.db))

    def record() -> None:
        mine = held[-1]
        epoch = partial(metrics.record_epoch, epoch=1, epochs=2, metrics={"test/top1_error": 0.1}, series=series)
        side.db.write(partial(epoch, claim=mine))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "checkpoint"
            path.write_bytes(bytes(10_000))
            checkpoints.upload(side.db.write, mine, path, epoch=1, step=0, kind="last", keep_last=2)
        side.db.write(partial(claims.log, claim=mine, level="info", message="a line"))
        side.db.write(partial(claims.heartbeat, claim=mine, lease_seconds=LEASE, progress=0.5))

    return Operation("record an epoch", record, before=take, after=lambda: end(side.db, held.pop()))


def sweep(db: Database) -> None:
    """What a service does every ten seconds."""
    sweeper.sweep(db, lease_seconds=LEASE, sweep_seconds=SWEEP)
    audit.forget(db, older_than_seconds=90 * DAY)
    deletion.erase_deleted(db)
    checkpoints.sweep_superseded(db)


def large_operations(side: Side, size: int) -> list[Operation]:
    """Requests on jobs of many runs, in this order: the later ones take the jobs that the earlier ones leave."""
    waiting: list[str] = []
    ended: list[str] = []
    failed: list[str] = []

    def cancel(job_id: str) -> None:
        side.post(f"/v1/jobs/{job_id}/cancel")
        ended.append(job_id)

    def delete(job_id: str) -> None:
        side.client.delete(f"/v1/jobs/{job_id}").raise_for_status()

    return [
        Operation(f"submit a job of {size:,} runs", lambda: waiting.append(side.submit(size))),
        Operation(f"cancel a job of {size:,} runs", lambda: cancel(waiting.pop())),
        Operation(f"delete a job of {size:,} runs", lambda: delete(ended.pop())),
        Operation(
            f"retry a job of {size:,} failed runs",
            lambda: side.post(f"/v1/jobs/{failed[-1]}/retry"),
            before=lambda: failed.append(add_job(side.db, side.template, state="failed", runs=size)),
            after=lambda: cancel(failed.pop()),
        ),
        Operation(
            f"delete a job of {size:,} failed and {size:,} cancelled runs",
            lambda: delete(ended.pop()),
        ),
    ]
