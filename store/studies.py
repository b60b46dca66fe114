"""Studies: submission, lists, what their tables are made of, and what they found."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import null, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, defer, load_only

from store import cursors, jobs, names, webhook_events
from store.database.clock import database_time
from store.database.records import DELETE, Job, NewJob, NewStudy, Page, Study, SubmittedStudy
from store.database.tables import IdempotencyRow, JobRow, StudyRow
from store.errors import NotFound
from store.identifiers import new_id
from store.lifecycle import turns
from store.lifecycle.states import ENDED, State
from store.webhook_events import WebhookEvent

ITEM = (defer(StudyRow.plan, raiseload=True), defer(StudyRow.answer, raiseload=True))
"""What a list leaves out."""
FACTS = load_only(JobRow.name, JobRow.state, JobRow.progress, JobRow.runs_total, JobRow.version)


def new_study(
    *,
    name: str,
    preset: str | None,
    body: Mapping[str, Any],
    plan: Mapping[str, Any],
    members: Sequence[NewJob],
    owner: str = "",
    answers: bool = False,
) -> NewStudy:
    """A study as it will be stored, made before the transaction.

    Args:
        body: what was asked for.
        plan: its columns, its rows with the jobs of their cells, and its notes.
        members: its jobs, at least one.
        owner: the API key that submits.
        answers: whether its preset gives an answer once the study has ended.
    """
    study_id = new_id("s")
    columns = {
        "id": study_id,
        "name": name,
        "name_key": names.key(name),
        "preset": preset,
        "owner": owner,
        "state": State.QUEUED,
        "progress": 0.0,
        "body": dict(body),
        "plan": dict(plan),
        "answers": answers,
        "version": 1,
    }
    return NewStudy(columns, [NewJob({**job.columns, "study_id": study_id}, job.runs) for job in members])


def submit(
    session: Session,
    study: NewStudy,
    *,
    idempotency_key: str | None = None,
    request_hash: str = "",
    max_queued: int | None = None,
) -> SubmittedStudy:
    """Store a study with its jobs and their runs, all or nothing; the arguments are those of `jobs.submit`.

    Raises:
        Conflict: the key was used with another request.
        QuotaExceeded: too many of the owner's runs would wait.
    """
    owner, now = study.columns["owner"], database_time(session)
    earlier = earlier_submission(session, owner, idempotency_key, request_hash=request_hash)
    if earlier is not None:
        return earlier
    try:
        with session.begin_nested():
            session.add(StudyRow(**study.columns, created_at=now))
            session.add_all(JobRow(**job.columns, created_at=now) for job in study.jobs)
            session.flush()
            if idempotency_key is not None:
                # The key is kept with the first job, and forgotten with it.
                kept = {"request_hash": request_hash, "job_id": study.jobs[0].columns["id"], "created_at": now}
                session.add(IdempotencyRow(owner=owner, key=idempotency_key, **kept))
    except IntegrityError:  # the same key was used meanwhile
        earlier = earlier_submission(session, owner, idempotency_key, request_hash=request_hash)
        if earlier is None:
            raise
        return earlier
    turns.refuse_beyond(session, owner, max_queued, more=sum(len(job.runs) for job in study.jobs))
    for job in study.jobs:
        jobs.add_content(session, job, now)
    session.flush()
    return SubmittedStudy(session.get_one(StudyRow, study.columns["id"], populate_existing=True), created=True)


def earlier_submission(session: Session, owner: str, key: str | None, *, request_hash: str) -> SubmittedStudy | None:
    """What this key submitted before.

    Raises:
        Conflict: it was another request.
    """
    earlier = jobs.earlier_submission(session, owner, key, request_hash=request_hash)
    if earlier is None or earlier.job.study_id is None:
        return None
    return SubmittedStudy(get(session, earlier.job.study_id), created=False)


def get(session: Session, study_id: str) -> Study:
    """The study.

    Raises:
        NotFound: no such study.
    """
    study = session.get(StudyRow, study_id)
    if study is None:
        raise NotFound(f"there is no study {study_id}")
    return study


def list_studies(
    session: Session,
    *,
    state: str | None = None,
    preset: str | None = None,
    name: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Study]:
    """Studies, newest first, without their plans and answers; `name` is a part of theirs, in either case.

    Raises:
        BadCursor: no list gave the cursor out.
    """
    query = select(StudyRow).options(*ITEM)
    for column, value in ((StudyRow.state, state), (StudyRow.preset, preset)):
        if value is not None:
            query = query.where(column == value)
    if name is not None:
        query = query.where(StudyRow.name_key.contains(names.key(name), autoescape=True))
    rows = cursors.rows_after(session, query, StudyRow.id, limit=limit, cursor=cursor, newest_first=True)
    return cursors.page(rows, limit)


def members(session: Session, study_id: str) -> list[Job]:
    """The jobs of a study in the order of its rows, those that were deleted aside: names, states and progress only."""
    its = (JobRow.study_id == study_id) & JobRow.requested.is_distinct_from(DELETE)
    return list(session.scalars(select(JobRow).options(FACTS).where(its).order_by(JobRow.id)))


def unanswered(session: Session) -> list[str]:
    """Studies that have ended and whose answer is still to be worked out, oldest first."""
    due = StudyRow.state.in_(ENDED) & StudyRow.answers & StudyRow.answer.is_(null())
    return list(session.scalars(select(StudyRow.id).where(due).order_by(StudyRow.id)))


def write_answer(session: Session, study: Study, answer: Mapping[str, Any]) -> bool:
    """Keep what a study that has ended found, and tell webhooks of its end; false where it has changed since it was
    read."""
    same = (StudyRow.id == study.id) & (StudyRow.version == study.version) & StudyRow.answer.is_(null())
    change = update(StudyRow).where(same, StudyRow.state.in_(ENDED))
    written = change.values(answer=dict(answer), version=StudyRow.version + 1).returning(StudyRow.id)
    if session.scalars(written).first() is None:
        return False
    webhook_events.announce(session, WebhookEvent.STUDY_ENDED, study_id=study.id)
    return True
