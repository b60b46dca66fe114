"""Jobs: submission, lists, summaries."""

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased, defer

from store import cursors, events, names
from store.characters import clean_all
from store.database.bulk import insert_plain
from store.database.clock import database_time
from store.database.records import DELETE, Job, NewJob, NewRun, Page, Run, Submitted
from store.database.tables import IdempotencyRow, JobFacetRow, JobRow, JobTagRow, RunRow
from store.errors import Conflict, NotFound
from store.identifiers import new_id
from store.job_facets import facet_rows, facets_of
from store.job_order import NEWEST_FIRST, Bound, Order, listed, ordered, within
from store.lifecycle import turns
from store.lifecycle.new_runs import plain, queued_run
from store.lifecycle.states import OPEN, Reason, State

WITHOUT_SPEC = defer(JobRow.spec, raiseload=True)


def new_job(
    *,
    spec: dict[str, Any],
    runs: Sequence[NewRun],
    method: str,
    owner: str = "",
    parent: str | None = None,
    preset: str | None = None,
    published: Mapping[str, float] | None = None,
    search_open: bool = False,
) -> NewJob:
    """A job as it will be stored, made before the transaction: SQLite has one writer, and heartbeats wait for it.

    Args:
        spec: the complete experiment.
        method: the name in lists of the method of runs that name none.
        owner: the API key that submits.
        parent: the job whose spec this one was made from.
        preset: what it was made by.
        published: metric -> the figure that was published of it.
        search_open: whether it is a search, whose first trials these runs are.
    """
    job_id, facets = new_id("j"), facets_of(runs, method=method)
    columns = {
        "id": job_id,
        "name": spec["name"],
        "name_key": names.key(spec["name"]),
        "owner": owner,
        "parent": parent,
        **({} if preset is None else {"preset": preset, "published": dict(published or {})}),
        "search_open": search_open,
        "state": State.QUEUED,
        "progress": 0.0,
        "priority": spec["priority"],
        "method": facets["methods"][0],
        "dataset": next(iter(facets["datasets"]), spec["dataset"]["name"]),
        **facets,
        "tags": spec["tags"],
        "spec": spec,
        "runs_total": len(runs),
        "run_states": {State.QUEUED: len(runs)} if runs else {},
        "results": {},
        "notes": "",
        "archived": False,
        "version": 1,
    }
    waiting = list(run_columns(job_id, runs, priority=spec["priority"], owner=owner))
    return NewJob(columns, waiting)


def run_columns(
    job_id: str, runs: Sequence[NewRun], *, priority: int, owner: str, start: int = 0
) -> Iterator[dict[str, Any]]:
    """New runs of a job, all of which wait, in the places from `start` on, as `insert_plain` takes them."""
    for position, run in enumerate(runs, start):
        columns = {
            "job_id": job_id,
            "position": position,
            "seed": run.seed,
            "point": run.point,
            "spec": run.spec,
            "dataset": run.spec["dataset"]["name"],
            "data_sha256": run.data_sha256,
            "priority": priority,
            "owner": owner,
            "epochs": run.epochs,
            "one_core": run.one_core,
            "trial": run.trial,
            "stop_epoch": run.stop_epoch,
        }
        yield plain(queued_run(columns))


def submit(
    session: Session,
    job: NewJob,
    *,
    idempotency_key: str | None = None,
    request_hash: str = "",
    max_queued: int | None = None,
) -> Submitted:
    """Store a job and its runs, with the idempotency key that makes it at most one.

    Args:
        request_hash: hash of the request's body, to tell a repetition from another request with the same key.
        max_queued: most runs of one key that may wait or be paused.

    Raises:
        Conflict: the key was used with another request.
        QuotaExceeded: too many of the owner's runs would wait.
    """
    owner, now = job.columns["owner"], database_time(session)
    earlier = earlier_submission(session, owner, idempotency_key, request_hash=request_hash)
    if earlier is not None:
        return earlier
    row = JobRow(**job.columns, created_at=now)
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
            if idempotency_key is not None:
                session.add(
                    IdempotencyRow(
                        owner=owner, key=idempotency_key, request_hash=request_hash, job_id=row.id, created_at=now
                    )
                )
    except IntegrityError:  # the same key was used meanwhile
        earlier = earlier_submission(session, owner, idempotency_key, request_hash=request_hash)
        if earlier is None:
            raise
        return earlier
    turns.refuse_beyond(session, owner, max_queued, more=len(job.runs))
    add_content(session, job, now)
    session.flush()
    session.refresh(row)
    return Submitted(row, created=True)


def add_content(session: Session, job: NewJob, now: float) -> None:
    """What belongs to a job whose row is written: its runs, what it is found by, and its first event."""
    job_id = job.columns["id"]
    session.add_all(JobTagRow(job_id=job_id, tag=tag) for tag in dict.fromkeys(clean_all(job.columns["tags"])))
    session.add_all(facet_rows(job_id, job.columns))
    if job.runs:
        insert_plain(session, RunRow, [turns.placed(run, now) for run in job.runs])
    events.record(session, "state", {"job": job_id, "state": State.QUEUED}, job_id=job_id, run_id=None)


def earlier_submission(session: Session, owner: str, key: str | None, *, request_hash: str) -> Submitted | None:
    """What this key submitted before.

    Raises:
        Conflict: it was another request.
    """
    row = None if key is None else session.get(IdempotencyRow, (owner, key))
    if row is None:
        return None
    if row.request_hash != request_hash:
        raise Conflict("this Idempotency-Key was used with another request; use a new key for a new job")
    return Submitted(get(session, row.job_id), created=False)


def get(session: Session, job_id: str) -> Job:
    """The job.

    Raises:
        NotFound: no such job, or it is being deleted.
    """
    job = session.get(JobRow, job_id)
    if job is None or job.requested == DELETE:
        raise NotFound(f"there is no job {job_id}")
    return job


def list_jobs(
    session: Session,
    *,
    state: str | None = None,
    tag: str | None = None,
    name: str | None = None,
    dataset: str | None = None,
    method: str | None = None,
    archived: bool = False,
    bounds: Sequence[Bound] = (),
    order: Order = NEWEST_FIRST,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Job]:
    """Jobs without their specs. Filters compare exactly, `name` finds what it is part of in either case.

    A job is found by the method and the data set of any of its runs. Those that are archived are a list of their own;
    in the order of a metric only the jobs that have it are listed.

    Raises:
        BadCursor: no list in this order gave the cursor out.
    """
    query, place = narrowed(select(JobRow).options(WITHOUT_SPEC), {"method": method, "dataset": dataset})
    jobs_alone = method is None and dataset is None and not order.metric
    query = ordered(query, order, place, cursor).limit(limit + 1)
    query = query.where(listed(archived, indexed=jobs_alone), JobRow.requested.is_distinct_from(DELETE))
    query = query.where(*(within(bound, order) for bound in bounds))
    if state is not None:
        query = query.where(JobRow.state == state)
    if name is not None:
        query = query.where(JobRow.name_key.contains(names.key(name), autoescape=True))
    if tag is not None:
        query = query.where(JobRow.id.in_(select(JobTagRow.job_id).where(JobTagRow.tag == tag)))
    return cursors.page(session.scalars(query).all(), limit, order.cursor)


def narrowed(query: Select[JobRow], wanted: Mapping[str, str | None]) -> tuple[Select[JobRow], ColumnElement[str]]:
    """The query for jobs with these facets, and the column to order it by: that of the index which it follows."""
    place: ColumnElement[str] = cast(ColumnElement[str], JobRow.id)
    for kind, value in wanted.items():
        if value is not None:
            facet = aliased(JobFacetRow)
            same = (facet.job_id == JobRow.id) & (facet.kind == kind) & (facet.value == value)
            query, place = query.join(facet, same), cast(ColumnElement[str], facet.job_id)
    return query, place


def list_runs(session: Session, job_id: str, *, limit: int = 100, cursor: str | None = None) -> Page[Run]:
    """Runs of a job in the order of submission, retries last.

    Raises:
        NotFound: no such job.
        BadCursor: no list gave the cursor out.
    """
    query = select(RunRow).where(RunRow.job_id == job_id)
    rows = cursors.rows_after(session, query, RunRow.id, limit=limit, cursor=cursor)
    get(session, job_id)
    return cursors.page(rows, limit)


def summary(session: Session, job_id: str) -> list[dict[str, Any]]:
    """Per sweep point: last-epoch metrics as mean and standard deviation (n - 1; null at n = 1) over the seeds that
    succeeded, and the seeds that are missing. Trials that a search has pruned are left out."""
    return summaries(session, [job_id]).get(job_id, [])


def summaries(session: Session, job_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The summaries of several jobs in one statement; a job without runs has none."""
    columns = (RunRow.job_id, RunRow.point, RunRow.seed, RunRow.state, RunRow.last_metrics)
    query = select(*columns).where(counted(*job_ids)).order_by(RunRow.job_id, RunRow.position)
    rows = session.execute(query).all()
    members: dict[tuple[str, str], list[Any]] = {}
    for row in rows:
        members.setdefault((row.job_id, json.dumps(row.point, sort_keys=True)), []).append(row)
    found: dict[str, list[dict[str, Any]]] = {}
    for (job_id, _), runs in members.items():
        found.setdefault(job_id, []).append(point_summary(runs[0].point, runs))
    return found


def counted(*job_ids: str) -> ColumnElement[bool]:
    """The current runs of jobs but for pruned trials, which are no results and miss nowhere."""
    return RunRow.job_id.in_(job_ids) & RunRow.replaced.is_(False) & RunRow.reason.is_distinct_from(Reason.PRUNED)


def point_summary(point: dict[str, Any], runs: Sequence[Any]) -> dict[str, Any]:
    """The summary of one sweep point."""
    done = [run for run in runs if has_result(run)]
    metrics = list(dict.fromkeys(name for run in done for name in run.last_metrics))
    return {
        "point": point,
        "metrics": {name: spread([(run.seed, run.last_metrics.get(name)) for run in done]) for name in metrics},
        "missing_seeds": [run.seed for run in runs if not has_result(run)],
        "waiting_seeds": [run.seed for run in runs if run.state in OPEN],
    }


def has_result(run: Any) -> bool:
    """Whether a run counts in the summary."""
    return run.state == State.SUCCEEDED and bool(run.last_metrics)


def spread(pairs: Sequence[tuple[int, float | None]]) -> dict[str, Any]:
    """Mean and standard deviation of the values that are not None."""
    present = [(seed, value) for seed, value in pairs if value is not None]
    values = [value for _, value in present]
    return {
        "mean": statistics.fmean(values) if values else None,
        "std": statistics.stdev(values) if len(values) > 1 else None,
        "n": len(values),
        "values": values,
        "seeds": [seed for seed, _ in present],
    }
