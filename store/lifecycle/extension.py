"""Extensions: every sweep point of a job gets a run for each new seed, also after the job has ended."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from store import data_identity
from store.database.records import DELETE, Job
from store.database.tables import JobRow, RunRow
from store.errors import Conflict, NotFound
from store.lifecycle import job_state, turns
from store.lifecycle.new_runs import insert_waiting, plain, queued_run
from store.lifecycle.retries import KEPT, kept_of
from store.lifecycle.states import OPEN, Reason, Request, State
from store.lifecycle.transitions import BATCH

PARTS = "accumulation_steps"
"""What memory that ran out changes in the spec of a run; a new seed begins with what was submitted."""
Missing = list[tuple[str, list[int]]]
"""(a run of a sweep point, seeds that the point lacks), for every point that lacks any."""


def extend(
    session: Session, job_id: str, seeds: Sequence[int], *, max_runs: int | None = None, max_queued: int | None = None
) -> Job:
    """A run for each of these seeds at every sweep point that lacks it; the job's spec names them from then on.

    Where no point lacks any, nothing changes, so that a repetition is harmless.

    Args:
        max_runs: most runs of one job, those that a retry has replaced aside.
        max_queued: most runs of one key that may wait.

    Raises:
        NotFound: no such job.
        Conflict: the job is paused, about to pause or about to be cancelled; it would have too many runs; its data have
            changed.
        QuotaExceeded: too many of the owner's runs would wait.
    """
    current = (RunRow.job_id == job_id) & RunRow.replaced.is_(False)
    # In the order of all requests and before anything is read: of two at once the second sees the runs of the first.
    session.execute(select(RunRow.id).where(current).order_by(RunRow.id).with_for_update(key_share=True))
    job = session.get(JobRow, job_id, populate_existing=True)
    if job is None or job.requested == DELETE:
        raise NotFound(f"there is no job {job_id}")
    facts = select(RunRow.id, RunRow.position, RunRow.point, RunRow.seed, RunRow.state, RunRow.reason, RunRow.requested)
    rows = session.execute(facts.where(current).order_by(RunRow.position, RunRow.id)).all()
    missing = missing_seeds(rows, seeds)
    more = sum(len(lacking) for _, lacking in missing)
    if more:
        refuse_held(job, rows)
        refuse_too_many(job_id, len(rows) + more, max_runs)
        turns.refuse_beyond(session, job.owner or "", max_queued, more=more)
        add(session, job, missing, position=rows[-1].position + 1)
        name_seeds(session, job, seeds)
        job_state.refresh(session, job_id)
    return session.get_one(JobRow, job_id, populate_existing=True)


def missing_seeds(rows: Sequence[Row[Any]], seeds: Sequence[int]) -> Missing:
    """Which of the seeds each sweep point lacks, points in the order of their runs."""
    members: dict[str, list[Row[Any]]] = {}
    for row in rows:
        members.setdefault(json.dumps(row.point, sort_keys=True), []).append(row)
    lacking = [(runs[0].id, absent(runs, seeds)) for runs in members.values()]
    return [(run_id, some) for run_id, some in lacking if some]


def absent(runs: Sequence[Row[Any]], seeds: Sequence[int]) -> list[int]:
    """Those of the seeds that none of the runs has."""
    present = {run.seed for run in runs}
    return [seed for seed in seeds if seed not in present]


def refuse_held(job: Job, rows: Sequence[Any]) -> None:
    """See that new runs would not begin where somebody has just asked the job to stop.

    Raises:
        Conflict: of the runs that have not ended, all are paused or about to stop.
    """
    still_open = [row for row in rows if row.state in OPEN]
    if not still_open or not all(held(row) for row in still_open):
        return
    remedy = "extend it when it has ended" if job.requested == Request.CANCEL else "resume it first"
    about = f" and about to {job.requested}" if job.requested else ""
    raise Conflict(f"job {job.id} is {job.state}{about}: {remedy}")


def held(row: Any) -> bool:
    """Whether somebody has stopped a run that has not ended, or is about to."""
    paused = row.state == State.PAUSED and row.reason != Reason.AT_RUNG
    return paused or row.requested is not None


def refuse_too_many(job_id: str, total: int, limit: int | None) -> None:
    """Enforce the limit of runs in one job.

    Raises:
        Conflict: there would be more.
    """
    if limit is not None and total > limit:
        raise Conflict(f"job {job_id} would have {total} runs, at most {limit} are allowed in one job; add fewer")


def add(session: Session, job: Job, missing: Missing, *, position: int) -> None:
    """The runs, in the places from `position` on, each with a `state` event.

    Raises:
        Conflict: the job's data have changed.
    """
    insert_waiting(session, map(plain, new_runs(session, job, missing, position=position)))


def new_runs(session: Session, job: Job, missing: Missing, *, position: int) -> Iterator[dict[str, Any]]:
    """The columns of the runs, seeds innermost, but for their turn.

    Raises:
        Conflict: the job's data have changed.
    """
    for start in range(0, len(missing), BATCH):
        lacking = dict(missing[start : start + BATCH])
        templates = session.execute(select(*KEPT).where(RunRow.id.in_(lacking)).order_by(RunRow.position)).all()
        data_identity.refuse_changed(session, templates)
        for template in templates:
            shared = kept_of(template)
            spec = as_submitted(shared["spec"], shared["point"], job.spec)
            for seed in lacking[template.id]:
                own = {"position": position, "seed": seed, "spec": {**spec, "seeds": [seed]}}
                yield queued_run({**shared, **own})
                position += 1


def as_submitted(spec: Mapping[str, Any], point: Mapping[str, Any], whole: Mapping[str, Any]) -> dict[str, Any]:
    """A run's spec without what memory that ran out has changed in it.

    Args:
        whole: the spec of its job.
    """
    parts = point.get(PARTS, whole.get(PARTS))
    return dict(spec) if parts is None else {**spec, PARTS: parts}


def name_seeds(session: Session, job: Job, seeds: Sequence[int]) -> None:
    """Let the spec of a job say what runs."""
    before = job.spec.get("seeds", [])
    spec = {**job.spec, "seeds": [*before, *(seed for seed in seeds if seed not in before)]}
    session.execute(update(JobRow).where(JobRow.id == job.id).values(spec=spec))
