"""Jobs and runs beside each other, and their tables."""

from collections.abc import Sequence
from typing import Any, Literal

from client.calls.finding import WHOLE_ID, Finding
from client.calls.jobs import AnyJob
from client.calls.request import at, read
from client.calls.runs import AnyRun
from client.comparison import Comparison

TableFormat = Literal["csv", "latex", "markdown"]


class CompareCalls(Finding):
    """The calls that compare; jobs and runs are given as everywhere."""

    def compare(self, *jobs: AnyJob, runs: Sequence[AnyRun] = ()) -> Comparison:
        """Jobs and runs beside each other: what differs, figures, differences paired by seed, curves.

        A job with a sweep gives a side per point.
        """
        return read(Comparison, self._transport.get(at("compare"), self._sides(jobs, runs)))

    def comparison_table(self, *jobs: AnyJob, runs: Sequence[AnyRun] = (), format: TableFormat = "markdown") -> str:
        """The result table of a comparison as text."""
        return self._transport.get_text(at("compare"), {**self._sides(jobs, runs), "format": format})

    def result_table(self, job: AnyJob, *, format: TableFormat = "markdown") -> str:
        """The result table of a job as text."""
        return self._of_job(
            job, lambda job_id: self._transport.get_text(at("jobs", job_id, "export"), {"format": format})
        )

    def _sides(self, jobs: Sequence[AnyJob], runs: Sequence[AnyRun]) -> dict[str, Any]:
        return {"job": [whole(job) or self.find_job(job) for job in jobs], "run": [self.find_run(run) for run in runs]}


def whole(job: AnyJob) -> str | None:
    """The id of a job that is given by it: the comparison itself says whether there is one."""
    job_id = job if isinstance(job, str) else job.id
    return job_id if WHOLE_ID.fullmatch(job_id) else None
