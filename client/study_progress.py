"""A study's progress: a line per job that changes, and now and then one about the whole."""

import time
from collections.abc import Callable

from rich.text import Text

from client.complaints import clean
from client.output import console, say_json_line
from client.studies import Study

LINE_SECONDS = 15.0


def study_display(*, as_json: bool = False) -> Callable[[Study], None]:
    """What shows looks at a study.

    Args:
        as_json: the study as a line of JSON whenever it has changed.
    """
    return JsonLines() if as_json else Lines()


class Lines:
    """Prints what has changed."""

    def __init__(self) -> None:
        self._terminal = console()
        self._states: dict[str, str] = {}
        self._said_at = time.monotonic()

    def __call__(self, study: Study) -> None:
        """Show the present state."""
        for job in study.jobs:
            if self._states.get(job.id, "queued") != job.state:
                self._say(f"{job.name}: {job.state}")
            self._states[job.id] = job.state
        if study.ended:
            if study.answer_due and self._states.get(study.id) != study.state:
                self._say("all jobs have ended; the answer is worked out")
            self._states[study.id] = study.state
        elif time.monotonic() - self._said_at > LINE_SECONDS:
            ended = sum(job.ended for job in study.jobs)
            self._say(f"{study.progress:.0%}, {ended} of {len(study.jobs)} jobs ended")

    def _say(self, line: str) -> None:
        self._said_at = time.monotonic()
        self._terminal.print(Text(clean(line)), soft_wrap=True)


class JsonLines:
    """Prints a study as a line of JSON whenever it has changed, as the last line how it ended."""

    def __init__(self) -> None:
        self._seen: Study | None = None

    def __call__(self, study: Study) -> None:
        """Show the present state."""
        if study != self._seen:
            say_json_line(study)
        self._seen = study
