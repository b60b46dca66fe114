"""Experiment specs: what to train, on what, how, how often."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from pydantic import PrivateAttr

from lplcore.data.raw import RegisteredDataset
from lplcore.errors import MAX_REPORTED, SpecError, plain, plain_and_problems, validated, within
from lplcore.search.decision import decide
from lplcore.search.record import Search, key
from lplcore.search.trials import Decision, Trial
from lplcore.spec.comparison import note_of, space_of
from lplcore.spec.defaults import expand_preset, with_defaults
from lplcore.spec.left_open import BATCH_SIZE, left_open, reopened
from lplcore.spec.record import Experiment
from lplcore.spec.sweep import (
    SPACE,
    SweepProblems,
    points_around_the_first,
    points_of,
    refuse_equal_points,
    replace_at,
    size_problems,
    sweep_field_problems,
    unknown_roots,
    value_of,
)
from lplcore.spec.task import task_of
from lplcore.spec.trials import complete_search, ends_of, search_problems, space_problems, too_many_runs

LOOKED_AT_FOR_ERRORS = 200
"""Points of a sweep that are tried for all their errors once one has failed."""
OF_THE_PRESET = ("dataset", "dataset.name", "method")
"""What an experiment lacks where its preset is wrong."""


class ExperimentSpec(Experiment):
    """A complete experiment. Make one with `parse_spec`."""

    _datasets: Mapping[str, RegisteredDataset] = PrivateAttr(default_factory=dict)
    _notes: list[str] = PrivateAttr(default_factory=list)
    _usable: dict[str, bool] = PrivateAttr(default_factory=dict)

    @property
    def notes(self) -> list[str]:
        """What its author should know of what was filled in."""
        return self._notes

    def plan(self, *, max_runs: int = 10_000) -> "list[RunPlan]":
        """One run per sweep point and seed, seeds innermost; of a search the trials that it begins with.

        Raises:
            SpecError: more than `max_runs` runs, a sweep over a field that does not exist, an unfit value, or two
                points that are the same experiment.
        """
        if self.search is not None:
            return self._first_trials(self.search, max_runs)
        complete = self.model_dump(mode="json")
        oversize = size_problems(self.sweep, seeds=len(self.seeds), max_runs=max_runs)
        unfit = {field: problems for field in self.sweep if (problems := sweep_field_problems(complete, field))}
        if unfit or oversize:
            others = {} if oversize else {field: self.sweep[field] for field in self.sweep if field not in unfit}
            raise SpecError([*chain.from_iterable(unfit.values()), *oversize, *self._errors_at(complete, others)])
        specs = self._specs(complete)
        if self.sweep:
            roots = {field.split(".")[0] for field in self.sweep}
            refuse_equal_points((point, spec.model_dump(mode="json", include=roots)) for point, spec in specs)
        return [
            RunPlan(seed, point, spec.model_copy(update={"seeds": [seed]}))
            for point, spec in specs
            for seed in self.seeds
        ]

    def at(self, point: Mapping[str, Any], seed: int) -> "RunPlan":
        """The run at a point of the spec's search.

        Raises:
            SpecError: the point cannot be trained.
        """
        return self._trial(self._at(self.model_dump(mode="json"), point), point, seed)

    def decide(self, trials: Sequence[Trial]) -> Decision:
        """What the spec's search does next with trials that stand like this: see `lplcore.search.decision.decide`."""
        if self.search is None:
            return Decision(over=True)
        return decide(self.search, self.epochs, trials, usable=self.usable)

    def usable(self, point: Mapping[str, Any]) -> bool:
        """Whether the spec means something at a point; remembered."""
        text = key(point)
        if text not in self._usable:
            try:
                self.at(point, self.seeds[0])
            except SpecError:
                self._usable[text] = False
            else:
                self._usable[text] = True
        return self._usable[text]

    def ends(self) -> "list[RunPlan]":
        """Runs with each choice and both ends of each range of the search's space; none without a search.

        Raises:
            SpecError: a field that does not exist, an unfit value, or two choices that are the same experiment.
        """
        if self.search is None:
            return []
        complete, problems, plan = self.model_dump(mode="json"), SweepProblems(), []
        unfit = space_problems(self.search, complete)
        if unfit:
            raise SpecError(unfit)
        for point, paths in ends_of(self.search):
            try:
                plan.append(RunPlan(self.seeds[0], point, self._at(complete, point), paths))
            except SpecError as error:
                problems.add(error, point, paths)
        if problems:
            raise problems.error()
        roots = {field.split(".")[0] for field in self.search.space}
        specs = ((run.point, run.spec.model_dump(mode="json", include=roots)) for run in plan)
        refuse_equal_points(specs, root=SPACE)
        return plan

    def _first_trials(self, search: Search, max_runs: int) -> "list[RunPlan]":
        problems = too_many_runs(search, max_runs)
        try:
            self.ends()
        except SpecError as error:
            problems = [*problems, *error.errors]
        if problems:
            raise SpecError(problems[:MAX_REPORTED])
        complete, specs = self.model_dump(mode="json"), dict[str, ExperimentSpec]()

        def usable(point: Mapping[str, Any]) -> bool:
            try:
                specs[key(point)] = self._at(complete, point)
            except SpecError:
                return False
            return True

        asked = decide(search, self.epochs, (), usable=usable).ask
        if not asked:
            raise SpecError([{"path": SPACE, "message": "no point that was drawn can be trained; narrow the ranges"}])
        return [self._trial(specs[key(point)], point, self.seeds[0]) for _, point in asked]

    def _trial(self, spec: "ExperimentSpec", point: Mapping[str, Any], seed: int) -> "RunPlan":
        paths = {field: f"{SPACE}.{field}" for field in point}
        return RunPlan(seed, dict(point), spec.model_copy(update={"seeds": [seed]}), paths)

    def _errors_at(self, complete: Mapping[str, Any], sweep: dict[str, list[Any]]) -> list[dict[str, str]]:
        """The errors of swept values."""
        try:
            self.model_copy(update={"sweep": sweep})._specs(complete)
        except SpecError as error:
            return error.errors
        return []

    def _specs(self, complete: Mapping[str, Any]) -> "list[tuple[dict[str, Any], ExperimentSpec]]":
        """Every point of the sweep with its spec.

        Raises:
            SpecError: the errors of all swept values, where one has an error.
        """
        specs, problems = [], SweepProblems()
        for point in points_of(self.sweep):
            try:
                specs.append((point, self._at(complete, point)))
            except SpecError as error:
                problems.add(error, point)
                break
        else:
            return specs
        for point in itertools.islice(points_around_the_first(self.sweep), LOOKED_AT_FOR_ERRORS):
            try:
                self._at(complete, point)
            except SpecError as error:
                problems.add(error, point)
        raise problems.error()

    def _at(self, complete: Mapping[str, Any], point: Mapping[str, Any]) -> "ExperimentSpec":
        """The spec at a sweep point, with nothing left to sweep.

        A method that is not swept stays the record it is: to validate it again at each of thousands of points takes
        most of the time. What it means depends on the task, thus on the data set.
        """
        if not point:
            return self
        fields = {field.split(".")[0] for field in point}
        data: dict[str, Any] = {**complete, "sweep": {}, "search": None, "left_open": None}
        if not fields & {"method", "dataset"}:
            data["method"] = self.method
        left = [path.split(".") for path in self.left_open or () if path != BATCH_SIZE and "method" in fields]
        data |= {part: plain(data[part]) for part in fields.union(part for part, _ in left)}  # copies, to be changed
        for part, field in left:
            data[part].pop(field, None)
        for field, value in point.items():
            replace_at(data, field, plain(value))
        spec = completed(data, self._datasets)
        spec._default_batch = self._default_batch and "batch_size" not in fields
        return spec


@dataclass(frozen=True)
class RunPlan:
    """One run of a job: its spec has this seed only and nothing to sweep; `point` maps sweep fields to values.

    `paths` maps them to where the spec gave them their values, which is the sweep where it says nothing.
    """

    seed: int
    point: dict[str, Any]
    spec: ExperimentSpec
    paths: dict[str, str] = dataclasses.field(default_factory=dict)


def parse_spec(
    data: Mapping[str, Any] | ExperimentSpec, *, datasets: Mapping[str, RegisteredDataset] | None = None
) -> ExperimentSpec:
    """A complete, validated spec from what a user wrote: aliases, presets and defaults are filled in.

    Args:
        data: an experiment, or `{"preset": name, "override": {...}}`.
        datasets: data sets registered under names of their own.

    Raises:
        SpecError: with the path of every problem and its remedy.
    """
    if isinstance(data, ExperimentSpec):
        return data
    if not isinstance(data, Mapping):
        raise SpecError([{"path": "", "message": "an experiment is a JSON object with at least a dataset"}])
    readable, unreadable = plain_and_problems(data)
    if readable is None:
        raise SpecError(unreadable)
    given = reopened(readable)
    try:
        spec = completed(given, dict(datasets or {}))
    except SpecError as error:
        paths = [problem["path"] for problem in unreadable]
        rest = [problem for problem in error.errors if not within(problem["path"], paths)]
        raise SpecError([*unreadable, *rest]) from None
    if unreadable:
        raise SpecError(unreadable)
    expanded, _ = expand_preset(given)
    spec._notes = note_of(expanded, {"sweep": spec.sweep})
    open_fields = left_open(expanded)
    spec._default_batch = BATCH_SIZE in open_fields
    if not spec.sweep and spec.search is None:
        return spec.model_copy(update={"left_open": None})
    complete = spec.model_dump(mode="json")
    filled = {path: value_of(complete, path) for path in open_fields}
    return spec.model_copy(
        update={"left_open": filled, "search": spec.search and search_of(spec, spec.search, complete)}
    )


def search_of(spec: ExperimentSpec, search: Search, complete: Mapping[str, Any]) -> Search:
    """The search of a spec, whose values are given as plain data, with what it leaves out."""
    return complete_search(search, task=task_of(complete["dataset"], spec._datasets), complete=complete)


def completed(data: dict[str, Any], datasets: Mapping[str, RegisteredDataset]) -> ExperimentSpec:
    """The spec that plain values mean.

    Raises:
        SpecError: with the path of every problem and its remedy.
    """
    complete, problems = with_defaults(data, datasets)
    task = task_of(complete.get("dataset"), datasets)
    try:
        spec = validated(ExperimentSpec, complete, context={"datasets": datasets, "task": task})
    except SpecError as error:
        problems += [problem for problem in error.errors if not problems or problem["path"] not in OF_THE_PRESET]
        roots = list(ExperimentSpec.model_fields)
        problems += unknown_roots(complete.get("sweep"), roots) + unknown_roots(space_of(complete), roots, root=SPACE)
    else:
        problems += search_problems(spec, task=task)
    if problems:
        raise SpecError(problems)
    spec._datasets = datasets
    return spec
