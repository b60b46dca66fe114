"""The words for where a run is in its life, what is asked of it and why it ended."""

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """State of a run, and, derived from its runs, of a job."""

    QUEUED = "queued"  # waits for a worker
    RUNNING = "running"  # a worker holds a lease on it
    PAUSED = "paused"  # waits for somebody to resume it
    SUCCEEDED = "succeeded"  # ended; never changes
    FAILED = "failed"  # ended; never changes, `reason` says why
    CANCELLED = "cancelled"  # ended; never changes


ENDED = (State.SUCCEEDED, State.FAILED, State.CANCELLED)
OPEN = (State.QUEUED, State.RUNNING, State.PAUSED)
"""States that can still change. Query `IN OPEN`, not `NOT IN ENDED`: only that uses the index."""
WAITING = (State.QUEUED, State.PAUSED)
"""States of a run without a worker that can still change."""


def derived_state(counts: Mapping[str, int]) -> State:
    """The state of a job whose current runs, or of a study whose jobs, have these states."""
    for state in (State.RUNNING, State.QUEUED, State.PAUSED, State.FAILED, State.CANCELLED):
        if counts.get(state):
            return state
    return State.SUCCEEDED


class Reason(StrEnum):
    """Why a run ended as failed or cancelled, or waits for something other than a worker."""

    DIVERGED = "diverged"  # the loss is not finite
    OUT_OF_MEMORY = "out_of_memory"  # the device's memory does not hold the batch
    BAD_DATA = "bad_data"  # the data set cannot be read
    DATA_CHANGED = "data_changed"  # the data set has other content than the run was submitted with
    BAD_SPEC = "bad_spec"  # the trainer refuses the spec
    BAD_CHECKPOINT = "bad_checkpoint"  # the checkpoint to resume from does not fit
    STORAGE_FULL = "storage_full"  # database or scratch folder cannot be written
    WORKER_LOST = "worker_lost"  # too many attempts in a row ended without a word
    ERROR = "error"  # an unexpected exception, named in the message
    CANCELLED_BY_USER = "cancelled_by_user"  # a user asked for it
    AT_RUNG = "at_rung"  # paused: its search compares it with others before it goes on
    PRUNED = "pruned"  # cancelled: others of its search were better at a rung


class Outcome(StrEnum):
    """How an attempt ends, as its worker reports it."""

    SUCCEEDED = "succeeded"  # trained to the end
    FAILED = "failed"  # cannot go on
    CANCELLED = "cancelled"  # stopped because that was requested
    PAUSED = "paused"  # stopped because that was requested, with a checkpoint
    RELEASED = "released"  # stopped for another worker to go on
    AT_RUNG = "at_rung"  # trained up to its `stop_epoch`, with a checkpoint


class Action(StrEnum):
    """What a user may ask of a run or a job."""

    CANCEL = "cancel"  # end it; recorded epochs and checkpoints stay
    PAUSE = "pause"  # stop it after a checkpoint
    RESUME = "resume"  # let a paused run wait for a worker again
    RETRY = "retry"  # a new run in the place of one that failed or was cancelled


class Request(StrEnum):
    """What is requested of a running run; its worker learns of it with the next heartbeat."""

    CANCEL = "cancel"  # cannot be taken back
    PAUSE = "pause"  # a resume takes it back
