"""What there is: every plug-in of every kind with its parameters."""

from typing import Any

from lplcore.errors import validated
from lplcore.method.method import MethodSpec
from lplcore.methods import Method
from lplcore.plugin import FOLDERS, Plugin, plugins


def catalog() -> dict[str, list[dict[str, Any]]]:
    """Folder name (`losses`, `methods`, ...) -> `{name, title, citation, tasks, schema}` per plug-in.

    Methods carry their composition per task, presets their spec, published figures and whose settings they follow.
    """
    return {folder: [entry(record) for record in plugins(kind).values()] for kind, folder in FOLDERS.items()}


def entry(record: type[Plugin]) -> dict[str, Any]:
    """One plug-in as JSON."""
    described = {
        "name": record.model_fields["name"].default,
        "title": record.title,
        "citation": record.citation,
        "tasks": sorted(record.tasks),
        "description": " ".join((record.__doc__ or "").split()),
        "schema": record.model_json_schema(),
    }
    if issubclass(record, Method):
        described["compositions"] = {
            task: validated(MethodSpec, {"alias": described["name"]}, context={"task": task}).model_dump(mode="json")
            for task in record.compositions()
        }
        described["composition"] = next(iter(described["compositions"].values()))
    for field in ("spec", "published", "table_row", "follows", "settings_of", "grid"):
        if hasattr(record, field):
            described[field] = getattr(record, field)
    return described
