"""What there is: every plug-in of every kind with its parameters."""

from typing import Any

from lplcore.errors import validated
from lplcore.frame.alias import Alias
from lplcore.frame.preset import Preset
from lplcore.frame.study import Study
from lplcore.method.method import MethodSpec
from lplcore.plugin import FOLDERS, Plugin, plugins
from lplcore.studies.sizes import sizes

Entry = dict[str, Any]


def catalog() -> dict[str, list[Entry]]:
    """Folder name (`losses`, `methods`, ...) -> `{name, title, citation, tasks, description, schema}` per plug-in.

    Beside them `formula` (TeX without delimiters), `effect` (on head and tail classes) and `advice`, empty where there
    is nothing to say.

    Methods carry their composition per task, presets their spec, published figures and whose settings they follow,
    studies their columns and rows and, per scale, what they need and how many runs they train.
    """
    return {folder: [entry(plugin) for plugin in plugins(kind).values()] for kind, folder in FOLDERS.items()}


def entry(plugin: type[Plugin] | Alias | Preset | Study) -> Entry:
    """One plug-in as JSON."""
    if isinstance(plugin, Alias):
        return {**value_entry(plugin, schema_title=f"{camel_case(plugin.name)}Method"), **compositions(plugin)}
    if isinstance(plugin, Preset):
        fields = ("spec", "published", "table_row", "follows", "settings_of", "grid")
        own = {field: getattr(plugin, field) for field in fields}
        return {**value_entry(plugin, schema_title=camel_case(plugin.name)), **own}
    if isinstance(plugin, Study):
        labels = {"columns": [each.title for each in plugin.columns], "rows": [row.label for row in plugin.rows]}
        return {**value_entry(plugin, schema_title=camel_case(plugin.name)), **labels, "scales": sizes(plugin)}
    return {
        "name": plugin.model_fields["name"].default,
        **facts(plugin),
        "description": " ".join((plugin.__doc__ or "").split()),
        "schema": plugin.model_json_schema(),
    }


def facts(plugin: type[Plugin] | Alias | Preset | Study) -> Entry:
    """What every plug-in says of itself."""
    texts = {field: getattr(plugin, field) for field in ("title", "citation", "formula", "effect", "advice")}
    return {**texts, "tasks": sorted(plugin.tasks)}


def value_entry(plugin: Alias | Preset | Study, *, schema_title: str) -> Entry:
    """What aliases, presets and studies have in common; the schema allows the name and nothing else."""
    name = {"const": plugin.name, "default": plugin.name, "title": "Name", "type": "string"}
    return {
        "name": plugin.name,
        **facts(plugin),
        "description": " ".join(plugin.description.split()),
        "schema": {
            "additionalProperties": False,
            "description": plugin.description,
            "properties": {"name": name},
            "title": schema_title,
            "type": "object",
        },
    }


def camel_case(name: str) -> str:
    """`ldam_drw` as `LdamDrw`."""
    return "".join(part.capitalize() for part in name.split("_"))


def compositions(alias: Alias) -> Entry:
    """The complete method that an alias stands for, per task, and that of its first task."""
    by_task = {
        task: validated(MethodSpec, {"alias": alias.name}, context={"task": task}).model_dump(mode="json")
        for task in alias.compositions()
    }
    return {"compositions": by_task, "composition": next(iter(by_task.values()))}
