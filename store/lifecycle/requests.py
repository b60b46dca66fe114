"""What users ask of runs, jobs and studies: cancel, pause, resume, retry.

The transaction of a cancel may be `urgent`: what ends can be deleted, which frees space.
"""

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from store.database.records import DELETE, Job, Run
from store.database.tables import JobRow, RunRow, StudyRow
from store.errors import Conflict, NotFound
from store.lifecycle import job_state, retries, runs, transitions, turns
from store.lifecycle.states import Action
from store.lifecycle.table import following


def request_run(session: Session, run_id: str, action: str, *, max_queued: int | None = None) -> Run:
    """Ask for `cancel`, `pause`, `resume` or `retry`; a repeated request is harmless.

    A waiting run changes at once; a running one is told by its worker's next heartbeat. A retry is a new run in the old
    one's place; it is what this returns.

    Args:
        max_queued: most runs of one key that may wait after a retry.

    Raises:
        NotFound: no such run.
        Conflict: the run's state does not allow it.
        QuotaExceeded: too many of the owner's runs would wait.
    """
    row = runs.row_of(session, run_id, locked=True)
    if action != Action.RETRY:
        transitions.apply(session, [row], Action(action))
        return runs.get(session, run_id)
    fresh_id = retries.retry_run(session, row)
    turns.refuse_beyond(session, row.owner, max_queued)
    job_state.refresh(session, row.job_id)
    return runs.get(session, fresh_id)


def request_job(session: Session, job_id: str, action: str, *, max_queued: int | None = None) -> Job:
    """Ask the same of every current run of a job that can take it; a repeated request is harmless.

    Args:
        max_queued: most runs of one key that may wait after a retry.

    Raises:
        NotFound: no such job.
        Conflict: no run of the job can take it.
        QuotaExceeded: too many of the owner's runs would wait.
    """
    job = session.get(JobRow, job_id)
    if job is None or job.requested == DELETE:
        raise NotFound(f"there is no job {job_id}")
    current = (RunRow.job_id == job_id) & RunRow.replaced.is_(False)
    # In one order and before any is looked at: none changes hands between two of the statements below.
    session.execute(select(RunRow.id).where(current).order_by(RunRow.id).with_for_update(key_share=True))
    if action == Action.RETRY:
        retries.retry_all(session, f"job {job_id}", current)
        turns.refuse_beyond(session, job.owner or "", max_queued)
        job_state.refresh(session, job_id)
    elif action == Action.CANCEL:
        cancel_all(session, JobRow.id == job_id, current)
    else:
        change_all(session, current, Action(action))
    return session.get_one(JobRow, job_id, populate_existing=True)


def request_study(session: Session, study_id: str, action: str, *, max_queued: int | None = None) -> None:
    """Ask the same of every current run of a study's jobs that can take it; a repeated request is harmless.

    Args:
        max_queued: most runs of one key that may wait after a retry.

    Raises:
        NotFound: no such study.
        Conflict: no run of the study can take it.
        QuotaExceeded: too many of the owner's runs would wait.
    """
    study = session.get(StudyRow, study_id)
    if study is None:
        raise NotFound(f"there is no study {study_id}")
    its = (JobRow.study_id == study_id) & JobRow.requested.is_distinct_from(DELETE)
    current = RunRow.job_id.in_(select(JobRow.id).where(its)) & RunRow.replaced.is_(False)
    session.execute(select(RunRow.id).where(current).order_by(RunRow.id).with_for_update(key_share=True))
    if action == Action.RETRY:
        retried = retries.retry_all(session, f"study {study_id}", current)
        turns.refuse_beyond(session, study.owner or "", max_queued)
        for job_id in retried:
            job_state.refresh(session, job_id)
    elif action == Action.CANCEL:
        cancel_all(session, its, current)
    else:
        change_all(session, current, Action(action))


def cancel_all(session: Session, jobs: ColumnElement[bool], current: ColumnElement[bool]) -> None:
    """Cancel the current runs of jobs and close their searches, of which no run may be able to take it at this moment.

    Raises:
        Conflict: no run can take it, and no search was open.
    """
    close = update(JobRow).where(jobs, JobRow.search_open).values(search_open=False)
    closed = sorted(session.scalars(close.returning(JobRow.id)))
    try:
        change_all(session, current, Action.CANCEL)
    except Conflict:
        if not closed:
            raise
    for job_id in closed:
        job_state.refresh(session, job_id)


def change_all(session: Session, current: ColumnElement[bool], action: Action) -> None:
    """Carry a request out on all runs that can take it.

    Raises:
        Conflict: there is none.
    """
    facts = select(RunRow.id, RunRow.job_id, RunRow.state, RunRow.reason, RunRow.requested, RunRow.attempt)
    able, refusals = [], []
    for row in session.execute(facts.where(current).order_by(RunRow.id)):
        try:
            following(row, action)
            able.append(row)
        except Conflict as refusal:
            refusals.append(refusal)
    if not able:
        raise next(iter(refusals), Conflict("there are no runs"))
    transitions.apply(session, able, action)
