"""What a search does next: its runs as trials, its decision as what is to be stored."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import lplcore
from api.services.submission import Registered, new_run, registered_datasets
from lplcore.search import decision
from lplcore.search.halving import rungs
from lplcore.search.record import Search, key
from lplcore.search.trials import Decision, Trial
from store import jobs, searches
from store.database.engine import Database, Session
from store.database.records import Job, NewRun
from store.searches import TrialRun
from store.settings import Settings


@dataclass(frozen=True)
class Next:
    """What a search does next.

    Attributes:
        seen: the runs that it follows from.
        ask: runs of new trials, and of the seeds of finalists.
        promote: run at a rung -> the epoch of the next one, None for the end of the training.
        prune: runs that end at their rung.
        over: whether nothing is left to be decided.
        unreadable: why it cannot go on.
    """

    seen: frozenset[str]
    ask: Sequence[NewRun] = ()
    promote: Mapping[str, int | None] = field(default_factory=dict)
    prune: Sequence[str] = ()
    over: bool = False
    unreadable: str | None = None

    @property
    def nothing(self) -> bool:
        """Whether it waits for its trials."""
        return not (self.ask or self.promote or self.prune or self.over or self.unreadable)


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
        runs = current_runs(session, job)
    seen = frozenset(run.run for run in runs)
    if any(run.held for run in runs):
        return Next(seen)
    registered = registered_datasets(db, job.spec)
    try:
        spec = lplcore.parse_spec(job.spec, datasets=registered)
    except lplcore.SpecError as error:
        return Next(seen, unreadable=f"the search cannot go on: {error}")
    points, search = Points(spec, settings, registered), search_of(job)
    decided = decision.decide(search, spec.epochs, trials_in(runs), usable=points.usable)
    ask = [*new_trials(decided, points, spec), *seeds_of_finalists(decided, points, spec, runs)]
    trials = {run.trial: run for run in runs if run.trial is not None}
    return Next(
        seen,
        ask=ask,
        promote={trials[number].run: next_rung(trials[number], search, spec.epochs) for number in decided.promote},
        prune=[trials[number].run for number in decided.prune],
        over=decided.over,
    )


def new_trials(decided: Decision, points: Points, spec: lplcore.ExperimentSpec) -> Iterator[NewRun]:
    """The runs of new trials."""
    for number, point in decided.ask:
        yield as_trial(points.run(point, spec.seeds[0]), number, spec)


def as_trial(run: NewRun, number: int, spec: lplcore.ExperimentSpec) -> NewRun:
    """A run as a trial that stops at its first rung."""
    assert spec.search is not None
    first, *others = rungs(spec.search, spec.epochs)
    return replace(run, trial=number, stop_epoch=first if others else None)


def seeds_of_finalists(
    decided: Decision, points: Points, spec: lplcore.ExperimentSpec, runs: Sequence[TrialRun]
) -> Iterator[NewRun]:
    """The runs that the finalists lack of their seeds; a trial that was trained with a seed counts."""
    assert spec.search is not None
    present = {(key(run.point), run.seed) for run in runs}
    for point in decided.finalists or ():
        for seed in decision.seeds_left(spec.search, spec.seeds[0]):
            if (key(point), seed) not in present:
                yield points.run(point, seed)


def next_rung(run: TrialRun, search: Search, epochs: int) -> int | None:
    """The epoch of the rung that follows the one at which a run waits, None for the end of the training."""
    following = [rung for rung in rungs(search, epochs) if rung > run.epoch]
    return following[0] if len(following) > 1 else None


def current_runs(session: Session, job: Job) -> list[TrialRun]:
    """The runs of a search as it sees them."""
    search = search_of(job)
    return searches.trials(session, job.id, metric=str(search.metric), rungs=rungs(search, job.spec["epochs"]))


def search_of(job: Job) -> Search:
    """What the spec of a job looks for."""
    return Search.model_validate(job.spec["search"])


def trials_in(runs: Sequence[TrialRun]) -> list[Trial]:
    """The trials among the runs of a search."""
    return [Trial(run.trial, run.point, run.state, run.values) for run in runs if run.trial is not None]
