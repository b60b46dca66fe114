"""A method: base loss, perturbations and everything else that Eq. 15 of the paper leaves open."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, ValidationInfo
from pydantic_core import PydanticCustomError

from lplcore.losses import Loss
from lplcore.method.alias import (
    DEFAULT_LOSS,
    DEFAULT_PARTS,
    DEFAULTS,
    KIND_OF_FIELD,
    alias_of,
    defaults_of,
    expand_alias,
)
from lplcore.perturbations import Perturbation
from lplcore.plugin import PluginOf, Record, get, plugins
from lplcore.posthoc import Posthoc
from lplcore.procedures import Procedure
from lplcore.regularizers import Regularizer
from lplcore.samplers import Sampler
from lplcore.targets import Target
from lplcore.weightings import Weighting


class MethodDefaults(Record):
    """What a method gives to other parts of the experiment where the spec says nothing; null for nothing."""

    dropout: float | None = Field(None, ge=0, lt=1, description="the model's")
    clip_norm: float | None = Field(None, gt=0, le=1e9, description="the optimiser's")


class MethodSpec(Record):
    """loss = weight * base_loss(logits + perturbations, target) (+ regularisers), trained by a procedure (Eq. 15).

    Accepts an alias as well: `"lpl"`, or `{"alias": "lpl", ...parameters}`, a parameter going to the last component of
    the alias that has it (the loss comes first, then perturbations and so on). `alias` is the name of the alias that
    has just these components, else null. What an alias and a default mean depends on the task, which the validation
    context names (`task`, single label where it does not).
    """

    alias: str | None = Field(None, description="name of the method that has just these parts; null for none")
    loss: Annotated[Loss, PluginOf("loss")] = Field(description="base loss of an example or entry")
    perturbations: list[Annotated[Perturbation, PluginOf("perturbation")]] = Field(
        default_factory=list, max_length=16, description="what is added to the logits, in this order"
    )
    weighting: Annotated[Weighting, PluginOf("weighting")] | None = Field(
        None, description="factors on the loss; null for none"
    )
    targets: list[Annotated[Target, PluginOf("target")]] = Field(
        default_factory=list, max_length=16, description="changes of labels or inputs, in this order"
    )
    sampler: Annotated[Sampler, PluginOf("sampler")] = Field(description="how often examples are drawn")
    regularizers: list[Annotated[Regularizer, PluginOf("regularizer")]] = Field(
        default_factory=list, max_length=16, description="terms added to the loss"
    )
    procedure: Annotated[Procedure, PluginOf("procedure")] = Field(description="course of the training")
    posthoc: Annotated[Posthoc, PluginOf("posthoc")] | None = Field(
        None, description="correction of predictions, after the training; null for none"
    )
    defaults: MethodDefaults | None = Field(
        None, description="what the method gives to other parts where the spec says nothing; null for nothing"
    )

    @classmethod
    def prepared(cls, value: Any, info: ValidationInfo) -> tuple[Any, list[PydanticCustomError]]:
        """The method spelled out, and what is wrong with its alias and parameters."""
        task = (info.context or {}).get("task") or "single_label"
        if isinstance(value, list):
            value = {"perturbations": value}
        if isinstance(value, str):
            value = {"alias": value}
        if isinstance(value, MethodSpec):
            return value, []
        if not isinstance(value, Mapping):
            message = "give the name of a method, a list of perturbations or an object with the method's parts"
            raise PydanticCustomError("not_a_method", message)
        expanded, problems = expand_alias(value, task)
        filled = {"alias": None, "loss": DEFAULT_LOSS[task], **DEFAULT_PARTS, **expanded}
        alias = alias_of(filled, preferred=value.get("alias"))
        if alias is not None and DEFAULTS not in filled:
            filled |= {DEFAULTS: defaults_of(alias) or None}
        return {**filled, "alias": alias}, problems

    @property
    def head(self) -> str | None:
        """Kind of last layer that the method needs, None for any."""
        return next((part.head for part in self.perturbations if part.head is not None), None)

    @property
    def scale(self) -> float | None:
        """Scale that the method expects of a cosine head's logits."""
        return next((part.scale for part in self.perturbations if hasattr(part, "scale")), None)

    @property
    def hard_part(self) -> str | None:
        """What takes no shares between 0 and 1 as multi-label targets, None where all take them."""
        return next((part.name for _, part in self.parts() if getattr(part, "hard_entries", False)), None)

    @property
    def model_defaults(self) -> Mapping[str, Any]:
        """What the method gives to fields of the model that a spec leaves out."""
        dropout = self.defaults and self.defaults.dropout
        return {} if dropout is None else {"dropout": dropout}

    @property
    def optimizer_defaults(self) -> Mapping[str, Any]:
        """What the method gives to fields of the optimiser that a spec leaves out."""
        clip_norm = self.defaults and self.defaults.clip_norm
        return {} if clip_norm is None else {"clip_norm": clip_norm}

    def incompatible(self) -> list[tuple[str, str]]:
        """(path, message) for parts that do not go together, whatever the data."""
        problems = []
        softening = next((part.name for part in self.targets if part.makes_soft), None)
        for index, part in enumerate(self.perturbations):
            if part.hard_labels and softening is not None:
                text = f"{part.name!r} needs one label per example, {softening!r} softens targets; leave one out"
                problems.append((f"perturbations.{index}.name", text))
            if part.head is not None and part.head != self.head:
                text = f"{part.name!r} is made for a {part.head} head, an earlier perturbation for a {self.head} one"
                problems.append((f"perturbations.{index}.name", text))
            if getattr(part, "scale", self.scale) != self.scale:
                text = f"differs from an earlier perturbation's scale {self.scale:g}; the head has one"
                problems.append((f"perturbations.{index}.scale", text))
            if part.head is not None and self.procedure.own_head:
                text = f"is made for a {part.head} head, {self.procedure.name!r} brings its own; leave one out"
                problems.append((f"perturbations.{index}.name", f"{part.name!r} {text}"))
        if self.posthoc is not None and self.posthoc.linear_head and self.procedure.own_head:
            text = f"{self.posthoc.name!r} reads a linear head, {self.procedure.name!r} brings its own; leave one out"
            problems.append(("posthoc.name", text))
        mixing = [part.name for part in self.targets if part.mixes_inputs]
        if mixing and self.procedure.needs_meta:
            text = f"{self.procedure.name!r} weighs single examples, {mixing[0]!r} mixes them; leave one out"
            problems.append(("procedure.name", text))
        return problems

    def check(self, num_classes: int, task: str) -> list[tuple[str, str]]:
        """(path, message) for everything that does not go together or does not fit the data."""
        problems = [
            (f"{path}.name", f"{part.name!r} is not made for {task} data; {self._remedy(path, task)}")
            for path, part in self.parts()
            if task not in part.tasks
        ]
        if problems:
            return problems
        problems = self.incompatible()
        problems += [(f"loss.{field}", text) for field, text in self.loss.check(task)]
        for index, perturbation in enumerate(self.perturbations):
            problems += [
                (f"perturbations.{index}.{field}", text) for field, text in perturbation.check(num_classes, task)
            ]
        return problems

    def _remedy(self, path: str, task: str) -> str:
        """What to take instead of a part that is for another task."""
        if self.alias is not None and task not in get("method", self.alias).tasks:
            return f"the nearest method that fits is {get('method', self.alias).nearest(task)!r}"
        kind = KIND_OF_FIELD[path.split(".")[0]]
        fitting = [name for name, record in plugins(kind).items() if task in record.tasks]
        return f"{kind} plug-ins that fit: {', '.join(fitting)}" if fitting else "leave it out"

    def parts(self) -> list[tuple[str, Any]]:
        """(path, plug-in) of everything in the method."""
        parts: list[tuple[str, Any]] = []
        for field in KIND_OF_FIELD:
            value = getattr(self, field)
            if isinstance(value, list):
                parts += [(f"{field}.{index}", part) for index, part in enumerate(value)]
            elif value is not None:
                parts.append((field, value))
        return parts
