"""Jobs: submission, lists, summaries."""

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from store import cursors as pages
from store import events, names
from store.characters import clean_all
from store.database.clock import database_time
from store.database.engine import Database
from store.database.records import DELETE, Job, NewRun, Page, Run, Submitted
from store.database.tables import IdempotencyRow, JobFacetRow, JobRow, JobTagRow, RunRow
from store.errors import Conflict, NotFound
from store.identifiers import new_id
from store.job_facets import facet_rows, facets_of
from store.lifecycle import turns
from store.lifecycle.new_runs import queued_run
from store.lifecycle.states import OPEN, State


def submit(
    db: Database,
    *,
    spec: dict[str, Any],
    runs: Sequence[NewRun],
    method: str,
    idempotency_key: str | None = None,
    request_hash: str = "",
    owner: str = "",
    max_queued: int | None = None,
) -> Submitted:
    """Store a job and its runs in one transaction, with the idempotency key that makes it at most one.

    Args:
        spec: the complete experiment.
        method: the name in lists of the method of runs that name none.
        request_hash: hash of the request's body, to tell a repetition from another request with the same key.
        owner: the API key that submits.
        max_queued: most runs of one key that may wait or be paused.

    Raises:
        Conflict: the key was used with another request.
        QuotaExceeded: too many of the owner's runs would wait.
    """
    earlier = earlier_submission(db, owner, idempotency_key, request_hash)
    if earlier is not None:
        return earlier
    job_id, facets = new_id("j"), facets_of(runs, method=method)

    def work(session: Session) -> None:
        now = database_time(session)
        session.add(job_row(job_id, spec, runs, facets=facets, owner=owner, now=now))
        session.flush()
        if idempotency_key is not None:
            row = IdempotencyRow(
                owner=owner, key=idempotency_key, request_hash=request_hash, job_id=job_id, created_at=now
            )
            session.add(row)
            session.flush()
        turns.refuse_beyond(session, owner, max_queued, more=len(runs))
        session.add_all(JobTagRow(job_id=job_id, tag=tag) for tag in dict.fromkeys(clean_all(spec.get("tags", []))))
        session.add_all(facet_rows(job_id, facets))
        session.add_all(run_rows(job_id, runs, priority=spec["priority"], owner=owner, now=now))
        events.record(session, "state", {"job": job_id, "state": State.QUEUED}, job_id=job_id, run_id=None)

    try:
        db.write(work)
    except IntegrityError:
        earlier = earlier_submission(db, owner, idempotency_key, request_hash)
        if earlier is None:
            raise
        return earlier
    return Submitted(get(db, job_id), created=True)


def run_rows(job_id: str, runs: Sequence[NewRun], *, priority: int, owner: str, now: float) -> Iterator[RunRow]:
    """The runs of a new job, all of which wait."""
    for position, run in enumerate(runs):
        yield queued_run(
            job_id=job_id,
            position=position,
            seed=run.seed,
            point=run.point,
            spec=run.spec,
            dataset=run.spec["dataset"]["name"],
            data_sha256=run.data_sha256,
            priority=priority,
            owner=owner,
            epochs=run.epochs,
            retry_of=None,
            created_at=now,
        )


def job_row(
    job_id: str,
    spec: dict[str, Any],
    runs: Sequence[NewRun],
    *,
    facets: dict[str, list[Any]],
    owner: str,
    now: float,
) -> JobRow:
    """A job that waits."""
    return JobRow(
        id=job_id,
        name=spec["name"],
        name_key=names.key(spec["name"]),
        owner=owner,
        state=State.QUEUED,
        requested=None,
        progress=0.0,
        priority=spec["priority"],
        method=facets["methods"][0],
        dataset=next(iter(facets["datasets"]), spec["dataset"]["name"]),
        **facets,
        tags=spec["tags"],
        spec=spec,
        runs_total=len(runs),
        run_states={State.QUEUED: len(runs)} if runs else {},
        results={},
        created_at=now,
        version=1,
    )


def earlier_submission(db: Database, owner: str, key: str | None, request_hash: str) -> Submitted | None:
    """What this key made before.

    Raises:
        Conflict: it was another request.
    """
    if key is None:
        return None
    with db.read() as session:
        row = session.get(IdempotencyRow, (owner, key))
        if row is None:
            return None
        if row.request_hash != request_hash:
            raise Conflict("this Idempotency-Key was used with another request; use a new key for a new job")
        job_id = row.job_id
    return Submitted(get(db, job_id), created=False)


def get(db: Database, job_id: str) -> Job:
    """The job.

    Raises:
        NotFound: no such job.
    """
    with db.read() as session:
        return row_of(session, job_id)


def row_of(session: Session, job_id: str) -> JobRow:
    """The job's row.

    Raises:
        NotFound: no such job, or it is being deleted.
    """
    row = session.get(JobRow, job_id)
    if row is None or row.requested == DELETE:
        raise NotFound(f"there is no job {job_id}")
    return row


def list_jobs(
    db: Database,
    *,
    state: str | None = None,
    tag: str | None = None,
    name: str | None = None,
    dataset: str | None = None,
    method: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Job]:
    """Jobs, newest first. Filters compare exactly, `name` finds what it is part of in either case.

    A job is found by the method and the data set of any of its runs.

    Raises:
        BadCursor: no list gave the cursor out.
    """
    query, place = narrowed(select(JobRow), {"method": method, "dataset": dataset})
    query = query.where(JobRow.requested.is_distinct_from(DELETE)).order_by(place.desc()).limit(limit + 1)
    if state is not None:
        query = query.where(JobRow.state == state)
    if name is not None:
        query = query.where(JobRow.name_key.contains(names.key(name), autoescape=True))
    if tag is not None:
        query = query.where(JobRow.id.in_(select(JobTagRow.job_id).where(JobTagRow.tag == tag)))
    if cursor is not None:
        query = query.where(place < pages.decode(cursor))
    with db.read() as session:
        return pages.page(session.scalars(query).all(), limit)


def narrowed(query: Select[JobRow], wanted: Mapping[str, str | None]) -> tuple[Select[JobRow], ColumnElement[str]]:
    """The query for jobs with these facets, and the column to order it by: that of the index which it follows."""
    place: ColumnElement[str] = cast(ColumnElement[str], JobRow.id)
    for kind, value in wanted.items():
        if value is not None:
            facet = aliased(JobFacetRow)
            same = (facet.job_id == JobRow.id) & (facet.kind == kind) & (facet.value == value)
            query, place = query.join(facet, same), cast(ColumnElement[str], facet.job_id)
    return query, place


def list_runs(db: Database, job_id: str, *, limit: int = 100, cursor: str | None = None) -> Page[Run]:
    """Runs of a job in the order of submission, retries last.

    Raises:
        NotFound: no such job.
        BadCursor: no list gave the cursor out.
    """
    query = select(RunRow).where(RunRow.job_id == job_id).order_by(RunRow.id).limit(limit + 1)
    if cursor is not None:
        query = query.where(RunRow.id > pages.decode(cursor))
    with db.read() as session:
        row_of(session, job_id)
        return pages.page(session.scalars(query).all(), limit)


def summary(db: Database, job_id: str) -> list[dict[str, Any]]:
    """Per sweep point: last-epoch metrics as mean and standard deviation (n - 1; null at n = 1) over the seeds that
    succeeded, and the seeds that are missing."""
    columns = (RunRow.point, RunRow.seed, RunRow.state, RunRow.last_metrics)
    current = (RunRow.job_id == job_id) & RunRow.replaced.is_(False)
    with db.read() as session:
        rows = session.execute(select(*columns).where(current).order_by(RunRow.position)).all()
    members: dict[str, list[Any]] = {}
    for row in rows:
        members.setdefault(json.dumps(row.point, sort_keys=True), []).append(row)
    return [point_summary(runs[0].point, runs) for runs in members.values()]


def point_summary(point: dict[str, Any], runs: Sequence[Any]) -> dict[str, Any]:
    """The summary of one sweep point."""
    done = [run for run in runs if has_result(run)]
    names = list(dict.fromkeys(name for run in done for name in run.last_metrics))
    return {
        "point": point,
        "metrics": {name: spread([(run.seed, run.last_metrics.get(name)) for run in done]) for name in names},
        "missing_seeds": [run.seed for run in runs if not has_result(run)],
        "waiting_seeds": [run.seed for run in runs if run.state in OPEN],
    }


def has_result(run: Any) -> bool:
    """Whether a run counts in the summary."""
    return run.state == State.SUCCEEDED and bool(run.last_metrics)


def spread(pairs: Sequence[tuple[int, float | None]]) -> dict[str, Any]:
    """Mean and standard deviation of the values that are there."""
    known = [(seed, value) for seed, value in pairs if value is not None]
    values = [value for _, value in known]
    return {
        "mean": statistics.fmean(values) if values else None,
        "std": statistics.stdev(values) if len(values) > 1 else None,
        "n": len(values),
        "values": values,
        "seeds": [seed for seed, _ in known],
    }
