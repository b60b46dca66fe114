"""A job from its submission to its end, as API, user, worker and sweep write it, in a process that dies at a write."""

import base64
import os
import signal
import struct
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import configure_mappers

from store import checkpoints, jobs
from store.database.engine import Database
from store.database.records import Claim, NewRun, Run
from store.lifecycle import claims, requests, runs, sweeper
from store.lifecycle.states import State
from tests.store.databases import claimed, reading, writing
from tests.store.test_life_cycle import SPEC
from worker.reporting import Reporter

EPOCHS, LEASE = 3, 60.0
WRITES = ("INSERT", "UPDATE", "DELETE")
configure_mappers()  # once, not in every fork


class Crash:
    """Counts the writes of a database, statements and commits, and kills the process before one of them."""

    def __init__(self, db: Database, at: int | None = None) -> None:
        self.number, self._at = 0, at
        event.listen(db.engine, "before_cursor_execute", self._statement)
        event.listen(db.engine, "commit", self._count)

    def _statement(self, connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.lstrip().upper().startswith(WRITES):
            self._count()

    def _count(self, *_: object) -> None:
        self.number += 1
        if self.number == self._at:
            os.kill(os.getpid(), signal.SIGKILL)


def crash(url: str, folder: Path, key: str, clock_offset: float, at: int) -> None:
    """Live until a write, and die before it."""
    db = Database(url, clock_offset=clock_offset)
    Crash(db, at)
    live(db, folder, key)


def live(db: Database, folder: Path, key: str) -> None:
    """Bring the job of this idempotency key to its end, wherever it stands."""
    spec = {**SPEC, "epochs": EPOCHS, "checkpoints": {"keep_last": 1}}
    new = [NewRun(seed=0, point={}, spec=spec, epochs=EPOCHS)]
    job = writing(
        db, jobs.submit, jobs.new_job(spec=spec, runs=new, method="lpl"), idempotency_key=key, request_hash=key
    ).job
    (run,) = reading(db, jobs.list_runs, job.id).items
    while run.state != State.SUCCEEDED:
        advance(db, run, folder)
        run = reading(db, runs.get, run.id)
    while checkpoints.sweep_superseded(db):
        pass


def advance(db: Database, run: Run, folder: Path) -> None:
    """What comes next for a run."""
    if run.state == State.PAUSED:
        writing(db, requests.request_run, run.id, "resume")
        return
    if run.state == State.RUNNING:
        sweeper.sweep(db, lease_seconds=LEASE, sweep_seconds=1e6)
        return
    claim = claimed(db, worker_id="w_1", device="cpu", lease_seconds=LEASE)
    assert claim is not None
    train(db, claim, folder)


def train(db: Database, claim: Claim, folder: Path) -> None:
    """An attempt as a worker reports it. The second epoch ends with a pause, once."""
    reporter = Reporter(db, claim, given_up=lambda: False)
    done = claim.resume.epoch if claim.resume else 0
    reporter.report({"type": "run_start", "class_names": ["a", "b"], "class_counts": [9, 1], "epochs": EPOCHS})
    for epoch in range(done + 1, EPOCHS + 1):
        reporter.report({"type": "epoch", "epoch": epoch, **measured(epoch)})
        path = folder / f"{claim.run_id}-{epoch}"
        path.write_bytes(content(epoch))
        kind = "best" if epoch == 1 else "last"
        reporter.report({"type": "checkpoint", "path": str(path), "epoch": epoch, "step": 0, "kind": kind})
        if epoch == 2:
            writing(db, requests.request_run, claim.run_id, "pause")
        if writing(db, claims.heartbeat, claim, lease_seconds=LEASE) == "pause":
            writing(db, claims.finish, claim, outcome="paused")
            return
        reporter.log("info", f"epoch {epoch} is done")
    writing(db, claims.finish, claim, outcome="succeeded")


def measured(epoch: int) -> dict[str, Any]:
    """What an epoch measures."""
    data = base64.b64encode(struct.pack("<2f", 0.25, epoch)).decode()
    return {"metrics": {"test/top1_error": 1 / epoch}, "series": {"test/accuracy": {"shape": [2], "data": data}}}


def content(epoch: int) -> bytes:
    """A checkpoint: of the first epoch within a chunk, else of two."""
    return bytes([epoch]) * (epoch if epoch == 1 else checkpoints.CHUNK_BYTES + epoch)
