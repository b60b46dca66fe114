"""A method: base loss, perturbations and everything else that Eq. 15 of the paper leaves open."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from lplcore.criterion import Criterion
from lplcore.losses import Loss
from lplcore.perturbations import Perturbation
from lplcore.plugin import PluginOf, Record, get, nearest, plugins, quoted
from lplcore.posthoc import Posthoc
from lplcore.regularizers import Regularizer
from lplcore.samplers import Sampler
from lplcore.spec_errors import SpecError, plain, validated
from lplcore.statistics import class_statistics
from lplcore.targets import Target
from lplcore.weightings import Weighting

KIND_OF_FIELD = {
    "loss": "loss",
    "perturbations": "perturbation",
    "weighting": "weighting",
    "targets": "target",
    "sampler": "sampler",
    "regularizers": "regularizer",
    "procedure": "procedure",
    "posthoc": "posthoc",
}


DEFAULT_PARTS = {"loss": "cross_entropy", "sampler": "uniform", "procedure": "standard"}


class MethodSpec(Record):
    """loss = weight * base_loss(logits + perturbations, target) (+ regularisers), trained by a procedure (Eq. 15).

    Accepts an alias as well: `"lpl"`, or `{"alias": "lpl", ...parameters}`, a parameter going to the first component of
    the alias that has it. `alias` is the name of the alias that has just these components, else null.
    """

    alias: str | None = None
    loss: Annotated[Loss, PluginOf("loss")]
    perturbations: list[Annotated[Perturbation, PluginOf("perturbation")]] = Field(default_factory=list, max_length=16)
    weighting: Annotated[Weighting, PluginOf("weighting")] | None = None
    targets: list[Annotated[Target, PluginOf("target")]] = Field(default_factory=list, max_length=16)
    sampler: Annotated[Sampler, PluginOf("sampler")]
    regularizers: list[Annotated[Regularizer, PluginOf("regularizer")]] = Field(default_factory=list, max_length=16)
    procedure: Annotated[Any, PluginOf("procedure")]
    posthoc: Annotated[Posthoc, PluginOf("posthoc")] | None = None

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        if isinstance(value, list):
            value = {"perturbations": value}
        if isinstance(value, str):
            value = {"alias": value}
        if isinstance(value, MethodSpec):
            return value
        if not isinstance(value, Mapping):
            message = "give the name of a method, a list of perturbations or an object with the method's parts"
            raise PydanticCustomError("not_a_method", message)
        filled = {"alias": None, **DEFAULT_PARTS, **expand_alias(value)}
        return {**filled, "alias": alias_of(filled, preferred=value.get("alias"))}

    @property
    def head(self) -> str | None:
        """Kind of last layer that the method is made for, None for any."""
        return next((part.head for part in self.perturbations if part.head is not None), None)

    @property
    def scale(self) -> float | None:
        """Scale that the method expects of a cosine head's logits."""
        return next((part.scale for part in self.perturbations if hasattr(part, "scale")), None)

    @property
    def model_defaults(self) -> Mapping[str, Any]:
        """What the alias gives to fields of the model that a spec leaves out."""
        defaults: Mapping[str, Any] = {} if self.alias is None else get("method", self.alias).model_defaults
        return defaults

    def incompatible(self) -> list[tuple[str, str]]:
        """(path, message) for parts that do not go together, whatever the data."""
        found = []
        softening = next((part.name for part in self.targets if part.makes_soft), None)
        for index, part in enumerate(self.perturbations):
            if part.hard_labels and softening is not None:
                text = f"{part.name!r} needs one label per example, {softening!r} softens targets; leave one out"
                found.append((f"perturbations.{index}.name", text))
            if part.head is not None and part.head != self.head:
                text = f"{part.name!r} is made for a {part.head} head, an earlier perturbation for a {self.head} one"
                found.append((f"perturbations.{index}.name", text))
            if getattr(part, "scale", self.scale) != self.scale:
                text = f"differs from an earlier perturbation's scale {self.scale:g}; the head has one"
                found.append((f"perturbations.{index}.scale", text))
            if part.head is not None and self.procedure.own_head:
                text = f"is made for a {part.head} head, {self.procedure.name!r} brings its own; leave one out"
                found.append((f"perturbations.{index}.name", f"{part.name!r} {text}"))
        if self.posthoc is not None and self.posthoc.linear_head and self.procedure.own_head:
            text = f"{self.posthoc.name!r} reads a linear head, {self.procedure.name!r} brings its own; leave one out"
            found.append(("posthoc.name", text))
        mixing = [part.name for part in self.targets if part.mixes_inputs]
        if mixing and self.procedure.needs_meta:
            text = f"{self.procedure.name!r} weighs single examples, {mixing[0]!r} mixes them; leave one out"
            found.append(("procedure.name", text))
        return found

    def check(self, num_classes: int, task: str) -> list[tuple[str, str]]:
        """(path, message) for everything that does not go together or does not fit the data."""
        found = self.incompatible()
        for path, part in self.parts():
            if task not in part.tasks:
                fitting = [name for name, alias in plugins("method").items() if task in alias.tasks]
                hint = (
                    f"methods that fit: {', '.join(fitting)}" if fitting else "no method for this task is available yet"
                )
                found.append((f"{path}.name", f"{part.name!r} is not made for {task} data; {hint}"))
        for index, perturbation in enumerate(self.perturbations):
            found += [(f"perturbations.{index}.{field}", text) for field, text in perturbation.check(num_classes)]
        return found

    def parts(self) -> list[tuple[str, Any]]:
        """(path, plug-in) of everything in the method."""
        found: list[tuple[str, Any]] = []
        for field in KIND_OF_FIELD:
            value = getattr(self, field)
            if isinstance(value, list):
                found += [(f"{field}.{index}", part) for index, part in enumerate(value)]
            elif value is not None:
                found.append((field, value))
        return found


def expand_alias(value: Mapping[str, Any]) -> dict[str, Any]:
    """A method object with its alias, if any, spelled out and the parameters put where they belong."""
    fields = {key: part for key, part in value.items() if key in MethodSpec.model_fields}
    parameters = {key: part for key, part in value.items() if key not in MethodSpec.model_fields}
    alias = value.get("alias")
    if alias is None:
        if parameters:
            key = next(iter(parameters))
            known = [*MethodSpec.model_fields]
            raise PydanticCustomError(
                "unknown_field",
                "unknown field {key}; {hint}",
                {"field": str(key), "key": quoted(key), "hint": nearest(str(key), known)},
            )
        return fields
    if not isinstance(alias, str) or alias not in plugins("method"):
        raise PydanticCustomError(
            "unknown_plugin",
            "unknown method {alias}; {hint}",
            {"alias": quoted(alias), "hint": nearest(str(alias), plugins("method"))},
        )
    return {**with_parameters(get("method", alias).composition, parameters), **fields}


def with_parameters(composition: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The composition with every parameter in the first component that has a field of its name."""
    filled: dict[str, Any] = {
        field: [as_object(item) for item in part] if isinstance(part, list) else as_object(part)
        for field, part in composition.items()
    }
    components = [
        (get(KIND_OF_FIELD[field], part["name"]), part)
        for field, value in reversed(filled.items())
        for part in (value if isinstance(value, list) else [value])
    ]
    for key, value in parameters.items():
        for record, part in components:
            if key in record.model_fields and key != "name":
                part[key] = value
                break
        else:
            known = sorted({name for record, _ in components for name in record.model_fields} - {"name"})
            raise PydanticCustomError(
                "unknown_field",
                "unknown parameter {key}; {hint}",
                {"field": str(key), "key": quoted(key), "hint": nearest(str(key), known)},
            )
    return filled


def as_object(part: Any) -> dict[str, Any]:
    """A component of a composition as an object of its own."""
    return dict(part) if isinstance(part, Mapping) else {"name": part}


def alias_of(method: Mapping[str, Any], *, preferred: Any = None) -> str | None:
    """The alias whose components are those of the method, whatever their parameters.

    Where several have the same components it is the preferred one, else the first.
    """
    given = component_names(method)
    fitting = [
        name
        for name, record in plugins("method").items()
        if component_names({**DEFAULT_PARTS, **record.composition}) == given
    ]
    return preferred if preferred in fitting else next(iter(fitting), None)


def component_names(method: Mapping[str, Any]) -> dict[str, Any]:
    """Names of the components per field, empty fields left out."""

    def name(part: Any) -> Any:
        return part.get("name") if isinstance(part, Mapping) else getattr(part, "name", part)

    names = {
        field: [name(part) for part in value] if isinstance(value, list | tuple) else name(value)
        for field, value in method.items()
        if field in KIND_OF_FIELD
    }
    return {field: value for field, value in names.items() if value}


def criterion(
    method: str | Mapping[str, Any] | list[Any] | MethodSpec,
    /,
    *,
    class_counts: Iterable[Any],
    task: str = "single_label",
    num_features: int | None = None,
    **parameters: Any,
) -> Criterion:
    """A method as a loss module for any training loop.

    Args:
        method: an alias (`"lpl"`), a list of perturbations on cross entropy (`["logit_adjustment", "lpl"]`), or the
            `method` object of an experiment spec.
        class_counts: training examples per class, C entries.
        task: `single_label` or `multi_label`.
        num_features: D of the last layer's input, for methods that keep statistics of it; None learns it from the first
            batch.
        parameters: the alias's parameters, for instance `threshold=0.4`.

    Raises:
        SpecError: an unknown name, a wrong parameter, or one that does not fit the number of classes.
        ValueError: wrong class counts.
    """
    statistics = class_statistics(class_counts, task=task)
    if isinstance(method, MethodSpec):
        parsed = method
    else:
        parsed = validated(MethodSpec, plain(alias_object(method, parameters)))
    problems = parsed.check(statistics.num_classes, task)
    if problems:
        raise SpecError([{"path": path, "message": message} for path, message in problems])
    built = Criterion(parsed, statistics)
    if num_features is not None:
        built.allocate(num_features)
    return built


def alias_object(method: str | Mapping[str, Any] | list[Any], parameters: Mapping[str, Any]) -> Any:
    """The method object with keyword parameters put in."""
    if isinstance(method, str):
        return {"alias": method, **parameters}
    if parameters and isinstance(method, Mapping):
        return {**method, **parameters}
    if parameters:
        name = next(iter(parameters))
        message = (
            "parameters go into the items of a list of perturbations, for instance {'name': 'lpl', 'epsilon': 0.5}"
        )
        raise SpecError([{"path": name, "message": message}])
    return method
