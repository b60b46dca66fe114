"""The one function that moves runs as `store.lifecycle.table` says, and derives their jobs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, update
from sqlalchemy.orm import Session

from store import events, webhook_events
from store.database.clock import database_time
from store.database.tables import RunRow
from store.errors import Conflict
from store.lifecycle import job_state
from store.lifecycle.rewinds import discard_uploads
from store.lifecycle.states import ENDED, Reason, State
from store.lifecycle.table import ENTERING, Moment, Transition, Trigger, beside_state, following
from store.webhook_events import WebhookEvent

BATCH = 500
"""Runs that one UPDATE names."""
LONGEST_MESSAGE = 4000
UNINDEXED_STATE = RunRow.state.concat("")
"""The state for an UPDATE that names its runs: by the bare column SQLite would go through all runs of that state."""


def apply(
    session: Session, rows: Sequence[Any], trigger: Trigger, *, fence: ColumnElement[bool] | None = None, **brought: Any
) -> dict[str, State]:
    """Move runs as the table says, and derive their jobs anew; returns run id -> state.

    Runs that stand alike are moved by one conditional UPDATE (per `BATCH`), each with a `state` event. A run that ends
    gives up what it was uploading.

    Args:
        rows: the runs as the caller has read, and locked, them.
        fence: what must hold besides.
        brought: the columns that the transition expects of its caller.

    Raises:
        Conflict: the state of a run does not allow it, or a run is no longer as it was read.
        NotFound: their job is deleted, or being so.
    """
    brought["message"] = (brought.get("message") or "")[:LONGEST_MESSAGE] or None
    states = {row.id: State(row.state) for row in rows}
    succeeded: dict[str, list[Any]] = {row.job_id: [] for row in rows}
    for transition, members in alike(rows, trigger):
        values = columns_of(session, transition, brought)
        for start in range(0, len(members), BATCH):
            move(session, members[start : start + BATCH], values, fence=fence)
        for row in members:
            states[row.id] = transition.state
            record_state(session, row, transition, values=values, message=brought["message"])
            if transition.state == State.SUCCEEDED:
                succeeded[row.job_id].append(row)
    for job_id in sorted(succeeded):
        job_state.refresh(session, job_id, succeeded=succeeded[job_id])
    return states


def alike(rows: Sequence[Any], trigger: Trigger) -> Iterator[tuple[Transition, list[Any]]]:
    """The runs that change, in groups that stand alike.

    Raises:
        Conflict: the state of one does not allow it; before any is moved.
    """
    groups: dict[tuple[str, str | None], list[Any]] = {}
    for row in rows:
        groups.setdefault((row.state, beside_state(row)), []).append(row)
    steps = [(following(members[0], trigger), members) for members in groups.values()]
    return ((transition, members) for transition, members in steps if transition is not None)


def columns_of(session: Session, transition: Transition, brought: Mapping[str, Any]) -> dict[str, Any]:
    """Column -> value after a transition."""
    values = {
        "state": transition.state,
        "requested": transition.requested,
        **ENTERING[transition.state],
        **transition.columns,
        **{column: brought[column] for column in transition.brought if brought.get(column) is not None},
    }
    return {column: database_time(session) if value is Moment.NOW else value for column, value in values.items()}


def move(session: Session, rows: Sequence[Any], values: dict[str, Any], *, fence: ColumnElement[bool] | None) -> None:
    """One conditional UPDATE of runs that stand alike.

    Raises:
        Conflict: one has changed.
    """
    run_ids, first = [row.id for row in rows], rows[0]
    as_read = (first.state == UNINDEXED_STATE) & RunRow.requested.is_not_distinct_from(first.requested)
    update_runs(session, run_ids, as_read if fence is None else as_read & fence, values)
    if values["state"] in ENDED:
        discard_uploads(session, run_ids)


def update_runs(
    session: Session, run_ids: Sequence[str], condition: ColumnElement[bool], values: Mapping[str, Any]
) -> None:
    """Write columns of runs, all or none; each gets a new version.

    Raises:
        Conflict: the condition does not hold for all.
    """
    named = RunRow.id == run_ids[0] if len(run_ids) == 1 else RunRow.id.in_(run_ids)
    change = update(RunRow).where(named, condition).values(**values, version=RunRow.version + 1)
    result = session.execute(change.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)
    if result.rowcount != len(run_ids):
        raise Conflict(f"run {run_ids[0]} has changed meanwhile; look again")


def record_state(
    session: Session, row: Any, transition: Transition, *, values: Mapping[str, Any], message: str | None
) -> None:
    """The `state` event of a run that moves; where an attempt went wrong, a line in its log and a word to webhooks."""
    data = {
        "job": row.job_id,
        "run": row.id,
        "state": transition.state,
        "requested": transition.requested,
        "reason": values.get("reason") or transition.told,
        "message": message if "message" in transition.brought else None,
        "attempt": values.get("attempt", row.attempt),
    }
    if (line := line_of(data)) is not None:
        events.record(session, "log", line, job_id=row.job_id, run_id=row.id)
    events.record(session, "state", data, job_id=row.job_id, run_id=row.id)
    if transition.state == State.FAILED:
        webhook_events.announce(session, WebhookEvent.RUN_FAILED, job_id=row.job_id, run_id=row.id)


def line_of(moved: Mapping[str, Any]) -> dict[str, Any] | None:
    """The log line of a `state` event that tells a failure, or why an attempt was given up."""
    state, reason, message = moved["state"], moved["reason"], moved["message"]
    if reason in (None, Reason.AT_RUNG) or state == State.CANCELLED:
        return None
    failed = state == State.FAILED
    text = f"{'failed' if failed else 'goes on later'}: {reason}{f': {message}' if message else ''}"
    return {
        "run": moved["run"],
        "attempt": moved["attempt"],
        "level": "error" if failed else "warning",
        "message": text,
    }
