"""Retries: a run that failed or was cancelled stays as it is, and a new one takes its place in the job."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from store import data_identity
from store.database.clock import database_time
from store.database.tables import JobRow, RunRow
from store.errors import Conflict
from store.lifecycle import turns
from store.lifecycle.new_runs import queued_run
from store.lifecycle.states import ENDED, Reason, State
from store.lifecycle.table import Transition
from store.lifecycle.transitions import BATCH, UNINDEXED_STATE, record_state, update_runs

RETRIABLE = (State.FAILED, State.CANCELLED)
KEPT = (
    RunRow.id,
    RunRow.job_id,
    RunRow.position,
    RunRow.seed,
    RunRow.point,
    RunRow.spec,
    RunRow.dataset,
    RunRow.data_sha256,
    RunRow.priority,
    RunRow.owner,
    RunRow.epochs,
    RunRow.one_core,
    RunRow.trial,
    RunRow.stop_epoch,
)
"""What a retry has in common with the run that it replaces."""


def retry_run(session: Session, row: RunRow) -> str:
    """The id of a new run in the place of one that failed or was cancelled; the same again where it was retried before.

    Raises:
        Conflict: the run's state does not allow it.
    """
    if row.replaced:
        newer = session.scalar(select(RunRow.id).where(RunRow.job_id == row.job_id, RunRow.retry_of == row.id))
        if newer is not None:
            return newer
    if row.reason == Reason.PRUNED:
        raise Conflict(f"run {row.id} was pruned: its search has found better trials, it is not retried")
    if row.state not in RETRIABLE:
        raise Conflict(f"run {row.id} is {row.state}: only a failed or cancelled run can be retried")
    (fresh,) = replace(session, [row])
    return fresh.id


def retry_all(session: Session, whose: str, current: ColumnElement[bool]) -> list[str]:
    """New runs in the places of all that failed or were cancelled; nothing where retries are under way already.

    Returns the jobs that have new runs.

    Raises:
        Conflict: there is nothing to retry.
    """
    lacking = RunRow.state.in_(RETRIABLE) & RunRow.reason.is_distinct_from(Reason.PRUNED)
    rows = session.execute(select(*KEPT).where(current, lacking).order_by(RunRow.id)).all()
    if rows:
        replace(session, rows)
        return sorted({row.job_id for row in rows})
    under_way = (RunRow.retry_of.is_not(None)) & RunRow.state.not_in(ENDED)
    if session.scalar(select(RunRow.id).where(current, under_way).limit(1)) is None:
        raise Conflict(f"{whose} has no failed or cancelled run: there is nothing to retry")
    return []


def kept_of(row: Any) -> dict[str, Any]:
    """What a retry has in common with this run."""
    return {column.key: getattr(row, column.key) for column in KEPT if column is not RunRow.id}


def replace(session: Session, rows: Sequence[Any]) -> list[RunRow]:
    """Runs in the places of these, which the caller has locked; where one is a trial its search goes on.

    Raises:
        Conflict: their data have changed.
    """
    data_identity.refuse_changed(session, rows)
    now = database_time(session)
    for start in range(0, len(rows), BATCH):
        run_ids = [row.id for row in rows[start : start + BATCH]]
        update_runs(session, run_ids, UNINDEXED_STATE.in_(RETRIABLE), {"replaced": True})
    fresh = [RunRow(**turns.placed(queued_run(kept_of(row)), now), retry_of=row.id) for row in rows]
    session.add_all(fresh)
    session.flush()
    for row in fresh:
        record_state(session, row, Transition(State.QUEUED), values={}, message=None)
    trials = {row.job_id for row in rows if row.trial is not None}
    if trials:
        session.execute(update(JobRow).where(JobRow.id.in_(trials)).values(search_open=True))
    return fresh
