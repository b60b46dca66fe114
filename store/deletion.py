"""Deleting jobs: hidden in one small transaction, erased in others, whoever dies on the way."""

import logging
from collections.abc import Sequence
from functools import partial

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from store.database.engine import Database
from store.database.records import DELETE
from store.database.tables import (
    CheckpointRow,
    ChunkRow,
    EpochRow,
    EventRow,
    IdempotencyRow,
    JobFacetRow,
    JobMetricRow,
    JobRow,
    JobTagRow,
    RunRow,
    SeriesRow,
    StudyRow,
)
from store.errors import Conflict, NotFound, StoreError
from store.lifecycle import study_state
from store.lifecycle.states import ENDED

BATCH = 50
log = logging.getLogger(__name__)


def delete_job(db: Database, job_id: str) -> None:
    """Delete a job that has ended with all that belongs to it.

    From its first transaction on nobody sees the job, and nothing can be asked of it; what this does not get to erase,
    `erase_deleted` does. On a full disk it has the reserve.

    Raises:
        NotFound: no such job.
        Conflict: it has not ended.
    """
    db.write(partial(hide, job_id=job_id), urgent=True)
    erase_now(db, [job_id])


def delete_study(db: Database, study_id: str) -> None:
    """Delete a study that has ended with its jobs and all that belongs to them, as `delete_job` does.

    Raises:
        NotFound: no such study.
        Conflict: it has not ended.
    """
    erase_now(db, db.write(partial(hide_study, study_id=study_id), urgent=True))


def erase_now(db: Database, job_ids: Sequence[str]) -> None:
    """Erase hidden jobs as far as that is possible now."""
    for job_id in job_ids:
        try:
            erase(db, job_id)
        except StoreError as error:
            log.warning("job %s is deleted, its content will be erased later: %s", job_id, error)


def hide(session: Session, job_id: str) -> None:
    """Let nobody see a job that has ended any more.

    Raises:
        NotFound: no such job.
        Conflict: it has not ended.
    """
    # Locked as `job_state.refresh` does it, where whoever is just retrying a run then finds the job gone.
    row = session.get(JobRow, job_id, with_for_update={"key_share": True})
    if row is None or row.requested == DELETE:
        raise NotFound(f"there is no job {job_id}")
    if row.state not in ENDED:
        raise Conflict(f"job {job_id} is {row.state}: cancel it first, then delete it")
    session.execute(update(JobRow).where(JobRow.id == job_id).values(requested=DELETE))
    session.execute(delete(IdempotencyRow).where(IdempotencyRow.job_id == job_id))
    if row.study_id is not None:
        study_state.refresh(session, row.study_id)


def hide_study(session: Session, study_id: str) -> list[str]:
    """Let nobody see a study that has ended, nor its jobs, any more; the jobs, which are then to be erased.

    Raises:
        NotFound: no such study.
        Conflict: it has not ended.
    """
    its = (JobRow.study_id == study_id) & JobRow.requested.is_distinct_from(DELETE)
    # Locked as `study_state.refresh` does it: jobs before their study.
    locked = select(JobRow.id).where(its).order_by(JobRow.id).with_for_update(key_share=True)
    job_ids = list(session.scalars(locked))
    study = session.get(StudyRow, study_id, with_for_update={"key_share": True}, populate_existing=True)
    if study is None:
        raise NotFound(f"there is no study {study_id}")
    if study.state not in ENDED:
        raise Conflict(f"study {study_id} is {study.state}: cancel it first, then delete it")
    session.execute(update(JobRow).where(JobRow.id.in_(job_ids)).values(requested=DELETE))
    session.execute(delete(IdempotencyRow).where(IdempotencyRow.job_id.in_(job_ids)))
    session.execute(delete(StudyRow).where(StudyRow.id == study_id))
    return job_ids


def erase_deleted(db: Database, *, limit: int = 10) -> int:
    """Erase jobs that were hidden and not yet erased; returns how many."""
    with db.read() as session:
        job_ids = list(session.scalars(select(JobRow.id).where(JobRow.requested == DELETE).limit(limit)))
    for job_id in job_ids:
        erase(db, job_id)
    return len(job_ids)


def erase(db: Database, job_id: str) -> None:
    """Erase a hidden job in small transactions; the job itself goes last."""
    with db.read() as session:
        run_ids = list(session.scalars(select(RunRow.id).where(RunRow.job_id == job_id)))
    for start in range(0, len(run_ids), BATCH):
        db.write(partial(erase_content, run_ids=run_ids[start : start + BATCH]), urgent=True)
    db.write(partial(erase_job, job_id=job_id), urgent=True)


def erase_job(session: Session, job_id: str) -> None:
    """Erase a job whose runs have nothing left."""
    for table in (EventRow, RunRow, JobTagRow, JobFacetRow, JobMetricRow):
        session.execute(delete(table).where(table.job_id == job_id))
    session.execute(delete(JobRow).where(JobRow.id == job_id))


def erase_content(session: Session, run_ids: Sequence[str]) -> None:
    """Erase what runs have recorded."""
    checkpoints = select(CheckpointRow.id).where(CheckpointRow.run_id.in_(run_ids))
    session.execute(delete(ChunkRow).where(ChunkRow.checkpoint_id.in_(checkpoints)))
    for table in (CheckpointRow, SeriesRow, EpochRow):
        session.execute(delete(table).where(table.run_id.in_(run_ids)))
