"""`lpl catalog`, `workers`, `drain`, `queue`."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from client.answers import Worker
from client.client import Client
from client.connection import connected
from client.errors import ApiError
from client.output import AsJson, say_json, say_table

NOT_FOUND = 404
GIB = 2**30
FOLDER_OF_FIELD = {
    "loss": "losses",
    "perturbations": "perturbations",
    "weighting": "weightings",
    "targets": "targets",
    "sampler": "samplers",
    "regularizers": "regularizers",
    "procedure": "procedures",
    "posthoc": "posthoc",
}
"""Part of a method -> its kind in the catalogue."""


def catalog(
    context: typer.Context,
    kind: Annotated[str | None, typer.Argument(help="methods, losses, models, datasets, presets...")] = None,
    name: Annotated[str | None, typer.Argument(help="One of them, with its parameters.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a spec can be made of."""
    with connected(context) as client:
        catalog = client.catalog()
        if kind == "datasets" or not kind:
            catalog = {**catalog, "datasets": [*entries(catalog, "datasets"), *registered_datasets(client)]}
    chosen = {kind: entries(catalog, kind)} if kind else {title: entries(catalog, title) for title in catalog}
    if name:
        say_entry(with_parameters(one(chosen, kind or "", name), catalog), as_json=as_json)
    elif as_json:
        say_json(catalog[kind] if kind else catalog)
    else:
        rows = [[title, item.get("name"), item.get("title")] for title, items in chosen.items() for item in items]
        say_table(["kind", "name", "title"], rows)


def registered_datasets(client: Client) -> list[dict[str, Any]]:
    """The data sets that somebody has registered, as entries of the catalogue."""
    return [
        {"name": item.name, "title": "registered", "tasks": [item.task] if item.task else [], "registered": True}
        for item in client.datasets()
        if not item.builtin
    ]


def with_parameters(item: Mapping[str, Any], catalog: Mapping[str, Any]) -> Mapping[str, Any]:
    """An entry with the parameters that it takes; those of a method belong to its parts."""
    if compositions := item.get("compositions"):
        parameters = {task: method_parameters(composition, catalog) for task, composition in compositions.items()}
        return {**item, "parameters": parameters if len(parameters) > 1 else next(iter(parameters.values()))}
    return item


def method_parameters(composition: Mapping[str, Any], catalog: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Parameters of a method's parts with their defaults; one name goes to the last part that has it."""
    parameters: dict[str, dict[str, Any]] = {}
    for field, value in composition.items():
        for part in value if isinstance(value, list) else [value]:
            if not isinstance(part, Mapping) or field not in FOLDER_OF_FIELD:
                continue
            fields = fields_of(catalog, FOLDER_OF_FIELD[field], str(part.get("name")))
            for name, default in part.items():
                if name != "name":
                    about = fields.get(name, {}).get("description")
                    parameters[name] = {"name": name, "default": default, "of": part["name"], "description": about}
    return list(parameters.values())


def fields_of(catalog: Mapping[str, Any], kind: str, name: str) -> Mapping[str, Any]:
    """The JSON schema of a plug-in's fields, empty where the catalogue does not have it."""
    item = next((item for item in entries(catalog, kind) if item.get("name") == name), {}) if kind in catalog else {}
    properties: Mapping[str, Any] = item.get("schema", {}).get("properties", {})
    return properties


def entries(catalog: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    """The entries of a kind.

    Raises:
        ApiError: there is no such kind.
    """
    if kind not in catalog:
        raise ApiError(NOT_FOUND, "Not found", detail=f"the catalogue has no {kind}; it has: {', '.join(catalog)}")
    items = catalog[kind]
    if isinstance(items, Mapping):
        return [{"name": name, **item} for name, item in items.items() if isinstance(item, Mapping)]
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []


def one(chosen: Mapping[str, list[Mapping[str, Any]]], kind: str, name: str) -> Mapping[str, Any]:
    """The entry of a name.

    Raises:
        ApiError: there is none.
    """
    for item in chosen[kind]:
        if item.get("name") == name:
            return item
    names = ", ".join(str(item.get("name")) for item in chosen[kind])
    raise ApiError(NOT_FOUND, "Not found", detail=f"there is no {name} among {kind}; there are: {names}")


def say_entry(item: Mapping[str, Any], *, as_json: bool) -> None:
    """Print an entry: its facts, then its parameters."""
    if as_json:
        say_json(item)
        return
    facts = [[key, value] for key, value in item.items() if isinstance(value, str | bool) or is_texts(value)]
    say_table(["", ""], facts)
    if "compositions" in item:
        say_method_parameters(item["parameters"])
        return
    schema: Mapping[str, Any] = item.get("schema", {})
    rows = [
        [name, "" if "default" not in field else repr(field["default"]), field.get("description")]
        for name, field in schema.get("properties", {}).items()
        if name not in ("name", "alias")
    ]
    if rows:
        typer.echo()
        say_table(["parameter", "default", ""], rows)


def is_texts(value: Any) -> bool:
    """Whether a value is a list of texts, with something in it."""
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)


def say_method_parameters(parameters: Any) -> None:
    """Print a method's parameters, by task where it is made for both."""
    for task, rows in parameters.items() if isinstance(parameters, Mapping) else [("", parameters)]:
        typer.echo(f"\n{task.replace('_', ' ')}".rstrip(" ") if task else "")
        cells = [[row["name"], json.dumps(row["default"]), row["of"], row["description"]] for row in rows]
        say_table(["parameter", "default", "of", ""], cells)


def workers(context: typer.Context, as_json: AsJson = False) -> None:
    """List the workers and what they train."""
    with connected(context) as client:
        listed = client.workers()
    if as_json:
        say_json({"items": listed, "next": None})
        return
    header = ["id", "hostname", "device", "device name", "memory free", "alive", "draining", "run", "last seen"]
    say_table(header, [cells_of(worker) for worker in listed])


def cells_of(worker: Worker) -> list[Any]:
    """The cells of a worker."""
    named = [worker.id, worker.hostname, worker.device, worker.device_name]
    return [*named, memory_of(worker), worker.alive, worker.draining, worker.run, worker.last_seen_at]


def memory_of(worker: Worker) -> str:
    """The memory of a worker's device, as far as it is known."""
    total, free = worker.memory_total_bytes, worker.memory_free_bytes
    if total is None:
        return ""
    whole = f"{total / GIB:.1f} GiB"
    return f"of {whole}" if free is None else f"{free / GIB:.1f} of {whole}"


def drain(
    context: typer.Context,
    worker: Annotated[str, typer.Argument(help="Its id, or the beginning of it, as `lpl workers` lists it.")],
    resume: Annotated[bool, typer.Option("--resume", help="Let it take runs again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let a worker take nothing new, or --resume it."""
    with connected(context) as client:
        asked = client.resume_worker(worker) if resume else client.drain_worker(worker)
    if as_json:
        say_json(asked)
    elif resume:
        typer.echo(f"{asked.id} takes runs again.")
    else:
        typer.echo(f"{asked.id} takes nothing new; what it trains goes on. `lpl drain {asked.id} --resume` ends that.")


def queue(context: typer.Context, as_json: AsJson = False) -> None:
    """Show the queue in numbers, and the runs that come next."""
    with connected(context) as client:
        numbers = client.queue()
    if as_json:
        say_json(numbers)
        return
    waiting, rows = numbers.pop("waiting", []), []
    for key, value in numbers.items():
        inner = value.items() if isinstance(value, Mapping) else [("", value)]
        rows += [[f"{key} {name}".strip().replace("_", " "), number] for name, number in inner]
    say_table(["", ""], rows, right=[1])
    if waiting:
        typer.echo()
        columns = ("position", "run", "name", "priority", "reason")
        say_table(columns, [[each.get(column) for column in columns] for each in waiting], right=[0, 3])


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("catalog")(catalog)
    app.command("workers")(workers)
    app.command("drain")(drain)
    app.command("queue")(queue)
