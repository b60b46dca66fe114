"""What an experiment consists of, and whether that fits its data."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, PrivateAttr

from lplcore.augmentations import Augmentation
from lplcore.data.info import DatasetInfo
from lplcore.datasets import Dataset
from lplcore.errors import SpecError
from lplcore.method.method import MethodSpec
from lplcore.models import Model
from lplcore.optimizers import Optimizer
from lplcore.plugin import PluginOf, Record
from lplcore.schedules import Schedule
from lplcore.search.record import Search
from lplcore.search.seeds import Seeds
from lplcore.spec.batch import batch_problems
from lplcore.spec.fields import DECISION_THRESHOLD, TUNED, Checkpoints, Device, SweptValues, Tag, Threshold
from lplcore.spec.left_open import LeftOpen
from lplcore.spec.probe import probe_problems


class Experiment(Record):
    """The fields of an experiment."""

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
    search: Search | None = Field(None, description="in place of a sweep: trials of a space, compared on validation")
    left_open: dict[LeftOpen, Any] | None = Field(
        None,
        description="fields that follow the method or data of each point of the sweep or search, and what they were "
        "filled with; one that has another value follows no more; filled in where null",
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

    _default_batch: bool = PrivateAttr(default=False)

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
