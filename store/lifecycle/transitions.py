"""What may follow what in a run's life, what each step writes into the run's row, and the one function that takes it.

docs/lifecycle.md is drawn from `TABLE` (`python -m store.lifecycle.drawing`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, CursorResult, case, update
from sqlalchemy.orm import Session

from store import devices, events, webhook_events
from store.database.clock import database_time
from store.database.tables import RunRow
from store.errors import Conflict
from store.lifecycle import job_state
from store.lifecycle.rewinds import discard_uploads
from store.lifecycle.states import ENDED, Action, Outcome, Reason, Request, State
from store.webhook_events import WebhookEvent

BATCH = 500
"""Runs that one UPDATE names."""
LONGEST_MESSAGE = 4000
UNINDEXED_STATE = RunRow.state.concat("")
"""The state for an UPDATE that names its runs: by the bare column SQLite would go through all runs of that state."""


class Step(StrEnum):
    """What happens to a run besides what a user asks (`Action`) and what its worker reports (`Outcome`)."""

    CLAIMED = "claimed"  # a worker takes it
    DATA_CHANGED = "data_changed"  # the worker that would take it sees other data than it was submitted with
    EXPLAINED = "explained"  # the sweep writes for which device it waits, or that this is over
    BATCH_HALVED = "batch_halved"  # out of memory; goes on with smaller parts of each batch
    LOST = "lost"  # its lease ran out or its trainer died
    LOST_TOO_OFTEN = "lost_too_often"  # the same, too many times in a row without a newer checkpoint
    LOST_PACKED = "lost_packed"  # the same, beside others in one process: goes on alone, which counts as no loss
    OUT_OF_MEMORY_PACKED = "out_of_memory_packed"  # out of memory beside others in one process: goes on alone


Trigger: TypeAlias = Action | Outcome | Step


class Moment(Enum):
    """A value that the database's clock gives."""

    NOW = "now"


@dataclass(frozen=True)
class Transition:
    """Where a run goes, and what its row has then.

    Attributes:
        state: the state afterwards.
        requested: what is requested of the run afterwards.
        columns: what is written besides the columns of `ENTERING`.
        brought: columns whose values the caller brings; where it brings None, `columns` decide.
        told: the event's reason where the row, of a run that goes on, has none.
    """

    state: State
    requested: Request | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)
    brought: tuple[str, ...] = ()
    told: Reason | None = None


WITHOUT_WORKER: Mapping[str, Any] = {"lease_expires_at": None, "packed": False, "worker": None, "device": None}
OVER: Mapping[str, Any] = {"lease_expires_at": None, "packed": False, "finished_at": Moment.NOW}
ENTERING: Mapping[State, Mapping[str, Any]] = {
    State.QUEUED: WITHOUT_WORKER,
    State.RUNNING: {},
    State.PAUSED: WITHOUT_WORKER,
    State.SUCCEEDED: OVER,
    State.FAILED: OVER,
    State.CANCELLED: OVER,
}
"""What every transition into a state writes. Only a run that has ended still names the worker that trained it."""

FRESH: Mapping[str, Any] = {"reason": None, "message": None}
FRESH_ALONE: Mapping[str, Any] = {**FRESH, "alone": True}
BY_USER: Mapping[str, Any] = {"reason": Reason.CANCELLED_BY_USER}
DEVICE_FORGOTTEN: Mapping[str, Any] = {
    "message": case((RunRow.message.startswith(devices.WAITS_FOR), None), else_=RunRow.message)
}
"""For a run that leaves the queue: which device it waited for is over, any other message stays."""
STAYS = None
"""What is asked is so already."""

Key: TypeAlias = tuple[State, Request | None, Trigger]
Table: TypeAlias = Mapping[Key, Transition | None]


def whatever_is_requested(trigger: Trigger, transition: Transition) -> Table:
    """The end of an attempt that no request changes."""
    return {(State.RUNNING, requested, trigger): transition for requested in (None, *Request)}


def as_requested(
    trigger: Trigger, *brought: str, columns: Mapping[str, Any] = FRESH, told: Reason | None = None
) -> Table:
    """The end of an attempt after which the run goes on, unless something else is requested."""
    return {
        (State.RUNNING, None, trigger): Transition(State.QUEUED, columns=columns, brought=brought, told=told),
        (State.RUNNING, Request.PAUSE, trigger): Transition(State.PAUSED, columns=columns, brought=brought, told=told),
        (State.RUNNING, Request.CANCEL, trigger): Transition(
            State.CANCELLED, columns={**columns, **BY_USER}, brought=brought
        ),
    }


CLAIM = Transition(
    State.RUNNING, columns=FRESH, brought=("attempt", "worker", "device", "packed", "lease_expires_at", "started_at")
)
EXPLANATION = Transition(State.QUEUED, columns={"message": None}, brought=("message",))
UNFIT = Transition(State.FAILED, columns={"reason": Reason.DATA_CHANGED}, brought=("message",))
SUCCESS = Transition(State.SUCCEEDED, columns={**FRESH, "progress": 1.0}, brought=("message",))
FAILURE = Transition(State.FAILED, columns=FRESH, brought=("reason", "message"))
CANCELLATION = Transition(State.CANCELLED, columns={**FRESH, **BY_USER}, brought=("message",))
GIVEN_UP = Transition(State.FAILED, columns={"reason": Reason.WORKER_LOST}, brought=("losses", "message"))

TABLE: Table = {
    (State.QUEUED, None, Step.CLAIMED): CLAIM,
    (State.QUEUED, None, Step.DATA_CHANGED): UNFIT,
    (State.QUEUED, None, Step.EXPLAINED): EXPLANATION,
    (State.QUEUED, None, Action.CANCEL): Transition(State.CANCELLED, columns={**BY_USER, **DEVICE_FORGOTTEN}),
    (State.QUEUED, None, Action.PAUSE): Transition(State.PAUSED, columns=DEVICE_FORGOTTEN),
    (State.QUEUED, None, Action.RESUME): STAYS,
    (State.PAUSED, None, Action.CANCEL): Transition(State.CANCELLED, columns=BY_USER),
    (State.PAUSED, None, Action.PAUSE): STAYS,
    (State.PAUSED, None, Action.RESUME): Transition(State.QUEUED, columns={"not_before": None}),
    (State.RUNNING, None, Action.CANCEL): Transition(State.RUNNING, Request.CANCEL),
    (State.RUNNING, None, Action.PAUSE): Transition(State.RUNNING, Request.PAUSE),
    (State.RUNNING, None, Action.RESUME): STAYS,
    (State.RUNNING, Request.PAUSE, Action.CANCEL): Transition(State.RUNNING, Request.CANCEL),
    (State.RUNNING, Request.PAUSE, Action.PAUSE): STAYS,
    (State.RUNNING, Request.PAUSE, Action.RESUME): Transition(State.RUNNING),
    (State.RUNNING, Request.CANCEL, Action.CANCEL): STAYS,
    (State.CANCELLED, None, Action.CANCEL): STAYS,
    **whatever_is_requested(Outcome.SUCCEEDED, SUCCESS),
    **whatever_is_requested(Outcome.FAILED, FAILURE),
    **whatever_is_requested(Outcome.CANCELLED, CANCELLATION),
    **as_requested(Outcome.PAUSED, "message"),
    **as_requested(Outcome.RELEASED, "message"),
    **as_requested(Step.BATCH_HALVED, "spec", "message", told=Reason.OUT_OF_MEMORY),
    **as_requested(Step.LOST, "losses", "message", told=Reason.WORKER_LOST),
    **as_requested(Step.LOST_TOO_OFTEN, "losses", "message", told=Reason.WORKER_LOST),
    (State.RUNNING, None, Step.LOST_TOO_OFTEN): GIVEN_UP,
    **as_requested(Step.LOST_PACKED, "message", columns=FRESH_ALONE, told=Reason.WORKER_LOST),
    **as_requested(Step.OUT_OF_MEMORY_PACKED, "message", columns=FRESH_ALONE, told=Reason.OUT_OF_MEMORY),
}
"""(state, what is requested, what happens) -> what follows. What is not here is refused."""


def following(row: Any, trigger: Trigger) -> Transition | None:
    """What the table says of a run, None where it is as wanted already.

    Raises:
        Conflict: its state does not allow this.
    """
    state = State(row.state)
    requested = Request(row.requested) if state == State.RUNNING and row.requested else None
    key = (state, requested, trigger)
    if key not in TABLE:
        under_way = f" and about to {requested}" if requested else ""
        raise Conflict(f"run {row.id} is {state}{under_way}: it cannot {trigger}")
    return TABLE[key]


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
    """The runs that change, in groups of one state and request.

    Raises:
        Conflict: the state of one does not allow it; before any is moved.
    """
    groups: dict[tuple[str, str | None], list[Any]] = {}
    for row in rows:
        groups.setdefault((row.state, row.requested), []).append(row)
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
    if reason is None or state == State.CANCELLED:
        return None
    failed = state == State.FAILED
    text = f"{'failed' if failed else 'goes on later'}: {reason}{f': {message}' if message else ''}"
    return {
        "run": moved["run"],
        "attempt": moved["attempt"],
        "level": "error" if failed else "warning",
        "message": text,
    }
