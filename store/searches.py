"""Searches: what their trials have reached, and the carrying out of what is decided from that.

What a search does next is decided elsewhere, from what `trials` answers, and carried out by `apply`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from store import data_identity, job_facets, jobs, metrics
from store.characters import from_json
from store.database.clock import database_time
from store.database.records import DELETE, Job, NewRun
from store.database.tables import EpochRow, JobRow, RunRow
from store.errors import Conflict
from store.lifecycle import extension, job_state, table, transitions, turns
from store.lifecycle.new_runs import insert_waiting, queued_run
from store.lifecycle.retries import KEPT, kept_of
from store.lifecycle.states import OPEN, Reason, Request, State
from store.lifecycle.table import beside_state

FACTS = (
    *(RunRow.id, RunRow.job_id, RunRow.position, RunRow.trial, RunRow.seed, RunRow.dataset, RunRow.data_sha256),
    *(RunRow.state, RunRow.reason, RunRow.requested, RunRow.attempt, RunRow.epoch, RunRow.stop_epoch),
)


@dataclass(frozen=True)
class TrialRow:
    """A current run of a search, as the search sees it.

    Attributes:
        trial: its number; None: a finalist's, for one of `then_seeds`.
        state: `open` (waits for a worker or is being trained), `at_rung`, `succeeded`, `failed`, `cancelled` or
            `pruned`.
        held: whether a user has paused it, or asked for that: its search waits until it is resumed.
        epoch: epochs that are complete.
        values: rung (from 0) -> the metric there, None where it is undefined. Of an open run those of the rungs that it
            was promoted from; of one that succeeded those of all rungs, where it ended before a rung its last value.
    """

    run: str
    trial: int | None
    seed: int
    point: dict[str, Any]
    state: str
    held: bool
    epoch: int
    values: dict[int, float | None]


@dataclass(frozen=True)
class Step:
    """What a search does next.

    Attributes:
        ask: runs of new trials, and of the seeds of finalists (`trial` None).
        promote: run at a rung -> the epoch of the next rung, None: it is trained to the end.
        prune: runs at a rung that end there.
        over: whether nothing is left to be decided.
    """

    ask: Sequence[NewRun] = ()
    promote: Mapping[str, int | None] = field(default_factory=dict)
    prune: Sequence[str] = ()
    over: bool = False

    @property
    def nothing(self) -> bool:
        """Whether the search waits for its trials."""
        return not (self.ask or self.promote or self.prune or self.over)


def open_searches(session: Session) -> dict[str, int]:
    """Jobs whose search has more to decide, oldest first -> the job's version, which changes with each of its runs."""
    seen = JobRow.search_open & JobRow.requested.is_distinct_from(DELETE)
    rows = session.execute(select(JobRow.id, JobRow.version).where(seen).order_by(JobRow.id))
    return {row.id: row.version for row in rows}


def trials(session: Session, job_id: str, *, metric: str, rungs: Sequence[int]) -> list[TrialRow]:
    """The current runs of a search in the order in which they were asked for, in two statements.

    Args:
        rungs: their epochs, ascending; the last is the end of the training.
    """
    current = (RunRow.job_id == job_id) & RunRow.replaced.is_(False)
    rows = session.execute(select(*FACTS, RunRow.point).where(current).order_by(RunRow.position, RunRow.id)).all()
    ended = (RunRow.state == State.SUCCEEDED) & (EpochRow.epoch == RunRow.epoch)
    query = metrics.curves_query(session, metric).join(RunRow, RunRow.id == EpochRow.run_id)
    measured: dict[str, dict[int, float | None]] = {}
    for run, epoch, text in session.execute(query.where(current, EpochRow.epoch.in_(rungs) | ended)):
        value = from_json(text) if text is not None else None
        measured.setdefault(run, {})[epoch] = value.get(metric) if isinstance(value, dict) else value
    return [trial_of(row, rungs, measured.get(row.id, {})) for row in rows]


def trial_of(row: Any, rungs: Sequence[int], measured: Mapping[int, float | None]) -> TrialRow:
    """A run as its search sees it.

    Args:
        measured: epoch -> the metric there.
    """
    state = state_of(row)
    last = row.epoch if state != "open" else (row.stop_epoch or rungs[-1]) - 1
    at = dict(enumerate(rungs))
    if state == State.SUCCEEDED:
        at = {**{rung: min(epoch, row.epoch) for rung, epoch in at.items()}, len(rungs) - 1: row.epoch}
    values = {rung: measured[epoch] for rung, epoch in at.items() if epoch <= last and epoch in measured}
    return TrialRow(row.id, row.trial, row.seed, row.point, state, held(row), row.epoch, values)


def state_of(row: Any) -> str:
    """The state of a run in the words of its search."""
    if row.state in OPEN:
        return Reason.AT_RUNG.value if beside_state(row) == Reason.AT_RUNG else "open"
    return Reason.PRUNED.value if row.reason == Reason.PRUNED else str(row.state)


def held(row: Any) -> bool:
    """Whether a user has paused a run, or asked for that."""
    return row.requested == Request.PAUSE or (row.state == State.PAUSED and beside_state(row) is None)


def apply(session: Session, job_id: str, step: Step, *, version: int, max_queued: int | None = None) -> bool:
    """Carry out what was decided, all of it; false, and nothing is changed, where it must be decided anew.

    That is so where the search is closed or held, where a run is no longer at its rung, where a trial is there already,
    and where a search that should end, or give its finalists their seeds, has changed.

    Args:
        version: the job's, as it was read before or with the trials.
        max_queued: most runs of one key that may wait.

    Raises:
        QuotaExceeded: too many of the owner's runs would wait; the search waits until fewer do.
    """
    current = (RunRow.job_id == job_id) & RunRow.replaced.is_(False)
    # In the order of all requests and before anything is read: of two at once the second sees the runs of the first.
    session.execute(select(RunRow.id).where(current).order_by(RunRow.id).with_for_update(key_share=True))
    rows = {row.id: row for row in session.execute(select(*FACTS).where(current))}
    job = session.get(JobRow, job_id, populate_existing=True)
    if job is None or job.requested == DELETE or not job.search_open or stale(rows, step):
        return False
    for_finalists = step.over or any(run.trial is None for run in step.ask)
    if for_finalists and job.version != version:
        return False
    turns.refuse_beyond(session, job.owner or "", max_queued, more=len(step.ask))
    add(session, job, step.ask, rows)
    for stop_epoch in dict.fromkeys(step.promote.values()):
        promoted = [rows[run] for run, epoch in step.promote.items() if epoch == stop_epoch]
        transitions.apply(session, promoted, table.Step.PROMOTED, stop_epoch=stop_epoch)
    if step.prune:
        transitions.apply(session, [rows[run] for run in step.prune], table.Step.PRUNED)
    if step.over:
        session.execute(update(JobRow).where(JobRow.id == job_id).values(search_open=False))
    job_state.refresh(session, job_id)
    return True


def give_up(session: Session, job_id: str, *, message: str) -> bool:
    """End a search that cannot go on, with a failed run that says why; false where it has ended already."""
    current = (RunRow.job_id == job_id) & RunRow.replaced.is_(False)
    session.execute(select(RunRow.id).where(current).order_by(RunRow.id).with_for_update(key_share=True))
    rows = session.execute(select(*KEPT, *FACTS).where(current).order_by(RunRow.position)).all()
    job = session.get(JobRow, job_id, populate_existing=True)
    if job is None or job.requested == DELETE or not job.search_open:
        return False
    session.execute(update(JobRow).where(JobRow.id == job_id).values(search_open=False))
    transitions.apply(session, [row for row in rows if beside_state(row) == Reason.AT_RUNG], table.Step.PRUNED)
    own = {"position": rows[-1].position + 1, "point": {}, "trial": None, "stop_epoch": None}
    columns = turns.placed(queued_run({**kept_of(rows[0]), **own}), database_time(session))
    run = RunRow(**columns)
    session.add(run)
    session.flush()
    transitions.apply(session, [run], table.Step.NO_SPEC, message=message)
    return True


def stale(rows: Mapping[str, Any], step: Step) -> bool:
    """Whether the runs of a search are no longer as a decision saw them, or held."""
    present = {row.trial for row in rows.values() if row.trial is not None}
    at_rung = {run for run, row in rows.items() if beside_state(row) == Reason.AT_RUNG}
    asked_again = any(run.trial in present for run in step.ask)
    return asked_again or not at_rung.issuperset([*step.promote, *step.prune]) or any(map(held, rows.values()))


def add(session: Session, job: Job, ask: Sequence[NewRun], rows: Mapping[str, Any]) -> None:
    """Runs that wait, on the data that the search began with, after those that there are."""
    if not ask:
        return
    began_with = {row.dataset: row.data_sha256 for row in rows.values()}
    runs = [replace(run, data_sha256=began_with.get(run.spec["dataset"]["name"], run.data_sha256)) for run in ask]
    start = 1 + max((row.position for row in rows.values()), default=-1)
    columns = jobs.run_columns(job.id, runs, priority=job.priority, owner=job.owner or "", start=start)
    insert_waiting(session, columns)
    job_facets.add_facets(session, job, job_facets.facets_of(runs, method=job.method))


def extend(
    session: Session, job_id: str, *, trials: int = 0, seeds: Sequence[int] = (), max_runs: int | None = None
) -> Job:
    """Let a search have more trials, or its finalists more seeds; one that has ended goes on.

    Where nothing is added nothing changes, so that a repetition of seeds is harmless.

    Args:
        max_runs: most runs of one job.

    Raises:
        NotFound: no such job.
        Conflict: it is no search; it is paused, about to pause or about to be cancelled; it would have too many runs;
            its data have changed.
    """
    current = (RunRow.job_id == job_id) & RunRow.replaced.is_(False)
    session.execute(select(RunRow.id).where(current).order_by(RunRow.id).with_for_update(key_share=True))
    rows = session.execute(select(*FACTS).where(current)).all()
    job = jobs.get(session, job_id)
    session.refresh(job)
    if not job.spec.get("search"):
        raise Conflict(f"job {job_id} is no search: it has no trials; extend it by seeds")
    spec = extended(job.spec, trials=trials, seeds=seeds)
    if spec != job.spec:
        data_identity.refuse_changed(session, rows)
        extension.refuse_held(job, rows)
        extension.refuse_too_many(job_id, job_state.expected_runs(spec), max_runs)
        session.execute(update(JobRow).where(JobRow.id == job_id).values(spec=spec, search_open=True))
        job_state.refresh(session, job_id)
    return session.get_one(JobRow, job_id, populate_existing=True)


def extended(spec: Mapping[str, Any], *, trials: int, seeds: Sequence[int]) -> dict[str, Any]:
    """A job's spec whose search has more trials and seeds."""
    search = dict(spec["search"])
    if trials:
        search["added"] = [*search.get("added", ()), trials]
    before = search.get("then_seeds", [])
    return {**spec, "search": {**search, "then_seeds": [*before, *(seed for seed in seeds if seed not in before)]}}
