"""Jobs: submit, follow, steer."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from client.answers import Job, Page, Run, Validation
from client.calls import Calls, at, read


class JobCalls(Calls):
    """The calls on jobs."""

    def submit(self, spec: Mapping[str, Any], *, idempotency_key: str | None = None) -> Job:
        """Submit an experiment; the same `idempotency_key` with the same spec gives the same job."""
        return read(Job, self._transport.post(at("jobs"), dict(spec), idempotency_key=idempotency_key))

    def validate(self, spec: Mapping[str, Any]) -> Validation:
        """What a spec would run; starts nothing."""
        return read(Validation, self._transport.post(at("jobs", "validate"), dict(spec)))

    def get_job(self, job_id: str) -> Job:
        """A job with its first 100 runs and its summary."""
        return read(Job, self._transport.get(at("jobs", job_id)))

    def list_jobs(
        self,
        *,
        state: str | None = None,
        tag: str | None = None,
        name: str | None = None,
        dataset: str | None = None,
        method: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Job]:
        """A page of jobs, newest first."""
        params = {"state": state, "tag": tag, "name": name, "dataset": dataset, "method": method}
        return read(Page[Job], self._transport.get(at("jobs"), {**params, "limit": limit, "cursor": cursor}))

    def runs(self, job_id: str) -> list[Run]:
        """All runs of a job."""
        return list(self._all(Run, at("jobs", job_id, "runs")))

    def cancel(self, job_id: str) -> Job:
        """Ask for the end of all runs of a job."""
        return self._act(at("jobs", job_id), "cancel", Job)

    def pause(self, job_id: str) -> Job:
        """Ask for a job's runs to wait, each from a checkpoint."""
        return self._act(at("jobs", job_id), "pause", Job)

    def resume(self, job_id: str) -> Job:
        """Let a paused job go on."""
        return self._act(at("jobs", job_id), "resume", Job)

    def retry(self, job_id: str) -> Job:
        """Run a job's failed and cancelled runs again."""
        return self._act(at("jobs", job_id), "retry", Job)

    def delete(self, job_id: str) -> None:
        """Delete a job that has ended, with all it recorded."""
        self._transport.delete(at("jobs", job_id))

    def wait(
        self,
        job_id: str,
        *,
        timeout: float | None = None,
        poll_seconds: float = 1.0,
        on_change: Callable[[Job], None] | None = None,
    ) -> Job:
        """The job when it has ended.

        Args:
            job_id: whose end to wait for.
            timeout: seconds to wait at most; None waits for ever.
            poll_seconds: seconds between two looks.
            on_change: called with the job on every look.

        Raises:
            TimeoutError: it had not ended by then; it goes on all the same.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            job = self.get_job(job_id)
            if on_change is not None:
                on_change(job)
            if job.ended:
                return job
            if deadline is not None and time.monotonic() + poll_seconds > deadline:
                raise TimeoutError(f"job {job_id} is {job.state} after {timeout:g} seconds ({job.progress:.0%} done)")
            time.sleep(poll_seconds)
