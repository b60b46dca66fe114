"""Jobs and runs by what people call them: an id, its beginning, a job's name, `last`; a run also by its job."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from client.answers import Job, JobItem, Run
from client.calls.request import Calls, at
from client.errors import ApiError
from client.job_answers import standing

T = TypeVar("T")
LAST = "last"
WHOLE_ID = re.compile(r"[jrs]_[0-9a-f]{24}")
KINDS = {"j_": "job", "r_": "run", "s_": "study"}
RUN_OF_JOB = re.compile(r"(?P<job>.+)(?P<by>[:/])(?P<number>\d{1,19})")
"""JOB:SEED, or JOB/N: the N-th of its runs."""
NOT_FOUND, AMBIGUOUS = 404, 409
SEARCHED_JOBS, SEARCHED_FOR_RUNS = 1000, 50
"""How far back beginnings of ids are looked for."""
SHOWN = 5


class Finding(Calls):
    """The calls that find jobs and runs."""

    def find_job(self, job: str | Job | JobItem) -> str:
        """The id of a job given by its id, the beginning of its id, its name or `last`.

        Raises:
            ApiError: there is none, or there are several.
        """
        return job.id if not isinstance(job, str) else self._of_job(job, lambda job_id: self._job(job_id).id)

    def find_run(self, run: str | Run) -> str:
        """The id of a run given by its id, the beginning of its id, or by its job.

        A job stands for its only run, JOB:SEED for that of a seed, JOB/N for its N-th, `last` for the newest run of
        the newest job.

        Raises:
            ApiError: there is none, or there are several.
        """
        return run.id if not isinstance(run, str) else self._of_run(run, lambda run_id: self._run(run_id).id)

    def _of_job(self, job: str | Job | JobItem, call: Callable[[str], T]) -> T:
        """The answer of a call on a job; an id needs no search."""
        return answer_of(call, job if isinstance(job, str) else job.id, kind="j_", search=self._search_job)

    def _of_run(self, run: str | Run, call: Callable[[str], T]) -> T:
        """The answer of a call on a run; an id needs no search."""
        return answer_of(call, run if isinstance(run, str) else run.id, kind="r_", search=self._search_run)

    def _job(self, job_id: str) -> Job:
        return self._read(Job, self._transport.get(at("jobs", job_id)))

    def _run(self, run_id: str) -> Run:
        return self._read(Run, self._transport.get(at("runs", run_id)))

    def _search_job(self, text: str) -> str | None:
        if text == LAST:
            return next((job.id for job in self._newest_jobs(1)), None)
        if text.startswith("r_"):
            return None
        named = [job.id for job in self._newest_jobs(SEARCHED_JOBS, name=text) if job.name == text]
        if not named and text.startswith("j_"):
            named = [job.id for job in self._newest_jobs(SEARCHED_JOBS) if job.id.startswith(text)]
        return only(named, f"jobs are meant by {text!r}")

    def _search_run(self, text: str) -> str | None:
        if text == LAST:
            return max((run.id for run in self._standing_runs(self.find_job(LAST))), default=None)
        if not text.startswith("r_"):
            return self._search_run_of_job(text)
        jobs = self._newest_jobs(SEARCHED_FOR_RUNS)
        return begun((run.id for job in jobs for run in self._runs(job.id)), text, "runs")

    def _search_run_of_job(self, text: str) -> str | None:
        part = RUN_OF_JOB.fullmatch(text)
        try:
            job = self.find_job(text)
        except ApiError as error:
            if error.status != NOT_FOUND or part is None:
                raise
            job = self.find_job(part["job"])
            return self._search_part(job, part["by"], int(part["number"]))
        return only([run.id for run in self._standing_runs(job)], f"runs stand in job {job}")

    def _search_part(self, job: str, by: str, number: int) -> str | None:
        runs = self._standing_runs(job)
        if by == "/":
            return next((run.id for place, run in enumerate(runs, start=1) if place == number), None)
        return only([run.id for run in runs if run.seed == number], f"runs of job {job} have seed {number}")

    def _newest_jobs(self, most: int, **filters: Any) -> Iterator[JobItem]:
        for number, job in enumerate(self._all(JobItem, at("jobs"), page_size=min(most, 100), **filters), start=1):
            yield job
            if number >= most:
                return

    def _runs(self, job_id: str) -> Iterator[Run]:
        return self._all(Run, at("jobs", job_id, "runs"))

    def _standing_runs(self, job_id: str) -> list[Run]:
        """A job's runs without those whose place a retry has taken."""
        return standing(self._runs(job_id))


def answer_of(call: Callable[[str], T], text: str, *, kind: str, search: Callable[[str], str | None]) -> T:
    """The answer of a call on what has this id, else on what a search finds.

    Raises:
        ApiError: the call's, or that there are several.
    """
    refusal = ApiError(NOT_FOUND, "Not found", detail=f"there is no {KINDS[kind]} yet")
    if text != LAST:
        try:
            return call(text)
        except ApiError as error:
            if error.status != NOT_FOUND or not text or (WHOLE_ID.fullmatch(text) and text.startswith(kind)):
                raise
            refusal = error
    try:
        whole_id = search(text)
    except ApiError as error:
        if error.status != NOT_FOUND:
            raise
        whole_id = None
    if whole_id is None:
        raise refusal
    return call(whole_id)


def only(ids: list[str], what: str) -> str | None:
    """The only one of several ids, None of none.

    Raises:
        ApiError: there are several.
    """
    if len(ids) > 1:
        some = ", ".join(ids[:SHOWN]) + (", ..." if len(ids) > SHOWN else "")
        raise ApiError(AMBIGUOUS, "Ambiguous", detail=f"{len(ids)} {what}: {some}; give an id")
    return ids[0] if ids else None


def begun(ids: Iterable[str], text: str, kinds: str) -> str | None:
    """The only id that begins with a text, None where none does.

    Raises:
        ApiError: there are several.
    """
    return only([each for each in ids if each.startswith(text)], f"{kinds} are meant by {text!r}")
