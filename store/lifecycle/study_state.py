"""A study's state, progress and times, derived from its jobs in the transaction that changed one of them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, func, null, select, update
from sqlalchemy.orm import Session

from store import webhook_events
from store.database.clock import database_time
from store.database.records import DELETE
from store.database.tables import JobRow, StudyRow
from store.lifecycle.states import ENDED, State, derived_state
from store.webhook_events import WebhookEvent

ITS = (JobRow.study_id == bindparam("study")) & JobRow.requested.is_distinct_from(DELETE)
WEIGHT = func.sum(JobRow.runs_total)
STANDING = (
    select(
        JobRow.state,
        func.count().label("number"),
        func.sum(JobRow.progress * JobRow.runs_total).label("done"),
        WEIGHT.label("runs"),
        func.min(JobRow.requested).label("requested"),
    )
    .where(ITS)
    .group_by(JobRow.state)
)
LOCK = (
    select(StudyRow.state, StudyRow.started_at, StudyRow.finished_at, StudyRow.answers)
    .where(StudyRow.id == bindparam("study"))
    .with_for_update(key_share=True)
)
DERIVED = (
    update(StudyRow)
    .where(StudyRow.id == bindparam("study"))
    .values(
        state=bindparam("state"),
        requested=bindparam("requested"),
        progress=bindparam("progress"),
        started_at=bindparam("started_at"),
        finished_at=bindparam("finished_at"),
        version=StudyRow.version + 1,
    )
)
SEEN_ANEW = update(StudyRow).where(StudyRow.id == bindparam("study")).values(version=StudyRow.version + 1)
REOPENED = update(StudyRow).where(StudyRow.id == bindparam("study")).values(answer=null())
PROGRESS = (
    update(StudyRow)
    .where(StudyRow.id == bindparam("study"))
    .values(
        progress=func.coalesce(
            select(func.sum(JobRow.progress * JobRow.runs_total) / func.nullif(WEIGHT, 0)).where(ITS).scalar_subquery(),
            0.0,
        ),
        version=StudyRow.version + 1,
    )
)


def refresh(session: Session, study_id: str) -> None:
    """Derive the study anew, as `job_state.refresh` does a job from its runs; where it ends, webhooks are told, but of
    one that gives an answer only with that (`studies.write_answer`).

    The study's row is locked after those of its jobs, so that of two jobs that end at once the second sees the first.
    A study whose jobs have all been deleted stays as it was. What it answered is forgotten where it goes on.
    """
    connection = session.connection()
    study = connection.execute(LOCK, {"study": study_id}).one_or_none()
    if study is None:
        return
    standing = {row.state: row for row in connection.execute(STANDING, {"study": study_id})}
    if not standing:
        connection.execute(SEEN_ANEW, {"study": study_id})
        return
    state = derived_state({each: int(row.number) for each, row in standing.items()})
    now = database_time(session)
    ended_at = study.finished_at if study.state == state and study.finished_at else now
    connection.execute(
        DERIVED,
        {
            "study": study_id,
            "state": state,
            "requested": standing[State.RUNNING].requested if State.RUNNING in standing else None,
            "progress": share_done(standing),
            "started_at": study.started_at or (now if state == State.RUNNING else None),
            "finished_at": ended_at if state in ENDED else None,
        },
    )
    if study.state in ENDED and state not in ENDED:
        connection.execute(REOPENED, {"study": study_id})
    if study.state not in ENDED and state in ENDED and not study.answers:
        webhook_events.announce(session, WebhookEvent.STUDY_ENDED, study_id=study_id)


def share_done(standing: Mapping[str, Any]) -> float:
    """The progress of all jobs, each by the number of its runs."""
    runs = sum(int(row.runs or 0) for row in standing.values())
    return sum(float(row.done or 0.0) for row in standing.values()) / max(1, runs)


def note_progress(session: Session, study_id: str) -> None:
    """Derive the study's progress anew where one of its jobs went on and none changed its state; locks as `refresh`."""
    connection = session.connection()
    if connection.execute(LOCK, {"study": study_id}).one_or_none() is not None:
        connection.execute(PROGRESS, {"study": study_id})
