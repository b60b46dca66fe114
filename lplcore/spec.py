"""Experiment specs: what to train, on what, how, how often."""

import itertools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from lplcore.augmentations import Augmentation
from lplcore.batch_check import batch_problems
from lplcore.dataset_info import DatasetInfo
from lplcore.dataset_task import task_of
from lplcore.datasets import Dataset, RegisteredDataset
from lplcore.method import MethodSpec
from lplcore.models import Model
from lplcore.optimizers import Optimizer
from lplcore.plugin import PluginOf, Record, nearest, quoted
from lplcore.schedules import Schedule
from lplcore.spec_defaults import left_to_method, with_defaults
from lplcore.spec_errors import SpecError, plain, validated

Tag = Annotated[str, Field(min_length=1, max_length=100)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
DECISION_THRESHOLD = 0.5
UNSWEEPABLE = ("name", "tags", "seeds", "sweep", "priority")


def known_device(name: str) -> str:
    """The name of a device, else an error that lists what there is."""
    if not re.fullmatch(r"auto|cpu|mps|cuda(:[0-9]{1,3})?", name):
        raise PydanticCustomError("device", "must be auto, cpu, mps, cuda or cuda:<number>")
    return name


class Checkpoints(Record):
    """When checkpoints are made and which are kept; the last epoch always makes one."""

    every_epochs: int = Field(10, ge=1, le=100_000)
    keep_last: int = Field(2, ge=1, le=100)
    keep_best: bool = Field(
        False,
        description="keep the epoch with the lowest validation error (multi label: highest mean average precision); "
        "needs a validation split",
    )


class ExperimentSpec(Record):
    """A complete experiment. Make one with `parse_spec`."""

    name: str = Field("", max_length=200)
    tags: list[Tag] = Field(default_factory=list, max_length=50)
    dataset: Annotated[Dataset, PluginOf("dataset")]
    model: Annotated[Model, PluginOf("model")]
    method: MethodSpec
    augmentation: Annotated[Augmentation, PluginOf("augmentation")]
    optimizer: Annotated[Optimizer, PluginOf("optimizer")]
    schedule: Annotated[Schedule, PluginOf("schedule")]
    epochs: int = Field(ge=1, le=100_000)
    batch_size: int = Field(128, ge=1, le=1_000_000)
    drop_last: bool = Field(False, description="leave out an epoch's last batch where it is not a whole one")
    seeds: list[Seed] = Field(default_factory=lambda: [0], min_length=1, max_length=10_000)
    sweep: dict[str, list[Any]] = Field(default_factory=dict, max_length=16)
    checkpoints: Checkpoints = Field(default_factory=Checkpoints)
    priority: int = Field(5, ge=0, le=9, description="higher first")
    device: Annotated[str, AfterValidator(known_device)] = "auto"
    precision: Literal["auto", "float32", "bf16"] = "auto"
    accumulation_steps: int = Field(
        1, ge=1, le=1_000_000, description="parts in which a batch is computed; their gradients add up to one step"
    )
    on_out_of_memory: Literal["fail", "halve_batch"] = Field(
        "fail", description="halve_batch: go on from the last checkpoint with twice the accumulation_steps"
    )
    decision_threshold: float = Field(
        DECISION_THRESHOLD,
        gt=0,
        lt=1,
        description="multi label: probability from which a label counts as predicted (F1)",
    )

    _datasets: Mapping[str, RegisteredDataset] = PrivateAttr(default_factory=dict)
    _left_to_method: list[tuple[str, str]] = PrivateAttr(default_factory=list)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(set(self.seeds)) != len(self.seeds):
            raise PydanticCustomError("seeds", "every seed may stand once", {"field": "seeds"})
        for field, values in self.sweep.items():
            if not values:
                raise PydanticCustomError("sweep", "give at least one value", {"field": f"sweep.{field}"})
        return self

    def plan(self, *, max_runs: int = 10_000) -> "list[RunPlan]":
        """One run per sweep point and seed, seeds innermost.

        Raises:
            SpecError: more than `max_runs` runs, a sweep over a field that does not exist, or an unfit value.
        """
        total = len(self.seeds) * math.prod(len(values) for values in self.sweep.values())
        if total > max_runs:
            message = f"asks for {total} runs, at most {max_runs} are allowed in one job; sweep fewer values or seeds"
            raise SpecError([{"path": "sweep" if self.sweep else "seeds", "message": message}])
        complete = self.model_dump(mode="json")
        for field in self.sweep:
            check_sweep_field(complete, field)
        return [
            RunPlan(seed, point, spec.model_copy(update={"seeds": [seed]}))
            for point in self._points()
            for spec in [self._at(complete, point)]
            for seed in self.seeds
        ]

    def check(self, info: DatasetInfo) -> None:
        """Cross-checks with the data set.

        Raises:
            SpecError: a method for another task, a threshold beyond C + 1, a batch larger than the training set, ...
        """
        found = [(f"method.{path}", text) for path, text in self.method.check(len(info.classes), info.task)]
        found += batch_problems(self, info)
        if self.checkpoints.keep_best and not info.num_validation:
            own = "give the data set one of its own (x_validation, y_validation, or lines of that split)"
            remedy = own if info.task == "multi_label" else "set dataset.validation_fraction above 0"
            found.append(("checkpoints.keep_best", f"needs a validation split; {remedy}"))
        if info.task == "single_label" and self.decision_threshold != DECISION_THRESHOLD:
            found.append(("decision_threshold", "is for multi-label data; leave it out"))
        if self.method.procedure.needs_meta and not self.dataset.meta_per_class:
            text = f"{self.method.procedure.name!r} learns from a balanced set; set it to 1 or more"
            found.append(("dataset.meta_per_class", text))
        found += self._head_problems()
        found += [("method.procedure.name", text) for text in self.method.procedure.check(info.input_shape)]
        found += [("model.name", text) for text in self.model.check(info.input_shape)]
        found += [("augmentation.name", text) for text in self.augmentation.check(info.input_shape)]
        if found:
            raise SpecError([{"path": path, "message": message} for path, message in found])

    def _head_problems(self) -> list[tuple[str, str]]:
        """(path, message) where the last layer is not what the method is made for."""
        head, scale = self.method.head, self.method.scale
        if head is not None and self.model.head != head:
            return [("model.head", f"{self.model.head!r} does not fit the method, which needs {head!r}; leave it out")]
        if head == "cosine" and scale is not None and self.model.cosine_scale != scale:
            return [("model.cosine_scale", f"{self.model.cosine_scale:g} differs from the method's scale {scale:g}")]
        return []

    def _points(self) -> list[dict[str, Any]]:
        return [dict(zip(self.sweep, values, strict=True)) for values in itertools.product(*self.sweep.values())]

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
        try:
            return completed(data, self._datasets)
        except SpecError as error:
            raise SpecError(sweep_problems(error, point)) from None


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
        raise SpecError([{"path": "", "message": "an experiment is a JSON object with at least dataset and method"}])
    given = plain(data)
    spec = completed(given, dict(datasets or {}))
    spec._left_to_method = left_to_method(given)
    return spec


def completed(given: dict[str, Any], datasets: Mapping[str, RegisteredDataset]) -> ExperimentSpec:
    """The spec that plain values mean.

    Raises:
        SpecError: with the path of every problem and its remedy.
    """
    complete = with_defaults(given, datasets)
    task = task_of(complete["dataset"], datasets)
    spec = validated(ExperimentSpec, complete, context={"datasets": datasets, "task": task})
    spec._datasets = datasets
    return spec


def check_sweep_field(complete: Mapping[str, Any], path: str) -> None:
    """Refuse a sweep over a field that the complete spec does not have."""
    value: Any = complete
    walked: list[str] = []
    for part in path.split("."):
        known = (
            list(value)
            if isinstance(value, Mapping)
            else [str(i) for i in range(len(value))]
            if isinstance(value, list)
            else []
        )
        if part not in known:
            where = ".".join(walked) or "the spec"
            message = f"no field {quoted(part)} in {where}; {nearest(part, known)}"
            raise SpecError([{"path": f"sweep.{path}", "message": message}])
        value = value[part] if isinstance(value, Mapping) else value[int(part)]
        walked.append(part)
    if walked[0] in UNSWEEPABLE or (walked[0] == "method" and walked[-1] == "alias"):
        message = "cannot be swept; " + (
            "sweep 'method' with names of methods" if walked[0] == "method" else "it is no part of a run"
        )
        raise SpecError([{"path": f"sweep.{path}", "message": message}])


def replace_at(data: Any, path: str, value: Any) -> None:
    """Put a value where the path points.

    Raises:
        SpecError: an earlier value of the point has taken the place away.
    """
    *parents, last = path.split(".")
    for part in parents:
        data = step_into(data, part, path)
    if isinstance(data, list):
        step_into(data, last, path)
        data[int(last)] = value
    elif isinstance(data, dict):
        data[last] = value
    else:
        raise SpecError([{"path": path, "message": "does not exist at this sweep point"}])


def step_into(data: Any, part: str, path: str) -> Any:
    """The member of a container that one part of a path names."""
    if isinstance(data, dict) and part in data:
        return data[part]
    if isinstance(data, list) and part.isdigit() and int(part) < len(data):
        return data[int(part)]
    raise SpecError([{"path": path, "message": "does not exist at this sweep point"}])


def sweep_problems(error: SpecError, point: Mapping[str, Any]) -> list[dict[str, str]]:
    """The errors of one sweep point, at the swept field that caused them where there is one."""
    where = ", ".join(f"{field} = {quoted(value)}" for field, value in point.items())[:200]
    return [{"path": swept(e["path"], point), "message": f"{e['message']} (at {where})"} for e in error.errors]


def swept(path: str, point: Mapping[str, Any]) -> str:
    """Path of the swept field that holds `path`, else the path itself."""
    for field in point:
        if path == field or path.startswith(f"{field}."):
            return f"sweep.{field}"
    return path
