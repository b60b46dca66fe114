"""A job's progress: live bars on a terminal, lines elsewhere."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from client.answers import Job, Run
from client.client import Client
from client.complaints import clean
from client.errors import ApiError
from client.output import STYLES, console, say_json_line
from client.tables import run_label

ERROR = "test/top1_error"
PRECISION = "test/mean_average_precision"
MOST_BARS = 16
MOST_RUNS = 1000
LINE_SECONDS = 15.0


class Display(Protocol):
    """Shows looks at a job."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, job: Job, runs: Sequence[Run]) -> None:
        """Show the present state."""


def watch(client: Client, job_id: str, *, as_json: bool = False, poll_seconds: float = 0.5) -> Job:
    """Show a job's progress until it has ended; the job as it ended."""
    terminal = console()
    display: Display = JsonLines() if as_json else Bars(client, terminal) if terminal.is_terminal else Lines(terminal)
    with display:
        return client.wait(
            job_id, poll_seconds=poll_seconds, on_change=lambda job: display.show(job, current_runs(client, job))
        )


def current_runs(client: Client, job: Job) -> list[Run]:
    """A job's runs without those whose place a retry has taken; of a huge job the first ones."""
    runs = client.runs(job.id) if len(job.runs) < job.runs_total <= MOST_RUNS else job.runs
    replaced = {run.retry_of for run in runs}
    return [run for run in runs if run.id not in replaced]


class Bars:
    """A bar per run, or, where there are many, per running one, and one for the whole."""

    def __init__(self, client: Client, terminal: Console) -> None:
        self._client = client
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(complete_style="cyan", finished_style="green"),
            TextColumn("{task.fields[epochs]}", justify="right", markup=False),
            TextColumn("{task.fields[figure]}", justify="right", markup=False),
            StateColumn(),
            TimeElapsedColumn(),
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
                state=run.requested if run.requested and not run.ended else run.state,
            )
            self._show_figure(task, run)
            if run.ended:
                self._progress.stop_task(task)
        ended = sum(run.ended for run in runs)
        total = self._task(job.id, "all")
        self._progress.start_task(total)
        self._progress.update(total, completed=job.progress, epochs=f"{ended}/{len(runs)} runs", state=job.state)

    def _task(self, key: str, label: str) -> TaskID:
        if key not in self._tasks:
            self._tasks[key] = self._progress.add_task(
                clean(label), total=1.0, start=False, epochs="", figure="", state="queued"
            )
        return self._tasks[key]

    def _show_figure(self, task: TaskID, run: Run) -> None:
        if run.epoch in (0, self._epochs.get(run.id)):
            return
        self._epochs[run.id] = run.epoch
        self._progress.update(task, figure=figure(self._client, run))


class StateColumn(TextColumn):
    """The state in its colour."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: object) -> Text:
        """The state of a task."""
        state = str(getattr(task, "fields", {}).get("state", ""))
        return Text(state, style=STYLES.get(state, ""))


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
                why = f" ({run.reason}: {run.message})" if run.reason else ""
                self._say(f"{run_label(run)}: {run.state}{why}")
            self._states[run.id] = run.state
        if time.monotonic() - self._said_at > LINE_SECONDS:
            ended = sum(run.ended for run in runs)
            self._say(f"{job.progress:.0%}, {ended} of {len(runs)} runs ended")

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


def figure(client: Client, run: Run) -> str:
    """The run's last figure: test error, or mean average precision."""
    try:
        curves = client.metrics(run.id, names=[ERROR, PRECISION], after_epoch=run.epoch - 1)
    except ApiError:
        return ""  # its job was deleted meanwhile, or the metric does not exist
    for name, title in ((ERROR, "error"), (PRECISION, "mAP")):
        values = curves[name].value if name in curves else []
        if values and values[-1] is not None:
            return f"{title} {100 * values[-1]:5.2f} %"
    return ""
