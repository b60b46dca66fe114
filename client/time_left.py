"""What is left of a job or a run, at its pace so far."""

from datetime import UTC, datetime

from client.answers import Job, Run
from client.words import duration

LEAST_PROGRESS = 0.01
"""Below it a pace says nothing."""


def seconds_left(of: Job | Run, *, now: datetime | None = None) -> float | None:
    """Seconds to the end, None while nobody can tell: the dashboard reckons in the same way."""
    if of.state != "running" or of.started_at is None or not LEAST_PROGRESS < of.progress < 1:
        return None
    gone = ((now or datetime.now(UTC)) - of.started_at).total_seconds()
    return max(0.0, gone * (1 / of.progress - 1))


def time_left(of: Job | Run, *, now: datetime | None = None) -> str:
    """The time to the end in words, empty while nobody can tell."""
    seconds = seconds_left(of, now=now)
    return "" if seconds is None else f"about {duration(seconds)} left"
