"""Plug-ins: frozen, validated records that a scan takes from the folder of their kind.

A plug-in is one module, or one package, in its kind's folder that defines one record, or holds one value (an alias, a
preset, a study), whose `name` equals the module's. A module may also hold a tuple of values: their names begin with its
own.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from lplcore.errors import MAX_REPORTED, every_problem

FOLDERS = {
    "method": "methods",
    "loss": "losses",
    "perturbation": "perturbations",
    "weighting": "weightings",
    "target": "targets",
    "sampler": "samplers",
    "regularizer": "regularizers",
    "procedure": "procedures",
    "posthoc": "posthoc",
    "model": "models",
    "augmentation": "augmentations",
    "optimizer": "optimizers",
    "schedule": "schedules",
    "dataset": "datasets",
    "preset": "presets",
    "study": "studies",
}
"""Kind -> folder of lplcore that holds its plug-ins."""

TASKS = frozenset({"single_label", "multi_label"})
MOST_LISTED = 60
"""Names that a message lists."""
REGISTERED = "<registered>"
"""Tag of the record of data sets that a service registered (see `lplcore.datasets.registered`)."""


def nearest(name: str, names: Collection[str]) -> str:
    """`did you mean 'x'? ` where one of the names is near, and the list of all if that is short."""
    close = difflib.get_close_matches(name[:100], names, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}? " if close else ""
    if len(names) > MOST_LISTED:
        return f"{hint}The catalogue lists the {len(names)} that are known"
    return f"{hint}Known: {', '.join(sorted(names)) or 'none'}"


def quoted(value: Any) -> str:
    """A value as a message shows it, clipped."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."


class Record(BaseModel):
    """A frozen part of a spec; an unknown field is refused with the nearest one that there is."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @model_validator(mode="wrap")
    @classmethod
    def _with_every_problem(
        cls, value: Any, handler: ModelWrapValidatorHandler[Self], info: core_schema.ValidationInfo
    ) -> Self:
        prepared, own = cls.prepared(value, info)
        if not own:
            return handler(prepared)
        rest: ValidationError | None = None
        try:
            handler(prepared)
        except ValidationError as error:
            rest = error
        raise every_problem(cls.__name__, value, own, rest)

    @classmethod
    def prepared(
        cls,
        value: Any,
        info: core_schema.ValidationInfo,  # noqa: ARG003 (of use to some records)
    ) -> tuple[Any, list[PydanticCustomError]]:
        """What is validated of a value, and what is wrong with the rest."""
        if not isinstance(value, Mapping):
            return value, []
        fields = cls.model_fields  # looked up once: pydantic makes that slow
        unknown = [key for key in value if key not in fields]
        if not unknown:
            return value, []
        rest = {key: part for key, part in value.items() if key in fields}
        return rest, [unknown_field(key, fields) for key in unknown[:MAX_REPORTED]]


def unknown_field(key: Any, fields: Collection[str], *, what: str = "field") -> PydanticCustomError:
    """The error of a key that is no field, with the nearest one that is."""
    context = {"field": str(key), "key": quoted(key), "hint": nearest(str(key), fields), "what": what}
    return PydanticCustomError("unknown_field", "unknown {what} {key}; {hint}", context)


class Plugin(Record):
    """A named record of hyper-parameters that can build what it describes.

    Class attributes: `title`, `citation` (source of the method), `formula`, `effect` and `advice` (see `PluginValue`),
    `tasks` it fits, `task_defaults` task -> defaults that differ from those of the fields. A number may carry
    `json_schema_extra={"slider": {"min": ..., "max": ..., "step": ...}}`, what a form's slider covers of its range.
    """

    title: ClassVar[str] = ""
    citation: ClassVar[str] = ""
    formula: ClassVar[str] = ""
    effect: ClassVar[str] = ""
    advice: ClassVar[str] = ""
    tasks: ClassVar[frozenset[str]] = TASKS
    task_defaults: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    name: str


class PluginValue(Record):
    """A plug-in that is a value and builds nothing: an alias, a preset, a study."""

    name: str
    title: str = ""
    formula: str = Field("", description="simple TeX without delimiters; empty where there is none")
    effect: str = Field("", description="what it does to head and to tail classes, in a sentence or two")
    advice: str = Field("", description="when to take it and when not, in a sentence or two")
    description: str = Field(default_factory=lambda fields: f"{fields['title']}.")


@cache
def plugins(kind: str) -> dict[str, Any]:
    """Every plug-in of a kind by name, in alphabetical order: a record's class, or a value."""
    package = importlib.import_module(f"lplcore.{FOLDERS[kind]}")
    by_name: dict[str, Any] = {}
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        for value in vars(loaded).values():
            if plugin_name(value, loaded.__name__) == module.name:
                by_name[module.name] = value
            elif isinstance(value, tuple):
                by_name |= {name: entry for name, entry in named_values(value) if name.startswith(f"{module.name}_")}
    return {name: by_name[name] for name in sorted(by_name)}


def named_values(values: tuple[Any, ...]) -> list[tuple[str, PluginValue]]:
    """(name, value) of the plug-ins among them."""
    return [(value.name, value) for value in values if isinstance(value, PluginValue)]


def plugin_name(value: Any, module: str) -> str | None:
    """The name of a module's attribute as a plug-in, None where it is none or was imported from another module."""
    if isinstance(value, PluginValue):
        return value.name
    if isinstance(value, type) and issubclass(value, Plugin) and f"{value.__module__}.".startswith(f"{module}."):
        name: str = value.model_fields["name"].default
        return name
    return None


def names(kind: str) -> list[str]:
    """Names of every plug-in of a kind, in alphabetical order."""
    return list(plugins(kind))


def get(kind: str, name: str) -> Any:
    """The plug-in of that kind and name, as in `plugins`.

    Raises:
        KeyError: no such plug-in; the message names the nearest.
    """
    by_name = plugins(kind)
    if name not in by_name:
        raise KeyError(f"unknown {kind} {name!r}; {nearest(name, by_name)}")
    return by_name[name]


class PluginOf:
    """Field annotation: a plug-in of one kind, as a record, as `{"name": ...}` or as the bare name.

    `refused` are names that this field does not take, with the remedy for each.
    """

    def __init__(self, kind: str, *, refused: Mapping[str, str] | None = None) -> None:
        self.kind, self.refused = kind, refused or {}

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        records = {name: record for name, record in plugins(self.kind).items() if name not in self.refused}
        choices = {name: handler.generate_schema(record) for name, record in records.items()}
        if self.kind == "dataset":
            choices[REGISTERED] = handler.generate_schema(registered_record())
        if not choices:
            return core_schema.no_info_before_validator_function(self._refuse, core_schema.none_schema())
        union = core_schema.tagged_union_schema(choices, discriminator=self._tag)
        return core_schema.with_info_before_validator_function(self._spell_out, union)

    def _tag(self, value: Any) -> str | None:
        name = value.get("name") if isinstance(value, Mapping) else getattr(value, "name", None)
        return name if name in plugins(self.kind) else REGISTERED

    def _refuse(self, value: Any) -> Any:
        raise PydanticCustomError("unknown_plugin", "no {kind} is available; leave it out", {"kind": self.kind})

    def _spell_out(self, value: Any, info: core_schema.ValidationInfo) -> Any:
        if isinstance(value, str):
            value = {"name": value}
        if isinstance(value, Plugin):
            return value
        if not isinstance(value, Mapping):
            raise PydanticCustomError(
                "not_a_plugin", "give the name of a {kind} or an object with its name", {"kind": self.kind}
            )
        choices = {*plugins(self.kind), *self._registered(info)} - self.refused.keys()
        name = value.get("name")
        if isinstance(name, str) and name in self.refused:
            raise PydanticCustomError("refused", "{message}", {"field": "name", "message": self.refused[name]})
        if not isinstance(name, str) or name not in choices:
            raise PydanticCustomError(
                "unknown_plugin",
                "give the name of a {kind}; {hint}" if name is None else "unknown {kind} {value}; {hint}",
                {"field": "name", "kind": self.kind, "value": quoted(name), "hint": nearest(str(name or ""), choices)},
            )
        record = plugins(self.kind).get(name)
        defaults = {} if record is None else record.task_defaults.get((info.context or {}).get("task"), {})
        return {**defaults, **value}

    def _registered(self, info: core_schema.ValidationInfo) -> Collection[str]:
        return (info.context or {}).get("datasets", {}) if self.kind == "dataset" else ()


def registered_record() -> type[Plugin]:
    """The record of data sets that a service registered under a name of their own."""
    record: type[Plugin] = importlib.import_module("lplcore.datasets.registered").Registered
    return record
