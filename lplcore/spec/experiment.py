"""Experiment specs: what to train, on what, how, how often."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr

from lplcore.augmentations import Augmentation
from lplcore.data.info import DatasetInfo
from lplcore.data.raw import RegisteredDataset
from lplcore.datasets import Dataset
from lplcore.errors import SpecError, plain, plain_and_problems, validated, within
from lplcore.method.method import MethodSpec
from lplcore.models import Model
from lplcore.optimizers import Optimizer
from lplcore.plugin import PluginOf, Record
from lplcore.schedules import Schedule
from lplcore.spec.batch import batch_problems
from lplcore.spec.comparison import note_of
from lplcore.spec.defaults import expand_preset, left_to_method, with_defaults
from lplcore.spec.fields import DECISION_THRESHOLD, TUNED, Checkpoints, Device, Seeds, SweptValues, Tag, Threshold
from lplcore.spec.probe import probe_problems
from lplcore.spec.sweep import (
    SweepProblems,
    points_around_the_first,
    points_of,
    refuse_equal_points,
    replace_at,
    size_problems,
    sweep_field_problems,
    unknown_roots,
)
from lplcore.spec.task import task_of

LOOKED_AT_FOR_ERRORS = 200
"""Points of a sweep that are tried for all their errors once one has failed."""
OF_THE_PRESET = ("dataset", "dataset.name", "method")
"""What an experiment lacks where its preset is wrong."""


class ExperimentSpec(Record):
    """A complete experiment. Make one with `parse_spec`."""

    name: str = Field("", max_length=200, description="a name to find it by, at most 200 characters")
    tags: list[Tag] = Field(default_factory=list, max_length=50, description="words to find it by, at most 50")
    dataset: Annotated[Dataset, PluginOf("dataset")] = Field(description="what to train and test on")
    model: Annotated[Model, PluginOf("model")] = Field(description="the network")
    method: MethodSpec = Field(description="how to train: a method's name, or its parts")
    augmentation: Annotated[Augmentation, PluginOf("augmentation")] = Field(description="how training inputs vary")
    optimizer: Annotated[Optimizer, PluginOf("optimizer")] = Field(description="what turns gradients into steps")
    schedule: Annotated[Schedule, PluginOf("schedule")] = Field(description="learning rate over the training")
    epochs: int = Field(ge=1, le=100_000, description="passes over the training set")
    patience: int | None = Field(
        None, ge=1, le=100_000, description="epochs of the last stage without a better one on validation; null: any"
    )
    batch_size: int = Field(128, ge=1, le=1_000_000, description="training examples per step")
    drop_last: bool = Field(False, description="leave out an epoch's last batch where it is not a whole one")
    seeds: Seeds = Field(
        default_factory=lambda: [0],
        min_length=1,
        max_length=10_000,
        description="one run for each (and each point of the sweep); whole numbers from 0",
    )
    sweep: dict[str, SweptValues] = Field(
        default_factory=dict,
        max_length=16,
        description="field, such as method.perturbations.0.epsilon -> values to try; all combinations are run",
    )
    checkpoints: Checkpoints = Field(default_factory=Checkpoints, description="when they are made and which are kept")
    priority: int = Field(5, ge=0, le=9, description="higher first")
    device: Device = Field("auto", description="auto, cpu, cuda, cuda:<number> or mps; auto: the worker's")
    precision: Literal["auto", "float32", "bf16"] = Field(
        "auto", description="of the network; auto: bf16 for convolutions where the device multiplies it, else float32"
    )
    deterministic: bool = Field(
        True, description="results that do not depend on timing; false: for networks that have none on a GPU"
    )
    accumulation_steps: int = Field(
        1, ge=1, le=1_000_000, description="parts in which a batch is computed; their gradients add up to one step"
    )
    on_out_of_memory: Literal["fail", "halve_batch"] = Field(
        "fail", description="halve_batch: go on from the last checkpoint with twice the accumulation_steps"
    )
    decision_threshold: Threshold = Field(
        DECISION_THRESHOLD,
        description="multi label: probability from which a label counts as predicted (F1); validation: each class has "
        "its own, with the best F1 on the validation split",
    )

    _datasets: Mapping[str, RegisteredDataset] = PrivateAttr(default_factory=dict)
    _left_to_method: list[tuple[str, str]] = PrivateAttr(default_factory=list)
    _default_batch: bool = PrivateAttr(default=False)
    _notes: list[str] = PrivateAttr(default_factory=list)

    @property
    def notes(self) -> list[str]:
        """What its author should know of what was filled in."""
        return self._notes

    def plan(self, *, max_runs: int = 10_000) -> "list[RunPlan]":
        """One run per sweep point and seed, seeds innermost.

        Raises:
            SpecError: more than `max_runs` runs, a sweep over a field that does not exist, an unfit value, or two
                points that are the same experiment.
        """
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

    def _errors_at(self, complete: Mapping[str, Any], sweep: dict[str, list[Any]]) -> list[dict[str, str]]:
        """The errors of swept values."""
        try:
            self.model_copy(update={"sweep": sweep})._specs(complete)
        except SpecError as error:
            return error.errors
        return []

    def fitted(self, info: DatasetInfo) -> Self:
        """The spec with what nobody has set made to fit the data: a batch of all examples where there are few."""
        if not self._default_batch or self.batch_size <= info.num_train:
            return self
        return self.model_copy(update={"batch_size": info.num_train})

    def check(self, info: DatasetInfo) -> None:
        """Cross-checks with the data set.

        Raises:
            SpecError: a method for another task, a threshold beyond C + 1, a batch larger than the training set, ...
        """
        problems = self.fitted(info)._problems(info)
        if problems:
            raise SpecError([{"path": path, "message": message} for path, message in problems])

    def _problems(self, info: DatasetInfo) -> list[tuple[str, str]]:
        """(path, message) for everything that does not fit the data."""
        problems = [(f"method.{path}", text) for path, text in self.method.check(len(info.classes), info.task)]
        problems += batch_problems(
            batch_size=self.batch_size,
            num_train=info.num_train,
            accumulation_steps=self.accumulation_steps,
            on_out_of_memory=self.on_out_of_memory,
            model=self.model,
            procedure=self.method.procedure,
        )
        wanting = [("checkpoints.keep_best", self.checkpoints.keep_best), ("patience", self.patience is not None)]
        wanting += [("decision_threshold", self.decision_threshold == TUNED and info.task == "multi_label")]
        if not info.num_validation:
            text = "needs a validation split; set dataset.validation_fraction above 0"
            problems += [(path, text) for path, wanted in wanting if wanted]
        if info.task == "single_label" and self.decision_threshold != DECISION_THRESHOLD:
            problems.append(("decision_threshold", "is for multi-label data; leave it out"))
        if info.shares and self.method.hard_part is not None:
            text = f"{self.method.hard_part!r} needs labels of 0 or 1, these data have shares between; take another"
            problems.append(("method", text))
        if self.method.procedure.needs_meta and not self.dataset.meta_per_class:
            text = f"{self.method.procedure.name!r} learns from a balanced set; set it to 1 or more"
            problems.append(("dataset.meta_per_class", text))
        problems += self._head_problems()
        problems += probe_problems(self.model, self.method, self.augmentation)
        problems += [("method.procedure.name", text) for text in self.method.procedure.check(info.input_shape)]
        problems += [(f"model.{field}", text) for field, text in self.model.check(info.input_shape)]
        operation = self.model.timing_dependent(info.input_shape) if self.deterministic else None
        if operation is not None:
            text = f"has no gradient on CUDA that is the same every time ({operation})"
            problems.append(("model.architecture", f"{text}; choose another, or set deterministic to false"))
        problems += [(f"augmentation.{field}", text) for field, text in self.augmentation.problems(info.input_shape)]
        return problems

    def _head_problems(self) -> list[tuple[str, str]]:
        """(path, message) where the last layer is not what the method is made for."""
        head, scale = self.method.head, self.method.scale
        if head is not None and self.model.head != head:
            return [("model.head", f"{self.model.head!r} does not fit the method, which needs {head!r}; leave it out")]
        if head == "cosine" and scale is not None and self.model.cosine_scale != scale:
            return [("model.cosine_scale", f"{self.model.cosine_scale:g} differs from the method's scale {scale:g}")]
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
        data: dict[str, Any] = {**complete, "sweep": {}}
        if not fields & {"method", "dataset"}:
            data["method"] = self.method
        left = self._left_to_method if "method" in fields else []
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
    """One run of a job: its spec has this seed only and nothing to sweep; `point` maps sweep fields to values."""

    seed: int
    point: dict[str, Any]
    spec: ExperimentSpec


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
    try:
        spec = completed(readable, dict(datasets or {}))
    except SpecError as error:
        paths = [problem["path"] for problem in unreadable]
        rest = [problem for problem in error.errors if not within(problem["path"], paths)]
        raise SpecError([*unreadable, *rest]) from None
    if unreadable:
        raise SpecError(unreadable)
    expanded, _ = expand_preset(readable)
    spec._notes = note_of(expanded, {"sweep": spec.sweep})
    spec._left_to_method = left_to_method(expanded)
    spec._default_batch = expanded.get("batch_size") is None
    return spec


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
        problems += unknown_roots(complete.get("sweep"), list(ExperimentSpec.model_fields))
    if problems:
        raise SpecError(problems)
    spec._datasets = datasets
    return spec
