"""Jobs: submit, follow, steer."""

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from typing import Any

from client.answers import Job, JobItem, Page, Run, Validation
from client.calls.finding import Finding
from client.calls.request import at, read
from client.specs import is_spec_text, read_spec, spec_in

Spec = Mapping[str, Any] | str | PathLike[str]
AnyJob = str | Job | JobItem


class JobCalls(Finding):
    """The calls on jobs; a job is given by its id, the beginning of its id, its name, `last`, or as a record."""

    def submit(self, spec: Spec, *, idempotency_key: str | None = None) -> Job:
        """Submit an experiment, given as an object, as the path of a YAML or JSON file, or as YAML text.

        The same `idempotency_key` with the same spec gives the same job.

        Raises:
            SpecFileError: a file that cannot be read.
        """
        return self._read(Job, self._transport.post(at("jobs"), spec_object(spec), idempotency_key=idempotency_key))

    def validate(self, spec: Spec) -> Validation:
        """What a spec would run; starts nothing."""
        return read(Validation, self._transport.post(at("jobs", "validate"), spec_object(spec)))

    def get_job(self, job: AnyJob) -> Job:
        """A job with its first 100 runs and its summary."""
        return self._of_job(job, self._job)

    def list_jobs(
        self,
        *,
        state: str | None = None,
        tag: str | None = None,
        name: str | None = None,
        dataset: str | None = None,
        method: str | None = None,
        metric: Sequence[str] = (),
        archived: bool = False,
        sort: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[JobItem]:
        """A page of jobs, newest first.

        Args:
            metric: bounds such as `test/top1_error<0.2`.
            archived: the archived ones in place of the others.
            sort: `created_at`, `name`, `progress` or `metric:NAME`, descending with `-` in front; by a metric the jobs
                that have it.
        """
        params: dict[str, Any] = {
            "state": state,
            "tag": tag,
            "name": name,
            "dataset": dataset,
            "method": method,
            "sort": sort,
        }
        params |= {"metric": list(metric) or None, "archived": "true" if archived else None}
        return read(Page[JobItem], self._transport.get(at("jobs"), {**params, "limit": limit, "cursor": cursor}))

    def runs(self, job: AnyJob) -> list[Run]:
        """All runs of a job."""
        return self._of_job(job, lambda job_id: list(self._runs(job_id)))

    def cancel(self, job: AnyJob) -> Job:
        """Ask for the end of all runs of a job."""
        return self._act_on(job, "cancel")

    def pause(self, job: AnyJob) -> Job:
        """Ask for a job's runs to wait, each from a checkpoint."""
        return self._act_on(job, "pause")

    def resume(self, job: AnyJob) -> Job:
        """Let a paused job go on."""
        return self._act_on(job, "resume")

    def retry(self, job: AnyJob) -> Job:
        """Run a job's failed and cancelled runs again."""
        return self._act_on(job, "retry")

    def extend(self, job: AnyJob, seeds: Iterable[int] | None = None, *, trials: int | None = None) -> Job:
        """Run every sweep point of a job, of a search every finalist, with these seeds too, also after it has ended.

        Seeds that a point has already are left as they are, so that a repetition changes nothing.

        Args:
            seeds: the seeds.
            trials: in their place, how many more trials a search is to have.
        """
        given = {"seeds": None if seeds is None else list(seeds), "trials": trials}
        body = {name: value for name, value in given.items() if value is not None}
        return self._of_job(
            job, lambda job_id: self._read(Job, self._transport.post(at("jobs", job_id, "extend"), body))
        )

    def delete(self, job: AnyJob) -> None:
        """Delete a job that has ended, with all it recorded."""
        self._of_job(job, lambda job_id: self._transport.delete(at("jobs", job_id)))

    def edit(
        self,
        job: AnyJob,
        *,
        name: str | None = None,
        tags: Sequence[str] | None = None,
        notes: str | None = None,
        archived: bool | None = None,
    ) -> Job:
        """Change what is not None of a job; its spec stays. Archived jobs are left out of the list of jobs."""
        wanted = {"name": name, "tags": None if tags is None else list(tags), "notes": notes, "archived": archived}
        changes = {field: value for field, value in wanted.items() if value is not None}
        return self._of_job(job, lambda job_id: self._read(Job, self._transport.patch(at("jobs", job_id), changes)))

    def _act_on(self, job: AnyJob, action: str) -> Job:
        return self._of_job(job, lambda job_id: self._act(at("jobs", job_id), action, Job))

    def wait(
        self,
        job: AnyJob,
        *,
        timeout: float | None = None,
        poll_seconds: float = 1.0,
        on_change: Callable[[Job], None] | None = None,
    ) -> Job:
        """The job when it has ended.

        Args:
            job: whose end to wait for.
            timeout: seconds to wait at most; None waits for ever.
            poll_seconds: seconds between two looks.
            on_change: called with the job on every look.

        Raises:
            TimeoutError: it had not ended by then; it goes on all the same.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            job = look = self.get_job(job)
            if on_change is not None:
                on_change(look)
            if look.ended:
                return look
            if deadline is not None and time.monotonic() + poll_seconds > deadline:
                raise TimeoutError(
                    f"job {look.id} is {look.state} after {timeout:g} seconds ({look.progress:.0%} done)"
                )
            time.sleep(poll_seconds)


def spec_object(spec: Spec) -> dict[str, Any]:
    """The experiment of an object, of a file or of a text."""
    if isinstance(spec, Mapping):
        return dict(spec)
    if isinstance(spec, str) and is_spec_text(spec) and not os.path.exists(spec):
        return spec_in(spec)
    return read_spec(os.fspath(spec))
