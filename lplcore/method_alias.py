"""Aliases of methods: spelled out as compositions, and recognised in them."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from pydantic_core import PydanticCustomError

from lplcore.plugin import get, nearest, plugins, quoted

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


def expand_alias(value: Mapping[str, Any], task: str) -> dict[str, Any]:
    """A method object with its alias, if any, spelled out and the parameters put where they belong."""
    fields = {key: part for key, part in value.items() if key in METHOD_FIELDS}
    parameters = {key: part for key, part in value.items() if key not in METHOD_FIELDS}
    alias = value.get("alias")
    if alias is None:
        if parameters:
            key = next(iter(parameters))
            known = METHOD_FIELDS
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
    record = get("method", alias)
    if task not in record.tasks:
        if fields.keys() >= {"loss", "procedure"}:
            return fields  # a complete method, whose parts say themselves what they are made for
        raise PydanticCustomError(
            "other_task",
            "{alias} is made for {own} data, these are {task}; the nearest method that fits is {hint}",
            {"alias": quoted(alias), "own": other_task(task), "task": task, "hint": repr(record.nearest(task))},
        )
    return {**with_parameters(record.compositions()[task], parameters, shared=record.shared), **fields}


def other_task(task: str) -> str:
    """The task that this one is not."""
    return "multi_label" if task == "single_label" else "single_label"


def with_parameters(
    composition: Mapping[str, Any], parameters: Mapping[str, Any], *, shared: Collection[str]
) -> dict[str, Any]:
    """The composition with every parameter in the last component that has a field of its name, shared ones in all."""
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

    Where several have the same components it is one with the same defaults for other parts: the preferred one, else the
    first.
    """
    given = component_names(method)
    fitting = [name for name, compositions in known_components().items() if given in compositions]
    alike = [name for name in fitting if defaults_of(name) == stated(method.get(DEFAULTS))] or fitting
    return preferred if preferred in alike else next(iter(alike), None)


def defaults_of(alias: str) -> dict[str, Any]:
    """What an alias gives to other parts of the experiment where the spec says nothing; the same for both tasks."""
    return stated(get("method", alias).composition.get(DEFAULTS))


def stated(defaults: Any) -> dict[str, Any]:
    """The defaults that are not null."""
    values = defaults.items() if isinstance(defaults, Mapping) else ()
    return {field: value for field, value in values if value is not None}


@cache
def known_components() -> dict[str, list[dict[str, Any]]]:
    """Every alias's components, one entry per task it has; read once, as a sweep asks for them at every point."""
    return {
        name: [component_names({**DEFAULT_PARTS, **made}) for made in record.compositions().values()]
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
