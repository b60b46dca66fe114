"""A job's progress in a notebook: HTML that is replaced in place."""

import importlib
from collections.abc import Sequence
from html import escape
from types import TracebackType
from typing import Any, Self

from client.answers import Job, Run
from client.tables import run_label
from client.time_left import time_left

MOST_BARS = 16


class NotebookBars:
    """A bar per run, or, where there are many, per running one, and one for the whole; it stays when all is done."""

    def __init__(self) -> None:
        self._display: Any = importlib.import_module("IPython.display")

    def __enter__(self) -> Self:
        self._place = self._display.display(self._display.HTML("<p>asking...</p>"), display_id=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def show(self, job: Job, runs: Sequence[Run]) -> None:
        """Replace what is shown."""
        self._place.update(self._display.HTML(bars(job, runs)))


def bars(job: Job, runs: Sequence[Run]) -> str:
    """The bars as a table; text of others is escaped."""
    shown = [run for run in runs if len(runs) <= MOST_BARS or run.state == "running"]
    ended = sum(run.ended for run in runs)
    lines = [bar(run_label(run), run, f"epoch {run.epoch}/{run.epochs}") for run in shown]
    return f"<table><tbody>{''.join(lines)}{bar('all', job, f'{ended}/{len(runs)} runs')}</tbody></table>"


def bar(label: str, of: Job | Run, epochs: str) -> str:
    """A line of the table."""
    done = 1.0 if of.state == "succeeded" else of.progress
    cells = [label, f'<progress value="{done:.4f}" max="1"></progress>', epochs, state_of(of), time_left(of)]
    texts = [cell if number == 1 else escape(cell) for number, cell in enumerate(cells)]
    return f"<tr>{''.join(f'<td>{text}</td>' for text in texts)}</tr>"


def state_of(of: Job | Run) -> str:
    """The state, or what is requested while that is under way."""
    return str(of.requested if of.requested and not of.ended else of.state)
