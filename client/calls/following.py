"""Following a job with its progress shown."""

from client.answers import Job, Run
from client.calls.jobs import AnyJob, JobCalls
from client.calls.runs import RunCalls
from client.errors import ApiError
from client.job_answers import standing
from client.progress import display

ERROR = "test/top1_error"
PRECISION = "test/mean_average_precision"
MOST_RUNS = 1000


class FollowCalls(JobCalls, RunCalls):
    """The calls that follow a job."""

    def watch(
        self, job: AnyJob, *, timeout: float | None = None, as_json: bool = False, poll_seconds: float = 0.5
    ) -> Job:
        """Show a job's progress until it has ended; the job as it ended.

        Bars on a terminal and in a notebook, lines elsewhere, lines of JSON where these are asked for.

        Raises:
            TimeoutError: it had not ended by then; it goes on all the same.
        """
        with display(self.last_figure, as_json=as_json) as shown:
            return self.wait(
                job,
                timeout=timeout,
                poll_seconds=poll_seconds,
                on_change=lambda look: shown.show(look, self.current_runs(look)),
            )

    def current_runs(self, job: Job) -> list[Run]:
        """A job's runs without those whose place a retry has taken; of a huge job the first ones."""
        return standing(self.runs(job) if len(job.runs) < job.runs_total <= MOST_RUNS else job.runs)

    def last_figure(self, run: Run) -> str:
        """A run's last figure in words: test error, or mean average precision; empty while there is none."""
        try:
            curves = self.metrics(run, names=[ERROR, PRECISION], after_epoch=run.epoch - 1)
        except ApiError:
            return ""  # its job was deleted meanwhile, or the metric does not exist
        for name, title in ((ERROR, "error"), (PRECISION, "mAP")):
            values = curves[name].value if name in curves else []
            if values and values[-1] is not None:
                return f"{title} {100 * values[-1]:5.2f} %"
        return ""
