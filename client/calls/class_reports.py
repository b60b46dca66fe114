"""Reports by class of runs and jobs."""

from collections.abc import Sequence
from typing import Literal

from client.calls.finding import Finding
from client.calls.jobs import AnyJob
from client.calls.request import at, read
from client.calls.runs import AnyRun
from client.class_report import ClassReport, JobClassReport, MostWrong, ShownExample, ShownExamples

ClassTableFormat = Literal["csv", "markdown"]


class ClassReportCalls(Finding):
    """The calls for reports by class; jobs and runs are given as everywhere."""

    def class_report(self, run: AnyRun) -> ClassReport:
        """Precision, recall, F1, counts and confused classes of a run on the test set; fractions."""
        return self._of_run(
            run, lambda run_id: read(ClassReport, self._transport.get(at("runs", run_id, "class-report")))
        )

    def job_class_report(self, job: AnyJob, *, point: int | None = None) -> JobClassReport:
        """The same over the runs of each of a job's sweep points, or of the one at this place."""
        params = {"point": point}
        return self._of_job(
            job, lambda job_id: read(JobClassReport, self._transport.get(at("jobs", job_id, "class-report"), params))
        )

    def class_report_table(self, run: AnyRun, *, format: ClassTableFormat = "markdown") -> str:
        """A run's report by class as text."""
        return self._of_run(run, lambda run_id: self._table(format, "runs", run_id))

    def job_class_report_table(self, job: AnyJob, *, format: ClassTableFormat = "markdown") -> str:
        """A job's report by class as text."""
        return self._of_job(job, lambda job_id: self._table(format, "jobs", job_id))

    def most_wrong(self, run: AnyRun, *, true: int | None = None) -> MostWrong:
        """The test examples that a run gets most wrong, of all classes or of the one at this place."""
        params = {"class": true}
        return self._of_run(
            run, lambda run_id: read(MostWrong, self._transport.get(at("runs", run_id, "most-wrong"), params))
        )

    def test_examples(self, run: AnyRun, places: Sequence[int]) -> list[ShownExample]:
        """Examples of the test split that a run is tested on, by their places (50 at most): images, or first values."""
        params = {"index": list(places)}
        answer = self._of_run(
            run, lambda run_id: read(ShownExamples, self._transport.get(at("runs", run_id, "test-examples"), params))
        )
        return answer.examples

    def _table(self, form: str, *path: str) -> str:
        return self._transport.get_text(at(*path, "class-report"), {"format": form})
