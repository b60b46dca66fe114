"""`lpl start`, `open`."""

import os
import re
import sys
import unicodedata
import webbrowser
from pathlib import Path
from typing import Annotated, Any

import typer

from client.answers import Validation
from client.client import Client
from client.commands.datasets import bar
from client.commands.jobs import ABOUT_ID, either, seeds_in
from client.commands.submitting import end_by, examples, followed, runs_in, say_class_counts
from client.complaints import say
from client.connection import connected
from client.datasets import Dataset
from client.errors import ApiError
from client.output import AsJson, say_json, say_table
from client.words import point_value, shown

CONFLICT = 409
ENDINGS = re.compile(r"(\.tar)?\.(npz|csv|zip|tar|tgz|gz|bz2|xz)$", re.IGNORECASE)
MOST_CHARACTERS = 64


def start(
    context: typer.Context,
    path: Annotated[str, typer.Argument(help="A file or a folder here, or below the service's datasets folder.")],
    name: Annotated[str | None, typer.Option(help="The data set's name; else made from PATH.")] = None,
    task: Annotated[str | None, typer.Option(help="single_label or multi_label; else read from the labels.")] = None,
    target: Annotated[str | None, typer.Option(help="Of a table: the column of the classes.")] = None,
    split: Annotated[str | None, typer.Option(help="Of a table: the column of the splits.")] = None,
    reuse: Annotated[bool, typer.Option("--reuse", help="Train on the data set that has this name already.")] = False,
    method: Annotated[list[str] | None, typer.Option(help="A method; repeatable. Without: three to compare.")] = None,
    seeds: Annotated[str | None, typer.Option(metavar="SEEDS", help="Such as 0,1,2.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the training data.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train on your own data: take it in, show what would run, submit, watch, print the result."""
    wanted = choices(method or [], seeds, epochs)
    with connected(context) as client:
        options = {"task": task, "target": target, "split": split}
        dataset = taken_in(client, name or name_of(path), path, **options, reuse=reuse, quiet=as_json)
        spec = {"dataset": dataset.name, **wanted}
        plan = client.validate(spec)
        if not as_json:
            say_plan(dataset, plan)
            if not yes and not agreed(dataset):
                return
        job = client.submit(spec)
    with connected(context, patient=True) as client:
        address = client.page(job)
        if not as_json:
            typer.echo(f"\nSubmitted {job.id}: {runs_in(job)}. Ctrl-C leaves it running. {address}")
        job = followed(client, job.id, as_json=as_json)
        if not as_json:
            typer.echo(f"\nDashboard: {address}")
        end_by(job)


def choices(methods: list[str], seeds: str | None, epochs: int | None) -> dict[str, Any]:
    """The fields of a spec that were asked for; several methods are compared by a sweep."""
    wanted = {
        "method": methods[0] if methods else None,
        "sweep": {"method": methods} if len(methods) > 1 else None,
        "seeds": None if seeds is None else seeds_in(seeds),
        "epochs": epochs,
    }
    return {field: value for field, value in wanted.items() if value is not None}


def name_of(path: str) -> str:
    """The name of a data set made from its path.

    Raises:
        typer.BadParameter: nothing of the path can stand in a name.
    """
    plain = unicodedata.normalize("NFKD", ENDINGS.sub("", Path(path).absolute().name)).encode("ascii", "ignore")
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", plain.decode()).strip("_.-")[:MOST_CHARACTERS]
    if not name:
        raise typer.BadParameter(f"no name can be made from {path!r}; give one with --name")
    return name


def taken_in(
    client: Client,
    name: str,
    path: str,
    *,
    task: str | None,
    target: str | None,
    split: str | None,
    reuse: bool,
    quiet: bool,
) -> Dataset:
    """The data set of a path, or the one that has the name already.

    Raises:
        ApiError: the data or the name are refused.
    """
    if reuse:
        return client.get_dataset(name)
    try:
        return brought(client, name, path, task=task, target=target, split=split, quiet=quiet)
    except ApiError as error:
        if error.status != CONFLICT:
            raise
        remedy = "--name gives yours another name, --reuse trains on what is there"
        raise ApiError(CONFLICT, error.title, detail=f"{error.lines[0]}; {remedy}") from error


def brought(
    client: Client, name: str, path: str, *, task: str | None, target: str | None, split: str | None, quiet: bool
) -> Dataset:
    """The data set of a path: sent from this machine, registered where it lies in the service's folder."""
    place = below_datasets(path)
    if place is not None or not Path(path).exists():
        place = place or Path(path).as_posix()
        return client.add_dataset(name, place, task=task, target=target, split=split)
    with bar(name, shown=not quiet) as progress:
        return client.upload_dataset(name, path, task=task, target=target, split=split, progress=progress)


def below_datasets(path: str) -> str | None:
    """A path relative to the service's datasets folder, None where it lies elsewhere, as far as this machine knows."""
    folder = Path(os.environ.get("LPL_DATA_DIR") or "lpl-data", "datasets").absolute()
    place = Path(path).absolute()
    return place.relative_to(folder).as_posix() if place.is_relative_to(folder) else None


def say_plan(dataset: Dataset, plan: Validation) -> None:
    """Print what the data are and what would run."""
    rows: list[list[Any]] = [
        ["data set", dataset.name],
        ["task", (dataset.task or "").replace("_", " ")],
        ["training examples", examples(plan.class_counts)],
        ["imbalance factor", f"{plan.imbalance_factor:.4g}"],
        ["validation examples", plan.num_validation or None],
        ["test examples", plan.num_test],
        ["methods", [shown(each) for each in methods_of(plan.spec)]],
        ["epochs", plan.spec.get("epochs")],
        ["runs", plan.runs_total],
    ]
    say_table(["", ""], [row for row in rows if row[1] is not None])
    typer.echo()
    say_class_counts(plan)
    warnings = list(getattr(dataset, "warnings", []))
    remarks = dict.fromkeys([*(f"warning: {each}" for each in warnings), *(f"note: {each}" for each in plan.notes)])
    if remarks:
        typer.echo("\n" + "\n".join(map(shown, remarks)))


def methods_of(spec: dict[str, Any]) -> list[str]:
    """The methods that a complete spec compares."""
    swept = spec.get("sweep", {}).get("method")
    return [point_value(each) for each in swept or [spec.get("method", {}).get("alias") or "as the spec says"]]


def agreed(dataset: Dataset) -> bool:
    """Whether to go on; who reads no questions is asked none."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or typer.confirm("\nStart?", default=True):
        return True
    typer.echo(f"Nothing is started; the data set {dataset.name} stays.")
    return False


def open_page(
    context: typer.Context,
    resource: Annotated[str | None, typer.Argument(metavar="[ID]", help=ABOUT_ID)] = None,
    only_print: Annotated[bool, typer.Option("--print", help="Print the address, open nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Open the dashboard, or the page of a job or a run, in the browser, and print its address."""
    with connected(context) as client:
        address = client.page(None if resource is None else either(resource, client.get_job, client.get_run))
    if as_json:
        say_json({"url": address})
    else:
        typer.echo(address)
    if not only_print and has_display() and not webbrowser.open(address):
        say("no browser could be opened")


def has_display() -> bool:
    """Whether a browser window can be seen here."""
    if sys.platform in ("darwin", "win32"):
        return "SSH_CONNECTION" not in os.environ
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("start")(start)
    app.command("open")(open_page)
