"""What may follow what in a run's life, and what each step writes into the run's row.

docs/lifecycle.md is drawn from `TABLE` (`python -m store.lifecycle.drawing`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any, TypeAlias

from sqlalchemy import case

from store import devices
from store.database.tables import RunRow
from store.errors import Conflict
from store.lifecycle.states import Action, Outcome, Reason, Request, State


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
    PROMOTED = "promoted"  # its search lets it go on from a rung to the next
    PRUNED = "pruned"  # its search ends it at a rung
    NO_SPEC = "no_spec"  # its search cannot go on: the spec, or a point that it had, is refused by now


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
WAITS = " at a rung of its search, which decides when it goes on"

Key: TypeAlias = tuple[State, Request | Reason | None, Trigger]
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
REFUSED = Transition(State.FAILED, columns={"reason": Reason.BAD_SPEC}, brought=("message",))
SUCCESS = Transition(State.SUCCEEDED, columns={**FRESH, "progress": 1.0}, brought=("message",))
FAILURE = Transition(State.FAILED, columns=FRESH, brought=("reason", "message"))
CANCELLATION = Transition(State.CANCELLED, columns={**FRESH, **BY_USER}, brought=("message",))
GIVEN_UP = Transition(State.FAILED, columns={"reason": Reason.WORKER_LOST}, brought=("losses", "message"))

TABLE: Table = {
    (State.QUEUED, None, Step.CLAIMED): CLAIM,
    (State.QUEUED, None, Step.DATA_CHANGED): UNFIT,
    (State.QUEUED, None, Step.EXPLAINED): EXPLANATION,
    (State.QUEUED, None, Step.NO_SPEC): REFUSED,
    (State.QUEUED, None, Action.CANCEL): Transition(State.CANCELLED, columns={**BY_USER, **DEVICE_FORGOTTEN}),
    (State.QUEUED, None, Action.PAUSE): Transition(State.PAUSED, columns=DEVICE_FORGOTTEN),
    (State.QUEUED, None, Action.RESUME): STAYS,
    (State.PAUSED, None, Action.CANCEL): Transition(State.CANCELLED, columns=BY_USER),
    (State.PAUSED, None, Action.PAUSE): STAYS,
    (State.PAUSED, None, Action.RESUME): Transition(State.QUEUED, columns={"not_before": None}),
    (State.PAUSED, Reason.AT_RUNG, Action.CANCEL): Transition(State.CANCELLED, columns=BY_USER),
    (State.PAUSED, Reason.AT_RUNG, Action.PAUSE): Transition(State.PAUSED, columns={"reason": None}),
    (State.PAUSED, Reason.AT_RUNG, Step.PROMOTED): Transition(
        State.QUEUED, columns={**FRESH, "not_before": None, "stop_epoch": None}, brought=("stop_epoch",)
    ),
    (State.PAUSED, Reason.AT_RUNG, Step.PRUNED): Transition(
        State.CANCELLED, columns={"reason": Reason.PRUNED, "progress": 1.0}
    ),
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
    **as_requested(Outcome.AT_RUNG, "message"),
    (State.RUNNING, None, Outcome.AT_RUNG): Transition(
        State.PAUSED, columns={**FRESH, "reason": Reason.AT_RUNG}, brought=("message",)
    ),
    **as_requested(Step.BATCH_HALVED, "spec", "message", told=Reason.OUT_OF_MEMORY),
    **as_requested(Step.LOST, "losses", "message", told=Reason.WORKER_LOST),
    **as_requested(Step.LOST_TOO_OFTEN, "losses", "message", told=Reason.WORKER_LOST),
    (State.RUNNING, None, Step.LOST_TOO_OFTEN): GIVEN_UP,
    **as_requested(Step.LOST_PACKED, "message", columns=FRESH_ALONE, told=Reason.WORKER_LOST),
    **as_requested(Step.OUT_OF_MEMORY_PACKED, "message", columns=FRESH_ALONE, told=Reason.OUT_OF_MEMORY),
}
"""(state, what is requested or `at_rung`, what happens) -> what follows. What is not here is refused."""


def following(row: Any, trigger: Trigger) -> Transition | None:
    """What the table says of a run, None where it is as wanted already.

    Raises:
        Conflict: its state does not allow this.
    """
    state, beside = State(row.state), beside_state(row)
    key = (state, beside, trigger)
    if key not in TABLE:
        about = f" and about to {beside}" if isinstance(beside, Request) else WAITS if beside else ""
        raise Conflict(f"run {row.id} is {state}{about}: it cannot {trigger}")
    return TABLE[key]


def beside_state(row: Any) -> Request | Reason | None:
    """What decides beside a run's state: what is requested of a running one, whether a paused one is at a rung."""
    if row.state == State.RUNNING and row.requested:
        return Request(row.requested)
    return Reason.AT_RUNG if row.state == State.PAUSED and row.reason == Reason.AT_RUNG else None
