"""A job's progress: live bars on a terminal, lines elsewhere."""

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column
from rich.text import Text

from client.answers import Job, Run
from client.complaints import clean
from client.notebook_bars import MOST_BARS, NotebookBars, state_of
from client.output import STYLES, console, say_json_line
from client.tables import run_label
from client.time_left import time_left

LINE_SECONDS = 15.0


class Display(Protocol):
    """Shows looks at a job."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, job: Job, runs: Sequence[Run]) -> None:
        """Show the present state."""


def display(figure_of: Callable[[Run], str], *, as_json: bool = False) -> Display:
    """What fits where standard output goes.

    Args:
        figure_of: the last figure of a run, asked for once an epoch where there is room for it.
        as_json: lines of JSON, wherever it goes.
    """
    terminal = console()
    if as_json:
        return JsonLines()
    if terminal.is_jupyter:
        return NotebookBars()
    return Bars(figure_of, terminal) if terminal.is_terminal else Lines(terminal)


class Bars:
    """A bar per run, or, where there are many, per running one, and one for the whole."""

    def __init__(self, figure_of: Callable[[Run], str], terminal: Console) -> None:
        self._figure_of = figure_of
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(complete_style="cyan", finished_style="green"),
            TextColumn("{task.fields[epochs]}", justify="right", markup=False),
            TextColumn("{task.fields[figure]}", justify="right", markup=False),
            StateColumn(),
            TimeColumn(Column(no_wrap=True)),
            console=terminal,
        )
        self._tasks: dict[str, TaskID] = {}
        self._epochs: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, job: Job, runs: Sequence[Run]) -> None:
        """Bring the bars up to date."""
        for run in runs:
            task = self._task(run.id, run_label(run))
            if run.state != "queued":
                self._progress.start_task(task)
            self._progress.update(
                task,
                completed=1.0 if run.state == "succeeded" else run.progress,
                visible=len(runs) <= MOST_BARS or run.state == "running",
                epochs=f"epoch {run.epoch}/{run.epochs}",
                state=state_of(run),
                left=time_left(run),
            )
            self._show_figure(task, run)
            if run.ended:
                self._progress.stop_task(task)
        ended = sum(run.ended for run in runs)
        total = self._task(job.id, "all")
        self._progress.start_task(total)
        epochs = f"{ended}/{len(runs)} runs"
        self._progress.update(total, completed=job.progress, epochs=epochs, state=job.state, left=time_left(job))

    def _task(self, key: str, label: str) -> TaskID:
        if key not in self._tasks:
            self._tasks[key] = self._progress.add_task(
                clean(label), total=1.0, start=False, epochs="", figure="", state="queued", left=""
            )
        return self._tasks[key]

    def _show_figure(self, task: TaskID, run: Run) -> None:
        if run.epoch in (0, self._epochs.get(run.id)):
            return
        self._epochs[run.id] = run.epoch
        self._progress.update(task, figure=self._figure_of(run))


class StateColumn(TextColumn):
    """The state in its colour."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: object) -> Text:
        """The state of a task."""
        state = str(getattr(task, "fields", {}).get("state", ""))
        return Text(state, style=STYLES.get(state, ""))


class TimeColumn(TimeElapsedColumn):
    """The time that is left, or, where nobody can tell, the time that has gone."""

    def render(self, task: Task) -> Text:
        """The time of a task."""
        left = str(task.fields["left"])
        return Text(left.removeprefix("about "), style="progress.remaining") if left else super().render(task)


class Printing:
    """A display that only prints: there is nothing to begin or to clear away."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class Lines(Printing):
    """A line per change of state, and now and then one about the whole."""

    def __init__(self, terminal: Console) -> None:
        self._terminal = terminal
        self._states: dict[str, str] = {}
        self._said_at = time.monotonic()

    def show(self, job: Job, runs: Sequence[Run]) -> None:
        """Print what has changed."""
        for run in runs:
            if self._states.get(run.id, "queued") != run.state:
                why = f" ({': '.join(filter(None, [run.reason, run.message]))})" if run.reason else ""
                self._say(f"{run_label(run)}: {run.state}{why}")
            self._states[run.id] = run.state
        if time.monotonic() - self._said_at > LINE_SECONDS:
            ended = sum(run.ended for run in runs)
            parts = [f"{job.progress:.0%}", f"{ended} of {len(runs)} runs ended", time_left(job)]
            self._say(", ".join(filter(None, parts)))

    def _say(self, line: str) -> None:
        self._said_at = time.monotonic()
        self._terminal.print(Text(clean(line)), soft_wrap=True)


class JsonLines(Printing):
    """A line of JSON per run that has changed while the job goes on, and the job as the last line."""

    def __init__(self) -> None:
        self._seen: dict[str, Run] = {}

    def show(self, job: Job, runs: Sequence[Run]) -> None:
        """Print what has changed."""
        if job.ended:
            say_json_line(job)
            return
        for run in runs:
            if self._seen.get(run.id) != run:
                say_json_line(run)
            self._seen[run.id] = run
