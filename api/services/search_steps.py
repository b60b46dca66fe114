"""What a search does next: its runs as trials, its decision as what is to be stored."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import lplcore
from api.services.submission import Registered, as_trial, new_run, registered_datasets
from lplcore.search import decision
from lplcore.search.halving import rungs
from lplcore.search.record import Search, key
from lplcore.search.trials import Decision, Trial
from store import jobs, searches
from store.database.engine import Database, Session
from store.database.records import Job, NewRun
from store.lifecycle import turns
from store.searches import Step, TrialRow
from store.settings import Settings


@dataclass(frozen=True)
class Next:
    """What a search does next.

    Attributes:
        version: of the job that it follows from.
        step: what is to be carried out.
        full: whether new runs wait because the queue of their key is full.
        refused: why the search cannot go on, None where it can.
    """

    version: int
    step: Step = field(default_factory=Step)
    full: bool = False
    refused: str | None = None


class Points:
    """The points of a search as runs of its spec, fitted to the data."""

    def __init__(self, spec: lplcore.ExperimentSpec, settings: Settings, registered: Registered) -> None:
        self._spec, self._settings, self._registered = spec, settings, registered
        self._infos: dict[str, lplcore.DatasetInfo] = {}

    def usable(self, point: Mapping[str, Any]) -> bool:
        """Whether it can be trained. Where the data cannot be read now, its run will tell."""
        try:
            self._plan(point, self._spec.seeds[0])
        except lplcore.SpecError:
            return False
        return True

    def run(self, point: Mapping[str, Any], seed: int) -> NewRun:
        """A run to be stored."""
        return new_run(self._plan(point, seed), self._registered)

    def _plan(self, point: Mapping[str, Any], seed: int) -> lplcore.RunPlan:
        plan, settings = self._spec.at(point, seed), self._settings
        folders = {"data_dir": settings.data_dir, "weights_dir": settings.weights_dir}
        try:
            return lplcore.check_plan([plan], info_of=self._info_of, **folders)[0]
        except lplcore.DatasetError:
            return plan

    def _info_of(self, dataset: Any) -> lplcore.DatasetInfo:
        name = dataset.model_dump_json()
        if name not in self._infos:
            found = lplcore.dataset_info(dataset, data_dir=self._settings.data_dir, datasets=self._registered)
            self._infos[name] = found
        return self._infos[name]


def next_of(db: Database, settings: Settings, job_id: str) -> Next:
    """What a search does next, as it stands now.

    Raises:
        NotFound: no such job.
    """
    with db.read() as session:
        job = jobs.get(session, job_id)
        rows = current_rows(session, job)
        room = settings.max_queued_runs - turns.waiting_of(session, job.owner or "")
    if any(row.held for row in rows):
        return Next(job.version)
    try:
        step = step_of(settings, registered_datasets(db, job.spec), job, rows)
    except lplcore.SpecError as error:
        return Next(job.version, refused=f"the search cannot go on: {error}")
    fitting = step.ask[: max(0, room)]
    full = len(fitting) < len(step.ask)
    return Next(job.version, replace(step, ask=fitting, over=step.over and not full), full)


def step_of(settings: Settings, registered: Registered, job: Job, rows: Sequence[TrialRow]) -> Step:
    """What is to be carried out, whatever has room.

    Raises:
        SpecError: the spec of the job, or a point that it had, is refused by now.
    """
    spec = lplcore.parse_spec(job.spec, datasets=registered)
    search, points = search_of(job), Points(spec, settings, registered)
    decided = decision.decide(search, spec.epochs, trials_in(rows), usable=points.usable)
    trials = {row.trial: row for row in rows if row.trial is not None}
    return Step(
        ask=[*new_trials(decided, points, spec), *seeds_of_finalists(decided, points, spec, rows)],
        promote={trials[number].run: next_rung(trials[number], search, spec.epochs) for number in decided.promote},
        prune=[trials[number].run for number in decided.prune],
        over=decided.over,
    )


def new_trials(decided: Decision, points: Points, spec: lplcore.ExperimentSpec) -> Iterator[NewRun]:
    """The runs of new trials."""
    for number, point in decided.ask:
        yield as_trial(points.run(point, spec.seeds[0]), number, spec)


def seeds_of_finalists(
    decided: Decision, points: Points, spec: lplcore.ExperimentSpec, rows: Sequence[TrialRow]
) -> Iterator[NewRun]:
    """The runs that the finalists lack of their seeds; a trial that was trained with a seed counts."""
    assert spec.search is not None
    present = {(key(row.point), row.seed) for row in rows}
    for point in decided.finalists or ():
        for seed in decision.seeds_left(spec.search, spec.seeds[0]):
            if (key(point), seed) not in present:
                yield points.run(point, seed)


def next_rung(row: TrialRow, search: Search, epochs: int) -> int | None:
    """The epoch of the rung that follows the one at which a trial waits, None for the end of the training."""
    following = [rung for rung in rungs(search, epochs) if rung > row.epoch]
    return following[0] if len(following) > 1 else None


def current_rows(session: Session, job: Job) -> list[TrialRow]:
    """The runs of a search as it sees them."""
    search = search_of(job)
    return searches.trials(session, job.id, metric=str(search.metric), rungs=rungs(search, job.spec["epochs"]))


def search_of(job: Job) -> Search:
    """What the spec of a job looks for."""
    return Search.model_validate(job.spec["search"])


def exhausted(job: Job) -> int | None:
    """The points of a search's space where each is to have a trial; None where there are more."""
    search = search_of(job)
    return None if search.size is None or search.size > search.ends[-1] else search.size


def trials_in(rows: Sequence[TrialRow]) -> list[Trial]:
    """The trials among the current runs of a search."""
    return [Trial(row.trial, row.point, row.state, row.values) for row in rows if row.trial is not None]
