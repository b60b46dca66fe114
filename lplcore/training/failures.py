"""What an error is for the run that it ended: a reason, and what to do."""

import errno
import traceback
from collections.abc import Iterator

from lplcore.device import is_out_of_memory
from lplcore.errors import CheckpointError, DataChanged, DatasetError, SpecError
from lplcore.events import Event, LogLine, Reason, RunEnd
from lplcore.training.run import Diverged


def failure(error: Exception) -> Iterator[Event]:
    """How a run ends that an error ended."""
    reason = reason_of(error)
    if reason == "error":
        yield LogLine("error", "".join(traceback.format_exception(error)))
    yield RunEnd("failed", reason, message_of(error))


def reason_of(error: Exception) -> Reason:
    """The reason of a run that an error ended."""
    if is_out_of_memory(error):
        return "out_of_memory"
    reasons: dict[type[Exception], Reason] = {
        Diverged: "diverged",
        DataChanged: "data_changed",
        DatasetError: "bad_data",
        SpecError: "bad_spec",
        CheckpointError: "bad_checkpoint",
    }
    return next((reason for kind, reason in reasons.items() if isinstance(error, kind)), "error")


def message_of(error: Exception) -> str:
    """What went wrong and what to do."""
    if is_out_of_memory(error):
        first_line = (str(error) or "no details").splitlines()[0]
        return f"out of memory ({first_line}); lower batch_size or take a smaller model"
    if isinstance(error, DatasetError):
        return f"dataset.{error.field}: {error}"
    if isinstance(error, OSError):
        full = " (the disk is full)" if error.errno == errno.ENOSPC else ""
        return f"{error.strerror or error}{full}: {error.filename or 'checkpoint'}"
    return str(error) or type(error).__name__
