"""What the service answers about jobs and runs, and what can be done with them."""

from collections.abc import Iterable
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from client.fields import JobFields, JobItemFields, RunFields, State, VerdictFields
from client.notebook import brief, data_frame, frame_or_rows, html_rows, html_table
from client.origin import Bound
from client.record import Answer
from client.results import Statistic, SummaryRow, result_rows
from client.search import Search
from client.words import plain, point_label

SHOWN_FAILURES = 10
ENDED = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED})


class Stateful(Answer):
    """What comes to an end."""

    state: State

    @property
    def ended(self) -> bool:
        """Whether the state is final."""
        return self.state in ENDED


class Run(RunFields, Stateful, Bound):
    """One training: a seed and a sweep point. `progress` is 0..1, `epoch` the last completed one of `epochs`."""

    def refresh(self) -> Self:
        """Bring this record up to date."""
        return self._renewed(self._client.get_run(self.id))

    def curves(self, *names: str) -> Any:
        """The metrics over epochs, or those named: a DataFrame with a row per epoch; rows where pandas is absent."""
        return self._client.metrics(self.id, names=names or None).table()


class JobItem(JobItemFields, Stateful):
    """A job in a list; `runs` is the number of runs by state, `metrics` are over the runs that have finished."""

    metrics: dict[str, Statistic] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _of_older_services(cls, value: Any) -> Any:
        if isinstance(value, dict) and "methods" not in value and value.get("method"):
            return {**value, "methods": [value["method"]]}
        return value


class Verdict(VerdictFields):
    """What the runs that have succeeded show; `text` says it in a sentence."""


class Job(JobFields, Stateful, Bound):
    """What somebody submitted; `runs` are the first 100 of `runs_total`, `search` is None where it has none."""

    runs: list[Run] = Field(default_factory=list)
    summary: list[SummaryRow] = Field(default_factory=list)
    verdict: Verdict | None = None
    search: Search | None = None

    def refresh(self) -> Self:
        """Bring this record up to date."""
        return self._renewed(self._client.get_job(self.id))

    def wait(self, *, timeout: float | None = None, progress: bool = True) -> Self:
        """Wait for the job's end and bring this record up to date; it is returned.

        Args:
            timeout: seconds to wait at most; None waits for ever.
            progress: show it: bars on a terminal and in a notebook, lines elsewhere.

        Raises:
            TimeoutError: it had not ended by then; it goes on all the same.
        """
        follow = self._client.watch if progress else self._client.wait
        return self._renewed(follow(self.id, timeout=timeout))

    def table(self) -> Any:
        """The results for the eye, as of now: a DataFrame with a row per sweep point; rows where pandas is absent."""
        job = self._latest()
        return frame_or_rows(result_rows(job.summary, job.method or "result"))

    def to_pandas(self, by: Literal["run", "point"] = "run") -> Any:
        """The results as numbers, as of now: a DataFrame with a row per run and its metrics after the last epoch.

        Args:
            by: `point` gives a row per sweep point: mean, standard deviation and number of seeds of every metric.
        """
        job = self._latest()
        return data_frame([row.figures() for row in job.summary] if by == "point" else job._by_run())

    def _repr_html_(self) -> str:
        facts = {"job": self.id, "name": self.name, "data set": self.dataset, "state": str(self.state)}
        facts |= {"progress": f"{self.progress:.0%}", "runs": str(self.runs_total)}
        facts |= {"verdict": self.verdict.text if self.verdict else ""}
        lost = [
            [point_label(run.point), run.seed, run.reason, run.message] for run in self.runs if run.state == "failed"
        ]
        results = html_rows(result_rows(self.summary, self.method or "result"))
        failed = html_table(["failed", "seed", "reason", "message"], lost[:SHOWN_FAILURES]) if lost else ""
        return html_table(["", ""], brief(facts)) + results + failed

    def _latest(self) -> Self:
        return self if self.ended or self._origin.client is None else self.refresh()

    def _by_run(self) -> list[dict[str, Any]]:
        runs = self._client.runs(self.id) if len(self.runs) < self.runs_total else self.runs
        results = {point_label(row.point): row for row in self.summary}
        return [figures_of(run, results.get(point_label(run.point))) for run in standing(runs)]


def standing(runs: Iterable[Run]) -> list[Run]:
    """The runs without those whose place a retry has taken."""
    runs = list(runs)
    replaced = {run.retry_of for run in runs}
    return [run for run in runs if run.id not in replaced]


def figures_of(run: Run, results: SummaryRow | None) -> dict[str, Any]:
    """A run in a row: what it is, and its metrics as far as it has them."""
    point = {path: plain(value) for path, value in run.point.items()}
    facts = {"run": run.id, **point, "seed": run.seed, "state": str(run.state), "epoch": run.epoch}
    return facts | (results.of_seed(run.seed) if results else {})
