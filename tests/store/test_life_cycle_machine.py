"""The run's life cycle against a small model: Hypothesis looks for an order of events where the two differ."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.orm import Session

from store import checkpoints, events, jobs, metrics, searches
from store.database.engine import Database
from store.database.records import Claim, NewRun, Series
from store.errors import Conflict, LeaseLost
from store.lifecycle import claims, requests, runs, sweeper
from store.lifecycle.states import ENDED, derived_state
from store.searches import Step
from tests.store.databases import claimed, columns_of, fresh_postgres, reading, writing
from tests.store.test_life_cycle import SPEC

LEASE, SWEEP = 60.0, 10.0
WORKERS = st.sampled_from(["w_1", "w_2", "w_3"])
OUTCOMES = st.sampled_from(["succeeded", "failed", "cancelled", "paused", "released"])
ACTIONS = st.sampled_from(["cancel", "pause", "resume", "retry"])
STOPS = st.sampled_from([2, 4, None])
SEARCH = {**SPEC, "search": {"trials": 3}}


@dataclass
class Model:
    """What a run should be."""

    job: str
    state: str = "queued"
    requested: str | None = None
    attempt: int = 0
    losses: int = 0
    replaced: bool = False
    packed: bool = False
    alone: bool = False
    retry: bool = False
    epochs: int = 0
    kept: int = 0
    trial: int | None = None
    stop_epoch: int | None = None
    at_rung: bool = False
    pruned: bool = False
    claim: Claim | None = None
    stale: list[Claim] = field(default_factory=list)

    def leave(self, state: str) -> None:
        """End the attempt."""
        if self.claim is not None:
            self.stale.append(self.claim)
        self.state, self.requested, self.claim, self.packed = state, None, None, False

    @property
    def held(self) -> bool:
        """Whether a user keeps its search from going on."""
        return self.requested == "pause" or (self.state == "paused" and not self.at_rung)


class LifeCycle(RuleBasedStateMachine):
    """Submissions, workers, users and time in any order."""

    db: Database

    def __init__(self) -> None:
        super().__init__()
        self.runs: dict[str, Model] = {}
        self.open: set[str] = set()
        self.ended: dict[str, Any] = {}

    def has(self, state: str) -> bool:
        """Whether a run is in that state."""
        return any(model.state == state for model in self.runs.values())

    def some(self, number: int, *states: str) -> str | None:
        """One of the runs in these states."""
        fitting = [run_id for run_id, model in self.runs.items() if model.state in states]
        return fitting[number % len(fitting)] if fitting else None

    @initialize(search=st.booleans())
    def begin(self, search: bool) -> None:
        self.submit(number=2, search=search)

    @precondition(lambda self: len(self.runs) < 6)
    @rule(number=st.integers(1, 2), search=st.booleans())
    def submit(self, number: int, search: bool) -> None:
        new = [new_run(seed, trial=seed if search else None) for seed in range(number)]
        whole = jobs.new_job(spec=SEARCH if search else SPEC, runs=new, method="lpl", search_open=search)
        job = writing(self.db, jobs.submit, whole).job
        for run in reading(self.db, jobs.list_runs, job.id).items:
            self.runs[run.id] = Model(job.id, trial=run.trial, stop_epoch=run.stop_epoch)
        if search:
            self.open.add(job.id)

    @precondition(lambda self: self.has("queued"))
    @rule(worker=WORKERS)
    def claim(self, worker: str) -> None:
        taken = claimed(self.db, worker_id=worker, device="cpu", lease_seconds=LEASE)
        waiting = self.waiting()
        if taken is None:
            assert not waiting
            return
        assert taken.run_id == min(waiting)
        self.begin_attempt(taken)

    def waiting(self) -> list[str]:
        """The runs that can be claimed."""
        return [run_id for run_id, model in self.runs.items() if model.state == "queued"]

    @precondition(lambda self: self.has("running"))
    @rule(number=st.integers(0, 9))
    def join(self, number: int) -> None:
        first = self.runs[self.some(number, "running") or ""]
        assert first.claim is not None
        options: dict[str, Any] = {"device": "cpu", "lease_seconds": LEASE, "beside": first.claim}
        next_one = self.runs[min(self.waiting())] if self.waiting() else None
        taken = writing(self.db, claims.claim, worker_id=first.claim.worker_id, **options)
        if next_one is None or next_one.job != first.job or next_one.alone:
            assert taken is None
            return
        assert isinstance(taken, Claim)
        assert self.runs[taken.run_id] is next_one
        self.begin_attempt(taken)
        first.packed = next_one.packed = True

    def begin_attempt(self, taken: Claim) -> None:
        """A worker has a run."""
        model = self.runs[taken.run_id]
        model.state, model.claim, model.attempt = "running", taken, model.attempt + 1
        model.epochs = model.kept
        assert taken.attempt == model.attempt
        assert (taken.resume.epoch if taken.resume else 0) == model.kept

    @precondition(lambda self: self.has("running"))
    @rule(number=st.integers(0, 9))
    def beat(self, number: int) -> None:
        if (run_id := self.some(number, "running")) is not None:
            model = self.runs[run_id]
            assert model.claim is not None
            assert writing(self.db, claims.heartbeat, model.claim, lease_seconds=LEASE) == model.requested

    @precondition(lambda self: self.has("running"))
    @rule(number=st.integers(0, 9))
    def epoch(self, number: int) -> None:
        if (run_id := self.some(number, "running")) is not None:
            model = self.runs[run_id]
            assert model.claim is not None
            record(self.db, model.claim, model.epochs + 1)
            model.epochs += 1

    @precondition(lambda self: self.has("running"))
    @rule(number=st.integers(0, 9))
    def checkpoint(self, number: int) -> None:
        if (run_id := self.some(number, "running")) is not None:
            model = self.runs[run_id]
            assert model.claim is not None
            if model.epochs == model.kept:
                record(self.db, model.claim, model.epochs + 1)
                model.epochs += 1
            keep(self.db, model.claim, model.epochs)
            model.kept, model.losses = model.epochs, 0

    @precondition(lambda self: self.has("running"))
    @rule(number=st.integers(0, 9), outcome=OUTCOMES)
    def finish(self, number: int, outcome: str) -> None:
        if (run_id := self.some(number, "running")) is not None:
            model = self.runs[run_id]
            assert model.claim is not None
            reason = "error" if outcome == "failed" else None
            writing(self.db, claims.finish, model.claim, outcome=outcome, reason=reason)
            wanted = {"cancelled": "cancelled", "paused": "queued", "released": "queued"}.get(outcome, outcome)
            if outcome in ("paused", "released") and model.requested is not None:
                wanted = {"cancel": "cancelled", "pause": "paused"}[model.requested]
            model.leave(wanted)

    @precondition(lambda self: self.trials("running", "queued"))
    @rule(number=st.integers(0, 9), worker=WORKERS)
    def come_to_a_rung(self, number: int, worker: str) -> None:
        if not self.trials("running"):
            self.claim(worker)
        trials = self.trials("running")
        if not trials:
            return
        model = self.runs[trials[number % len(trials)]]
        assert model.claim is not None
        assert model.claim.stop_epoch == model.stop_epoch
        waits = model.requested is None
        writing(self.db, claims.finish, model.claim, outcome="at_rung")
        model.leave({"cancel": "cancelled"}.get(model.requested or "", "paused"))
        model.at_rung = waits

    @precondition(lambda self: self.open and (self.at_rung() or len(self.runs) < 6))
    @rule(number=st.integers(0, 9), stop=STOPS, prune=st.booleans(), ask=st.booleans())
    def the_search_goes_on(self, number: int, stop: int | None, prune: bool, ask: bool) -> None:
        waiting = self.at_rung()
        chosen = waiting[number % len(waiting)] if waiting else None
        job = self.runs[chosen].job if chosen else sorted(self.open)[0]
        members = self.current(job)
        step = Step(
            ask=[new_run(0, trial=len(members))] if ask and len(self.runs) < 8 else [],
            promote={chosen: stop} if chosen and not prune else {},
            prune=[chosen] if chosen and prune else [],
            over=not ask and all(model.state in ENDED or model is self.runs.get(chosen or "") for model in members),
        )
        done = writing(self.db, searches.apply, job, step, version=reading(self.db, jobs.get, job).version)
        assert done == (job in self.open and not any(model.held for model in members))
        if done:
            self.carried_out(job, step)

    def carried_out(self, job: str, step: Step) -> None:
        """A search has taken a step."""
        for run_id, stop_epoch in step.promote.items():
            model = self.runs[run_id]
            model.state, model.at_rung, model.stop_epoch = "queued", False, stop_epoch
        for run_id in step.prune:
            model = self.runs[run_id]
            model.state, model.at_rung, model.pruned = "cancelled", False, True
        for run in reading(self.db, jobs.list_runs, job, limit=100).items:
            self.runs.setdefault(run.id, Model(job, trial=run.trial, stop_epoch=run.stop_epoch))
        if step.over:
            self.open.remove(job)

    def trials(self, *states: str) -> list[str]:
        """The trials in these states."""
        return [run_id for run_id, model in self.runs.items() if model.trial is not None and model.state in states]

    def at_rung(self) -> list[str]:
        """The runs that wait for their search."""
        return [run_id for run_id, model in self.runs.items() if model.at_rung]

    def current(self, job: str) -> list[Model]:
        """The runs of a job that no retry has replaced."""
        return [model for model in self.runs.values() if model.job == job and not model.replaced]

    @rule(number=st.integers(0, 9), action=ACTIONS, whole=st.booleans())
    def ask(self, number: int, action: str, whole: bool) -> None:
        run_id = self.some(number, "queued", "running", "paused", *ENDED)
        if run_id is None:
            return
        members = [run_id]
        if whole:
            members = [r for r, model in self.runs.items() if model.job == self.runs[run_id].job and not model.replaced]
        expected = {member: answer(self.runs[member], action) for member in members}
        closing = whole and action == "cancel" and self.runs[run_id].job in self.open
        try:
            if whole:
                writing(self.db, requests.request_job, self.runs[run_id].job, action)
            else:
                answered = writing(self.db, requests.request_run, run_id, action)
        except Conflict:
            assert set(expected.values()) == {"conflict"}
            assert not closing
            assert not (whole and action == "retry" and self.retrying(members))
            return
        harmless = closing or (whole and action == "retry" and self.retrying(members))
        assert set(expected.values()) != {"conflict"} or harmless
        if closing:
            self.open.remove(self.runs[run_id].job)
        for member, step in expected.items():
            carry_out(self.runs[member], action, step)
        if action == "retry":
            self.adopt(self.runs[run_id].job)
            if not whole:
                assert answered.retry_of == run_id

    def retrying(self, members: list[str]) -> bool:
        """Whether any of these is a retry under way: asking for it again is harmless."""
        models = [self.runs[member] for member in members]
        return any(model.retry and model.state not in ENDED for model in models)

    def adopt(self, job_id: str) -> None:
        """Take new runs of a job into the model."""
        for run in reading(self.db, jobs.list_runs, job_id, limit=100).items:
            if run.id not in self.runs:
                first = self.runs[run.retry_of or ""]
                self.runs[run.id] = Model(job_id, retry=True, trial=first.trial, stop_epoch=first.stop_epoch)
                if first.trial is not None:
                    self.open.add(job_id)

    @precondition(lambda self: self.has("running"))
    @rule()
    def time_passes_and_nobody_beats(self) -> None:
        for _ in range(8):
            self.db.clock_offset += SWEEP
            sweeper.sweep(self.db, lease_seconds=LEASE, sweep_seconds=SWEEP)
        for model in self.runs.values():
            if model.state == "running":
                lose(model)

    @precondition(lambda self: self.has("running"))
    @rule(number=st.integers(0, 9))
    def trainer_dies(self, number: int) -> None:
        if (run_id := self.some(number, "running")) is not None:
            model = self.runs[run_id]
            assert model.claim is not None
            writing(self.db, sweeper.report_loss, model.claim, "it died")
            lose(model)

    @precondition(lambda self: any(model.stale for model in self.runs.values()))
    @rule(number=st.integers(0, 9), which=st.integers(0, 5))
    def stale_worker_writes(self, number: int, which: int) -> None:
        stale = [claim for model in self.runs.values() for claim in model.stale]
        claim = stale[number % len(stale)]
        before = reading(self.db, visible, claim.run_id)
        writes = (
            lambda: writing(self.db, claims.heartbeat, claim, lease_seconds=LEASE),
            lambda: record(self.db, claim, 1),
            lambda: writing(self.db, checkpoints.begin, claim, epoch=9, step=0, kind="last"),
            lambda: writing(self.db, claims.finish, claim, outcome="succeeded"),
            lambda: writing(self.db, claims.log, claim, "info", "late"),
            lambda: writing(self.db, metrics.record_start, claim, {"device": "late"}),
        )
        with pytest.raises(LeaseLost):
            writes[which]()
        assert reading(self.db, visible, claim.run_id) == before

    @invariant()
    def store_and_model_agree(self) -> None:
        with self.db.read() as session:
            for run_id, model in self.runs.items():
                self.agree(session, run_id, model)
            for job_id in {model.job for model in self.runs.values()}:
                job = jobs.get(session, job_id)
                assert job.search_open == (job_id in self.open)
                assert job.state == self.state_of(job_id, started=job.started_at is not None)
                assert job.progress < 1 or job_id not in self.open

    def state_of(self, job_id: str, *, started: bool) -> str:
        """The state that a job should have."""
        members = self.current(job_id)
        states = [model.state for model in members if not model.at_rung and not model.pruned]
        state = str(derived_state({state: states.count(state) for state in states}))
        if state not in ENDED:
            return state
        if job_id in self.open:
            goes_on = reading(self.db, jobs.get, job_id).state == "running"
            return "running" if goes_on and started else "queued"
        if any(model.at_rung for model in members):
            return "paused"
        return state if states else "cancelled"

    def agree(self, session: Session, run_id: str, model: Model) -> None:
        """A run is as the model has it, and what has ended never changes."""
        run = runs.get(session, run_id)
        assert (run.state, run.requested, run.attempt) == (model.state, model.requested, model.attempt), run_id
        assert (run.losses, run.packed, run.alone) == (model.losses, model.packed, model.alone), run_id
        assert (run.trial, run.stop_epoch) == (model.trial, model.stop_epoch), run_id
        assert (run.reason == "at_rung", run.reason == "pruned") == (model.at_rung, model.pruned), run_id
        curve = metrics.metrics(session, run_id).get("test/top1_error", {"epoch": []})
        assert curve["epoch"] == list(range(1, model.epochs + 1))
        told = [event for event in events.after(session, 0, run=run_id, limit=1000) if event.kind == "state"]
        if told:
            assert told[-1].data["state"] == model.state
        if model.state in ENDED:
            seen = visible(session, run_id)
            assert self.ended.setdefault(run_id, seen) == seen


def answer(model: Model, action: str) -> str:
    """`conflict`, `nothing`, or the state that a request leads to (`asked` where the worker must carry it out)."""
    state, requested = model.state, model.requested
    if model.at_rung and action in ("pause", "resume"):
        return "paused" if action == "pause" else "conflict"
    if model.pruned and action == "retry":
        return "conflict"
    table: dict[tuple[str, str], str] = {
        ("cancel", "queued"): "cancelled",
        ("cancel", "paused"): "cancelled",
        ("cancel", "running"): "asked",
        ("cancel", "cancelled"): "nothing",
        ("pause", "queued"): "paused",
        ("pause", "paused"): "nothing",
        ("pause", "running"): {"cancel": "conflict", "pause": "nothing"}.get(requested or "", "asked"),
        ("resume", "queued"): "nothing",
        ("resume", "paused"): "queued",
        ("resume", "running"): {"cancel": "conflict", "pause": "unasked"}.get(requested or "", "nothing"),
        ("retry", "failed"): "again",
        ("retry", "cancelled"): "again",
    }
    return table.get((action, state), "conflict")


def carry_out(model: Model, action: str, step: str) -> None:
    """Let the model do what was asked."""
    if step == "asked":
        model.requested = action
    elif step == "unasked":
        model.requested = None
    elif step == "again":
        model.replaced = True
    elif step in ("cancelled", "paused", "queued"):
        model.state, model.at_rung = step, False


def lose(model: Model) -> None:
    """The attempt is over and nobody said how."""
    model.losses += not model.packed
    model.alone = model.alone or model.packed
    wanted = {"cancel": "cancelled", "pause": "paused"}.get(model.requested or "", "queued")
    too_often = model.losses >= sweeper.MAX_LOSSES and not model.packed
    model.leave("failed" if wanted == "queued" and too_often else wanted)


def new_run(seed: int, *, trial: int | None) -> NewRun:
    """A run, or a trial that waits after two epochs."""
    return NewRun(seed, {}, SPEC, 50, trial=trial, stop_epoch=None if trial is None else 2)


def record(db: Database, claim: Claim, number: int) -> None:
    array = {"test/accuracy": Series((1,), b"\x00\x00\x80?")}
    writing(
        db, metrics.record_epoch, claim, epoch=number, epochs=50, metrics={"test/top1_error": 1 / number}, series=array
    )


def keep(db: Database, claim: Claim, number: int) -> None:
    content = str(number).encode()
    checkpoint_id = writing(db, checkpoints.begin, claim, epoch=number, step=0, kind="last")
    writing(db, checkpoints.append, claim, checkpoint_id, number=0, data=content)
    digest = hashlib.sha256(content).hexdigest()
    writing(db, checkpoints.publish, claim, checkpoint_id, size_bytes=len(content), sha256=digest, keep_last=2)


def visible(session: Session, run_id: str) -> Any:
    """All that is kept of a run, but for what a later retry changes."""
    kept = [(c.id, c.epoch, c.sha256) for c in checkpoints.list_for_run(session, run_id)]
    told = [event.id for event in events.after(session, 0, run=run_id, limit=1000)]
    columns = columns_of(runs.get(session, run_id)) | {"version": 0, "replaced": False}
    return columns, metrics.metrics(session, run_id), kept, told


def search(db_of_example: Any, examples: int) -> None:
    """Run the machine; every example has a migrated database of its own."""

    class Machine(LifeCycle):
        def __init__(self) -> None:
            super().__init__()
            self.ending = ExitStack()
            self.db = Database(self.ending.enter_context(db_of_example()))
            self.ending.callback(self.db.dispose)

        def teardown(self) -> None:
            self.ending.close()

    checks = list(HealthCheck)
    options = settings(
        max_examples=examples, stateful_step_count=30, deadline=None, derandomize=True, suppress_health_check=checks
    )
    run_state_machine_as_test(Machine, settings=options)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(600)
def test_no_order_of_events_confuses_sqlite(migrated_file: Path) -> None:
    @contextmanager
    def database() -> Iterator[str]:
        folder = Path(tempfile.mkdtemp(prefix="lpl-machine-"))
        try:
            yield f"sqlite:///{shutil.copy(migrated_file, folder)}"
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    search(database, 25)


@pytest.mark.campaign
@pytest.mark.slow
@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.postgres
def test_no_order_of_events_confuses_postgresql(postgres_server: str, migrated_template: str) -> None:
    search(lambda: fresh_postgres(postgres_server, template=migrated_template), 8)
