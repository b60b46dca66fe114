"""Aliases of methods: spelled out as compositions, and recognised in them."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from pydantic_core import PydanticCustomError

from lplcore.plugin import get, nearest, plugins, quoted, unknown_field

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


DEFAULT_PARTS = {"sampler": "uniform", "procedure": "standard"}
DEFAULT_LOSS = {"single_label": "cross_entropy", "multi_label": "binary_cross_entropy"}
DEFAULTS = "defaults"
METHOD_FIELDS = ("alias", *KIND_OF_FIELD, DEFAULTS)


def expand_alias(value: Mapping[str, Any], task: str) -> tuple[dict[str, Any], list[PydanticCustomError]]:
    """A method object with its alias, if any, spelled out and the parameters put where they belong; what is wrong."""
    fields = {key: part for key, part in value.items() if key in METHOD_FIELDS}
    parameters = {key: part for key, part in value.items() if key not in METHOD_FIELDS}
    alias = value.get("alias")
    if alias is None:
        parts = with_default_names(fields, {"loss": DEFAULT_LOSS[task], **DEFAULT_PARTS})
        return parts, [unknown_field(key, METHOD_FIELDS) for key in parameters]
    if not isinstance(alias, str) or alias not in plugins("method"):
        return without_alias(fields), [unknown_alias(alias)]
    record = get("method", alias)
    if task not in record.tasks:
        if fields.keys() >= {"loss", "procedure"}:
            return fields, []  # a complete method, whose parts say themselves which data they fit
        return without_alias(fields), [other_tasks_alias(alias, task, nearest_alias=record.nearest(task))]
    composition, problems = with_parameters(record.compositions()[task], parameters, shared=record.shared)
    return {**composition, **with_default_names(fields, {**DEFAULT_PARTS, **composition})}, problems


def without_alias(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a method whose alias says nothing; those without a name cannot be told."""
    return {key: part for key, part in fields.items() if key != "alias"}


def with_default_names(fields: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The fields, in which a part without a name is the default part with other values."""
    result = dict(fields)
    for field in fields.keys() & KIND_OF_FIELD.keys():
        part, default = fields[field], defaults.get(field)
        if isinstance(part, list) and isinstance(default, list):
            rest = part[len(default) :]
            result[field] = [named(item, as_object(own)) for item, own in zip(part, default, strict=False)] + rest
        elif default is not None and not isinstance(default, list):
            result[field] = named(part, as_object(default))
    return result


def named(part: Any, default: Mapping[str, Any]) -> Any:
    """A part, or, where it is an object without a name, the default part with its values."""
    if not isinstance(part, Mapping) or part.get("name") is not None:
        return part
    return {**default, **{key: value for key, value in part.items() if key != "name"}}


def unknown_alias(alias: Any) -> PydanticCustomError:
    """The error of a name that no method has."""
    context = {"alias": quoted(alias), "hint": nearest(str(alias), plugins("method"))}
    return PydanticCustomError("unknown_plugin", "unknown method {alias}; {hint}", context)


def other_tasks_alias(alias: str, task: str, *, nearest_alias: str) -> PydanticCustomError:
    """The error of a method that fits the other task's data."""
    return PydanticCustomError(
        "other_task",
        "{alias} is made for {own} data, these are {task}; the nearest method that fits is {hint}",
        {"alias": quoted(alias), "own": other_task(task), "task": task, "hint": repr(nearest_alias)},
    )


def other_task(task: str) -> str:
    """The task that this one is not."""
    return "multi_label" if task == "single_label" else "single_label"


def with_parameters(
    composition: Mapping[str, Any], parameters: Mapping[str, Any], *, shared: Collection[str]
) -> tuple[dict[str, Any], list[PydanticCustomError]]:
    """The composition with every parameter in the last component that has a field of its name, shared ones in all.

    Parameters that fit nowhere are errors beside it.
    """
    problems: list[PydanticCustomError] = []
    filled: dict[str, Any] = {
        field: [as_object(item) for item in part] if isinstance(part, list) else as_object(part)
        for field, part in composition.items()
    }
    components = [
        (get(KIND_OF_FIELD[field], part["name"]), part)
        for field, value in reversed(filled.items())
        if field in KIND_OF_FIELD
        for part in (value if isinstance(value, list) else [value])
    ]
    for key, value in parameters.items():
        fitting = [part for record, part in components if key in record.model_fields and key != "name"]
        for part in fitting if key in shared else fitting[:1]:
            part[key] = value
        if not fitting:
            fields = sorted({name for record, _ in components for name in record.model_fields} - {"name"})
            problems.append(unknown_field(key, fields, what="parameter"))
    return filled, problems


def as_object(part: Any) -> dict[str, Any]:
    """A component of a composition as an object of its own."""
    return dict(part) if isinstance(part, Mapping) else {"name": part}


def alias_of(method: Mapping[str, Any], *, preferred: Any = None) -> str | None:
    """The alias whose components are those of the method, whatever their parameters.

    Where several have the same components it is one with the same defaults for other parts: the preferred one, else the
    first.
    """
    names = component_names(method)
    fitting = [name for name, compositions in components_of_aliases().items() if names in compositions]
    alike = [name for name in fitting if defaults_of(name) == stated(method.get(DEFAULTS))] or fitting
    return preferred if preferred in alike else next(iter(alike), None)


def defaults_of(alias: str) -> dict[str, Any]:
    """What an alias gives to other parts of the experiment where the spec says nothing; the same for both tasks."""
    composition = next(iter(get("method", alias).compositions().values()))
    return stated(composition.get(DEFAULTS))


def stated(defaults: Any) -> dict[str, Any]:
    """The defaults that are not null."""
    values = defaults.items() if isinstance(defaults, Mapping) else ()
    return {field: value for field, value in values if value is not None}


@cache
def components_of_aliases() -> dict[str, list[dict[str, Any]]]:
    """Every alias's components, one entry per task it has; read once, as a sweep asks for them at every point."""
    return {
        name: [component_names({**DEFAULT_PARTS, **composition}) for composition in record.compositions().values()]
        for name, record in plugins("method").items()
    }


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
