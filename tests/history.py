"""Checks of a whole history: whatever was killed on the way, no run of a database may show any of this."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from store import checkpoints, events, jobs, metrics
from store.database.engine import Database
from store.database.records import Event, Run
from store.database.tables import CheckpointRow, ChunkRow, JobRow, RunRow
from store.errors import NotFound
from store.lifecycle import runs
from store.lifecycle.states import ENDED, State, derived_state
from tests.store.databases import reading

FOLLOWING: dict[str, set[str]] = {
    State.QUEUED: {State.RUNNING, State.PAUSED, State.CANCELLED},
    State.RUNNING: {State.RUNNING, State.QUEUED, State.PAUSED, *ENDED},
    State.PAUSED: {State.QUEUED, State.CANCELLED},
}
FORGOTTEN: dict[str | None, set[tuple[str, str | None]]] = {
    "cancel": {(State.QUEUED, None), (State.PAUSED, None), (State.RUNNING, None), (State.RUNNING, "pause")},
    "pause": {(State.QUEUED, None)},
}
"""(state, requested) that may not follow where this is requested of a running run."""


@dataclass
class Replay:
    """A run as somebody sees it who only follows its events."""

    state: str = State.QUEUED
    attempt: int = 0
    requested: str | None = None
    begun: bool = False
    epochs: dict[int, Any] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)

    def take(self, event: Event) -> None:
        """One more event."""
        {"state": self._state, "rewind": self._rewind}.get(event.kind, self._said)(event)

    def _state(self, event: Event) -> None:
        state, attempt = event.data["state"], event.data["attempt"]
        first, self.begun = not self.begun, True  # a retry says that it waits; a submission says it of the job
        if state not in FOLLOWING.get(self.state, set()) and not (first and state == State.QUEUED):
            self.findings.append(f"event {event.id}: {self.state} became {state}")
        begins = state == State.RUNNING and self.state != State.RUNNING
        if attempt != self.attempt + begins:
            self.findings.append(f"event {event.id}: attempt {attempt} after {self.attempt}")
        if (state, event.data["requested"]) in FORGOTTEN.get(self.requested, set()):
            self.findings.append(f"event {event.id}: {state}, though a {self.requested} was accepted")
        self.state, self.attempt, self.requested = state, attempt, event.data["requested"]

    def _rewind(self, event: Event) -> None:
        self.epochs = {number: values for number, values in self.epochs.items() if number <= event.data["epoch"]}

    def _said(self, event: Event) -> None:
        if (self.state, self.attempt) != (State.RUNNING, event.data["attempt"]):
            self.findings.append(f"event {event.id}: {event.kind} of attempt {event.data['attempt']} came late")
        if event.kind == "epoch":
            if event.data["epoch"] != len(self.epochs) + 1:
                self.findings.append(f"event {event.id}: epoch {event.data['epoch']} after {len(self.epochs)}")
            self.epochs[event.data["epoch"]] = event.data["metrics"]


def findings(db: Database, *, newest: int | None = None) -> list[str]:
    """What is wrong with any job (or the newest ones), run or checkpoint; empty where all is well."""
    with db.read() as session:
        job_ids = list(session.scalars(select(JobRow.id).order_by(JobRow.id.desc()).limit(newest)))
        run_ids = list(session.scalars(select(RunRow.id).where(RunRow.job_id.in_(job_ids)).order_by(RunRow.id)))
    faults = [text for job_id in job_ids for text in of_job(db, job_id)]
    return faults + [f"run {run_id}: {text}" for run_id in run_ids for text in of_run(db, run_id)]


def of_job(db: Database, job_id: str) -> list[str]:
    """What is wrong with a job beside its runs."""
    with db.read() as session:
        counted = select(RunRow.state, func.count()).where(RunRow.job_id == job_id, RunRow.replaced.is_(False))
        counts = {state: int(number) for state, number in session.execute(counted.group_by(RunRow.state))}
        total = session.scalar(select(func.count()).where(RunRow.job_id == job_id))
    job = reading(db, jobs.get, job_id)
    faults = []
    if not counts or total != job.runs_total:
        faults.append(f"job {job_id}: {total} runs, said to have {job.runs_total}")
    if job.state != derived_state(counts):
        faults.append(f"job {job_id}: {job.state}, its runs {counts}")
    return faults


def of_run(db: Database, run_id: str) -> list[str]:
    """What is wrong with a run: its row, what it recorded and its events tell one story."""
    run, replay = reading(db, runs.get, run_id), Replay()
    for event in all_events(db, run_id):
        replay.take(event)
    faults = replay.findings
    if (run.state, run.attempt) != (replay.state, replay.attempt):
        faults.append(f"{run.state}, attempt {run.attempt}; events say {replay.state}, attempt {replay.attempt}")
    if recorded(db, run_id) != replay.epochs or run.epoch != len(replay.epochs):
        faults.append(f"epoch {run.epoch}, {len(recorded(db, run_id))} recorded, {len(replay.epochs)} in events")
    for name in reading(db, metrics.series_names, run_id):
        if not set(reading(db, metrics.series, run_id, name)) <= set(range(1, run.epoch + 1)):
            faults.append(f"series {name} has epochs {list(reading(db, metrics.series, run_id, name))} of {run.epoch}")
    return faults + of_end(run) + of_checkpoints(db, run_id)


def of_end(run: Run) -> list[str]:
    """What an ended run must have, and no other."""
    faults = []
    if (run.finished_at is not None) != (run.state in ENDED):
        faults.append(f"{run.state}, finished at {run.finished_at}")
    if run.state == State.SUCCEEDED and run.epoch != run.epochs:
        faults.append(f"succeeded with {run.epoch} of {run.epochs} epochs")
    return faults


def of_checkpoints(db: Database, run_id: str) -> list[str]:
    """Published checkpoints whose content is not what their sha256 says, or that lie beyond what is recorded."""
    faults = []
    for kept in reading(db, checkpoints.list_for_run, run_id):
        try:
            digest = hashlib.sha256(b"".join(checkpoints.stream(db, kept.id))).hexdigest()
        except NotFound:
            continue  # replaced meanwhile
        if digest != kept.sha256:
            faults.append(f"checkpoint {kept.id} is damaged")
        if kept.epoch > reading(db, runs.get, run_id).epoch:
            faults.append(
                f"checkpoint {kept.id} of epoch {kept.epoch} lies beyond epoch {reading(db, runs.get, run_id).epoch}"
            )
    return faults


def leftovers(db: Database) -> list[str]:
    """Content that nobody can reach after everything has ended and was swept."""
    while checkpoints.sweep_superseded(db):
        pass
    with db.read() as session:
        hidden = session.scalar(select(func.count()).where(CheckpointRow.published.is_(False)))
        kept = select(CheckpointRow.id).where(CheckpointRow.published)
        loose = session.scalar(select(func.count()).where(ChunkRow.checkpoint_id.not_in(kept)))
    return [f"{hidden} unpublished checkpoints and {loose} loose chunks are left"] if hidden or loose else []


def all_events(db: Database, run_id: str) -> list[Event]:
    """Every event of a run."""
    history: list[Event] = []
    while page := reading(db, events.after, history[-1].id if history else 0, run=run_id):
        history += page
    return history


def recorded(db: Database, run_id: str) -> dict[int, dict[str, Any]]:
    """Epoch -> metrics as they are stored."""
    epochs: dict[int, dict[str, Any]] = {}
    for name, curve in reading(db, metrics.metrics, run_id).items():
        for epoch, value in zip(curve["epoch"], curve["value"], strict=True):
            epochs.setdefault(epoch, {})[name] = value
    return epochs
