"""A campaign: faults and users at once on a running service, then a look at the whole history.

The seed decides which faults come in which order and when, and what users do; where they meet a run depends on the
machine. Whatever happens, this must hold at the end:

- every job that was accepted is there once, and nothing else is;
- every run has ended: succeeded, or cancelled by somebody who asked, or failed after three losses in a row;
- metrics, per-class arrays and final weights of a run that succeeded equal those of an undisturbed one, bit for bit;
- rows, events and checkpoints tell one story (`tests.history`), and a follower has seen every event once, in order;
- no server error was answered, no traceback logged, no process or file left.
"""

import contextlib
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from store import checkpoints, events, jobs, metrics
from store.database.engine import Database
from store.database.records import Run
from store.database.tables import EventRow, JobRow, RunRow
from store.lifecycle import runs
from store.lifecycle.states import ENDED, State
from tests.chaos.parts import SHAPES, Heal, Part, Shape
from tests.chaos.users import Follower, Users
from tests.history import findings, leftovers, recorded
from tests.service.processes import SPEC, until
from tests.store.databases import reading

STUCK_SECONDS = 120.0
FAULTS_AT_ONCE = 2
LONGEST_FAULT_SECONDS = 6.0
VARIANTS: list[dict[str, Any]] = [
    {**SPEC, "method": "lpl", "epochs": 12, "checkpoints": {"every_epochs": 1}},
    {**SPEC, "method": "cross_entropy", "epochs": 20, "checkpoints": {"every_epochs": 3}},
    {**SPEC, "method": "ldam_drw", "epochs": 8, "checkpoints": {"every_epochs": 2}, "seeds": [0, 1]},
    {**SPEC, "method": "logit_adjustment", "epochs": 3, "checkpoints": {"every_epochs": 1}},
]


@dataclass
class Report:
    """What was done and what was found."""

    shape: str
    seed: int
    seconds: float = 0.0
    jobs: int = 0
    runs: int = 0
    attempts: int = 0
    events: int = 0
    event_connections: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)


class Campaign:
    """One campaign.

    Args:
        jobs: how many are submitted.
        seconds: for how long faults are injected; submissions are spread over it.
        variants: how many of `VARIANTS` are submitted, in turns.
    """

    def __init__(self, shape: Shape, *, seed: int, jobs: int, seconds: float, variants: int) -> None:
        self._shape, self._jobs, self._seconds = shape, jobs, seconds
        self._variants = VARIANTS[:variants]
        self._rng = random.Random(seed)
        self._users = Users(shape.port)
        self._db = Database(shape.url)
        self._heals: list[tuple[float, Heal]] = []
        self._references: dict[tuple[int, int], Any] = {}
        self.report = Report(shape.name, seed)

    def run(self) -> Report:
        """Inject, wait for the end, judge."""
        began = time.monotonic()
        try:
            self._users.wait_ready()
            self._take_references()
            follower = Follower(self._shape.port, after=reading(self._db, events.bounds)[1])
            follower.start()
            self._inject()
            self._recover()
            self._users.settle()
            self._drain()
            self._judge_events(follower)
            self._judge()
        finally:
            self._heal(float("inf"))
            self._users.close()
            self._db.dispose()
        self.report.seconds = round(time.monotonic() - began, 1)
        return self.report

    def _take_references(self) -> None:
        """What every variant gives where nothing happens."""
        for index, spec in enumerate(self._variants):
            self._users.submit(f"reference-{index}", spec)
        self._users.settle()
        self._drain()
        for index in range(len(self._variants)):
            for run in self._runs_of(f"reference-{index}"):
                assert (run.state, run.attempt) == (State.SUCCEEDED, 1), run
                self._references[index, run.seed] = result(self._db, run)

    def _inject(self) -> None:
        """Faults, submissions and requests in an order that the seed decides."""
        began, submitted = time.monotonic(), 0
        while (passed := time.monotonic() - began) < self._seconds or submitted < self._jobs:
            self._heal(time.monotonic())
            if submitted < min(self._jobs, self._jobs * (passed + 1) / self._seconds):
                spec = self._variants[submitted % len(self._variants)]
                self._users.submit(f"job-{submitted}", spec, times=self._rng.choice((1, 1, 2)))
                submitted += 1
            if self._rng.random() < 0.15:
                self._users.act(self._rng)
            if self._rng.random() < 0.35 and len(self._heals) < FAULTS_AT_ONCE and passed < self._seconds:
                self._strike()
            time.sleep(0.1)

    def _strike(self) -> None:
        """One fault, and the time at which it heals."""
        idle = [part for part in self._shape.parts if not part.busy]
        specials = self._shape.specials()
        name = self._rng.choice(["part"] * 3 + sorted(specials))
        if name != "part":
            heal = specials[name]()
        elif not idle:
            return
        else:
            part = self._rng.choice(idle)
            kind = self._rng.choice(("kill", "kill", "freeze", "stop"))
            name, heal = f"{kind} {part.name.rstrip('123')}", self._strike_part(part, kind)
        self.report.faults[name] += 1
        self._heals.append((time.monotonic() + self._rng.uniform(0.2, LONGEST_FAULT_SECONDS), heal))

    def _strike_part(self, part: Part, kind: str) -> Heal:
        part.busy = True
        heal: Heal = getattr(part, kind)()

        def healed() -> None:
            heal()
            part.busy = False

        return healed

    def _heal(self, now: float) -> None:
        due = [heal for at, heal in self._heals if at <= now]
        self._heals = [(at, heal) for at, heal in self._heals if at > now]
        for heal in due:
            heal()

    def _recover(self) -> None:
        """Everything is back."""
        self._heal(float("inf"))
        self._users.wait_ready()

    def _drain(self) -> None:
        """Let everything end; as long as runs end, it goes on."""
        before, changed = None, time.monotonic()
        while left := self._open_runs():
            if left != before:
                before, changed = left, time.monotonic()
            elif time.monotonic() - changed > STUCK_SECONDS:
                self._found(f"no run has ended for {STUCK_SECONDS:.0f} s, and these are open: {left}")
                return
            self._users.resume([run_id for run_id, state in left if state == State.PAUSED])
            time.sleep(0.2)

    def _open_runs(self) -> list[tuple[str, str]]:
        with self._db.read() as session:
            found = session.execute(select(RunRow.id, RunRow.state).where(RunRow.state.not_in(ENDED)))
            return [(run_id, state) for run_id, state in found]

    def _judge_events(self, follower: Follower) -> None:
        later = select(EventRow.id).where(EventRow.id > follower.after).order_by(EventRow.id)
        with self._db.read() as session:
            written = list(session.scalars(later))
        with contextlib.suppress(AssertionError):
            until(lambda: len(follower.seen), lambda number: number >= len(written), timeout=30)
        follower.end()
        self.report.events, self.report.event_connections = len(written), follower.connections
        if follower.seen != written:
            missed, more = set(written) - set(follower.seen), len(follower.seen) - len(set(follower.seen))
            self._found(f"a follower missed {len(missed)} of {len(written)} events, saw {more} twice")

    def _judge(self) -> None:
        report, users = self.report, self._users
        report.findings += users.findings + findings(self._db) + leftovers(self._db)
        report.answers, report.requests = users.answers, Counter(a for asked in users.asked.values() for a in asked)
        for key, made in users.accepted.items():
            if len(made) != 1:
                self._found(f"{key} made {len(made)} jobs")
        with self._db.read() as session:
            stored = set(session.scalars(select(JobRow.id)))
        if stored != (accepted := {job for made in users.accepted.values() for job in made}):
            self._found(f"{len(accepted - stored)} accepted jobs are lost, {len(stored - accepted)} came from nowhere")
        report.jobs = len(stored)
        for key in users.accepted:
            for run in self._runs_of(key):
                self._judge_run(key, run)
        for text in self._left_behind():
            self._found(text)

    def _judge_run(self, key: str, run: Run) -> None:
        self.report.runs += 1
        self.report.attempts += run.attempt
        self.report.ended[run.state if run.state != State.FAILED else f"failed: {run.reason}"] += 1
        if run.state == State.FAILED and run.reason != "worker_lost":
            self._found(f"run {run.id} failed: {run.reason}, {run.message}")
        if run.state == State.CANCELLED and "cancel" not in self._users.asked[run.id]:
            self._found(f"run {run.id} is cancelled, and nobody asked for it")
        expected = self._references[int(key.rpartition("-")[2]) % len(self._variants), run.seed]
        if run.state == State.SUCCEEDED and result(self._db, run) != expected:
            self._found(f"run {run.id} ({key}, attempt {run.attempt}) has another result than an undisturbed one")

    def _left_behind(self) -> Iterator[str]:
        said = {path.name: path.read_text(errors="replace") for path in self._shape.folder.glob("*.log")}
        yield from (f"{name} holds a traceback" for name, text in said.items() if "Traceback" in text)
        if self._shape.trainers():
            yield f"{len(self._shape.trainers())} trainers are left"
        scratch = list((self._shape.folder / "data" / "scratch").iterdir())
        if scratch:
            yield f"{len(scratch)} scratch folders are left, as {scratch[0].name}"

    def _runs_of(self, key: str) -> list[Run]:
        (job,) = self._users.accepted[key]
        return list(reading(self._db, jobs.list_runs, job, limit=100).items)

    def _found(self, text: str) -> None:
        self.report.findings.append(text)


def result(db: Database, run: Run) -> Any:
    """All that must not depend on what happened on the way."""
    curves = {
        epoch: {name: value for name, value in values.items() if name != "train/examples_per_second"}
        for epoch, values in recorded(db, run.id).items()
    }
    arrays = {name: reading(db, metrics.series, run.id, name) for name in reading(db, metrics.series_names, run.id)}
    last = reading(db, checkpoints.list_for_run, run.id)[-1]
    return curves, arrays, (last.epoch, last.sha256), reading(db, runs.get, run.id).epoch


def campaign(
    shape: str, folder: Path, *, seed: int, jobs: int, seconds: float, variants: int = len(VARIANTS)
) -> Report:
    """Start a service, run a campaign on it and end it."""
    started = SHAPES[shape](folder)
    try:
        return Campaign(started, seed=seed, jobs=jobs, seconds=seconds, variants=variants).run()
    finally:
        started.end()
