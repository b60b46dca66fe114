"""`lpl dataset`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from client.connection import connected
from client.datasets import Dataset
from client.output import AsJson, moment, say_json, say_list, say_table

dataset = typer.Typer(help="Data sets: add, list, show, delete.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Data set.")]


@dataset.command("add")
def add_dataset(
    context: typer.Context,
    name: Name,
    path: Annotated[str, typer.Argument(help="A file or a folder here, or below the service's LPL_DATA_DIR/datasets.")],
    task: Annotated[str | None, typer.Option(help="single_label or multi_label; read from the labels.")] = None,
    target: Annotated[str | None, typer.Option(help="Of a table: the column of the classes.")] = None,
    split: Annotated[str | None, typer.Option(help="Of a table: the column of the splits.")] = None,
    in_place: Annotated[bool, typer.Option("--in-place", help="PATH is the service's, whatever lies here.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add a data set from a file or a folder.

    What lies at PATH on this machine is sent: an .npz, a zip or tar, a .csv table as it is, a folder (of class folders,
    or with labels.csv) packed on the way. The service keeps it as its own, and removes it with the data set. Where
    nothing lies at PATH here, or with --in-place, PATH is one below the service's LPL_DATA_DIR/datasets: what is there
    is registered in its place, and never removed.
    """
    with connected(context) as client:
        if in_place or not Path(path).exists():
            made = client.add_dataset(name, path, task=task, target=target, split=split)
        else:
            with bar(name, shown=not as_json) as progress:
                made = client.upload_dataset(name, path, task=task, target=target, split=split, progress=progress)
        say_dataset(made, as_json=as_json)


@contextmanager
def bar(name: str, *, shown: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error, where that is a terminal, while a file is sent and while the service reads it."""
    terminal = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=terminal, transient=True, disable=not shown or not terminal.is_terminal) as display:
        task = display.add_task(f"sending {name}", total=None)

        def progress(sent: int, total: int) -> None:
            said = f"sending {name}" if sent < total else f"{name} is being read"
            display.update(task, completed=sent, total=total, description=said)

        yield progress


@dataset.command("list")
def list_datasets(context: typer.Context, as_json: AsJson = False) -> None:
    """List the data sets."""
    with connected(context) as client:
        say_list(client.datasets(), ["name", "task", "builtin", "available", "message"], as_json=as_json)


@dataset.command("show")
def show_dataset(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Show a data set's classes and counts."""
    with connected(context) as client:
        say_dataset(client.get_dataset(name), as_json=as_json)


@dataset.command("delete")
@dataset.command("rm")
def delete_dataset(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Forget a data set; what was sent as a file goes with it, what was registered by its path stays."""
    with connected(context) as client:
        uploaded = client.get_dataset(name).uploaded
        client.delete_dataset(name)
    if as_json:
        say_json({"deleted": name})
    else:
        typer.echo(f"{name} is deleted, with its files." if uploaded else f"{name} is deleted; its file stays.")


def say_dataset(dataset: Dataset, *, as_json: bool) -> None:
    """Print a data set."""
    if as_json:
        say_json(dataset)
        return
    lists = ("classes", "class_counts", "preview", "splits", "co_occurrence", "missing_values", "warnings")
    facts = [
        [key.removesuffix("_at").replace("_", " "), moment(value) if key.endswith("_at") else value]
        for key, value in dataset.model_dump(mode="json").items()
        if key not in lists and value not in (None, [], {})
    ]
    say_table(["", ""], facts)
    for warning in dataset.warnings:
        typer.echo(f"Warning: {warning}.")
    if dataset.classes:
        typer.echo()
        say_table(["class", "examples"], zip(dataset.classes, dataset.class_counts, strict=False), right=[1])


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(dataset, name="dataset")
